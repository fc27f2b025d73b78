"""What is known of an incident: a fold over its journal, and nothing else.

Each row kind has one small function here that applies it. The state holds ids, names and evidence; never
a secret. Reopening an incident is reading its rows again, so a quit, a crash and a kill look alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from workbench.core.redact import visible
from workbench.core.words import plural
from workbench.domain.blocklists.listings import ListingBook
from workbench.domain.model.baseline import NO_BASELINE, AccountBaseline
from workbench.domain.model.credential_use import CredentialUses, EverSeen
from workbench.domain.model.effect_result import NO_RESULT, EffectResult
from workbench.domain.model.facts import RecordedFact
from workbench.domain.model.plan import Effect, EffectKind, EffectState
from workbench.domain.model.recorded_rows import AdoptionNote, RecordedSnapshot, RecordedTimer

Kind = TypeVar("Kind", bound=RecordedFact)
# How often what fails for good is planned again before only a person can say what comes next.
TRIES = 2


class JournalRow(Protocol):
    """What the fold needs of a journal row."""

    @property
    def seq(self) -> int:
        """Return the row's number, from 1."""

    @property
    def at(self) -> str:
        """Return when it was written, ISO 8601 UTC."""

    @property
    def kind(self) -> str:
        """Return what the row records."""

    @property
    def body(self) -> Mapping[str, Any]:
        """Return the row's plain JSON values."""


@dataclass(slots=True)
class EffectRecord:
    """One effect and how far it is.

    ``open`` is true between an intent and its outcome: the account must be asked what really happened.
    ``result`` holds ids the server answered with (a new key's id), ``entry`` the vault entry of its secret.
    """

    effect: Effect
    state: EffectState = EffectState.PLANNED
    open: bool = False
    attempts: int = 0
    evidence: list[str] = field(default_factory=list)
    entry: str = ""
    result: EffectResult = NO_RESULT
    failure: dict[str, str] = field(default_factory=dict)
    intent_at: str = ""
    done_at: str = ""
    # The same moment by the account's clock, which its log is written by; empty where it is not known.
    account_at: str = ""
    # When the account last showed the effect (or was asked and did not, see ``tried_at``), ISO 8601 UTC.
    proven_at: str = ""
    tried_at: str = ""
    # The journal's rows for the three: they stand in order whatever the clock did, also within one second. That of a
    # proof is the last one written before the account was looked at.
    done_row: int = 0
    proven_row: int = 0
    tried_row: int = 0
    # How often it failed for good, over all the plans that held it.
    failures: int = 0
    # How often in a row a passing trouble ended it without an outcome, and when it last failed in whatever way.
    troubles: int = 0
    failed_at: str = ""

    @property
    def given_up(self) -> bool:
        """Return whether it failed for good as often as it is tried: what comes next is for a person to say."""
        return self.state is EffectState.FAILED and not self.open and self.failures >= TRIES

    def to_json(self) -> dict[str, Any]:
        """Return the effect as the command line's documents show it (design, contracts)."""
        effect = self.effect
        document: dict[str, Any] = {
            "id": effect.id,
            "kind": effect.kind.value,
            "target": effect.target,
            "region": effect.place.region.value,
            "subaccount": effect.place.subaccount,
            "state": self.state.value,
            "evidence": list(self.evidence),
        }
        if self.entry:
            document["vault"] = self.entry
        if self.result.key_id:
            document["key_id"] = self.result.key_id
        if self.done_at:
            document["at"] = self.done_at
        if self.failure:
            document["failure"] = dict(self.failure)
        return document


_CUTS = (EffectKind.KEY_DELETE, EffectKind.LOGIN_RESET, EffectKind.LOGIN_DELETE)


@dataclass(slots=True)
class Attestation:
    """What only a human can know: who said it, when, and what."""

    step: str
    who: str
    at: str
    text: str
    subject: str = ""


@dataclass(slots=True)
class Decision:
    """The operator's judgement of a finding: ``ours``, ``intruder``, ``keep``, ``remove``, with a reason.

    ``title`` is what the finding was called then, empty where nobody noted it: what it is about may be gone by now.
    """

    finding: str
    decision: str
    reason: str
    who: str
    at: str
    title: str = ""


@dataclass(slots=True)
class Alarm:
    """Something that appeared or changed and that no effect of ours explains."""

    id: str
    at: str
    text: str
    kind: str
    target: str
    seen: bool = False
    # Who asked for it, where the account names somebody: the way it came through.
    through: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class ContainmentEvent:
    """Access was seen to be cut, or to be open again: when, and through what."""

    at: str
    contained: bool
    through: tuple[str, ...] = ()


@dataclass(slots=True)
class Said:
    """Something a person said: its row's kind, what it was about, and what was said."""

    kind: str
    about: str
    given: Any


