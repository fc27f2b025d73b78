"""Screenshots of the main states, taken from the drill: ``python -m tests.screenshots`` writes ``screenshots/``.

The simulated account, the incident's clock and the order of effects stand still or are moved by hand, so that
the same code always shows the same text. The pictures are SVG without anything from elsewhere.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from textual.pilot import Pilot

from tests.support.drills import CHEAP, PASSPHRASE, endpoints_of
from tests.support.patience import HANGS
from workbench.core.errors import Unreachable
from workbench.core.redact import Secret
from workbench.core.state_dir import Home
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.state import EffectRecord
from workbench.drill.api.app import HostApp
from workbench.drill.role_play import DrillRolePlay
from workbench.drill.servers.serve import RunningDrill, start
from workbench.drill.world.options import DrillOptions
from workbench.execution import executor
from workbench.execution.executor import Executor
from workbench.session.account import AccountReadings
from workbench.session.session import Session, SessionOptions, open_session
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.connect import Door
from workbench.vault.passphrases import generate_passphrase
from workbench.vault.vault import EntryName, Vault

FOLDER = Path(__file__).parents[1] / "screenshots"
START = datetime(2026, 11, 21, 14, 2, 7, tzinfo=UTC)
INCIDENT = "20261121-140207-3f2a"
WIDE, SMALL, LARGE = (120, 40), (80, 24), (200, 60)
A_MOMENT = 0.05  # seconds
BUILT = 60.0  # seconds within which a drill has started on the busiest machine
# How many resets pass before the picture of a running plan is taken.
RESETS_BEFORE = 9
PLAIN_TERMINAL = {"TERM": "xterm-256color", "WORKBENCH_ASCII": "0", "WORKBENCH_THEME": "", "NO_COLOR": ""}
GROUPS = (
    *("open", "connect", "read", "rate", "blocklists", "plan", "decide"),
    *("attest", "preserve", "record", "use", "drill"),
)


class StillClock:
    """A clock that is moved by hand; only waiting takes real time."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment
        self.moved_by = 0.0

    def now(self) -> datetime:
        """Return the moment it stands at."""
        return self._moment

    def monotonic(self) -> float:
        """Return real seconds and those it was moved by: what paces calls must not stand still."""
        return time.monotonic() + self.moved_by

    def advance(self, seconds: float) -> None:
        """Move it."""
        self._moment += timedelta(seconds=seconds)
        self.moved_by += seconds

    async def sleep(self, seconds: float) -> None:
        """Wait for so many real seconds, a moment at most: nobody here waits for something that needs time."""
        await asyncio.sleep(min(seconds, A_MOMENT))


