"""Is it over? One answer, in the same words everywhere, with every way that is still open named. Pure.

*Not contained* · *cut, but open through …* · *contained since T, as of T2* · *was contained until T: came back
through …; open through …*. It rests on steps 1, 1b, 2 and 3, on what could not be read, on open alarms, and on who sent
since the last cut. Top line, guide, plans, command line, documents and reports render this; nobody computes it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from workbench.core.clock import as_moment
from workbench.core.redact import visible
from workbench.domain.detection.alarms import open_alarms
from workbench.domain.model.credential_use import CredentialUses
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Alarm
from workbench.domain.runbook import claims, coverage, tapped, ways_open
from workbench.domain.runbook.claims import Claim, Coverage, Reading
from workbench.domain.runbook.verdict import attested
from workbench.domain.runbook.ways_open import WayIn
from workbench.leaks.people import called

__all__ = ["Containment", "Over", "WayIn", "containment", "is_contained"]

# A reading older than this says nothing of now; the watch reads the account again every minute.
LASTS = timedelta(minutes=10)
# What was read for the answer, by the inventory's own names.
SLICES = ("keys", "users", "domains", "logins", "subaccounts")
SENDING = "who sends"
NAMED = 4  # ways named one by one
# Ways that are told in a sentence: somebody *goes on sending*, more than usual *goes out*.
_SENTENCES = ("alarm", "sending")
_CAME = ("keys", "logins", "subaccounts", "users", "domains")


class Over(StrEnum):
    """How far it is."""

    NOT_CONTAINED = "not contained"
    OPEN = "cut, but open"
    CONTAINED = "contained"
    BACK = "was contained"


@dataclass(frozen=True, slots=True)
class Containment:
    """The answer. ``ways`` are all that is open or cannot be told to be shut, the gravest first.

    ``since`` is since when it is contained (or was), ``until`` when that ended; ``came_back`` counts comebacks
    since the first cut by what they came through.
    """

    over: Over
    claim: Claim
    ways: tuple[WayIn, ...]
    since: datetime | None = None
    until: datetime | None = None
    came_back: tuple[tuple[str, int], ...] = ()

    @property
    def contained(self) -> bool:
        """Return whether it may be said, ticked and acted upon."""
        return self.over is Over.CONTAINED

    @property
    def as_of(self) -> datetime | None:
        """Return the oldest reading it rests on, or since when it is so where our own proof of that came after it."""
        read = self.claim.as_of
        return (
            max(read, self.since) if self.contained and read is not None and self.since is not None else read
        )

    @property
    def known_open(self) -> tuple[WayIn, ...]:
        """Return the ways that were seen to be open; the others only cannot be told."""
        return tuple(way for way in self.ways if way.known)

    @property
    def used(self) -> tuple[WayIn, ...]:
        """Return the ways back that were used: what comes first in the guide and in every plan."""
        return tuple(way for way in self.ways if way.used)

    @property
    def words(self) -> str:
        """Return the answer in one sentence without a full stop."""
        return f"{self._head()}{self._comebacks()}"

    @property
    def short(self) -> str:
        """Return it for a narrow place: the deciding word first."""
        match self.over:
            case Over.CONTAINED:
                return f"contained, as of {_clock(self.as_of)}"
            case Over.BACK:
                return f"WAS contained until {_clock(self.until)}"
            case Over.OPEN:
                told = ways_open.told_together(self.ways)
                first = told[0].short if told else "a way"
                more = f" +{len(told) - 1}" if len(told) > 1 else ""
                return f"cut, but OPEN: {first}{more}"
        return "NOT CONTAINED"

    def to_json(self) -> dict[str, Any]:
        """Return it as documents show it."""
        return {
            "answer": self.over.value,
            "contained": self.contained,
            "words": self.words,
            "since": _iso(self.since),
            "until": _iso(self.until),
            "as_of": _iso(self.as_of),
            "open_through": [
                {"kind": way.kind, "id": way.target, "words": way.words, "known": way.known, "used": way.used}
                for way in self.ways
            ],
            "came_back": [{"through": through, "times": times} for through, times in self.came_back],
            "grounds": [reading.to_json() for reading in self.claim.grounds],
        }

    @property
    def forms(self) -> tuple[str, ...]:
        """Return it from the whole sentence to the deciding words: what is cut off is counted, never in mid-word."""
        short = [f"{self._head(count, shorter=True)}{self._comebacks()}" for count in range(NAMED, 0, -1)]
        return tuple(dict.fromkeys((self.words, *short, self._head(1, shorter=True), self.short)))

    def _head(self, most: int = NAMED, *, shorter: bool = False) -> str:
        told = ways_open.told_together(self.ways)
        match self.over:
            case Over.CONTAINED:
                return f"contained since {claims.stamp(self.since)}, as of {claims.stamp(self.as_of)}"
            case Over.BACK:
                came = [("came back through", way) for way in self.used]
                came += [("open through", way) for way in told if not way.used]
                return f"was contained until {claims.stamp(self.until)}: {_told(came, most, shorter)}"
            case Over.OPEN:
                ways = _told([("open through", way) for way in told], most, shorter)
                return f"cut, but {ways}" if ways.startswith("open through") else f"cut, but open: {ways}"
        ways = _told([("", way) for way in told], most, shorter)
        return f"not contained: {ways}" if self.ways else "not contained: nothing is read yet"

    def _comebacks(self) -> str:
        return "".join(f"; came back {times} × through {through}" for through, times in self.came_back)


def containment(situation: Situation) -> Containment:
    """Return the answer for a situation; computed once for each."""
    if situation.over is None:
        situation.over = _judged(situation)
    found: Containment = situation.over
    return found


def is_contained(situation: Situation) -> bool:
    """Return whether access is cut and nothing says otherwise."""
    return containment(situation).contained


def _judged(situation: Situation) -> Containment:
    state = situation.state
    grounds = (*_readings(situation), *_sending_read(situation))
    read = ways_open.ways(situation)
    ways = tuple(_ordered([*read, *_alarmed(situation, read), *_dark(situation, grounds)]))
    said = claims.claim(Over.CONTAINED.value, not any(way.known for way in ways), grounds)
    came_back = tuple(_comebacks(situation, read))
    events = state.containment
    until = as_moment(events[-1].at) if events and not events[-1].contained else None
    since = next((as_moment(e.at) for e in reversed(events) if e.contained), None)
    if not state.first_cut_at and not _nothing_to_cut(situation):
        return Containment(Over.NOT_CONTAINED, said, ways, came_back=came_back)
    if not ways and said.good:
        return Containment(Over.CONTAINED, said, (), _began(situation, said), None, came_back)
    if events and any(way.known for way in ways):
        return Containment(Over.BACK, said, ways, since, until or situation.now, came_back)
    return Containment(Over.OPEN, said, ways, since, until, came_back)


def _began(situation: Situation, said: Claim) -> datetime:
    """Return since when it is contained, by the clock and the readings that say so.

    The journal's row comes moments after the readings that it rests on: it is so since those, but not before the last
    thing was done that it took.
    """
    noted = as_moment(situation.state.contained_at) or situation.now
    if said.as_of is None or said.as_of >= noted:
        return noted
    did = as_moment(max((record.done_at for record in situation.state.effects.values()), default=""))
    return min(noted, max(said.as_of, did or said.as_of))


def _nothing_to_cut(situation: Situation) -> bool:
    """Return whether every credential there is was made by this incident, and there are none of before."""
    inventory = situation.inventory
    read = "keys" in inventory.read_at and "logins" in inventory.read_at and not coverage.cut_by(inventory)
    return read and not inventory.logins and all(situation.minted_here(key) for key in inventory.keys)


def _readings(situation: Situation) -> Iterator[Reading]:
    inventory = situation.inventory
    gaps = ways_open.gaps(situation)
    refused = {gap.slice for gap in gaps if gap.place is None}
    for name in SLICES:
        at = inventory.read_at.get(name)
        if at is not None:
            yield claims.aged(Reading(name, at), situation.now, LASTS)
        elif name not in refused:
            yield Reading(name, None, Coverage.NOT_ASKED)
    asked = {*inventory.read_at, *(gap.slice for gap in inventory.gaps.values())}
    if "routes" not in asked and tapped.could_be(situation) and attested(situation.state, "6") is None:
        yield Reading("routes", None, Coverage.NOT_ASKED)
    for gap in gaps:
        where = f" {gap.place}" if gap.place is not None else ""
        yield Reading(f"{gap.slice}{where}", None, Coverage.NOT_READABLE, visible(gap.reason, 160))


def _sending_read(situation: Situation) -> Iterator[Reading]:
    """Who sent since the last cut: the log must have been read after it."""
    state = situation.state
    if not state.access_cut_at:
        return
    fact = state.known(CredentialUses)
    read = fact.read_at
    if read is None or not state.after_cut(fact, fact.since):
        yield Reading(SENDING, read, Coverage.NOT_ASKED, "not since the last cut")
        return
    refused = situation.inventory.gaps.get(SENDING)
    if refused is not None:
        yield Reading(SENDING, read, Coverage.NOT_READABLE, visible(refused.reason, 160))
        return
    if fact.gaps:
        yield Reading(SENDING, read, Coverage.NOT_READABLE, visible("; ".join(fact.gaps[:2]), 160))
        return
    yield claims.aged(Reading(SENDING, read), situation.now, LASTS)


_UNTOLD = {
    Coverage.NOT_ASKED: "what is not read yet",
    Coverage.NOT_READABLE: "what could not be read",
    Coverage.STALE: "what was read too long ago",
}


def _dark(situation: Situation, grounds: Iterable[Reading]) -> Iterator[WayIn]:
    """What could not be told: a way that nobody saw shut."""
    for reading in grounds:
        if not reading.answered:
            words = f"{_UNTOLD[reading.coverage]} ({reading.words()})"
            yield WayIn(
                "unread", reading.what, words, f"{reading.what} {reading.coverage.value}", known=False
            )


def _alarmed(situation: Situation, read: Sequence[WayIn]) -> Iterator[WayIn]:
    """What alarms tell of beside the ways that were read."""
    named = {way.target for way in read}
    for alarm in open_alarms(situation):
        if alarm.target not in named or alarm.kind == "proof":
            # Cut at a phrase: "… goes on sending" is the news, from where is in the alarm's list.
            short = visible(alarm.text.partition(", ")[0].partition("; ")[0], 80)
            yield WayIn("alarm", alarm.target, visible(alarm.text, 160), short, used=_came(alarm))


def _came(alarm: Alarm) -> bool:
    """Return whether an alarm tells of somebody coming back, not only of something being different."""
    return alarm.kind in _CAME and not alarm.id.startswith("gone:")


def _comebacks(situation: Situation, read: Sequence[WayIn]) -> Iterator[tuple[str, int]]:
    """Count what came back since the first cut, by what it came through: whom the account names, or the one way.

    Where neither is known, the thing itself that came is named: it stays so once it was removed.
    """
    state = situation.state
    if not state.first_cut_at:
        return
    decided = {name for name, d in state.decisions.items() if d.decision == "ours"}
    came = [
        alarm
        for alarm in state.alarms.values()
        if _came(alarm)
        and not alarm.id.startswith("sends:")
        and alarm.kind in ("keys", "logins", "subaccounts")
        and f"alarm:{alarm.id}" not in decided
        and f"{alarm.kind.removesuffix('s')}:{alarm.target}" not in decided
    ]
    themselves = {alarm.target for alarm in came}
    admins = [way.words for way in read if way.administers and way.target not in themselves]
    alone = admins[0] if len(admins) == 1 else ""
    found: Counter[str] = Counter()
    for alarm in came:
        found[_through(situation, alarm) or alone or f"a way not named ({_subject(alarm)})"] += 1
    yield from sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def _subject(alarm: Alarm) -> str:
    """Return what an alarm is about, without what is told of it."""
    return visible(alarm.text.partition(" appeared")[0].partition(", ")[0], 60)


def _through(situation: Situation, alarm: Alarm) -> str:
    if not alarm.through:
        return ""
    user = called((item.user for item in situation.inventory.users.values()), alarm.through)
    who = (user.email or user.name or user.id) if user is not None else alarm.through
    return f"panel user {visible(who, 80)}"


def _ordered(ways: Iterable[WayIn]) -> list[WayIn]:
    """What was used first, then what is known to be open, each once."""
    seen: dict[tuple[str, str], WayIn] = {}
    for way in ways:
        seen.setdefault((way.kind, way.target), way)
    return sorted(seen.values(), key=lambda way: (not way.used, not way.known))


def _told(ways: Sequence[tuple[str, WayIn]], most: int, shorter: bool) -> str:
    """Return ways in words, behind *came back through* or *open through*; what is a sentence stands by itself."""
    parts: list[str] = []
    before = ""
    for through, way in ways[:most]:
        lead = "" if way.kind in _SENTENCES else through
        parts.append(f"{'' if lead == before else lead} {way.short if shorter else way.words}".strip())
        before = lead
    more = f" and {len(ways) - most} more" if len(ways) > most else ""
    return f"{'; '.join(parts)}{more}" or "open through a way that is not named"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _clock(moment: datetime | None) -> str:
    return "an unknown time" if moment is None else f"{moment.astimezone(UTC):%H:%M}Z"
