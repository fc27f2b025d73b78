"""What each running plan still waits for, and how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from workbench.core.clock import Clock
from workbench.core.errors import WorkbenchError
from workbench.domain.model.plan import EffectState
from workbench.domain.model.state import EffectRecord
from workbench.execution.progress import Summary


@dataclass(slots=True, eq=False)
class Batch:
    """One run: all its effects, those it still waits for, and when it began (monotonic seconds)."""

    title: str
    ids: tuple[str, ...]
    waiting: set[str]
    began: float
    sent_at: float
    finished: asyncio.Event = field(default_factory=asyncio.Event)


class Batches:
    """The runs under way; one effect may belong to several of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: list[Batch] = []

    def __bool__(self) -> bool:
        return bool(self._open)

    def open(self, title: str, ids: tuple[str, ...], waiting: Iterable[str]) -> Batch:
        """Begin a run of the effects ``ids`` that ends when those of ``waiting`` are over."""
        now = self._clock.monotonic()
        batch = Batch(title, ids, set(waiting), now, now)
        self._open.append(batch)
        return batch

    def close(self, batch: Batch) -> None:
        """A run is over."""
        self._open.remove(batch)

    def sent(self, effect_id: str) -> None:
        """The server said yes to an effect."""
        now = self._clock.monotonic()
        for batch in self._open:
            if effect_id in batch.waiting:
                batch.sent_at = now

    def ended(self, effect_id: str) -> None:
        """An effect is over for this run, whatever came of it."""
        for batch in self._open:
            batch.waiting.discard(effect_id)
            if not batch.waiting:
                batch.finished.set()

    def finish(self) -> None:
        """Nothing more will happen: let every run end."""
        for batch in self._open:
            batch.finished.set()

    def summary(
        self,
        batch: Batch,
        effects: Mapping[str, EffectRecord],
        halted: BaseException | None,
        *,
        stopped: bool,
    ) -> Summary:
        """Return how a run ended; times in seconds."""
        states = [effects[i].state for i in batch.ids]
        return Summary(
            title=batch.title,
            total=len(batch.ids),
            verified=states.count(EffectState.VERIFIED),
            done=states.count(EffectState.DONE),
            failed=states.count(EffectState.FAILED),
            skipped=states.count(EffectState.SKIPPED),
            seconds=self._clock.monotonic() - batch.began,
            seconds_sending=batch.sent_at - batch.began,
            halted=halted if isinstance(halted, WorkbenchError) else None,
            stopped=stopped,
        )
