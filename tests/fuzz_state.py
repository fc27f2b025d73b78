"""Every file of the state folder, every damage, every command: no traceback, nothing made worse, the rest still useful.

``python -m tests.fuzz_state`` runs all of it and prints the table (files × damages × commands); the suite runs a small
seeded slice. A home is made once by a real containment of a small drill, and copied for every case.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
import select
import shutil
import signal
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

from tests.support.commands import ThreadedDrill, threaded_drill
from tests.support.drills import CHEAP, PASSPHRASE
from workbench import cli
from workbench.core.clock import SystemClock
from workbench.core.redact import Secret
from workbench.core.state_dir import Home
from workbench.vault.file_backend import FileKeyring, names_in
from workbench.vault.vault import EntryName

LIMIT = 30  # seconds a command may take before it counts as hanging
NOWHERE = {"endpoints": {"api_us": "http://127.0.0.1:9", "api_eu": "http://127.0.0.1:9"}}


# ── damages ──────────────────────────────────────────────────────────────────────────────────────────────

Damage = Callable[[Path, random.Random], None]


def flip(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(3):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def cut(path: Path, chance: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: chance.randrange(max(1, len(data)))])


def empty(path: Path, _: random.Random) -> None:
    path.write_bytes(b"")


def delete(path: Path, _: random.Random) -> None:
    path.unlink()


def folder(path: Path, _: random.Random) -> None:
    path.unlink()
    path.mkdir()


def link(path: Path, _: random.Random) -> None:
    aside = path.with_name(f"{path.name}.elsewhere")
    path.rename(aside)
    path.symlink_to(aside)


def dangling(path: Path, _: random.Random) -> None:
    path.unlink()
    path.symlink_to("/nowhere/at/all")


def pipe(path: Path, _: random.Random) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def garbage(path: Path, chance: random.Random) -> None:
    path.write_bytes(chance.randbytes(4096))


def zeroed(path: Path, _: random.Random) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def sparse(path: Path, _: random.Random) -> None:
    path.write_bytes(b"")
    os.truncate(path, 65 << 20)  # a hole that takes no room, and more than any of these files may have


def nested(path: Path, _: random.Random) -> None:
    path.write_bytes(b"[" * 100_000)


def nested_object(path: Path, _: random.Random) -> None:
    path.write_bytes(b'{"names":' * 100_000)


def text_of_another_kind(path: Path, _: random.Random) -> None:
    path.write_bytes(b'{"names": 7, "incident": ["x"], "endpoints": 4}')


def open_to_all(path: Path, _: random.Random) -> None:
    path.chmod(0o666)


DAMAGES: tuple[Damage, ...] = (
    flip,
    cut,
    empty,
    delete,
    folder,
    link,
    dangling,
    pipe,
    garbage,
    zeroed,
    sparse,
    nested,
    nested_object,
    text_of_another_kind,
    open_to_all,
)


# ── the home ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Sample:
    """A home after a containment, what its vault holds, and the files that can be damaged (below ``base``)."""

    base: Path
    incident: str
    name: EntryName
    value: str
    held: frozenset[EntryName]
    files: tuple[str, ...]

    @classmethod
    def make(cls, base: Path, drill: ThreadedDrill) -> Sample:
        """Contain a small drill in ``base``, then leave it alone. In this process: what a command imports stays."""
        home = Home(base / "home")
        home.ensure()
        (base / "passphrase").write_text(PASSPHRASE.reveal())
        (base / "passphrase").chmod(0o600)
        (base / "endpoints.json").write_text(json.dumps(drill.document))
        (base / "old.json").write_text('{"keys": {}, "logins": {}}')
        (base / "old.json").chmod(0o600)
        FileKeyring.create(home.vault_file, PASSPHRASE, CHEAP)
        key = str(drill.document["api_key"])
        for words in (["contain", "--yes", "--json"], ["report", "--json"]):
            ran = _run(base, words, key=key)
            if ran.code not in (0, 1):
                raise AssertionError(f"{words}: {ran.code}\n{ran.err[-2000:]}")
        for module in ("evidence", "leaks", "purge"):
            import_module(f"workbench.cli.{module}")
        ran = _run(base, ["secrets", "put", "blocklists/of-the-test"], stdin="a value of the test\n")
        if ran.code:
            raise AssertionError(ran.err)
        (base / "endpoints.json").write_text(json.dumps(NOWHERE))
        incident = home.latest()
        if incident is None:
            raise AssertionError("no incident was opened")
        (home.path / "config.toml").write_text("[blocklists]\nenable = []\n")
        (home.path / "config.toml").chmod(0o600)
        names = names_in(home.vault_file)
        name = next(n for n in names if n.username.startswith("SMTP "))
        ring = FileKeyring.unlock(home.vault_file, PASSPHRASE)
        value = ring.get_password(name.service, name.username)
        assert value is not None
        files = tuple(
            str(path.relative_to(base))
            for path in sorted(base.rglob("*"))
            if path.is_file() and not path.name.endswith((".lock", "-shm"))
        )
        return cls(base, incident, name, value, frozenset(names), _few(files))


def _few(files: Sequence[str]) -> tuple[str, ...]:
    """Of files of one kind (the reports) the first: the others are read the same way."""
    kinds: dict[str, str] = {}
    for name in files:
        path = Path(name)
        kind = f"{path.parent}/{path.suffix}" if path.parent.name in ("reports", "log") else name
        kinds.setdefault(kind, name)
    return tuple(kinds.values())


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str


def run(
    base: Path,
    words: Sequence[str],
    *,
    key: str = "key-of-nobody",
    stdin: str = "",
    user: int | None = None,
    limit: float = LIMIT,
) -> Ran:
    """Run one command in a child of this process, in the home below ``base``; one that hangs is a TimeoutError.

    A child, because what hangs in a thread (a pipe that nobody writes to) can only be ended with its process, and
    because only a child can become another ``user``.
    """
    with tempfile.TemporaryFile() as place:
        answered, ends = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # of a fork beside threads: none holds a lock here
            child = os.fork()
        if not child:
            if user is not None:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            ran = _run(base, words, key=key, stdin=stdin)
            place.write(json.dumps([ran.code, ran.out, ran.err]).encode())
            place.flush()
            os._exit(0)
        os.close(ends)
        # The pipe closes when the child ends, whatever ends it.
        ended, _, _ = select.select([answered], [], [], limit)
        os.close(answered)
        if not ended:
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if not ended:
            raise TimeoutError("the command hangs")
        place.seek(0)
        return Ran(*json.loads(place.read()))


def _run(base: Path, words: Sequence[str], *, key: str = "key-of-nobody", stdin: str = "") -> Ran:
    out, err = io.StringIO(), io.StringIO()
    env = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(base),
        "WORKBENCH_HOME": str(base / "home"),
        "WORKBENCH_PASSPHRASE_FILE": str(base / "passphrase"),
        "WORKBENCH_ENDPOINTS": str(base / "endpoints.json"),
        "MAILGUN_API_KEY": key,
    }
    with (
        patch.dict(os.environ, env, clear=True),
        patch.object(sys, "stdin", io.StringIO(stdin)),
        patch.object(SystemClock, "sleep", _at_once),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            code = cli.run(list(words))
        except SystemExit as ended:
            code = int(ended.code or 0)
        except BaseException as error:
            err.write(f"Traceback: {type(error).__name__}: {error}")
            code = cli.FAULT
    return Ran(code, out.getvalue(), err.getvalue())


async def _at_once(_: SystemClock, seconds: float) -> None:
    """Wait for nothing: servers that are not there are tried again as often, and sooner."""


def commands(sample: Sample) -> dict[str, list[str]]:
    """Return the commands of the table by name. None needs an account; those that ask one cannot reach it."""
    return {
        "secrets list": ["secrets", "list", "--json"],
        "secrets get": ["secrets", "get", sample.name.username],
        "secrets recover": ["secrets", "recover", "--json"],
        "secrets put": ["secrets", "put", "another/one"],
        "status": ["status", "--json"],
        "contain": ["contain", "--yes", "--json", "--old-secrets-file", str(sample.base / "old.json")],
        "report": ["report", "--json"],
        "report --verify": ["report", "--verify", "--json"],
        "evidence list": ["evidence", "list", "--json"],
        "evidence verify": ["evidence", "verify", "--json"],
        "leaks": ["leaks", str(sample.base / "old.json"), "--from-vault", "--json"],
        "purge": ["purge", "--incident", sample.incident, "--yes", "--json"],
    }


# What only looks: not one byte of the folder is another afterwards.
LOOKS = ("secrets list", "secrets recover", "report --verify", "evidence list", "evidence verify")


@dataclass
class Case:
    """One damage to one file, and what was wrong with any command after it."""

    file: str
    damage: str
    wrong: list[str] = field(default_factory=list)
    runs: int = 0


def play(sample: Sample, file: str, damage: Damage, names: Sequence[str], seed: int) -> Case:
    """Damage one file of a copy of the home, run the commands, each on a copy of its own; return what was wrong."""
    case = Case(file, damage.__name__)
    for name in names:
        with tempfile.TemporaryDirectory() as place:
            base = Path(place) / "base"
            shutil.copytree(sample.base, base, symlinks=True)
            damage(base / file, random.Random(seed))
            there = Sample(base, sample.incident, sample.name, sample.value, sample.held, sample.files)
            case.wrong += [f"{name}: {fault}" for fault in _judge(there, file, name)]
            case.runs += 1
    return case


def _judge(sample: Sample, file: str, name: str) -> Iterator[str]:
    before, known = _bytes(sample.base / "home"), unlocked(sample)
    words = commands(sample)[name]
    try:
        ran = run(sample.base, words, stdin="another value\n")
    except BaseException as error:
        yield f"{type(error).__name__}: {error}"
        return
    yield from words_wrong(ran, words)
    if name in LOOKS and _bytes(sample.base / "home") != before:
        yield "a look changed the folder"
    after = unlocked(sample)
    if known is not None and (after is None or not known <= after):
        yield "secrets that could be had before cannot be had now"
    vault = file.rpartition("/")[2]
    if (
        name == "secrets get"
        and not vault.startswith(("vault.json", "passphrase"))
        and ran.out != sample.value
    ):
        yield f"the secret is not handed over: exit {ran.code} {ran.err[-300:]!r}"


def words_wrong(ran: Ran, words: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with how a command ended: a fault, an exit nobody knows, no words, no document."""
    if "Traceback" in ran.err or ran.code == cli.FAULT:
        yield f"a fault: {ran.err.strip().splitlines()[-3:]}"
    if ran.code not in (0, 1, 2, 3, 4):
        yield f"exit {ran.code}"
    if ran.code > 1 and not ran.err.strip():
        yield "an error without words"
    if "--json" in words:
        try:
            json.loads(ran.out)
        except ValueError:
            yield f"no document: {ran.out[:80]!r} {ran.err[-200:]!r}"


