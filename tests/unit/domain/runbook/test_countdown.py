"""Running timers in words, and the days after the cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.support.situations import NOW, Story, key, situation
from workbench.core.clock import iso
from workbench.domain.model.inventory import UserItem
from workbench.domain.model.plan import Place
from workbench.domain.model.situation import Situation
from workbench.domain.runbook import countdown, days_after, deadlines, user_actions
from workbench.domain.runbook.deadlines import Timer
from workbench.domain.runbook.handover import Kept
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import User

US = Place(Region.US)


def timer(kind: str, subject: str = "", minutes: float = 30.0, text: str = "something else") -> Timer:
    """Return a timer that runs out in so many minutes."""
    left = timedelta(minutes=minutes)
    return Timer(f"{kind}:{subject}", kind, subject, text, NOW + left, left, "")


def kept(credential: str) -> Kept:
    """Return a credential that is kept for its hand-over."""
    return Kept(
        credential=credential,
        target=credential.partition(":")[2],
        place=US,
        replacements=(),
        entries=(),
        proven=True,
        since=iso(NOW),
        due=NOW,
        adopted=False,
        why="not seen in use yet",
    )


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (30.0, "30 min left"),
        (0.5, "1 min left"),
        (0.0, "time is up"),
        (-3.0, "time is up"),
        (119.0, "119 min left"),
        (120.0, "2 h left"),
        (60 * 71.0, "71 h left"),
        (60 * 72.0, "3 days left"),
        (60 * 167.0, "6 days left"),
    ],
)
def test_what_is_left_is_said_in_whole_minutes_and_never_less_than_it_is(minutes: float, words: str) -> None:
    assert countdown.left(timer(deadlines.PROOF, minutes=minutes)) == words


def test_a_timer_is_named_by_what_people_call_the_thing_without_our_mark() -> None:
    there = situation([key("prod-web [wb-1-2]", id="k1")])
    boss, bot = User(id="u1", email="boss@acme.example", name="The Boss"), User(id="u2", name="Robot")
    there.inventory.users = {one.id: UserItem(one, US) for one in (boss, bot, User(id="u3"))}
    assert countdown.named(there, timer(deadlines.HAND_OVER, "key:k1")) == "hand-over of prod-web"
    assert countdown.named(there, timer(deadlines.HAND_OVER, "smtp:app@mg")) == "hand-over of app@mg"
    assert countdown.named(there, timer(user_actions.LINK, "u1")) == "password link of bo…@acme.example"
    assert countdown.named(there, timer(user_actions.TOLD, "u2")) == "answer of Robot"
    assert countdown.named(there, timer(user_actions.TOLD, "u3")) == "answer of u3"
    # A login may be named like a key, and both like nothing else: what a timer is of is told by its kind.
    assert countdown.named(there, timer(deadlines.HAND_OVER, "smtp:k1")) == "hand-over of k1"
    assert countdown.named(there, timer(deadlines.HAND_OVER, "smtp:a:b@mg")) == "hand-over of a:b@mg"
    assert countdown.named(there, timer(user_actions.TOLD, "gone")) == "answer of a user"
    assert countdown.named(there, timer(deadlines.PROOF)) == "proof that it stays dead"
    assert countdown.named(there, timer("other", text="ring \x1b[2J them")) == "ring \\x1b[2J them"


def test_the_top_line_names_the_next_timer_and_counts_the_others() -> None:
    there = situation()
    later = timer(deadlines.PROOF, minutes=60 * 40)
    assert countdown.short(there, []) == countdown.short(there, [later]) == ""
    found = [timer(deadlines.HAND_OVER, "smtp:a@mg", 5), timer(deadlines.HAND_OVER, "smtp:b@mg", 6), later]
    assert countdown.short(there, found) == "hand-over of a@mg: 5 min left (+1)"
    assert countdown.short(there, found[:1]) == "hand-over of a@mg: 5 min left"
    # A proof is news within the hour; a hand-over of hours is, always.
    assert (
        countdown.short(there, [timer(deadlines.PROOF, minutes=60)])
        == "proof that it stays dead: 60 min left"
    )
    slow = situation([key("prod-web", id="k1")])
    assert (
        countdown.short(slow, [timer(deadlines.HAND_OVER, "key:k1", 600)])
        == "hand-over of prod-web: 10 h left"
    )


def test_a_question_about_many_names_eight_and_counts_the_rest() -> None:
    items = [replace(kept(f"smtp:{n}@mg"), why=f"{n} of 20 replacements are in use") for n in range(11)]
    text = countdown.question(items, [item.target for item in items])
    assert text.splitlines()[0] == (
        "Until they are ended the old credentials work, for the intruder too if they were stolen:"
    )
    assert text.splitlines()[1] == "- 0@mg: 0 of 20 replacements are in use"
    assert text.splitlines()[-1] == "- and 3 more"
    assert len(text.splitlines()) == 10
    assert "more" not in countdown.question(items[:8], [item.target for item in items[:8]])


def test_a_question_says_once_what_is_the_same_for_several() -> None:
    items = [replace(kept("key:k1"), why="it is in use"), *(kept(f"smtp:{n}@mg") for n in range(22))]
    first, second = countdown.question(items, [item.target for item in items]).splitlines()[1:]
    assert first == "- k1: it is in use"
    assert second == f"- not seen in use yet: {', '.join(f'{n}@mg' for n in range(22))}"


def test_hand_overs_with_the_same_time_left_are_one_line_that_counts_them() -> None:
    there = situation([key("prod-web [wb-1-2]", id="k1")])
    many = [timer(deadlines.HAND_OVER, f"smtp:{n}@mg", 29.5) for n in range(4)]
    proof = timer(deadlines.PROOF, minutes=60)
    found = [timer(deadlines.HAND_OVER, "key:k1", 5), *many, proof, timer(user_actions.LINK, "gone", 61)]
    assert countdown.lines(there, found) == (
        "hand-over of prod-web: 5 min left",
        "hand-over of 4 (0@mg, 1@mg, 2@mg and 1 more): 30 min left",
        "proof that it stays dead: 60 min left",
        "password link of a user: 61 min left",
    )
    assert countdown.lines(there, []) == ()


def test_only_a_hand_over_whose_time_is_up_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    there, item = situation(), kept("smtp:a@mg")
    monkeypatch.setattr(countdown, "kept", lambda where: [item] if where is there else [])
    over, early = timer(deadlines.HAND_OVER, "smtp:a@mg", -1), timer(deadlines.HAND_OVER, "smtp:a@mg", 1)
    gone, proof = timer(deadlines.HAND_OVER, "smtp:b@mg", -1), timer(deadlines.PROOF, "smtp:a@mg", -1)
    assert countdown.due(there, [proof, gone, over, early]) == [(over, item)]


def test_users_who_are_done_are_waited_for_no_more() -> None:
    story = Story().add(
        "timer", id="link:u1", kind=user_actions.LINK, subject="u1", due=iso(NOW), text="a link"
    )
    assert deadlines.running(situation(state=story.state())) == []


# ── the days after ───────────────────────────────────────────────────────────────────────────────────────


def rates(days: int, sent: int) -> Story:
    """Return a journal with the rates of the last days."""
    story = Story()
    return story.add(
        "fact",
        name="sending_health",
        days=[
            {
                "day": (NOW - timedelta(days=n)).date().isoformat(),
                "delivered": sent,
                "complaints": 0,
                "bounced": 0,
            }
            for n in range(days, 0, -1)
        ],
    )


def after(story: Story, cut: bool = True) -> tuple[str, ...]:
    """Return the plan for the days after."""
    state = (story.add("contained", words="contained") if cut else story).state()
    return days_after.ramp_lines(situation(state=state))


def test_before_the_cut_there_is_no_way_back_to_the_usual_amount() -> None:
    assert after(rates(14, 8000), cut=False) == (
        "the return to the usual amount begins once access is cut: mail sent before that adds to the abuse",
    )


def test_the_way_back_begins_today_at_the_earliest_and_grows() -> None:
    lines = after(rates(14, 8000))
    assert lines[0].startswith(f"{NOW:%d %b}: at most ")
    amounts = [
        int(line.split("at most ")[1].split()[0].replace(",", "")) for line in lines if "at most" in line
    ]
    assert amounts == sorted(amounts) and amounts[0] < amounts[-1] <= 8000


def test_a_cut_of_last_week_does_not_plan_days_that_are_over() -> None:
    story = rates(14, 8000)
    story.at = NOW - timedelta(days=6)
    assert after(story)[0].startswith(f"{NOW:%d %b}: ")


def test_without_figures_the_plan_says_that_the_usual_amount_cannot_be_told() -> None:
    assert "cannot be told from the account" in after(Story())[0]


@pytest.mark.parametrize(
    ("window", "began"),
    [
        ({"from": "2026-11-19T23:30:00-02:00"}, datetime(2026, 11, 20).date()),
        ({}, None),
        ({"from": ""}, None),
    ],
)
def test_the_days_of_the_abuse_are_told_in_utc(window: dict[str, str], began: object) -> None:
    there: Situation = situation(state=Story().add("fact", name="assessment", window=window).state())
    assert days_after._began(there) == began


def test_the_usual_amount_is_that_of_before_the_abuse() -> None:
    story = rates(14, 8000)
    quiet = after(story)
    began = (NOW - timedelta(days=14)).date().isoformat()
    flooded = after(story.add("fact", name="assessment", window={"from": f"{began}T00:00:00Z"}))
    assert quiet != flooded and "cannot be told" in flooded[0]


def test_the_days_after_hold_the_plan_then_each_domains_dmarc(monkeypatch: pytest.MonkeyPatch) -> None:
    there = situation()
    monkeypatch.setattr(
        days_after, "dmarc_lines", lambda where: ("a.example: none",) if where is there else ()
    )
    assert days_after.lines(there) == (*days_after.ramp_lines(there), "DMARC a.example: none")
