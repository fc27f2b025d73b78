"""Passwords of applications are left alone while nobody knows whether the plan can be finished at all.

A login that only might have been stolen waits until the first new key of the plan was answered. Where every new
key met an answer that makes no sense, a fault or a role too small, the cut cannot end: logins stay as they are, and
production keeps sending, until it can. What is abused right now waits for nothing, and neither does a plan whose
keys are refused for good (its way out is another one) or without new keys.
"""

from __future__ import annotations

from collections.abc import Iterable

from workbench.core.errors import ApiError, Forbidden, Reason, Refused, WorkbenchError
from workbench.domain.model.plan import RANK_ABUSE, EffectKind, EffectState
from workbench.domain.model.state import EffectRecord

HELD = (
    "No new key could be made, so this plan cannot be finished now. {logins} kept the old password, and "
    "what uses it goes on sending. Run the same command again once keys can be made; to reset logins all the same, "
    "name their domains (contain --domains)."
)


class FirstMint:
    """Whether new keys can be made, as far as one run has seen it."""

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._free = False
        self.held: list[EffectRecord] = []

    def expect(self, records: Iterable[EffectRecord]) -> None:
        """Take in what a run is going to do."""
        for record in records:
            if record.effect.kind is EffectKind.KEY_CREATE:
                self._asked.add(record.effect.id)
                self._free = self._free or record.state is EffectState.DONE

    def holds(self, record: EffectRecord) -> bool:
        """Return whether an effect is to wait; it is kept until ``released``."""
        if not self._asked or self._free or record.effect.kind is not EffectKind.LOGIN_RESET:
            return False
        if (
            record.open
            or record.attempts
            or record.state is EffectState.DONE
            or record.effect.rank > RANK_ABUSE
        ):
            return False
        self.held.append(record)
        return True

    def made(self, record: EffectRecord) -> list[EffectRecord]:
        """A new key was made: return what waited for that."""
        return self.released() if record.effect.id in self._asked else []

    def failed(self, record: EffectRecord, error: WorkbenchError) -> list[EffectRecord]:
        """A new key was not made: return what need not wait, for the refusal is one that another way gets around."""
        if record.effect.id not in self._asked:
            return []
        if isinstance(error, Forbidden):
            final = error.reason is not Reason.ROLE
        else:
            final = isinstance(error, Refused) or not isinstance(error, ApiError)
        return self.released() if final else []

    def released(self) -> list[EffectRecord]:
        """Return everything that waited; from now on nothing waits."""
        self._free = True
        held, self.held = self.held, []
        return held

    def given_up(self) -> list[EffectRecord]:
        """Return what waited and will not be done by this run."""
        held, self.held = self.held, []
        return held
