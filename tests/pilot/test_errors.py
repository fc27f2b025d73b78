"""Every failure is shown and journaled, whoever's worker it was, and no value of an unknown one is told."""

from __future__ import annotations

import ast

import pytest
from textual.pilot import Pilot

from tests.pilot.conftest import Running, app_of, on_top, screen_text, settle
from tests.pilot.fake_session import SECRET, FakeSession
from tests.support.sources import nodes
from workbench.core.errors import NotAuthorised, Unreachable, UsageError
from workbench.tui.screens.texts import ErrorScreen

pytestmark = pytest.mark.painted

LOCKED_OUT = NotAuthorised(
    "Mailgun refused the key.", "It is dead or this host is shut out.", "Use another key."
)


@pytest.mark.parametrize("where", ["connect", "read", "plan", "run", "preserve", "blocklists"])
async def test_a_known_error_is_told_in_full_and_journaled(running: Running, where: str) -> None:
    session = FakeSession()
    session.fail[where] = LOCKED_OUT
    async with running(session) as pilot:
        if where == "plan":
            await pilot.press("C")
        elif where == "run":
            await pilot.press("C")
            await settle(pilot)
            await pilot.press(*str(app_of(pilot).screen.count), "enter")  # type: ignore[attr-defined]
        elif where == "preserve":
            await pilot.press("e")
        elif where == "blocklists":
            await pilot.press("5", "b")
        await settle(pilot)
        assert on_top(pilot, ErrorScreen)
        text = screen_text(pilot)
        assert "Mailgun refused the key." in text
        assert "What it means: It is dead or this host is shut out." in text
        assert "What to do: Use another key." in text
        assert session.errors[-1][0] == "NotAuthorised"
        await pilot.press("escape")
        await settle(pilot)
        assert not on_top(pilot, ErrorScreen)
        assert "error" in screen_text(pilot).splitlines()[0]


async def test_an_unexpected_fault_tells_its_type_only(running: Running) -> None:
    session = FakeSession()
    session.fail["preserve"] = ValueError(f"could not parse {SECRET}")
    async with running(session) as pilot:
        await pilot.press("e")
        await settle(pilot)
        text = screen_text(pilot)
        assert "ValueError" in text and SECRET[:12] not in text
        assert session.errors == [("ValueError", "preserving evidence")]


async def test_any_worker_of_the_app_is_heard_of(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:

        async def broken() -> None:
            raise KeyError("x")

        app_of(pilot).run_worker(broken(), group="stray", description="something", exit_on_error=False)
        await settle(pilot)
        assert on_top(pilot, ErrorScreen) and "KeyError" in screen_text(pilot)
        assert session.errors == [("KeyError", "something")]


def test_workers_are_started_in_one_place_only_and_never_exclusive() -> None:
    for path, node in nodes(r"run_worker|^\s*@.*work"):
        if isinstance(node, ast.Attribute) and node.attr == "run_worker":
            assert path.name == "workers.py", path
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(node, ast.Call) and isinstance(called, ast.Attribute) and called.attr == "run_worker":
            given = {k.arg: ast.unparse(k.value) for k in node.keywords}
            assert given["exclusive"] == "False" and given["exit_on_error"] == "False"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert not any("work" in ast.unparse(d).split("(")[0] for d in node.decorator_list), path


async def test_quiet_failures_are_counted_once_not_once_a_minute(running: Running) -> None:
    session = FakeSession()
    session.fail["rate"] = Unreachable("No answer from Mailgun.")
    async with running(session) as pilot:
        app = app_of(pilot)
        for _ in range(3):
            app.account.read_rate()
            await settle(pilot)
        assert session.errors == [("Unreachable", "reading the sending figures")]
        assert not on_top(pilot, ErrorScreen)
        assert "1 error" in screen_text(pilot).splitlines()[0]


def top_of(pilot: Pilot[int]) -> str:
    """Return the top line."""
    return screen_text(pilot).splitlines()[0]


async def test_the_top_line_lets_an_error_go_once_it_is_read(running: Running) -> None:
    session = FakeSession()
    session.fail["preserve"] = LOCKED_OUT
    async with running(session) as pilot:
        await pilot.press("e")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert "1 error: 6" in top_of(pilot)
        await pilot.press("6")
        await settle(pilot)
        assert "error" not in top_of(pilot)
        # One that comes while the list has the focus waits for the key that the top line names.
        app_of(pilot).show_error(UsageError("Another thing."), "one", "a")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert "1 error: 6" in top_of(pilot)
        await pilot.press("6")
        await settle(pilot)
        assert "error" not in top_of(pilot)


async def test_a_look_that_succeeds_cures_what_it_met_and_the_next_is_told_anew(running: Running) -> None:
    session = FakeSession()
    session.fail["rate"] = Unreachable("No answer from Mailgun.")
    async with running(session) as pilot:
        app = app_of(pilot)
        app.account.read_rate()
        await settle(pilot)
        app.show_error(UsageError("A judgement in vain."), "judging", "decide")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert "2 errors: 6" in top_of(pilot)
        del session.fail["rate"]
        app.account.read_rate()
        await settle(pilot)
        assert "1 error: 6" in top_of(pilot)
        session.fail["rate"] = Unreachable("No answer from Mailgun.")
        app.account.read_rate()
        await settle(pilot)
        assert "2 errors: 6" in top_of(pilot)
        told = [name for name, _ in session.errors]
        assert told == ["Unreachable", "UsageError", "Unreachable"]


async def test_errors_gather_on_one_screen_and_can_be_copied(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        app = app_of(pilot)
        written: list[str] = []
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", written.append)
        app.show_error(UsageError("First thing."), "one", "a")
        app.show_error(UsageError("Second thing."), "two", "b")
        await settle(pilot)
        text = screen_text(pilot)
        assert "First thing." in text and "Second thing." in text
        await pilot.press("c")
        await settle(pilot)
        assert any(piece.startswith("\x1b]52;c;") for piece in written)
        assert "Sent to the terminal" in screen_text(pilot)


async def test_a_session_that_does_not_open_can_be_tried_again(running: Running) -> None:
    session = FakeSession()
    async with running(session, wait=False) as pilot:
        app = app_of(pilot)
        tries: list[int] = []

        async def opener() -> FakeSession:
            tries.append(1)
            if len(tries) == 1:
                raise UsageError("The vault is locked.", "It needs its passphrase.", "Unlock it.")
            return session

        app._startup._open_session = opener  # type: ignore[assignment]
        await settle(pilot)
        assert "The vault is locked." in screen_text(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert "not connected" in screen_text(pilot).splitlines()[0]
        await pilot.press("f5")
        await settle(pilot)
        assert "acme (US+EU)" in screen_text(pilot).splitlines()[0]


async def test_hostile_error_text_is_harmless(running: Running) -> None:
    async with running(FakeSession()) as pilot:
        app_of(pilot).show_error(UsageError("[red]x[/red]\x1b[2J\nnext\u202e", "[/]"), "[b]", "a")
        await settle(pilot)
        text = screen_text(pilot)
        assert "[red]x[/red]\\x1b[2J\\nnext\\u202e" in text and "[/]" in text


async def test_who_quits_the_moment_the_screen_says_contained_leaves_the_row_of_it(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        assert not session.noted
        await app_of(pilot).close_session()
    assert session.closed and session.noted
