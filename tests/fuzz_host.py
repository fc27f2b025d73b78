"""What a host does to the state folder: files of somebody else, odd modes, folders that take nothing, full disks.

``python -m tests.fuzz_host`` runs all of it and prints two tables; ``owners`` or ``disks`` one of them, and the names
of changes (``never_changed``) these alone. Where it runs as root the commands run as another user, for root may read
and write everything; full disks are volumes of their own and need root. So do files that nobody may change or that
only grow, and the file system has to know such files at all; where it does not they are left out, in words. The suite
runs a seeded slice of owners and modes, without those. What must hold is what ``fuzz_state`` holds: words instead of a
traceback, nothing made worse, and once the host is mended everything that could be had before can be had again.
"""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.fuzz_state import Sample, commands, run, unlocked, words_wrong
from tests.support.commands import threaded_drill
from tests.support.drills import PASSPHRASE
from workbench.core.state_dir import Home
from workbench.session.custody import OURS, take_stock
from workbench.vault.file_backend import names_in

SOMEBODY, ELSE = 65533, 65532  # whose home it is, and whose file stands in it
ROOT = os.geteuid() == 0
Change = Callable[[Path], None]


# ── owners and modes ─────────────────────────────────────────────────────────────────────────────────────


for _name in ("utf-16-le", "utf-16-be", "latin-1", "idna"):
    codecs.lookup(_name)  # Read now: the other user may not read this interpreter's own files.


def of_somebody_else(path: Path) -> None:
    os.chown(path, ELSE, ELSE)


def unreadable(path: Path) -> None:
    path.chmod(0)


def only_read(path: Path) -> None:
    path.chmod(0o500 if path.is_dir() else 0o400)


def only_written(path: Path) -> None:
    path.chmod(0o200)


def in_a_folder_that_takes_nothing(path: Path) -> None:
    path.parent.chmod(0o500)


def in_a_folder_of_somebody_else(path: Path) -> None:
    os.chown(path.parent, ELSE, ELSE)
    path.parent.chmod(0o755)


def in_a_folder_open_to_all(path: Path) -> None:
    path.parent.chmod(0o777)


# ioctl_iflags(2): what chattr sets. Only root may, and not every file system keeps it.
_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602
_IMMUTABLE, _APPEND = 0x10, 0x20


def never_changed(path: Path) -> None:
    _flag(path, _IMMUTABLE)


def only_appended(path: Path) -> None:
    _flag(path, _APPEND)


def in_a_folder_never_changed(path: Path) -> None:
    _flag(path.parent, _IMMUTABLE)


def in_a_folder_only_appended(path: Path) -> None:
    _flag(path.parent, _APPEND)


def _flag(path: Path, wanted: int) -> None:
    """Give a file or folder one of the two flags, or (0) take both off; OSError where that cannot be."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        (flags,) = struct.unpack("l", fcntl.ioctl(handle, _GET_FLAGS, struct.pack("l", 0)))
        if flags & (_IMMUTABLE | _APPEND) != wanted:
            fcntl.ioctl(handle, _SET_FLAGS, struct.pack("l", flags & ~(_IMMUTABLE | _APPEND) | wanted))
    finally:
        os.close(handle)


def flags_kept() -> bool:
    """Return whether the file system of temporary files lets us forbid every change of a file."""
    with tempfile.NamedTemporaryFile() as file:
        try:
            _flag(Path(file.name), _IMMUTABLE)
            _flag(Path(file.name), 0)
        except OSError:
            return False
    return True


FORBIDDING: tuple[Change, ...] = (
    never_changed,
    only_appended,
    in_a_folder_never_changed,
    in_a_folder_only_appended,
)
CHANGES: tuple[Change, ...] = (
    *(unreadable, only_read, only_written, in_a_folder_that_takes_nothing, in_a_folder_open_to_all),
    *((of_somebody_else, in_a_folder_of_somebody_else) if ROOT else ()),
)


def places(sample: Sample) -> tuple[str, ...]:
    """Return every file and folder that is changed."""
    incident = f"home/incidents/{sample.incident}"
    return (*sample.files, "home", "home/incidents", incident, f"{incident}/evidence", f"{incident}/reports")


def changed(sample: Sample, file: str, change: Change, name: str, user: int | None = None) -> Iterator[str]:
    """Yield what is wrong with one command in a copy of the home that the host changed in one place.

    ``user`` is whose home it is and who runs the command, None for whoever runs this.
    """
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o711)
        base = Path(place) / "base"
        shutil.copytree(sample.base, base, symlinks=True)
        there = Sample(base, sample.incident, sample.name, sample.value, sample.held, sample.files)
        _give(base, user)
        kept = {path: path.stat() for path in (base / file, (base / file).parent)}
        words = commands(there)[name]
        try:
            change(base / file)
            ran = run(base, words, stdin="another value\n", user=user)
        except TimeoutError as error:
            yield str(error)
            return
        finally:
            _mend(kept, forbidden=change in FORBIDDING)
        yield from words_wrong(ran, words)
        _give(base, os.geteuid() if ROOT else None)
        if (unlocked(there) or frozenset()) < sample.held:
            yield "secrets that could be had before cannot be had now"
        if name == "secrets list" and (ran.code == 0 or "no secret" in ran.err.lower()):
            named = json.loads(ran.out)["secrets"] if ran.code == 0 else []
            if len(named) < len([one for one in sample.held if not one.username.startswith(OURS)]):
                yield f"told fewer secrets than there are: {len(named)} {ran.err[-200:]!r}"


def _mend(kept: dict[Path, os.stat_result], *, forbidden: bool) -> None:
    """Take back what the host did to these paths."""
    for path, info in kept.items():
        with contextlib.suppress(FileNotFoundError):
            if forbidden:
                _flag(path, 0)
            path.chmod(info.st_mode & 0o7777)


def _give(base: Path, user: int | None) -> None:
    """Make everything at ``base`` a user's; None leaves it as it is."""
    if user is not None:
        for path in (base, *base.rglob("*")):
            os.chown(path, user, user)


