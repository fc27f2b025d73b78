"""What leads: a locked door, an alarm, a half-done change, the steps; what waits says whom for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, US, Story, key, situation, use
from workbench.core.clock import iso
from workbench.core.redact import visible
from workbench.domain.detection import alarms
from workbench.domain.detection.findings import findings
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.plan import Effect, EffectKind
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Alarm, Decision, EffectRecord, interrupted
from workbench.domain.runbook import guide, recovery, runbook
from workbench.domain.runbook.guide import GuideKind, Lead
from workbench.domain.runbook.handover import Kept
from workbench.domain.runbook.runbook import StepView, Verdict
from workbench.planning import registry
from workbench.planning.keys import plan_replace

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


def failing(story: Story, effect: Effect, times: int) -> Story:
    """Continue a journal in which a change is planned and refused for good so many times."""
    for _ in range(times):
        story.add("plan.confirmed", title="t", effects=[effect.to_json()])
        story.add("effect.intent", id=effect.id, entry="")
        story.add("effect.failed", id=effect.id, what="refused (403)", means="", todo="")
    return story


@pytest.mark.parametrize(("times", "leads"), [(0, True), (1, True), (2, False), (3, False)])
@pytest.mark.parametrize("kind", [EffectKind.KEY_DELETE, EffectKind.LOGIN_DELETE, EffectKind.ROUTE_DELETE])
def test_an_alarm_whose_remedy_failed_as_often_as_it_is_tried_is_for_a_person(
    kind: EffectKind, times: int, leads: bool
) -> None:
    name = {"key.delete": "keys", "login.delete": "logins"}.get(kind.value, "routes")
    target = STRANGER.id if name == "keys" else "spam@mg.acme.example" if name == "logins" else "r1"
    story = failing(rang(name, target), an_effect(kind, target, US), times)
    there = situation([STRANGER], [target] if name == "logins" else [], state=story.state())
    assert (guide.lead(there, steps(s7=Verdict.OPEN)).kind is GuideKind.ALARM) is leads
    # It is no less open: step 6 has it.
    assert target in [a.target for a in alarms.open_alarms(there)]


def troubled(times: int, ago: timedelta = timedelta(0)) -> Situation:
    """Return a situation in which what was begun met a server's fault so often, the last time so long ago."""
    effect = an_effect(EffectKind.KEY_DELETE, STRANGER.id, US)
    story = Story(at=NOW - ago).add("plan.confirmed", title="t", effects=[effect.to_json()])
    for _ in range(times):
        story.add("effect.intent", id=effect.id, entry="")
        story.add(
            "effect.failed", id=effect.id, unknown=True, what="the server answers 503", means="", todo=""
        )
    return situation([STRANGER], state=story.state())


def test_what_was_begun_and_meets_the_same_trouble_every_time_lets_the_rest_go_on() -> None:
    """A region that answers 503 for hours: going on with what was begun would be offered for ever."""
    assert guide.lead(troubled(1), steps(s7=Verdict.OPEN)).kind is GuideKind.FINISH
    rests = guide.lead(troubled(2), steps(s7=Verdict.OPEN))
    assert (rests.kind, rests.step) == (GuideKind.STEP, "7")
    until = f"{NOW + guide.REST:%d %b %H:%M}Z"
    assert "1 change met trouble twice (the server answers 503)" in rests.waits[0]
    assert rests.waits_short[0] == f"what was begun: Mailgun until {until}"
    # With nothing else to do it is waiting, never the end; and when its time is over it leads again.
    assert guide.lead(troubled(2), steps()).kind is GuideKind.WAIT
    assert guide.lead(troubled(2, guide.REST), steps(s7=Verdict.OPEN)).kind is GuideKind.FINISH


def test_the_alarm_of_a_limit_that_was_raised_ends_with_the_limit_that_is_set() -> None:
    story = rang("limits", "US", "limits:US:None")
    there = situation(state=story.state())
    assert alarms.remedy(there, alarms.open_alarms(there)[0]) == "limit.set"
    plan = registry.build("limit.set", there, limit=5000)
    after = situation(state=story.verified(plan).state())
    assert not alarms.open_alarms(after) and guide.lead(after, steps(s7=Verdict.OPEN)).step == "7"


def test_a_kept_key_that_cannot_be_ended_is_not_offered_for_ever() -> None:
    mint = an_effect(EffectKind.KEY_CREATE, "old-id", US, replaces="old-id", cut="first")
    end = an_effect(EffectKind.KEY_DELETE, "old-id", US)
    for times, ended in ((0, True), (1, True), (2, False)):
        story = failing(Story(at=NOW - timedelta(hours=1)).verified([mint]), end, times)
        there = situation([key("old"), STRANGER], state=story.state())
        there.state.alarms["a"] = Alarm("a", "2026-11-21T13:59:00Z", "appeared", "keys", STRANGER.id)
        assert bool(guide.back_inside(there)) is ended, times


