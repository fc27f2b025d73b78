"""Looking at the account until it shows an effect, and what the journal keeps where an effect failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from workbench.core.errors import ApiError, RateLimited, VaultError, WorkbenchError
from workbench.domain.model.state import EffectRecord
from workbench.execution.context import Context, SecretMissing
from workbench.execution.effects.base import Proof
from workbench.execution.effects.registry import HANDLERS

# How often the account is looked at before a change counts as not proven, and the seconds between looks.
LOOKS = 8
LOOK_EVERY = 1.0


async def look(ctx: Context, record: EffectRecord, ending: Callable[[], bool]) -> Proof:
    """Return the proof of an effect, or in words why there is none from here.

    ``ending`` says that the run is being stopped: then no look is waited for, and nothing counts as contradicted.
    Raises SecretMissing where the vault lost what the proof needs.
    """
    handler = HANDLERS[record.effect.kind]
    proof = Proof(False, tuple(record.evidence))
    for turn in range(LOOKS):
        if turn:
            await ctx.clock.sleep(LOOK_EVERY)
        try:
            proof = await handler.prove(ctx, record)
        except SecretMissing:
            raise
        except RateLimited as busy:
            # Not in the way of the cut: the next run proves it.
            return Proof(False, (*record.evidence[:1], f"left for later: {busy.what}"))
        except (ApiError, VaultError) as error:
            # The write stands; only its proof is missing, and the reason is kept beside it.
            proof = Proof(False, (*record.evidence[:1], f"cannot prove from here: {error.what}"))
            continue
        if proof.sure or not proof.later:
            break
        if ending():
            # Not looked at long enough to say that the account contradicts.
            return replace(proof, undone=False)
    return proof


def failure(record: EffectRecord, error: WorkbenchError, *, unknown: bool) -> dict[str, Any]:
    """Return the journal's row of an effect that failed; ``unknown`` says that the account is to be asked."""
    return {
        "id": record.effect.id,
        "what": error.what,
        "means": error.means,
        "todo": error.todo,
        "unknown": unknown,
    }
