"""The days after: what to send first, how much a day, and when to hold. Pure.

After an abuse receivers judge the next days by what they see; a return to the usual amount in one go looks like the
abuse going on. The shares are those of a common warm-up: no receiver publishes any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from workbench.blocklists.rates import BOUNCES_WATCH, COMPLAINTS_WATCH, RateDay

_SHARES = (0.1, 0.2, 0.4, 0.7, 1.0)
# A sender of less than this a day needs no steps: receivers hardly see it.
SMALL = 500


@dataclass(frozen=True, slots=True)
class RampDay:
    """One day of the plan: at most ``messages``, and what to send."""

    day: date
    messages: int
    what: str


_WHAT = (
    "transactional mail only (receipts, password resets), to whoever asked for it today",
    "transactional mail, and what failed during the abuse",
    "and recipients who opened or clicked in the last 30 days",
    "and recipients who did so in the last 90 days",
    "everything but those who never opened: ask those again, or let them go",
)


def usual_day(days: Sequence[RateDay], abuse_began: date | None) -> int | None:
    """Return the median of messages delivered on a day before the abuse; None where fewer than three are known."""
    before = [
        one.delivered for one in days if one.delivered and (abuse_began is None or one.day < abuse_began)
    ]
    return round(median(before)) if len(before) >= 3 else None


def plan(usual: int | None, first: date) -> tuple[RampDay, ...]:
    """Return the days of the return to normal, from ``first`` on; empty where the usual amount is not known.

    A small sender has one step: order matters for it, amounts do not.
    """
    if usual is None:
        return ()
    if usual < SMALL:
        return (RampDay(first, usual, _WHAT[0]),)
    return tuple(
        RampDay(first + timedelta(days=n), max(1, round(usual * share)), _WHAT[n])
        for n, share in enumerate(_SHARES)
    )


def plan_lines(usual: int | None, first: date) -> tuple[str, ...]:
    """Return the plan in words, with when to hold and how to keep transactional mail apart."""
    steps = plan(usual, first)
    lines = [f"{step.day:%d %b}: at most {step.messages:,} messages: {step.what}" for step in steps]
    if not steps:
        lines.append(
            "how much a usual day is cannot be told from the account: begin with a tenth of what you know, "
            f"{_WHAT[0]}, and double it each good day"
        )
    hold = (
        f"hold the amount for a day when complaints reach {COMPLAINTS_WATCH:.1%}, bounces {BOUNCES_WATCH:.0%}, or a "
        "large receiver refuses or slows the mail; go back a step when it goes on"
    )
    apart = (
        "transactional mail goes by a subdomain of its own with its own DKIM key and, where the plan has one, a "
        "dedicated address the abuse did not use: a domain that is on no list carries the password resets meanwhile. "
        "A fresh domain or address has no reputation either: move it in the same steps, and never to dodge a listing"
    )
    return (*lines, hold, apart)
