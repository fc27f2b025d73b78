"""The objects of a git store, each once: their ids in pack order, and what stands in them. No commits behind a hit."""

from __future__ import annotations

import re
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import IO

from workbench.core.redact import visible
from workbench.leaks.files import PACKED, Progress
from workbench.leaks.gitsafe import Shadow
from workbench.leaks.model import Match, Neighbour, SearchCoverage
from workbench.leaks.neighbours import neighbours, scan_packed
from workbench.leaks.packed import BROTLI, BombError, BrokenError, packing
from workbench.leaks.patterns import Scanner
from workbench.leaks.stream import scan_blocks

_LIST = "--batch-check=%(objectname) %(objecttype)"
_WHOLE = 8 << 20
_PIECE = 1 << 20
# A store with more damaged objects than this is not searched further: each costs a restart of git.
_MOST_DAMAGE = 500
# Linux: a pipe of a megabyte spares thousands of switches between git and the scanner.
_F_SETPIPE_SZ = 1031


def all_objects(shadow: Shadow, commits: bytearray) -> Iterator[bytes]:
    """Yield ids of all blobs, commits and tags in pack order, which keeps git's delta bases warm."""
    listing = shadow.start(["cat-file", "--batch-all-objects", "--unordered", "--buffer", _LIST], feed=False)
    with listing:
        yield from _wanted(listing, commits)


def _wanted(listing: subprocess.Popen[bytes], commits: bytearray) -> Iterator[bytes]:
    if listing.stdout is None:
        return
    for line in listing.stdout:
        # "missing" marks an object whose header is damaged: let it be counted.
        oid, _, kind = line.partition(b" ")
        if kind == b"commit\n":
            commits += oid + b"\n"
        yield oid


