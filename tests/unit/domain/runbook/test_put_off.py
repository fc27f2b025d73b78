"""What is not sent yet stands back while something else can be done, and is asked again: after a while, after a cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.support.situations import NOW, situation
from workbench.core.clock import iso
from workbench.domain.model.situation import Situation
from workbench.domain.runbook import guide, put_off, runbook
from workbench.domain.runbook.recorded import PutOff
from workbench.domain.runbook.runbook import StepView, Verdict
from workbench.planning.catalog import ACTIONS

SUPPORT = "support.message"


def steps(**verdicts: Verdict) -> list[StepView]:
    """Return the runbook, step 0 with its message to send, everything done but what is given."""
    made = [replace(v, verdict=Verdict.DONE, idle=False, waits="") for v in runbook.steps(situation())]
    given = {"s0": Verdict.OPEN, **verdicts}
    made = [replace(v, verdict=given.get(f"s{v.id}", v.verdict)) for v in made]
    return [replace(v, next_action=SUPPORT) if v.id == "0" else v for v in made]


def put(after: timedelta = timedelta(0)) -> Situation:
    """Return a situation some time after the message was put off."""
    there = situation()
    there.state.learn(put_off.with_put_off(there.state, SUPPORT, NOW - after))
    return replace(there, now=NOW) if there.now != NOW else there


def test_it_stands_back_says_until_when_and_claims_nothing() -> None:
    views = put_off.standing_back(steps(s1=Verdict.OPEN), put())
    assert views[0].idle and views[0].verdict is Verdict.OPEN
    until = f"{NOW + put_off.AGAIN:%d %b %H:%M}Z"
    assert (
        views[0].waits
        == f"you: the message to Support is not sent yet; until {until}, then you are asked again"
    )
    assert guide.next_of(views) == "1"


def test_it_leads_again_once_nothing_else_is_left_or_its_time_is_over() -> None:
    assert guide.next_of(put_off.standing_back(steps(), put())) == "0"
    late = put(put_off.AGAIN)
    assert guide.next_of(put_off.standing_back(steps(s1=Verdict.OPEN), late)) == "0"


def test_what_a_later_version_put_off_stands_back_in_general_words() -> None:
    there = put()
    there.state.learn(put_off.with_put_off(there.state, "later.action", NOW))
    views = [replace(v, next_action="later.action") if v.id == "0" else v for v in steps(s1=Verdict.OPEN)]
    assert put_off.standing_back(views, there)[0].waits.startswith(
        "you: what was shown is not done yet; until "
    )


def test_a_cut_since_is_news_to_send() -> None:
    there = put()
    there.state.last_cut_at = iso(NOW + timedelta(seconds=1))
    assert guide.next_of(put_off.standing_back(steps(s1=Verdict.OPEN), there)) == "0"


def test_what_can_be_put_off_is_an_action_and_says_what_is_left() -> None:
    assert set(put_off.LEFT) <= set(ACTIONS)
    assert all(" yet" in words for words in put_off.LEFT.values())


def test_two_things_are_put_off_each_for_itself() -> None:
    state = put().state
    state.learn(put_off.with_put_off(state, "report.write", NOW))
    assert set(state.known(PutOff).until) == {SUPPORT, "report.write"}
