"""Effects that may simply be done again, because the account ends the same: removals and settings."""

from __future__ import annotations

import abc
from typing import Any, ClassVar

from workbench.core.errors import NotFound
from workbench.core.redact import visible
from workbench.domain.model.state import EffectRecord
from workbench.execution.context import Context
from workbench.execution.effects.base import PlainHandler, Proof, Reality, Reconciled, Sent, stamp
from workbench.mailgun.client import Priority


def where(record: EffectRecord, priority: Priority) -> dict[str, Any]:
    """Return the arguments of a call for the effect's region and subaccount."""
    place = record.effect.place
    return {"region": place.region, "subaccount": place.subaccount, "priority": priority}


def proof(record: EffectRecord, sure: bool, text: str, *, later: bool = True) -> Proof:
    """Return what the account shows beside the server's yes; ``later``: another look may show more."""
    return Proof(sure, (*record.evidence[:1], text), later=later and not sure)


class Repeatable(PlainHandler):
    """An effect that may simply be done again: the account ends the same."""

    async def reconcile(self, ctx: Context, record: EffectRecord) -> Reconciled:
        """Do it again: removing what is gone and setting what is set change nothing."""
        return Reconciled(
            Reality.AGAIN, f"{visible(record.effect.what or record.effect.target, 80)}: done again"
        )


class RemovalEffect(Repeatable, abc.ABC):
    """Something taken away: one that is gone counts as taken, and only its absence proves it."""

    done: ClassVar[str] = "deleted"
    gone: ClassVar[str] = "was already gone"
    absent: ClassVar[str] = "absent"
    present: ClassVar[str] = "still listed"
    note: ClassVar[str] = ""

    @abc.abstractmethod
    async def remove(self, ctx: Context, record: EffectRecord) -> None:
        """Take it away; raises NotFound when it is gone."""

    @abc.abstractmethod
    async def there(self, ctx: Context, record: EffectRecord) -> bool:
        """Return whether the account still shows it; may raise NotFound instead of False."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Take it away; one that is gone counts as taken."""
        try:
            await self.remove(ctx, record)
        except NotFound:
            return Sent((f"{self.gone} at {stamp(ctx)}",))
        return Sent((f"{self.done} at {stamp(ctx)}{self.note}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Show it absent."""
        try:
            there = await self.there(ctx, record)
        except NotFound:
            there = False
        word = self.present if there else self.absent
        return proof(record, not there, f"{word} at {stamp(ctx)}")