def _bytes(place: Path) -> dict[str, bytes | str]:
    found: dict[str, bytes | str] = {}
    for path in sorted(place.rglob("*")):
        # SQLite's own files, locks, and the diagnostic log that tells of a command that failed.
        if path.name.endswith(("-shm", "-wal", ".lock")) or path.name in ("lock", "workbench.log"):
            continue
        name = str(path.relative_to(place))
        found[name] = str(path.readlink()) if path.is_symlink() else "other"
        if path.is_file() and not path.is_symlink():
            found[name] = path.read_bytes()
    return found


def unlocked(sample: Sample) -> frozenset[EntryName] | None:
    """Return which of the secrets open with the passphrase, None where the vault does not open at all."""
    try:
        ring = FileKeyring.unlock(sample.base / "home" / "vault.json", Secret(PASSPHRASE.reveal()))
    except Exception:
        return None
    found = set()
    for name in sample.held:
        with contextlib.suppress(Exception):
            if ring.get_password(name.service, name.username) is not None:
                found.add(name)
    return frozenset(found)


def sampled(seed: int, count: int, sample: Sample) -> Iterator[tuple[str, Damage, str, int]]:
    """Yield ``count`` seeded cases: file, damage, command, seed of the damage."""
    chance = random.Random(seed)
    names = list(commands(sample))
    for _ in range(count):
        yield (
            chance.choice(sample.files),
            chance.choice(DAMAGES),
            chance.choice(names),
            chance.randrange(1 << 30),
        )


