"""An app on a session without a network, at a size."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from textual._compositor import Compositor
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot
from textual.screen import Screen

from tests.pilot.fake_session import FakeSession
from tests.support.patience import HANGS
from workbench.tui.app import WorkbenchApp

Running = Callable[..., AbstractAsyncContextManager[Pilot[int]]]

# Every kind of work a test may have started, in the order in which one starts another.
GROUPS: tuple[str, ...] = (
    "open",
    "connect",
    "vault",
    "read",
    "rate",
    "plan",
    "run",
    "preserve",
    "preserve-rest",
    "sweep",
    "assess",
)
GROUPS += ("blocklists", "decide", "attest", "reveal", "record")
# Read rules of stylesheets, by what they were read from.
RULES: dict[tuple[Any, ...], list[RuleSet]] = {}
SIZES = ((80, 24), (120, 40), (160, 50))


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the host's terminal would change, and what a person's eye wants between two pictures."""
    for name in ("NO_COLOR", "TMUX", "STY", "WORKBENCH_ASCII", "WORKBENCH_THEME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("WORKBENCH_ASCII", "0")
    monkeypatch.setattr("workbench.tui.screens.main.BAND_AFTER", 0.01)


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until workers rest and what they told is on the screen."""
    app = pilot.app
    assert isinstance(app, WorkbenchApp)
    for _ in range(2):
        await pilot.pause()
        for group in GROUPS:
            await app.work.rest(group, HANGS)
    for _ in range(100):
        if not _due(app):
            break
        await pilot.pause(0.01)
    await pilot.pause()


def _due(app: WorkbenchApp) -> bool:
    """Return whether news is still to be handed on, or rows or the band to be made of it."""
    main = app.main
    timers = [app.funnel._timer, main._band_due]
    for pane in main.panes.values():
        timers += [pane._timer, pane.table._paint_timer]
    return any(timer is not None for timer in timers)


@pytest.fixture
def running() -> Running:
    """Return a context manager that runs an app on a session: ``async with running(session) as pilot``."""

    @asynccontextmanager
    async def run(
        session: FakeSession, size: tuple[int, int] = (120, 40), wait: bool = True, **options: Any
    ) -> AsyncIterator[Pilot[int]]:
        async def open_session() -> FakeSession:
            return session

        app = WorkbenchApp(open_session, watch_every=0, rate_every=0, **options)  # type: ignore[arg-type]
        async with app.run_test(size=size, notifications=True) as pilot:
            if wait:
                await settle(pilot)
            yield pilot

    return run


def app_of(pilot: Pilot[int]) -> WorkbenchApp:
    """Return the pilot's app by its own type."""
    assert isinstance(pilot.app, WorkbenchApp)
    return pilot.app


async def until(pilot: Pilot[int], text: str) -> None:
    """Wait until a text is on the screen; on a loaded machine a fixed pause is a guess."""
    for _ in range(200):
        await pilot.pause(0.05)
        if text in screen_text(pilot):
            return
    raise AssertionError(f"{text!r} never came:\n{screen_text(pilot)}")


def on_top(pilot: Pilot[int], kind: type[Screen[Any]]) -> bool:
    """Return whether the screen on top is of a kind (asked anew each time, so no type checker remembers)."""
    return isinstance(pilot.app.screen, kind)


def screen_text(pilot: Pilot[int]) -> str:
    """Return what is drawn, line by line."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips(pilot.app.size))


@pytest.fixture(autouse=True)
def styles_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stylesheet reads the same rules anew in every app, a tenth of its start; here each process reads them once.

    A sheet keeps and shares what it has read in the same way, by the same key but the colours, which are its own.
    """
    read = Stylesheet._parse_rules

    def rules(
        self: Stylesheet, css: str, read_from: tuple[str, str], *more: Any, **named: Any
    ) -> list[RuleSet]:
        key = (css, read_from, more, *sorted(named.items()), frozenset(self._variables.items()))
        if key not in RULES:
            RULES[key] = read(self, css, read_from, *more, **named)
        return RULES[key]

    monkeypatch.setattr(Stylesheet, "_parse_rules", rules)


@pytest.fixture(autouse=True)
def painted_when_looked_at(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody looks at is not painted, a third of a test's time; ``screen_text`` and pictures paint what they show.

    Tests of ``painted`` modules, whose matter is the painting, do without.
    """
    if request.node.get_closest_marker("painted"):
        return
    paint = Compositor.render_update

    def update(self: Compositor, full: bool = False, **options: Any) -> Any:
        if full:
            return paint(self, full, **options)
        self._dirty_regions.clear()
        return None

    monkeypatch.setattr(Compositor, "render_update", update)