def test_something_that_seems_to_send_and_was_never_ours_to_end_is_for_a_person() -> None:
    """Asking once more whether it is dead has nothing to ask about: nobody here made or ended it."""
    there = situation(state=rang(target="gone-id", name="sends:key:gone-id:").state())
    (alarm,) = alarms.open_alarms(there)
    assert alarms.remedy(there, alarm) == "" and guide.lead(there, steps(s7=Verdict.OPEN)).step == "7"
    story = rang(target="gone-id", name="sends:key:gone-id:")
    deleted = situation(state=story.verified([an_effect(EffectKind.KEY_DELETE, "gone-id", US)]).state())
    deleted.state.alarms["sends:key:gone-id:"].at = "2026-11-21T14:30:00Z"
    assert alarms.remedy(deleted, alarms.open_alarms(deleted)[0]) == "contain.prove"
    # Asked once more in vain, the same answer would come again.
    next(iter(deleted.state.effects.values())).tried_at = "2026-11-21T14:40:00Z"
    assert alarms.remedy(deleted, alarms.open_alarms(deleted)[0]) == ""


def test_what_is_kept_and_sends_abuse_is_ended() -> None:
    there = situation([STRANGER], state=rang(name=f"sends:key:{STRANGER.id}:").state())
    there.state.baseline = AccountBaseline(keys=(STRANGER.id,))
    assert alarms.remedy(there, alarms.open_alarms(there)[0]) == "keys.replace"
    assert use("intruder")["looks"] == "intruder"


def test_what_hardening_replaced_is_ended_once_its_replacement_is_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = Kept("key:prod-id", "prod-id", US, ("key:new",), ("e",), True, iso(NOW), None, False, "", calm=True)
    for adopted, kind, action in (
        (False, GuideKind.END, guide.LOOK),
        (True, GuideKind.FINISH, guide.END_KEPT),
    ):
        item = replace(old, adopted=adopted)
        monkeypatch.setattr(guide, "kept", lambda _, item=item: [item])
        found = guide.lead(situation([key("prod")]), steps())
        assert (found.kind, found.action) == (kind, action)
    # Deleted twice in vain, it is for a person: the same plan would fail the same way.
    story = Story()
    effect = an_effect(EffectKind.KEY_DELETE, "prod-id", US)
    story.add("plan.confirmed", title="t", effects=[effect.to_json()])
    for _ in range(2):
        story.add("effect.intent", id=effect.id, entry="e")
        story.add("effect.failed", id=effect.id, unknown=False, what="403", means="", todo="")
    assert guide.lead(situation([key("prod")], state=story.state()), steps()).kind is not GuideKind.FINISH


def test_a_replacement_of_ours_that_sends_from_elsewhere_is_for_a_person_unless_more_than_usual_goes_out() -> (
    None
):
    story = Story().verified(plan_replace(situation([key("prod")]), ["prod-id"]).effects)
    (made,) = story.state().created_keys
    story.add(
        "alarm.raised",
        id=f"sends:key:{made}:",
        kind="keys",
        target=made,
        text=f"API key “prod” {made} has begun to send, from addresses not seen before (192.0.2.251)",
    )
    there = situation([key("prod", id=made)], state=story.state())
    there.state.baseline = AccountBaseline(keys=("prod-id",))
    (alarm,) = alarms.open_alarms(there)
    assert alarms.remedy(there, alarm) == "" and "program moved" in alarms.by_hand(there, alarm)
    (found,) = [one for one in findings(there) if one.key == f"alarm:{alarm.id}"]
    assert found.remedy == "" and alarms.MINTED_SENDS in found.why
    # Judged the intruder's, it is replaced once more; said to be gone, its alarm is over.
    there.state.decisions[found.key] = Decision(found.key, "intruder", "", "ann", "")
    judged = Situation(there.inventory, there.state, there.now, there.own_key_id)
    assert alarms.remedy(judged, alarm) == "keys.replace" and not recovery.by_hand(judged)
    assert {effect.target for effect in plan_replace(judged, [made])} == {made}
    there.state.decisions[found.key] = Decision(found.key, "removed", "", "ann", "")
    assert not alarms.open_alarms(there)


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


# ── whole answers ────────────────────────────────────────────────────────────────────────────────────────


