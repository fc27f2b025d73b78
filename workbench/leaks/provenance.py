"""From an object that holds a secret to the commits: who brought it in, who took it out, is it still there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from workbench.core.redact import visible
from workbench.leaks.gitsafe import Shadow
from workbench.leaks.model import CommitRef, LeakPlace, SearchCoverage, utc_text

# Above this many objects the filter is done here: a command line is bounded.
_MOST_ARGUMENTS = 1500
_FORMAT = "--format=%x01%H%x02%P%x02%at%x02%an <%ae>%x03"
_MESSAGE, _TAG, _LOOSE = "(commit message)", "(tag message)", "(in no commit)"


@dataclass(slots=True)
class _Held:
    """What is known of one blob at one path: the commits that added it and those that removed it."""

    added: set[str] = field(default_factory=set)
    held_last: set[str] = field(default_factory=set)


def resolve(
    shadow: Shadow, commits: bytes, objects: Mapping[str, str], coverage: SearchCoverage, shown: str
) -> dict[str, list[LeakPlace]]:
    """Return for each object id (mapped to its type) the places it was part of.

    ``commits`` are the ids of all commits of the store, one a line.

    Each place carries path, first and last commit (by author date) that hold the object, ``in_head`` and
    ``reachable``. Unreachable commits are asked as well. A blob that no commit holds gets one place that
    says so. When git cannot finish (damaged commits), that is counted in ``coverage``.
    """
    blobs = {oid for oid, kind in objects.items() if kind == "blob"}
    held: dict[tuple[str, str], _Held] = {}
    authors: dict[str, CommitRef] = {}
    if blobs:
        _walk(shadow, commits, blobs, held, authors)
    wanted = {oid for one in held.values() for oid in one.added | one.held_last}
    wanted |= {oid for oid, kind in objects.items() if kind == "commit"}
    head = shadow.head()
    if head:
        wanted.add(head)
    _describe(shadow, wanted - authors.keys(), authors)
    reachable = _reachable(shadow, wanted)
    in_head = _in_head(shadow, head, blobs)
    places: dict[str, list[LeakPlace]] = {}
    for (blob, path), one in sorted(held.items()):
        at_head = path in in_head.get(blob, ())
        places.setdefault(blob, []).append(
            _blob_place(path, one, authors, head if at_head else "", reachable)
        )
    for oid, kind in objects.items():
        if kind == "commit":
            ref = authors.get(oid)
            places[oid] = [_bare(_MESSAGE, first=ref, last=ref, in_head=False, reachable=oid in reachable)]
        elif kind == "tag":
            places[oid] = [_bare(_TAG)]
        elif oid not in places:
            # In the index, or left behind by a commit that was never made or is gone already.
            places[oid] = [_bare(_LOOSE, in_head=False, reachable=False)]
    if blobs and commits and not authors:
        coverage.skip("commits behind the hits not readable", shown)
    return places


def _bare(
    path: str,
    *,
    first: CommitRef | None = None,
    last: CommitRef | None = None,
    in_head: bool | None = None,
    reachable: bool | None = None,
) -> LeakPlace:
    return LeakPlace(
        "history", "", path, 0, "", first_commit=first, last_commit=last, in_head=in_head, reachable=reachable
    )


def _blob_place(
    path: str, one: _Held, authors: Mapping[str, CommitRef], head: str, reachable: set[str]
) -> LeakPlace:
    added = sorted((authors[oid] for oid in one.added if oid in authors), key=lambda ref: ref.date)
    ends = one.held_last | one.added | ({head} if head else set())
    last = max((authors[oid] for oid in ends if oid in authors), key=lambda ref: ref.date, default=None)
    if head and head in authors:
        last = authors[head]
    return _bare(
        path,
        first=added[0] if added else last,
        last=last,
        in_head=bool(head),
        reachable=bool((one.added | one.held_last) & reachable),
    )


def _walk(
    shadow: Shadow,
    commits: bytes,
    blobs: set[str],
    held: dict[tuple[str, str], _Held],
    authors: dict[str, CommitRef],
) -> None:
    """Ask every commit what it changed of ``blobs``; merges against each parent, no renames guessed."""
    command = [
        "log",
        "--stdin",
        "--no-walk=unsorted",
        "--raw",
        "-z",
        "--no-abbrev",
        "--no-renames",
        "-m",
        "--root",
    ]
    command += [
        "--no-ext-diff",
        "--no-textconv",
        "--no-show-signature",
        "--no-notes",
        "--no-decorate",
        _FORMAT,
    ]
    if len(blobs) <= _MOST_ARGUMENTS:
        command += [f"--find-object={oid}" for oid in sorted(blobs)]
    for record in shadow.records(command, b"\x01", commits):
        header, _, body = record.partition(b"\x03")
        ref, parents = _commit_ref(header)
        if ref is None:
            continue
        touched = False
        for old, new, path in _changes(body):
            if new in blobs:
                held.setdefault((new, path), _Held()).added.add(ref.oid)
                touched = True
            if old in blobs:
                held.setdefault((old, path), _Held()).held_last.update(parents)
                touched = True
        if touched:
            authors[ref.oid] = ref


def _changes(body: bytes) -> Iterator[tuple[str, str, str]]:
    """Yield old id, new id and path of each raw diff record (``-z`` form)."""
    parts = iter(body.lstrip(b"\n\0").split(b"\0"))
    for part in parts:
        fields = part.lstrip(b"\n").split(b" ")
        if len(fields) == 5 and fields[0].startswith(b":"):
            path = next(parts, b"").decode("utf-8", "backslashreplace")
            yield fields[2].decode("ascii"), fields[3].decode("ascii"), visible(path)


def _commit_ref(header: bytes) -> tuple[CommitRef | None, list[str]]:
    fields = header.decode("utf-8", "replace").split("\x02", 3)
    if len(fields) != 4:
        return None, []
    oid, parents, stamp, author = fields
    date = utc_text(int(stamp)) if stamp.isdigit() else ""
    # Merges shown once a parent read "<oid> (from <parent>)".
    return CommitRef(oid.split(" ")[0], visible(author, 120), date), parents.split()


def _describe(shadow: Shadow, oids: Iterable[str], authors: dict[str, CommitRef]) -> None:
    feed = "".join(f"{oid}\n" for oid in sorted(oids)).encode()
    if not feed:
        return
    listing = shadow.output(
        ["log", "--stdin", "--no-walk=unsorted", "--no-show-signature", "--no-notes", _FORMAT], feed
    )
    for record in listing.split(b"\x01"):
        ref, _ = _commit_ref(record.partition(b"\x03")[0])
        if ref is not None:
            authors[ref.oid] = ref


def _reachable(shadow: Shadow, wanted: set[str]) -> set[str]:
    """Return which of ``wanted`` any reference (or HEAD) reaches; reflogs do not count as references."""
    tips = {oid for _, oid in shadow.references()} | {shadow.head()} - {""}
    if not tips or not wanted:
        return set()
    feed = "".join(f"{oid}\n" for oid in sorted(tips)).encode()
    listing = shadow.records(["rev-list", "--stdin"], b"\n", feed)
    return {oid for line in listing if (oid := line.decode("ascii", "replace")) in wanted}


def _in_head(shadow: Shadow, head: str, blobs: set[str]) -> dict[str, set[str]]:
    """Return the paths in HEAD's tree of those ``blobs`` that are part of it."""
    found: dict[str, set[str]] = {}
    if not head or not blobs:
        return found
    for entry in shadow.records(["ls-tree", "-r", "-z", "--full-tree", head], b"\0"):
        about, _, path = entry.partition(b"\t")
        oid = about.rpartition(b" ")[2].decode("ascii", "replace")
        if oid in blobs:
            found.setdefault(oid, set()).add(visible(path.decode("utf-8", "backslashreplace")))
    return found
