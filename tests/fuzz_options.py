"""Every option of every command with hostile values: no traceback, words, the right exit code, one document.

``python -m tests.fuzz_options`` runs all of it and prints the table (commands × values); the suite runs a seeded slice.
The options are read from the parser itself, so that a new one is tried without anybody naming it here.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.fuzz_state import Sample, run, unlocked
from tests.support.commands import threaded_drill
from workbench import cli
from workbench.cli.parser import build_parser

# ── values ───────────────────────────────────────────────────────────────────────────────────────────────

# How Python hands on an argument that is not UTF-8.
NO_TEXT = os.fsdecode(b"\xff\xfe\x80")
WORDS = {
    "empty": "",
    "blank": " ",
    "not UTF-8": NO_TEXT,
    "300 letters": "x" * 300,
    "a megabyte's tenth": "a" * 100_000,
    "nested": "[" * 100_000,
    "escapes": "\x1b]0;owned\x07\x1b[2J",
    "upwards": "../../../../etc/passwd",
    "a number": "-99999999999999999999999",
    "no number": "1e999",
    "no place": "/nowhere/at/all",
    "invisible": "\u202e\u2066\u3164\u00ad",
    "markup": "[red]x[/red]<script>=cmd()",
}
PLACES = ("folder", "pipe", "dangling", "link", "nested file", "file that is no text", "empty file", "device")


def places(base: Path) -> dict[str, str]:
    """Make one of each kind of place below ``base`` that may stand where a file is named; returns their paths."""
    made = base / "places"
    made.mkdir(mode=0o700)
    (made / "folder").mkdir()
    os.mkfifo(made / "pipe", 0o600)
    (made / "dangling").symlink_to("/nowhere/at/all")
    for name, content in (
        ("nested file", b"[" * 100_000),
        ("file that is no text", b"\xff\xfe\x00" * 500),
        ("empty file", b""),
    ):
        (made / name).write_bytes(content)
        (made / name).chmod(0o600)
    (made / "link").symlink_to(made / "nested file")
    (made / "device").symlink_to("/dev/zero")
    return {name: str(made / name) for name in PLACES}


# What is read before anything else: no place of this module holds what it should (a notice may be any text).
READS = {
    "--endpoints": ("status", "contain", "sweep", "assess", "report", "mail fetch", "lost"),
    "--old-secrets-file": ("contain",),
    "--new-file": ("secrets passphrase",),
}

# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────

FILLED = {"judge": {"finding": "f-1", "decision": "ours"}, "attest": {"step": "0", "text": "seen"}}
LEFT_OUT = ("drill",)  # it serves until it is ended; its own options are the unit tests' of ``world/options``


@dataclass(frozen=True)
class Leaf:
    """One command: its words, its parser."""

    words: tuple[str, ...]
    parser: argparse.ArgumentParser

    @property
    def called(self) -> str:
        """Return its words as one."""
        return " ".join(self.words)

    @property
    def json(self) -> bool:
        """Return whether it writes a document when asked to."""
        return any("--json" in action.option_strings for action in self.parser._actions)

    def taking(self) -> list[argparse.Action]:
        """Return its options and positionals that take a value."""
        return [action for action in self.parser._actions if action.nargs != 0]

    def line(self, tried: argparse.Action, value: str) -> list[str]:
        """Return the command line that gives ``tried`` the value, and what else is needed."""
        given = [*self.words]
        positionals: list[str] = []
        for action in self.taking():
            if action is tried:
                words = [value] * (action.nargs if isinstance(action.nargs, int) else 1)
                if action.option_strings:
                    name = action.option_strings[-1]
                    given += [f"{name}={value}"] if len(words) == 1 else [name, *words]
                else:
                    positionals += words
            elif action.required and action.option_strings:
                given += [action.option_strings[-1], "filled"]
            elif action.required and not action.option_strings:
                known = FILLED.get(self.words[0], {}).get(action.dest)
                positionals.append(
                    known or str(next(iter(action.choices))) if action.choices else known or "x"
                )
        given += ["--json"] if self.json else []
        asked = () if "--resolver" in tried.option_strings else ("--resolver", "127.0.0.1:9")
        return [*given, *asked, *(["--", *positionals] if positionals else [])]


def leaves(parser: argparse.ArgumentParser | None = None, words: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Yield every command that has no commands of its own; the screen and the drill are left out."""
    parser = parser or build_parser()
    inner: Mapping[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            inner = action.choices
    for name, one in inner.items():
        if name not in LEFT_OUT:
            yield from leaves(one, (*words, name))
    if not inner:
        yield Leaf(words, parser)


@dataclass(frozen=True)
class Try:
    """One command line that is tried."""

    leaf: Leaf
    action: argparse.Action
    value: str  # the name of a value

    def __str__(self) -> str:
        name = self.action.option_strings[-1] if self.action.option_strings else self.action.dest
        return f"{self.leaf.called} {name} ← {self.value}"


def tries() -> list[Try]:
    """Return all of them."""
    return [
        Try(leaf, action, value)
        for leaf in leaves()
        for action in leaf.taking()
        for value in (*WORDS, *PLACES)
    ]


def wrong_with(sample: Sample, one: Try) -> list[str]:
    """Run one command line on a copy of the home; return what was wrong, in sentences."""
    with tempfile.TemporaryDirectory() as place:
        base = Path(place) / "base"
        shutil.copytree(sample.base, base, symlinks=True)
        value = {**WORDS, **places(base)}[one.value]
        line = one.leaf.line(one.action, value)
        try:
            ran = run(base, line, stdin="a line of input\n")
        except TimeoutError as error:
            return [str(error)]
        wrong = []
        if "Traceback" in ran.err or ran.code == cli.FAULT:
            wrong.append(f"a fault: {ran.err.strip().splitlines()[-3:]}")
        if ran.code not in (0, 1, 2, 3, 4):
            wrong.append(f"exit {ran.code}")
        if one.leaf.called in READS.get("".join(one.action.option_strings), ()) and ran.code not in (2, 4):
            wrong.append(f"what cannot be read ends with {ran.code}: {ran.err[-200:]!r}")
        if ran.code > 1 and not ran.err.strip():
            wrong.append("an error without words")
        for name, text in (("output", ran.out), ("errors", ran.err)):
            if drawn := {c for c in text if c in "\x1b\x07\u202e\u2066" or "\udc80" <= c <= "\udcff"}:
                wrong.append(f"{name} draw {sorted(map(ascii, drawn))}: {text[-300:]!a}")
        if len(ran.err) > 60_000:
            wrong.append(f"{len(ran.err)} characters of errors")
        if one.leaf.json:
            try:
                json.loads(ran.out)
            except ValueError:
                wrong.append(f"no document: exit {ran.code} {ran.out[:80]!r} {ran.err[-200:]!r}")
        held = unlocked(replace(sample, base=base))
        if held is None or not sample.held <= held:
            wrong.append("secrets that could be had before cannot be had now")
        return wrong


def sampled(seed: int, count: int) -> list[Try]:
    """Return ``count`` seeded tries."""
    return random.Random(seed).sample(tries(), count)


def main() -> None:
    """Run all of it, or a slice (``1/4``: every fourth), and print the table; exit 1 where anything was wrong."""
    part, parts = (int(n) for n in (sys.argv[1] if len(sys.argv) > 1 else "1/1").split("/"))
    runs: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        with threaded_drill(Path(place), credentials=4, domains=2, users=2) as drill:
            sample = Sample.make(Path(place) / "base", drill)
        for one in tries()[part - 1 :: parts]:
            wrong = wrong_with(sample, one)
            name = one.leaf.called
            runs[name] += 1
            bad[name] += len(wrong)
            for fault in wrong:
                sys.stdout.write(ascii(f"WRONG {one}: {fault}") + "\n")
                sys.stdout.flush()
    for name in runs:
        sys.stdout.write(f"{name:<24} {runs[name]:>6} runs {bad[name]:>4} wrong\n")
    sys.stdout.write(f"{len(runs)} commands, {sum(runs.values())} runs, {sum(bad.values())} wrong\n")
    sys.exit(1 if sum(bad.values()) else 0)


if __name__ == "__main__":
    main()
