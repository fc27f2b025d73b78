"""Run git on a repository that may be hostile: its configuration, hooks and references are never read by git.

A repository's own configuration can run programs (fsmonitor, pager, ssh command, promisor remotes with an
upload-pack of their own, signature checks), and CVE-2025-41390 shows scanners falling for it. So git works in
a private shadow: an empty git folder with a configuration written here, pointed only at the repository's
*object store*. References are read by this module as the text files they are.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from workbench.core.atomic_files import read_plain
from workbench.core.errors import HostError
from workbench.core.redact import visible
from workbench.leaks.model import LeakError

_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MOST_REFS = 2_000_000
_MOST_REF_FILE = 256 << 20
# bigFileThreshold lets git stream large blobs; the pack limits keep its own memory bounded.
_CONFIG = """[core]
\trepositoryFormatVersion = {version}
\tbare = true
\tfsmonitor = false
\thooksPath = /dev/null
\tattributesFile = /dev/null
\tcommitGraph = false
\tbigFileThreshold = 16m
\tpackedGitWindowSize = 16m
\tpackedGitLimit = 64m
\tdeltaBaseCacheLimit = 48m
[log]
\tshowSignature = false
\tmailmap = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[protocol]
\tallow = never
{extensions}"""


def git_program() -> str:
    """Return the path of git. Raises HostError when this host has none."""
    found = shutil.which("git")
    if found is None:
        raise HostError(
            "This host has no git.",
            "Histories of repositories cannot be searched; working trees still can.",
            "Install git, or search the tree alone.",
        )
    return found


def isolated_environment(protocols: str = "none") -> dict[str, str]:
    """Return the environment git runs in: nothing of the user's or system's configuration, no prompts.

    ``protocols`` is git's colon-separated list of transports it may use; ``none`` allows not one.
    """
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "SSH_AUTH_SOCK", "TMPDIR") if name in os.environ
    }
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "SSH_ASKPASS": "true",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": "/dev/null",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_PAGER": "cat",
        "GIT_ALLOW_PROTOCOL": protocols,
        "LC_ALL": "C",
    }


def git_folder(path: Path, within: Path | None = None) -> Path | None:
    """Return the git folder of ``path`` (a checkout, a bare repository), None where there is none.

    A ``.git`` file may point elsewhere (a submodule, a linked work tree); it is followed only inside
    ``within`` (default: ``path`` itself), never out of it: raises LeakError then, naming no file outside.
    """
    bound = (within or path).resolve()
    candidate = path / ".git"
    if candidate.is_symlink():
        raise _outside(path)
    if candidate.is_file():
        text = read_plain(candidate)[:4096].decode("utf-8", "replace")
        target = (path / text.removeprefix("gitdir:").strip()).resolve()
        if not target.is_relative_to(bound):
            raise _outside(path)
        candidate = target
    for folder in (candidate, path):
        if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
            if (folder / "objects").is_symlink() or (folder / "objects" / "pack").is_symlink():
                raise _outside(path)
            return folder
    return None


def _outside(path: Path) -> LeakError:
    return LeakError(
        f"{visible(path)} keeps its history in another folder.",
        "A search never leaves the folders it was given, so this history was not read.",
        "Name the main checkout or the bare repository itself.",
    )


class Shadow:
    """A private git folder that borrows one repository's object store. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._git = git_program()
        self.workplace = Path(tempfile.mkdtemp(prefix="workbench-git-"))
        sha256 = _is_sha256(folder)
        extensions = "[extensions]\n\tobjectFormat = sha256\n" if sha256 else ""
        (self.workplace / "config").write_text(
            _CONFIG.format(version=1 if sha256 else 0, extensions=extensions)
        )
        (self.workplace / "HEAD").write_text("ref: refs/heads/none\n")
        for name in ("refs", "objects"):
            (self.workplace / name).mkdir()
        shallow = folder / "shallow"
        if shallow.is_file() and not shallow.is_symlink():
            (self.workplace / "shallow").write_bytes(read_plain(shallow)[:_MOST_REF_FILE])
        self.environment = isolated_environment() | {
            "GIT_DIR": str(self.workplace),
            "GIT_OBJECT_DIRECTORY": str((folder / "objects").resolve()),
        }

    def __enter__(self) -> Shadow:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.workplace, ignore_errors=True)

    def start(self, arguments: Sequence[str], *, feed: bool | IO[bytes]) -> subprocess.Popen[bytes]:
        """Start git with large pipes; its complaints are dropped (they quote hostile names).

        ``feed`` is a file for its input, True for a pipe, False for none.
        """
        source = (subprocess.PIPE if feed else subprocess.DEVNULL) if isinstance(feed, bool) else feed
        return subprocess.Popen(  # noqa: S603 -- a fixed program, arguments from this package
            [self._git, "--no-pager", "--no-replace-objects", *arguments],
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self.environment,
            cwd=self.workplace,
            bufsize=1 << 20,
        )

    def output(self, arguments: Sequence[str], feed: bytes = b"") -> bytes:
        """Run git to its end and return its output, whatever its exit code (damage is counted elsewhere)."""
        with self.start(arguments, feed=True) as process:
            return process.communicate(feed)[0]

    def records(self, arguments: Sequence[str], separator: bytes, feed: bytes = b"") -> Iterator[bytes]:
        """Run git and yield its output cut at ``separator``, in bounded memory; an empty record is left out."""
        with tempfile.TemporaryFile() as spool:
            # A file instead of a pipe for the input: git may answer long before it has read it all.
            spool.write(feed)
            spool.seek(0)
            with self.start(arguments, feed=spool) as process:
                if process.stdout is None:
                    return
                rest = b""
                while piece := process.stdout.read(1 << 18):
                    *whole, rest = (rest + piece).split(separator)
                    yield from filter(None, whole)
                if rest:
                    yield rest

    def head(self) -> str:
        """Return the commit HEAD names, ``""`` for none (an empty or damaged repository)."""
        text = _first_line(self.folder / "HEAD")
        if not text.startswith("ref:"):
            return text if _OID.fullmatch(text) else ""
        return dict(self.references()).get(text.removeprefix("ref:").strip(), "")

    def references(self) -> Iterator[tuple[str, str]]:
        """Yield name and object id of every reference: packed ones first, so that loose ones override."""
        packed = self.folder / "packed-refs"
        if packed.is_file() and not packed.is_symlink():
            with packed.open("rb") as file:
                for raw in file.read(_MOST_REF_FILE).splitlines()[:_MOST_REFS]:
                    oid, _, name = raw.decode("utf-8", "replace").partition(" ")
                    if _OID.fullmatch(oid):
                        yield name, oid
        for file_path in _regular_files(self.folder / "refs"):
            oid = _first_line(file_path)
            if _OID.fullmatch(oid):
                yield str(file_path.relative_to(self.folder)), oid
        # A linked work tree may stand on a commit that no branch names.
        for head in sorted((self.folder / "worktrees").glob("*/HEAD")):
            if not head.parent.is_symlink() and _OID.fullmatch(oid := _first_line(head)):
                yield str(head.relative_to(self.folder)), oid

    def borrows(self, root: Path) -> bool:
        """Return whether the object store takes objects from a store outside ``root`` (alternates)."""
        listing = self.folder / "objects" / "info" / "alternates"
        if not listing.is_file():
            return False
        base = self.folder / "objects"
        inside = root.resolve()
        lines = read_plain(listing)[:65536].decode("utf-8", "surrogateescape").splitlines()
        return any(
            not (base / line).resolve().is_relative_to(inside) for line in lines if line and line[0] != "#"
        )


def _is_sha256(folder: Path) -> bool:
    config = folder / "config"
    if not config.is_file():
        return False
    with config.open("rb") as file:
        return re.search(rb"(?im)^\s*objectformat\s*=\s*sha256\s*$", file.read(1 << 20)) is not None


def _first_line(path: Path) -> str:
    if path.is_symlink() or not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            return file.read(1024).split(b"\n", 1)[0].strip().decode("utf-8", "replace")
    except OSError:
        # Vanished or unreadable: the same as a reference that names nothing.
        return ""


def _regular_files(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root, followlinks=False):
        for name in sorted(names):
            path = Path(folder, name)
            if not path.is_symlink():
                yield path
