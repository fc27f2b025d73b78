"""Log entries for tests: what the API answers, with only what a test cares about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec

from workbench.domain.forensics.attribution import Attribution
from workbench.mailgun.log_entries import LogPage, read_page

START = datetime(2026, 11, 16, tzinfo=UTC)
_NUMBER = count(1)


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def accepted(at: datetime, **more: Any) -> dict[str, Any]:
    """An accepted message: key k1 from 192.0.2.1, sender app@acme.example, unless said otherwise."""
    number = next(_NUMBER)
    sender = more.pop("sender", "app@acme.example")
    key = more.pop("key", "k1")
    entry: dict[str, Any] = {
        "id": f"e{number}",
        "event": "accepted",
        "@timestamp": text(at),
        "account": {"id": more.pop("account", "main")},
        "domain": {"name": more.pop("domain", "acme.example")},
        "recipient": more.pop("recipient", f"r{number}@inbox.example"),
        "recipient-provider": "Gmail",
        "method": more.pop("method", "http"),
        "originating-ip": more.pop("address", "192.0.2.1"),
        "envelope": {"sender": sender, "sending-ip": "198.51.100.1"},
        "message": {
            "headers": {
                "message-id": f"m{number}",
                "subject": more.pop("subject", "Your order 12"),
                "from": sender,
            }
        },
        "tags": ["shop"],
    }
    if key:
        entry["api-key-id"] = key
    return {**entry, **more}


def fate(entry: dict[str, Any], event: str, **more: Any) -> dict[str, Any]:
    """What became of a message: no key and no address, as the API answers."""
    left = {k: v for k, v in entry.items() if k not in ("method", "originating-ip", "api-key-id", "tags")}
    return {**left, "id": f"e{next(_NUMBER)}", "event": event, **more}


def page(*entries: dict[str, Any]) -> LogPage:
    found = read_page(msgspec.json.encode({"items": list(entries), "pagination": {}}))
    assert found is not None
    return found


def table(hours: int = 120) -> Attribution:
    return Attribution(START, START + timedelta(hours=hours))


def stream(
    target: Attribution,
    start: datetime,
    hours: int,
    rate: int,
    *,
    failed: float = 0.02,
    complained: float = 0.0,
    **more: Any,
) -> None:
    """An even stream of messages with their outcomes."""
    total = hours * rate
    for number in range(total):
        at = start + timedelta(seconds=3600 * number / rate)
        sent = accepted(at, **dict(more))
        outcome = "failed" if (number * 7919) % total < failed * total else "delivered"
        rows = [sent, fate(sent, outcome, severity="permanent")]
        if outcome == "delivered" and (number * 6007) % total < complained * total:
            rows.append(fate(sent, "complained"))
        target.take(page(*rows))