def slice_of(sample: Sample, seed: int, count: int) -> Iterator[tuple[str, Change, str]]:
    """Yield ``count`` seeded cases: file, change, command."""
    chance = random.Random(seed)
    names = list(commands(sample))
    for _ in range(count):
        yield chance.choice(places(sample)), chance.choice(CHANGES), chance.choice(names)


# ── full disks ───────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def volume(place: Path, size: int) -> Iterator[Callable[[int], None]]:
    """Mount a volume of so many bytes at ``place``; what is yielded gives it another size."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(place)], check=True)

    def resize(size: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(place)], check=True)

    try:
        yield resize
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


# Bytes free when the command begins: by less and less the journal, the vault, the evidence and the reports fit.
ROOMS = tuple(1024 * kilo for kilo in (0, 4, 16, 40, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048))
PATIENCE = 180  # seconds: a containment over real sockets on a busy machine
WRITING = (
    ["contain", "--yes", "--json"],
    ["secrets", "put", "another/one"],
    ["report", "--json"],
    ["assess", "--json"],
)


def full(room: int, seed: int) -> Iterator[str]:
    """Yield what is wrong where a containment from the start has only so much room, then enough of it."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        with threaded_drill(place, credentials=4, domains=2, users=2, seed=seed, traffic=0.05) as drill:
            key = str(drill.document["api_key"])
            base = place / "base"
            with volume(base, 64 << 20) as resize:
                (base / "passphrase").write_text(PASSPHRASE.reveal())
                (base / "passphrase").chmod(0o600)
                (base / "endpoints.json").write_text(json.dumps(drill.document))
                resize(max(4096, _used(base) + room))
                for words in WRITING:
                    ran = run(base, words, key=key, stdin="a value\n", limit=PATIENCE)
                    yield from (f"{' '.join(words)}: {wrong}" for wrong in words_wrong(ran, words))
                resize(64 << 20)
                for words in WRITING:
                    ran = run(base, words, key=key, stdin="a value\n", limit=PATIENCE)
                    yield from (
                        f"with room again: {' '.join(words)}: {wrong}" for wrong in words_wrong(ran, words)
                    )
                    if ran.code > 1:
                        yield f"with room again: {' '.join(words)} ends {ran.code}: {ran.err[-300:]!r}"
                home = Home(base / "home")
                stock = take_stock(home, names_in(home.vault_file))
                if stock.missing or stock.unread or not stock.named:
                    yield f"lost: {stock.differences()}"


def _used(base: Path) -> int:
    found = os.statvfs(base)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


# ── all of it ────────────────────────────────────────────────────────────────────────────────────────────


def main(arguments: Sequence[str]) -> None:
    """Run all of it, or what is named (``owners``, ``disks``, a change); exit 1 where anything was wrong."""
    asked = set(arguments) or {"owners", "disks"}
    wrong: list[str] = []
    changes = CHANGES
    if ROOT and flags_kept():
        changes += FORBIDDING
    elif "owners" in asked:
        _tell(
            "files that nobody may change are left out: root alone can make them, on file systems that keep it"
        )
    named = tuple(change for change in changes if change.__name__ in asked)
    if "owners" in asked or named:
        wrong += _owners(named or changes)
    if "disks" in asked:
        if not ROOT:
            sys.exit("full disks are volumes of their own: run this as root")
        for number, room in enumerate(ROOMS, start=1):
            found = [f"{room >> 10} kB of room: {one}" for one in full(room, number)]
            _tell(f"{room >> 10:>6} kB of room, {2 * len(WRITING)} commands: {len(found)} wrong")
            for one in found:
                _tell(f"WRONG {one}")
            wrong += found
    sys.exit(1 if wrong else 0)


def _owners(changes: Sequence[Change]) -> list[str]:
    wrong: list[str] = []
    runs: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        with threaded_drill(Path(place), credentials=4, domains=2, users=2) as drill:
            sample = Sample.make(Path(place) / "base", drill)
        for change in changes:
            for file in places(sample):
                for name in commands(sample):
                    runs[change.__name__] += 1
                    for one in changed(sample, file, change, name, SOMEBODY if ROOT else None):
                        wrong.append(f"{change.__name__} {file} {name}: {one}")
                        _tell(f"WRONG {wrong[-1]}")
                _tell(f"  {change.__name__} {file}: {len(commands(sample))} runs")
            _tell(f"{change.__name__:<32} {runs[change.__name__]:>5} runs, {len(wrong)} wrong so far")
    return wrong


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
