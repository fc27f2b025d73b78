"""What the parts of the screen tell each other. One line each says when it is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from textual.message import Message

from workbench.planning.catalog import Pane

if TYPE_CHECKING:
    from workbench.domain.model.state import EffectRecord
    from workbench.execution.progress import ProgressNotice

MOVES_A_SECOND = 15


class ActionRequested(Message):
    """A pane asks for an action by its id; the app decides what it means."""

    def __init__(self, action_id: str) -> None:
        super().__init__()
        self.action_id = action_id


class DetailRequested(Message):
    """Enter on a row: show everything known about it."""

    def __init__(self, pane: Pane, key: str) -> None:
        super().__init__()
        self.pane = pane
        self.key = key


class PaneFocused(Message):
    """The focus came into a pane, so the footer and the layout follow."""

    def __init__(self, pane: Pane) -> None:
        super().__init__()
        self.pane = pane


@dataclass(slots=True)
class Moved:
    """What changed in the session since the last time: slices by name, records by effect id."""

    slices: set[str] = field(default_factory=set)
    records: dict[str, EffectRecord] = field(default_factory=dict)
    notices: list[ProgressNotice] = field(default_factory=list)


class Funnel:
    """Collects the session's events and hands them on at most ``MOVES_A_SECOND`` times a second.

    ``phases`` holds the live phase of every effect of the running plans, ``done`` and ``total`` how far they
    are; all three are kept here at once, so a count is never behind the rows.
    """

    def __init__(
        self,
        deliver: Callable[[Moved], None],
        now: Callable[[], float],
        once: Callable[[float, Callable[[], object]], object],
    ) -> None:
        self._deliver = deliver
        self._now = now
        self._once = once
        self._moved = Moved()
        self._timer: object | None = None
        self._last = float("-inf")
        self.phases: dict[str, str] = {}
        self.active = 0
        self.total = 0
        self.title = ""
        self.began = 0.0
        self._settled: set[str] = set()
        self._carried_out: set[str] = set()
        self._failed: set[str] = set()

    @property
    def done(self) -> int:
        """Return how many effects of the running plans came to an end."""
        return len(self._settled)

    @property
    def unproven(self) -> int:
        """Return how many of them are carried out and wait for their proof."""
        return len(self._carried_out)

    @property
    def failed(self) -> int:
        """Return how many of them failed."""
        return len(self._failed)

    def __call__(self, event: Any) -> None:
        """Take one event of the session in; called on the event loop."""
        # Imported here: the session's vocabulary is heavy and not needed before there is a session.
        from workbench.execution.progress import EffectMoved, PlanFinished, PlanStarted, ProgressNotice

        match event:
            case EffectMoved(record=record, phase=phase):
                self._effect(record, phase.value)
            case PlanStarted(title=title, total=total):
                self._start(title, total)
            case PlanFinished():
                self._finish()
            case ProgressNotice():
                self._moved.notices.append(event)
                self._moved.slices.add("log")
            case _:
                self._moved.slices.add(event.slice)
        self._schedule()

    def _effect(self, record: EffectRecord, phase: str) -> None:
        effect_id = record.effect.id
        self.phases[effect_id] = phase
        self._moved.records[effect_id] = record
        if phase in ("done", "proving"):
            self._carried_out.add(effect_id)
        else:
            self._carried_out.discard(effect_id)
        if phase in ("verified", "not proven", "failed", "skipped"):
            self._settled.add(effect_id)
        if phase == "failed":
            self._failed.add(effect_id)

    def _start(self, title: str, total: int) -> None:
        if not self.active:
            self.total, self.began = 0, self._now()
            self._settled.clear()
            self._carried_out.clear()
            self._failed.clear()
        self.active += 1
        self.total += total
        self.title = title
        self._moved.slices |= {"run", "log"}

    def _finish(self) -> None:
        self.active = max(0, self.active - 1)
        if not self.active:
            self.phases.clear()
        self._moved.slices |= {"run", "log", "keys", "logins", "runbook"}

    def _schedule(self) -> None:
        if self._timer is None:
            wait = max(0.0, self._last + 1 / MOVES_A_SECOND - self._now())
            self._timer = self._once(wait, self._flush)

    def _flush(self) -> None:
        self._timer = None
        self._last = self._now()
        moved, self._moved = self._moved, Moved()
        self._deliver(moved)
