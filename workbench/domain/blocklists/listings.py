"""What the journal knows of blocklists: who was listed where and when, and what was asked of the lists. Pure.

A round of look-ups is one journal row: what changed in full, what stayed as it was by name only. The fold
keeps, for every pair of subject and zone, the first and the last look of each day and verdict: enough for a
strip of days, for what rings, and for when to look again, after weeks as after minutes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from workbench.blocklists.names import Role, Subject
from workbench.blocklists.removal import RemovalRequest, RequestState
from workbench.blocklists.verdicts import Listing, ListingVerdict, read_addresses
from workbench.blocklists.watch import ListingChange, ListingHistory, Observation, Pair, fold
from workbench.blocklists.zones import AskedBy, Tier, Zone
from workbench.core.clock import iso
from workbench.core.errors import UsageError

Body = Mapping[str, Any]
ALL = "*"


@dataclass(slots=True)
class Seen:
    """One subject in one zone as the journal has it; ``record`` is the last listing in full."""

    subject: str
    zone: str
    observations: list[Observation] = field(default_factory=list)
    record: dict[str, Any] = field(default_factory=dict)
    request: RemovalRequest = field(default_factory=RemovalRequest)
    _history: ListingHistory | None = None

    @property
    def pair(self) -> Pair:
        """Return (subject, zone)."""
        return self.subject, self.zone

    @property
    def history(self) -> ListingHistory:
        """Return the pair's history."""
        if self._history is None:
            self._history = fold(self.observations)[self.pair]
        return self._history

    @property
    def last(self) -> Observation:
        """Return the latest look."""
        return self.observations[-1]

    @property
    def listed(self) -> bool:
        """Return whether the last sure word is *listed*; *cannot tell* neither begins nor ends a listing."""
        return self.history.listed is True

    @property
    def ever_listed(self) -> bool:
        """Return whether it was listed at any time of this incident."""
        return bool(self.history.changes)

    @property
    def since(self) -> datetime | None:
        """Return since when it is listed, as far as the looks tell; None where it is not."""
        began = [change.at for change in self.history.changes if change.rings]
        return began[-1] if self.listed and began else None

    @property
    def tier(self) -> int:
        """Return how much the listing matters: of the last time it was listed, else of the last look."""
        return int(self.record.get("tier", self.last.tier))

    @property
    def matters(self) -> bool:
        """Return whether it is listed now, on a list of tier 1 or 2."""
        return self.listed and self.tier <= Tier.SOME

    def add(self, one: Observation) -> None:
        """Take one look; of a run of equal ones on one day only the first and the last are kept."""
        self._history = None
        kept = self.observations
        if len(kept) >= 2 and _same_run(kept[-2], kept[-1]) and _same_run(kept[-1], one):
            kept[-1] = one
        else:
            kept.append(one)


