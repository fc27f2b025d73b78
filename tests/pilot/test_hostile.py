"""Names an intruder wrote: drawn as harmless text everywhere, and nothing of the layout moves."""

from __future__ import annotations

import pytest

from tests.pilot.conftest import Running, app_of, screen_text, settle
from tests.pilot.fake_session import START, US, FakeSession
from workbench.domain.model.inventory import DomainItem, KeyItem, LoginItem, UserItem
from workbench.mailgun.models import Domain, Key, SmtpCredential, User

pytestmark = pytest.mark.painted

NASTY = (
    "two\nlines\r\nof text",
    "\u202egnp.exe\u2066right to left",
    "[bold red]markup[/] [@click=app.quit]click[/]",
    "\x1b[2J\x1b[31mansi\x1b]52;c;ZXZpbA==\x07",
    "x" * 4000,
    "日本語" * 30 + "\u0301" * 50,
    "\x00\x7f\x9b31mc1",
    "[/",
)


def poisoned() -> FakeSession:
    """Return a session whose account is named by somebody who means harm."""
    session = FakeSession(logins=2)
    session.fill()
    inventory = session.inventory
    for n, text in enumerate(NASTY):
        name = f"{text}{n}.example"
        inventory.domains[name] = DomainItem(Domain(name=name, state=text, created_at=START), US)
        key = Key(id=f"{n}{text}", description=text, kind=text, role=text, requestor=text)
        inventory.keys[key.id] = KeyItem(key, US)
        login = LoginItem(SmtpCredential(login=f"{text}{n}@{name}"), name, US)
        inventory.logins[login.login] = login
        user = User(id=f"u{n}{text}", email=f"{text}@evil.example", name=text, role=text)
        inventory.users[user.id] = UserItem(user, US)
        session.log(f"{text} did something", "warn")
    session.title = NASTY[2]
    return session


def harmless(text: str) -> None:
    """Assert that nothing in a drawn screen could act on a terminal or hide."""
    for char in text:
        assert char == "\n" or char.isprintable() or char in "\u200e", repr(char)
    assert "\u202e" not in text and "\u2066" not in text


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_panes_details_and_plans_stay_whole(running: Running, size: tuple[int, int]) -> None:
    session = poisoned()
    async with running(session, size) as pilot:
        app = app_of(pilot)
        for key in "123456":
            await pilot.press(key, "G")
            await pilot.pause()
            text = screen_text(pilot)
            harmless(text)
            lines = text.splitlines()
            assert len(lines) == size[1] and "? help" in lines[-1]
            # Enter in the runbook starts a step; everywhere else it shows a row.
            await pilot.press(*(["enter"] if key != "1" else []))
            await pilot.pause()
            harmless(screen_text(pilot))
            await pilot.press("escape")
            await pilot.pause()
        assert app.main.panes["credentials"].table.model.total == 5 + 2 * len(NASTY)  # type: ignore[index]
        await pilot.press("2", "a", "R")
        await settle(pilot)
        assert app.screen.has_class("plan-screen")
        harmless(screen_text(pilot))
        await pilot.press("ctrl+e", "G")
        await settle(pilot)
        harmless(screen_text(pilot))
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("2", "d")
        await settle(pilot)
        harmless(screen_text(pilot))


async def test_markup_is_shown_as_text(running: Running) -> None:
    async with running(poisoned(), (160, 50)) as pilot:
        assert "[bold red]markup[/]" in screen_text(pilot)
        await pilot.press("2", "slash", *"[bold", "enter")
        await settle(pilot)
        assert "/[bold" in screen_text(pilot)


async def test_notices_are_text(running: Running) -> None:
    from workbench.execution.progress import ProgressNotice
    from workbench.tui.notifications import TOGETHER

    session = FakeSession()
    async with running(session) as pilot:
        session.tell(ProgressNotice("[b]alarm[/b] \x1b[2J\u202e key appeared", loud=True))
        await settle(pilot)
        # Notices of one moment are gathered before they are shown.
        await pilot.pause(2 * TOGETHER)
        text = screen_text(pilot)
        harmless(text)
        assert "[b]alarm[/b]" in text
