"""The file vault: keyring's own contract, tampering, permissions, full disks, many writers, kills."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from keyring.backend import KeyringBackend
from keyring.compat import properties
from keyring.errors import PasswordDeleteError
from keyring.testing.backend import BackendBasicTests

from tests.support.patience import HANGS
from workbench.core import atomic_files
from workbench.core.atomic_files import previous_of
from workbench.core.errors import HostError, VaultError
from workbench.core.redact import Secret
from workbench.vault import file_backend, file_format
from workbench.vault.entries import EntryName
from workbench.vault.file_backend import FileKeyring
from workbench.vault.file_format import Cost

CHEAP = Cost(n=2**10, r=8, p=1)
PASSPHRASE = Secret("gezo-haku-belo-habu-mahi-tesa")
NAME = EntryName("Mailgun incident 2026-11-21 (acme)", "SMTP postmaster@mg.acme.example")
OTHER = EntryName(NAME.service, "SMTP newsletter@mg.acme.example")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "vault.json"


@pytest.fixture
def ring(path: Path) -> FileKeyring:
    return FileKeyring.create(path, PASSPHRASE, CHEAP)


def put(ring: FileKeyring, name: EntryName, value: str) -> None:
    ring.set_password(name.service, name.username, value)


def get(ring: FileKeyring, name: EntryName) -> str | None:
    return ring.get_password(name.service, name.username)


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Alter the file as somebody with an editor would."""
    document = json.loads(path.read_bytes())
    change(document)
    path.write_bytes(json.dumps(document).encode())


class OfThePackage(FileKeyring, KeyringBackend):
    """Our file as the package's class of backends: what that adds goes through our three calls."""

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805 - keyring's own convention
        """No discovery may take it: the other tests' choice of a keyring would find it."""
        raise RuntimeError("never by itself")


class TestKeyringContract(BackendBasicTests):
    """keyring's own tests for backends."""

    def init_keyring(self) -> OfThePackage:
        self.folder = Path(tempfile.mkdtemp())
        made = OfThePackage.create(self.folder / "vault.json", PASSPHRASE, CHEAP)
        assert isinstance(made, OfThePackage)
        return made

    def cleanup(self) -> None:
        super().cleanup()  # type: ignore[no-untyped-call]
        shutil.rmtree(self.folder)


def test_unlocking_again_gives_the_same_entries(ring: FileKeyring, path: Path) -> None:
    put(ring, NAME, "first")
    again = FileKeyring.unlock(path, PASSPHRASE)
    assert get(again, NAME) == "first"
    assert again.names() == [NAME]


def test_file_and_folder_are_their_owners_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        put(FileKeyring.create(path, PASSPHRASE, CHEAP), NAME, "value")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_no_value_and_no_passphrase_stands_in_the_file(ring: FileKeyring, path: Path) -> None:
    put(ring, NAME, "hunter2-hunter2-hunter2")
    content = path.read_bytes()
    assert b"hunter2" not in content
    assert PASSPHRASE.reveal().encode() not in content
    assert b"hunter2" not in repr((ring, ring._lockbox)).encode()


def test_wrong_passphrase_is_a_plain_error(ring: FileKeyring, path: Path) -> None:
    with pytest.raises(VaultError, match="passphrase does not open") as caught:
        FileKeyring.unlock(path, Secret("something else"))
    assert "something else" not in str(caught.value)


def test_composed_and_decomposed_accents_are_the_same_passphrase(path: Path) -> None:
    FileKeyring.create(path, Secret("caf\u00e9 noir"), CHEAP)
    assert FileKeyring.unlock(path, Secret("cafe\u0301 noir")).names() == []


def test_an_altered_entry_is_named_and_the_others_still_open(ring: FileKeyring, path: Path) -> None:
    put(ring, NAME, "one")
    put(ring, OTHER, "two")

    def flip(document: dict[str, Any]) -> None:
        sealed = document["entries"][0]["sealed"]
        document["entries"][0]["sealed"] = ("B" if sealed[0] == "A" else "A") + sealed[1:]

    edit(path, flip)
    again = FileKeyring.unlock(path, PASSPHRASE)
    with pytest.raises(VaultError, match=r"postmaster@mg\.acme\.example' was altered"):
        get(again, NAME)
    assert get(again, OTHER) == "two"


def test_two_entries_exchanged_for_each_other_are_noticed(ring: FileKeyring, path: Path) -> None:
    put(ring, NAME, "one")
    put(ring, OTHER, "two")

    def swap(document: dict[str, Any]) -> None:
        first, second = document["entries"]
        first["username"], second["username"] = second["username"], first["username"]

    edit(path, swap)
    with pytest.raises(VaultError, match="altered") as caught:
        get(ring, NAME)
    assert "tampered with or damaged" in caught.value.means and "Do not use it" in caught.value.todo