class BlobReader:
    """Feeds ids to ``git cat-file --batch`` and searches what comes back, restarting it after damage."""

    def __init__(
        self, shadow: Shadow, objects: Iterator[bytes], scanner: Scanner, coverage: SearchCoverage, shown: str
    ) -> None:
        self._shadow = shadow
        self._objects = objects
        self._scanner = scanner
        self._coverage = coverage
        self._shown = shown
        # Ids handed to git and not answered yet; bounded by the pipes between us.
        self._asked: deque[bytes] = deque()
        self._retry: list[bytes] = []
        self._damage = 0
        # The last object answered, and whether the header after it belonged to another one than asked.
        self._answered = b""
        self._lost = False
        # Secrets in the names of files, with the id and type of what bears the name.
        self.named: list[tuple[str, str, Match]] = []
        self._names_seen: set[bytes] = set()
        # Ids of blobs whose name alone says how they are packed: those still to be asked for, and those asked for.
        self._to_unpack: set[bytes] = set()
        self._by_name: set[bytes] = set()
        # By id of the blob, the other secrets of each file that holds one of ours.
        self.beside: dict[str, tuple[Neighbour, ...]] = {}

    def hits(self, progress: Progress | None) -> Iterator[tuple[str, str, list[Match]]]:
        """Yield id, type and matches of every object that holds a secret."""
        done = False
        while not done:
            batch = self._shadow.start(["cat-file", "--batch", "--buffer"], feed=True)
            feeder = threading.Thread(target=self._feed, args=(batch,), daemon=True)
            with batch:
                if batch.stdin is None or batch.stdout is None:
                    return
                _widen(batch.stdout)
                feeder.start()
                yield from self._answers(batch.stdout, progress)
                # An end before all is answered, or answers out of step: this git is of no more use.
                batch.kill()
                feeder.join()
            done = not self._asked and not self._retry
            if not done:
                self._step_over()
            elif self._to_unpack:
                # Their names came with the trees, in any order: they are read once more.
                self._retry = sorted(self._to_unpack)
                self._by_name |= self._to_unpack
                self._to_unpack.clear()
                done = False
            if self._damage > _MOST_DAMAGE:
                self._coverage.skip("too many damaged git objects, the rest not read", self._shown)
                return

    def _step_over(self) -> None:
        """Count the object git stumbled over and keep all that was not answered for another git."""
        if self._lost and self._answered:
            # Its content was shorter than it claims, which showed only at the header after it.
            self._damaged(self._answered)
        elif self._asked:
            self._damaged(self._asked.popleft())
        self._lost, self._answered = False, b""
        self._retry = [*self._asked, *self._retry]
        self._asked.clear()

    def _feed(self, batch: subprocess.Popen[bytes]) -> None:
        if batch.stdin is None:
            return
        try:
            while self._retry:
                self._ask(batch.stdin, self._retry.pop(0))
            for oid in self._objects:
                self._ask(batch.stdin, oid)
            batch.stdin.close()
        except (BrokenPipeError, ValueError):
            # git died of a damaged object: the reader sees the end of its output and starts it again.
            with suppress(BrokenPipeError):
                batch.stdin.close()

    def _ask(self, stdin: IO[bytes], oid: bytes) -> None:
        self._asked.append(oid)
        stdin.write(oid + b"\n")

    def _answers(
        self, stdout: IO[bytes], progress: Progress | None
    ) -> Iterator[tuple[str, str, list[Match]]]:
        coverage, scan = self._coverage, self._scanner.scan
        while header := stdout.readline():
            parts = header.split()
            if not parts or not self._asked or parts[0] != self._asked[0]:
                self._lost = True
                return
            if len(parts) != 3:
                self._damaged(self._asked.popleft())
                continue
            size = int(parts[2])
            if size <= _WHOLE:
                content = stdout.read(size + 1)
                if len(content) != size + 1 or content[-1:] != b"\n":
                    return
                if parts[1] == b"tree":
                    self._names(content, len(parts[0]) // 2)
                    matches = []
                elif parts[1] == b"blob" and self._is_packed(content[:512], parts[0]):
                    matches = self._unpacked(iter((content[:-1],)), parts[0])
                elif matches := scan(content):
                    self.beside[parts[0].decode("ascii")] = neighbours(
                        content, [match.secret.reveal() for match in matches]
                    )
            else:
                matches = self._large(_pieces(stdout, size), parts[0])
                if stdout.read(1) != b"\n":
                    return
            self._answered = self._asked.popleft()
            if self._answered not in self._by_name:
                coverage.files += 1
                coverage.bytes += size
            if progress is not None and coverage.files % 512 == 0:
                progress(coverage.files, coverage.bytes)
            if matches:
                yield parts[0].decode("ascii"), parts[1].decode("ascii"), matches

    def _large(self, pieces: Iterator[bytes], oid: bytes) -> list[Match]:
        head = next(pieces, b"")
        whole = chain((head,), pieces)
        if self._is_packed(head[:512], oid):
            matches = self._unpacked(whole, oid)
        else:
            matches = list(scan_blocks(whole, self._scanner))
        # What an unpacker left behind is git's all the same.
        deque(pieces, maxlen=0)
        return matches

    def _is_packed(self, head: bytes, oid: bytes) -> bool:
        return oid in self._by_name or (head[:1] != b"" and head[0] in PACKED and packing(head) != "")

    def _unpacked(self, blocks: Iterator[bytes], oid: bytes) -> list[Match]:
        """Search a packed blob: everything in it, and tell of what is not opened."""
        from workbench.leaks.archives import Opener

        shown = f"{self._shown} {oid.decode('ascii', 'replace')}"

        def skip(reason: str, inside: str) -> None:
            self._coverage.skip(reason, f"{shown}: {visible(inside, 200)}" if inside else shown)

        matches: list[Match] = []
        others: dict[Neighbour, None] = {}
        try:
            for _, leaf in Opener(skip).leaves(blocks, name=BROTLI if oid in self._by_name else ""):
                for match, beside in scan_packed(leaf, self._scanner):
                    matches.append(match)
                    others.update(dict.fromkeys(beside))
        except BombError:
            skip("unpacks to more than any plausible size", "")
        except BrokenError:
            skip("compressed file damaged, cut short or encrypted", "")
        if others:
            self.beside[oid.decode("ascii", "replace")] = tuple(others)
        return matches

    def _names(self, tree: bytes, size: int) -> None:
        """Look through the names in a tree: a file called after a key may be gone from every work tree.

        Only its name tells a Brotli file.
        """
        if BROTLI.encode() + b"\0" in tree:
            found = re.findall(rb"10\d{4} [^\0]+\.br\0(.{%d})" % size, tree, re.DOTALL)
            self._to_unpack |= {oid.hex().encode() for oid in found} - self._by_name
        names = self._scanner.names
        if not names.among(tree):
            return
        for mode, name, oid in re.findall(rb"(\d{5,6}) ([^\0]+)\0(.{%d})" % size, tree, re.DOTALL):
            match = names.search(name.decode("utf-8", "replace"))
            if match is not None and oid + name not in self._names_seen:
                self._names_seen.add(oid + name)
                self.named.append((oid.hex(), "tree" if mode == b"40000" else "blob", match))

    def _damaged(self, oid: bytes) -> None:
        self._damage += 1
        self._coverage.skip(
            "git object damaged or missing", f"{self._shown} {oid.decode('ascii', 'replace')}"
        )


def _pieces(stdout: IO[bytes], size: int) -> Iterator[bytes]:
    left = size
    while left > 0 and (piece := stdout.read(min(left, _PIECE))):
        left -= len(piece)
        yield piece


def _widen(pipe: IO[bytes]) -> None:
    import fcntl

    try:
        fcntl.fcntl(pipe.fileno(), _F_SETPIPE_SZ, 1 << 20)
    except OSError as error:
        # A host that keeps pipes small is only slower.
        if error.errno not in (1, 16, 22):
            raise
