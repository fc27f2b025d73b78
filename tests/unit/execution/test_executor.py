"""Turns inside the executor that no drill shows reliably."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.effects import an_effect
from workbench.domain.model.plan import EffectKind, Place
from workbench.domain.model.state import EffectRecord
from workbench.execution import executor as executor_module
from workbench.execution.executor import Executor
from workbench.mailgun.endpoints import Region


class _Counted(asyncio.Event):
    """An event that fails a test which spins on it, instead of hanging it."""

    asked = 0

    async def wait(self) -> Any:
        self.asked += 1
        assert self.asked < 10, "waits for an event that is set, again and again, and lets nobody else run"
        return await super().wait()


async def test_proofs_of_logins_wait_for_a_gate_that_only_the_driver_opens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(executor_module, "WRITES", 0)  # Every slot is taken: what is ready stays ready.
    context: Any = SimpleNamespace(loud=None, clock=None)
    ledger: Any = SimpleNamespace()
    executor = Executor(context, ledger, lambda progress: None)
    executor._rest = _Counted()
    effect = an_effect(EffectKind.KEY_DELETE, "a", Place(Region.US))
    executor._agenda.add([EffectRecord(effect)])
    executor._launch_ready()
    waiting = asyncio.ensure_future(executor._turn_to_prove(EffectKind.LOGIN_RESET))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert executor._agenda.pop() is not None
    executor._launch_ready()
    await waiting
    # A key's proof never waits: its delete does, for it.
    executor._agenda.add([EffectRecord(an_effect(EffectKind.KEY_DELETE, "b", Place(Region.US)))])
    executor._launch_ready()
    await executor._turn_to_prove(EffectKind.KEY_CREATE)