def view(step_id: str, verdict: Verdict, **more: Any) -> StepView:
    """Return one step with words of its own."""
    (step,) = [one for one in steps() if one.id == step_id]
    return replace(step, verdict=verdict, **{"title": "T", "next_action": "a", "happens": "H", **more})


NOTHING = "Nothing is left for you to do now. Enter looks again."


def test_a_locked_door_is_told_whole() -> None:
    found = guide.lead(situation(), steps(), refused="r\x1b" + "x" * 400)
    assert found == Lead(
        GuideKind.LOCKED,
        "",
        "refresh",
        "The account lets nobody in",
        "Nothing of the account can be read from here. Enter tries again, and says what it meets.",
        (f"Waiting for a way in: {visible('r' + chr(27) + 'x' * 400, 300)} It is tried again every minute.",),
    )


def test_the_steps_are_told_whole() -> None:
    assert guide.lead(situation(), [view("7", Verdict.OPEN)]) == Lead(
        GuideKind.STEP, "7", "a", "T", "H", next_step="7"
    )
    assert guide.lead(situation(), steps()) == Lead(
        GuideKind.END, "", "refresh", "Every step is closed", "Enter reads the account once more."
    )
    assert guide.lead(situation(), [view("7", Verdict.OPEN, idle=True, waits="Ann; soon")]) == Lead(
        GuideKind.WAIT,
        "7",
        "refresh",
        "Waiting for others",
        NOTHING,
        ("Step 7 waits for Ann; soon",),
        "7",
    )
    assert guide.lead(situation(), [view("7", Verdict.BLOCKED)]).kind is GuideKind.WAIT


def kept_key(name: str = "old", **more: Any) -> Kept:
    given: dict[str, Any] = {
        "credential": f"key:{name}-id",
        "target": f"{name}-id",
        "place": US,
        "replacements": ("key:new",),
        "entries": ("e",),
        "proven": True,
        "since": iso(NOW - timedelta(hours=1)),
        "due": None,
        "adopted": False,
        "why": "",
    }
    return Kept(**{**given, **more})


def back(
    monkeypatch: pytest.MonkeyPatch, *held: Kept, at: str = iso(NOW), roles: tuple[str | None, ...] = ()
) -> Situation:
    """Return an account where something appeared after the cut while these keys are kept."""
    monkeypatch.setattr(guide, "kept", lambda _: list(held))
    roles = roles or ("admin",) * len(held)
    there = situation(
        [
            STRANGER,
            *(key(one.target.removesuffix("-id"), role=role) for one, role in zip(held, roles, strict=True)),
        ],
        state=rang().state(),
    )
    for alarm in there.state.alarms.values():
        alarm.at = at
    return there


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 admin key of before still works"), (2, "2 admin keys of before still work")]
)
def test_somebody_back_inside_is_told_whole(monkeypatch: pytest.MonkeyPatch, count: int, words: str) -> None:
    there = back(monkeypatch, *(kept_key(name) for name in ("old", "older")[:count]))
    found = guide.lead(there, steps(s7=Verdict.OPEN))
    assert found == Lead(
        GuideKind.ALARM,
        "",
        "handover.finish",
        "Somebody is back: end what was kept",
        f"Something appeared after the cut, and {words}: kept for the hand-over, and perhaps the way in. One plan ends "
        "what is kept; the replacements stand.",
        next_step="7",
    )
    assert guide.lead(there, steps(s7=Verdict.OPEN), running=True).action == "alarms.show"


@pytest.mark.parametrize(
    ("held", "at", "role", "inside"),
    [
        ({}, iso(NOW), "admin", True),
        ({}, iso(NOW), "", True),
        ({}, iso(NOW), None, True),
        ({}, iso(NOW), "sending", False),
        ({}, iso(NOW - timedelta(hours=1)), "admin", False),
        ({"proven": False}, iso(NOW), "admin", False),
        ({"calm": True}, iso(NOW), "admin", False),
        ({"credential": "smtp:old-id"}, iso(NOW), "admin", False),
    ],
)
def test_a_kept_key_is_a_way_back_in_where_it_may_make_others(
    monkeypatch: pytest.MonkeyPatch, held: dict[str, Any], at: str, role: str | None, inside: bool
) -> None:
    one = kept_key(**held)
    there = back(monkeypatch, one, at=at, roles=(role,))
    assert guide.back_inside(there) == ([one] if inside else [])


def test_a_kept_key_that_is_gone_is_no_way_and_the_first_hand_over_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    early, late = kept_key(), kept_key("late", since=iso(NOW + timedelta(hours=1)))
    there = back(monkeypatch, early, late)
    assert guide.back_inside(there) == [early, late]
    del there.inventory.keys["old-id"]
    assert guide.back_inside(there) == []


