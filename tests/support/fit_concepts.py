"""Fit what concepts are worth: ``python -m tests.support.fit_concepts`` writes ``concept_points.toml`` anew.

A softmax over the concepts of every refusal in the tests that no code and no list decides, by plain gradient descent:
the same texts give the same file. Run it after ``concepts.toml`` or the judged refusals changed; it takes a minute.
``--check`` fits four fifths five times and tells how the fifth that was left out is read.
"""

from __future__ import annotations

import json
import math
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.blocklists import refusal_concepts
from workbench.blocklists.bounces import BounceKind, classify, meanings
from workbench.blocklists.refusal_text import shape

HERE = Path(__file__).parents[1] / "unit" / "blocklists"
POINTS = Path(refusal_concepts.__file__).with_name("concept_points.toml")
# A list has a name, and a receiver's mistake is a sentence of its own.
KINDS = [
    kind
    for kind in BounceKind
    if kind not in (BounceKind.LIST, BounceKind.RECEIVER, BounceKind.NOT_UNDERSTOOD)
]
ROUNDS, RATE, INERTIA, SHRINK = 300, 0.8, 0.9, 0.001
SELDOM = 3
SMALLEST = 0.15


@dataclass(frozen=True)
class Row:
    """One refusal: its features and every kind that is right for it."""

    features: tuple[str, ...]
    kinds: tuple[int, ...]


def judged() -> Iterator[tuple[str, list[str], int | None, str]]:
    """Yield every judged refusal of the tests: text, right kinds, code, host."""
    for line in (HERE / "judged.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield row["text"], row["kinds"], None, row.get("host", "")
    for sample in tomllib.loads((HERE / "refusals.toml").read_text(encoding="utf-8"))["refusals"]:
        yield sample["text"], [sample["kind"]], sample.get("code"), sample.get("host", "")
    for kind, sentences in tomllib.loads((HERE / "plain.toml").read_text(encoding="utf-8")).items():
        yield from ((sentence, [kind], None, "") for sentence in sentences)
    for rule in meanings():
        yield rule.example, [rule.kind.value], None, ""


def rows() -> list[Row]:
    """Return what is fitted: texts that words decide, once each."""
    found: dict[str, Row] = {}
    names = [kind.value for kind in KINDS]
    for text, kinds, code, host in judged():
        right = tuple(names.index(kind) for kind in kinds if kind in names)
        shaped = shape(text, code).text
        if right and shaped not in found and classify(code, text, host).ground not in ("code", "list"):
            found[shaped] = Row(tuple(refusal_concepts.every_feature(shaped)), right)
    return list(found.values())


def fitted(known: Sequence[Row]) -> dict[str, list[float]]:
    """Return the points of every feature for every kind, ``always`` those of a refusal without any."""
    seen = Counter(feature for row in known for feature in row.features)
    names = ["always", *sorted(feature for feature, number in seen.items() if number >= SELDOM)]
    place = {name: at for at, name in enumerate(names)}
    at_rows = [[0, *(place[one] for one in row.features if one in place)] for row in known]
    width = len(KINDS)
    points = [[0.0] * width for _ in names]
    speed = [[0.0] * width for _ in names]
    for _ in range(ROUNDS):
        slope = [[SHRINK * one for one in row] for row in points]
        for row, places in zip(known, at_rows, strict=True):
            odds = _odds([sum(points[at][kind] for at in places) for kind in range(width)])
            inside = sum(odds[kind] for kind in row.kinds)
            wrong = list(odds)
            for kind in row.kinds:
                wrong[kind] -= 0.5 * odds[kind] / inside + 0.5 / len(row.kinds)
            for at in places:
                for kind, one in enumerate(wrong):
                    slope[at][kind] += one / len(known)
        for at, row_slope in enumerate(slope):
            for kind, one in enumerate(row_slope):
                speed[at][kind] = INERTIA * speed[at][kind] - RATE * one
                points[at][kind] += speed[at][kind]
    return dict(zip(names, points, strict=True))


def _odds(sums: list[float]) -> list[float]:
    most = max(sums)
    parts = [math.exp(one - most) for one in sums]
    return [part / sum(parts) for part in parts]


def written(points: dict[str, list[float]], texts: int) -> str:
    """Return the data file."""
    lines = [
        "# What the words of a refusal speak for: points of each concept, of two that stand near each other, and of",
        f"# the codes. Fitted to {texts} judged refusals (2026-11) by tests/support/fit_concepts.py: change the words",
        "# in concepts.toml or the judged refusals and run it, never this file. Points are logarithms of odds.",
        "",
        "[points]",
    ]
    for name, row in points.items():
        told = [
            f'"{kind.value}" = {one:.1f}'
            for kind, one in zip(KINDS, row, strict=True)
            if abs(one) >= SMALLEST or name == "always"
        ]
        if told:
            lines.append(f'"{name}" = {{ {", ".join(told)} }}')
    return "\n".join(lines) + "\n"


def check(known: Sequence[Row], lead: float) -> tuple[int, int, int]:
    """Return how many rows are read rightly, wrongly and not at all where each was left out of the fit (in fifths)."""
    right = wrong = left = 0
    for fold in range(5):
        points = fitted([row for at, row in enumerate(known) if at % 5 != fold])
        for row in known[fold::5]:
            rows = [points[name] for name in ("always", *row.features) if name in points]
            sums = [sum(one[kind] for one in rows) for kind in range(len(KINDS))]
            first, second = sorted(range(len(KINDS)), key=lambda kind: -sums[kind])[:2]
            left += sums[first] - sums[second] < lead
            right += sums[first] - sums[second] >= lead and first in row.kinds
            wrong += sums[first] - sums[second] >= lead and first not in row.kinds
    return right, wrong, left


if __name__ == "__main__":
    texts = rows()
    if "--check" in sys.argv:
        print("right {}, wrong {}, not decided {}".format(*check(texts, refusal_concepts.LEAD)))
    else:
        POINTS.write_text(written(fitted(texts), len(texts)), encoding="utf-8")
