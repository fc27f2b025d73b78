"""Steps 0 to 3: evidence, keys, logins, queues. What the account must show before each is done."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from workbench.core.redact import key_tail, visible
from workbench.core.words import plural
from workbench.domain.detection.abused_domains import abused_domains, figures_unread, senders_known
from workbench.domain.detection.alarms import leaked_again
from workbench.domain.model.inventory import KeyItem
from workbench.domain.model.mints import has_room_now
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import INTRUDER, OURS, Situation
from workbench.domain.model.state import TRIES, EffectRecord, State
from workbench.domain.runbook import manual_steps
from workbench.domain.runbook.handover import Kept, awaited, kept
from workbench.domain.runbook.proof_age import due, overtaken
from workbench.domain.runbook.queues import queues_left
from workbench.domain.runbook.verdict import Found, Verdict, attested, counted
from workbench.mailgun.models import Subaccount

_AGAIN = "what the reason asks for; Enter on the step itself plans it once more, t attests it"
_CUTS = (EffectKind.KEY_CREATE, EffectKind.KEY_DELETE, EffectKind.LOGIN_CREATE, EffectKind.LOGIN_RESET)
_REACHED = (EffectState.DONE, EffectState.VERIFIED)
_DOUBTFUL = (EffectState.DONE, EffectState.FAILED)
_PROVE_ELSEWHERE = (
    "a host that reaches Mailgun's SMTP servers: start the workbench there, try again (f), or attest (t)"
)


def evidence(situation: Situation) -> Found:
    """Step 0: both snapshots stored with their hash, and Support told (attested)."""
    state = situation.state
    lines: list[str] = []
    stored = 0
    for part, name in (("0a", "keys, users, domains, logins, limits"), ("0b", "settings and logs")):
        snapshot = state.snapshots.get(part)
        if snapshot is None:
            lines.append(f"{part} ({name}): not stored yet")
        else:
            stored += 1
            lines.append(f"{part} ({name}): stored {snapshot.at}, sha256 {snapshot.sha256[:16]}…")
    told = [a for a in state.attestations if a.step == "0"]
    lines.append(
        f"Support told: {told[-1].at}, {told[-1].who}" if told else "Support: opening message not sent yet"
    )
    done = stored + bool(told)
    first = "0a" in state.snapshots
    found = counted(done, 3, tuple(lines))
    # The rest (0b) is read below the writes and stands in nobody's way (design, idea 5).
    if first and not told:
        happens = "The evidence is stored. A message to Mailgun Support opens, to copy and send."
        return replace(found, action="support.message", happens=happens)
    waits = "the rest of the evidence: it is read by itself, below everything else" if first else ""
    return replace(found, action="evidence.preserve", idle=first, waits=waits)


def keys(situation: Situation) -> Found:
    """Step 1: every key that existed is absent, and every replacement stored and proven."""
    inventory, state = situation.inventory, situation.state
    if "keys" not in inventory.read_at:
        return Found(Verdict.OPEN, ("the key list is not read yet",))
    deletes = state.of_kind(EffectKind.KEY_DELETE)
    # A key made in step 11 to do less replaces one that step 1 is about no more.
    mints = [r for r in state.of_kind(EffectKind.KEY_CREATE) if not r.effect.params.harden]
    left = [item for item in inventory.keys.values() if key_is_left(situation, item)]
    gone = [r for r in deletes if r.state is EffectState.VERIFIED]
    there = {item.id for item in left}
    # Deleted by the server's word and not proven dead: "the old key still answers" is not done.
    doubtful = [r for r in deletes if r.state in _DOUBTFUL and r.effect.target not in there]
    total = len(left) + len({r.effect.target for r in (*gone, *doubtful)} - there)
    lines = [_line(r) for r in (*deletes, *mints) if r.state is not EffectState.PLANNED]
    lines[:0] = _left_lines(situation, left)
    if doubtful:
        alive = sum(any(line.startswith("ALIVE") for line in r.evidence) or bool(r.failure) for r in doubtful)
        lines.insert(
            0,
            f"{plural(len(doubtful), 'deleted key')} not proven dead, {alive} of them still answering or refused",
        )
    proven = {r.effect.params.replaces for r in mints if r.state is EffectState.VERIFIED}
    unproven = [
        r
        for r in mints
        if r.state in (EffectState.PLANNED, EffectState.DONE)
        # A refused sending key counts no more once a key with the old role took its place.
        or (r.state is EffectState.FAILED and r.effect.params.replaces not in proven)
    ]
    if unproven:
        lines.insert(0, f"{plural(len(unproven), 'replacement')} not proven yet")
    waiting = [item for item in kept(situation) if item.is_key and not item.calm]
    lines[:0] = [_kept(item, situation.now) for item in waiting]
    if not total and not mints:
        # The key that reads the account is one of its keys: an empty list is not the list.
        return Found(Verdict.BLOCKED, ("the key list came back empty, which cannot be: it was not read",))
    open_ = len(left) + len(doubtful)
    found = counted(total - open_ - bool(unproven and not open_), total, tuple(lines))
    if waiting and len(waiting) == len(left) and not unproven and not doubtful:
        return _hand_over(situation, found, waiting)
    # What is left to try: keys that are still there, and replacements of keys that are gone.
    tried = {item.id for item in left} - {item.target for item in waiting}
    tried |= {
        r.effect.target for r in unproven if r.state is EffectState.FAILED and r.effect.target not in there
    }
    if reason := stuck(state, tried):
        return replace(found, verdict=Verdict.BLOCKED, evidence=(reason, *found.evidence), waits=_AGAIN)
    if left and inventory.logins and not state.of_kind(*_CUTS):
        happens = (
            "One plan cuts all access, the worst first: each key is replaced (new one stored and proven, old one "
            "deleted and proven dead), and every SMTP login gets a new password. Each row of it can be left out."
        )
        return replace(found, action="contain.all", happens=happens)
    return _finish_first(found, [*deletes, *mints])


def _left_lines(situation: Situation, left: Sequence[KeyItem]) -> list[str]:
    """Return what keys are left to cut, in a line for each sort of them."""
    again = sum(situation.minted_here(item.id) for item in left)
    before = situation.state.baseline
    since = sum(not before.had_key(item.id) and not situation.minted_here(item.id) for item in left)
    told = (
        (len(left) - since - again, "key", "from before still in the account"),
        (since, "key", "made since by somebody else, still in the account"),
        (again, "new key", "in other hands already: to be replaced once more"),
    )
    return [f"{plural(count, what)} {how}" for count, what, how in told if count]


def logins(situation: Situation) -> Found:
    """Step 2: every login reset by us and proven, or removed."""
    inventory, state = situation.inventory, situation.state
    if "logins" not in inventory.read_at:
        return Found(Verdict.OPEN, ("the SMTP logins are not read yet",))
    by_login = {r.effect.target: r for r in state.of_kind(EffectKind.LOGIN_RESET, EffectKind.LOGIN_CREATE)}
    held = list(inventory.logins)
    if not held and not by_login:
        return Found(Verdict.NOT_APPLICABLE, ("no domain has SMTP logins",))
    removed = [r for r in state.of_kind(EffectKind.LOGIN_DELETE) if r.state is EffectState.VERIFIED]
    used = [login for login in held if login in leaked_again(situation)]
    verified = [
        login for login in held if _state(by_login, login) is EffectState.VERIFIED and login not in used
    ]
    stale = overtaken(state)
    again = [by_login[login] for login in verified if login in stale]
    unproven = [login for login in held if _state(by_login, login) is EffectState.DONE and login not in used]
    untouched = len(held) - len(verified) - len(unproven)
    lines = []
    if used:
        lines.append(f"{plural(len(used), 'new password')} in other hands already: to be replaced once more")
    if untouched > len(used):
        lines.append(f"{plural(untouched - len(used), 'login')} still with the password from before")
    if unproven:
        lines.append(f"{len(unproven)} reset, but cannot be proven from here")
        lines += [by_login[login].evidence[-1] for login in unproven[:1] if by_login[login].evidence]
    if verified:
        lines.append(f"{len(verified)} reset, new password accepted by the SMTP server")
        lines.append("old passwords: not tested unless supplied; a reset replaces the only one")
    if removed:
        lines.append(f"{plural(len(removed), 'stranger login')} removed, absent from their domains")
    waiting = [item for item in kept(situation) if not item.is_key]
    lines[:0] = [_kept(item, situation.now) for item in waiting]
    if not untouched and unproven:
        found = Found(Verdict.IN_PROGRESS, tuple(lines), (len(verified), len(held)), "finish")
        # Looked at and not shown: from here it may never be. The next step need not wait for another host.
        tried = all(by_login[login].tried_at for login in unproven)
        said = attested(state, "2")
        if tried and said is not None:
            return replace(said, evidence=(*said.evidence, *lines), progress=found.progress)
        return replace(found, idle=True, waits=_PROVE_ELSEWHERE) if tried else found
    if again and not untouched:
        return _to_prove_again(state, again, len(held), lines)
    found = counted(len(verified), len(held), tuple(lines))
    if waiting and len(waiting) == untouched and not unproven:
        return _hand_over(situation, found, waiting)
    open_ = {login for login in held if _state(by_login, login) not in _REACHED} - {i.target for i in waiting}
    if reason := stuck(state, open_):
        return replace(found, verdict=Verdict.BLOCKED, evidence=(reason, *found.evidence), waits=_AGAIN)
    return _finish_first(found, list(by_login.values()))


def _to_prove_again(state: State, records: Sequence[EffectRecord], total: int, lines: list[str]) -> Found:
    """Step 2 where passwords were proven while somebody else could still set others."""
    lines.insert(0, f"{len(records)} to prove again, proven before the last way to set another was shut")
    found = Found(Verdict.IN_PROGRESS, tuple(lines), (total - len(records), total), "contain.prove")
    tried = not due(state)
    said = attested(state, "2")
    if tried and said is not None:
        return replace(said, evidence=(*said.evidence, *lines), progress=found.progress)
    happens = "Every new password is tried once more at the SMTP server; nothing changes."
    # Tried and not shown: from here it may never be. Not tried: it is, by itself, and asks nothing of anybody.
    waits = _PROVE_ELSEWHERE if tried else "the new passwords, which are proven once more by themselves"
    return replace(found, happens=happens, idle=True, waits=waits)


def stop(situation: Situation) -> Found:
    """Step 3: queues of abused domains purged; limit and subaccounts as the operator wanted."""
    found = _stopped(situation)
    sure = senders_known(situation) or not figures_unread(situation)
    if sure or found.verdict not in (Verdict.DONE, Verdict.NOT_APPLICABLE):
        return found
    why, waits = _senders_unknown(situation)
    evidence = (why, *found.evidence)
    return replace(
        found, verdict=Verdict.IN_PROGRESS, evidence=evidence, action="refresh", idle=True, waits=waits
    )


def _senders_unknown(situation: Situation) -> tuple[str, str]:
    """Return why it is not known for whom a stranger sent, and what that waits for."""
    if unread := figures_unread(situation):
        where = ", ".join(region.upper() for region in unread)
        return (
            f"the sending figures of {where} could not be read: for whom a stranger sent there is not known",
            f"the sending figures of {where}, read every 20 seconds, or the log, read by itself once access is cut; "
            "where both stay unreadable, attest it (t)",
        )
    return (
        "the hourly figures name no abused domain; a quiet sender shows in the log alone, which is not read whole",
        "the log: it is read by itself once access is cut; where it stays unreadable, attest it (t)",
    )


def _stopped(situation: Situation) -> Found:
    said = attested(situation.state, "3")
    purges = {r.effect.target: r for r in situation.state.of_kind(EffectKind.QUEUE_PURGE)}
    wanted = [item.name for item in abused_domains(situation)]
    names = list(dict.fromkeys([*wanted, *purges]))
    lines = [_line(record) for record in purges.values() if record.state in _REACHED]
    lines += [_line(r) for r in situation.state.of_kind(EffectKind.LIMIT_SET) if r.state in _REACHED]
    lines += [_line(r) for r in situation.state.of_kind(EffectKind.SUBACCOUNT_DISABLE) if r.state in _REACHED]
    for item in manual_steps.left(situation.state, "3"):
        lines.append(f"in the control panel, to be attested: {item.title}. {item.where}")
    rogue = rogue_subaccounts(situation)
    if rogue:
        shown = ", ".join(visible(s.name or s.id, 60) for s in rogue[:4])
        lines.insert(0, f"still open, and not yours by all signs: subaccount {shown}")
        if said is None:
            found = counted(0, len(rogue) + len(names), tuple(lines))
            happens = (
                "One plan: the rogue subaccount is disabled, the queues of the abused domains are purged."
            )
            return replace(found, action="stop.all", happens=happens)
    if not names:
        if said is not None:
            return _with_what_is(said, lines)
        unread = [name for name in ("domains", "subaccounts") if name not in situation.inventory.read_at]
        if unread:
            return Found(Verdict.OPEN, (f"not read yet: {', '.join(unread)}", *lines))
        if situation.volume is None:
            waits = (
                "the sending figures: they are read every 20 seconds; where they stay refused, attest it (t)"
            )
            why = "the sending figures are not read yet"
            return Found(Verdict.OPEN, (why, *lines), action="refresh", idle=True, waits=waits)
        if not senders_known(situation):
            why, waits = _senders_unknown(situation)
            return Found(Verdict.OPEN, (why, *lines), action="damage.assess", idle=True, waits=waits)
        return Found(
            Verdict.NOT_APPLICABLE, ("neither figures nor log show a stranger's mail in a queue", *lines)
        )
    open_queues = queues_left(situation)
    done = [
        n for n in names if n in purges and purges[n].state is EffectState.VERIFIED and n not in open_queues
    ]
    missing = [n for n in names if n not in done]
    if missing:
        lines.insert(0, f"not purged yet: {', '.join(missing[:4])}{' …' if len(missing) > 4 else ''}")
    if said is not None and missing:
        return _with_what_is(said, lines)
    if reason := stuck(situation.state, set(missing)):
        lines.insert(0, reason)
        found = counted(len(done), len(names), tuple(lines))
        return replace(found, verdict=Verdict.BLOCKED, waits=_AGAIN)
    if said is not None and rogue:  # Open still: somebody's word for it, and no tick of ours.
        return _with_what_is(said, lines)
    return counted(len(done), len(names), tuple(lines))


def _with_what_is(said: Found, lines: Sequence[str]) -> Found:
    """Return somebody's word for a step with what the account shows beside it: the word takes none of it away."""
    return replace(said, evidence=(*said.evidence, *lines))


