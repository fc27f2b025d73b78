"""Whole git histories: every object once, reachable or not, then the commits behind the hits.

Walking distinct blobs is 3.4 times as fast as reading ``git log -p`` (performance baselines 5), and it also
sees what a log never shows: merges, stashes, reflogs, objects nothing points to any more. Which commit brought
a blob in and which one took it out is asked afterwards, for the few blobs that hold a secret.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from workbench.core.atomic_files import read_plain
from workbench.core.redact import visible
from workbench.leaks import history_split
from workbench.leaks.files import Progress
from workbench.leaks.git_objects import BlobReader, all_objects
from workbench.leaks.gitsafe import Shadow, git_folder
from workbench.leaks.model import CommitRef, Found, LeakPlace, Match, SearchCoverage
from workbench.leaks.patterns import Scanner
from workbench.leaks.provenance import resolve


def scan_history(
    path: Path,
    scanner: Scanner,
    found: Found,
    coverage: SearchCoverage,
    *,
    root: str = "",
    within: Path | None = None,
    progress: Progress | None = None,
) -> bool:
    """Search the whole history of the repository at ``path``; return False when it is none.

    Each hit is reported with path, first and last commit that hold it, whether HEAD still does and whether
    any reference reaches it. ``root`` is the name shown for the repository (its URL); default is the path.
    ``within`` is the folder the search was given, which a submodule's history may lie in.
    Damaged objects are counted in ``coverage``. Raises LeakError when the history lies outside ``path`` and
    HostError without git.
    """
    folder = git_folder(path, within)
    if folder is None:
        return False
    shown = root or visible(path)
    if (folder / "shallow").is_file():
        coverage.skip("shallow clone: commits before its edge are not here", shown)
    with Shadow(folder) as shadow:
        # Ids of the commits, one a line: what the question for the commits behind a hit is fed with.
        commits = bytearray()
        outside = shadow.borrows(within or path)
        if outside:
            coverage.skip("objects borrowed from a store outside the root", shown)
        objects = _listed(shadow, folder, commits, outside=outside)
        hits: dict[str, list[Match]] = {}
        kinds: dict[str, str] = {}
        read = None
        if not outside and history_split.worth_it(folder):
            read = history_split.read_by_two(shadow, objects, scanner, coverage, shown, progress)
            if read is None:
                # The second process failed: nothing is left out, all is read here.
                commits.clear()
                objects = all_objects(shadow, commits)
        reader = read[0] if read else BlobReader(shadow, objects, scanner, coverage, shown)
        for oid, kind, matches in read[1] if read else reader.hits(progress):
            hits[oid] = matches
            kinds[oid] = kind
        for oid, kind, named in reader.named:
            if kind == "blob":
                hits.setdefault(oid, []).append(named)
                kinds[oid] = kind
            else:
                found(named, LeakPlace("history", shown, "(name of a folder)", 0, named.placement))
        located = resolve(shadow, bytes(commits), kinds, coverage, shown) if hits else {}
        for name, _ in shadow.references():
            if (match := scanner.names.search(name)) is not None:
                found(match, LeakPlace("history", shown, f"({visible(name, 200)})", 0, match.placement))
    for match, place in _by_path(hits, located, shown):
        found(match, replace(place, neighbours=reader.beside.get(place.blob, ())))
    return True


def _listed(shadow: Shadow, folder: Path, commits: bytearray, *, outside: bool) -> Iterator[bytes]:
    """Return the ids to read; those of the commits go into ``commits``, as they come or at once."""
    if not outside:
        return all_objects(shadow, commits)
    commits += shadow.output(["rev-list", "--stdin"], _lines(oid for _, oid in shadow.references()))
    return _local_objects(shadow, folder)


def _by_path(
    hits: Mapping[str, list[Match]], located: Mapping[str, list[LeakPlace]], shown: str
) -> Iterator[tuple[Match, LeakPlace]]:
    """Yield each secret once a path: a file that changed around it is one place, held from first to last."""
    held: dict[tuple[str, str], tuple[Match, LeakPlace]] = {}
    for oid, matches in hits.items():
        for match in matches:
            for where in located.get(oid, ()):
                place = _place(match, where, shown, oid)
                # A message or a loose object is its own place; blobs at one path are versions of one file.
                slot = (match.secret.reveal(), place.path if not place.path.startswith("(") else oid)
                other = held.get(slot)
                held[slot] = (match, place) if other is None else _joined(other, (match, place))
    yield from held.values()


def _joined(one: tuple[Match, LeakPlace], other: tuple[Match, LeakPlace]) -> tuple[Match, LeakPlace]:
    first = min((one, other), key=lambda held: _date(held[1].first_commit) or "9")
    last = max((one, other), key=lambda held: (bool(held[1].in_head), _date(held[1].last_commit)))
    place = replace(
        last[1],
        first_commit=first[1].first_commit,
        in_head=one[1].in_head or other[1].in_head,
        reachable=one[1].reachable or other[1].reachable,
    )
    return last[0], place


def _date(ref: CommitRef | None) -> str:
    return ref.date if ref is not None else ""


def _place(match: Match, where: LeakPlace, shown: str, oid: str) -> LeakPlace:
    return replace(
        where,
        root=shown,
        line=match.line + 1,
        placement=match.placement,
        name=match.name,
        login=visible(match.login),
        blob=oid,
    )


def _lines(oids: Iterable[str]) -> bytes:
    return "".join(f"{oid}\n" for oid in oids).encode()


def _local_objects(shadow: Shadow, folder: Path) -> Iterator[bytes]:
    """Yield the ids that lie in the repository's own packs and loose files, none of a borrowed store."""
    store = folder / "objects"
    for index in sorted((store / "pack").glob("*.idx")):
        for line in shadow.output(["show-index"], read_plain(index, limit=1 << 30)).splitlines():
            parts = line.split(b" ")
            if len(parts) >= 2:
                yield parts[1]
    for fan in sorted(store.glob("[0-9a-f][0-9a-f]")):
        for loose in sorted(fan.iterdir()):
            yield (fan.name + loose.name).encode("ascii", "replace")


def is_repository(path: Path) -> bool:
    """Return whether ``path`` is a checkout or a bare repository (also one whose history lies elsewhere)."""
    dot = path / ".git"
    return os.path.lexists(dot) or ((path / "HEAD").is_file() and (path / "objects").is_dir())
