"""How much an account sent: sums over its senders and over what clients really submitted."""

from __future__ import annotations

from workbench.drill.activity.traffic import HOUR, spans_of
from workbench.drill.world.account import Account, month_start
from workbench.drill.world.records import Tenant


def month_use(account: Account, tenant: Tenant, region: str) -> int:
    """Return the messages accepted in this UTC month in a region: what the custom limit counts."""
    now = account.now()
    first = int(month_start(now) // HOUR)
    last = int(now // HOUR)
    total = sum(1 for sent in account.world.sent if sent.tenant == tenant.id and sent.region == region)
    for stream in account.streams():
        if stream.tenant == tenant.id and stream.region == region:
            accepted, spans = account.traffic.accepted, list(spans_of(stream))
            begin = max(first, int(min((low for low, _ in spans), default=now) // HOUR))
            end = min(last, int(min(max((high for _, high in spans), default=0.0), now) // HOUR))
            total += sum(accepted(stream, hour, now) for hour in range(begin, end + 1))
    return total


def last_hour(account: Account, actor: str) -> int:
    """Return how many messages an actor's senders had accepted in the hour before now."""
    now = account.now()
    first, last = int((now - HOUR) // HOUR), int(now // HOUR)
    return sum(
        1
        for stream in account.streams(actor)
        for hour in range(first, last + 1)
        for event in account.traffic.events(stream, hour, now)
        if event.kind == "accepted" and event.at > now - HOUR
    )
