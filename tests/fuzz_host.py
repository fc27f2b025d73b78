"""What a host does to the state folder: files of somebody else, odd modes, folders that take nothing, full disks.

``python -m tests.fuzz_host`` runs all of it and prints two tables. Where it runs as root the commands run as another
user, for root may read and write everything; full disks are volumes of their own and need root. The suite runs a seeded
slice of the first table. What must hold is what ``fuzz_state`` holds: words instead of a traceback, nothing made worse,
and once the host is mended everything that could be had before can be had again.
"""

from __future__ import annotations

import codecs
import json
import os
import random
import shutil
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
        change(base / file)
        words = commands(there)[name]
        try:
            ran = run(base, words, stdin="another value\n", user=user)
        except TimeoutError as error:
            yield str(error)
            return
        yield from words_wrong(ran, words)
        for path, info in kept.items():
            if path.exists():  # The host is mended.
                path.chmod(info.st_mode & 0o7777)
        _give(base, os.geteuid() if ROOT else None)
        if (unlocked(there) or frozenset()) < sample.held:
            yield "secrets that could be had before cannot be had now"
        if name == "secrets list" and (ran.code == 0 or "no secret" in ran.err.lower()):
            named = json.loads(ran.out)["secrets"] if ran.code == 0 else []
            if len(named) < len([one for one in sample.held if not one.username.startswith(OURS)]):
                yield f"told fewer secrets than there are: {len(named)} {ran.err[-200:]!r}"


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
    """Run all of it, or one table (``owners``, ``disks``), and print it; exit 1 where anything was wrong."""
    asked = set(arguments) or {"owners", "disks"}
    wrong: list[str] = []
    if "owners" in asked:
        wrong += _owners()
    if "disks" in asked:
        if not ROOT:
            sys.exit("full disks are volumes of their own: run this as root")
        for number, room in enumerate(ROOMS, start=1):
            found = [f"{room >> 10} kB of room: {one}" for one in full(room, number)]
            _tell(f"{room >> 10:>6} kB of room, {2 * len(WRITING)} commands: {len(found)} wrong")
            wrong += found
    for one in wrong:
        _tell(f"WRONG {one}")
    sys.exit(1 if wrong else 0)


def _owners() -> list[str]:
    wrong: list[str] = []
    runs: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        with threaded_drill(Path(place), credentials=4, domains=2, users=2) as drill:
            sample = Sample.make(Path(place) / "base", drill)
        for change in CHANGES:
            for file in places(sample):
                for name in commands(sample):
                    runs[change.__name__] += 1
                    wrong += [
                        f"{change.__name__} {file} {name}: {one}"
                        for one in changed(sample, file, change, name, SOMEBODY if ROOT else None)
                    ]
            _tell(f"{change.__name__:<32} {runs[change.__name__]:>5} runs, {len(wrong)} wrong so far")
    return wrong


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
