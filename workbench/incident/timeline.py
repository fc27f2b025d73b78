"""Everything that happened in the order of time: what the account shows from before, then the journal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from workbench.clock import iso
from workbench.incident.logbook import line_of
from workbench.incident.situation import Situation
from workbench.incident.state import JournalRow
from workbench.redact import key_tail, visible

# The source of what the account itself dates; the journal's rows carry their number.
ACCOUNT, SEARCH = "account", "search"


class Event(NamedTuple):
    """One moment: when (ISO 8601 UTC), the journal row or where else it is known from, and what happened."""

    at: str
    source: str
    text: str


def events(situation: Situation, rows: Sequence[JournalRow]) -> list[Event]:
    """Return the whole timeline, oldest first; at the same moment what the account shows comes first."""
    known = [*_from_account(situation), *_from_search(situation)]
    told = [
        Event(row.at, str(row.seq), line.text)
        for row in rows
        if (line := line_of(row, situation.state)) is not None
    ]
    return sorted((*known, *told), key=lambda event: event.at)


def _from_account(situation: Situation) -> Iterator[Event]:
    """What was made inside the abuse window, and when the sending became abnormal."""
    if situation.volume is not None and situation.volume.began is not None:
        yield Event(iso(situation.volume.began), ACCOUNT, "abnormal sending begins, by the account's metrics")
    inventory = situation.inventory
    for key in inventory.keys.values():
        if key.key.created_at is not None and situation.of_key(key).likely:
            yield _made(key.key.created_at, f"API key {visible(key.name, 60)} {key_tail(key.id)}")
    for login in inventory.logins.values():
        if login.credential.created_at is not None and situation.of_login(login).likely:
            yield _made(login.credential.created_at, f"SMTP login {visible(login.login, 80)}")
    for domain in inventory.domains.values():
        if domain.domain.created_at is not None and situation.of_domain(domain).likely:
            yield _made(domain.domain.created_at, f"domain {visible(domain.name, 80)}")


def _from_search(situation: Situation) -> Iterable[Event]:
    """When a credential was taken, as far as the search for the leak could tell."""
    for theft in situation.state.facts.get("leaks", {}).get("thefts", ()):
        at = str(theft.get("not_after") or "")
        if at:
            sure = visible(theft.get("how_sure", ""), 60)
            yield Event(at, SEARCH, f"{visible(theft.get('sentence', ''), 300)} (how sure: {sure})")


def _made(at: datetime, what: str) -> Event:
    return Event(iso(at.astimezone(UTC)), ACCOUNT, f"{what} is made; it looks like the intruder's")
