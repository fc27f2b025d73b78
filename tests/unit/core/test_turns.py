"""Long work that lets others in."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path

import pytest

from workbench.core.turns import in_turns, loaded


async def test_every_item_comes_in_order_and_others_have_their_turn_between() -> None:
    seen: list[str] = []

    async def work() -> None:
        async for number in in_turns(range(5), 2):
            seen.append(str(number))

    async def other() -> None:
        for _ in range(2):
            seen.append("other")
            await asyncio.sleep(0)

    await asyncio.gather(work(), other())
    assert seen == ["0", "1", "other", "2", "3", "other", "4"]


async def test_modules_are_loaded_beside_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "a_module_that_takes_long"
    (tmp_path / f"{name}.py").write_text("import threading\nloader = threading.get_ident()\n")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        await loaded("sys", name)
        assert sys.modules[name].loader != threading.get_ident()
    finally:
        sys.modules.pop(name, None)