def main() -> None:
    """Run all of it, or a slice (``1/4``: the first quarter), and print the table; exit 1 where anything was wrong."""
    part, parts = (int(n) for n in (sys.argv[1] if len(sys.argv) > 1 else "1/1").split("/"))
    runs: Counter[tuple[str, str]] = Counter()
    bad: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as place:
        with threaded_drill(Path(place), credentials=4, domains=2, users=2) as drill:
            sample = Sample.make(Path(place) / "base", drill)
        names = list(commands(sample))
        files = sample.files[part - 1 :: parts]
        for file in files:
            for damage in DAMAGES:
                case = play(sample, file, damage, names, seed=0)
                kind = (_kind(file), damage.__name__)
                runs[kind] += case.runs
                bad[kind] += len(case.wrong)
                for fault in case.wrong:
                    _tell(f"WRONG {file} {damage.__name__}: {fault}")
            _tell(f"{file}: {sum(n for kind, n in runs.items() if kind[0] == _kind(file))} runs")
    for file, damage_name in sorted(runs):
        _tell(
            f"{file:<36} {damage_name:<22} {runs[file, damage_name]:>5} runs {bad[file, damage_name]:>4} wrong"
        )
    _tell(
        f"{len(files)} files × {len(DAMAGES)} damages × {len(names)} commands: {sum(runs.values())} runs, "
        f"{sum(bad.values())} wrong"
    )
    sys.exit(1 if sum(bad.values()) else 0)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _kind(file: str) -> str:
    """Return the file without what differs from home to home: the incident's id, a time, a number."""
    return re.sub(r"\d{8}[-T]?\d{6}Z?(-[0-9a-f]+)?", "…", file)


if __name__ == "__main__":
    main()
