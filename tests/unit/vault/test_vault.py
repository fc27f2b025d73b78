"""The vault's face: read-back, time limits, group commit, refused backends, names, keys."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keyring.core
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring
from keyring.compat import properties
from keyring.errors import KeyringLocked

from tests.support.patience import HANGS
from workbench.core import atomic_files
from workbench.core.errors import VaultError
from workbench.core.redact import Secret
from workbench.vault import file_backend
from workbench.vault.backends import NoKeyring, SystemKeyring, detect
from workbench.vault.entries import (
    EntryName,
    admin_key_entry,
    api_key_entry,
    distinct,
    encryption_entry,
    fingerprint_entry,
    incident_service,
    probe_entry,
    smtp_entry,
)
from workbench.vault.file_format import Cost
from workbench.vault.passphrases import new_smtp_password
from workbench.vault.vault import Vault

CHEAP = Cost(n=2**10, r=8, p=1)
PASSPHRASE = Secret("gezo-haku-belo-habu-mahi-tesa")
NAME = EntryName("Mailgun incident 2026-11-21 (acme)", "SMTP postmaster@mg.acme.example")
VALUE = Secret("Vq3kL9wZr5TnB8xYc2MdP7sGf4HjA6eu")
ROOT = Path(__file__).parents[3]


class Memory(KeyringBackend):
    """A system keyring in memory. Its priority fails, so keyring's discovery passes it over."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.held: dict[tuple[str, str], str] = {}

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805
        raise RuntimeError("for tests only")

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


class Dropping(Memory):
    """Takes a write and forgets it."""

    def set_password(self, service: str, username: str, password: str) -> None:
        return


class Cutting(Memory):
    """Cuts values short, as some stores do."""

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, password[:16])


class Raising(Memory):
    """Fails as a bus library would, with the secret in its message."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise ConnectionError(f"could not send {password}")

    def get_password(self, service: str, username: str) -> str | None:
        raise ConnectionError(f"could not send {VALUE.reveal()}")


class Locked(Memory):
    """Refuses as a locked collection does."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("secret collection is locked")


class Stubborn(Memory):
    """Does not delete."""

    def delete_password(self, service: str, username: str) -> None:
        return


