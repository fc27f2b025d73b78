"""What stands on disks and in keyrings already: names and file format are kept, or secrets are lost to an update."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from workbench.core.errors import VaultError
from workbench.core.redact import Secret
from workbench.vault import entries
from workbench.vault.entries import EntryName
from workbench.vault.file_backend import FileKeyring, names_in
from workbench.vault.file_format import Cost

PASSPHRASE = Secret("gezo-haku-belo-habu-mahi-tesa")
CHEAP = Cost(n=2**10, r=8, p=1)
# A vault as the workbench wrote it when its schema was new, with what was in it.
WRITTEN: dict[str, Any] = {
    "schema": "workbench.vault.vault/1",
    "vault": "217f923e38e9a1faf79dfc0ac094c9ba",
    "revision": "314a99c039d19c3a17d2073e820ba421",
    "key": {
        "name": "scrypt",
        "cost": {"n": 1024, "r": 8, "p": 1},
        "salt": "w7aK/ArCdJ4e4IfYJMCYcA==",
        "nonce": "JRAIsUDUGIyK/dbc",
        "sealed": "xDAtoH3OYR2ZSfRD9Da4CQyyWetl3LImNxTB/QfjAgjLjTXTRUROl54olCL+UdrR",
    },
    "entries": [
        {
            "service": "Mailgun incident 2026-11-21 (acme)",
            "username": "SMTP postmaster@mg.acme.example",
            "nonce": "Ang3mrNLoekc/e4i",
            "sealed": "ZkagsHhTCgKHZlQ7nQqF7EMK+k7ygMQNigt+oGE/1rl4C4stMS11dZ0+wTXeGWI4",
        },
        {
            "service": "Mailgun workbench",
            "username": "workbench: encryption key",
            "nonce": "Q7UShyxfaJS3pIby",
            "sealed": "ZM+uZs8Ns7TIfcxHmiR3raCIQN86",
        },
    ],
    "seal": "hX+0GhYehFQ2pIsVHhxo7gzgON4U4zpo4GCHFnbEKlA=",
}
LOGIN = EntryName("Mailgun incident 2026-11-21 (acme)", "SMTP postmaster@mg.acme.example")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "home" / "vault.json"
    path.parent.mkdir(mode=0o700)
    path.touch(mode=0o600)
    path.write_text(json.dumps(WRITTEN, separators=(",", ":")))
    return path


def test_a_vault_written_once_opens_whole_with_its_keys(path: Path) -> None:
    ring = FileKeyring.unlock(path, PASSPHRASE)
    assert ring.notices == [], "its seal holds"
    assert ring.get_password(LOGIN.service, LOGIN.username) == "Vq3kL9wZr5TnB8xYc2MdP7sGf4HjA6eu"
    assert ring.get_password("Mailgun workbench", "workbench: encryption key") == "café"
    # What was sealed under a key of this vault (snapshots, logs) opens too.
    assert (
        ring.derive("snapshots").hex() == "5de8f9e5ae66ed656fb53e83feb3e7d23a9a0e7ebaa3fa9edb6b786b1b62f641"
    )
    ring.set_password("s", "u", "another")
    assert FileKeyring.unlock(path, PASSPHRASE).notices == []


@pytest.mark.parametrize("part", ["revision", "entries"])
def test_its_seal_covers_head_and_entries(path: Path, part: str) -> None:
    other = "0" * 32 if part == "revision" else WRITTEN["entries"][::-1]
    path.write_text(json.dumps({**WRITTEN, part: other}))
    assert "altered" in FileKeyring.unlock(path, PASSPHRASE).notices[0]


def test_what_is_written_today_is_the_same_kind_of_file(tmp_path: Path) -> None:
    path = tmp_path / "home" / "vault.json"
    ring = FileKeyring.create(path, PASSPHRASE, CHEAP)
    ring.set_many({EntryName("s", name): "value" for name in ("a", "b")})
    made = json.loads(path.read_text())
    assert list(made) == list(WRITTEN) and made["schema"] == WRITTEN["schema"]
    for part in ("vault", "revision", "seal"):
        assert len(made[part]) == len(WRITTEN[part]) and made[part] != WRITTEN[part]
    assert made["key"]["name"] == "scrypt" and made["key"]["cost"] == {"n": 1024, "r": 8, "p": 1}
    for part in ("salt", "nonce", "sealed"):
        assert len(made["key"][part]) == len(WRITTEN["key"][part])
    one, two = made["entries"]
    assert len(one["nonce"]) == len(two["nonce"]) == 16 and one["nonce"] != two["nonce"]
    assert one["sealed"] != two["sealed"]


def test_the_cost_of_a_new_vault_is_what_a_stolen_file_must_withstand() -> None:
    assert (Cost().n, Cost().r, Cost().p) == (2**15, 8, 6)


@pytest.mark.parametrize("cost", [Cost(n=2**10, r=1, p=1), Cost(n=2**10, r=8, p=64), Cost(n=2**20, r=8, p=1)])
def test_the_outermost_costs_are_taken(cost: Cost) -> None:
    cost.refuse_absurd()


@pytest.mark.parametrize(
    "cost",
    [
        Cost(n=2**9, r=8, p=1),
        Cost(n=2**10, r=0, p=1),
        Cost(n=2**10, r=8, p=0),
        Cost(n=2**10, r=8, p=65),
        Cost(n=2**20, r=9, p=1),
        Cost(n=2**10 + 1, r=8, p=1),
        Cost(n=2**15 + 2**14, r=8, p=1),
    ],
)
def test_a_step_beyond_is_refused(cost: Cost) -> None:
    with pytest.raises(VaultError, match="never writes"):
        cost.refuse_absurd()


def test_names_stand_in_the_file_in_clear_or_in_the_one_before_it(path: Path) -> None:
    assert names_in(path) == [LOGIN, EntryName("Mailgun workbench", "workbench: encryption key")]
    ring = FileKeyring.unlock(path, PASSPHRASE)
    ring.set_password("A", "new", "x")
    assert names_in(path)[0] == EntryName("A", "new")
    path.write_bytes(b"{")
    assert names_in(path)[0] == LOGIN
    path.with_name("vault.json.previous").unlink()
    with pytest.raises(VaultError, match="damaged"):
        names_in(path)


OPENED = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


def test_a_keyring_is_asked_for_the_very_names_it_was_given() -> None:
    """A keyring cannot list: a name made otherwise after an update is a secret that nobody finds again."""
    service = entries.incident_service("acme", OPENED)
    made = [
        entries.api_key_entry(service, "prod-web", "4f2a1111-11114f2a"),
        entries.api_key_entry(service, " ", "4f2a1111-11114f2a", "EU"),
        entries.smtp_entry(service, "app@mg.acme.example"),
        entries.smtp_entry(service, "app@mg.acme.example", "subaccount shop"),
        entries.admin_key_entry(service),
        entries.fingerprint_entry(service),
        entries.encryption_entry(),
        entries.journal_head_entry("2026-11-21-acme"),
        entries.older_entry(),
        entries.probe_entry(),
        entries.incident_service("a\nb", OPENED),
    ]
    assert [str(name) for name in made] == [
        "Mailgun incident 2026-11-21 (acme) / API key prod-web, replaces …4f2a",
        "Mailgun incident 2026-11-21 (acme) / API key replaces …4f2a (EU)",
        "Mailgun incident 2026-11-21 (acme) / SMTP app@mg.acme.example",
        "Mailgun incident 2026-11-21 (acme) / SMTP app@mg.acme.example (subaccount shop)",
        "Mailgun incident 2026-11-21 (acme) / workbench: current admin key",
        "Mailgun incident 2026-11-21 (acme) / workbench: fingerprint key",
        "Mailgun workbench / workbench: encryption key",
        "Mailgun workbench / workbench: journal head of 2026-11-21-acme",
        "Mailgun workbench / workbench: older secrets stand in",
        "Mailgun workbench / workbench: test entry, may be deleted",
        "Mailgun incident 2026-11-21 (a\\nb #7e18f73731)",
    ]


def test_a_name_that_had_to_be_changed_carries_its_own_hash() -> None:
    odd = entries.smtp_entry("s", "a\udcff").username
    assert odd == "SMTP a\\udcff #" + odd[-10:] and len(odd[-10:]) == 10
    assert entries.smtp_entry("s", "a\udcfe").username[-10:] != odd[-10:]
    one = EntryName("s", "u")
    assert entries.distinct(one, {one}) == EntryName("s", "u (2)")
    assert entries.distinct(one, {one, EntryName("s", "u (2)")}) == EntryName("s", "u (3)")
