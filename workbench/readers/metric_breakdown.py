"""The window of the abuse broken down by the dimensions of the metrics, and why mail is refused now."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from workbench.core.errors import ApiError, Incomplete
from workbench.core.redact import visible
from workbench.core.words import listed, plural
from workbench.domain.forensics.abuse_window import DIMENSIONS, AbuseWindow, breakdown
from workbench.mailgun.client import Mailgun
from workbench.mailgun.evidence import bounce_classification, metrics
from workbench.mailgun.evidence_models import BounceClass
from workbench.readers.sending_volume import ACCEPTED, HISTORY


async def read_breakdowns(api: Mailgun, window: AbuseWindow, now: datetime) -> list[str]:
    """Fill the window's breakdowns; returns in words which could not be read."""
    if window.began is None:
        return []
    began = window.began.replace(minute=0, second=0, microsecond=0)
    until = window.ended or now
    inside = max(1.0, (until - began).total_seconds() / 3600)
    words: list[str] = []
    for name in DIMENSIONS:
        try:
            there, before = await asyncio.gather(
                _counts(api, name, began, until), _counts(api, name, began - HISTORY, began)
            )
        except ApiError as error:
            words.append(f"no breakdown by {name}: {error.what}")
            continue
        window.by[name] = breakdown(there, before, inside, HISTORY.total_seconds() / 3600)
    return words


async def _counts(api: Mailgun, dimension: str, start: datetime, end: datetime) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    readings = (
        metrics(
            api,
            region=region,
            start=start,
            end=end,
            names=(ACCEPTED,),
            dimensions=(dimension,),
            include_subaccounts=True,
        )
        for region in api.endpoints.regions
    )
    for rows in await asyncio.gather(*readings):
        for row in rows:
            total[row.dimensions.get(dimension) or "(none)"] += row.count(ACCEPTED)
    return total


async def read_bounces(api: Mailgun, now: datetime, words: list[str]) -> list[BounceClass]:
    """Return why mail was refused in the last week; what could not be read is added to ``words``."""
    found: list[BounceClass] = []
    for region in api.endpoints.regions:
        try:
            rows = await bounce_classification(api, region=region, start=now - timedelta(days=7), end=now)
        except Incomplete as part:
            rows = list(part.rows)
            words.append(
                f"{region.value.upper()}: of why mail is refused a part could not be read: {part.what}"
            )
        except ApiError as error:
            words.append(f"{region.value.upper()}: why mail is refused could not be read: {error.what}")
            continue
        found += rows
        if odd := [row for row in rows if row.unreadable]:
            which = listed((row.entity_name or "a receiver without a name" for row in odd), 3)
            words.append(
                f"{region.value.upper()}: why mail is refused: {plural(len(odd), 'row')} not fully read and not "
                f"counted ({visible(which, 200)})"
            )
    return found