class Hanging(Memory):
    """Waits for an unlock prompt until ``unlocked`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.unlocked = threading.Event()
        self.asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        self.unlocked.wait()
        return super().get_password(service, username)


@pytest.fixture
async def vault(tmp_path: Path) -> Vault:
    return await Vault.create_file(tmp_path / "home" / "vault.json", PASSPHRASE, cost=CHEAP)


async def test_a_secret_is_stored_fetched_and_removed(vault: Vault) -> None:
    assert await vault.fetch(NAME) is None
    await vault.store(NAME, VALUE)
    assert await vault.fetch(NAME) == VALUE
    assert await vault.names() == [NAME]
    await vault.remove(NAME)
    await vault.remove(NAME)
    assert await vault.fetch(NAME) is None


async def test_the_file_vault_unlocks_with_its_passphrase_only(vault: Vault, tmp_path: Path) -> None:
    await vault.store(NAME, VALUE)
    path = tmp_path / "home" / "vault.json"
    again = await Vault.unlock_file(path, PASSPHRASE)
    assert await again.fetch(NAME) == VALUE
    assert again.kind == "file"
    assert str(path) in again.describe()
    with pytest.raises(VaultError, match="passphrase does not open"):
        await Vault.unlock_file(path, Secret("wrong"))


async def test_concurrent_stores_share_durable_replaces(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced: list[int] = []
    real = atomic_files.replace_durably

    def counting(path: Path, data: bytes) -> os.stat_result:
        replaced.append(len(data))
        return real(path, data)

    monkeypatch.setattr(file_backend, "replace_durably", counting)
    secrets = {EntryName("s", f"login {index}"): new_smtp_password() for index in range(500)}
    await asyncio.gather(*(vault.store(name, secret) for name, secret in secrets.items()))
    assert len(replaced) == 1
    await vault.store_many({EntryName("t", name.username): secret for name, secret in secrets.items()})
    assert len(replaced) == 2
    fetched = await asyncio.gather(*(vault.fetch(name) for name in secrets))
    assert all(found == secret for found, secret in zip(fetched, secrets.values(), strict=True))


async def test_one_name_stored_twice_at_once_keeps_the_later_value(vault: Vault) -> None:
    await asyncio.gather(vault.store(NAME, Secret("first")), vault.store(NAME, Secret("second")))
    assert await vault.fetch(NAME) == Secret("second")


async def test_a_cancelled_store_does_not_disturb_its_neighbours(vault: Vault) -> None:
    doomed = asyncio.create_task(vault.store(EntryName("s", "doomed"), VALUE))
    kept = asyncio.create_task(vault.store(NAME, VALUE))
    await asyncio.sleep(0)
    doomed.cancel()
    await kept
    with pytest.raises(asyncio.CancelledError):
        await doomed
    assert await vault.fetch(NAME) == VALUE


async def test_a_cancelled_flush_leaves_no_store_waiting_for_ever() -> None:
    backend = Hanging()
    vault = Vault(backend, limit=20)
    store = asyncio.create_task(vault.store(NAME, VALUE))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert vault._flusher is not None
    vault._flusher.cancel()
    async with asyncio.timeout(HANGS):
        with pytest.raises(asyncio.CancelledError):
            await store
    backend.unlocked.set()


async def test_a_failed_replace_fails_every_store_of_its_batch(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> os.stat_result:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(file_backend, "replace_durably", full)
        results = await asyncio.gather(
            *(vault.store(EntryName("s", str(index)), VALUE) for index in range(5)), return_exceptions=True
        )
    assert [type(result) for result in results] == [VaultError] * 5
    await vault.store(NAME, VALUE)
    assert await vault.names() == [NAME]


async def test_only_new_never_destroys_another_secret(vault: Vault) -> None:
    await vault.store(NAME, VALUE, only_new=True)
    await vault.store(NAME, VALUE, only_new=True)
    with pytest.raises(VaultError, match="stands under"):
        await vault.store(NAME, Secret("another value"), only_new=True)
    assert await vault.fetch(NAME) == VALUE


@pytest.mark.parametrize("backend", [Dropping, Cutting])
async def test_a_write_that_does_not_come_back_is_an_error(backend: type[Memory]) -> None:
    vault = Vault(backend())
    with pytest.raises(VaultError, match="does not give it back"):
        await vault.store(NAME, VALUE)
    with pytest.raises(VaultError, match="does not give it back"):
        await vault.store_many({NAME: VALUE})
    with pytest.raises(VaultError):
        await vault.probe()


async def test_whatever_a_backend_raises_is_told_without_the_secret() -> None:
    with pytest.raises(VaultError, match="ConnectionError") as caught:
        await Vault(Raising()).store(NAME, VALUE)
    assert VALUE.reveal() not in str(caught.value)
    assert VALUE.reveal() not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(VaultError, match="ConnectionError") as caught:
        await Vault(Raising()).fetch(NAME)
    assert VALUE.reveal() not in "".join(traceback.format_exception(caught.value))


async def test_a_keyring_that_hangs_is_given_up_and_works_once_unlocked() -> None:
    backend = Hanging()
    vault = Vault(backend, limit=0.05)
    with pytest.raises(VaultError, match=r"within 0\.05 seconds") as caught:
        await vault.fetch(NAME)
    assert "unlock prompt" in caught.value.means
    backend.unlocked.set()
    vault = Vault(backend, limit=5)
    await vault.store(NAME, VALUE)
    assert await vault.fetch(NAME) == VALUE


async def test_a_locked_keyring_is_said_to_be_locked() -> None:
    with pytest.raises(VaultError, match="keyring is locked"):
        await Vault(Locked()).fetch(NAME)


async def test_all_that_waits_behind_an_unlock_prompt_is_told_at_once() -> None:
    backend = Hanging()
    vault = Vault(backend, limit=0.05)
    names = [EntryName("s", str(index)) for index in range(100)]
    results = await asyncio.gather(*(vault.store(name, VALUE) for name in names), return_exceptions=True)
    assert [type(result) for result in results] == [VaultError] * 100
    assert backend.asked == 1
    backend.unlocked.set()


async def test_after_a_hang_the_same_vault_goes_on_in_a_new_thread() -> None:
    backend = Hanging()
    vault = Vault(backend, limit=0.05)
    for _ in range(2):
        with pytest.raises(VaultError):
            await vault.fetch(NAME)
    assert backend.asked == 2
    backend.unlocked.set()
    vault._limit = 5
    assert await vault.fetch(NAME) is None


def test_a_hanging_keyring_does_not_keep_the_program_from_ending() -> None:
    code = (
        "import asyncio, threading\n"
        "from workbench.core.thread_worker import Worker\n"
        "async def main():\n"
        "    try:\n"
        "        await Worker('w').run(threading.Event().wait, 0.05)\n"
        "    except TimeoutError:\n"
        "        print('given up')\n"
        "asyncio.run(main())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=HANGS
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("given up\n", "", 0)


async def test_an_entry_that_stays_after_its_removal_is_said() -> None:
    vault = Vault(Stubborn())
    await vault.store(NAME, VALUE)
    with pytest.raises(VaultError, match="still holds") as caught:
        await vault.remove(NAME)
    assert caught.value.todo == "Remove it in the password manager."


async def test_an_emptied_entry_is_an_error_not_a_secret() -> None:
    backend = Memory()
    backend.held[NAME.service, NAME.username] = ""
    with pytest.raises(VaultError, match="is empty"):
        await Vault(backend).fetch(NAME)


async def test_when_one_of_many_is_not_stored_the_others_are_before_it_is_said() -> None:
    class Picky(Memory):
        def set_password(self, service: str, username: str, password: str) -> None:
            if username == "bad":
                raise ConnectionError("the bus is gone")
            super().set_password(service, username, password)

    backend = Picky()
    names = [EntryName("s", name) for name in ("bad", "one", "two")]
    with pytest.raises(VaultError, match="ConnectionError") as caught:
        await Vault(backend).store_many(dict.fromkeys(names, VALUE))
    assert caught.value.means == "The secret may not be stored."
    assert caught.value.todo.startswith("Unlock or start the keyring and try again, or keep new secrets")
    assert [name for _, name in backend.held] == ["one", "two"]


async def test_a_keyring_that_lists_is_asked_for_what_stands_in_it() -> None:
    class Listing(Memory):
        def get_preferred_collection(self) -> Any:
            held = [
                SimpleNamespace(get_attributes=lambda one=one: {"service": one[0], "username": one[1]})
                for one in self.held
            ]
            return SimpleNamespace(get_all_items=lambda: held, connection=SimpleNamespace(close=int))

    vault = Vault(Listing())
    assert await vault.names() == []
    await vault.store(NAME, VALUE)
    assert await vault.names() == [NAME]
    assert await Vault(Memory()).names() is None


async def test_the_probe_leaves_nothing_behind(vault: Vault) -> None:
    await vault.probe()
    assert await vault.names() == []
    backend = Memory()
    await Vault(backend).probe()
    assert backend.held == {}


async def test_keys_differ_by_purpose_and_last(vault: Vault, tmp_path: Path) -> None:
    again = await Vault.unlock_file(tmp_path / "home" / "vault.json", PASSPHRASE)
    assert await vault.vault_key("snapshots") == await again.vault_key("snapshots")
    assert await vault.vault_key("snapshots") != await vault.vault_key("logs")
    backend = Memory()
    first = await Vault(backend).vault_key("snapshots")
    assert await Vault(backend).vault_key("snapshots") == first
    assert await Vault(backend).vault_key("logs") != first
    assert list(backend.held) == [(encryption_entry().service, encryption_entry().username)]
    assert len(first) == 32


async def test_what_is_sealed_opens_in_its_context_only(vault: Vault) -> None:
    sealer = await vault.sealer("snapshots")
    blob = sealer.seal(b"keys and people", "incident 1, snapshot 0a")
    assert b"people" not in blob
    assert sealer.open(blob, "incident 1, snapshot 0a") == b"keys and people"
    with pytest.raises(VaultError, match="does not open"):
        sealer.open(blob, "incident 2, snapshot 0a")
    for damaged in (blob[:-1], blob[:-1] + bytes([blob[-1] ^ 1])):
        with pytest.raises(VaultError, match="does not open"):
            sealer.open(damaged, "incident 1, snapshot 0a")
    for foreign in (b"", b"{}", blob[:10]):
        with pytest.raises(VaultError, match="not one the workbench sealed"):
            sealer.open(foreign, "incident 1, snapshot 0a")


# --- which keyrings are taken


def make_backend(kind: Any) -> KeyringBackend:
    """keyring's own constructors carry no annotations."""
    backend = kind()
    assert isinstance(backend, KeyringBackend)
    return backend


