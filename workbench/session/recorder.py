"""The journal's side of an open incident: what is recorded, what was recorded, who is told.

No network and no plan: the account's readings and the session's plans write through this.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import structs

from workbench.core import diagnostics
from workbench.core.clock import Clock, iso
from workbench.core.errors import (
    JournalError,
    SecretInRow,
    UsageError,
    VaultError,
    WorkbenchError,
    host_fault,
)
from workbench.core.network import Network
from workbench.core.redact import Secret, visible
from workbench.core.state_dir import Home
from workbench.core.words import plural
from workbench.domain.model.facts import RecordedFact
from workbench.domain.model.hash_chain import UNREADABLE
from workbench.domain.model.recorded_rows import RecordedTimer
from workbench.domain.model.state import JournalRow, State
from workbench.journal.journal import Journal, damaged
from workbench.journal.ledger import Ledger
from workbench.mailgun.endpoints import Endpoints
from workbench.presentation.activity_log import LogLine, line_of
from workbench.session import attribution, journal_head
from workbench.session.admin_key import fingerprint_key
from workbench.session.custody import VaultStanding, standing
from workbench.session.events import Changed, Event, Events, VaultDamaged
from workbench.vault.passphrases import check_new
from workbench.vault.vault import EntryName, Vault

if TYPE_CHECKING:
    from workbench.core.sealing import Sealer
    from workbench.session.role_play_port import RolePlay


@dataclass(slots=True)
class SessionOptions:
    """What a session is opened with. ``incident`` None means the latest one of the home, or a new one."""

    home: Home
    endpoints: Endpoints
    vault: Vault
    clock: Clock
    key: Secret | None = None
    incident: str | None = None
    drill: bool = False
    role_play: RolePlay | None = None
    own_key_id: str = ""
    resolver: str = ""
    network: Network = field(default_factory=Network)
    # Where the leak search is proposed to look; what begins with log: is an access log.
    search_places: tuple[str, ...] = ()
    old_secrets: Mapping[str, Secret] = field(default_factory=dict)
    old_passwords: Mapping[str, Secret] = field(default_factory=dict)


class Recorder:
    """One incident's journal, vault and listeners; a part of the session."""

    def __init__(self, options: SessionOptions, journal: Journal, ledger: Ledger) -> None:
        self._options = options
        self.journal = journal
        self.ledger = ledger
        self._events = Events()
        self.incident = ledger.state.incident
        self.drill = options.drill
        self.clock = options.clock
        self._operator = ""
        self._remembered: journal_head.Head | None = None
        self._vault_told = 0  # how much of what was found wrong with the vault was passed on
        self._log: list[LogLine] = []
        # When a read-only workbench last looked at what the other one wrote.
        self.followed_at: datetime | None = None
        for row in journal.rows():
            with contextlib.suppress(*UNREADABLE):  # a damaged row costs its own line
                self._log_row(row)
        ledger.listen(self._row_written)

    @property
    def state(self) -> State:
        """Return the fold of the journal."""
        return self.ledger.state

    @property
    def read_only(self) -> bool:
        """Return whether nothing can be written to this incident: see ``read_only_words``."""
        return self.journal.read_only

    @property
    def operator(self) -> str:
        """Return who works here, as the journal names them."""
        return self._operator or attribution.operator()

    @property
    def nameless(self) -> bool:
        """Return whether nobody said who works here, on an account of the host that several people share."""
        return not (self._operator or self.drill or attribution.is_named())

    def name_operator(self, name: str) -> None:
        """Take the name of who works here, for as long as this program runs."""
        self._operator = visible(name.strip(), attribution.LONGEST)

    @property
    def keeps_evidence(self) -> bool:
        """Return whether evidence can be sealed so that it opens again: this may write, and a vault is open."""
        return not self.read_only and self.fingerprints_last

    @property
    def fingerprints_last(self) -> bool:
        """Return whether fingerprints are made with a vault's key; without one they are this run's own."""
        return self._options.vault.keeps

    async def vault_standing(self) -> VaultStanding:
        """Return which vault is open, and what of this incident's secrets it holds."""
        return await standing(self._options.vault, self.state)

    async def follow(self) -> int:
        """Take in what another workbench has written since; returns how many rows. Only where this one is read-only.

        Raises JournalError where the journal cannot be read any more.
        """
        if not self.journal.held_elsewhere or self.journal.damage is not None:
            return 0
        rows = await asyncio.to_thread(self.journal.rows, self.state.last_seq)
        # Somebody else may have followed meanwhile: a row counts once.
        rows = [row for row in rows if row.seq > self.state.last_seq]
        for row in rows:
            self.ledger.take(row)
        self.followed_at = self.clock.now()
        if rows:
            for name in ("alarms", "keys", "logins"):
                self.tell(Changed(name))
        return len(rows)

    @property
    def following(self) -> str:
        """Return how far a read-only workbench follows, in words: ``following, row 112, 2 s ago``."""
        if self.followed_at is None:
            return f"not following yet, row {self.state.last_seq}"
        seconds = max(0, int((self.clock.now() - self.followed_at).total_seconds()))
        return f"following, row {self.state.last_seq}, {seconds} s ago"

    @property
    def read_only_words(self) -> str:
        """Return why nothing can be written: another workbench holds the incident, or its journal is damaged."""
        if self.journal.damage is not None:
            return "read-only: the journal was altered; --new goes on in a new incident"
        return f"read-only: {self.holder_text} holds this incident"

    def grounds(self) -> list[str]:
        """Return what must be said before anything this incident tells: what is wrong with its journal."""
        said = [self.state.damage] if self.state.damage else []
        if said:
            said[0] += " Nothing is written to it; --new goes on in a new incident that names this one."
        if self.state.unread_rows:
            rows = ", ".join(str(seq) for seq in self.state.unread_rows[:5])
            count = plural(len(self.state.unread_rows), "journal row")
            said.append(f"{count} cannot be read ({rows}); what stood there is missing.")
        return said + ([self.state.succeeds] if self.state.succeeds else [])

    @property
    def holder_text(self) -> str:
        """Return who writes to this incident, in words."""
        return str(self.journal.holder)

    @property
    def folder(self) -> Path:
        """Return the incident's folder."""
        return self._options.home.folder(self.incident)

    def log_lines(self) -> Sequence[LogLine]:
        """Return the activity log, oldest first."""
        return self._log

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Have ``listener`` told of every event; returns the call that ends it."""
        return self._events.subscribe(listener)

    async def record(self, kind: str, body: Mapping[str, Any]) -> JournalRow:
        """Write one journal row and take it into the state; raises JournalError."""
        return await self.ledger.record(kind, body)

    async def timer(
        self, name: str, due: datetime, text: str, *, kind: str = "", subject: str = "", called: str = ""
    ) -> None:
        """Set a deadline, or move one: a journal row that the screen counts down and asks about."""
        self.check_writable()
        known = self.state.timers.get(name) or RecordedTimer(id=name)
        said = (("kind", kind), ("subject", subject), ("called", visible(called, 120)), ("text", text))
        given = {k: v for k, v in said if v}
        await self.ledger.record("timer", structs.replace(known, due=iso(due), **given).body())

    async def attest(self, step: str, text: str, subject: str = "") -> None:
        """Record what a person says the account cannot show."""
        self.check_writable()
        body = {"step": step, "text": visible(text), "who": self.operator, "subject": subject}
        await self.ledger.record("attested", body)
        self.tell(Changed("runbook"))

    async def decide(self, finding: str, decision: str, reason: str, title: str = "") -> None:
        """Record the operator's judgement of a finding (``ours``, ``intruder`` or ``keep``), with what it is called."""
        self.check_writable()
        body = {"finding": finding, "decision": decision, "reason": visible(reason), "who": self.operator}
        if title:
            body["title"] = visible(title, 160)
        await self.ledger.record("finding.decided", body)
        self.tell(Changed("runbook"))
        for name in ("keys", "logins", "users", "domains"):
            self.tell(Changed(name))

    async def take_back(self, row: int | None = None) -> str:
        """Take back what a person said in a row (the latest by default); return what it was, in words.

        Raises UsageError where the row holds nothing that was said, or was taken back already.
        """
        self.check_writable()
        wanted = max(self.state.said, default=0) if row is None else row
        said = self.state.said.get(wanted)
        if said is None:
            raise UsageError(
                "There is nothing to take back."
                if row is None
                else f"Row {row} holds nothing that can be taken back.",
                "Judgements, attestations, deferrals, notes and that something was sent can be; what was written to "
                "the account cannot.",
                "The activity list (6) shows what was said.",
            )
        words = next((line.text for line in reversed(self._log) if line.seq == wanted), said.about)
        body = {"row": wanted, "about": said.about, "words": words, "who": self.operator}
        await self.ledger.record("taken.back", body)
        for name in ("runbook", "keys", "logins", "users", "domains"):
            self.tell(Changed(name))
        return f"Taken back: {visible(words, 200)}"

    async def learn(self, fact: RecordedFact) -> None:
        """Record the result of a reading that a step's verdict rests on."""
        if not self.read_only:
            await self.ledger.record("fact", fact.body())
        self.tell(Changed("runbook"))

    async def secret(self, entry: str) -> Secret:
        """Return one stored secret for a reveal or a hand-over; journals that it was read, never the value."""
        name = EntryName(self.state.vault_service, entry)
        secret = await self._options.vault.fetch(name)
        if secret is None:
            raise VaultError(
                f"“{visible(entry)}” is not in the vault.",
                "It was made in another vault, or removed.",
                "`workbench secrets list` shows what this incident stored.",
            )
        if not self.read_only:
            await self.ledger.record("secret.read", {"entry": entry, "who": self.operator})
        return secret

    async def record_error(self, error: BaseException, doing: str) -> None:
        """Journal an error in safe words: of an unexpected one only its kind is kept, never its text."""
        await asyncio.to_thread(diagnostics.note, self._options.home.path, error, doing)
        if not isinstance(error, WorkbenchError):
            error = host_fault(error) or error
        if isinstance(error, WorkbenchError):
            body = {"doing": doing, "what": error.what, "means": error.means, "todo": error.todo}
        else:
            body = {"doing": doing, "what": f"unexpected {type(error).__name__}", "means": "", "todo": ""}
        if not self.read_only and not isinstance(error, JournalError):
            try:
                await self.ledger.record("error", body)
            except SecretInRow:
                # Whoever answered quoted a secret: that something went wrong is recorded all the same.
                kept = {"what": type(error).__name__, "means": "what it said holds a secret", "todo": ""}
                await self.ledger.record("error", {"doing": doing, **kept})

    async def sealing(self) -> tuple[bytes, Sealer]:
        """Return the key that fingerprints secrets in snapshots, and the sealer of evidence."""
        vault = self._options.vault
        return await fingerprint_key(vault), await vault.sealer("evidence")

    async def stored_mail(self) -> str:
        """Return the sealed messages of the intruder as plain text, first what of them is not what was stored."""
        from workbench.presentation.mail import message_text
        from workbench.session.mail import opened

        _, sealer = await self.sealing()
        found = await asyncio.to_thread(opened, self.folder, self.journal.rows(), sealer)
        shown = [f"{number}. {message_text(*one)}" for number, one in enumerate(found.messages, 1)]
        return "\n\n".join([*(f"LOST: {words}" for words in found.broken), *shown])

    def may_move_secrets(self) -> bool:
        """Return whether new secrets could go to the workbench's own file: they do not yet, and none is here."""
        return self._options.vault.kind == "system" and not self._options.home.has_vault()

    async def move_secrets(self, passphrase: Secret) -> None:
        """Keep new secrets in the workbench's own file from now on, because the host's keyring fails; journaled.

        UsageError where the passphrase is too weak, VaultError where the file cannot be made.
        """
        typed = passphrase.reveal()
        await self._options.vault.move_to_file(self._options.home.vault_file, check_new(typed, typed))
        await self.ledger.record("vault.moved", {"to": self._options.vault.describe(), "who": self.operator})

    async def stored(self, entry: str) -> Secret | None:
        """Return one of the incident's secrets, None where the vault has none of that name; nothing is journaled."""
        return await self._options.vault.fetch(EntryName(self.state.vault_service, entry))

    async def remember_head(self) -> None:
        """Have the vault remember how far the journal came; a vault that does not take it costs only that."""
        head = (self.journal.head_seq, self.journal.head_hash)
        if self.read_only or head == self._remembered:
            return
        with contextlib.suppress(VaultError):
            await journal_head.remember(self._options.vault, self.incident, head)
            self._remembered = head

    async def close(self) -> None:
        """Close journal and vault."""
        await self.remember_head()
        self._tell_of_vault()
        await asyncio.to_thread(self.journal.close)
        self._options.vault.close()

    def check_writable(self) -> None:
        """Raise UsageError with who holds the incident where another workbench writes to it, JournalError
        where its journal is damaged."""
        if self.journal.damage is not None:
            raise damaged(self.journal.damage)
        if self.read_only:
            raise UsageError(
                "This incident is open in another workbench.",
                f"{self.holder_text} holds it; two writers would undo each other's proofs.",
                "Work there, or close it and start this one again.",
            )

    def tell(self, event: Event) -> None:
        """Pass an event on to whoever subscribed."""
        self._events.tell(event)

    def _row_written(self, row: JournalRow) -> None:
        self._tell_of_vault()  # What is stored is journaled next: damage that a store met is said at once.
        if self._log_row(row):
            self.tell(Changed("log"))
        self.tell(Changed("runbook"))

    def _tell_of_vault(self) -> None:
        found = self._options.vault.notices
        for words in found[self._vault_told :]:
            self.tell(VaultDamaged(words, loud=True))
        self._vault_told = len(found)

    def _log_row(self, row: JournalRow) -> bool:
        line = line_of(row, self.state)
        if line is not None:
            self._log.append(line)
        return line is not None
