"""Working trees, servers' folders and single files: every byte that may hold a secret, nothing outside.

Symbolic links are never followed (so no loop and no way out of the root), devices and pipes are never
opened, files are read in blocks. What could not be read is counted with its reason and one example.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.core.redact import visible
from workbench.leaks.model import (
    FILE_UNREAD,
    FOLDER_UNREAD,
    NO_FILE,
    TOO_DEEP,
    TOO_LARGE,
    Found,
    LeakError,
    LeakPlace,
    Match,
    Neighbour,
    SearchCoverage,
    utc_text,
)
from workbench.leaks.patterns import Scanner
from workbench.leaks.stream import BLOCK, scan_blocks

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0)
# Kept apart from the working tree: the history search reads git's objects as what they are.
_GIT_OBJECTS = "objects"
# First bytes of what may be packed, or of a kind that is not opened: gzip and its kin, zip, 7z, PDF, images.
PACKED = frozenset(b"\x1fBb\xfdP\x28\x04]7%R!LKQSM\xed\x03\xd0E-h#")
_TAR = slice(257, 262)


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """Bounds of a search: the largest file read, in bytes, and how deep folders may nest."""

    largest: int = 8 << 30
    deepest: int = 200


Progress = Callable[[int, int], None]
"""Receives files and bytes read so far."""


def scan_tree(
    root: Path,
    scanner: Scanner,
    found: Found,
    coverage: SearchCoverage,
    *,
    limits: SearchLimits | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Search a folder or a single file and report every secret to ``found``; return the git bundles met.

    ``root`` may itself be a link (the operator named it); nothing below it is followed. Raises LeakError when
    ``root`` does not exist or cannot be opened at all. What is left out is counted in ``coverage``.
    """
    try:
        mode = root.stat().st_mode
    except OSError as error:
        raise LeakError(
            f"{visible(root)} cannot be searched: {error.strerror}.",
            "Nothing of it was read.",
            "Check the path and that this user may read it.",
        ) from error
    search = _Search(root, scanner, found, coverage, limits or SearchLimits())
    if stat.S_ISDIR(mode):
        for count, path in enumerate(search.walk()):
            search.file(path)
            if progress is not None and count % 256 == 0:
                progress(coverage.files, coverage.bytes)
        if not coverage.files and not any(files for _, _, files in os.walk(root)):
            # Nothing was found in it, and nothing could be: that is no search.
            coverage.skip(NO_FILE, visible(root))
    else:
        search.file(os.path.realpath(root))
    return search.bundles