@dataclass(slots=True)
class ListingBook:
    """Everything the journal says about blocklists."""

    subjects: dict[str, dict[str, Any]] = field(default_factory=dict)
    pairs: dict[Pair, Seen] = field(default_factory=dict)
    rounds: int = 0
    last_round_at: str = ""
    unbelieved: dict[str, str] = field(default_factory=dict)
    # The lists that large receivers act on and that no zone in use asked in the latest round, by title.
    unasked: tuple[str, ...] = ()

    @property
    def listed(self) -> list[Seen]:
        """Return what is listed now, the most important first."""
        found = [seen for seen in self.pairs.values() if seen.listed]
        return sorted(found, key=lambda seen: (seen.tier, seen.zone, seen.subject))

    @property
    def mattering(self) -> list[Seen]:
        """Return the listings of tier 1 and 2 that stand now."""
        return [seen for seen in self.listed if seen.tier <= Tier.SOME]

    @property
    def unclear(self) -> int:
        """Return how many pairs gave no answer that can be believed the last time."""
        return sum(seen.last.verdict is ListingVerdict.CANNOT_TELL for seen in self.pairs.values())

    def requests(self) -> dict[Pair, RemovalRequest]:
        """Return what was asked of the lists, by pair."""
        return {pair: seen.request for pair, seen in self.pairs.items() if seen.request != RemovalRequest()}

    def histories(self) -> dict[Pair, ListingHistory]:
        """Return the history of every pair."""
        return {pair: seen.history for pair, seen in self.pairs.items()}

    def changes(self, since: datetime | None = None) -> list[ListingChange]:
        """Return what came, went and came back after ``since``, oldest first."""
        found = [change for seen in self.pairs.values() for change in seen.history.changes]
        found = [change for change in found if since is None or change.at > since]
        return sorted(found, key=lambda change: (change.at, change.tier, change.zone, change.subject))

    # ── the fold ─────────────────────────────────────────────────────────────────────────────────────

    def observed(self, body: Body) -> None:
        """Take the row of one round."""
        at = datetime.fromisoformat(body["at"])
        if not body.get("by_name"):
            # What was asked about by name says nothing of when the account was looked up.
            self.rounds += 1
            self.last_round_at = body["at"]
        if "unasked" in body:
            self.unasked = tuple(str(title) for title in body["unasked"])
        for subject in body.get("subjects", ()):
            self.subjects[subject["subject"]] = dict(subject)
        ttls = body.get("ttl", {})
        for record in body.get("listed", ()):
            seen = self._seen(record["subject"], record["zone"])
            seen.record = dict(record)
            self._take(
                seen, ListingVerdict.LISTED, at, int(record["tier"]), str(record["reason"]), record["ttl"]
            )
        for zone, entry in body.get("not_listed", {}).items():
            for name in entry["subjects"]:
                tier, reason = int(entry["tier"]), str(entry.get("reason", ""))
                self._take(
                    self._seen(name, zone), ListingVerdict.NOT_LISTED, at, tier, reason, ttls.get(zone)
                )
        for entry in body.get("cannot_tell", ()):
            for name in entry["subjects"]:
                seen = self._seen(name, entry["zone"])
                self._take(
                    seen, ListingVerdict.CANNOT_TELL, at, int(entry["tier"]), str(entry["reason"]), None
                )
        for zone, names in body.get("same", {}).items():
            for seen in self._same(zone, names):
                last = seen.last
                self._take(seen, last.verdict, at, last.tier, last.reason, last.ttl)
        for zone in body.get("believed", ()):
            self.unbelieved.pop(zone, None)
        self.unbelieved.update(body.get("unbelieved", {}))

    def requested(self, body: Body) -> RemovalRequest:
        """Take a request that was sent: the row holds it as it stands after it; return how it stood before."""
        seen = self._seen(body["subject"], body["zone"])
        before, seen.request = seen.request, RemovalRequest.from_record(body["request"])
        return before

    def taken_back(self, body: Body, before: RemovalRequest, at: datetime) -> None:
        """Let a request stand as it did before one that was recorded ``at``, with what was looked up since."""
        seen = self._seen(body["subject"], body["zone"])
        seen.request = before
        for one in seen.observations:
            if one.at > at:
                seen.request = seen.request.observed(one.verdict, one.at)

    def _seen(self, subject: str, zone: str) -> Seen:
        return self.pairs.setdefault((subject, zone), Seen(subject, zone))

    def _same(self, zone: str, names: str | list[str]) -> Iterator[Seen]:
        if names == ALL:
            yield from [seen for seen in self.pairs.values() if seen.zone == zone and seen.observations]
            return
        for name in names:
            seen = self.pairs.get((name, zone))
            if seen is not None and seen.observations:
                yield seen

    def _take(
        self, seen: Seen, verdict: ListingVerdict, at: datetime, tier: int, reason: str, ttl: int | None
    ) -> None:
        was_listed = bool(seen.observations) and seen.ever_listed
        seen.add(Observation(at, seen.subject, seen.zone, verdict, tier, reason, ttl))
        # What was never listed is not "removed" when it is found clean.
        if was_listed or verdict is ListingVerdict.LISTED:
            seen.request = seen.request.observed(verdict, at)


# ── a round as a row ─────────────────────────────────────────────────────────────────────────────────────


def round_body(
    book: ListingBook,
    listings: Iterable[Listing],
    at: datetime,
    *,
    health: Mapping[str, str],
    resolver: str,
    whole: bool,
    unasked: Iterable[str] = (),
) -> dict[str, Any]:
    """Return the journal body of one round: changes in full, the rest by name.

    ``health`` gives, for every zone that was checked, why it is not believed (``""`` where it is).
    ``unasked`` names the lists that matter most and are switched off: not asked is not clean.
    ``whole`` says that every pair that is due at all was asked: zones without a change are then one word.
    """
    body: dict[str, Any] = {"at": iso(at), "resolver": resolver, "asked": 0}
    listed: list[dict[str, Any]] = []
    clean: dict[str, dict[str, Any]] = {}
    unclear: dict[tuple[str, str], dict[str, Any]] = {}
    same: dict[str, list[str]] = {}
    ttls: dict[str, int] = {}
    subjects: dict[str, dict[str, Any]] = {}
    for one in listings:
        body["asked"] += 1
        name, zone = one.pair
        if name not in book.subjects:
            shared = one.subject.shared
            subjects[name] = {"subject": name, "role": one.subject.role.value, "shared": shared}
        if one.ttl is not None:
            ttls[zone] = max(ttls.get(zone, 0), one.ttl)
        if _as_before(book.pairs.get(one.pair), one):
            same.setdefault(zone, []).append(name)
        elif one.verdict is ListingVerdict.LISTED:
            listed.append({**one.record(), "shared": one.subject.shared, "asked_by": one.asked_by.value})
        elif one.verdict is ListingVerdict.NOT_LISTED:
            entry = clean.setdefault(zone, {"tier": int(one.tier), "subjects": []})
            entry["subjects"].append(name)
        else:
            entry = unclear.setdefault(
                (zone, one.reason),
                {"zone": zone, "tier": int(one.tier), "reason": one.reason, "subjects": []},
            )
            entry["subjects"].append(name)
    body.update(
        same=_same_by_zone(book, same, whole),
        subjects=list(subjects.values()),
        listed=listed,
        not_listed=clean,
        cannot_tell=list(unclear.values()),
        ttl=ttls,
        unbelieved={zone: why for zone, why in health.items() if why},
        believed=sorted(zone for zone, why in health.items() if not why and zone in book.unbelieved),
    )
    body["unasked"] = sorted(unasked)
    return {name: value for name, value in body.items() if value or name in ("at", "asked", "unasked")}


