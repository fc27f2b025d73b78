"""What is known of an incident: a fold over its journal, and nothing else.

Each row kind has one small function here that applies it. The state holds ids, names and evidence; never
a secret. Reopening an incident is reading its rows again, so a quit, a crash and a kill look alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from workbench.incident.listings import ListingBook
from workbench.incident.plan import Effect, EffectKind, EffectState
from workbench.incident.use import remember


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
    result: dict[str, Any] = field(default_factory=dict)
    failure: dict[str, str] = field(default_factory=dict)
    intent_at: str = ""
    done_at: str = ""

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
        if "key_id" in self.result:
            document["key_id"] = self.result["key_id"]
        if self.done_at:
            document["at"] = self.done_at
        if self.failure:
            document["failure"] = dict(self.failure)
        return document


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
    """The operator's judgement of a finding: ``ours``, ``intruder``, ``keep``, ``remove``, with a reason."""

    finding: str
    decision: str
    reason: str
    who: str
    at: str


@dataclass(slots=True)
class Alarm:
    """Something that appeared or changed and that no effect of ours explains."""

    id: str
    at: str
    text: str
    kind: str
    target: str
    seen: bool = False


@dataclass(slots=True)
class State:
    """Everything the journal says about one incident."""

    incident: str = ""
    opened_at: str = ""
    name: str = ""
    drill: bool = False
    vault_service: str = ""
    effects: dict[str, EffectRecord] = field(default_factory=dict)
    snapshots: dict[str, dict[str, Any]] = field(default_factory=dict)
    attestations: list[Attestation] = field(default_factory=list)
    decisions: dict[str, Decision] = field(default_factory=dict)
    alarms: dict[str, Alarm] = field(default_factory=dict)
    entries: list[str] = field(default_factory=list)
    admin_entry: str = ""
    admin_key_id: str = ""
    retired: dict[str, str] = field(default_factory=dict)
    baseline: dict[str, Any] = field(default_factory=dict)
    first_cut_at: str = ""
    last_cut_at: str = ""
    contained_at: str = ""
    errors: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    timers: dict[str, dict[str, Any]] = field(default_factory=dict)
    adoption: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen_use: dict[str, dict[str, Any]] = field(default_factory=dict)
    use_known_at: str = ""
    handed_over: dict[str, str] = field(default_factory=dict)
    listings: ListingBook = field(default_factory=ListingBook)
    last_seq: int = 0

    def record(self, effect_id: str) -> EffectRecord | None:
        """Return the record of an effect, None when it was never planned in this incident."""
        return self.effects.get(effect_id)

    def of_kind(self, *kinds: EffectKind) -> list[EffectRecord]:
        """Return the records of the given kinds in the order they were confirmed."""
        return [r for r in self.effects.values() if r.effect.kind in kinds]

    @property
    def created_keys(self) -> dict[str, EffectRecord]:
        """Return the keys this incident minted and still holds, by key id."""
        return {
            str(r.result["key_id"]): r
            for r in self.of_kind(EffectKind.KEY_CREATE)
            if "key_id" in r.result and r.state in (EffectState.DONE, EffectState.VERIFIED)
        }

    @property
    def people_cut_at(self) -> str:
        """Return from when on a user's new password counts: the last key deleted, empty while access is not cut.

        What ends later for other reasons (a credential kept for its hand-over, a stranger's login) opened no way
        to the control panel and sends nobody back to choose yet another password.
        """
        kept = {r.effect.params.get("replaces") for r in self.of_kind(EffectKind.KEY_CREATE) if _kept(r)}
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
    def open_intents(self) -> list[EffectRecord]:
        """Return effects whose intent stands without an outcome: ask the account about each."""
        return [r for r in self.effects.values() if r.open]

    def apply(self, row: JournalRow) -> None:
        """Take one journal row into the state; rows of a kind not known here are left alone."""
        self.last_seq = row.seq
        handler = _HANDLERS.get(row.kind)
        if handler is not None:
            handler(self, row.body, row.at)


