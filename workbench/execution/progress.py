"""What the executor says while it works: small values that screens and tests read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workbench.core.errors import WorkbenchError
from workbench.domain.model.state import EffectRecord


class Phase(StrEnum):
    """Where an effect is, in the words the rows show."""

    WAITING = "waiting"
    STORING = "storing secret"
    SENDING = "sending"
    PROVING = "proving"
    DONE = "done"
    VERIFIED = "verified"
    UNPROVEN = "not proven"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class PlanStarted:
    """A confirmed plan begins."""

    title: str
    total: int


@dataclass(frozen=True, slots=True)
class EffectMoved:
    """One effect moved on."""

    record: EffectRecord
    phase: Phase


@dataclass(frozen=True, slots=True)
class ProgressNotice:
    """A line for the log: a reconciled intent, a wait, a decision.

    ``loud`` asks to be seen at once, ``rings`` sounds the terminal's bell as well.
    """

    text: str
    loud: bool = False
    rings: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """How a run ended. ``halted`` is why it stopped half-way, None when it went through."""

    title: str
    total: int
    verified: int
    done: int
    failed: int
    skipped: int
    seconds: float
    seconds_sending: float
    halted: WorkbenchError | None = None
    stopped: bool = False

    @property
    def complete(self) -> bool:
        """Return whether every effect ended verified or skipped."""
        return self.halted is None and not self.stopped and self.verified + self.skipped == self.total

    def line(self) -> str:
        """Return the run in one sentence for the log."""
        if not self.total and self.halted is None:
            return f"{self.title}: nothing was left to do, it was done or under way already"
        counts = {
            "verified": self.verified,
            "done but not proven from here": self.done,
            "failed": self.failed,
            "skipped": self.skipped,
        }
        parts = [f"{count} {word}" for word, count in counts.items() if count] or ["nothing done"]
        ending = ""
        if self.halted is not None:
            ending = f"; stopped half-way: {self.halted.what}"
        elif self.stopped:
            ending = "; stopped on request, the rest is as it was"
        return f"{self.title}: {', '.join(parts)} of {self.total} in {self.seconds:.1f} s{ending}"


@dataclass(frozen=True, slots=True)
class PlanFinished:
    """A run is over."""

    summary: Summary


Progress = PlanStarted | EffectMoved | ProgressNotice | PlanFinished
