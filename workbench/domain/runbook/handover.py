"""Cut now or replace first: what each way means for a credential, and what is kept until its hand-over. Pure.

*Cut now* ends access at once and production is handed the new credential afterwards. *Replace first* makes
the new credential, hands it over, and ends the old one when the new one is seen in use or the time is up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from workbench.core.clock import as_moment
from workbench.domain.model.credential_use import BOTH, INTRUDER, PRODUCTION, CredentialUses, RecordedUse
from workbench.domain.model.inventory import KeyItem, LoginItem
from workbench.domain.model.plan import EffectKind, EffectState, Place
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import EffectRecord, State

NOW = "now"
FIRST = "first"
# The workbench's own key: always replaced first, and ended in the same run.
OWN = "own"
# How long a kept credential waits for its hand-over before the operator is asked.
DEADLINE = timedelta(minutes=30)
# The same where nothing was stolen: a key that step 11 replaces by one that may do less.
CALM_DEADLINE = timedelta(days=7)
# So long an old credential must have sent nothing before its hand-over counts as complete.
QUIET = timedelta(minutes=10)

_CUTS = (EffectKind.KEY_DELETE, EffectKind.LOGIN_RESET, EffectKind.LOGIN_DELETE)
_REACHED = (EffectState.DONE, EffectState.VERIFIED)
_UNTOLD = "the replacement is in use; whether the old one still is cannot be told: "


def uses(state: State) -> Mapping[str, RecordedUse]:
    """Return who sent in the last hour by credential (``key:<id>``, ``smtp:<login>``), as last read."""
    return state.known(CredentialUses).by_credential


def use_words(use: RecordedUse | None) -> str:
    """Return one sentence for the plan: how much, from where, when last, and whose use it looks like."""
    if use is None:
        return "no message seen in the last hour"
    shown = ", ".join(f"{a} (new)" if a in use.strange else a for a in use.addresses[:3])
    more = len(use.addresses) - 3 + use.more_addresses
    where = f" from {shown}" + (f" and {more} more" if more > 0 else "") if shown else ""
    last = f", last {use.last_used[11:19]}Z" if use.last_used else ""
    return f"{use.last_hour:,} messages in the last hour{where}{last}; looks like {_looks(use)}"


def _looks(use: RecordedUse) -> str:
    words = {PRODUCTION: "production", INTRUDER: "the intruder", BOTH: "both production and the intruder"}
    return words.get(use.looks, "neither for sure")


def sends_abuse(use: RecordedUse | None) -> bool:
    """Return whether a credential's use of the last hour looks like the intruder's, alone or beside production."""
    return use is not None and use.looks in (INTRUDER, BOTH)


def proposal(situation: Situation) -> dict[str, str]:
    """Return the way proposed on screen for every key and login: ``now``, ``first`` or ``own``.

    Cut now for what sends abuse, looks like a stranger's, or cannot be replaced first (``postmaster``, sign-in
    keys); replace first for the rest. While nobody has read who sends, everything is proposed to be cut now:
    keeping a credential of which nothing is known would be a guess in the intruder's favour.
    """
    inventory = situation.inventory
    keys = {f"key:{key.id}": proposed_for_key(situation, key) for key in inventory.keys.values()}
    logins = {f"smtp:{one.login}": proposed_for_login(situation, one) for one in inventory.logins.values()}
    return {**keys, **logins}


def proposed_for_key(situation: Situation, key: KeyItem) -> str:
    """Return the way proposed for one key (see ``proposal``)."""
    if key.id == situation.own_key_id:
        return OWN
    if not _use_known(situation) or key.key.kind == "web" or situation.of_key(key).likely:
        return NOW
    made = _made(situation)
    if key.id in made.refused or key.id in made.in_its_place:
        return NOW
    return NOW if sends_abuse(uses(situation.state).get(f"key:{key.id}")) else FIRST


def proposed_for_login(situation: Situation, login: LoginItem) -> str:
    """Return the way proposed for one login (see ``proposal``)."""
    if not _use_known(situation) or login.is_postmaster or situation.of_login(login).likely:
        return NOW
    if login.login in _made(situation).refused:
        return NOW
    return NOW if sends_abuse(uses(situation.state).get(f"smtp:{login.login}")) else FIRST


@dataclass(frozen=True, slots=True)
class _Made:
    """What this incident made, or was to make, in place of old credentials.

    ``kept`` are the replacements of each credential that is replaced first and not ended since. Of ``refused`` (key
    ids, logins) none could be made beside the old one (a full quota): it can be in its place. Of the keys
    ``in_its_place`` it was made to cut the old one at once, and only that end was left out: nothing is handed over for
    such a key and nothing waits for it. The workbench's own key is one of them, once it runs on its replacement.
    """

    kept: Mapping[str, list[EffectRecord]]
    refused: frozenset[str]
    in_its_place: frozenset[str]


def _made(situation: Situation) -> _Made:
    """Return what was made in place of old credentials, computed once for each situation: a plan asks it of each."""
    if situation.replaced is None:
        state = situation.state
        first: dict[str, list[EffectRecord]] = {}
        refused, at_once, other = set[str](), set[str](), set[str]()
        for record in state.of_kind(EffectKind.KEY_CREATE, EffectKind.LOGIN_CREATE):
            target, is_first = record.effect.params.replaces, record.effect.params.cut == FIRST
            if is_first and record.state is EffectState.FAILED:
                refused.add(target)
            if is_first and target and _stands(record):
                kind = "key" if record.effect.kind is EffectKind.KEY_CREATE else "smtp"
                first.setdefault(f"{kind}:{target}", []).append(record)
            if record.effect.kind is EffectKind.KEY_CREATE:
                (at_once if record.state in _REACHED and not is_first else other).add(target)
        ended = set(_ended(state, first)) if first else set()
        kept_ = {name: records for name, records in first.items() if name not in ended}
        situation.replaced = _Made(kept_, frozenset(refused), frozenset(at_once - other))
    made: _Made = situation.replaced
    return made


def _use_known(situation: Situation) -> bool:
    return situation.state.fact(CredentialUses) is not None


@dataclass(frozen=True, slots=True)
class Kept:
    """An old credential that still works because its replacement is being handed over.

    ``replacements`` are the new credentials as ``key:<id>`` or ``smtp:<login>``, ``entries`` their vault entries.
    ``due`` is when the operator is asked; ``adopted`` says that a replacement was seen in use and the old one
    was not, ``why`` in words. ``calm`` says that the old one was never in the intruder's hands: step 11 replaces
    it by one that may do less.
    """

    credential: str
    target: str
    place: Place
    replacements: tuple[str, ...]
    entries: tuple[str, ...]
    proven: bool
    since: str
    due: datetime | None
    adopted: bool
    why: str
    calm: bool = False

    @property
    def is_key(self) -> bool:
        """Return whether this is an API key, not an SMTP login."""
        return self.credential.startswith("key:")


def kept(situation: Situation) -> list[Kept]:
    """Return every credential of this incident that is replaced but not yet cut, in the order of its plan.

    Computed once for each situation.
    """
    if situation.waiting is None:
        situation.waiting = tuple(_waiting(situation))
    return list(situation.waiting)


def _waiting(situation: Situation) -> list[Kept]:
    waiting = _made(situation).kept.items()
    return [made for name, records in waiting if (made := _kept(situation, name, records))]


def is_kept(situation: Situation, credential: str) -> bool:
    """Return whether a credential is replaced first and waits, without looking at the account."""
    return credential in _made(situation).kept


def _stands(record: EffectRecord) -> bool:
    """Return whether a replacement is made, or on its way: one that failed for good keeps nothing waiting."""
    over = record.state is EffectState.FAILED and not record.open
    return not over and record.state is not EffectState.SKIPPED


def _ended(state: State, first: Mapping[str, list[EffectRecord]]) -> Iterator[str]:
    """Yield the credentials replaced first whose end is confirmed: done since, or on its way to be.

    A login that was reset before somebody had it replaced first is not ended by that: its password of then is what
    the hand-over is about.
    """
    order = {effect: number for number, effect in enumerate(state.effects)}
    for record in state.of_kind(*_CUTS):
        if record.state in (EffectState.FAILED, EffectState.SKIPPED):
            continue
        kind = "key" if record.effect.kind is EffectKind.KEY_DELETE else "smtp"
        name = f"{kind}:{record.effect.target}"
        if name in first and not _before(record, first[name][0], order):
            yield name


def _before(end: EffectRecord, mint: EffectRecord, order: Mapping[str, int]) -> bool:
    """Return whether a credential was ended before its replacement was confirmed, and so is another one since."""
    earlier = order[end.effect.id] < order[mint.effect.id]
    return end.state in _REACHED and earlier and not (mint.done_row and end.done_row > mint.done_row)


def _kept(situation: Situation, name: str, records: list[EffectRecord]) -> Kept | None:
    state, inventory = situation.state, situation.inventory
    kind, _, target = name.partition(":")
    held, slice_ = (inventory.keys, "keys") if kind == "key" else (inventory.logins, "logins")
    if slice_ in inventory.read_at and target not in held:
        return None
    reached = [r for r in records if r.state in _REACHED]
    new = tuple(
        f"key:{r.result.key_id}" if kind == "key" else f"smtp:{r.effect.target}"
        for r in reached
        if kind != "key" or r.result.key_id
    )
    adopted, why = _adoption(state.known(CredentialUses), name, new)
    timer = state.timers.get(timer_id(name))
    return Kept(
        credential=name,
        target=target,
        place=records[0].effect.place,
        replacements=new,
        entries=tuple(r.entry for r in reached if r.entry),
        proven=all(r.state is EffectState.VERIFIED for r in records),
        since=min((r.done_at for r in reached if r.done_at), default=""),
        due=as_moment(timer.due) if timer is not None else None,
        adopted=adopted,
        why=why,
        calm=any(r.effect.params.harden for r in records),
    )


def _adoption(fact: CredentialUses, old: str, new: tuple[str, ...]) -> tuple[bool, str]:
    """Return whether the hand-over shows in the logs of the last hour, and what they show in words."""
    found, unused = fact.by_credential, RecordedUse()
    seen = [name for name in new if found.get(name, unused).last_hour > 0]
    if not seen:
        # The log names no SMTP login, only the envelope sender, which a program may well keep (dossier B5).
        smtp = (
            "; the log tells logins only by sender address, so it may be" if old.startswith("smtp:") else ""
        )
        return False, f"the replacement is not seen in use yet{smtp}"
    if len(seen) < len(new):
        return False, f"{len(seen)} of {len(new)} replacements are in use"
    used, as_of = found.get(old, unused), as_moment(fact.as_of)
    last = as_moment(used.last_used)
    # The hour before the hand-over is in the log too: only what is recent says that somebody stays behind.
    if last is not None and as_of is not None and as_of - last < QUIET:
        return False, "the replacement is in use, and so is the old one still"
    if used.last_hour and (last is None or as_of is None):
        return False, _UNTOLD + "when it sent last is not known"
    if fact.gaps:
        return False, _UNTOLD + "a part of the log was not read"
    sample = " (by a sample of the log)" if fact.sampled else ""
    return True, f"the replacement is in use, the old one no longer{sample}"


def timer_id(credential: str) -> str:
    """Return the id of the timer of a kept credential."""
    return f"hand-over:{credential}"


def awaited(item: Kept, now: datetime) -> str:
    """Return until when a kept credential may work on, or since when its time is up; empty without a deadline."""
    if item.due is None:
        return ""
    return (
        f"until {item.due:%d %b %H:%M}Z"
        if item.due > now
        else f"its time is up since {item.due:%d %b %H:%M}Z"
    )


def not_yet(item: Kept) -> str:
    """Return why a kept credential has no deadline yet: while a plan runs its time has not begun."""
    return (
        "the time begins when the plan ends"
        if item.proven
        else "the time begins once the replacement is proven"
    )


def waiting(situation: Situation) -> Iterator[str]:
    """Yield one sentence for each kept credential: what waits, for what, until when."""
    for item in kept(situation):
        until = awaited(item, situation.now) or not_yet(item)
        until += ", then you are asked" if item.due is not None and item.due > situation.now else ""
        yield f"{item.target}: kept, {item.why} ({until})"
