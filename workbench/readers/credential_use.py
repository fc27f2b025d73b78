"""A quick look at who sends right now, before the cut: a handful of calls, seconds, no inventory needed.

The log cannot be filtered by credential (dossier B5) and may hold thousands of entries for the last hour. So
the hour is cut into slices, the newest page of each is read, and each slice's totals scale its sample up. A few
pages of calmer days say which addresses are the customer's own. The full assessment replaces the estimate.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from workbench.core.clock import iso
from workbench.core.errors import ApiError
from workbench.domain.model.credential_use import CredentialUses, Use, credential_of, judged
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.endpoints import Region
from workbench.mailgun.log_entries import LogPage, moment_text
from workbench.mailgun.log_pages import fetch_page

# Pages read in all; spread over the regions, newest hour first.
CALLS = 10
# How far before the abuse the calm days are sampled; log retention may be one day (dossier C).
CALM_HOURS = (3, 26)
_UNKNOWN_BEGIN = timedelta(hours=23)


class _Slice(NamedTuple):
    region: Region
    start: datetime
    end: datetime
    calm: bool


@dataclass(slots=True)
class CredentialUse:
    """What the quick look found: uses by credential, and how far it can be trusted.

    ``sampled`` says that counts are estimates; ``unreadable`` counts entries that could not be read;
    ``gaps`` names regions that gave no log, each with the reason.
    """

    by_credential: dict[str, Use] = field(default_factory=dict)
    as_of: datetime | None = None
    calls: int = 0
    entries: int = 0
    sampled: bool = False
    unreadable: int = 0
    gaps: list[str] = field(default_factory=list)

    def fact(self, since: int) -> CredentialUses:
        """Return what the journal keeps of it; ``since`` is its last row before the reading began."""
        return CredentialUses(
            by_credential={name: use.recorded() for name, use in self.by_credential.items()},
            as_of=iso(self.as_of) if self.as_of is not None else "",
            sampled=self.sampled,
            entries=self.entries,
            unreadable=self.unreadable,
            gaps=tuple(self.gaps),
            since=since,
        )


async def read_use(
    api: Mailgun,
    regions: Sequence[Region],
    now: datetime,
    *,
    began: datetime | None = None,
    calls: int = CALLS,
    priority: Priority = Priority.READ,
) -> CredentialUse:
    """Return who sent in the last hour, with which credential and from where, by at most ``calls`` pages.

    ``began`` is when the abuse began, where the metrics said so: the calm days are sampled before it.
    A region that gives no log becomes a gap. Raises the ApiError of the first region when none gives any.
    """
    slices = _slices(regions, now, began, calls)
    answers = await asyncio.gather(*(_page(api, part, priority) for part in slices), return_exceptions=True)
    found = CredentialUse(as_of=now, calls=len(slices))
    calm: dict[str, set[str]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    sent_for: Counter[tuple[str, str, str]] = Counter()
    failures: list[ApiError] = []
    answered_calm = 0
    for part, answer in zip(slices, answers, strict=True):
        if isinstance(answer, ApiError):
            failures.append(answer)
            line = f"{part.region.value.upper()}: {answer.what}"
            if line not in found.gaps:
                found.gaps.append(line)
            continue
        if isinstance(answer, BaseException):
            raise answer
        page, _ = answer
        found.unreadable += page.unreadable
        _take_domains(sent_for, page)
        found.entries += len(page.entries)
        if part.calm:
            answered_calm += len(page.entries)
            _take_calm(calm, page)
        else:
            _take(found, counts, page)
    if failures and len(failures) == len(slices):
        raise failures[0]
    _conclude(found, counts, calm if answered_calm else None, known_begin=began is not None)
    _conclude_domains(found, sent_for)
    return found


def _page(api: Mailgun, part: _Slice, priority: Priority) -> Coroutine[Any, Any, tuple[LogPage, bytes]]:
    """Ask for one page of a slice; what was accepted says who sent."""
    return fetch_page(
        api,
        region=part.region,
        start=part.start,
        end=part.end,
        events=("accepted",),
        ascending=False,
        totals=not part.calm,
        priority=priority,
    )


def _slices(regions: Sequence[Region], now: datetime, began: datetime | None, calls: int) -> list[_Slice]:
    """Return the parts of the log to sample: the last hour in equal parts, then moments of calmer days."""
    each = max(1, calls // max(1, len(regions)))
    calm = min(len(CALM_HOURS), max(0, each - 1))
    recent = each - calm
    before = began if began is not None else now - _UNKNOWN_BEGIN
    parts: list[_Slice] = []
    for region in regions:
        width = timedelta(hours=1) / recent
        for number in range(recent):
            end = now - number * width
            parts.append(_Slice(region, end - width, end, calm=False))
        for hours in CALM_HOURS[:calm]:
            # Newest first, so that one page reaches back as far as an hour's worth of pages would not.
            end = before - timedelta(hours=hours)
            parts.append(_Slice(region, end - timedelta(hours=22), end, calm=True))
    return parts


def _take(found: CredentialUse, counts: Counter[tuple[str, str]], page: LogPage) -> None:
    """Add a page of the last hour, scaled up to the entries its slice has in all."""
    if not page.entries:
        return
    size = len(page.entries) + page.unreadable
    scale = 1.0
    if page.total is not None and page.total > size:
        scale = page.total / size
        found.sampled = True
    elif page.total is None and page.next and size >= 100:
        found.sampled = True
    weights: Counter[tuple[str, str]] = Counter()
    for entry in page.entries:
        credential = credential_of(
            entry.api_key_id, entry.method, entry.envelope.sender if entry.envelope else None
        )
        weights[credential, entry.originating_ip or ""] += 1
        use = found.by_credential.setdefault(credential, Use())
        moment = moment_text(entry.at)
        use.last_used = max(use.last_used, moment)
        if address := entry.originating_ip:
            use.last_by[address] = max(use.last_by.get(address, ""), moment)
    for pair, weight in weights.items():
        counts[pair] += round(weight * scale)


def _take_calm(calm: dict[str, set[str]], page: LogPage) -> None:
    for entry in page.entries:
        if entry.originating_ip:
            credential = credential_of(
                entry.api_key_id, entry.method, entry.envelope.sender if entry.envelope else None
            )
            calm.setdefault(credential, set()).add(entry.originating_ip)


def _take_domains(sent_for: Counter[tuple[str, str, str]], page: LogPage) -> None:
    for entry in page.entries:
        if entry.domain is not None and entry.domain.name:
            credential = credential_of(
                entry.api_key_id, entry.method, entry.envelope.sender if entry.envelope else None
            )
            sent_for[credential, entry.originating_ip or "", entry.domain.name] += 1


def _conclude_domains(found: CredentialUse, sent_for: Mapping[tuple[str, str, str], int]) -> None:
    """Say for which domains each credential sent; what came from strange addresses is nobody's production."""
    for (credential, address, domain), count in sent_for.items():
        use = found.by_credential.get(credential)
        if use is not None and address not in use.strange:
            use.domains[domain] = use.domains.get(domain, 0) + count


def _conclude(
    found: CredentialUse,
    counts: Mapping[tuple[str, str], int],
    calm: Mapping[str, Iterable[str]] | None,
    *,
    known_begin: bool,
) -> None:
    for (credential, address), count in counts.items():
        use = found.by_credential[credential]
        use.last_hour += count
        if address:
            use.addresses[address] = use.addresses.get(address, 0) + count
    for credential, use in found.by_credential.items():
        judged(use, calm, credential, calm=known_begin)
