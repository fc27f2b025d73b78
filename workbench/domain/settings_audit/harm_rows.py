"""Settings judged by the harm in their value: loose limits, people silenced, complaints that are gone. Pure.

None of them has a date that would tell, and each looks like something the customer may have set.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import datetime

from workbench.core.words import plural
from workbench.domain.detection.hosts import CustomerNames
from workbench.domain.model.settings import DomainSettings, PlaceSettings, Settings
from workbench.domain.settings_audit.row import AuditRow

# A limit that many times a month's sending stops nobody.
LOOSE = 5
# Domains of the account that hold complaints before an empty table of another one says something.
_LEAST_OTHERS = 1
_LEAST_REFUSED = 4  # bounces or unsubscribes a domain must hold before no complaint at all is odd


def month_of(used: float, now: datetime) -> float:
    """Return what a whole month comes to at the pace of this month until now."""
    days = calendar.monthrange(now.year, now.month)[1]
    return used * days / max(1.0, now.day - 1 + now.hour / 24)


def stops_nothing(limit: float, used: float, now: datetime) -> bool:
    """Return whether a sending limit is so far above the month's use that abuse would not meet it."""
    return limit > LOOSE * max(1000.0, month_of(used, now))


def limits(held: PlaceSettings, now: datetime) -> Iterator[AuditRow]:
    """Yield a row for a region's custom sending limit."""
    if held.limit is None or held.limit.limit is None:
        return
    limit, used = float(held.limit.limit), float(held.limit.current or 0)
    loose = stops_nothing(limit, used, now)
    yield AuditRow(
        "limit",
        f"{held.place.region.value}-monthly",
        f"sending limit of {limit:,.0f} a month in {held.place}",
        (str(held.place),),
        score=2 if loose else 0,
        signs=(
            f"this month's pace comes to {month_of(used, now):,.0f}: a limit of {limit:,.0f} stops no abuse, and "
            "raising it leaves no date",
        )
        if loose
        else (),
        calming=() if loose else ("near what a month needs",),
        instruct="set the limit back to what you had (limit.set), well above a usual month and not more",
    )


def suppressions(settings: Settings, home: CustomerNames, people: frozenset[str]) -> Iterator[AuditRow]:
    """Yield rows for people of the customer's who were silenced, and for complaints that are not there."""
    for held in settings.domains.values():
        yield from _silenced(held, home, people)
        yield from _emptied(held, settings)


def _silenced(held: DomainSettings, home: CustomerNames, people: frozenset[str]) -> Iterator[AuditRow]:
    for kind, table in held.suppressions.items():
        for entry in table.fresh:
            address = str(entry.address or "").lower()
            if not address or not (address in people or home.owns(address.rpartition("@")[2])):
                continue
            yield AuditRow(
                "suppression",
                f"{kind} {address}",
                f"{held.name} no longer writes to {address} ({kind})",
                (str(held.place), held.name),
                dated=entry.created_at,
                score=1,
                signs=("one of your own people: alerts, warnings and password mails do not reach them",),
                instruct=f"take {address} off the {kind} of {held.name} in the control panel, and ask them",
            )


def _emptied(held: DomainSettings, settings: Settings) -> Iterator[AuditRow]:
    """Complaints deleted bring those who complained back into the next mailing; deleting leaves no trace."""
    table = held.suppressions.get("complaints")
    if table is None or table.count or table.fresh:
        return
    refused = sum(t.count for kind, t in held.suppressions.items() if kind != "complaints")
    others = [
        other
        for other in settings.domains.values()
        if other is not held and (t := other.suppressions.get("complaints")) is not None and t.count
    ]
    # A sandbox, or a domain that hardly sends, holds nothing and says nothing of what is usual here.
    peers = [
        d
        for d in settings.domains.values()
        if d is not held and any(t.count for t in d.suppressions.values())
    ]
    if refused < _LEAST_REFUSED or (peers and len(others) < _LEAST_OTHERS):
        return
    yield AuditRow(
        "suppressions-emptied",
        f"complaints {held.name}",
        f"{held.name} has no complaint on file",
        (str(held.place), held.name),
        score=2,
        signs=(
            f"it holds {refused} bounces and unsubscribes, and complaints stand in "
            f"{plural(len(others), 'other domain')} of yours: they may have been deleted, which leaves no trace",
        ),
        instruct="ask Support whether complaints of this domain were deleted, and to restore them",
    )
