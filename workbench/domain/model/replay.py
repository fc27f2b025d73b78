"""From journal rows to the state: one small function a row kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from workbench.blocklists.removal import RemovalRequest
from workbench.domain.forensics.recorded import RecordedAssessment
from workbench.domain.model import fact_kinds
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.credential_use import BOTH, INTRUDER, NEVER_SEEN, CredentialUses
from workbench.domain.model.effect_result import NO_RESULT
from workbench.domain.model.hash_chain import UNREADABLE
from workbench.domain.model.plan import Effect, EffectKind, EffectState
from workbench.domain.model.recorded_rows import AdoptionNote, RecordedSnapshot, RecordedTimer
from workbench.domain.model.state import (
    Alarm,
    Attestation,
    ContainmentEvent,
    Decision,
    EffectRecord,
    JournalRow,
    Said,
    State,
)
from workbench.domain.runbook.recorded import OutsideHands, PutOff

Body = Mapping[str, Any]


class RemovalSaid(NamedTuple):
    """A row of a request for removal, how the request stood before it, and when it was recorded."""

    body: Body
    before: RemovalRequest
    at: datetime


def apply(state: State, row: JournalRow) -> None:
    """Take one journal row into the state; rows of a kind not known here are left alone."""
    state.last_seq = row.seq
    handler = _HANDLERS.get(row.kind)
    if handler is not None:
        handler(state, row.body, row.at)


def fold(rows: Iterable[JournalRow]) -> State:
    """Return the state that the given rows lead to, oldest row first.

    A row that cannot be read costs itself alone: its number stands in ``unread_rows``. Rows that this program has
    only just written go through ``apply``, where such an error is a fault of ours.
    """
    state = State()
    for row in rows:
        take(state, row)
    return state


def take(state: State, row: JournalRow) -> bool:
    """Take in a row that was written before, or elsewhere; return whether it could be read."""
    try:
        apply(state, row)
    except UNREADABLE:
        state.unread_rows.append(row.seq)
        return False
    return True


# The timers that begin because somebody says that a user has the message: until a mailed link dies, until it is asked.
_MESSAGES = frozenset({"link", "told"})
_CUTTING = frozenset({EffectKind.KEY_DELETE, EffectKind.LOGIN_RESET, EffectKind.LOGIN_DELETE})


def _opened(state: State, body: Body, at: str) -> None:
    state.incident = body["incident"]
    state.after = body.get("after", {})
    state.admin_entry = state.after.get("admin_entry", "")
    state.admin_service = state.after.get("admin_service", "")
    state.retired.update(state.after.get("retired", {}))
    state.name = body.get("name", "")
    state.drill = bool(body.get("drill", False))
    state.vault_service = body.get("vault_service", "")
    state.opened_at = at


def _named(state: State, body: Body, _at: str) -> None:
    state.name = body["name"]
    state.vault_service = body["vault_service"]
    state.opened_at = str(body.get("opened_at") or state.opened_at)


def _vault_entry(state: State, body: Body, _at: str) -> None:
    if body["entry"] not in state.entries:
        state.entries.append(body["entry"])


def _confirmed(state: State, body: Body, at: str) -> None:
    unread: Exception | None = None
    for document in body["effects"]:
        try:
            effect = Effect.from_json(document)
        except UNREADABLE as error:
            # The plan holds thousands: the others are known all the same, and the row counts as not read whole.
            unread = error
            continue
        known = state.effects.get(effect.id)
        # A failed or skipped effect that is confirmed again gets a fresh start, keeping its history of attempts.
        if known is None or known.state in (EffectState.FAILED, EffectState.SKIPPED):
            fresh = EffectRecord(effect)
            if known is not None:
                fresh.attempts, fresh.entry, fresh.result = known.attempts, known.entry, known.result
                fresh.open, fresh.failures = known.open, known.failures
                fresh.troubles, fresh.failed_at = known.troubles, known.failed_at
            state.effects[effect.id] = fresh
    if unread is not None:
        raise unread


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
    record.result = record.result.with_body(body.get("result"))


def _secured(state: State, body: Body, at: str) -> None:
    record = state.effects[body["id"]]
    record.entry = body["entry"]
    record.result = record.result.with_body(body.get("result"))
    _vault_entry(state, body, at)


def _done(state: State, body: Body, at: str) -> None:
    record = state.effects[body["id"]]
    record.open = False
    record.troubles = 0
    record.state = EffectState.DONE
    record.done_at, record.done_row = at, state.last_seq
    record.account_at = str(body.get("account_at", ""))
    record.evidence = list(body.get("evidence", []))
    record.result = record.result.with_body(body.get("result"))
    if record.effect.kind in _CUTTING:
        state.first_cut_at = state.first_cut_at or at
        state.last_cut_at = at


def _verified(state: State, body: Body, at: str) -> None:
    record = state.effects[body["id"]]
    record.open = False
    record.state = EffectState.VERIFIED
    record.proven_at, record.proven_row = at, _looked_from(state, body)
    record.done_at, record.done_row = record.done_at or at, record.done_row or state.last_seq
    record.evidence = list(body.get("evidence", record.evidence))


def _looked_from(state: State, body: Body) -> int:
    """Return the last row that was written before the look which this row tells of; older journals do not say."""
    return int(body.get("since", state.last_seq))


def _reproven(state: State, body: Body, at: str) -> None:
    """An effect was proven again, later or from elsewhere: the newest look stands beside the first."""
    record = state.effects[body["id"]]
    first = [line for line in record.evidence if not line.startswith("again ")]
    record.evidence = [*first, *body["evidence"]]
    record.tried_at, record.tried_row = at, _looked_from(state, body)
    if body["sure"]:
        record.state = EffectState.VERIFIED
        record.proven_at, record.proven_row = at, record.tried_row
    elif body["against"]:
        record.state = EffectState.DONE


def _unproven(state: State, body: Body, at: str) -> None:
    # Done stays done: the server said yes, only the proof is missing, and why is kept beside it.
    record = state.effects[body["id"]]
    record.evidence = list(body.get("evidence", record.evidence))
    record.tried_at, record.tried_row = at, _looked_from(state, body)


def _failed(state: State, body: Body, at: str) -> None:
    record = state.effects[body["id"]]
    record.open = bool(body.get("unknown", False))
    record.failures += not record.open
    record.troubles = record.troubles + 1 if record.open else 0
    record.failed_at = at
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
    record.result = NO_RESULT
    record.entry = ""


def _switched(state: State, body: Body, _at: str) -> None:
    state.admin_entry, state.admin_service = body["entry"], ""
    state.admin_key_id = body["key_id"]
    if body.get("retired"):
        state.retired[body["retired"]] = body["entry"]


def _snapshot(state: State, body: Body, at: str) -> None:
    state.snapshots[body["part"]] = RecordedSnapshot.from_body(body, at)
    if body.get("baseline"):
        state.baseline = AccountBaseline.from_body(body["baseline"]).over(state.baseline)


def _baseline_added(state: State, body: Body, _at: str) -> None:
    """A slice was read for the first time: it becomes the baseline, without moving what is one already."""
    state.baseline = AccountBaseline.from_body(body["baseline"]).under(state.baseline)


def _attested(state: State, body: Body, at: str) -> None:
    given = Attestation(body["step"], body["who"], at, body["text"], body.get("subject", ""))
    state.attestations.append(given)
    state.said[state.last_seq] = Said("attested", f"step {given.step}", given)


def _decided(state: State, body: Body, at: str) -> None:
    reason, title = body.get("reason", ""), body.get("title", "")
    decision = Decision(body["finding"], body["decision"], reason, body["who"], at, title)
    state.said[state.last_seq] = Said("finding.decided", decision.finding, decision)
    state.decisions[decision.finding] = decision


def _taken_back(state: State, body: Body, _at: str) -> None:
    """Something said earlier counts no more: what else was said of the same stands as if it had never been."""
    row = int(body["row"])
    said = state.said.pop(row, None)
    if said is None:
        return
    if said.kind == "attested":
        state.attestations = [one for one in state.attestations if one is not said.given]
        return
    left = [one.given for one in state.said.values() if (one.kind, one.about) == (said.kind, said.about)]
    by_kind: dict[str, dict[str, Any]] = {"finding.decided": state.decisions, "timer": state.timers}
    if (held := by_kind.get(said.kind)) is not None:
        held.pop(said.about, None)
        if left:
            held[said.about] = left[-1]
    elif said.kind == "removal":
        _removal_taken_back(state, row, said)
    elif said.kind == "put.off":
        others = {one: until for one, until in state.known(PutOff).until.items() if one != said.about}
        state.learn(PutOff(until=others | ({said.about: left[-1]} if left else {})))
    else:
        state.adoption.pop(said.about, None)
        for given in left:
            state.adoption[said.about] = given.over(state.adoption.get(said.about))


def _removal(state: State, body: Body, at: str) -> None:
    """Somebody says that a removal was asked for, or what the list answered."""
    before = state.listings.requested(body)
    about = f"{body['subject']} on {body['zone']}"
    state.said[state.last_seq] = Said("removal", about, RemovalSaid(body, before, datetime.fromisoformat(at)))


def _removal_taken_back(state: State, row: int, said: Said) -> None:
    """Have the request stand as before; a later one of the same listing keeps what it says."""
    later = [
        n for n, one in state.said.items() if n > row and (one.kind, one.about) == (said.kind, said.about)
    ]
    if later:
        after = state.said[min(later)]
        after.given = after.given._replace(before=said.given.before)
    else:
        state.listings.taken_back(*said.given)


def _alarm(state: State, body: Body, at: str) -> None:
    through = str(body.get("through", ""))
    state.alarms[body["id"]] = Alarm(
        body["id"], at, body["text"], body["kind"], body["target"], through=through, row=state.last_seq
    )


def _alarm_seen(state: State, body: Body, _at: str) -> None:
    if body["id"] in state.alarms:
        state.alarms[body["id"]].seen = True


def _error(state: State, body: Body, at: str) -> None:
    state.errors.append({**body, "at": at})


def _fact(state: State, body: Body, at: str) -> None:
    """What a reading left, the latest of each kind kept; a kind that is not known here is left alone."""
    fact = fact_kinds.read(body, at)
    if fact is None:
        return
    if isinstance(fact, OutsideHands) and fact.until != state.known(OutsideHands).until:
        state.hands_ended_row = state.last_seq
    state.learn(fact)
    if isinstance(fact, CredentialUses):
        state.use_known_at = state.use_known_at or at
        for credential, use in fact.by_credential.items():
            state.seen_use[credential] = state.seen_use.get(credential, NEVER_SEEN).and_now(use)
            if use.looks in (INTRUDER, BOTH):
                state.last_abuse_at = max(state.last_abuse_at, use.strange_last_used or use.last_used)
    elif isinstance(fact, PutOff) and fact.until:
        # Each such row holds all that is put off; the one that stands back longest is the one it was written for.
        action = max(fact.until, key=lambda one: fact.until[one])
        state.said[state.last_seq] = Said("put.off", action, fact.until[action])
    elif isinstance(fact, RecordedAssessment):
        # A part of the log that is gone by now was read once; what people judged otherwise since is taken out.
        state.strangers_sent_for.difference_update(fact.cleared_domains)
        state.strangers_sent_for.update(fact.abused_domains)


def _contained(state: State, _body: Body, at: str) -> None:
    """Access is cut, for the first time or again; a second row of the same news changes nothing."""
    if not state.contained_at:
        state.contained_at = at
        state.containment.append(ContainmentEvent(at, contained=True))


def _no_longer(state: State, body: Body, at: str) -> None:
    """What was contained is open again."""
    state.contained_at = ""
    through = tuple(str(words) for words in body.get("through", ()))
    state.containment.append(ContainmentEvent(at, contained=False, through=through))


def _timer(state: State, body: Body, at: str) -> None:
    timer = state.timers[body["id"]] = RecordedTimer.from_body(body, at)
    if timer.kind in _MESSAGES and not timer.ended:
        # That a message was sent is somebody's word; every other deadline follows from what was done.
        state.said[state.last_seq] = Said("timer", timer.id, timer)


def _adoption(state: State, body: Body, at: str) -> None:
    """The operator noted who owns a replacement and where it has to go."""
    note = AdoptionNote.from_body(body, at)
    state.said[state.last_seq] = Said("adoption.noted", note.effect, note)
    state.adoption[note.effect] = note.over(state.adoption.get(note.effect))


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
    "taken.back": _taken_back,
    "alarm.raised": _alarm,
    "alarm.seen": _alarm_seen,
    "error": _error,
    "fact": _fact,
    "contained": _contained,
    "contained.again": _contained,
    "contained.no_longer": _no_longer,
    "timer": _timer,
    "adoption.noted": _adoption,
    "secret.read": _secret_read,
    "blocklist.observed": lambda state, body, _at: state.listings.observed(body),
    "removal.requested": _removal,
    "removal.refused": _removal,
}