def fold(rows: Iterable[JournalRow]) -> State:
    """Return the state that the given rows lead to, oldest row first."""
    state = State()
    for row in rows:
        state.apply(row)
    return state


def _kept(record: EffectRecord) -> bool:
    """Return whether a mint replaces a key that is kept until its hand-over (see ``handover``)."""
    return record.effect.params.get("cut") == "first"


Body = Mapping[str, Any]
_CUTTING = frozenset({EffectKind.KEY_DELETE, EffectKind.LOGIN_RESET, EffectKind.LOGIN_DELETE})


def _opened(state: State, body: Body, at: str) -> None:
    state.incident = body["incident"]
    state.name = body.get("name", "")
    state.drill = bool(body.get("drill", False))
    state.vault_service = body.get("vault_service", "")
    state.opened_at = at


def _named(state: State, body: Body, _at: str) -> None:
    state.name = body["name"]
    state.vault_service = body["vault_service"]


def _vault_entry(state: State, body: Body, _at: str) -> None:
    if body["entry"] not in state.entries:
        state.entries.append(body["entry"])


def _confirmed(state: State, body: Body, at: str) -> None:
    for document in body["effects"]:
        effect = Effect.from_json(document)
        known = state.effects.get(effect.id)
        # A failed or skipped effect that is confirmed again gets a fresh start, keeping its history of attempts.
        if known is None or known.state in (EffectState.FAILED, EffectState.SKIPPED):
            fresh = EffectRecord(effect)
            if known is not None:
                fresh.attempts, fresh.entry, fresh.result = known.attempts, known.entry, known.result
                fresh.open = known.open
            state.effects[effect.id] = fresh


def _intent(state: State, body: Body, at: str) -> None:
    record = state.effects[body["id"]]
    record.open = True
    record.attempts += 1
    record.intent_at = at
    record.failure = {}
    if record.state in (EffectState.FAILED, EffectState.SKIPPED):
        record.state = EffectState.PLANNED
    if body.get("entry"):
        record.entry = body["entry"]
        _vault_entry(state, body, at)
    record.result.update(body.get("result", {}))


def _secured(state: State, body: Body, at: str) -> None:
    record = state.effects[body["id"]]
    record.entry = body["entry"]
    record.result.update(body.get("result", {}))
    _vault_entry(state, body, at)


def _done(state: State, body: Body, at: str) -> None:
    record = state.effects[body["id"]]
    record.open = False
    record.state = EffectState.DONE
    record.done_at = at
    record.evidence = list(body.get("evidence", []))
    record.result.update(body.get("result", {}))
    if record.effect.kind in _CUTTING:
        state.first_cut_at = state.first_cut_at or at
        state.last_cut_at = at


def _verified(state: State, body: Body, at: str) -> None:
    record = state.effects[body["id"]]
    record.open = False
    record.state = EffectState.VERIFIED
    record.done_at = record.done_at or at
    record.evidence = list(body.get("evidence", record.evidence))


def _reproven(state: State, body: Body, _at: str) -> None:
    """An effect was proven again, later or from elsewhere: the newest look stands beside the first."""
    record = state.effects[body["id"]]
    first = [line for line in record.evidence if not line.startswith("again ")]
    record.evidence = [*first, *body["evidence"]]
    if body["sure"]:
        record.state = EffectState.VERIFIED
    elif body["against"]:
        record.state = EffectState.DONE


def _unproven(state: State, body: Body, _at: str) -> None:
    # Done stays done: the server said yes, only the proof is missing, and why is kept beside it.
    record = state.effects[body["id"]]
    record.evidence = list(body.get("evidence", record.evidence))


def _failed(state: State, body: Body, _at: str) -> None:
    record = state.effects[body["id"]]
    record.open = bool(body.get("unknown", False))
    record.state = EffectState.FAILED
    record.failure = {k: str(body.get(k, "")) for k in ("what", "means", "todo")}


