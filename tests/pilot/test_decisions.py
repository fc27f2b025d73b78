"""What is decided in a list: the deciding word first, the whole evidence in view, people one can recognise."""

from __future__ import annotations

import pytest

from tests.pilot.conftest import SIZES, Running, app_of, screen_text, settle
from tests.pilot.fake_session import PERSON, FakeSession
from workbench.core.errors import JournalError
from workbench.domain.leaks.leaks import Leak
from workbench.tui.controllers.base import Attested, attest
from workbench.tui.screens.choices import Choice
from workbench.tui.screens.leaks import LeaksScreen
from workbench.tui.screens.lists import ListLine, ListScreen, Verb
from workbench.tui.screens.prompts import PickScreen

WHY = (
    "its address is of no domain of yours",
    'its record says "v=DMARC1; p=none; rua=mailto:it@example.net"',
    "nobody who was here before vouches for it",
)
WHOLE = [
    ListLine(f"user:{n}", f"user it-helpdesk-{n}, {PERSON}", WHY, "bad", "theirs, likely") for n in range(3)
]
SAFE = [line._replace(words=line.words.replace(PERSON, "ma…@acme.example")) for line in WHOLE]
VERBS = (Verb("enter", "on", "reads on"), Verb("i", "intruder", "the intruder's", judges=True))


@pytest.mark.parametrize("size", SIZES)
async def test_the_whole_evidence_is_in_view_and_names_show_on_request(
    running: Running, size: tuple[int, int]
) -> None:
    async with running(FakeSession(), size) as pilot:
        app_of(pilot).push_screen(ListScreen("Judge", "Three to judge.", SAFE, VERBS, whole=WHOLE))
        await settle(pilot)
        text = screen_text(pilot)
        assert "theirs, likely" in text and "names in full" in text and PERSON not in text
        for part in WHY:
            assert part in text
        box = pilot.app.screen.query_one(".dialog-box")
        assert box.outer_size.width == min(size[0], 170)
        await pilot.press("s")
        await settle(pilot)
        assert PERSON not in screen_text(pilot).replace("is nobody else looking", "")
        await pilot.press("s")
        await settle(pilot)
        assert PERSON in screen_text(pilot) and "names in full" not in screen_text(pilot).splitlines()[-2]


async def test_what_a_row_is_about_stands_whole_at_120_columns(running: Running) -> None:
    what = (
        "SMTP app-2@alerts.acme.example: not handed over yet, not seen in use, the old one still works",
        "unsubscribe footer of alerts.acme.example links to collect.mx-audit.example",
    )
    lines = [ListLine(str(n), one, WHY, "warn") for n, one in enumerate(what)]
    async with running(FakeSession(), (120, 40)) as pilot:
        for shown in (lines, [line._replace(lead="theirs, maybe") for line in lines[1:]]):
            app_of(pilot).push_screen(ListScreen("Judge", "To judge.", shown, VERBS))
            await settle(pilot)
            text = screen_text(pilot)
            assert all(line.words in text for line in shown), text
            await pilot.press("escape")


@pytest.mark.parametrize("size", SIZES)
async def test_the_keys_stay_in_sight_below_a_long_list_with_long_evidence(
    running: Running, size: tuple[int, int]
) -> None:
    many = [ListLine(f"f{n}", f"finding {n}", tuple(f"reason {i}" for i in range(12))) for n in range(13)]
    verbs = (
        *VERBS,
        Verb("y", "ours", "yours", judges=True),
        Verb("h", "hand", "removed or repaired by hand"),
    )
    text = "13 findings to judge. Those that probably are the intruder's are selected. " * 2
    async with running(FakeSession(), size) as pilot:
        app_of(pilot).push_screen(ListScreen("Judge", text, many, verbs))
        await settle(pilot)
        shown = screen_text(pilot)
        assert "Enter reads on" in shown and "Esc leaves" in " ".join(shown.replace("┃", " ").split())
        assert "finding 0" in shown and "reason 2" in shown
        await pilot.press("G")
        await settle(pilot)
        assert "finding 12" in screen_text(pilot) and "Enter reads on" in screen_text(pilot)


