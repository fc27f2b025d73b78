"""The days after, read from the account: who refuses its mail, how many complain, what Mailgun itself watches.

Readings beside the look-ups. Each returns what the journal keeps of it; none raises for what the
account does not let us read: that becomes a word.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import msgspec

from workbench.blocklists.monitoring import VendorListing, vendor_listings
from workbench.blocklists.rates import RateDay
from workbench.blocklists.refusal_counts import Refusal
from workbench.core.clock import iso
from workbench.core.errors import ApiError, Forbidden, NotFound, UsageError
from workbench.core.words import plural
from workbench.domain.blocklists.recorded import (
    GmailRates,
    GmailSpamDay,
    HealthDay,
    LinkedHosts,
    RefusalsRead,
    SendingHealth,
)
from workbench.domain.blocklists.refusals import refusal_fact
from workbench.domain.detection.hosts import host_of
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.endpoints import Region
from workbench.mailgun.evidence import iter_logs, metrics
from workbench.mailgun.evidence_models import LogEvent
from workbench.mailgun.monitoring import (
    GmailDay,
    Monitored,
    gmail_days,
    monitored_addresses,
    monitored_domain,
)

DELIVERED, COMPLAINED, BOUNCED = "delivered_count", "complained_count", "permanent_failed_count"
RATE_DAYS = 14
# A wave of spam is refused a hundred thousand times with the same few texts: the newest pages tell them all.
MOST_PAGES = 30
BACK = timedelta(days=3)
MOST_CLICK_PAGES = 5
_KEPT_HOSTS = 40
_KEPT_GMAIL = 400


async def read_refusals(
    api: Mailgun, regions: Sequence[Region], now: datetime, *, own: Iterable[str] = ()
) -> RefusalsRead:
    """Return who refused mail of the last days and why: ``refusal_fact`` and what of the log was read.

    At most ``MOST_PAGES`` pages a region, the newest first; ``whole`` says whether that was all. ``own`` are
    the account's domains: From domains that are none of them were the intruder's.
    """
    since = now - BACK
    # An entry is 2 kB and two regions have six thousand: what counts of each is taken as its page comes.
    refusals: list[list[Refusal]] = [[] for _ in regions]
    senders: list[Counter[str]] = [Counter() for _ in regions]

    def taker(at: int) -> Callable[[LogEvent], None]:
        def take(event: LogEvent) -> None:
            if (refusal := _refusal(event)) is not None:
                refusals[at].append(refusal)
            if domain := _from_domain(event):
                senders[at][domain] += 1

        return take

    read = await asyncio.gather(
        *(
            _events(api, region, since, now, _Wanted("failed", MOST_PAGES, taker(at)))
            for at, region in enumerate(regions)
        )
    )
    return msgspec.structs.replace(
        await asyncio.to_thread(refusal_fact, [one for found in refusals for one in found]),
        since=iso(since),
        as_of=iso(now),
        read=sum(one.entries for one in read),
        whole=all(one.whole for one in read),
        gaps=tuple(one.gap for one in read if one.gap),
        from_domains=_strange(senders, own),
    )


async def read_links(api: Mailgun, regions: Sequence[Region], now: datetime) -> LinkedHosts:
    """Return the hosts that recipients of the last days clicked on, the most clicked first; what failed as gaps."""
    hosts: list[Counter[str]] = [Counter() for _ in regions]

    def taker(at: int) -> Callable[[LogEvent], None]:
        def take(event: LogEvent) -> None:
            if host := host_of(event.url or ""):
                hosts[at][host] += 1

        return take

    read = await asyncio.gather(
        *(
            _events(api, region, now - BACK, now, _Wanted("clicked", MOST_CLICK_PAGES, taker(at)))
            for at, region in enumerate(regions)
        )
    )
    return LinkedHosts(
        as_of=iso(now),
        hosts=tuple(host for host, _ in _added(hosts).most_common(_KEPT_HOSTS)),
        whole=all(one.whole for one in read),
        gaps=tuple(one.gap for one in read if one.gap),
    )


async def read_rates(api: Mailgun, regions: Sequence[Region], now: datetime) -> SendingHealth:
    """Return delivered, complaints and bounces of each of the last days (UTC), all regions added up."""
    start = (now - timedelta(days=RATE_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    answers = await asyncio.gather(
        *(
            metrics(
                api,
                region=region,
                start=start,
                end=now,
                names=(DELIVERED, COMPLAINED, BOUNCED),
                resolution="day",
                include_subaccounts=True,
                priority=Priority.BACKGROUND,
            )
            for region in regions
        ),
        return_exceptions=True,
    )
    days: dict[date, Counter[str]] = defaultdict(Counter)
    gaps = []
    for answer in answers:
        if isinstance(answer, ApiError):
            gaps.append(answer.what)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            for row in answer:
                if row.time is not None:
                    day = row.time.astimezone(UTC).date()
                    for name in (DELIVERED, COMPLAINED, BOUNCED):
                        days[day][name] += row.count(name)
    made = [RateDay(day, c[DELIVERED], c[COMPLAINED], c[BOUNCED]) for day, c in sorted(days.items())]
    return SendingHealth(
        as_of=iso(now),
        gaps=tuple(gaps),
        days=tuple(
            HealthDay(one.day, one.delivered, one.complaints, one.bounced, one.level.value) for one in made
        ),
    )


async def read_gmail(api: Mailgun, regions: Sequence[Region], now: datetime) -> GmailRates:
    """Return Gmail's own share of mail called spam, by domain and day; ``gap`` says why there is none."""
    since = now - timedelta(days=RATE_DAYS)
    days: list[GmailDay] = []
    gap = ""
    for region in regions:
        try:
            days += await gmail_days(api, region=region, since=since, until=now)
        except (Forbidden, NotFound):
            gap = "the plan does not read Postmaster Tools (Optimize)"
        except ApiError as error:
            gap = error.what
    rows = tuple(GmailSpamDay(one.domain, one.day.isoformat(), one.spam) for one in days[:_KEPT_GMAIL])
    return GmailRates(as_of=iso(now), gap="" if rows else gap, days=rows)