def stuck(state: State, targets: Collection[str]) -> str:
    """Return why nothing more can be done about the targets from here, empty where something can.

    That is so when what was tried for each of them failed for good twice: a third time is no plan, the next step is.
    """
    failed: dict[str, str] = {}
    for record in state.effects.values():
        if record.given_up and record.effect.target in targets and not has_room_now(state, record):
            failed[record.effect.target] = str(record.failure.get("what", "the server refused"))
    if not targets or set(failed) != set(targets):
        return ""
    reasons = list(dict.fromkeys(failed.values()))
    return f"{plural(len(failed), 'change')} failed {TRIES} times: {visible('; '.join(reasons[:2]), 300)}"


def key_is_left(situation: Situation, item: KeyItem) -> bool:
    """Return whether a key is to be cut: none of this incident's, unless it leaked again, and not called ours since."""
    if situation.minted_here(item.id):
        return item.id in leaked_again(situation)
    decided = situation.state.decisions.get(f"key:{item.id}")
    before = situation.state.baseline.had_key(item.id)
    return before or decided is None or decided.decision != OURS


def untouched(situation: Situation) -> tuple[list[str], list[str]]:
    """Return the logins that still have the password from before, and those whose new one is not proven."""
    state = situation.state
    by_login = {r.effect.target: r for r in state.of_kind(EffectKind.LOGIN_RESET, EffectKind.LOGIN_CREATE)}
    left, unproven = [], []
    for login in situation.inventory.logins:
        reached = EffectState.PLANNED if login in leaked_again(situation) else _state(by_login, login)
        decided = state.decisions.get(f"login:{login}")
        if reached is EffectState.DONE:
            unproven.append(login)
        elif reached is not EffectState.VERIFIED:
            ours = decided is not None and decided.decision == OURS
            if not (ours and not state.baseline.had_login(login)):
                left.append(login)
    return left, unproven