async def test_a_verb_on_a_row_that_stands_for_several_judges_none_of_them(running: Running) -> None:
    many = [ListLine(f"f{n}", f"measure {n}", WHY, "ok", fold="it stands") for n in range(6)]
    async with running(FakeSession(), (120, 40)) as pilot:
        screen = ListScreen("Harden", "", [ListLine("open", "one is open", WHY), *many], VERBS)
        app_of(pilot).push_screen(screen)
        await settle(pilot)
        assert "6 rows: it stands (Enter unfolds them)" in screen_text(pilot)
        await pilot.press("j", "i")
        await settle(pilot)
        assert app_of(pilot).screen is screen and "stands for several" in screen_text(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "measure 5" in screen_text(pilot)
        # All of a list is what is shown of it, and never the row that stands for several.
        await pilot.press("a")
        await settle(pilot)
        assert set(screen.table.chosen_keys) == {"open", *(line.key for line in many)}


async def test_what_is_no_persons_has_nothing_to_lift(running: Running) -> None:
    async with running(FakeSession()) as pilot:
        app_of(pilot).push_screen(ListScreen("Judge", "", WHOLE, VERBS, whole=WHOLE))
        await settle(pilot)
        assert "names in full" not in screen_text(pilot)


async def test_a_leak_is_told_by_the_end_of_its_path_in_the_row_and_by_the_whole_path_below(
    running: Running,
) -> None:
    root = "/srv/www/customers/acme/releases/20261128"
    deep = f"{root}/wp-content/uploads/dump.sql:6"
    past = f"{root}/repo/config/mail.php:3 (commit 0a1b2c3d4e5f by Ada, 2026-11-01, gone since 2026-11-02)"
    places = {"deep": deep, "past": past, "short": "app/.env:1", "site": "https://www.acme.example/.env"}
    found = [
        Leak(
            key,
            key,
            "secret",
            f"key {key}",
            f"leaked {key}",
            "live",
            True,
            "high",
            (),
            (place,),
            "Replace it.",
            "",
        )
        for key, place in places.items()
    ]
    async with running(FakeSession(), (120, 40)) as pilot:
        app_of(pilot).push_screen(LeaksScreen(found, ["Searched."]))
        await settle(pilot)
        rows = [line for line in screen_text(pilot).splitlines() if "live, still exposed" in line]
        for row, end in zip(
            rows,
            ("…/uploads/dump.sql:6", "…/config/mail.php:3", " app/.env:1", "…/www.acme.example/.env"),
            strict=True,
        ):
            assert f"{end} " in row
        assert f"at {deep}" in screen_text(pilot)


LONG = "it is only copied; nothing is recorded, and the step stays open until somebody says that it was sent"


@pytest.mark.parametrize("size", SIZES)
async def test_an_answer_that_does_not_fit_its_row_stands_whole_below(
    running: Running, size: tuple[int, int]
) -> None:
    async with running(FakeSession(), size) as pilot:
        app = app_of(pilot)
        choices = (Choice("later", "Not yet", LONG), Choice("sent", "It was sent", "recorded"))
        app.push_screen(PickScreen("Was it sent?", "Send it now.", choices))
        app.tell("Said while the dialog stands there, in a corner, in as many words as it takes.")
        await settle(pilot)
        text = screen_text(pilot)
        assert f"Not yet: {LONG}" in " ".join(text.replace("┃", " ").split())
        assert "reads on" not in text, "the question stands there whole"
        assert "Enter answers · Esc leaves it open" in text and "Said while the dialog" in text
        await pilot.press("down")
        await settle(pilot)
        assert "It was sent: recorded" in screen_text(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_a_long_question_leaves_answers_and_keys_in_sight_and_can_be_read_to_its_end(
    running: Running, size: tuple[int, int]
) -> None:
    async with running(FakeSession(), size) as pilot:
        text = "\n".join(
            f"- hand-over of login {n}: the replacement is not seen in use yet" for n in range(24)
        )
        choices = (
            Choice("later", "Decide later", LONG),
            Choice("end", "End the old ones", "shows the plan first"),
        )
        app_of(pilot).push_screen(PickScreen("Time is up", text, choices, reason="how do you know?"))
        await settle(pilot)
        shown = screen_text(pilot)
        assert "login 0:" in shown and "End the old ones" in shown and "Enter answers" in shown
        assert ("] reads on · Enter answers" in shown) is ("login 23:" not in shown)
        for _ in range(8):
            await pilot.press("right_square_bracket")
        await pilot.pause()
        assert "login 23:" in screen_text(pilot) and "Enter answers" in screen_text(pilot)


async def test_what_somebody_said_of_a_step_is_said_to_be_recorded(running: Running) -> None:
    session = FakeSession()
    async with running(session, (160, 50)) as pilot:
        said = Attested("0", [("opening message sent to Support", ""), ("told by phone", "")])
        attest(app_of(pilot), session, said)  # type: ignore[arg-type]
        await settle(pilot)
        assert "Recorded under your name: opening message sent to" in screen_text(pilot)
        assert "Support, and 1 more." in screen_text(pilot)


async def test_nothing_lies_over_the_heading_of_an_error(running: Running) -> None:
    async with running(FakeSession(), (80, 24)) as pilot:
        app_of(pilot).tell("Something was said a moment ago.")
        await settle(pilot)
        app_of(pilot).show_error(
            JournalError("It does not hold.", "It was changed.", "Quit."), "looking", "follow"
        )
        await settle(pilot)
        assert "This did not work" in screen_text(pilot) and "It does not hold." in screen_text(pilot)
        assert "a moment ago" not in screen_text(pilot)
