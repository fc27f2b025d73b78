"""The way off a list: what, why, whose job, what must be true first, the text to send, and what came of it.

Pure. The evidence and the incident's facts are passed in; nothing is sent from here. A request is never
called ready while containment is open, and never a second time inside the cool-down: both make it worse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from workbench.blocklists.names import Role, SubjectKind
from workbench.blocklists.request_text import Facts, request_text, vendor_message
from workbench.blocklists.verdicts import Listing, ListingVerdict
from workbench.blocklists.zones import AskedBy, Tier
from workbench.core.clock import iso
from workbench.core.errors import UsageError
from workbench.core.registered_names import registrable

_OURS = (Role.DOMAIN, Role.ORGANISATION, Role.TRACKING_HOST, Role.RETURN_PATH)


class Whose(StrEnum):
    """Whose job a removal is."""

    YOU = "you"
    VENDOR = "Mailgun"
    OWNER = "whoever it belongs to"
    NOBODY = "nobody: it ends by itself"


class RequestState(StrEnum):
    """How far the removal of one listing is."""

    OPEN = "not requested"
    REQUESTED = "requested, cooling down"
    RECHECK = "check again"
    REMOVED = "removed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RemovalRequest:
    """What was asked of one list for one subject. Make it with ``RemovalRequest()``, move it with the methods.

    ``times`` counts requests; ``relisted`` is True once a listing came back after its removal.
    """

    state: RequestState = RequestState.OPEN
    requested_at: datetime | None = None
    wait_until: datetime | None = None
    decided_at: datetime | None = None
    times: int = 0
    relisted: bool = False
    note: str = ""

    def at(self, now: datetime) -> RemovalRequest:
        """Return the request as it stands now: after the cool-down it asks for a check."""
        if self.state is RequestState.REQUESTED and self.wait_until is not None and now >= self.wait_until:
            return replace(self, state=RequestState.RECHECK)
        return self

    def requested(self, now: datetime, wait_hours: float, *, containment_done: bool) -> RemovalRequest:
        """Return the request after it was sent; raise UsageError where it must not be sent yet."""
        current = self.at(now)
        if not containment_done:
            raise UsageError(
                "Containment is still open.",
                "Lists relist at once on new spam, and a second request is looked at harder.",
                "Finish the containment first; the request stays prepared.",
            )
        if current.state is RequestState.REQUESTED and current.wait_until is not None:
            raise UsageError(
                f"A request was sent already; the list needs until {iso(current.wait_until)}.",
                "A second request before that can prolong the listing.",
                "Wait; the workbench checks again by itself.",
            )
        return replace(
            current,
            state=RequestState.REQUESTED,
            requested_at=now,
            wait_until=now + timedelta(hours=wait_hours),
            decided_at=None,
            times=current.times + 1,
        )

    def observed(self, verdict: ListingVerdict, now: datetime) -> RemovalRequest:
        """Return the request after a new look-up. *Cannot tell* changes nothing."""
        current = self.at(now)
        if verdict is ListingVerdict.NOT_LISTED and current.state is not RequestState.REMOVED:
            return replace(current, state=RequestState.REMOVED, decided_at=now)
        if verdict is ListingVerdict.LISTED and current.state is RequestState.REMOVED:
            return RemovalRequest(times=current.times, relisted=True, note=current.note)
        if verdict is ListingVerdict.LISTED and current.state is RequestState.RECHECK:
            return replace(
                current, state=RequestState.REFUSED, decided_at=now, note="still listed after the cool-down"
            )
        return current

    def refused(self, now: datetime, note: str) -> RemovalRequest:
        """Return the request after the list said no, in the operator's words."""
        return replace(self, state=RequestState.REFUSED, decided_at=now, note=note)

    def record(self) -> dict[str, object]:
        """Return the request as plain data for the journal."""
        moments = {name: getattr(self, name) for name in ("requested_at", "wait_until", "decided_at")}
        return {
            "state": self.state.value,
            **{name: iso(moment) if moment else None for name, moment in moments.items()},
            "times": self.times,
            "relisted": self.relisted,
            "note": self.note,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, object]) -> RemovalRequest:
        """Return the request that ``record()`` wrote; raise ValueError or KeyError where it is none."""

        def moment(name: str) -> datetime | None:
            value = record[name]
            return datetime.fromisoformat(str(value)) if value else None

        return cls(
            RequestState(str(record["state"])),
            moment("requested_at"),
            moment("wait_until"),
            moment("decided_at"),
            int(str(record["times"])),
            bool(record["relisted"]),
            str(record["note"]),
        )


