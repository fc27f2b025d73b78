"""One effect against a server that may fault: try, ask what happened, try again, give up with the reason.

A write is repeated only when it is known not to have happened, or when repeating it cannot hurt; the
effect's handler knows which, and asks the account when an answer was lost (design, ideas 3 and 4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workbench.core.errors import (
    ApiError,
    JournalError,
    NotAuthorised,
    RateLimited,
    Unreachable,
    UnreadableAnswer,
    VaultError,
    VendorFault,
    WorkbenchError,
)
from workbench.domain.model.effect_result import NO_RESULT
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.state import EffectRecord
from workbench.execution.context import Context
from workbench.execution.effects.base import HalfDone, Handler, QuotaFull, Reality, Sent
from workbench.execution.effects.key_proofs import read_once
from workbench.execution.progress import Phase
from workbench.journal.ledger import Ledger

# Waits in seconds between the tries of one effect while the server faults: about 15 s in all.
WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)
# The client paces itself after a 429, so these are rare; a server that says no so often means it.
RATE_LIMIT_TRIES = 20
# Seconds that one effect waits in all for a server that asks for patience; the next run goes on with it.
RATE_LIMIT_PATIENCE = 120.0
RATE_LIMIT_WAIT = 2.0

# What may be gone a minute later, and says nothing about the effect itself.
PASSING = (Unreachable, VendorFault, UnreadableAnswer, RateLimited, NotAuthorised, VaultError)

Say = Callable[[EffectRecord, Phase], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an effect: the server's yes, a full quota, or the error that ended it.

    ``unknown`` says that the effect is not over: the server may have acted all the same, or the trouble
    was a passing one. The next run asks the account first and goes on. ``locked_out`` says that our own
    key is refused, so that no other effect can fare better.
    """

    sent: Sent | None = None
    quota: bool = False
    error: WorkbenchError | None = None
    unknown: bool = False
    locked_out: bool = False


async def attempt(
    ctx: Context, ledger: Ledger, handler: Handler, record: EffectRecord, entry: str, say: Say
) -> Outcome:
    """Carry one effect to the server's yes or to the end of what can be tried; returns the outcome.

    Raises JournalError at once: without a durable record nothing may be written.
    """
    unknown = record.open
    waits = list(WAITS)
    limited = 0
    waited = 0.0
    while True:
        sending = False
        try:
            if unknown:
                found = await handler.reconcile(ctx, record)
                await ledger.record("effect.reconciled", {"id": record.effect.id, "line": found.line})
                if found.reality is Reality.HAPPENED:
                    return await _kept(ledger, record, found.sent)
                unknown = False
            await ledger.record("effect.intent", {"id": record.effect.id, "entry": entry})
            say(record, Phase.SENDING)
            sending = True
            sent = await handler.send(ctx, record)
        except JournalError:
            raise
        except QuotaFull:
            return Outcome(quota=True)
        except HalfDone as half:
            return Outcome(error=half.error, unknown=True)
        except RateLimited as error:
            # Not carried out: nothing to ask about, only to wait for.
            limited += 1
            pause = error.retry_after or RATE_LIMIT_WAIT
            waited += pause
            if limited > RATE_LIMIT_TRIES or waited > RATE_LIMIT_PATIENCE:
                return Outcome(error=error, unknown=True)
            await ctx.clock.sleep(pause)
        except (Unreachable, VendorFault, UnreadableAnswer, NotAuthorised) as error:
            if isinstance(error, NotAuthorised):
                if not await _let_in(ctx):
                    return Outcome(error=error, unknown=True, locked_out=True)
            elif sending:
                unknown = error.sent
            if not waits:
                return await _given_up(ctx, ledger, handler, record, error, made=unknown)
            await ctx.clock.sleep(waits.pop(0))
        except WorkbenchError as error:
            # The call was made before, and its answer lost: only the repetition was refused.
            lost = sending and isinstance(error, ApiError) and error.earlier_lost
            if lost and waits:
                unknown = True
                await ctx.clock.sleep(waits.pop(0))
                continue
            # A refusal of the write itself is the end of it; trouble while asking, or with the vault, is not.
            return Outcome(error=error, unknown=lost or not sending or isinstance(error, PASSING))
        else:
            return await _kept(ledger, record, sent)


async def _given_up(
    ctx: Context, ledger: Ledger, handler: Handler, record: EffectRecord, error: WorkbenchError, *, made: bool
) -> Outcome:
    """End what cannot be brought to an answer; a key that was ``made`` without a known secret is not left behind."""
    if made and record.effect.kind is EffectKind.KEY_CREATE:
        try:
            found = await handler.reconcile(ctx, record)
        except (ApiError, VaultError):
            return Outcome(error=error, unknown=True)  # It bears our mark: the next run finds it.
        if found.reality is Reality.HAPPENED:
            await ledger.record("effect.reconciled", {"id": record.effect.id, "line": found.line})
            return await _kept(ledger, record, found.sent)
    return Outcome(error=error, unknown=True)


async def _let_in(ctx: Context) -> bool:
    """Return whether our own key is accepted elsewhere: one 401 may be a fault of one server, two are not."""
    try:
        await read_once(ctx.api)
    except NotAuthorised:
        return False
    except ApiError:
        return True  # Whatever that is, it is not a refusal of the key: the effect is tried again.
    return True


async def _kept(ledger: Ledger, record: EffectRecord, sent: Sent) -> Outcome:
    if sent.entry and (sent.entry != record.entry or sent.result != NO_RESULT):
        body = {"id": record.effect.id, "entry": sent.entry, "result": sent.result.body()}
        await ledger.record("effect.secured", body)
    return Outcome(sent=sent)
