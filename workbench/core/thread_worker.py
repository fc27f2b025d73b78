"""Blocking calls off the event loop, with a time limit that holds even when the call never returns.

The loop's own thread pool is joined when the loop closes, so one keyring that waits for an unlock prompt
would keep the whole program from ending. Here the thread is a daemon and is simply left behind.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Job = tuple[Callable[[], Any], asyncio.AbstractEventLoop, "asyncio.Future[Any]"]


class Worker:
    """One daemon thread that runs calls one after the other; replaced by a fresh one when a call hangs."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._inbox: SimpleQueue[_Job | None] | None = None

    async def run(self, call: Callable[[], T], limit: float) -> T:
        """Return what ``call()`` returns, or raise what it raises; TimeoutError after ``limit`` seconds.

        After a TimeoutError the call may still finish some day in its abandoned thread; its outcome is
        unknown and must be looked up. A call whose caller was cancelled before it began is never made.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        inbox = self._inbox
        if inbox is None:
            inbox = self._inbox = SimpleQueue()
            threading.Thread(target=_serve, args=(inbox,), name=self._name, daemon=True).start()
        inbox.put((call, loop, future))
        try:
            return await asyncio.wait_for(future, limit)
        except TimeoutError:
            if self._inbox is inbox:
                self.close()
            raise

    def close(self) -> None:
        """Let the thread end after the calls it already has; a later ``run`` starts a new one."""
        if self._inbox is not None:
            self._inbox.put(None)
            self._inbox = None


def _serve(inbox: SimpleQueue[_Job | None]) -> None:
    while (job := inbox.get()) is not None:
        call, loop, future = job
        if future.cancelled():
            continue
        result: Any = None
        problem: BaseException | None = None
        try:
            result = call()
        except BaseException as error:  # whatever it is, it belongs to the caller, not to this thread
            problem = error
        try:
            loop.call_soon_threadsafe(_settle, future, result, problem)
        except RuntimeError:
            return  # the loop is closed: nobody is left to be told
        del job, call, future, result, problem


def _settle(future: asyncio.Future[Any], result: Any, problem: BaseException | None) -> None:
    if future.done():
        return
    if problem is not None:
        future.set_exception(problem)
    else:
        future.set_result(result)
