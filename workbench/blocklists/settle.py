"""What follows from the answers a case has so far, and from those of a zone's health check. Pure."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Address

from workbench.blocklists.lanes import Case, Purpose
from workbench.blocklists.verdicts import (
    ABSENT,
    ListingVerdict,
    ZoneReading,
    read_addresses,
    worthless_answer,
)
from workbench.blocklists.wire import AnswerState, DnsAnswer
from workbench.blocklists.zones import Zone

# An odd number of asks at which a tie means that the zone contradicts itself.
_MOST_READINGS = 5


class CaseStep(StrEnum):
    """What to do with a case next."""

    CLOSE = "close"
    ASK_AGAIN = "ask again"
    ASK_REASON = "ask the reason"
    ASK_BOTH = "ask again, and the reason"


def read(zone: Zone, answer: DnsAnswer) -> ZoneReading:
    """Return what an answer to a look-up means in a zone."""
    if answer.state is AnswerState.ABSENT:
        return ABSENT
    if answer.state is AnswerState.FOUND:
        return read_addresses(zone, answer.addresses)
    return ZoneReading(ListingVerdict.CANNOT_TELL, answer.reason)


def next_step(case: Case, *, may_ask: bool, otherwise: str) -> tuple[CaseStep, ZoneReading]:
    """Return the next step for a case that waits for nothing, with the reading to close it with.

    ``may_ask`` is False once the lane is asked no further; ``otherwise`` is why, for a case without any
    answer. A listing is confirmed by a second answer; answers that differ are settled by a majority.
    """
    listed = [reading for reading in case.readings if reading.verdict is ListingVerdict.LISTED]
    absent = [reading for reading in case.readings if reading.verdict is ListingVerdict.NOT_LISTED]
    if not listed and not absent:
        last = case.readings[-1] if case.readings else ZoneReading(ListingVerdict.CANNOT_TELL, otherwise)
        return CaseStep.CLOSE, last
    split = f"two different answers ({len(listed)} × listed, {len(absent)} × not listed)"
    undecided = ZoneReading(ListingVerdict.CANNOT_TELL, split)
    if (listed and absent and len(listed) + len(absent) < 3) or len(listed) == len(absent):
        if may_ask and len(case.readings) < _MOST_READINGS:
            return (CaseStep.ASK_AGAIN if case.reason_asked else CaseStep.ASK_BOTH), undecided
        return CaseStep.CLOSE, undecided
    verdict = _agreed(listed if len(listed) > len(absent) else absent)
    if may_ask and len(case.readings) < 2 and (listed or case.confirm):
        return (CaseStep.ASK_BOTH if listed and not case.reason_asked else CaseStep.ASK_AGAIN), verdict
    if may_ask and verdict.verdict is ListingVerdict.LISTED and not case.reason_asked:
        return CaseStep.ASK_REASON, verdict
    return CaseStep.CLOSE, verdict


def _agreed(readings: list[ZoneReading]) -> ZoneReading:
    """Return one reading for several that agree: all their codes, each meaning once."""
    if all(reading == readings[0] for reading in readings):
        return readings[0]
    codes = sorted({code for reading in readings for code in reading.codes}, key=IPv4Address)
    matched = dict.fromkeys(code for reading in readings for code in reading.matched)
    said = sorted({code.means for code in matched}) if matched else [reading.reason for reading in readings]
    return ZoneReading(readings[0].verdict, "; ".join(dict.fromkeys(said)), tuple(codes), tuple(matched))


def health_problem(zone: Zone, purpose: Purpose, answer: DnsAnswer) -> str:
    """Return why one answer of the health check (RFC 5782, section 5) shows a zone that must not be believed.

    Empty where the answer is as it must be. A test entry may carry any code that is no refusal: many
    lists give theirs a code of its own.
    """
    if answer.state is AnswerState.FOUND:
        worthless = worthless_answer(zone, answer.addresses)
        if worthless:
            return worthless
        if purpose is Purpose.MUST_BE_ABSENT:
            return "it lists what cannot exist: it answers everything"
        return ""
    if answer.state is AnswerState.ABSENT:
        if purpose is Purpose.MUST_BE_LISTED:
            return "its own test entry is not listed: dead, emptied, or not open to this resolver"
        return ""
    return answer.reason
