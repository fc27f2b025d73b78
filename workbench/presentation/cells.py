"""What rows for the panes are made of: cells, the signs and words of states, moments, people. Pure.

State is told by a sign and a word; the tone only adds colour. Everything is outside text until a table draws
it: tables make it harmless, nothing here formats it into anything but text. With share-safe on, people's
addresses are shortened; SMTP logins are machine names and stay whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from workbench.core.clock import as_moment
from workbench.core.redact import short_address, visible
from workbench.core.rows import Cell
from workbench.domain.model import people

if TYPE_CHECKING:
    from workbench.domain.model.inventory import Inventory
    from workbench.domain.model.state import State


@dataclass(frozen=True, slots=True)
class Look:
    """How things are shown: people's addresses shortened, plain ASCII, this host's own time zone."""

    share_safe: bool = True
    ascii: bool = False
    local: bool = False


class FindingView(Protocol):
    """What the rows need of a finding; ``id`` is the id of the thing it is about."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def why(self) -> Sequence[str]: ...
    @property
    def decision(self) -> str: ...


# ── signs and words ────────────────────────────────────────────────────────────────────────────────────

# word of a state -> (sign, ASCII sign, tone, sort rank: what needs eyes first)
_STATES: Mapping[str, tuple[str, str, str, int]] = {
    "failed": ("✗", "x", "bad", 0),
    "listed": ("✗", "x", "bad", 0),
    "old works": ("✗", "x", "bad", 0),
    "stranger?": ("⚠", "!", "warn", 1),
    "judge": ("?", "?", "warn", 4),
    "intruder": ("✗", "x", "bad", 1),
    "open intent": ("⚠", "!", "warn", 1),
    "storing": ("▶", ">", "busy", 2),
    "sending": ("▶", ">", "busy", 2),
    "proving": ("▶", ">", "busy", 2),
    "disabled": ("✗", "x", "warn", 3),
    "not proven": ("◐", "~", "warn", 3),
    "cannot tell": ("?", "?", "warn", 3),
    "untested": ("◐", "~", "warn", 3),
    "waiting": ("·", ".", "accent", 4),
    "open": ("·", ".", "", 5),
    "unverified": ("·", ".", "dim", 5),
    "active": ("·", ".", "", 6),
    "done": ("◐", "~", "accent", 6),
    "ours": ("✓", "+", "dim", 7),
    "new": ("✓", "+", "ok", 7),
    "attested": ("✓", "+", "accent", 7),
    "secure": ("✓", "+", "ok", 8),
    "verified": ("✓", "+", "ok", 8),
    "old dead": ("✓", "+", "ok", 8),
    "not listed": ("✓", "+", "ok", 8),
    "skipped": ("-", "-", "dim", 9),
}


@lru_cache(1024)
def state_cell(word: str, look: Look) -> Cell:
    """Return the cell that tells a state by sign and word; it sorts by how much it needs eyes."""
    sign, plain, tone, rank = _STATES.get(word, ("·", ".", "", 5))
    return Cell(f"{plain if look.ascii else sign} {word}", tone, rank)


@lru_cache(4096)
def shared(text: str, style: str = "") -> Cell:
    """Return a cell whose text many rows have in common, one and the same for all of them."""
    return Cell(text, style)


def dash(look: Look) -> str:
    """Return the sign for *the account does not say*."""
    return "-" if look.ascii else "—"


def moment_text(value: datetime | str | None, look: Look, form: str = "%Y-%m-%d") -> str:
    """Return a moment in UTC, or in this host's zone when asked, in a strftime form; a dash for none."""
    moment = as_moment(value)
    if moment is None:
        return dash(look)
    return moment.astimezone(None if look.local else UTC).strftime(form)


def date_cell(value: datetime | str | None, look: Look) -> Cell:
    """Return a date that sorts by its moment."""
    moment = as_moment(value)
    if moment is None:
        return Cell(dash(look))
    here = moment.astimezone() if look.local else moment
    return Cell(here.date().isoformat(), "", moment.timestamp())


# ── people ─────────────────────────────────────────────────────────────────────────────────────────────

_ADDRESS = re.compile(r"[^\s<>\"'“”‘’()\[\]{},;:=]+@[^\s<>\"'“”‘’()\[\]{},;:=]+")


def people_of(inventory: Inventory, state: State) -> frozenset[str]:
    """Return whose addresses share-safe shortens, lower case: who is in the panel, and who was (see ``people``)."""
    return people.there(inventory) | people.told_of(inventory, state)


class PeopleSource(Protocol):
    """An open incident, as far as it tells who its people are."""

    @property
    def inventory(self) -> Inventory:
        """Return what was read of the account."""

    @property
    def state(self) -> State:
        """Return the journal replayed."""


def share_safe(text: str, held: PeopleSource | None, look: Look) -> str:
    """Return ``text`` as a shared screen may show it: the addresses of an incident's people shortened."""
    if held is None or not look.share_safe or "@" not in text:
        return text
    return hide_people(text, people_of(held.inventory, held.state), look)


def hide_people(text: str, known: frozenset[str], look: Look) -> str:
    """Return ``text`` with the addresses of known people shortened while share-safe is on."""
    if not look.share_safe or "@" not in text:
        return text
    return _ADDRESS.sub(
        lambda found: short_address(found[0]) if found[0].rstrip(".").lower() in known else found[0], text
    )


def hide_all_addresses(text: str, look: Look) -> str:
    """Return ``text`` with every address shortened while share-safe is on."""
    if not look.share_safe or "@" not in text:
        return text
    return _ADDRESS.sub(lambda found: short_address(found[0]), text)


def not_whole(gaps: Sequence[str]) -> str:
    """Return in a sentence that a list lacks what of the log could not be read, ``""`` where all of it was."""
    if not gaps:
        return ""
    more = f"; and {len(gaps) - 1} more" if len(gaps) > 1 else ""
    return f" It is NOT whole, a part of the log could not be read: {visible(gaps[0], 160)}{more}."
