"""Secrets made safe ahead of the effects that need them: many by one durable replace of the vault."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from workbench.core.errors import VaultError
from workbench.domain.model.state import EffectRecord
from workbench.execution.context import Context
from workbench.execution.effects.base import prepares_nothing
from workbench.execution.effects.registry import HANDLERS
from workbench.execution.scheduler import Agenda

# Few before the first cut, which must not wait for the vault; many after it.
FIRST_CHUNK = 20
CHUNK = 500


class Stock:
    """What is stored already for the effects of one run."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._entries: dict[str, str] = {}
        self._turn = asyncio.Lock()
        self._chunk = FIRST_CHUNK

    def clear(self) -> None:
        """Forget it all: the next run asks the vault itself."""
        self._entries.clear()
        self._chunk = FIRST_CHUNK

    async def entry(self, record: EffectRecord, agenda: Agenda, begins: Callable[[], None]) -> str:
        """Make an effect's secret safe, with those that come next, and return its vault entry.

        ``begins`` is told when something is stored for it now. Raises VaultError, or ApiError where the account
        had to be asked.
        """
        effect_id, kind = record.effect.id, record.effect.kind
        handler = HANDLERS[kind]
        if prepares_nothing(handler):
            # Never behind a keyring that waits for its owner: what needs no secret cuts at once.
            return ""
        async with self._turn:
            if effect_id not in self._entries:
                begins()
                upcoming = agenda.upcoming(kind, self._chunk)
                chunk = {r.effect.id: r for r in (record, *upcoming) if r.effect.id not in self._entries}
                try:
                    names = await handler.prepare(self._ctx, list(chunk.values()))
                except VaultError:
                    if len(chunk) == 1:
                        raise
                    # One entry of many may be at fault: this effect on its own.
                    chunk = {effect_id: record}
                    names = await handler.prepare(self._ctx, [record])
                self._entries.update(dict.fromkeys(chunk, ""), **names)
                self._chunk = CHUNK
            return self._entries.get(effect_id, "")