class Gate:
    """Holds the resets back after a number of them, so that a running plan can be looked at."""

    def __init__(self) -> None:
        self.left = 1_000_000
        self.reached = asyncio.Event()
        self.open = asyncio.Event()

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Stand in front of every host of the drill."""
        real = HostApp.__call__

        async def gated(host: HostApp, scope: Any, receive: Any, send: Any) -> None:
            if scope.get("method") == "PUT" and "/credentials/" in scope.get("path", ""):
                self.left -= 1
                if self.left < 0 and not self.open.is_set():
                    self.reached.set()
                    await self.open.wait()
            await real(host, scope, receive, send)

        with patch.object(HostApp, "__call__", gated):
            yield


@contextmanager
def one_after_the_other() -> Iterator[None]:
    """Let one effect be written or proven at a time, in the order in which they were begun.

    The log then always tells it in the same order, whichever answer is quicker.
    """
    turn = asyncio.Lock()
    carry_out, prove, wait = Executor._carry_out, Executor._prove, Executor._turn_to_prove

    async def carried_out(self: Executor, record: EffectRecord) -> None:
        async with turn:
            await carry_out(self, record)

    async def proven(self: Executor, record: EffectRecord) -> None:
        await wait(self, record.effect.kind)
        async with turn:
            await prove(self, record)

    async def at_once(self: Executor, kind: EffectKind) -> None:
        """It waited already, without holding the others up."""

    with (
        patch.object(executor, "WRITES", 1),
        patch.object(Executor, "_carry_out", carried_out),
        patch.object(Executor, "_prove", proven),
        patch.object(Executor, "_turn_to_prove", at_once),
    ):
        yield


class Studio:
    """Takes pictures of one app on one drill, in the order of an incident."""

    def __init__(self, folder: Path, drill: RunningDrill, gate: Gate) -> None:
        self.folder = folder
        self.drill = drill
        self.gate = gate
        self.clock = StillClock(START + timedelta(seconds=BUILT))
        self.home = Home(folder / "home")
        self.shots: dict[str, str] = {}

    async def open(self) -> Session:
        """Open the incident; called by the app after its first frame."""
        self.home.ensure()
        path = self.home.vault_file
        vault = await (
            Vault.unlock_file(path, PASSPHRASE)
            if path.exists()
            else Vault.create_file(path, PASSPHRASE, cost=CHEAP)
        )
        return await open_session(
            SessionOptions(
                home=self.home,
                endpoints=endpoints_of(self.drill),
                vault=vault,
                clock=self.clock,
                key=Secret(self.drill.api_key),
                incident=INCIDENT,
                drill=True,
                role_play=DrillRolePlay(),
            )
        )

    @asynccontextmanager
    async def app(self, size: tuple[int, int], **options: Any) -> AsyncIterator[Pilot[Any]]:
        """Run the app at a size and wait until everything has been read."""
        app = WorkbenchApp(self.open, drill=True, watch_every=0, rate_every=0, **options)
        # Notes come and go by the host's clock: a picture has none.
        async with app.run_test(size=size, notifications=False) as pilot:
            await self.settle(pilot)
            yield pilot
        # Only a whole run of the app closes its session by itself.
        await app.close_session()

    async def settle(self, pilot: Pilot[Any]) -> None:
        """Wait until workers rest and what they told is drawn."""
        app = pilot.app
        assert isinstance(app, WorkbenchApp)
        for _ in range(2):
            await pilot.pause()
            for group in GROUPS:
                await app.work.rest(group, HANGS)
        await pilot.pause(0.15)

    async def shoot(self, pilot: Pilot[Any], name: str) -> None:
        """Take a picture of what is on the screen now, without the notes that come and go."""
        app = pilot.app
        assert isinstance(app, WorkbenchApp)
        app.clear_notifications()
        # Nor those that wait until a dialog is closed: when they come depends on the machine.
        app.toasts._waiting.clear()
        if app.store.session is not None:
            # What is looked at every 15 real seconds is as of now.
            app.controllers.monitor.look()
            app.clear_notifications()
            app.store.session.account._calls.clear()  # type: ignore[attr-defined]
            app.main.refresh_status()
            app.main.write_band()
        await pilot.pause(0.1)
        width, height = app.size
        self.shots[f"{name}-{width}x{height}.svg"] = without_fonts(app.export_screenshot(title="workbench"))

    async def press(self, pilot: Pilot[Any], *keys: str) -> None:
        """Press keys one after the other and wait for what they start."""
        for key in keys:
            await pilot.press(key)
        await self.settle(pilot)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, for the account and for the incident alike."""
        self.clock.advance(seconds)
        self.drill.clock.advance(seconds)

    # The states, in the order of the incident

    async def before_the_cut(self) -> None:
        """Panes, help, support message, warnings: nothing is changed yet."""
        async with self.app(WIDE) as pilot:
            await self.shoot(pilot, "panes")
            await self.large(pilot, "panes")
            await self.small(pilot)
            await self.press(pilot, "escape", "2", "1")
            for key, name in (("4", "users"), ("3", "domains"), ("5", "blocklists")):
                await self.press(pilot, key)
                await self.shoot(pilot, name)
            await self.press(pilot, "2", "question_mark")
            await self.shoot(pilot, "help")
            # Nothing that reads the whole log: it takes long and shows nothing more.
            await self.press(pilot, "escape", "1", "m")
            await self.shoot(pilot, "support")
            await self.press(pilot, "c", "escape")
            pilot.app.clear_notifications()
            await self.press(pilot, "s")
            await self.shoot(pilot, "share-safe")
            await self.press(pilot, "escape", "4")
            await self.judge_the_stranger(pilot)
            await self.press(pilot, "C")
            await self.shoot(pilot, "plan")
            await self.large(pilot, "plan")
            await self.press(pilot, "escape")
            assert isinstance(pilot.app, WorkbenchApp)
            lost = Unreachable(
                "No answer to GET /v4/domains: the name did not resolve.",
                "The server could not be reached; nothing was sent.",
                "Check this host's network, DNS and proxy.",
            )
            pilot.app.show_error(lost, "reading the account", "read")
            await pilot.pause(0.2)
            await self.shoot(pilot, "error")

    async def judge_the_stranger(self, pilot: Pilot[Any]) -> None:
        """Judge the user that looks like a stranger the intruder's."""
        app = pilot.app
        assert isinstance(app, WorkbenchApp)
        planted = next(item["id"] for item in self.drill.world.planted if item["kind"] == "user")
        pane = app.main.panes[app.main.current]
        pane.table.move_cursor(planted)
        await self.press(pilot, "d")
        await self.shoot(pilot, "judge")
        await self.press(pilot, "down", "down", "enter")

    async def the_cut(self) -> None:
        """A plan that runs, and the account afterwards."""
        async with self.app(WIDE) as pilot:
            app = pilot.app
            assert isinstance(app, WorkbenchApp)
            self.pass_time(60)
            self.gate.left = RESETS_BEFORE
            await self.press(pilot, "2", "a", "R")
            await self.confirm(pilot)
            await asyncio.wait_for(self.gate.reached.wait(), HANGS)
            await pilot.pause(0.4)
            await self.shoot(pilot, "running")
            self.gate.open.set()
            await self.carried_out(pilot)
            await self.press(pilot, "C")
            self.pass_time(401 - 60)
            await self.confirm(pilot)
            await self.carried_out(pilot)
            await self.press(pilot, "3", "p")
            await self.confirm(pilot)
            await self.carried_out(pilot)
            await self.two_minutes_later(pilot)
            app.refresh_account()
            await self.settle(pilot)
            await self.press(pilot, "1", "2")
            await self.shoot(pilot, "alarm")
            # The others do theirs: strangers out, new credentials deployed; then what was kept can go.
            for part in ("drill.people", "drill.deploy"):
                app.controllers.dispatcher.do(part)
                await self.settle(pilot)
                # Their part took the account's clock on; the incident's is the same one.
                self.clock.advance((self.drill.clock.now() - self.clock.now()).total_seconds())
            # Past the deadline until which replaced credentials are kept for the hand-over: it asks, and they go.
            self.pass_time(2400)
            app.refresh_account()
            await self.settle(pilot)
            app.controllers.monitor.look()
            await self.press(pilot, "end", "enter")
            await self.confirm(pilot)
            await self.carried_out(pilot)
            # The intruder came back meanwhile: that is cut too, and what was left running is stopped.
            await self.press(pilot, "C")
            await self.confirm(pilot)
            await self.carried_out(pilot)
            assert app.store.session is not None
            if not app.store.session.unavailable("stop.all"):
                app.controllers.dispatcher.do("stop.all")
                await self.settle(pilot)
                await self.confirm(pilot)
                await self.carried_out(pilot)
            await self.two_minutes_later(pilot)
            await self.press(pilot, "1", "2")
            await self.shoot(pilot, "contained")
            await self.large(pilot, "contained")

    async def carried_out(self, pilot: Pilot[Any]) -> None:
        """Wait until a plan has run; nobody looks at it meanwhile, so nothing is drawn."""
        app = pilot.app
        assert isinstance(app, WorkbenchApp)
        with app.batch_update():
            await app.work.rest("run", HANGS)
            await self.settle(pilot)
        await pilot.pause()

    async def two_minutes_later(self, pilot: Pilot[Any]) -> None:
        """Let two readings of the sending figures show that nothing abnormal goes out any more."""
        app = pilot.app
        assert isinstance(app, WorkbenchApp)
        for _ in range(2):
            self.pass_time(60)
            app.account.read_rate()
            await self.settle(pilot)

    async def confirm(self, pilot: Pilot[Any]) -> None:
        """Type the number of changes of the plan on the screen."""
        from workbench.tui.screens.plan import PlanScreen

        screen = pilot.app.screen
        assert isinstance(screen, PlanScreen), screen
        await pilot.press(*str(screen.count), "enter")
        await pilot.pause()

    async def small(self, pilot: Pilot[Any]) -> None:
        """The same account on a small terminal, then the large one again."""
        await pilot.resize_terminal(*SMALL)
        await self.settle(pilot)
        await self.shoot(pilot, "runbook")
        for key, name in (("2", "credentials"), ("4", "users"), ("6", "activity")):
            await self.press(pilot, key)
            await self.shoot(pilot, name)
        await self.press(pilot, "2", "question_mark")
        await self.shoot(pilot, "help")
        await pilot.resize_terminal(*WIDE)
        await self.settle(pilot)

    async def large(self, pilot: Pilot[Any], name: str) -> None:
        """What is on the screen on a large terminal, then on the usual one again."""
        await pilot.resize_terminal(*LARGE)
        await self.settle(pilot)
        await self.shoot(pilot, name)
        await pilot.resize_terminal(*WIDE)
        await self.settle(pilot)

    async def doors(self) -> None:
        """What is asked before there is a session."""
        for name, door in (
            ("connect", Door(ask_key=True, take_key=lambda _: None)),
            (
                "vault",
                Door(
                    vault="create", vault_words=NO_KEYRING, take_passphrase=_never, offer=generate_passphrase
                ),
            ),
        ):

            async def at_the_door(door: Door = door) -> Door:
                return door

            app = WorkbenchApp(self.open, door=at_the_door, watch_every=0, rate_every=0)
            async with app.run_test(size=WIDE) as pilot:
                await pilot.pause(0.3)
                await self.shoot(pilot, name)
                await pilot.resize_terminal(*SMALL)
                await pilot.pause(0.1)
                await self.shoot(pilot, name)

    async def secrets(self) -> list[Secret]:
        """Return every secret of the simulated account and of the incident's vault."""
        story = self.drill.story
        found = [Secret(value) for value in (PASSPHRASE.reveal(), *(key.secret for key in story.keys))]
        found += [Secret(login.password) for login in story.logins]
        session = await self.open()
        try:
            state = session.state
            for entry in state.entries:
                held = await session._options.vault.fetch(EntryName(state.vault_service, entry))
                assert held is not None
                found.append(held)
        finally:
            await session.aclose()
        return found