class _Search:
    """One root under search."""

    def __init__(
        self, root: Path, scanner: Scanner, found: Found, coverage: SearchCoverage, limits: SearchLimits
    ) -> None:
        self.root = str(root)
        self.base = os.path.realpath(root)
        self.scanner = scanner
        self.found = found
        self.coverage = coverage
        self.limits = limits
        self.bundles: list[Path] = []

    def walk(self) -> Iterator[str]:
        """Yield the paths of all regular files below the root, in the order of their names."""
        stack = [(self.base, 0)]
        while stack:
            folder, depth = stack.pop()
            folders: list[tuple[str, int]] = []
            try:
                with os.scandir(folder) as entries:
                    listing = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                self.coverage.skip(f"{FOLDER_UNREAD}: {error.strerror}", self._name(folder))
                continue
            for entry in listing:
                if entry.is_symlink():
                    self.coverage.skip("symbolic link, not followed", self._name(entry.path), gap=False)
                elif entry.is_dir(follow_symlinks=False):
                    if _is_object_store(entry):
                        continue
                    self._called(entry.path)
                    if depth >= self.limits.deepest:
                        self.coverage.skip(TOO_DEEP, self._name(entry.path))
                    else:
                        folders.append((entry.path, depth + 1))
                elif entry.is_file(follow_symlinks=False):
                    yield entry.path
                else:
                    self.coverage.skip("not a regular file", self._name(entry.path), gap=False)
            stack += reversed(folders)

    def file(self, path: str) -> None:
        """Search one file, its name first."""
        self._called(path)
        try:
            fd = os.open(path, _FLAGS)
        except OSError as error:
            self.coverage.skip(f"{FILE_UNREAD}: {error.strerror}", self._name(path))
            return
        try:
            self._open_file(fd, path)
        except OSError as error:
            self.coverage.skip(f"{FILE_UNREAD}: {error.strerror}", self._name(path))
        finally:
            os.close(fd)

    def _called(self, path: str) -> None:
        """Search the name of a file or a folder."""
        way, _, name = path[len(self.base) :].rpartition("/")
        if (match := self.scanner.names.search(name, way)) is not None:
            self.found(match, LeakPlace("file", visible(self.root), self._name(path), 0, match.placement))

    def _open_file(self, fd: int, path: str) -> None:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            self.coverage.skip("not a regular file", self._name(path), gap=False)
            return
        if info.st_size > self.limits.largest:
            self.coverage.skip(TOO_LARGE, self._name(path))
            return
        head = os.read(fd, BLOCK)
        self.coverage.files += 1
        self.coverage.bytes += len(head)
        if not head:
            return
        if (head[0] in PACKED or head[_TAR] == b"ustar" or path.endswith(".br")) and self._special(
            fd, path, head, info
        ):
            return
        if len(head) == BLOCK:
            for match in scan_blocks(self._blocks(fd, head, info.st_size), self.scanner):
                self._report(match, path, info)
        elif matches := self.scanner.scan(head):
            from workbench.leaks.neighbours import neighbours

            beside = neighbours(head, [match.secret.reveal() for match in matches])
            for match in matches:
                self._report(match, path, info, beside=beside)

    def _blocks(self, fd: int, head: bytes, size: int) -> Iterator[bytes]:
        yield head
        left = size - len(head)
        # A log that grows while it is read must end somewhere: at the size it had when it was opened.
        while left > 0 and (block := os.read(fd, min(BLOCK, left))):
            left -= len(block)
            self.coverage.bytes += len(block)
            yield block

    def _special(self, fd: int, path: str, head: bytes, info: os.stat_result) -> bool:
        """Search what is packed, and tell of what is not opened; False for a file that is neither."""
        from workbench.leaks import archives, packed
        from workbench.leaks.neighbours import scan_packed

        if head.startswith((b"# v2 git bundle", b"# v3 git bundle")):
            self.bundles.append(Path(path))
            return False
        if name := archives.unread(head):
            self.coverage.skip(name, self._name(path))
            return False
        if not packed.packing(head, path):
            return False

        def skip(reason: str, inside: str) -> None:
            shown = visible(inside, 200)
            self.coverage.skip(reason, f"{self._name(path)}: {shown}" if shown else self._name(path))

        try:
            with os.fdopen(os.dup(fd), "rb") as file:
                opener = archives.Opener(skip)
                blocks = self._blocks(fd, head, info.st_size)
                for inside, leaf in opener.leaves(blocks, file=(file, info.st_size), name=path):
                    for match, beside in scan_packed(leaf, self.scanner):
                        self._report(match, path, info, inside=visible(inside, 200), beside=beside)
        except packed.BombError:
            self.coverage.skip("unpacks to more than any plausible size", self._name(path))
        except packed.BrokenError:
            self.coverage.skip("compressed file damaged, cut short or encrypted", self._name(path))
        return True

    def _report(
        self,
        match: Match,
        path: str,
        info: os.stat_result,
        *,
        inside: str = "",
        beside: tuple[Neighbour, ...] = (),
    ) -> None:
        self.found(
            match,
            LeakPlace(
                "file",
                visible(self.root),
                self._name(path),
                match.line + 1,
                match.placement,
                match.name,
                visible(match.login),
                inside=inside,
                modified=utc_text(info.st_mtime),
                neighbours=beside,
            ),
        )

    def _name(self, path: str) -> str:
        """Return a path below the root as it may be shown: relative, control characters made visible."""
        relative = path[len(self.base) :].lstrip("/") if path.startswith(self.base) else path
        text = os.fsencode(relative or Path(path).name).decode("utf-8", "backslashreplace")
        return visible(text)


def _is_object_store(entry: os.DirEntry[str]) -> bool:
    """Whether a folder is git's own store of objects; those are read by the history search."""
    if entry.name != _GIT_OBJECTS:
        return False
    parent = os.path.dirname(entry.path)  # noqa: PTH120 -- once per folder of this name, on a plain string
    return os.path.isfile(os.path.join(parent, "HEAD")) and os.path.isdir(os.path.join(parent, "refs"))  # noqa: PTH112, PTH113, PTH118