def test_an_entry_of_another_vault_under_the_same_passphrase_is_noticed(
    ring: FileKeyring, path: Path, tmp_path: Path
) -> None:
    put(ring, NAME, "ours")
    other = FileKeyring.create(tmp_path / "other" / "vault.json", PASSPHRASE, CHEAP)
    put(other, NAME, "theirs")
    foreign = json.loads(other.path.read_bytes())["entries"]
    edit(path, lambda document: document.update(entries=foreign))
    with pytest.raises(VaultError, match="altered"):
        get(ring, NAME)


@pytest.mark.parametrize(
    "cost", [{"n": 2, "r": 8, "p": 1}, {"n": 2**40, "r": 8, "p": 1}, {"n": 3000}, {"p": 0}]
)
def test_absurd_key_derivation_settings_are_refused_before_they_run(
    ring: FileKeyring, path: Path, cost: dict[str, int]
) -> None:
    edit(path, lambda document: document["key"]["cost"].update(cost))
    with pytest.raises(VaultError, match="settings the workbench never writes"):
        FileKeyring.unlock(path, PASSPHRASE)


def test_weaker_settings_written_into_the_head_do_not_open(ring: FileKeyring, path: Path) -> None:
    edit(path, lambda document: document["key"]["cost"].update(p=2))
    with pytest.raises(VaultError, match="does not open"):
        FileKeyring.unlock(path, PASSPHRASE)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"schema": "workbench.vault/1"}'])