NO_KEYRING = (
    "This host has no keyring. The workbench can keep the new credentials in an encrypted file of its own."
)


async def _later(_: AccountReadings) -> None:
    """Stand in for the reading of the whole log: it takes long and ends at no moment that can be told."""


async def _never(_: Secret) -> None:
    raise AssertionError("nobody types here")


def without_fonts(svg: str) -> str:
    """Return the picture without the fonts it would load from elsewhere: the reader's own monospace does."""
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace(
        "Fira Code, monospace", "monospace"
    )


_TEXT = re.compile(r'<text class="[^"]*" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>', re.DOTALL)


def text_of(svg: str) -> list[str]:
    """Return the lines of text that a picture shows."""
    lines: dict[float, list[tuple[float, str]]] = defaultdict(list)
    for x, y, content in _TEXT.findall(svg):
        lines[float(y)].append((float(x), html.unescape(content).replace("\xa0", " ")))
    return ["".join(text for _, text in sorted(lines[y])).rstrip() for y in sorted(lines)]


async def take(folder: Path) -> tuple[dict[str, str], list[Secret]]:
    """Return every picture by its file name, and the secrets that none of them may show."""
    gate = Gate()
    drill = await start(
        DrillOptions(scenario="stolen-env", fresh=True, seed=1, start=START), folder / "drill"
    )
    # The simulated account's clock stands still as well, at the same moment however long its start took.
    drill.clock.stand_still()
    drill.clock.advance(BUILT - drill.clock.elapsed())
    studio = Studio(folder, drill, gate)
    try:
        with ExitStack() as patches:
            patches.enter_context(gate.in_place())
            # Whoever takes the pictures is not in them.
            patches.enter_context(patch.dict(os.environ, {"LOGNAME": "operator"}))
            patches.enter_context(patch.object(AccountReadings, "preserve_rest", _later))
            patches.enter_context(one_after_the_other())
            # Nothing of this has to outlive a power cut.
            patches.enter_context(patch.object(os, "fsync", lambda _: None))
            await studio.before_the_cut()
            await studio.the_cut()
            await studio.doors()
        return studio.shots, await studio.secrets()
    finally:
        await drill.close()


def main() -> int:
    """Write the pictures; remove those that are no longer taken."""
    os.environ.update(PLAIN_TERMINAL)
    for name in ("NO_COLOR", "TMUX", "STY", "WORKBENCH_THEME"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        shots, _ = asyncio.run(take(Path(folder)))
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.svg"):
        if old.name not in shots:
            old.unlink()
    for name, svg in sorted(shots.items()):
        (FOLDER / name).write_text(svg, encoding="utf-8")
        print(FOLDER.name + "/" + name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