@pytest.mark.parametrize(
    ("count", "title", "more"),
    [(1, "1 alarm", ""), (2, "2 alarms", ", and 1 more"), (3, "3 alarms", ", and 2 more")],
)
def test_alarms_are_told_whole(count: int, title: str, more: str) -> None:
    story = rang()
    others = [key(f"k{n}") for n in range(count - 1)]
    for one in others:
        story.add("alarm.raised", id=f"keys:{one.id}", kind="keys", target=one.id, text="appeared")
    there = situation([STRANGER, *others], state=story.state())
    found = guide.lead(there, steps(s7=Verdict.OPEN))
    assert found == Lead(
        GuideKind.ALARM,
        "",
        "alarms.show",
        f"{title} to act on",
        f"appeared{more}. The list says what to do about each.",
        next_step="7",
    )


def test_strangers_inside_are_told_whole() -> None:
    there = situation([STRANGER], state=rang().state())
    there.state.first_cut_at = iso(NOW)
    assert guide.lead(there, _stranger()) == Lead(
        GuideKind.ALARM,
        "1b",
        "people.strangers",
        "Strangers out: they come back in",
        "1 alarm will be followed by more while they are in. You judge each unknown user.",
        next_step="1b",
    )
    idle = guide.lead(there, _stranger(idle=True, waits="Ann"))
    assert idle == Lead(
        GuideKind.ALARM,
        "",
        "alarms.show",
        "Strangers are still inside, and make new ways in",
        "appeared. Only the control panel ends this (nobody can open it? ask Mailgun Support): until the strangers are "
        "deleted there, more will follow. Enter lists it all, to take it away in one plan meanwhile.",
        ("Step 1b waits for Ann",),
        "1b",
    )
    # Another step with something to do is no stranger, and neither is a step that is closed or has nothing to offer.
    for other in (
        steps(s7=Verdict.OPEN),
        [replace(one, verdict=Verdict.DONE) for one in _stranger()],
        _stranger(next_action=""),
    ):
        assert guide.lead(there, other).title == "1 alarm to act on"


def test_what_was_begun_is_told_whole_and_not_while_it_runs() -> None:
    there = troubled(1)
    found = guide.lead(there, steps(s7=Verdict.OPEN))
    assert found == Lead(
        GuideKind.FINISH,
        "",
        "finish",
        "Finish what was begun",
        f"{interrupted(there.state)} The account is asked what became of it, and the rest is done as it was confirmed.",
        next_step="7",
    )
    assert guide.lead(there, steps(s7=Verdict.OPEN), running=True).kind is GuideKind.STEP
    assert guide.lead(troubled(2), steps()) == Lead(
        GuideKind.WAIT, "", "refresh", "Waiting for others", NOTHING, (guide.resting(troubled(2)),)
    )


def test_who_is_waited_for_after_trouble_is_told_whole() -> None:
    until = f"{NOW + guide.REST:%d %b %H:%M}Z"
    assert guide.resting(troubled(2)) == (
        f"What was begun waits for Mailgun: 1 change met trouble twice (the server answers 503), until {until}; f "
        "tries at once"
    )
    assert guide.resting(troubled(1)) == guide.resting(situation()) == ""
    assert guide.resting(troubled(2, guide.REST)) == "" and guide.half_done(troubled(2, guide.REST))
    # One that was not tried so often goes on at once, and nobody is waited for.
    there = troubled(2)
    other = an_effect(EffectKind.LOGIN_RESET, "a@x", US)
    there.state.effects[other.id] = EffectRecord(other, open=True, attempts=1)
    assert guide.resting(there) == "" and guide.half_done(there)
    # Of several the first end counts, and the first reason that there is.
    there.state.effects[other.id] = EffectRecord(
        other,
        open=True,
        attempts=2,
        troubles=2,
        failed_at=iso(NOW - timedelta(minutes=3)),
        failure={"what": "late\x1b"},
    )
    assert guide.resting(there) == (
        "What was begun waits for Mailgun: 2 changes met trouble twice (the server answers 503), until "
        f"{NOW + guide.REST - timedelta(minutes=3):%d %b %H:%M}Z; f tries at once"
    )
    for record in there.state.effects.values():
        record.failure = {}
    assert "(no answer)" in guide.resting(there)