def _same_by_zone(book: ListingBook, same: Mapping[str, list[str]], whole: bool) -> dict[str, Any]:
    """Return the names without a change by zone, as one word where they are all that the zone is known for."""
    known = Counter(zone for _, zone in book.pairs)
    return {
        zone: ALL if whole and len(names) == known.get(zone) else sorted(names)
        for zone, names in same.items()
    }


def subject_of(book: ListingBook, name: str) -> Subject | None:
    """Return a subject as it was looked up, None where the journal does not hold it or it cannot be read."""
    kept = book.subjects.get(name)
    if kept is None:
        return None
    try:
        return Subject.parse(name, Role(kept["role"]), shared=kept.get("shared"))
    except (UsageError, ValueError):
        return None


def listing_of(seen: Seen, subject: Subject, zone: Zone) -> Listing | None:
    """Return the last time the pair was listed, as a look-up would return it; None where it never was."""
    record = seen.record
    if not record:
        return None
    codes = tuple(str(code) for code in record.get("codes", ()))
    return Listing(
        subject=subject,
        zone=zone,
        verdict=ListingVerdict.LISTED,
        tier=Tier(int(record["tier"])),
        codes=codes,
        matched=read_addresses(zone, codes).matched if codes else (),
        reason=str(record["reason"]),
        txt=tuple(str(text) for text in record.get("text", ())),
        asked_at=datetime.fromisoformat(record["asked_at"]),
        ttl=record.get("ttl"),
        resolver=str(record.get("resolver", "")),
    )


def listing_now(seen: Seen, subject: Subject, zone: Zone) -> Listing:
    """Return the latest look as a look-up would return it."""
    last = seen.last
    listed = listing_of(seen, subject, zone) if last.verdict is ListingVerdict.LISTED else None
    if listed is not None:
        return replace(listed, asked_at=last.at)
    tier = Tier(last.tier)
    return Listing(subject, zone, last.verdict, tier, (), (), last.reason, (), last.at, last.ttl, "")


def request_word(seen: Seen | None, now: datetime) -> str:
    """Return how far the removal of a pair is, in one or two words; empty where nothing is to be said."""
    if seen is None:
        return ""
    request = seen.request.at(now)
    if request.state is RequestState.OPEN:
        return ("listed again" if request.relisted else "to do") if seen.listed else ""
    return {
        RequestState.REQUESTED: "requested",
        RequestState.RECHECK: "check again",
        RequestState.REMOVED: "gone",
        RequestState.REFUSED: "refused",
    }[request.state]


def settled(seen: Seen, now: datetime) -> bool:
    """Return whether nothing more can be done about a listing now: it was asked for, or ends only by itself."""
    return seen.record.get("asked_by") == AskedBy.NOBODY or seen.request.at(now).state in (
        RequestState.REQUESTED,
        RequestState.RECHECK,
    )


def _as_before(seen: Seen | None, one: Listing) -> bool:
    """Return whether a look says what the last one said: then only the time is news."""
    if seen is None or not seen.observations or seen.last.verdict is not one.verdict:
        return False
    if one.verdict is ListingVerdict.LISTED:
        # Records rotate, and a server may give only some of them: what was said before is no news.
        return set(one.codes) <= set(seen.record.get("codes", ())) and set(one.txt) <= set(
            seen.record.get("text", ())
        )
    return one.verdict is ListingVerdict.NOT_LISTED or seen.last.reason == one.reason


def _same_run(one: Observation, other: Observation) -> bool:
    return (
        one.verdict is other.verdict
        and one.at.astimezone(UTC).date() == other.at.astimezone(UTC).date()
        and one.reason == other.reason
    )
