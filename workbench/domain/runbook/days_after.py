"""The days after the cut: how to return to the usual amount of mail, and what DMARC says of each domain. Pure."""

from __future__ import annotations

from datetime import UTC, date

from workbench.core.clock import as_moment
from workbench.domain.blocklists import ramp
from workbench.domain.forensics.since import abuse_began
from workbench.domain.hardening.deliverability import dmarc_lines
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.blocklists import rate_days


def ramp_lines(situation: Situation) -> tuple[str, ...]:
    """Return the plan for the days after in words; before access is cut only that it waits for that."""
    state = situation.state
    cut = as_moment(state.contained_at or state.last_cut_at)
    if cut is None:
        return (
            "the return to the usual amount begins once access is cut: mail sent before that adds to the abuse",
        )
    usual = ramp.usual_day(rate_days(state), _began(situation))
    first = max(cut.date(), situation.now.astimezone(UTC).date())
    return ramp.plan_lines(usual, first)


def lines(situation: Situation) -> tuple[str, ...]:
    """Return everything about the days after, one line each: the plan, then DMARC by domain."""
    policies = tuple(f"DMARC {line}" for line in dmarc_lines(situation))
    return (*ramp_lines(situation), *policies)


def _began(situation: Situation) -> date | None:
    began = abuse_began(situation)
    return began.astimezone(UTC).date() if began is not None else None