def _skipped(state: State, body: Body, _at: str) -> None:
    record = state.effects[body["id"]]
    record.open = False
    record.state = EffectState.SKIPPED
    record.evidence = [body["why"]]


def _reset(state: State, body: Body, _at: str) -> None:
    """A half-done effect was undone (an orphan key deleted): it starts over."""
    record = state.effects[body["id"]]
    record.open = False
    record.state = EffectState.PLANNED
    record.result = {}
    record.entry = ""


def _switched(state: State, body: Body, _at: str) -> None:
    state.admin_entry = body["entry"]
    state.admin_key_id = body["key_id"]
    if body.get("retired"):
        state.retired[body["retired"]] = body["entry"]


def _snapshot(state: State, body: Body, at: str) -> None:
    state.snapshots[body["part"]] = {**body, "at": at}
    if body.get("baseline"):
        state.baseline = {**state.baseline, **body["baseline"]}


def _baseline_added(state: State, body: Body, _at: str) -> None:
    """A slice was read for the first time: it becomes the baseline, without moving what is one already."""
    state.baseline = {**body["baseline"], **state.baseline}


def _attested(state: State, body: Body, at: str) -> None:
    state.attestations.append(
        Attestation(body["step"], body["who"], at, body["text"], body.get("subject", ""))
    )


def _decided(state: State, body: Body, at: str) -> None:
    decision = Decision(body["finding"], body["decision"], body.get("reason", ""), body["who"], at)
    state.decisions[decision.finding] = decision


def _alarm(state: State, body: Body, at: str) -> None:
    state.alarms[body["id"]] = Alarm(body["id"], at, body["text"], body["kind"], body["target"])


def _alarm_seen(state: State, body: Body, _at: str) -> None:
    if body["id"] in state.alarms:
        state.alarms[body["id"]].seen = True


def _error(state: State, body: Body, at: str) -> None:
    state.errors.append({**body, "at": at})


def _fact(state: State, body: Body, at: str) -> None:
    """A named result of a reading (abuse rate, blocklists, metrics), the latest one kept."""
    state.facts[body["name"]] = {**body, "at": at}
    if body["name"] == "credential_use":
        state.use_known_at = state.use_known_at or at
        for credential, use in body.get("by_credential", {}).items():
            remember(state.seen_use.setdefault(str(credential), {}), use)


def _contained(state: State, _body: Body, at: str) -> None:
    state.contained_at = state.contained_at or at


def _timer(state: State, body: Body, at: str) -> None:
    state.timers[body["id"]] = {**body, "at": at}


def _adoption(state: State, body: Body, at: str) -> None:
    """The operator noted who owns a replacement and where it has to go."""
    state.adoption[body["effect"]] = {**body, "at": at}


def _secret_read(state: State, body: Body, at: str) -> None:
    state.handed_over[body["entry"]] = at


_HANDLERS: dict[str, Callable[[State, Body, str], None]] = {
    "incident.opened": _opened,
    "incident.named": _named,
    "vault.entry": _vault_entry,
    "plan.confirmed": _confirmed,
    "effect.intent": _intent,
    "effect.secured": _secured,
    "effect.done": _done,
    "effect.verified": _verified,
    "effect.unproven": _unproven,
    "effect.reproven": _reproven,
    "effect.failed": _failed,
    "effect.skipped": _skipped,
    "effect.reset": _reset,
    "admin_key.switched": _switched,
    "snapshot.stored": _snapshot,
    "baseline.added": _baseline_added,
    "attested": _attested,
    "finding.decided": _decided,
    "alarm.raised": _alarm,
    "alarm.seen": _alarm_seen,
    "error": _error,
    "fact": _fact,
    "contained": _contained,
    "timer": _timer,
    "adoption.noted": _adoption,
    "secret.read": _secret_read,
    "blocklist.observed": lambda state, body, _at: state.listings.observed(body),
    "removal.requested": lambda state, body, _at: state.listings.requested(body),
    "removal.refused": lambda state, body, _at: state.listings.requested(body),
}
