"""What happened when, from every source at once: account dates, the log, listings, exposures, our own effects.

Pure: data in, moments out. Screens filter by kind and zoom by the hour; the report prints the same list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from operator import attrgetter

from workbench.core.clock import iso
from workbench.core.redact import key_tail, visible
from workbench.domain.forensics.found_moments import exposures, listings
from workbench.domain.forensics.moment import Moment, MomentKind
from workbench.domain.forensics.recorded import KeptMoment, KeptMoments, RecordedAssessment, RecordedWindow
from workbench.domain.model.plan import EffectState
from workbench.domain.model.settings import Settings
from workbench.domain.model.situation import INTRUDER, Situation
from workbench.domain.model.state import State
from workbench.mailgun.dates import parse_moment

__all__ = ["Bucket", "Moment", "MomentKind", "between", "keep", "kept", "timeline", "zoomed"]


# How far back the account's own dates are kept once the things are gone.
KEPT_BACK = timedelta(days=30)
MOST_KEPT = 1000
# The order of moments is that of their fields. Of ten thousand each comparison of two would make two tuples of them.
_ORDER = attrgetter(*(field.name for field in fields(Moment)))
# Clocks differ; a date further ahead is none.
SKEW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One stretch of a zoomed-out timeline: how many moments of each kind, and the suspicious ones' texts."""

    start: datetime
    end: datetime
    counts: Mapping[MomentKind, int]
    texts: tuple[str, ...]


def timeline(
    situation: Situation, settings: Settings | None = None, more: Iterable[Moment] = ()
) -> list[Moment]:
    """Return every dated thing that is known, oldest first; ``more`` adds what other searches found.

    Dates before the account's window are kept too: filter with ``between``. What the account no longer shows
    (a planted key that was deleted) is told as it was kept when it was last seen.
    """
    state = situation.state
    found = [
        *_dated(situation, settings),
        *_log(state),
        *exposures(state),
        *listings(state),
        *_effects(state),
        *_incident(state),
        *more,
        *kept(state),
    ]
    return sorted((_sober(moment, situation.now) for moment in _once(found)), key=_ORDER)


def _sober(moment: Moment, now: datetime) -> Moment:
    """Return a moment of the future as what it is: a clock that was wrong, and no sign of anything."""
    if moment.at <= now + SKEW:
        return moment
    return replace(moment, suspicious=False, text=f"{moment.text} (a date in the future: it says nothing)")


def keep(situation: Situation, settings: Settings | None = None) -> KeptMoments | None:
    """Return the fact that keeps the account's dates, None where nothing is new to it.

    Kept is what is suspicious, every key, and what was made in the last month: deleting a thing destroys its
    date in the account, and the story must go on naming it.
    """
    since = situation.background.since - KEPT_BACK
    before = kept(situation.state)
    now = [
        m for m in _dated(situation, settings) if m.suspicious or m.at >= since or m.about.startswith("key:")
    ]
    merged = _once([*now, *before])
    merged.sort(key=lambda m: (m.suspicious, m))
    held = sorted(merged[-MOST_KEPT:])
    # What looks odd changes with what is known: once the thing is gone, nobody looks again.
    if {(_name(m), m.suspicious) for m in held} == {(_name(m), m.suspicious) for m in before}:
        return None
    return KeptMoments(
        moments=tuple(KeptMoment(iso(m.at), m.kind, m.text, m.suspicious, m.about) for m in held)
    )


def kept(state: State) -> list[Moment]:
    """Return the account's dates as they were kept; what the operator judged since then is heeded."""
    made: list[Moment] = []
    for item in state.known(KeptMoments).moments:
        at = parse_moment(item.at)
        if at is None:
            continue
        decision = state.decisions.get(item.about)
        odd = item.odd if decision is None else decision.decision == INTRUDER
        made.append(Moment(at, item.kind, item.text, odd, item.about))
    return made


def _dated(situation: Situation, settings: Settings | None) -> Iterator[Moment]:
    yield from _account(situation)
    if settings is not None:
        yield from _settings(settings, situation.background.since)


