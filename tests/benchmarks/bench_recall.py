"""Recall and precision of the search for leaks by kind, beside betterleaks, gitleaks and kingfisher, in one run.

Run it as ``python tests/benchmarks/bench_recall.py [--seed N] [--path FOLDER]``. Every placement and look-alike of the
test corpus is written as a file of its own, with values drawn from the seed, and each program searches the whole folder
once; scanners that are not installed are left out. A placement counts as found where any report of its file holds the
value; a look-alike counts against a scanner only where a rule named after Mailgun reports it, since those others
search for every vendor's secrets.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.unit.leaks import samples, wild  # noqa: E402 -- after the path is set
from workbench.core.redact import Secret  # noqa: E402
from workbench.leaks.files import scan_tree  # noqa: E402
from workbench.leaks.model import KnownValue, SearchCoverage, SecretKind  # noqa: E402
from workbench.leaks.patterns import Scanner  # noqa: E402

# What one program says of one file: a reported text, and whether the rule behind it is one for Mailgun.
Report = tuple[str, bool]
Reports = dict[int, list[Report]]
Search = Callable[[Path, Path], Iterator[tuple[str, Report]]]


def corpus(seed: int) -> list[wild.Leak]:
    """Return every placement and every look-alike of the test corpus."""
    leaks = [*wild.texts(seed), *wild.encoded(seed), *wild.binaries(seed), *wild.archives(seed)]
    return [*leaks, *wild.quiet(seed + 1), *samples.samples(seed + 2)]


def written(leaks: Sequence[wild.Leak], folder: Path) -> None:
    """Write each leak into a folder of its own, named by its number."""
    for number, leak in enumerate(leaks):
        place = folder / str(number)
        place.mkdir()
        (place / leak.name).write_bytes(leak.data)


def ours(folder: Path, _: Path, scanner: Scanner | None = None) -> Iterator[tuple[str, Report]]:
    """Yield the reports of our own search, by shape alone unless ``scanner`` knows values."""
    found: list[tuple[str, Report]] = []
    scan_tree(
        folder,
        scanner or Scanner(),
        lambda match, place: found.append((place.path, (match.secret.reveal(), True))),
        SearchCoverage(),
    )
    yield from found


def _report(command: list[str], folder: Path, out: Path) -> object:
    subprocess.run(command, cwd=folder, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return json.loads(out.read_text(encoding="utf-8"))


def betterleaks(folder: Path, scratch: Path) -> Iterator[tuple[str, Report]]:
    """Yield what betterleaks reports, archives opened as it does by itself."""
    out = scratch / "betterleaks.json"
    for one in _report(["betterleaks", "fs", ".", "-s", "-o", str(out)], folder, out)["findings"]:  # type: ignore[index]
        yield one["location"]["path"], (one["match"]["full"], "mailgun" in one["rule_id"])


def gitleaks(folder: Path, scratch: Path) -> Iterator[tuple[str, Report]]:
    """Yield what gitleaks reports, with archives opened, which it does only when asked."""
    out = scratch / "gitleaks.json"
    command = [
        "gitleaks",
        "dir",
        ".",
        "--no-banner",
        "--max-archive-depth",
        "8",
        "-f",
        "json",
        "-r",
        str(out),
    ]
    for one in _report(command, folder, out):  # type: ignore[attr-defined]
        yield one["File"], (one["Match"] + one["Secret"], "mailgun" in one["RuleID"])


def kingfisher(folder: Path, scratch: Path) -> Iterator[tuple[str, Report]]:
    """Yield what kingfisher reports; it asks no vendor and looks for no update."""
    out = scratch / "kingfisher.json"
    command = [
        "kingfisher",
        "scan",
        ".",
        "--format",
        "json",
        "--no-validate",
        "--no-update-check",
        "--no-dedup",
    ]
    for one in _report([*command, "-o", str(out)], folder, out)["findings"]:  # type: ignore[index]
        yield one["finding"]["path"], (one["finding"]["snippet"], "mailgun" in one["rule"]["id"].lower())


OTHERS: tuple[Search, ...] = (betterleaks, gitleaks, kingfisher)


def by_file(reports: Iterator[tuple[str, Report]]) -> Reports:
    """Return reports by the number of the leak, which is the first folder of each path."""
    found: defaultdict[int, list[Report]] = defaultdict(list)
    for path, report in reports:
        found[int(path.removeprefix("./").partition("/")[0])].append(report)
    return found


def main() -> None:
    """Write the corpus, let each program search it, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--path", action="append", default=[], help="a folder with scanners")
    arguments = parser.parse_args()
    os.environ["PATH"] = os.pathsep.join([*arguments.path, os.environ.get("PATH", "")])
    leaks = corpus(arguments.seed)
    known = [
        KnownValue("known", Secret(leak.value), SecretKind.SMTP_PASSWORD)
        for leak in leaks
        if len(leak.value) >= 6
    ]
    columns: dict[str, Reports] = {}
    with tempfile.TemporaryDirectory() as name:
        folder, scratch = Path(name) / "corpus", Path(name)
        folder.mkdir()
        written(leaks, folder)
        columns["workbench"] = by_file(ours(folder, scratch))
        columns["value known"] = by_file(ours(folder, scratch, Scanner(known, shapes=False)))
        for search in OTHERS:
            if shutil.which(search.__name__):
                columns[search.__name__] = by_file(search(folder, scratch))
    show(leaks, columns)


def show(leaks: Sequence[wild.Leak], columns: dict[str, Reports]) -> None:
    """Print, by kind, how many placements each program found and how many look-alikes it took for Mailgun's."""
    kinds: defaultdict[str, list[int]] = defaultdict(list)
    for number, leak in enumerate(leaks):
        kinds[
            leak.kind if leak.value else samples.LOOK_ALIKE + leak.kind.removeprefix(samples.LOOK_ALIKE)
        ].append(number)
    print("| kind | files | " + " | ".join(columns) + " |\n|---|---|" + "---|" * len(columns))
    for kind in sorted(kinds, key=lambda one: (one.startswith(samples.LOOK_ALIKE), one)):
        counts = [
            sum(_hit(leaks[number], found.get(number, [])) for number in kinds[kind])
            for found in columns.values()
        ]
        print(f"| {kind} | {len(kinds[kind])} | " + " | ".join(map(str, counts)) + " |")
    true = [number for number, leak in enumerate(leaks) if leak.value]
    false = [number for number, leak in enumerate(leaks) if not leak.value]
    totals = []
    for found in columns.values():
        right = sum(_hit(leaks[number], found.get(number, [])) for number in true)
        wrong = sum(_hit(leaks[number], found.get(number, [])) for number in false)
        totals.append(f"{right / len(true):.1%} / {right / max(right + wrong, 1):.1%}")
    print(f"| **recall / precision** | {len(leaks)} | " + " | ".join(totals) + " |")


def _hit(leak: wild.Leak, reports: Sequence[Report]) -> bool:
    """Whether a placement is found in its file, or a look-alike reported as Mailgun's."""
    if leak.value:
        return any(leak.value in text for text, _ in reports)
    return any(ours for _, ours in reports)


if __name__ == "__main__":
    main()
