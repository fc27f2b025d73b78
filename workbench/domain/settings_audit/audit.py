"""The sweep: every place in the settings where an intruder can stay, each thing judged (dossier F). Pure.

Three verdicts: *known before the window*, *created or changed inside it*, *it bears no date: ask*. Many
hiding places have no date, and an edit leaves none even where there is a date of making: there the signs decide
whether the operator is asked, and the words say what makes it likely or unlikely. Keys, logins, users, domains and
subaccounts are judged from the inventory, in ``findings``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from workbench.domain.detection.hosts import CustomerNames
from workbench.domain.model.hash_chain import canonical
from workbench.domain.model.settings import Settings, odd_fields
from workbench.domain.settings_audit import rows
from workbench.domain.settings_audit.content_rows import SKEW

# What the API cannot show at all (dossier F), each with the question for Support.
HIDDEN = (
    ("sign-in sessions", "Please end all control-panel sessions and send us the sign-in history with addresses."),
    ("the panel's audit log", "Who changed what in the control panel since the abuse began?"),
    ("calls to management endpoints", "Which keys called management endpoints, from which addresses?"),
    ("session timeouts and logout address", "What are our session timeouts and logout_redirect_url set to?"),
    ("the organisation's name", "Was the organisation's name or contact address changed?"),
    ("who read the HTTP signing key", "Was the HTTP signing key read? We renew it in any case."),
    ("deleted alert rules", "Were alert or limit rules deleted since the abuse began? Which?"),
    ("deleted suppressions", "Were suppressions deleted since the abuse began, and can you restore them?"),
    ("exports and stored messages that were read", "Were logs, lists or stored messages exported?"),
    ("members added to mailing lists", "Which mailing-list members were added since the abuse began?"),
    ("the Optimize add-on's signing key and Slack token", "Were the alert settings of Optimize read?"),
)  # fmt: skip


class JudgedAge(StrEnum):
    """When a thing came to be, as far as the account shows it. Journals hold the values: none is ever changed."""

    BEFORE = "known before the window"
    INSIDE = "created or changed inside it"
    UNDATED = "has no date: ask"

    @property
    def words(self) -> str:
        """Return it as a sentence about the thing."""
        return "it bears no date: ask who set it" if self is JudgedAge.UNDATED else self.value


@dataclass(frozen=True, slots=True)
class Swept:
    """One setting, judged. ``id`` is verbatim as the API names it, ``key`` the name decisions are kept under.

    ``score`` is 0 (nothing speaks for the intruder) to 3; ``remedy`` names what one key does about it (see
    ``remedies``), empty where only a person can; ``params`` is what its effect is given, as the journal holds it;
    ``instruct`` is what to do by hand.
    """

    kind: str
    id: str
    title: str
    where: tuple[str, ...]
    judged: JudgedAge
    score: int
    why: tuple[str, ...]
    remedy: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    instruct: str = ""
    hosts: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return the name decisions about it are kept under."""
        return f"{self.kind}:{'/'.join(self.where)}:{self.id}"

    @property
    def asks(self) -> bool:
        """Return whether the operator must judge it."""
        return self.score > 0

    @property
    def severity(self) -> str:
        """Return high, medium or low."""
        return {1: "low", 2: "medium"}.get(self.score, "high" if self.score else "low")


@dataclass(frozen=True, slots=True)
class Unread:
    """An area that could not be read: where, why in a few words, and what to ask Support instead."""

    area: str
    where: str
    reason: str
    question: str

    @property
    def words(self) -> str:
        """Return the row as one line."""
        place = f" ({self.where})" if self.where else ""
        return f"{self.area}{place}: could not be read ({self.reason})"


@dataclass(slots=True)
class Sweep:
    """The result: every setting judged, what could not be read, what the API cannot show.

    ``cared_for`` names what was proven removed or repaired before this reading began: found again, it came back.
    ``unread`` are the areas that could not be read (see ``sweep_unread``).
    """

    at: datetime
    since: datetime
    swept: list[Swept] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    cared_for: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()

    def asked(self) -> list[Swept]:
        """Return what the operator must judge, the gravest first."""
        return sorted((s for s in self.swept if s.asks), key=lambda s: (-s.score, s.kind, s.title))

    def counts(self) -> dict[str, int]:
        """Return how many settings got which verdict."""
        found = Counter(s.judged.value for s in self.swept)
        return {judged.value: found[judged.value] for judged in JudgedAge}