def _name(moment: Moment) -> tuple[datetime, MomentKind, str]:
    return moment.at.replace(microsecond=0), moment.kind, moment.text


def _once(moments: Iterable[Moment]) -> list[Moment]:
    """Return each moment once; the first telling counts."""
    held: dict[tuple[datetime, MomentKind, str], Moment] = {}
    for moment in moments:
        # Of ten thousand logins each is one, and nearly all say whole seconds.
        whole = replace(moment, at=moment.at.replace(microsecond=0)) if moment.at.microsecond else moment
        held.setdefault((whole.at, whole.kind, whole.text), whole)
    return list(held.values())


def between(
    moments: Iterable[Moment],
    start: datetime | None = None,
    end: datetime | None = None,
    kinds: Collection[MomentKind] = (),
) -> list[Moment]:
    """Return the moments of some kinds (all when none is named) from ``start`` up to but without ``end``."""
    return [
        m
        for m in moments
        if (start is None or m.at >= start) and (end is None or m.at < end) and (not kinds or m.kind in kinds)
    ]


def zoomed(moments: Sequence[Moment], step: timedelta = timedelta(hours=1)) -> list[Bucket]:
    """Return the moments in stretches of ``step``, empty ones left out, oldest first."""
    size = step.total_seconds()
    if size <= 0:
        raise ValueError("a step of a timeline is longer than nothing")
    held: dict[int, list[Moment]] = {}
    for moment in moments:
        held.setdefault(int(moment.at.timestamp() // size), []).append(moment)
    made: list[Bucket] = []
    for place in sorted(held):
        inside = held[place]
        start = datetime.fromtimestamp(place * size, inside[0].at.tzinfo)
        texts = tuple(m.text for m in sorted(inside) if m.suspicious)
        made.append(Bucket(start, start + step, Counter(m.kind for m in inside), texts))
    return made


def _account(situation: Situation) -> Iterator[Moment]:
    inventory = situation.inventory
    for key in inventory.keys.values():
        if key.key.created_at is not None:
            who = f", asked for by {visible(key.key.requestor, 60)}" if key.key.requestor else ""
            text = f"API key “{visible(key.name, 60)}” {key_tail(key.id)} made{who}"
            strange = situation.of_key(key).likely and not situation.minted_here(key.id)
            yield Moment(key.key.created_at, MomentKind.ACCOUNT, text, strange, f"key:{key.id}")
    for login in inventory.logins.values():
        if login.credential.created_at is not None:
            text = f"SMTP login {visible(login.login, 100)} made"
            strange = situation.of_login(login).likely
            yield Moment(
                login.credential.created_at, MomentKind.ACCOUNT, text, strange, f"login:{login.login}"
            )
    for domain in inventory.domains.values():
        if domain.domain.created_at is not None:
            text = f"domain {visible(domain.name, 100)} added"
            strange = situation.of_domain(domain).likely
            yield Moment(domain.domain.created_at, MomentKind.ACCOUNT, text, strange, f"domain:{domain.name}")
    for user in inventory.users.values():
        name = visible(user.user.name or user.id, 60)
        strange, about = situation.of_user(user).likely, f"user:{user.id}"
        if user.user.password_updated_at is not None:
            yield Moment(
                user.user.password_updated_at, MomentKind.ACCOUNT, f"password of {name} set", strange, about
            )
        if user.user.tfa_created_at is not None:
            yield Moment(
                user.user.tfa_created_at, MomentKind.ACCOUNT, f"two-factor of {name} set up", strange, about
            )
    since = situation.background.since
    for sub in inventory.subaccounts.values():
        if sub.created_at is not None:
            text = f"subaccount {visible(sub.name or sub.id, 60)} made"
            yield Moment(
                sub.created_at, MomentKind.ACCOUNT, text, sub.created_at >= since, f"subaccount:{sub.id}"
            )


def _settings(settings: Settings, since: datetime) -> Iterator[Moment]:
    for place in settings.places.values():
        dated: list[tuple[datetime | None, str]] = []
        dated += [(r.created_at, f"route “{visible(r.description or r.id, 60)}” made") for r in place.routes]
        dated += [
            (h.created_at, f"account webhook “{visible(h.description or h.webhook_id, 60)}” made")
            for h in place.webhooks
        ]
        dated += [(x.created_at, f"mailing list {visible(x.address, 80)} made") for x in place.lists]
        dated += [(a.updated_at, f"alert rule “{visible(a.name, 60)}” changed") for a in place.alerts]
        dated += [(h.last_checked, f"alert “{visible(h.name, 60)}” fired") for h in place.hits if h.triggered]
        dated += [
            (
                m.timestamp,
                f"{visible(m.domain_name or '', 80)} moved to the {visible(m.new_band or '', 20)} pool",
            )
            for m in place.pool_moves
        ]
        yield from (Moment(at, MomentKind.SETTING, text, at >= since) for at, text in dated if at is not None)
    for domain in settings.domains.values():
        for template in domain.templates:
            if template.created_at is not None:
                text = f"template “{visible(template.name, 60)}” of {visible(domain.name, 80)} made"
                yield Moment(template.created_at, MomentKind.SETTING, text, template.created_at >= since)
        for entry in domain.allowed:
            if entry.created_at is not None:
                text = f"{visible(domain.name, 80)} told never to suppress {visible(entry.value, 60)}"
                yield Moment(entry.created_at, MomentKind.SETTING, text, entry.created_at >= since)


def _log(state: State) -> Iterator[Moment]:
    fact = state.known(RecordedAssessment)
    window = fact.window or RecordedWindow()
    for moment, word in ((window.began, "abuse begins"), (window.ended, "abuse ends")):
        at = parse_moment(moment)
        if at is not None:
            yield Moment(at, MomentKind.LOG, f"{word} ({visible(window.source, 20)})", True)
    for sender in fact.senders:
        if sender.is_ours:
            continue
        who = f"{visible(sender.sender, 80)} with {_credential(sender.credential)}"
        looks = "judged the intruder's" if sender.decision and sender.is_the_intruders else sender.looks
        for moment, word in ((sender.first, "first"), (sender.last, "last")):
            at = parse_moment(moment or None)
            if at is not None:
                yield Moment(at, MomentKind.LOG, f"{word} message of {who} ({looks})", True)


def _credential(name: str) -> str:
    kind, _, rest = name.partition(":")
    return f"key {key_tail(rest)}" if kind == "key" else f"login {visible(rest, 80)}"


def _effects(state: State) -> Iterator[Moment]:
    for record in state.effects.values():
        at = parse_moment(record.done_at or None)
        if at is not None and record.state in (EffectState.DONE, EffectState.VERIFIED):
            text = visible(record.effect.what or record.effect.target, 160)
            yield Moment(at, MomentKind.EFFECT, f"{text}: {record.state.value}")


def _incident(state: State) -> Iterator[Moment]:
    rows: list[tuple[str, MomentKind, str, bool]] = [
        (state.opened_at, MomentKind.INCIDENT, "incident opened", False),
        (state.contained_at, MomentKind.INCIDENT, "contained: every key and login of before is cut", False),
    ]
    rows += [
        (snapshot.at, MomentKind.INCIDENT, f"evidence {visible(part, 20)} stored", False)
        for part, snapshot in state.snapshots.items()
    ]
    rows += [
        (a.at, MomentKind.INCIDENT, f"attested by {visible(a.who, 40)}: {visible(a.text, 120)}", False)
        for a in state.attestations
    ]
    rows += [
        (
            d.at,
            MomentKind.INCIDENT,
            f"{visible(d.who, 40)} judged {visible(d.finding, 80)}: {d.decision}",
            False,
        )
        for d in state.decisions.values()
    ]
    rows += [(a.at, MomentKind.ALARM, visible(a.text, 160), True) for a in state.alarms.values()]
    for at, kind, text, strange in rows:
        moment = parse_moment(at)
        if moment is not None:
            yield Moment(moment, kind, text, strange)
