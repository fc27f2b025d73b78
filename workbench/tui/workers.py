"""One place that starts the app's work, and one that hears of every failure.

Every worker belongs to the app, so closing a screen never stops a change half-way; none is exclusive, so a
second key press never cancels the first. ``exit_on_error`` is off because here, and only here, is what
handles the errors: ``settled`` gets every worker that ended, by the app's own state-changed handler.
"""

from __future__ import annotations

import asyncio
import os
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from textual.worker import Worker, WorkerState

from workbench.core.errors import WorkbenchError, host_fault

if TYPE_CHECKING:
    from textual.app import App

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Trouble:
    """A failure in words: what was being done, what happened, what it means, what to do.

    ``loud`` asks for a screen of its own; ``known`` is False for a fault of the workbench itself.
    """

    doing: str
    what: str
    means: str
    todo: str
    loud: bool = True
    known: bool = True

    def text(self) -> str:
        """Return the failure as text to copy; it holds no secret."""
        parts = (f"While: {self.doing}", f"What happened: {self.what}")
        more = (f"What it means: {self.means}", f"What to do: {self.todo}")
        return "\n".join((*parts, *(line for line in more if not line.endswith(": "))))


def place_of(error: BaseException) -> str:
    """Return where an error came from, ``reader.py:88``: the innermost frame of ours, and no values."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{os.sep}workbench{os.sep}" in frame.filename] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "place unknown"


def trouble(error: BaseException, doing: str, loud: bool = True) -> Trouble:
    """Return a failure in words; of an unexpected one only the type, since its values may hold a secret."""
    if not isinstance(error, WorkbenchError):
        error = host_fault(error) or error
    if isinstance(error, WorkbenchError):
        return Trouble(doing, error.what, error.means, error.todo, loud)
    return Trouble(
        doing,
        f"The workbench met a fault of its own ({type(error).__name__}, {place_of(error)}).",
        "Nothing is lost: whatever was begun is in the journal. The details are left out here, since they "
        "may hold secrets.",
        "Go on; if it happens again, quit and start again: the incident resumes where it stood.",
        loud,
        known=False,
    )


class Workers:
    """Starts work for the app; tells ``on_trouble`` whatever fails, ``on_success`` the group of what did not."""

    def __init__(
        self,
        app: App[Any],
        on_trouble: Callable[[BaseException, Trouble, str], None],
        on_success: Callable[[str], object],
    ) -> None:
        self._app = app
        self._on_trouble = on_trouble
        self._on_success = on_success
        self._loud: dict[Worker[Any], bool] = {}
        self._ended = asyncio.Event()

    def start(
        self,
        work: Callable[[], Awaitable[Result]],
        *,
        group: str,
        doing: str,
        loud: bool = True,
        then: Callable[[Result], None] | None = None,
    ) -> Worker[None]:
        """Run ``work`` as a worker of the app; ``doing`` is told when it fails, ``then`` gets its result."""

        async def carry_out() -> None:
            result = await work()
            if then is not None:
                then(result)

        coroutine: Coroutine[Any, Any, None] = carry_out()
        worker = self._app.run_worker(
            coroutine, name=group, group=group, description=doing, exit_on_error=False, exclusive=False
        )
        self._loud[worker] = loud
        return worker

    def running(self, group: str) -> bool:
        """Return whether work of a group is under way."""
        return any(w.group == group and not w.is_finished for w in self._loud)

    async def rest(self, group: str, seconds: float) -> bool:
        """Wait until no work of a group is under way, so many seconds at most; return whether that is so."""
        try:
            async with asyncio.timeout(seconds):
                while self.running(group):
                    self._ended.clear()
                    await self._ended.wait()
        except TimeoutError:
            return False
        return True

    def settled(self, event: Worker.StateChanged) -> None:
        """Take the news of a worker in; the app calls this for every state change."""
        worker = event.worker
        if event.state not in (WorkerState.ERROR, WorkerState.CANCELLED, WorkerState.SUCCESS):
            return
        loud = self._loud.pop(worker, True)
        self._ended.set()
        if event.state is WorkerState.ERROR and worker.error is not None:
            told = trouble(worker.error, worker.description, loud)
            self._on_trouble(worker.error, told, worker.group)
        elif event.state is WorkerState.SUCCESS:
            self._on_success(worker.group)