def rogue_subaccounts(situation: Situation) -> list[Subaccount]:
    """Return open subaccounts judged the intruder's, or made in the abuse window and not judged ours."""
    found = []
    for item in situation.inventory.subaccounts.values():
        decision = situation.state.decisions.get(f"subaccount:{item.id}")
        recent = item.created_at is not None and item.created_at >= situation.background.since
        suspect = decision.decision == INTRUDER if decision is not None else recent
        if suspect and item.status == "open":
            found.append(item)
    return found


def _kept(item: Kept, now: datetime) -> str:
    name = key_tail(item.target) if item.is_key else visible(item.target, 80)
    until = awaited(item, now)
    return f"{name}: kept for the hand-over{', ' if until else ''}{until}; {item.why}"


def _hand_over(situation: Situation, found: Found, waiting: list[Kept]) -> Found:
    """All that is left waits for its hand-over: the next step need not, until a deadline runs out."""
    asks = any(item.adopted or (item.due is not None and item.due <= situation.now) for item in waiting)
    if asks:
        return replace(found, verdict=Verdict.IN_PROGRESS, action="handover.finish")
    due = min((item.due for item in waiting if item.due is not None), default=None)
    until = f"until {due:%d %b %H:%M}Z, then you are asked" if due is not None else "F ends the old ones"
    waits = f"step 10: {plural(len(waiting), 'credential')} not handed over yet; {until}"
    return replace(found, verdict=Verdict.IN_PROGRESS, action="handover.finish", idle=True, waits=waits)


def _state(records: dict[str, EffectRecord], login: str) -> EffectState | None:
    record = records.get(login)
    return record.state if record is not None else None


def _line(record: EffectRecord) -> str:
    what = record.effect.what or record.effect.target
    if record.failure:
        return f"{what}: FAILED, {record.failure['what']}"
    return f"{what}: {'; '.join(record.evidence) or record.state.value}"


def _finish_first(found: Found, records: list[EffectRecord]) -> Found:
    """Point to *finish* when confirmed effects wait for it: continuing comes before planning anew."""
    begun = any(
        r.open or r.state is EffectState.DONE or (r.attempts == 0 and not r.state.settled) for r in records
    )
    if found.verdict is not Verdict.DONE and begun:
        return Found(Verdict.IN_PROGRESS, found.evidence, found.progress, "finish")
    return found
