"""The timeline and the abuse window on the screen: opened by key over the panes, zoomed, filtered, closed by Esc."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from tests.pilot.conftest import Running, on_top, screen_text, settle
from tests.pilot.fake_session import PERSON, START, FakeSession
from workbench.domain.forensics.abuse_window import AbuseWindow, Share, from_metrics
from workbench.domain.forensics.moment import Moment, MomentKind
from workbench.domain.forensics.recorded import RecordedSender
from workbench.tui.screens.main import MainScreen
from workbench.tui.screens.timeline import TimelineScreen
from workbench.tui.screens.window import WindowScreen


def moments() -> list[Moment]:
    """Return two days with something suspicious on the second."""
    return [
        Moment(START - timedelta(days=1), MomentKind.ACCOUNT, f"password of {PERSON} set"),
        Moment(START - timedelta(hours=3), MomentKind.ACCOUNT, "API key “ci” …4f2a made", True),
        Moment(START, MomentKind.EFFECT, "delete key …4f2a: verified"),
    ]


def window() -> AbuseWindow:
    """Return a window of six abnormal hours."""
    hours = {
        START.replace(minute=0, second=0) - timedelta(hours=n): 2000 if n <= 6 else 100
        for n in range(1, 24 * 9)
    }
    made = from_metrics(hours, START)
    made.by["domain"] = [Share("mg0.acme.example", 12_000, 600.0)]
    return made


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_timeline_opens_zooms_filters_and_closes(running: Running, size: tuple[int, int]) -> None:
    session = FakeSession()
    session.past = moments()
    async with running(session, size) as pilot:
        await pilot.press("T")
        await settle(pilot)
        assert on_top(pilot, TimelineScreen)
        text = screen_text(pilot)
        assert "2026-11-20" in text and "2 moments" not in text and "3 moments, 1 suspicious" in text
        await pilot.press("enter", "enter")
        await settle(pilot)
        text = screen_text(pilot)
        assert "API key “ci” …4f2a made" in text and "1 moments" in text
        await pilot.press("u", "u", "e")
        await settle(pilot)
        text = screen_text(pilot)
        assert "delete key …4f2a" in text and PERSON not in text, "share-safe is on"
        await pilot.press("n")
        await settle(pilot)
        assert "· account ·" in screen_text(pilot) and "delete key" not in screen_text(pilot)
        # What happens meanwhile appears by itself.
        session.past = [*moments(), Moment(START, MomentKind.ACCOUNT, "subaccount “x” made", True)]
        session.state.last_seq += 1
        screen = pilot.app.screen
        assert isinstance(screen, TimelineScreen)
        screen._due = float("-inf")
        screen._look_again()
        await settle(pilot)
        assert "subaccount “x” made" in screen_text(pilot)
        assert all(len(line) == size[0] for line in screen_text(pilot).splitlines())
        await pilot.press("escape")
        await settle(pilot)
        assert on_top(pilot, MainScreen)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_window_draws_numbers_and_explains(running: Running, size: tuple[int, int]) -> None:
    session = FakeSession()
    session.seen_window = window()
    async with running(session, size) as pilot:
        await pilot.press("W")
        await settle(pilot)
        assert on_top(pilot, WindowScreen)
        text = screen_text(pilot)
        assert "2,000┤" in text and "▲▲▲▲▲▲" in text and "median" in text
        assert "11-21 13:00" in text, "the numbers stand beside the chart"
        await pilot.press("2")
        await settle(pilot)
        text = screen_text(pilot)
        assert "mg0.acme.example" in text and "11,400" in text, text
        await pilot.press("4", "left")
        await settle(pilot)
        assert "Not read yet" in screen_text(pilot) and "▲▲▲▲▲▲" not in screen_text(pilot)
        await pilot.press("question_mark")
        await settle(pilot)
        assert "6 hours apart" in screen_text(pilot) or "one window." in screen_text(pilot)
        await pilot.press("escape", "escape")
        await settle(pilot)
        assert on_top(pilot, MainScreen)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_senders_are_judged_and_the_figures_counted_again(
    running: Running, size: tuple[int, int]
) -> None:
    session = FakeSession()
    found = [
        {"key": "sender:a", "credential": "key:1234abcd-4f2a4f2a", "sender": "n@mg0.acme.example", "looks": "intruder",
         "accepted": 900, "failed": 180, "complained": 9, "why": ["never seen before"], "addresses": ["203.0.113.9"],
         "subjects": ["win # now"]},
        {"key": "sender:b", "credential": "smtp:app@mg0.acme.example", "sender": "app@mg0.acme.example",
         "looks": "production", "accepted": 70, "why": ["used before the abuse"]},
    ]  # fmt: skip
    session.senders = msgspec.convert(found, list[RecordedSender])
    async with running(session, size) as pilot:
        await pilot.press("S")
        await settle(pilot)
        text = screen_text(pilot)
        assert "intruder?" in text and "key …4f2a" in text and "900" in text and "20.0%" in text
        assert "never seen before" in text and "from 203.0.113.9" in text and "wrote “win # now”" in text
        assert "1 of 2 wait for your judgement" in text
        if size == (120, 40):
            # Whose mail it is hangs on who sent as whom: both names stand whole.
            assert all(str(one["sender"]) in text for one in found)
        await pilot.press("enter", "enter")
        await settle(pilot)
        # Enter reads on and then leaves: it never judges, whatever is selected.
        assert on_top(pilot, MainScreen)
        assert not any(row[0] == "decide" for row in session.asked)
        await pilot.press("S", "i")
        await settle(pilot)
        # Only the one that was asked about was selected.
        assert ("decide", "sender:a", "intruder", "judged in the list of senders") in session.asked
        assert not any(row[:2] == ("decide", "sender:b") for row in session.asked)
        assert ("judge_again",) in session.asked
        await pilot.press("S")
        await settle(pilot)
        assert "intruder's" in screen_text(pilot) and "0 of 2 wait for your" in screen_text(pilot)


async def test_several_senders_are_judged_by_their_typed_number(running: Running) -> None:
    session = FakeSession()
    session.senders = [
        RecordedSender(key=f"sender:{name}", credential=f"smtp:{name}@acme.example", sender=f"{name}@acme.example",
                       looks="intruder", accepted=9)
        for name in "abc"
    ]  # fmt: skip
    async with running(session) as pilot:
        await pilot.press("S", "enter", "enter")
        await settle(pilot)
        assert "Who sent what" in screen_text(pilot), "Enter reads the next one"
        await pilot.press("i")
        await settle(pilot)
        assert "Type 3 and Enter" in screen_text(pilot)
        await pilot.press("2", "enter")
        await settle(pilot)
        assert not any(row[0] == "decide" for row in session.asked), "a wrong number judges nothing"
        await pilot.press("backspace", "3", "enter")
        await settle(pilot)
        assert sum(row[0] == "decide" for row in session.asked) == 3
        assert "3 senders judged" in screen_text(pilot)


async def test_before_anything_was_read_it_says_so(running: Running) -> None:
    async with running(FakeSession(), (80, 24)) as pilot:
        await pilot.press("W")
        await settle(pilot)
        assert "not read yet" in screen_text(pilot)
        await pilot.press("escape", "S")
        await settle(pilot)
        assert "Nothing is assessed yet" in screen_text(pilot)