def pretend(module: str, name: str, bases: tuple[type, ...] = (Memory,)) -> KeyringBackend:
    """An instance of a class that says it comes from ``module``."""
    made: Any = type(name, bases, {"__module__": module})
    backend = made()
    assert isinstance(backend, KeyringBackend)
    return backend


REFUSED = [
    (FailKeyring, "no keyring"),
    (NullKeyring, "stores nothing"),
    (ChainerBackend, "several keyrings"),
    (lambda: pretend("keyrings.alt.file", "PlaintextKeyring"), "readable in a file"),
    (lambda: pretend("keyrings.alt.file", "EncryptedKeyring"), "on the terminal"),
    (lambda: pretend("keyrings.alt.Gnome", "Keyring"), "readable or without protection"),
    (lambda: pretend("keyrings.cryptfile.cryptfile", "CryptFileKeyring"), "on the terminal"),
]


@pytest.mark.parametrize(("make", "reason"), REFUSED)
async def test_backends_that_keep_no_secret_are_refused_with_the_reason(make: Any, reason: str) -> None:
    with pytest.raises(VaultError, match=reason) as caught:
        Vault(make())
    assert caught.value.means == "New credentials would not be safe in it."
    assert caught.value.todo.startswith("Use the system's keyring, or keep new secrets in")