def test_what_hardening_replaced_is_told_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    one = "1 old key still works and may do more than what replaced it; the replacement is seen in use."
    two = "2 old keys still work and may do more than what replaced them; the replacements are seen in use."
    leaves = "space leaves out what a program still needs."
    for seen, unseen, words in (
        (1, 0, f"{one} One plan ends what is kept."),
        (2, 0, f"{two} One plan ends what is kept."),
        (1, 1, f"{one} One plan ends what is kept. The plan holds 1 more whose replacement is not: {leaves}"),
        (
            2,
            3,
            f"{two} One plan ends what is kept. The plan holds 3 more whose replacements are not: {leaves}",
        ),
    ):
        held = [kept_key(f"k{n}", calm=True, adopted=n < seen) for n in range(seen + unseen)]
        monkeypatch.setattr(guide, "kept", lambda _, held=held: held)
        assert guide.lead(situation(), steps()) == Lead(
            GuideKind.FINISH, "", "handover.finish", "End what hardening replaced", words
        )
        assert guide.lead(situation(), steps(s7=Verdict.OPEN)).kind is GuideKind.STEP
    monkeypatch.setattr(guide, "kept", lambda _: [kept_key(adopted=True)])
    assert guide.hardened_and_kept(situation()) == []


# ── who is waited for, and what is next ──────────────────────────────────────────────────────────────────


def test_steps_of_which_the_same_is_said_share_a_sentence() -> None:
    made = [
        view("1", Verdict.BLOCKED, evidence=("no key list", "more"), waits=""),
        view("2", Verdict.BLOCKED, evidence=("no key list",), waits=""),
        view("3", Verdict.BLOCKED, evidence=(), waits="Ann"),
        view("4", Verdict.IN_PROGRESS, idle=True, who="Ben", waits=""),
        view("5", Verdict.OPEN, idle=True, waits="Cy"),
        view("6", Verdict.LATER, waits="Cy"),
        view("7", Verdict.LATER, waits="Cy"),
        view("8", Verdict.DONE, idle=True, waits="nobody"),
        view("9", Verdict.OPEN, waits="nobody"),
    ]
    assert guide.waiting(made) == (
        "Steps 1 and 2 are blocked: no key list; it is read again every minute",
        "Step 3 is blocked: it cannot be judged; Ann",
        "Step 4 waits for Ben; it is read again every minute",
        "Steps 5, 6 and 7 wait for Cy",
    )


@pytest.mark.parametrize(
    ("words", "short"),
    [
        ("Step 4 waits for 3 users, until 21 Nov 14:20Z, then", "step 4: 3 users until 21 Nov 14:20Z"),
        ("Steps 5 and 6 wait for Ann until 21 Nov", "steps 5 and 6: Ann until 21 Nov"),
        ("Step 9 waits for the lists; what waits for is asked", "step 9: the lists"),
        ("Step 9 waits for Ann (away)", "step 9: Ann"),
        ("Step 9 waits for Ann: away", "step 9: Ann"),
        ("Step 3 is blocked: no figures", "Step 3 is blocked"),
        ("Waiting for a way in: refused.", "a way in"),
        ("Waiting for a way in.", "a way in"),
    ],
)
def test_what_is_waited_for_is_said_in_short(words: str, short: str) -> None:
    assert Lead(GuideKind.WAIT, "", "", "", "", (words,)).waits_short == (short,)


@pytest.mark.parametrize(
    ("given", "next_"),
    [
        ([], ""),
        ([("1", "DONE", False), ("2", "OPEN", False), ("3", "IN_PROGRESS", False)], "2"),
        ([("1", "OPEN", True), ("2", "BLOCKED", False), ("3", "OPEN", False)], "3"),
        ([("1", "OPEN", True), ("2", "BLOCKED", False)], "2"),
        ([("1", "OPEN", True), ("2", "BLOCKED", True)], "1"),
        ([("1", "DONE", True), ("2", "IN_PROGRESS", True)], "2"),
        ([("1", "DONE", True), ("2", "LATER", True), ("3", "BLOCKED", True)], ""),
    ],
)
def test_the_operators_own_steps_go_first_then_what_is_blocked_then_what_waits(
    given: list[tuple[str, str, bool]], next_: str
) -> None:
    assert guide.next_of([view(name, Verdict[verdict], idle=idle) for name, verdict, idle in given]) == next_


def test_what_was_left_for_later_is_named_and_only_that() -> None:
    assert guide.closed_words([]) == "Every step is closed"
    left = [view("8", Verdict.LATER), view("9", Verdict.DONE), view("11", Verdict.LATER)]
    assert guide.closed_words(left) == "Every step is closed but 8, 11, left for later"


@pytest.mark.parametrize("kind", list(GuideKind))
def test_only_a_locked_door_and_others_are_waited_for(kind: GuideKind) -> None:
    assert Lead(kind, "", "", "", "").waiting is (kind in (GuideKind.LOCKED, GuideKind.WAIT))
