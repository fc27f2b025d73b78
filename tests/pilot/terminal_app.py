"""Run by test_terminal.py on a pseudo-terminal: the app on a fake session, with one thing going wrong."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from tests.pilot.fake_session import SECRET, FakeSession
from workbench.tui.app import WorkbenchApp
from workbench.tui.exit_watchdog import LastExit


def main(what: str, marker: Path) -> int:
    """Run the app until it ends; ``marker`` tells what became of the session."""

    class Witness(FakeSession):
        async def record_error(self, error: BaseException, doing: str) -> None:
            await super().record_error(error, doing)
            with marker.open("a") as file:
                file.write(f"error {type(error).__name__} {doing}\n")

        async def aclose(self) -> None:
            await super().aclose()
            if what == "stuck-close":
                await asyncio.Event().wait()
            with marker.open("a") as file:
                file.write("closed\n")

    session = Witness()

    async def opener() -> FakeSession:
        return session

    app = WorkbenchApp(opener, drill=True, watch_every=0, rate_every=0)  # type: ignore[arg-type]

    def crash() -> None:
        password = SECRET
        raise RuntimeError(f"cannot use {password}")

    async def crash_in_a_task() -> None:
        await asyncio.sleep(0.5)
        crash()

    async def forever() -> None:
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    never = threading.Event()

    async def in_a_thread() -> None:
        await asyncio.to_thread(never.wait)

    async def in_the_loop() -> None:
        app.exit(0)
        never.wait()

    def bind_a_key() -> None:
        app.redraw = crash  # type: ignore[method-assign]
        app.controllers.dispatcher._always["redraw"] = crash

    begin: dict[str, Callable[[], object]] = {
        "crash": lambda: app.set_timer(0.5, crash),
        "crash-key": bind_a_key,
        "crash-worker": lambda: app.work.start(crash_in_a_task, group="preserve", doing="storing"),
        "crash-callback": lambda: asyncio.get_running_loop().call_later(0.5, crash),
        "stuck-task": lambda: app.work.start(forever, group="preserve", doing="storing"),
        "stuck-thread": lambda: app.work.start(in_a_thread, group="preserve", doing="storing"),
        "stuck-loop": lambda: app.set_timer(0.5, in_the_loop),
    }
    if what in begin:
        app.call_later(begin[what])
    if what.startswith("stuck"):
        app._ending._last = LastExit(limit=2.5, say_after=1.5)
    code = app.run(mouse=False)
    sys.stdout.write(f"ended {code} {app.return_code}\n")
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