@dataclass(frozen=True, slots=True)
class Removal:
    """One listing and everything needed to get off it, in the order of ``rank`` (1 first).

    ``blocked_by`` says why the request is not ready; it is empty where it is. ``text`` is what to paste
    into the list's form, or the message to Mailgun where the job is theirs.
    """

    rank: int
    listing: Listing
    tier: Tier
    what: str
    why: tuple[str, ...]
    first: tuple[str, ...]
    whose: Whose
    whose_why: str
    page: str
    asks: tuple[str, ...]
    text: str
    ends: str
    do_not_pay: str
    request: RemovalRequest
    blocked_by: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Return whether the request may be sent now."""
        return not self.blocked_by

    @property
    def waits_for_containment(self) -> bool:
        """Return whether the request must wait until access is cut."""
        return _waits(self.whose, self.listing)


@dataclass(frozen=True, slots=True)
class RemovalSituation:
    """What the incident says about removals.

    ``containment_done`` is the runbook's word; ``still_open`` names the steps that are not done; ``why``
    holds evidence by subject; ``refused_mail`` how often the account's own refusals name each zone;
    ``quote`` returns a refusal that names a zone and a subject, ``""`` where there is none; ``own_names`` are
    the registered names of the account's own domains.
    """

    facts: Facts
    containment_done: bool
    still_open: tuple[str, ...] = ()
    why: Mapping[str, Sequence[str]] = field(default_factory=dict)
    refused_mail: Mapping[str, int] = field(default_factory=dict)
    quote: Callable[[str, str], str] = lambda zone, subject: ""
    own_names: frozenset[str] = frozenset()


def plan_removals(
    listings: Iterable[Listing],
    situation: RemovalSituation,
    requests: Mapping[tuple[str, str], RemovalRequest],
    now: datetime,
) -> tuple[Removal, ...]:
    """Return the removals for every listing, the one that matters most first.

    Tier decides, raised by one where the account's own refused mail names the list (dossier, 2c); then
    how much mail was refused, then the names.
    """
    listed = [
        one
        for one in listings
        if one.verdict is ListingVerdict.LISTED and one.subject.role is not Role.INTRUDER_IP
    ]
    listed.sort(
        key=lambda one: (_tier(one, situation), -_refused(one, situation), one.zone.name, one.subject.value)
    )
    return tuple(
        _removal(rank, one, situation, requests.get(one.pair, RemovalRequest()).at(now))
        for rank, one in enumerate(listed, start=1)
    )


def whose_job(listing: Listing, own_names: frozenset[str] = frozenset()) -> tuple[Whose, str]:
    """Return whose job a removal is, and why."""
    subject = listing.subject
    if listing.asked_by is AskedBy.NOBODY:
        return Whose.NOBODY, "the list takes no requests"
    if subject.kind is SubjectKind.DOMAIN:
        if subject.role in _OURS or registrable(subject.value) in own_names:
            return Whose.YOU, "it is your domain"
        return Whose.OWNER, "it is no domain of this account: only its owner can clean it up and ask"
    if subject.role is Role.ASKED:
        return Whose.OWNER, "it is no address of this account: only its owner can ask"
    if listing.asked_by is AskedBy.ADDRESS_OWNER:
        return Whose.VENDOR, "only the owner of the address may ask, and that is Mailgun"
    if subject.shared is False:
        return Whose.YOU, "it is your dedicated address"
    if subject.shared is None:
        return Whose.VENDOR, "whether the address is yours alone is not known: Mailgun can tell and can ask"
    return Whose.VENDOR, "the address is Mailgun's and other customers share it"


def _tier(listing: Listing, situation: RemovalSituation) -> Tier:
    if listing.tier is Tier.IGNORE or not _refused(listing, situation):
        return listing.tier
    return Tier(max(1, listing.tier - 1))


def _refused(listing: Listing, situation: RemovalSituation) -> int:
    return situation.refused_mail.get(listing.zone.name, 0)


def _removal(rank: int, listing: Listing, situation: RemovalSituation, request: RemovalRequest) -> Removal:
    whose, whose_why = whose_job(listing, situation.own_names)
    refused = _refused(listing, situation)
    why = [*situation.why.get(listing.subject.value, ()), *(f"the list says: {text}" for text in listing.txt)]
    if refused:
        why.append(f"{refused} of your own messages were refused with this list's name")
    text = ""
    facts = replace(situation.facts, bounce_sample=situation.quote(listing.zone.name, listing.subject.value))
    if whose is Whose.YOU:
        text = request_text(listing, facts)
    elif whose is Whose.OWNER:
        text = request_text(listing, facts, ours=False)
    elif whose is Whose.VENDOR:
        text = vendor_message(
            listing, facts, still_open=() if situation.containment_done else situation.still_open
        )
    return Removal(
        rank=rank,
        listing=listing,
        tier=_tier(listing, situation),
        what=f"{listing.subject.value} is on {listing.zone.title}: {listing.reason}",
        why=tuple(why),
        first=_first(situation),
        whose=whose,
        whose_why=whose_why,
        page=listing.zone.page,
        asks=listing.zone.owner.asks,
        text=text,
        ends=listing.ends,
        do_not_pay=listing.zone.do_not_pay,
        request=request,
        blocked_by=_blocked_by(situation, whose, listing, request),
    )


def _first(situation: RemovalSituation) -> tuple[str, ...]:
    """Return what must be true before anybody is asked (dossier, section 5)."""
    return (
        "the spam has stopped: queues purged, no new messages of the intruder",
        "every API key and SMTP login that could have leaked is replaced, and the old ones are refused",
        "unknown users, routes, webhooks and domains are gone; second factor is on",
        *(f"still open: {step}" for step in situation.still_open),
    )


def _waits(whose: Whose, listing: Listing) -> bool:
    """Return whether a request must wait for containment.

    What is not ours is not ours to contain; a shared address harms Mailgun's other customers meanwhile.
    """
    return whose is not Whose.OWNER and not (whose is Whose.VENDOR and listing.subject.shared is not False)


def _blocked_by(
    situation: RemovalSituation, whose: Whose, listing: Listing, request: RemovalRequest
) -> tuple[str, ...]:
    reasons = []
    if not situation.containment_done and _waits(whose, listing):
        named = ", ".join(situation.still_open)
        reasons.append(f"containment is open{': ' + named if named else ''}")
    if whose is Whose.NOBODY:
        reasons.append("the list takes no requests: it ends by itself")
    if request.state is RequestState.REQUESTED and request.wait_until is not None:
        reasons.append(f"already requested; wait until {iso(request.wait_until)}")
    if request.state is RequestState.RECHECK:
        reasons.append("already requested; check again first")
    return tuple(reasons)
