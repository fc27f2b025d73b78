"""One incident's journal and vault together: what happens to the vault while it is open is said at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.drills import file_vault
from workbench.core.clock import SystemClock
from workbench.core.errors import UsageError
from workbench.core.redact import Secret
from workbench.core.state_dir import JOURNAL_NAME, Home
from workbench.journal.journal import Journal
from workbench.journal.ledger import Ledger
from workbench.mailgun.endpoints import MAILGUN
from workbench.session.events import Event, VaultDamaged
from workbench.session.recorder import Recorder, SessionOptions
from workbench.vault.vault import EntryName, Vault

INCIDENT = "20261121-140207-3f2a"


async def recording(folder: Path) -> tuple[Home, Vault, Recorder]:
    """Return a home, its vault and a recorder that writes an incident's journal there."""
    home = Home(folder / "home")
    home.ensure()
    vault = await file_vault(home)
    journal = Journal.open(home.folder(INCIDENT) / JOURNAL_NAME, SystemClock(), INCIDENT)
    options = SessionOptions(home=home, endpoints=MAILGUN, vault=vault, clock=SystemClock(), key=None)
    return home, vault, Recorder(options, journal, Ledger(journal, journal.rows()))


async def test_a_vault_that_is_damaged_while_it_is_open_is_told_with_the_next_row_and_once(
    tmp_path: Path,
) -> None:
    home, vault, recorder = await recording(tmp_path)
    told: list[Event] = []
    recorder.subscribe(told.append)
    await vault.store(EntryName("service", "first"), Secret("a value"))
    await recorder.record("vault.entry", {"entry": "first"})
    assert not any(isinstance(event, VaultDamaged) for event in told)

    data = bytearray(home.vault_file.read_bytes())
    data[40] ^= 0xFF
    home.vault_file.write_bytes(data)
    for name in ("second", "third"):
        await vault.store(EntryName("service", name), Secret("a value"))
        await recorder.record("vault.entry", {"entry": name})
    words = [event.text for event in told if isinstance(event, VaultDamaged)]
    assert len(words) == 1, words
    aside = next(home.path.glob("vault.json.damaged-*"))
    assert aside.name in words[0], "the damaged file that is kept is named"
    assert await vault.fetch(EntryName("service", "first")) == Secret("a value")
    await recorder.close()


async def test_rows_of_another_workbench_count_once_although_two_follow_at_the_same_time(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path / "home")
    home.ensure()
    vault = await file_vault(home)
    path = home.folder(INCIDENT) / JOURNAL_NAME
    writes = Journal.open(path, SystemClock(), INCIDENT)
    reads = Journal.open(path, SystemClock(), INCIDENT)
    options = SessionOptions(home=home, endpoints=MAILGUN, vault=vault, clock=SystemClock(), key=None)
    recorder = Recorder(options, reads, Ledger(reads, reads.rows()))
    assert recorder.read_only
    await writes.append("attested", {"step": "4", "who": "ines", "text": "done", "subject": ""})
    assert sum(await asyncio.gather(recorder.follow(), recorder.follow())) == 1
    assert len(recorder.state.attestations) == 1
    await recorder.close()
    writes.close()


async def test_a_secret_that_somebody_types_or_a_server_quotes_is_refused_in_words_and_ends_nothing(
    tmp_path: Path,
) -> None:
    _, _, recorder = await recording(tmp_path)
    secret = Secret("Vq3kL9wZr5TnB8xYc2MdP7sGf4HjA6eu")
    recorder.journal.guard(secret)
    for said in (
        recorder.attest("4", f"changed to {secret.reveal()}"),
        recorder.decide("user:u1", "ours", secret.reveal()),
    ):
        with pytest.raises(UsageError, match="would hold a secret") as refused:
            await said
        assert secret.reveal() not in str(refused.value)
    assert not recorder.state.attestations and not recorder.state.decisions
    await recorder.record_error(UsageError(f"The server said {secret.reveal()}."), "asking")
    assert recorder.state.errors[-1]["what"] == "UsageError"
    assert secret.reveal() not in "".join(row.text for row in recorder.journal.rows())
    await recorder.close()
