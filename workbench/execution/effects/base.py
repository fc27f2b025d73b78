"""What a handler of effects gets, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from workbench.core.errors import WorkbenchError
from workbench.domain.model.effect_result import NO_RESULT, EffectResult
from workbench.domain.model.plan import Effect
from workbench.domain.model.state import EffectRecord
from workbench.execution.context import Context, describe


@dataclass(frozen=True, slots=True)
class Sent:
    """The server's yes: ids it answered with, evidence in words, the vault entry of a new secret."""

    evidence: tuple[str, ...] = ()
    result: EffectResult = NO_RESULT
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the account itself shows. ``sure`` is False where it cannot be proven from here, and says why.

    ``later`` says that another look may show it: the account takes a moment to carry a change through.
    ``undone`` says that the account shows the opposite; if the last look still does, the server's yes was
    wrong and the next run does the effect again. ``untold`` says that this look showed nothing at all.
    """

    sure: bool
    evidence: tuple[str, ...]
    later: bool = False
    undone: bool = False
    untold: bool = False


class Reality(StrEnum):
    """What the account says about an effect whose outcome is unknown."""

    HAPPENED = "happened"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The answer to an open intent: it happened (with its outcome), or it is to be done (again).

    ``line`` tells the operator what was found and what was done about it, one line an effect.
    """

    reality: Reality
    line: str
    sent: Sent = Sent()


class QuotaFull(Exception):
    """The account takes no more keys: delete one first, where that is safe, then come back."""


class HalfDone(Exception):
    """The write happened, what must follow it did not, and it could not be taken back: ask the account later."""

    def __init__(self, error: WorkbenchError) -> None:
        super().__init__(error.what)
        self.error = error


class Handler(Protocol):
    """One kind of effect."""

    async def prepare(self, ctx: Context, records: Sequence[EffectRecord]) -> Mapping[str, str]:
        """Make and store what must be safe before the server is told.

        Returns the vault entry's username by effect id, for effects that have one.
        """

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Do the write. A new secret is stored and read back before this returns."""

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Return what the account shows now."""

    async def reconcile(self, ctx: Context, record: EffectRecord) -> Reconciled:
        """Ask the account what became of an intent without an outcome."""


class PlainHandler:
    """A handler with nothing to prepare: the common case."""

    async def prepare(self, ctx: Context, records: Sequence[EffectRecord]) -> Mapping[str, str]:
        """Return nothing: there is no secret to make safe first."""
        return {}


def prepares_nothing(handler: Handler) -> bool:
    """Return whether effects of this handler have no secret to make safe before they are sent."""
    return getattr(type(handler), "prepare", None) is PlainHandler.prepare


def contradicted(effect: Effect, proof: Proof) -> WorkbenchError:
    """Return the error for an effect that the server agreed to and the account does not show."""
    loud = (line for line in proof.evidence if line.startswith(("ALIVE", "REFUSED")))
    return WorkbenchError(
        f"The server said yes, but the account shows otherwise: {next(loud, proof.evidence[-1])}.",
        f"{describe(effect)} has not happened.",
        "Run this again: it is looked at once more and done again.",
    )


def stamp(ctx: Context) -> str:
    """Return the present moment for evidence: ``14:08:41Z``."""
    return ctx.clock.now().strftime("%H:%M:%SZ")