def test_damaged_files_are_refused(ring: FileKeyring, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(VaultError, match="not readable"):
        FileKeyring.unlock(path, PASSPHRASE)


def test_where_neither_generation_opens_both_are_named_with_a_way_to_go_on(
    ring: FileKeyring, path: Path
) -> None:
    ring.set_password(NAME.service, NAME.username, "x")
    for file in (path, previous_of(path)):
        os.truncate(file, 200)
    with pytest.raises(VaultError, match="not readable") as caught:
        FileKeyring.unlock(path, PASSPHRASE)
    assert previous_of(path).name in caught.value.means
    assert "WORKBENCH_HOME" in caught.value.todo


def test_a_newer_format_is_refused_by_name(ring: FileKeyring, path: Path) -> None:
    edit(path, lambda document: document.update(schema="workbench.vault.vault/2"))
    with pytest.raises(VaultError, match="format this version does not know") as caught:
        FileKeyring.unlock(path, PASSPHRASE)
    assert caught.value.means == "A newer workbench may have written it."
    assert caught.value.todo == "Open it with the version that wrote it."


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_others_may_read_is_refused(ring: FileKeyring, path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(VaultError, match=f"mode is {mode:04o}"):
        FileKeyring.unlock(path, PASSPHRASE)


def test_a_symbolic_link_and_a_pipe_are_refused(ring: FileKeyring, path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))
    with pytest.raises(VaultError, match="symbolic link"):
        FileKeyring.unlock(path, PASSPHRASE)
    path.unlink()
    os.mkfifo(path, 0o600)
    with pytest.raises(VaultError, match="not a regular file"):
        FileKeyring.unlock(path, PASSPHRASE)


def test_a_folder_others_may_write_into_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(HostError, match="Other users"):
        FileKeyring.create(folder / "vault.json", PASSPHRASE, CHEAP)


def test_a_vault_is_never_made_over_another(ring: FileKeyring, path: Path) -> None:
    put(ring, NAME, "kept")
    with pytest.raises(VaultError, match="already"):
        FileKeyring.create(path, PASSPHRASE, CHEAP)
    assert get(ring, NAME) == "kept"


def test_many_entries_are_one_replace_and_no_key_derivation(
    ring: FileKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced: list[Path] = []
    real = atomic_files.replace_durably

    def counting(path: Path, data: bytes) -> os.stat_result:
        replaced.append(path)
        return real(path, data)

    def forbidden(*_: object) -> bytes:
        raise AssertionError("the key was derived again")

    monkeypatch.setattr(file_backend, "replace_durably", counting)
    monkeypatch.setattr(file_format, "_wrapping_key", forbidden)
    values = {EntryName("s", f"login {index}"): f"value {index}" for index in range(3000)}
    ring.set_many(values)
    assert ring.get_many(list(values)) == values
    assert len(replaced) == 1


def test_two_workbenches_never_lose_each_others_entries(ring: FileKeyring, path: Path) -> None:
    second = FileKeyring.unlock(path, PASSPHRASE)
    put(ring, NAME, "one")
    put(second, OTHER, "two")
    assert (get(ring, NAME), get(ring, OTHER)) == ("one", "two")
    ring.delete_password(NAME.service, NAME.username)
    put(second, EntryName("s", "third"), "three")
    assert ring.names() == sorted([OTHER, EntryName("s", "third")])


def test_a_passphrase_changed_elsewhere_is_not_undone_by_the_next_write(
    ring: FileKeyring, path: Path
) -> None:
    put(ring, NAME, "one")
    FileKeyring.unlock(path, PASSPHRASE).change_passphrase(Secret("a new one"), CHEAP)
    put(ring, OTHER, "two")
    fresh = FileKeyring.unlock(path, Secret("a new one"))
    assert (get(fresh, NAME), get(fresh, OTHER)) == ("one", "two")
    assert fresh.derive("logs") == ring.derive("logs")
    with pytest.raises(VaultError):
        FileKeyring.unlock(path, PASSPHRASE)


def test_a_vanished_file_is_written_again_whole(ring: FileKeyring, path: Path) -> None:
    put(ring, NAME, "the only copy")
    path.unlink()
    with pytest.raises(VaultError, match="no vault at"):
        get(ring, NAME)
    put(ring, OTHER, "two")
    fresh = FileKeyring.unlock(path, PASSPHRASE)
    assert (get(fresh, NAME), get(fresh, OTHER)) == ("the only copy", "two")


def test_a_vault_exchanged_for_another_is_not_written_to(
    ring: FileKeyring, path: Path, tmp_path: Path
) -> None:
    other = FileKeyring.create(tmp_path / "other" / "vault.json", PASSPHRASE, CHEAP)
    other.path.replace(path)
    with pytest.raises(VaultError, match="exchanged"):
        put(ring, NAME, "value")
    assert FileKeyring.unlock(path, PASSPHRASE).names() == []


@contextmanager
def no_fsync(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The disk fills up when the data is flushed to it (delayed allocation)."""

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        yield


@contextmanager
def no_room(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The kernel refuses to let any file grow beyond 300 bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(("fault", "words"), [(no_fsync, "No space left"), (no_room, "File too large")])
def test_a_full_disk_leaves_the_old_file_and_says_so(
    ring: FileKeyring,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[pytest.MonkeyPatch], AbstractContextManager[None]],
    words: str,
) -> None:
    put(ring, NAME, "old")
    with fault(monkeypatch), pytest.raises(VaultError, match=words):
        put(ring, OTHER, "new")
    assert get(ring, NAME) == "old"
    assert get(FileKeyring.unlock(path, PASSPHRASE), OTHER) is None
    put(ring, OTHER, "new")
    assert get(FileKeyring.unlock(path, PASSPHRASE), OTHER) == "new"


def test_keyring_never_comes_upon_this_class_by_itself() -> None:
    assert not issubclass(FileKeyring, KeyringBackend)


def test_a_vault_in_a_file_loads_no_keyring(path: Path) -> None:
    """The package is a good megabyte of modules that a host without a keyring never needs."""
    script = f"""
import sys
from pathlib import Path
from workbench.core.redact import Secret
from workbench.vault.file_backend import FileKeyring
from workbench.vault.file_format import Cost
ring = FileKeyring.create(Path({str(path)!r}), Secret("a passphrase"), Cost(n=2**10, r=8, p=1))
ring.set_password("service", "name", "value")
ring.delete_password("service", "name")
import workbench.vault.vault
print(sorted(name for name in sys.modules if name.partition(".")[0] in ("keyring", "jaraco", "importlib_metadata")))
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=HANGS, check=True
    )
    assert ran.stdout == "[]\n"


WRITER = """
import sys
from pathlib import Path
from workbench.core.redact import Secret
from workbench.vault.file_backend import FileKeyring
ring = FileKeyring.unlock(Path(sys.argv[1]), Secret(sys.argv[2]))
for index in range(int(sys.argv[4])):
    ring.set_password("service", f"{sys.argv[3]} {index}", "value " * 20)
    print(index, flush=True)
"""


def start_writer(path: Path, label: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), PASSPHRASE.reveal(), label, str(count)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


def test_concurrent_processes_lose_nothing(ring: FileKeyring, path: Path) -> None:
    writers = [start_writer(path, label, 40) for label in "abc"]
    for index in range(40):
        put(ring, EntryName("service", f"ours {index}"), "value")
    for writer in writers:
        writer.communicate(timeout=HANGS)
        assert writer.returncode == 0
    expected = {
        EntryName("service", f"{label} {index}") for label in ("a", "b", "c", "ours") for index in range(40)
    }
    assert set(FileKeyring.unlock(path, PASSPHRASE).names()) == expected


@pytest.mark.parametrize("stop_after", [1, 7, 23])
def test_a_killed_writer_leaves_every_reported_entry_and_no_stuck_lock(
    ring: FileKeyring, path: Path, stop_after: int
) -> None:
    with start_writer(path, "a", 100_000) as writer:
        assert writer.stdout is not None
        reported = [int(writer.stdout.readline()) for _ in range(stop_after)]
        writer.send_signal(signal.SIGKILL)
        reported += [int(line) for line in writer.stdout if line.endswith("\n")]
    fresh = FileKeyring.unlock(path, PASSPHRASE)
    assert all(fresh.get_password("service", f"a {index}") == "value " * 20 for index in reported)
    put(fresh, NAME, "still writable")
    assert get(ring, NAME) == "still writable"


# ── damage to the file, met by a vault that is open or by one that is being opened ───────────────────────


def wreck_head(path: Path) -> None:
    """One bit of the wrapped key is another: nobody can open this file with the passphrase again."""

    def change(document: dict[str, Any]) -> None:
        sealed = document["key"]["sealed"]
        document["key"]["sealed"] = ("B" if sealed[0] == "A" else "A") + sealed[1:]

    edit(path, change)


def drop_entries(path: Path) -> None:
    edit(path, lambda document: document.update(entries=[]))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def garbage(path: Path) -> None:
    path.write_bytes(b"\xff\x00 not a vault")


def nested(path: Path) -> None:
    path.write_bytes(b"[" * 100_000)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGES = [wreck_head, drop_entries, cut, garbage, nested, folder, pipe, link, empty]


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_next_store_puts_a_damaged_file_right_and_keeps_it_aside(
    ring: FileKeyring, path: Path, damage: Callable[[Path], None]
) -> None:
    put(ring, NAME, "one")
    damage(path)
    put(ring, OTHER, "two")
    fresh = FileKeyring.unlock(path, PASSPHRASE)
    assert (get(fresh, NAME), get(fresh, OTHER)) == ("one", "two")
    assert fresh.notices == []
    (aside,) = path.parent.glob("vault.json.damaged-*")
    assert any(aside.name in notice for notice in ring.notices)


def test_what_was_found_and_where_it_is_kept_is_said(ring: FileKeyring, path: Path) -> None:
    put(ring, NAME, "one")
    drop_entries(path)
    put(ring, OTHER, "two")
    (aside,) = path.parent.glob("vault.json.damaged-*")
    assert ring.notices == [
        f"The vault file {path} was altered by something other than the workbench. It is kept as {aside.name}; the "
        "vault was written again from what this workbench holds and what still opened in the damaged file."
    ]


def test_a_damaged_file_that_cannot_be_moved_aside_is_not_written_over(
    ring: FileKeyring, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(ring, NAME, "one")
    cut(path)
    before = path.read_bytes()

    def full(path: Path) -> Path:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(file_backend, "set_aside", full)
    with pytest.raises(VaultError, match=f"{path} could not be written") as caught:
        put(ring, OTHER, "two")
    assert "read-only" in caught.value.todo
    assert path.read_bytes() == before


def test_while_it_is_open_a_damaged_file_is_said_to_be_damaged(ring: FileKeyring, path: Path) -> None:
    put(ring, NAME, "one")
    cut(path)
    with pytest.raises(VaultError) as caught:
        get(ring, NAME)
    assert caught.value.what == f"The vault file {path} is damaged."
    assert caught.value.means.startswith("It was cut short or damaged")
    assert caught.value.todo == "Restore it from a copy."


def test_a_removal_leaves_no_generation_that_still_holds_it(ring: FileKeyring, path: Path) -> None:
    put(ring, NAME, "one")
    put(ring, OTHER, "two")
    previous_of(path).unlink()
    ring.delete_password(NAME.service, NAME.username)
    assert not previous_of(path).exists()


def test_what_is_asked_for_together_comes_with_what_is_not_there(ring: FileKeyring) -> None:
    odd = "an odd one: \udcff"
    put(ring, NAME, odd)
    assert ring.get_many([NAME, OTHER]) == {NAME: odd, OTHER: None}
    assert get(ring, NAME) == odd


def test_a_new_vault_leaves_alone_what_a_lost_one_left_behind(ring: FileKeyring, path: Path) -> None:
    put(ring, NAME, "one")
    put(ring, OTHER, "two")
    path.unlink()
    before = previous_of(path).read_bytes()
    FileKeyring.create(path, PASSPHRASE, CHEAP)
    assert previous_of(path).read_bytes() == before


def test_an_entry_that_is_not_there_cannot_be_deleted(ring: FileKeyring) -> None:
    with pytest.raises(PasswordDeleteError, match=r"No such entry\."):
        ring.delete_password("s", "u")


def test_what_another_workbench_stored_before_the_damage_is_saved_from_it(
    ring: FileKeyring, path: Path
) -> None:
    put(FileKeyring.unlock(path, PASSPHRASE), OTHER, "theirs")
    wreck_head(path)
    put(ring, NAME, "ours")
    fresh = FileKeyring.unlock(path, PASSPHRASE)
    assert (get(fresh, NAME), get(fresh, OTHER)) == ("ours", "theirs")


def test_an_entry_put_back_in_time_does_not_win_against_the_one_in_memory(
    ring: FileKeyring, path: Path
) -> None:
    put(ring, NAME, "old")
    old = json.loads(path.read_bytes())["entries"]
    put(ring, NAME, "new")
    edit(path, lambda document: document.update(entries=old))
    put(ring, OTHER, "two")
    assert get(FileKeyring.unlock(path, PASSPHRASE), NAME) == "new"


def test_a_head_exchanged_for_an_older_one_is_not_taken_over(ring: FileKeyring, path: Path) -> None:
    put(ring, NAME, "one")
    old = json.loads(path.read_bytes())["key"]
    ring.change_passphrase(Secret("a new one"), CHEAP)
    edit(path, lambda document: document.update(key=old))
    put(ring, OTHER, "two")
    fresh = FileKeyring.unlock(path, Secret("a new one"))
    assert (get(fresh, NAME), get(fresh, OTHER)) == ("one", "two")


@pytest.mark.parametrize("damage", [*DAMAGES, Path.unlink])
def test_a_damaged_vault_opens_as_it_was_before_its_last_change_and_says_so(
    ring: FileKeyring, path: Path, damage: Callable[[Path], None]
) -> None:
    put(ring, NAME, "one")
    put(ring, OTHER, "two")
    damage(path)
    before = {item.name for item in path.parent.iterdir()}
    again = FileKeyring.unlock(path, PASSPHRASE)
    if damage is not drop_entries:  # such a file opens; what was taken out of it is simply not there
        assert get(again, NAME) == "one"
    assert again.notices
    assert {item.name for item in path.parent.iterdir()} == before, "opening changes nothing"
    put(again, EntryName("s", "third"), "three")
    fresh = FileKeyring.unlock(path, PASSPHRASE)
    assert (get(fresh, NAME), get(fresh, EntryName("s", "third"))) == ("one", "three")


def test_a_file_of_the_version_before_opens_and_gets_its_seal(ring: FileKeyring, path: Path) -> None:
    put(ring, NAME, "one")
    edit(path, lambda document: document.pop("seal"))
    again = FileKeyring.unlock(path, PASSPHRASE)
    assert (get(again, NAME), again.notices) == ("one", [])
    put(again, OTHER, "two")
    assert json.loads(path.read_bytes())["seal"]


def test_what_is_removed_and_a_passphrase_given_up_do_not_live_on_in_the_generation_before(
    ring: FileKeyring, path: Path
) -> None:
    put(ring, NAME, "one")
    put(ring, OTHER, "two")
    ring.delete_password(NAME.service, NAME.username)
    previous = path.with_name("vault.json.previous")
    assert NAME.username not in previous.read_text()
    ring.change_passphrase(Secret("a new one"), CHEAP)
    path.unlink()
    with pytest.raises(VaultError):
        FileKeyring.unlock(path, PASSPHRASE)
    assert get(FileKeyring.unlock(path, Secret("a new one")), OTHER) == "two"


def test_a_wrong_passphrase_is_not_taken_for_damage(ring: FileKeyring, path: Path) -> None:
    put(ring, NAME, "one")
    put(ring, OTHER, "two")
    with pytest.raises(VaultError, match="passphrase does not open"):
        FileKeyring.unlock(path, Secret("something else"))


def test_any_single_flipped_byte_costs_no_entry_for_good(ring: FileKeyring, path: Path) -> None:
    put(ring, NAME, "one")
    put(ring, OTHER, "two")
    whole = path.read_bytes()
    for place in range(0, len(whole), 97):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        put(ring, EntryName("s", "third"), str(place))
        fresh = FileKeyring.unlock(path, PASSPHRASE)
        assert (get(fresh, NAME), get(fresh, OTHER)) == ("one", "two"), place