async def test_a_subclass_does_not_launder_a_refused_backend() -> None:
    plain = type(pretend("keyrings.alt.file", "PlaintextKeyring"))
    with pytest.raises(VaultError, match="readable in a file"):
        Vault(pretend("company.keyring", "Ours", (plain,)))


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[KeyringBackend]]:
    """Put one backend in the list to have keyring choose it."""
    choice: list[KeyringBackend] = []
    monkeypatch.setattr(keyring.core, "get_keyring", lambda: choice[0])
    yield choice


def test_no_keyring_is_a_value_with_what_to_do(configured: list[KeyringBackend]) -> None:
    configured.append(make_backend(FailKeyring))
    found = detect()
    assert found == NoKeyring("This host has no keyring.")
    assert "encrypted file" in found.todo


@pytest.mark.parametrize(
    ("module", "name", "reason"),
    [
        ("keyrings.alt.file", "PlaintextKeyring", "readable in a file"),
        ("some.addon", "Keyring", "does not know how it protects"),
    ],
)
def test_keyrings_that_cannot_be_trusted_are_values_too(
    configured: list[KeyringBackend], module: str, name: str, reason: str
) -> None:
    configured.append(pretend(module, name))
    found = detect()
    assert isinstance(found, NoKeyring)
    assert reason in found.reason