@dataclass(slots=True)
class State:
    """Everything the journal says about one incident."""

    incident: str = ""
    opened_at: str = ""
    name: str = ""
    drill: bool = False
    vault_service: str = ""
    effects: dict[str, EffectRecord] = field(default_factory=dict)
    snapshots: dict[str, RecordedSnapshot] = field(default_factory=dict)
    attestations: list[Attestation] = field(default_factory=list)
    decisions: dict[str, Decision] = field(default_factory=dict)
    alarms: dict[str, Alarm] = field(default_factory=dict)
    entries: list[str] = field(default_factory=list)
    admin_entry: str = ""
    admin_service: str = (
        ""  # where it stands, while it is the one of the incident before; else ``vault_service``
    )
    admin_key_id: str = ""
    retired: dict[str, str] = field(default_factory=dict)
    baseline: AccountBaseline = NO_BASELINE
    first_cut_at: str = ""
    last_cut_at: str = ""
    # The row that noted last that a way of others to administer the account had ended.
    hands_ended_row: int = 0
    # Since when the account is contained as far as the journal knows, empty while it is not (any more).
    contained_at: str = ""
    containment: list[ContainmentEvent] = field(default_factory=list)
    # The last message that looked like the intruder's, by the account's clock, of all readings of the log.
    last_abuse_at: str = ""
    # Domains that an assessment of the log saw the intruder send for; one that says otherwise takes them out.
    strangers_sent_for: set[str] = field(default_factory=set)
    errors: list[dict[str, Any]] = field(default_factory=list)
    # What readings left, the latest of each kind: ask for it with ``fact`` and ``known``.
    _facts: dict[type[RecordedFact], RecordedFact] = field(default_factory=dict)
    timers: dict[str, RecordedTimer] = field(default_factory=dict)
    adoption: dict[str, AdoptionNote] = field(default_factory=dict)
    seen_use: dict[str, EverSeen] = field(default_factory=dict)
    use_known_at: str = ""
    handed_over: dict[str, str] = field(default_factory=dict)
    listings: ListingBook = field(default_factory=ListingBook)
    last_seq: int = 0
    # Rows that could not be read; each costs only what it said.
    unread_rows: list[int] = field(default_factory=list)
    # What is wrong with the journal itself, in a sentence; empty where its chain is whole. Nothing is written then.
    damage: str = ""
    # The damaged incident that this one goes on from: ``incident``, ``damage``, ``row`` and ``hash`` of its end,
    # and where its admin key stands in the vault.
    after: Mapping[str, Any] = field(default_factory=dict)
    # What a person said, by the journal row that holds it: enough to take it back.
    said: dict[int, Said] = field(default_factory=dict)
    # The ids of the effects of some kinds, in the order of all. Effects are added and renewed, never taken out.
    _places: dict[tuple[EffectKind, ...], list[str]] = field(default_factory=dict, repr=False, compare=False)
    _placed: int = field(default=0, repr=False, compare=False)

    def learn(self, fact: RecordedFact) -> None:
        """Take in what a reading left; the latest of each kind is kept."""
        self._facts[type(fact)] = fact

    def fact(self, kind: type[Kind]) -> Kind | None:
        """Return the latest fact of a kind, None where no reading left one."""
        found = self._facts.get(kind)
        return found if isinstance(found, kind) else None

    def known(self, kind: type[Kind]) -> Kind:
        """Return the latest fact of a kind, or an empty one, for where not read and nothing found are alike."""
        return self.fact(kind) or kind()

    @property
    def succeeds(self) -> str:
        """Return, in a sentence, which incident this one goes on from and why; ``""`` for none."""
        if not self.after:
            return ""
        before = visible(self.after.get("incident", ""), 40)
        if damage := self.after.get("damage"):
            return f"This incident goes on from {before}, whose journal was found damaged: {visible(damage, 200)}"
        return f"This incident uses the admin key that {before} made in place of the one that was given."

    def record(self, effect_id: str) -> EffectRecord | None:
        """Return the record of an effect, None when it was never planned in this incident."""
        return self.effects.get(effect_id)

    def of_kind(self, *kinds: EffectKind) -> list[EffectRecord]:
        """Return the records of the given kinds in the order they were confirmed."""
        if self._placed != len(self.effects):
            self._places = {}
            self._placed = len(self.effects)
        ids = self._places.get(kinds)
        if ids is None:
            ids = [effect_id for effect_id, record in self.effects.items() if record.effect.kind in kinds]
            self._places[kinds] = ids
        return [self.effects[effect_id] for effect_id in ids]

    @property
    def passwords(self) -> dict[str, EffectRecord]:
        """Return the effect that set each login's present password, by login: the last one that the server took."""
        found: dict[str, EffectRecord] = {}
        for record in self.of_kind(EffectKind.LOGIN_CREATE, EffectKind.LOGIN_RESET):
            if record.state not in (EffectState.DONE, EffectState.VERIFIED):
                continue
            known = found.get(record.effect.target)
            if known is None or (known.done_row, known.done_at) <= (record.done_row, record.done_at):
                found[record.effect.target] = record
        return found

    @property
    def created_keys(self) -> dict[str, EffectRecord]:
        """Return the keys this incident minted and still holds, by key id."""
        return {
            r.result.key_id: r
            for r in self.of_kind(EffectKind.KEY_CREATE)
            if r.result.key_id and r.state in (EffectState.DONE, EffectState.VERIFIED)
        }

    @property
    def access_cut_at(self) -> str:
        """Return when access was cut last, empty while it was not.

        A key that step 11 replaces by one that may do less was never in the intruder's hands: its end cuts nobody off.
        """
        calm = self._calm
        return max((r.done_at for r in self._ends(calm)), default="") if calm else self.last_cut_at

    def after_cut(self, fact: RecordedFact, since: int | None) -> bool:
        """Return whether what a reading left tells of the time since access was cut last; True where it was not cut.

        ``since`` is the last row before the reading began: one that begins before a cut and lands after it, or that is
        only judged anew after it, does not know how it ended. Older journals tell no row, and are judged by time.
        """
        if since is None:
            return fact.at >= self.access_cut_at
        return since >= self.cut_row

    def takes_over(self, found: CredentialUses) -> bool:
        """Return whether a reading of who sends takes the place of the latest one.

        One that began before a cut, or is only judged anew, does not know what one since the cut knows, however late
        it lands.
        """
        known = self.fact(CredentialUses)
        return known is None or self.after_cut(found, found.since) or not self.after_cut(known, known.since)

    @property
    def cut_row(self) -> int:
        """Return the row by which access was cut last (see ``access_cut_at``), 0 while it was not."""
        return max((r.done_row for r in self._ends(self._calm)), default=0)

    @property
    def _calm(self) -> set[str | None]:
        return {
            r.effect.params.replaces for r in self.of_kind(EffectKind.KEY_CREATE) if r.effect.params.harden
        }

    def _ends(self, calm: Collection[str | None]) -> Iterator[EffectRecord]:
        """Yield what was done and cut somebody off: not the ends of ``calm`` keys, which nobody had stolen."""
        return (r for r in self.of_kind(*_CUTS) if r.done_at and r.effect.target not in calm)

    @property
    def people_cut_at(self) -> str:
        """Return from when on a user's new password counts: the last key deleted, empty while access is not cut.

        What ends later for other reasons (a credential kept for its hand-over, a stranger's login) opened no way
        to the control panel and sends nobody back to choose yet another password.
        """
        kept = {r.effect.params.replaces for r in self.of_kind(EffectKind.KEY_CREATE) if _kept(r)}
        gone = [
            r.done_at
            for r in self.of_kind(EffectKind.KEY_DELETE)
            if r.done_at and r.effect.target not in kept
        ]
        return max(gone, default=self.first_cut_at or self.last_cut_at)

    @property
    def unsettled(self) -> list[EffectRecord]:
        """Return confirmed effects that are neither verified nor skipped: what a second run continues."""
        return [r for r in self.effects.values() if not r.state.settled]

    @property
    def unfinished(self) -> list[EffectRecord]:
        """Return what a next run goes on with by itself: unsettled, and not failed for good.

        A failure whose outcome is unknown, or that a passing trouble caused, is open: the account is asked.
        """
        return [r for r in self.unsettled if r.open or r.state is not EffectState.FAILED]

    @property
    def half_done(self) -> list[EffectRecord]:
        """Return the unfinished that going on would change: what is done and was looked at in vain only waits."""
        return [r for r in self.unfinished if r.open or r.attempts == 0 or not r.tried_at]

    @property
    def open_intents(self) -> list[EffectRecord]:
        """Return effects whose intent stands without an outcome: ask the account about each."""
        return [r for r in self.effects.values() if r.open]


def _kept(record: EffectRecord) -> bool:
    """Return whether a mint replaces a key that is kept until its hand-over (see ``handover``)."""
    return record.effect.params.cut == "first"


def interrupted(state: State) -> str:
    """Return where the changes confirmed earlier stand, in one sentence; empty where nothing is left of them."""
    left = state.unfinished
    if not left:
        return ""
    asked = sum(record.open for record in left)
    unproven = sum(record.state is EffectState.DONE and not record.open for record in left)
    waiting = len(left) - asked - unproven
    parts = (
        (asked, "begun, outcome not known (the account is asked first)"),
        (unproven, "done and not proven"),
        (waiting, "not begun"),
    )
    shown = ", ".join(f"{number} {words}" for number, words in parts if number)
    over = sum(record.state is EffectState.VERIFIED for record in state.effects.values())
    return f"An earlier run was interrupted: {plural(over, 'change')} proven, {shown}."