async def read_monitoring(
    api: Mailgun, domains: Iterable[tuple[str, Region]]
) -> tuple[str, list[VendorListing]]:
    """Return (what of it cannot be read and why, the vendor's own listings); the reason is empty where all was read."""
    found: list[Monitored] = []
    gap = ""
    try:
        for region in api.endpoints.regions:
            found += await monitored_addresses(api, region=region)
        for name, region in domains:
            try:
                found.append(await monitored_domain(api, name, region=region))
            except NotFound:
                continue
    except Forbidden:
        gap = "the plan has no blocklist monitoring (Optimize)"
    except ApiError as error:
        gap = error.what
    if unread := sum(one.unread for one in found):
        gap = "; ".join(filter(None, (gap, f"{plural(unread, 'entry', 'entries')} not understood")))
    listed: list[VendorListing] = []
    for one in found:
        try:
            listed += vendor_listings(one.subject, one.listed)
        except UsageError:
            # A name of the account that is no address and no domain: it cannot be on a list either.
            continue
    return gap, listed


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is wanted of the log: one kind of event, at most so many pages, each entry handed on as it comes."""

    kind: str
    most: int
    take: Callable[[LogEvent], None]


@dataclass(slots=True)
class _LogRead:
    """How far a reading came: entries, whether that was all, why it could not be read."""

    entries: int = 0
    whole: bool = False
    gap: str = ""


async def _events(api: Mailgun, region: Region, since: datetime, now: datetime, wanted: _Wanted) -> _LogRead:
    """Hand on the events of one kind, the newest first; return how far that came."""
    read = _LogRead()
    pages = odd = 0
    try:
        async for page in iter_logs(
            api,
            region=region,
            start=since,
            end=now,
            events=(wanted.kind,),
            include_subaccounts=True,
            ascending=False,
        ):
            for event in page:
                wanted.take(event)
                odd += bool(event.unreadable)
            read.entries += len(page)
            pages += 1
            if pages >= wanted.most:
                return read
    except ApiError as error:
        read.gap = error.what
        return read
    read.whole = not odd
    read.gap = f"{plural(odd, 'log entry', 'log entries')} not fully read" if odd else ""
    return read


def _refusal(event: LogEvent) -> Refusal | None:
    status = event.delivery_status
    if status is None or event.timestamp is None:
        return None
    # The log often says the same thing twice.
    said = dict.fromkeys(part.strip() for part in (status.message, status.description) if part)
    text = " ".join(said)
    if status.enhanced_code and status.enhanced_code not in text:
        text = f"{status.enhanced_code} {text}"
    return Refusal(event.timestamp, status.code, text, status.mx_host or "", event.sending_ip or "")


def _from_domain(event: LogEvent) -> str:
    """Return the domain that a message claimed to be from, in lower case; ``""`` where the log says none."""
    headers = event.message.headers if event.message is not None else None
    address = (headers.from_ or "") if headers is not None else ""
    return address.rpartition("@")[2].strip(" >\t").lower()


def _strange(senders: Iterable[Counter[str]], own: Iterable[str]) -> tuple[str, ...]:
    """Return the From domains of refused mail that are none of the account's, the most frequent first."""
    seen = _added(senders)
    for name in own:
        seen.pop(name.lower(), None)
    return tuple(name for name, _ in seen.most_common(20))


def _added(parts: Iterable[Counter[str]]) -> Counter[str]:
    """Return the counts of all regions together."""
    added: Counter[str] = Counter()
    for part in parts:
        added.update(part)
    return added