def test_of_several_each_has_its_reason_and_none_reports_on_the_screen(
    configured: list[KeyringBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = make_backend(ChainerBackend)
    configured.append(chain)
    members = [pretend("keyrings.alt.file", "PlaintextKeyring"), pretend("some.addon", "Keyring")]
    monkeypatch.setattr(type(chain), "backends", members)
    logger = logging.getLogger("keyring")
    monkeypatch.setattr(logger, "handlers", [])
    assert detect() == NoKeyring(
        "No keyring of this host can be used (keyrings.alt.file.PlaintextKeyring: it keeps secrets readable in a "
        "file; some.addon.Keyring: the workbench does not know how it protects secrets)."
    )
    assert [type(handler) for handler in logger.handlers] == [logging.NullHandler]


def test_a_desktop_keyring_is_found(configured: list[KeyringBackend]) -> None:
    backend = pretend("keyring.backends.SecretService", "Keyring")
    configured.append(backend)
    assert detect() == SystemKeyring(backend, "Secret Service")
    assert Vault(backend).describe() == "system keyring (Secret Service)"
    assert Vault(backend).kind == "system"


def test_of_a_chain_the_first_sound_member_is_pinned(
    configured: list[KeyringBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = pretend("keyrings.alt.file", "PlaintextKeyring")
    wallet = pretend("keyring.backends.kwallet", "DBusKeyring")
    chain = make_backend(ChainerBackend)
    configured.append(chain)
    monkeypatch.setattr(type(chain), "backends", [plain, wallet])
    assert detect() == SystemKeyring(wallet, "KDE Wallet")
    monkeypatch.setattr(type(chain), "backends", [plain])
    found = detect()
    assert isinstance(found, NoKeyring)
    assert "PlaintextKeyring" in found.reason


def test_a_configured_backend_that_does_not_load_is_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "no.such.module.Keyring")
    found = detect()
    assert isinstance(found, NoKeyring)
    assert "ModuleNotFoundError" in found.reason


def test_importing_the_vault_is_cheap() -> None:
    code = (
        "import sys, workbench.vault.vault; print({'keyring', 'cryptography', 'zxcvbn'} & set(sys.modules))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=HANGS
    )
    assert ended.stdout.strip() == "set()", ended.stderr


# --- names


SERVICE = incident_service("acme", datetime(2026, 11, 21, 14, 2, tzinfo=UTC))


def test_names_read_as_a_person_expects() -> None:
    assert SERVICE == "Mailgun incident 2026-11-21 (acme)"
    key_id = "3f9c1b7a-0d2e4f2a"
    assert api_key_entry(SERVICE, "prod-web", key_id).username == "API key prod-web, replaces …4f2a"
    assert api_key_entry(SERVICE, "", key_id, "EU").username == "API key replaces …4f2a (EU)"
    assert smtp_entry(SERVICE, "postmaster@mg.acme.example").username == "SMTP postmaster@mg.acme.example"
    assert admin_key_entry(SERVICE).username == "workbench: current admin key"
    assert fingerprint_entry(SERVICE).username == "workbench: fingerprint key"
    assert probe_entry() != encryption_entry()


def test_hostile_labels_are_one_harmless_line_and_never_share_a_name() -> None:
    long = "a" * 4000
    logins = [
        "a\nb",
        "a\\nb",
        "a\u202eb",
        long,
        long + "x",
        " a@b",
        "a@b",
        smtp_entry(SERVICE, "a\nb").username.removeprefix("SMTP "),
    ]
    names = [smtp_entry(SERVICE, login).username for login in logins]
    assert len(set(names)) == len(names)
    assert all(name.isprintable() and len(name) < 200 for name in names)


def test_distinct_counts_up_until_the_name_is_free() -> None:
    taken: set[EntryName] = set()
    for _ in range(3):
        taken.add(distinct(NAME, taken))
    assert sorted(name.username[len(NAME.username) :] for name in taken) == ["", " (2)", " (3)"]


# --- the real thing

GNOME = """
import asyncio
from workbench.vault.vault import EntryName, SystemKeyring, Vault, detect
from workbench.core.redact import Secret
async def main():
    found = detect()
    assert isinstance(found, SystemKeyring), found
    vault = Vault(found.backend)
    await vault.probe()
    name = EntryName("Mailgun incident 2026-11-21 (acme)", "SMTP postmaster@mg.acme.example")
    await vault.store(name, Secret("value with spaces and \\u00fc"))
    assert await vault.fetch(name) == Secret("value with spaces and \\u00fc")
    assert await vault.vault_key("logs") == await Vault(found.backend).vault_key("logs")
    await vault.remove(name)
    assert await vault.fetch(name) is None
    print(vault.describe())
asyncio.run(main())
"""


@pytest.mark.tool("gnome-keyring-daemon")
def test_a_real_secret_service_keeps_secrets(tmp_path: Path) -> None:
    for tool in ("dbus-run-session", "gnome-keyring-daemon"):
        if shutil.which(tool) is None:
            assert os.environ.get("WORKBENCH_TEST_ALL") != "1", f"{tool} is missing"
            pytest.skip(f"{tool} is not installed")
    script = tmp_path / "client.py"
    script.write_text(GNOME)
    home = tmp_path / "home"
    (home / "run").mkdir(parents=True, mode=0o700)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_DATA_HOME": str(home),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "PYTHONPATH": str(ROOT),
    }
    shell = (
        "printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; "
        f'"{sys.executable}" "{script}"'
    )
    ended = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", shell],
        env=environ,
        capture_output=True,
        text=True,
        timeout=HANGS,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == "system keyring (Secret Service)"
