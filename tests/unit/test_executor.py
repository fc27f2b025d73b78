"""Turns inside the executor that no drill shows reliably."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from workbench.executor import Executor
from workbench.incident.plan import Effect, EffectKind, Place
from workbench.incident.state import EffectRecord
from workbench.mailgun.endpoints import Region


class _Counted(asyncio.Event):
    """An event that fails a test which spins on it, instead of hanging it."""

    asked = 0

    async def wait(self) -> Any:
        self.asked += 1
        assert self.asked < 10, "waits for an event that is set, again and again, and lets nobody else run"
        return await super().wait()


async def test_a_proof_that_waits_for_cuts_lets_the_driver_run() -> None:
    """Something became ready after the driver looked last: the event still says that nothing is."""
    context: Any = SimpleNamespace(loud=None)
    ledger: Any = SimpleNamespace()
    executor = Executor(context, ledger, lambda progress: None)
    executor._rest = _Counted()
    executor._rest.set()
    effect = Effect(EffectKind.KEY_DELETE, "a", Place(Region.US))
    executor._agenda.add([EffectRecord(effect)])
    waiting = asyncio.ensure_future(executor._turn_to_prove(EffectKind.LOGIN_RESET))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert executor._agenda.pop() is not None
    executor._launch_ready()
    await waiting
