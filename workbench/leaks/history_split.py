"""A large history read by two processes: a worker reads half of its objects and tells what it found.

The worker is this program once more, with a git of its own. What it is to look for and what it found go through
pipes, never through arguments or files. Whatever goes wrong with it, all of the history is read here instead: an
object is never left out because a process was.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from workbench.core.redact import Secret
from workbench.leaks.files import Progress
from workbench.leaks.git_objects import BlobReader, all_objects
from workbench.leaks.gitsafe import Shadow, git_program
from workbench.leaks.model import KnownValue, Match, Neighbour, SearchCoverage, SecretKind
from workbench.leaks.patterns import Scanner

# Below this many bytes of packs a second process costs more than it saves.
WORTH_IT = 16 << 20
# Ids are dealt out by this many: neighbours in a pack are made from one another.
_HAND = 256
_ENDS = 10.0


def worth_it(folder: Path) -> bool:
    """Return whether a repository's store is so large that a second process pays."""
    packs = (pack.stat().st_size for pack in (folder / "objects" / "pack").glob("*.pack"))
    with suppress(OSError):
        return sum(packs) > WORTH_IT
    return False


class Half:
    """Every other handful of a listing of ids, and a mark of the whole listing once it is read to its end."""

    def __init__(self, objects: Iterator[bytes], which: int) -> None:
        self._objects = objects
        self._which = which
        self._mark = hashlib.blake2b(digest_size=16)

    def __iter__(self) -> Iterator[bytes]:
        for count, oid in enumerate(self._objects):
            self._mark.update(oid)
            if count // _HAND % 2 == self._which:
                yield oid

    @property
    def mark(self) -> str:
        """What is the same for two processes that saw the same listing."""
        return self._mark.hexdigest()


class SecondReader:
    """The other process. Use as a context manager; ``results`` are None where it did not come to its end."""

    def __init__(self, shadow: Shadow, scanner: Scanner, shown: str) -> None:
        self._lines: list[bytes] = []
        self._process = subprocess.Popen(
            # Never a module of the folder that is searched: nothing is taken from the working directory (-P).
            [sys.executable, "-P", "-m", "workbench.leaks.history_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=shadow.workplace,
        )
        self._job = {
            "environment": dict(shadow.environment),
            "workplace": str(shadow.workplace),
            "shown": shown,
            "shapes": scanner.shapes,
            "known": [[one.label, one.secret.reveal(), one.kind.value] for one in scanner.known],
        }
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._feed, self._collect)]

    def __enter__(self) -> SecondReader:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        for thread in self._threads:
            thread.join(_ENDS)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _feed(self) -> None:
        pipe = self._process.stdin
        if pipe is None:
            return
        with suppress(OSError, ValueError):
            pipe.write(json.dumps(self._job).encode() + b"\n")
            pipe.close()

    def _collect(self) -> None:
        if self._process.stdout is not None:
            self._lines.extend(self._process.stdout)

    def results(self) -> list[dict[str, Any]] | None:
        """Wait for the worker's end; return what it told, the summary last, or None where it failed."""
        for thread in self._threads:
            thread.join()
        if self._process.wait() != 0 or not self._lines:
            return None
        try:
            told = [json.loads(line) for line in self._lines]
        except ValueError:
            return None
        return told if "summary" in told[-1] else None


def read_by_two(
    shadow: Shadow,
    objects: Iterator[bytes],
    scanner: Scanner,
    coverage: SearchCoverage,
    shown: str,
    progress: Progress | None,
) -> tuple[BlobReader, list[tuple[str, str, list[Match]]]] | None:
    """Read all objects by this process and another; return this one's reader and all hits, None where it failed.

    Nothing is added to ``coverage`` then: the caller reads everything again by itself.
    """
    half = Half(objects, 0)
    mine = SearchCoverage()
    reader = BlobReader(shadow, iter(half), scanner, mine, shown)
    try:
        worker = SecondReader(shadow, scanner, shown)
    except OSError:  # No process can be started: this one is enough.
        return None
    with worker:
        hits = list(reader.hits(progress))
        told = worker.results()
    # A store that changed between the two listings may have hidden an object from both.
    if told is None or told[-1]["summary"]["listing"] != half.mark:
        return None
    *found, last = told
    for one in found:
        hits.append((one["oid"], one["kind"], [_match(match) for match in one["matches"]]))
        reader.beside.setdefault(one["oid"], tuple(Neighbour(*row) for row in one["beside"]))
    summary = last["summary"]
    seen = {(oid, match.secret.reveal()) for oid, _, match in reader.named}
    named = [(oid, kind, _match(match)) for oid, kind, match in summary["named"]]
    reader.named += [row for row in named if (row[0], row[2].secret.reveal()) not in seen]
    coverage.add(mine)
    coverage.add(_covered(summary))
    return reader, hits


def told_of(match: Match) -> dict[str, Any]:
    """Return a match as it goes through the pipe to the process that started the search."""
    return {
        "start": match.start,
        "line": match.line,
        "kind": match.kind.value,
        "secret": match.secret.reveal(),
        "placement": match.placement,
        "name": match.name,
        "login": match.login,
        "known": match.known,
    }


def _match(told: Mapping[str, Any]) -> Match:
    return Match(**{**told, "kind": SecretKind(told["kind"]), "secret": Secret(told["secret"])})


def _covered(summary: Mapping[str, Any]) -> SearchCoverage:
    made = SearchCoverage(summary["files"], summary["bytes"])
    made.skipped.update(summary["skipped"])
    made.examples.update(summary["examples"])
    made.gaps.update(summary["gaps"])
    return made


class _Borrowed(Shadow):
    """The private git folder of the process that started this one: it makes it, and takes it away."""

    def __init__(self, environment: Mapping[str, str], workplace: Path) -> None:
        self.environment = dict(environment)
        self.workplace = workplace
        self._git = git_program()


def work(source: IO[bytes], sink: IO[bytes]) -> None:
    """Read a job from ``source``, do its half, and tell on ``sink`` what was found, the summary last."""
    job = json.loads(source.readline())
    known = [KnownValue(label, Secret(value), SecretKind(kind)) for label, value, kind in job["known"]]
    scanner = Scanner(known, shapes=job["shapes"])
    coverage = SearchCoverage()
    shadow = _Borrowed(job["environment"], Path(job["workplace"]))
    half = Half(all_objects(shadow, bytearray()), 1)
    reader = BlobReader(shadow, iter(half), scanner, coverage, job["shown"])
    for oid, kind, matches in reader.hits(None):
        beside = [[one.name, one.vendor] for one in reader.beside.get(oid, ())]
        row = {"oid": oid, "kind": kind, "matches": [told_of(match) for match in matches], "beside": beside}
        sink.write(json.dumps(row).encode() + b"\n")
    summary = {
        "listing": half.mark,
        "files": coverage.files,
        "bytes": coverage.bytes,
        "skipped": dict(coverage.skipped),
        "examples": coverage.examples,
        "gaps": sorted(coverage.gaps),
        "named": [[oid, kind, told_of(match)] for oid, kind, match in reader.named],
    }
    sink.write(json.dumps({"summary": summary}).encode() + b"\n")
    sink.flush()
