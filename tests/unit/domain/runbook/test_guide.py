"""What leads: a locked door, an alarm, a half-done change, the steps; what waits says whom for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.support.situations import NOW, Story, key, situation, use
from workbench.domain.detection import alarms
from workbench.domain.detection.findings import findings
from workbench.domain.runbook import guide, runbook
from workbench.domain.runbook.guide import GuideKind
from workbench.domain.runbook.runbook import StepView, Verdict

STRANGER = key("ci-helper")
LATER = NOW + timedelta(minutes=5)


def steps(**verdicts: Verdict) -> list[StepView]:
    """Return the runbook's steps, all done but those given."""
    made = runbook.steps(situation())
    return [
        replace(one, verdict=verdicts.get(f"s{one.id}", Verdict.DONE), idle=False, waits="") for one in made
    ]


def rang(kind: str = "keys", target: str = STRANGER.id, name: str = "") -> Story:
    """Return a journal in which one alarm rang."""
    story = Story(at=NOW)
    return story.add("alarm.raised", id=name or f"{kind}:{target}", kind=kind, target=target, text="appeared")


def test_an_alarm_leads_before_the_steps() -> None:
    there = situation([STRANGER], state=rang().state())
    found = guide.lead(there, steps(s7=Verdict.OPEN))
    assert (found.kind, found.action, found.next_step) == (GuideKind.ALARM, "alarms.show", "7")


def _stranger(**more: object) -> list[StepView]:
    """Return the steps with step 1b to be done, as ``more`` says."""
    given = {"next_action": "people.strangers", "happens": "You judge each unknown user.", **more}
    return [replace(one, **given) if one.id == "1b" else one for one in steps(s1b=Verdict.OPEN)]  # type: ignore[arg-type]


def test_a_stranger_in_the_panel_goes_before_the_alarms_that_they_raise() -> None:
    there = situation([STRANGER], state=rang().state())
    # Before access is cut the alarms say what is there; what cuts everything is the next step anyway.
    assert guide.lead(there, _stranger()).action == "alarms.show"
    there.state.first_cut_at = "2026-11-21T13:00:00Z"
    found = guide.lead(there, _stranger())
    assert (found.kind, found.step, found.action) == (GuideKind.ALARM, "1b", "people.strangers")
    assert "1 alarm will be followed by more" in found.happens
    # Named, they are somebody else's turn: what they made meanwhile is what can be done here, and who is waited for
    # stands beside it.
    waiting = guide.lead(there, _stranger(idle=True, waits="whoever has the control panel open"))
    assert (waiting.action, waiting.title) == (
        "alarms.show",
        "Strangers are still inside, and make new ways in",
    )
    assert "Step 1b waits for whoever has the control panel open" in waiting.waits


def test_a_locked_door_leads_before_everything_and_says_what_is_waited_for() -> None:
    there = situation([STRANGER], state=rang().state())
    found = guide.lead(there, steps(s7=Verdict.OPEN), refused="The key is refused everywhere.")
    assert found.kind is GuideKind.LOCKED and found.waiting
    assert "refused everywhere" in found.waits[0]


def test_the_alarm_of_a_thing_proven_absent_is_over() -> None:
    there = situation(state=rang().state())
    assert [a.target for a in alarms.open_alarms(there)] == [], (
        "the list read at this moment does not hold it"
    )
    assert [f.decision for f in findings(there) if f.kind == "keys"] == ["removed"]
    # Read before the alarm, or with a gap, the list proves nothing.
    there.inventory.read_at["keys"] = NOW - timedelta(minutes=1)
    assert [a.target for a in alarms.open_alarms(there)] == [STRANGER.id]
    assert [f.decision for f in findings(there) if f.kind == "keys"] == [""]


def test_that_a_key_of_ours_is_gone_stays_an_alarm() -> None:
    there = situation(state=rang(name=f"gone:keys:{STRANGER.id}").state())
    assert len(alarms.open_alarms(there)) == 1


def test_what_is_kept_and_sends_abuse_is_ended() -> None:
    there = situation([STRANGER], state=rang(name=f"sends:key:{STRANGER.id}:").state())
    there.state.baseline = {"keys": [STRANGER.id]}
    assert alarms.remedy(there, alarms.open_alarms(there)[0]) == "keys.replace"
    assert use("intruder")["looks"] == "intruder"


def test_where_every_step_that_is_left_waits_each_says_whom_for() -> None:
    made = [
        replace(one, idle=True, waits="Mailgun Support") if one.id == "12" else one
        for one in steps(s12=Verdict.IN_PROGRESS, s3=Verdict.BLOCKED)
    ]
    found = guide.lead(situation(), made)
    assert found.kind is GuideKind.WAIT and found.action == guide.LOOK
    assert [line.split(" waits")[0].split(" is ")[0] for line in found.waits] == ["Step 3", "Step 12"]
    assert "Mailgun Support" in found.waits[1]


def test_a_step_that_needs_the_operator_comes_before_one_that_waits() -> None:
    made = [replace(one, idle=one.id == "9") for one in steps(s9=Verdict.IN_PROGRESS, s10=Verdict.OPEN)]
    assert guide.lead(situation(), made).step == "10"


def test_the_end_is_the_end() -> None:
    assert guide.lead(situation(), steps()).kind is GuideKind.END


def test_what_was_left_for_later_ends_the_guide_by_name_and_is_not_said_to_be_closed() -> None:
    left = [
        replace(one, waits="you: 3 measures left for later") if one.id == "11" else one
        for one in steps(s11=Verdict.LATER)
    ]
    found = guide.lead(situation(), left)
    assert (found.kind, found.title) == (GuideKind.END, "Every step is closed but 11, left for later")
    assert found.waits == ("Step 11 waits for you: 3 measures left for later",)
