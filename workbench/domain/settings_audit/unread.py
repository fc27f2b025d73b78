"""What a sweep could not read: a row an area with the reason and the question to ask instead. Pure.

Nothing that was not looked at counts as clean. What an earlier sweep found in an area that cannot be read now is
kept, and says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from workbench.core.redact import visible
from workbench.domain.model.inventory import Gap
from workbench.domain.settings_audit.audit import HIDDEN, Swept, Unread


class UnreadArea(NamedTuple):
    """A hiding place as the readings name it, and what to ask where it cannot be read.

    ``of_domain`` says that it is read domain by domain: its reading is named “… of <domain>”.
    """

    name: str
    question: str
    of_domain: bool = False


# By the kind of what the sweep finds there; names are those of the readings.
AREAS: dict[str, UnreadArea] = {
    "allowlist": UnreadArea(
        "allowlist", "Which entries are on our IP allowlist, since when, and who added them?"
    ),
    "sandbox-recipient": UnreadArea(
        "sandbox recipients", "Which authorized recipients does our sandbox domain have?"
    ),
    "signing-key": UnreadArea("signing key", "When was our HTTP signing key last renewed?"),
    "route": UnreadArea(
        "routes", "Which inbound routes do we have, and which were made or edited since the abuse began?"
    ),
    "webhook": UnreadArea("account webhooks", "Which account webhooks do we have, and to which hosts?"),
    "mailing-list": UnreadArea("mailing lists", "Which mailing lists may anybody write to?"),
    "template": UnreadArea(
        "templates", "Which templates or versions were made or edited since the abuse began?", True
    ),
    "alert": UnreadArea("alert rules", "Which alert rules were changed or deleted since the abuse began?"),
    "limit-rule": UnreadArea(
        "limit rules", "Which limit rules were changed or deleted since the abuse began?"
    ),
    "domain-setting": UnreadArea(
        "settings", "Which domain settings (archive_to, wildcard, MAIL FROM) were changed?", True
    ),
    "domain-webhook": UnreadArea("webhooks", "Which webhooks do our domains have, and to which hosts?", True),
    "tracking": UnreadArea(
        "tracking", "Were tracking hosts or unsubscribe footers of our domains changed?", True
    ),
    "dkim-key": UnreadArea("DKIM keys", "Which DKIM keys do our domains have; was one imported?", True),
    "suppression-allow": UnreadArea(
        "never-suppress entries", "Which entries of the suppression allowlists were added?", True
    ),
}
_MORE = {
    "account templates": AREAS["template"].question,
    "sending addresses": "Were IP addresses bought or moved since the abuse began?",
    "address pools": "Were IP pools changed since the abuse began?",
    "sending limit": "Was our custom sending limit raised or removed?",
    "sending queues": "Is sending of our domains stopped, and is intruder's mail still scheduled?",
}
# What the inventory holds: nothing of it can be judged by a workbench that is shut out.
_INVENTORY = {
    "API keys": "Which API keys exist, made when and by whom? Please delete those made since the abuse began.",
    "SMTP logins": "Which SMTP credentials exist on each domain, made when?",
    "users": "Which users can sign in, added when? Please remove those added since the abuse began.",
    "domains": "Which domains were added since the abuse began?",
    "subaccounts": "Which subaccounts were made since the abuse began? Please disable them.",
    "the log": "Please keep and send us the log since the abuse began, with key ids and originating addresses.",
}
EVERYTHING = "everything"
# What is read of each region; when all of it is refused, the region is not open to this key.
_OF_PLACE = frozenset({"routes", "account webhooks", "mailing lists", "alert rules", "limit rules"})
_OF_ACCOUNT = ("allowlist", "sandbox recipients", "signing key")
_KINDS_OF = {"archive-to": "domain-setting", "mailfrom-host": "domain-setting"}


def unread(gaps: Iterable[Gap]) -> list[Unread]:
    """Return a row for every reading that failed; a region that refuses all of its readings is one row.

    Most accounts live in one region: what the key is not accepted in is said once, and is no finding of its own.
    """
    found = list(gaps)
    by_place: dict[str, set[str]] = defaultdict(set)
    for gap in found:
        by_place[str(gap.place or "")].add(gap.slice)
    closed = {place for place, names in by_place.items() if names >= _OF_PLACE}
    rows = []
    for place in sorted(closed):
        reason = next(gap.reason for gap in found if str(gap.place or "") == place)
        rows.append(Unread(EVERYTHING, place, f"refused: {reason}", "Do we have anything in this region?"))
    return rows + [
        Unread(gap.slice, str(gap.place or ""), f"refused: {gap.reason}", _question(gap.slice))
        for gap in found
        if str(gap.place or "") not in closed or gap.slice in _OF_ACCOUNT
    ]


def areas(rows: Iterable[Unread]) -> list[Unread]:
    """Return the rows of places where something can hide: each is a question somebody has to answer."""
    hiding = {area.name for area in AREAS.values()} | {"account templates"}
    return [row for row in rows if row.area.partition(" of ")[0] in hiding]


def blind(reason: str) -> list[Unread]:
    """Return a row for every area there is, for an account that refuses every reading; ``reason`` is why."""
    rows = [Unread(name, "", reason, question) for name, question in _INVENTORY.items()]
    rows += [Unread(area.name, "", reason, area.question) for area in AREAS.values()]
    return rows + [Unread(name, "", reason, question) for name, question in _MORE.items()]


def carried(before: Iterable[Swept], now: Iterable[Swept], gaps: Iterable[Gap]) -> Iterator[Swept]:
    """Yield what an earlier sweep asks about and this one could not look at."""
    there = {item.key for item in now}
    failed = {(gap.slice, _owner(gap)): gap.reason for gap in gaps}
    for item in before:
        domain = item.where[1] if len(item.where) > 1 else ""
        reason = failed.get((reading_of(item.kind, domain), item.where[0]))
        if reason is not None and item.key not in there:
            why = f"found by an earlier sweep; could not be read again ({reason})"
            yield item if why in item.why else replace(item, why=(why, *item.why))


def _owner(gap: Gap) -> str:
    """Return the place of a reading as the sweep's items name it: the account's own things have no region."""
    if gap.slice in _OF_ACCOUNT:
        return (gap.place.subaccount if gap.place is not None else None) or "account"
    return str(gap.place or "")


def reading_of(kind: str, domain: str) -> str:
    """Return the name of the reading that shows things of a kind, ``""`` for a kind that has none."""
    kind = _KINDS_OF.get(kind, kind)
    if kind == "webhook" and domain:
        kind = "domain-webhook"
    if kind == "template" and not domain:
        return "account templates"
    area = AREAS.get(kind)
    if area is None:
        return ""
    return f"{area.name} of {domain}" if area.of_domain else area.name


def unseen(kind: str, place: str, readings: Collection[str]) -> bool:
    """Return whether an item of the settings lies in one of these readings, by its kind and place.

    ``place`` is a domain (with a webhook's event behind a slash), a region, or the account.
    """
    domain = place.partition("/")[0]
    return reading_of(kind, domain) in readings or reading_of(kind, "") in readings


def _question(reading: str) -> str:
    name = reading.partition(" of ")[0]
    known = {area.name: area.question for area in AREAS.values()} | _MORE
    return known.get(name, f"What do our {name} look like, and what was changed since the abuse began?")


def questions(rows: Iterable[Unread]) -> str:
    """Return what could not be read and what no call shows (dossier F), a question for Support each, as lines."""
    unseen = [f"{row.words}: {row.question}" for row in rows]
    hidden = [f"{what}: {question}" for what, question in HIDDEN]
    return "\n".join(f"- {visible(line, 400)}" for line in (*unseen, *hidden))
