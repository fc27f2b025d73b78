"""What the simulated blocklists hold: listings that appear on days 0, 1 and 3, expire, and come back.

A listing follows the abuse, not the calendar alone: it stays while mail the customer did not write goes
out, expires some time after that stopped, and is listed again when a removal was asked for too early.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from workbench.drill.world.records import Stream, World
    from workbench.drill.world.story import Story

DAY = 86400.0
HOUR = 3600.0


@dataclass(frozen=True)
class ListingRule:
    """When a zone lists a kind of subject.

    ``delay`` is seconds after the drill opened (negative: listed already), ``linger`` seconds after the
    abuse stopped (0: never expires by itself), ``relist`` how soon an unfixed cause is listed again.
    """

    zone: str
    subject: str  # "ip" or "domain"
    codes: tuple[str, ...]
    reason: str
    delay: float
    linger: float
    relist: float


# Facts of the zones (codes, how listings end): dossier on blocklists. The days are the drill's.
RULES = (
    ListingRule(
        "bl.spamcop.net",
        "ip",
        ("127.0.0.2",),
        "Blocked - see the list's page for {subject}",
        -4 * HOUR,
        DAY,
        HOUR,
    ),
    ListingRule(
        "psbl.surriel.com", "ip", ("127.0.0.2",), "Listed in PSBL, {subject}", -2 * HOUR, 14 * DAY, 6 * HOUR
    ),
    ListingRule(
        "zen.spamhaus.org", "ip", ("127.0.0.3",), "{subject} is listed in CSS", DAY, 3 * DAY, 4 * HOUR
    ),
    ListingRule(
        "b.barracudacentral.org", "ip", ("127.0.0.2",), "{subject} has a poor reputation", DAY, 0.0, 12 * HOUR
    ),
    ListingRule(
        "multi.surbl.org",
        "domain",
        ("127.0.0.64",),
        "Blocked, {subject} on lists [abuse]",
        DAY,
        4 * DAY,
        6 * HOUR,
    ),
    ListingRule(
        "dbl.spamhaus.org",
        "domain",
        ("127.0.1.2",),
        "{subject} is listed in DBL",
        3 * DAY,
        5 * DAY,
        12 * HOUR,
    ),
    ListingRule("multi.uribl.com", "domain", ("127.0.0.2",), "{subject} is on black", 3 * DAY, 0.0, DAY),
)


class Listed(Protocol):
    """The simulated account, as far as a blocklist sees its mail."""

    world: World
    story: Story
    advance: Callable[[], None]

    def now(self) -> float:
        """Return the simulated time, in seconds."""

    def changed(self, urgent: bool = False) -> None:
        """Note that something changed."""

    def streams(self, actor: str = "") -> Iterator[Stream]:
        """Yield the senders, all or one actor's."""


class Listings:
    """The blocklists' view of one drill, on the simulated clock."""

    def __init__(self, account: Listed) -> None:
        self._account = account

    def lookup(self, zone: str, subject: str) -> tuple[Sequence[str], str] | None:
        """Return the A codes and TXT reason of ``subject`` (an address or a domain) in ``zone``, or None."""
        self._account.advance()
        subject = subject.lower().rstrip(".")
        for rule in RULES:
            if rule.zone == zone and self._listed(rule, subject):
                return rule.codes, rule.reason.format(subject=subject)
        return None

    def request_removal(self, zone: str, subject: str) -> None:
        """Record that somebody asked this zone to remove the subject: it goes, and returns if not fixed."""
        self._account.world.removals[f"{zone} {subject}"] = self._account.now()
        self._account.changed()

    def _listed(self, rule: ListingRule, subject: str) -> bool:
        abuse = self._last_abuse(rule.subject, subject)
        now = self._account.now()
        if abuse is None or now < self._account.world.start + rule.delay:
            return False
        removed = self._account.world.removals.get(f"{rule.zone} {subject}")
        if removed is not None:
            # A removal holds unless mail of the same kind went out after it.
            return abuse > removed and now >= removed + rule.relist
        return not rule.linger or now < abuse + rule.linger

    def _last_abuse(self, kind: str, subject: str) -> float | None:
        """Return when abusive mail last left by this IP or domain, None if it never did."""
        story, now = self._account.story, self._account.now()
        last: float | None = None
        for stream in self._account.streams("intruder"):
            if not stream.spans or not stream.spans[0][0]:
                continue
            region_ips = story.sending_ips.get(stream.region, ())
            # Only the first address of a region carries the abuse; the others stay clean to tell them apart.
            hit = subject in region_ips[:1] if kind == "ip" else subject == stream.domain
            if hit:
                end = stream.spans[-1][1]
                moment = now if end is None else min(end, now)
                last = moment if last is None else max(last, moment)
        return last
