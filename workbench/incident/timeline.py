"""What happened when, from every source at once: account dates, the log, listings, exposures, our own effects.

Pure: data in, moments out. Screens filter by kind and zoom by the hour; the report prints the same list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from workbench.incident.plan import EffectState
from workbench.incident.settings import Settings
from workbench.incident.situation import Situation
from workbench.incident.state import State
from workbench.mailgun.dates import parse_moment
from workbench.redact import key_tail, visible


class Kind(StrEnum):
    """Where a moment comes from; what a reader filters by."""

    ACCOUNT = "account"
    SETTING = "setting"
    LOG = "log"
    EXPOSURE = "exposure"
    LISTING = "listing"
    EFFECT = "effect"
    INCIDENT = "incident"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """Something that happened. ``text`` may quote hostile names, made harmless already."""

    at: datetime
    kind: Kind
    text: str
    suspicious: bool = False


@dataclass(frozen=True, slots=True)
class Bucket:
    """One stretch of a zoomed-out timeline: how many moments of each kind, and the suspicious ones' texts."""

    start: datetime
    end: datetime
    counts: Mapping[Kind, int]
    texts: tuple[str, ...]


def timeline(
    situation: Situation, settings: Settings | None = None, more: Iterable[Moment] = ()
) -> list[Moment]:
    """Return every dated thing that is known, oldest first; ``more`` adds what other searches found.

    Dates before the account's window are kept too: filter with ``between``.
    """
    found = [
        *_account(situation),
        *(_settings(settings, situation.background.since) if settings is not None else ()),
        *_log(situation.state),
        *_facts(situation.state),
        *_effects(situation.state),
        *_incident(situation.state),
        *more,
    ]
    return sorted(dict.fromkeys(found))


def between(
    moments: Iterable[Moment],
    start: datetime | None = None,
    end: datetime | None = None,
    kinds: Collection[Kind] = (),
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
            yield Moment(key.key.created_at, Kind.ACCOUNT, text, strange)
    for login in inventory.logins.values():
        if login.credential.created_at is not None:
            text = f"SMTP login {visible(login.login, 100)} made"
            yield Moment(login.credential.created_at, Kind.ACCOUNT, text, situation.of_login(login).likely)
    for domain in inventory.domains.values():
        if domain.domain.created_at is not None:
            text = f"domain {visible(domain.name, 100)} added"
            yield Moment(domain.domain.created_at, Kind.ACCOUNT, text, situation.of_domain(domain).likely)
    for user in inventory.users.values():
        name = visible(user.user.name or user.id, 60)
        strange = situation.of_user(user).likely
        if user.user.password_updated_at is not None:
            yield Moment(user.user.password_updated_at, Kind.ACCOUNT, f"password of {name} set", strange)
        if user.user.tfa_created_at is not None:
            yield Moment(user.user.tfa_created_at, Kind.ACCOUNT, f"two-factor of {name} set up", strange)
    since = situation.background.since
    for sub in inventory.subaccounts.values():
        if sub.created_at is not None:
            text = f"subaccount {visible(sub.name or sub.id, 60)} made"
            yield Moment(sub.created_at, Kind.ACCOUNT, text, sub.created_at >= since)


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
        yield from (Moment(at, Kind.SETTING, text, at >= since) for at, text in dated if at is not None)
    for domain in settings.domains.values():
        for template in domain.templates:
            if template.created_at is not None:
                text = f"template “{visible(template.name, 60)}” of {visible(domain.name, 80)} made"
                yield Moment(template.created_at, Kind.SETTING, text, template.created_at >= since)
        for entry in domain.allowed:
            if entry.created_at is not None:
                text = f"{visible(domain.name, 80)} told never to suppress {visible(entry.value, 60)}"
                yield Moment(entry.created_at, Kind.SETTING, text, entry.created_at >= since)


def _log(state: State) -> Iterator[Moment]:
    fact = state.facts.get("assessment")
    if fact is None:
        return
    window = fact.get("window") or {}
    for name, word in (("from", "abuse begins"), ("to", "abuse ends")):
        at = parse_moment(window.get(name))
        if at is not None:
            yield Moment(at, Kind.LOG, f"{word} ({visible(window.get('source', ''), 20)})", True)
    for sender in fact.get("senders", ()):
        if sender.get("looks") == "production":
            continue
        who = f"{visible(sender.get('sender', ''), 80)} with {_credential(str(sender.get('credential', '')))}"
        for name, word in (("first", "first"), ("last", "last")):
            at = parse_moment(sender.get(name))
            if at is not None:
                yield Moment(at, Kind.LOG, f"{word} message of {who} ({sender.get('looks')})", True)


def _credential(name: str) -> str:
    kind, _, rest = name.partition(":")
    return f"key {key_tail(rest)}" if kind == "key" else f"login {visible(rest, 80)}"


def _facts(state: State) -> Iterator[Moment]:
    """Moments that other searches journaled: exposures with when they were served, listings with when seen."""
    for name, kind in (("leaks", Kind.EXPOSURE), ("blocklists", Kind.LISTING)):
        for item in state.facts.get(name, {}).get("moments", ()):
            at = parse_moment(item.get("at")) if isinstance(item, Mapping) else None
            if at is not None:
                yield Moment(at, kind, visible(item.get("text", ""), 200), True)
    for theft in state.facts.get("leaks", {}).get("thefts", ()):
        at = parse_moment(theft.get("not_after")) if isinstance(theft, Mapping) else None
        if at is not None:
            sure = visible(theft.get("how_sure", ""), 60)
            yield Moment(
                at, Kind.EXPOSURE, f"{visible(theft.get('sentence', ''), 300)} (how sure: {sure})", True
            )


def _effects(state: State) -> Iterator[Moment]:
    for record in state.effects.values():
        at = parse_moment(record.done_at or None)
        if at is not None and record.state in (EffectState.DONE, EffectState.VERIFIED):
            text = visible(record.effect.what or record.effect.target, 160)
            yield Moment(at, Kind.EFFECT, f"{text}: {record.state.value}")


def _incident(state: State) -> Iterator[Moment]:
    rows: list[tuple[Any, Kind, str, bool]] = [
        (state.opened_at, Kind.INCIDENT, "incident opened", False),
        (state.contained_at, Kind.INCIDENT, "contained: every key and login of before is cut", False),
    ]
    rows += [
        (body.get("at"), Kind.INCIDENT, f"evidence {visible(part, 20)} stored", False)
        for part, body in state.snapshots.items()
    ]
    rows += [
        (a.at, Kind.INCIDENT, f"attested by {visible(a.who, 40)}: {visible(a.text, 120)}", False)
        for a in state.attestations
    ]
    rows += [
        (d.at, Kind.INCIDENT, f"{visible(d.who, 40)} judged {visible(d.finding, 80)}: {d.decision}", False)
        for d in state.decisions.values()
    ]
    rows += [(a.at, Kind.ALARM, visible(a.text, 160), True) for a in state.alarms.values()]
    for at, kind, text, strange in rows:
        moment = parse_moment(at)
        if moment is not None:
            yield Moment(moment, kind, text, strange)