@dataclass(slots=True)
class Clues:
    """What helps to judge things without a date.

    ``known_addresses`` sent the customer's own mail, ``strange_addresses`` the intruder's. ``changed`` maps
    (kind, where, id) to a sentence for what differs from an earlier snapshot; ``ours`` are (kind, id) of what this
    incident made itself.
    """

    known_addresses: frozenset[str] = frozenset()
    strange_addresses: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    changed: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    ours: frozenset[tuple[str, str]] = frozenset()


def sweep(settings: Settings, home: CustomerNames, clues: Clues | None = None) -> Sweep:
    """Return every setting judged. ``home`` must not hold names the intruder added inside the window."""
    known = clues or Clues()
    result = Sweep(settings.read_at, settings.since)
    result.gaps = [f"{gap.slice} {gap.place or ''}: {gap.reason}".strip() for gap in settings.gaps.values()]
    result.gaps += odd_fields(settings)
    result.swept = list(_all(settings, home, known))
    _spread(result)
    return result


def _all(settings: Settings, home: CustomerNames, clues: Clues) -> Iterator[Swept]:
    judge = Judge(settings.since, settings.read_at, home, clues)
    for row in rows.rows(settings, home, clues.known_addresses, clues.strange_addresses, clues.people):
        yield judge.take(row)


@dataclass(slots=True)
class Judge:
    """Turns a row (a thing with its dates and signs) into a verdict."""

    since: datetime
    now: datetime
    home: CustomerNames
    clues: Clues

    def take(self, row: rows.AuditRow) -> Swept:
        """Return the row judged."""
        why = list(row.signs)
        score = row.score
        changed = self.clues.changed.get((row.kind, row.item_place, row.id))
        if row.dated is not None and row.dated > self.now + SKEW:
            why.append(f"its date lies in the future ({row.dated:%d %b %Y}) and says nothing")
            row = replace(row, dated=None)
        if row.dated is not None and row.dated >= self.since:
            judged = JudgedAge.INSIDE
            why.insert(0, f"{row.dated_word} {row.dated:%d %b %H:%M}Z, inside the abuse window")
            score += 2
        elif changed is not None:
            judged = JudgedAge.INSIDE
            why.insert(0, changed)
            score += 2
        elif row.dated is not None and not (row.edits_undated and score):
            judged, score = JudgedAge.BEFORE, 0
            why.insert(0, f"{row.dated_word} {row.dated:%d %b %Y}")
        else:
            judged = JudgedAge.UNDATED
            if row.dated is not None:
                why.append(f"{row.dated_word} {row.dated:%d %b %Y}, but an edit leaves no date")
        why += [line for line in row.calming if line not in why]
        if (row.kind, row.id) in self.clues.ours:
            score, why = 0, ["made by this incident"]
        return Swept(
            kind=row.kind,
            id=row.id,
            title=row.title,
            where=row.where,
            judged=judged,
            score=min(3, score),
            why=tuple(why),
            remedy=row.remedy,
            # As it is read again: a sweep of now and one of the journal compare alike.
            params={} if row.params is None else json.loads(canonical(row.params.body())),
            instruct=row.instruct,
            hosts=row.hosts,
        )


def _spread(result: Sweep) -> None:
    """Raise what shares a foreign host with something already grave: one drop host serves many traps."""
    grave = {host for item in result.swept if item.score >= 2 for host in item.hosts}
    shared: Callable[[Swept], list[str]] = lambda item: sorted(set(item.hosts) & grave)  # noqa: E731
    for place, item in enumerate(result.swept):
        hosts = shared(item)
        if hosts and item.score < 3:
            others = sum(1 for other in result.swept if other is not item and hosts[0] in other.hosts)
            if others:
                line = f"{hosts[0]} also stands in {others} other suspicious setting{'s' * (others > 1)}"
                result.swept[place] = replace(item, score=item.score + 1, why=(*item.why, line))
