"""How long the account is looked at, and that no look that told nothing reads as a proof or as its opposite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.accounts import Bench
from tests.support.effects import an_effect
from workbench.core.errors import NotAuthorised, RateLimited, VaultError, VendorFault, WorkbenchError
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.state import EffectRecord
from workbench.execution import look as module
from workbench.execution.context import SecretMissing
from workbench.execution.effects.base import Proof
from workbench.execution.look import LOOK_EVERY, LOOKS, failure, look

EFFECT = an_effect(EffectKind.KEY_DELETE, "a")
SURE, NO = Proof(True, ("yes",)), Proof(False, ("no",))
NOT_YET, AGAINST = Proof(False, ("not yet",), later=True), Proof(False, ("alive",), later=True, undone=True)


class Shows:
    """A handler by which the account shows these, the last one for ever."""

    def __init__(self, *shown: Proof | Exception) -> None:
        self.shown = list(shown)
        self.looks: list[tuple[Any, Any]] = []

    async def prove(self, ctx: Any, record: Any) -> Proof:
        self.looks.append((ctx, record))
        part = self.shown.pop(0) if len(self.shown) > 1 else self.shown[0]
        if isinstance(part, Exception):
            raise part
        return part


async def seen(
    monkeypatch: pytest.MonkeyPatch, *shown: Proof | Exception, ending: Callable[[], bool] = lambda: False
) -> tuple[Proof, int, float]:
    """Return the proof, how many looks it took and how long."""
    bench, handler = Bench(), Shows(*shown)
    monkeypatch.setattr(module, "HANDLERS", {EffectKind.KEY_DELETE: handler})
    record = EffectRecord(EFFECT, EffectState.DONE, evidence=["deleted", "more"])
    proof = await look(bench.ctx, record, ending)
    assert set(map(id, (part for pair in handler.looks for part in pair))) == {id(bench.ctx), id(record)}
    return proof, len(handler.looks), bench.clock.monotonic()


@pytest.mark.parametrize(
    ("shown", "proof", "looks"),
    [
        ((SURE,), SURE, 1),
        ((NO,), NO, 1),
        ((NOT_YET, NOT_YET, SURE), SURE, 3),
        ((NOT_YET, NO), NO, 2),
        ((NOT_YET,), NOT_YET, LOOKS),
        ((AGAINST, SURE), SURE, 2),
        ((AGAINST,), AGAINST, LOOKS),
    ],
)
async def test_the_account_is_looked_at_until_it_shows_or_will_not(
    monkeypatch: pytest.MonkeyPatch, shown: tuple[Proof, ...], proof: Proof, looks: int
) -> None:
    assert await seen(monkeypatch, *shown) == (proof, looks, (looks - 1) * LOOK_EVERY)


async def test_a_server_that_asks_for_patience_is_left_for_the_next_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    busy = RateLimited("Too many calls.")
    left = Proof(False, ("deleted", "left for later: Too many calls."))
    assert await seen(monkeypatch, busy) == (left, 1, 0.0)
    assert await seen(monkeypatch, AGAINST, busy) == (left, 2, LOOK_EVERY)


@pytest.mark.parametrize("error", [VendorFault("Down."), NotAuthorised("Down."), VaultError("Down.")])
async def test_a_look_that_was_not_answered_is_made_again_and_proves_nothing(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    untold = Proof(False, ("deleted", "cannot prove from here: Down."))
    assert await seen(monkeypatch, error) == (untold, LOOKS, (LOOKS - 1) * LOOK_EVERY)
    assert await seen(monkeypatch, error, SURE) == (SURE, 2, LOOK_EVERY)
    assert (await seen(monkeypatch, AGAINST, error))[0] == untold, "the last look decides"


async def test_a_secret_that_the_vault_lost_is_no_look(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SecretMissing):
        await seen(monkeypatch, SecretMissing("gone", "", "", EFFECT.id))


async def test_a_run_that_ends_waits_for_no_look_and_calls_nothing_contradicted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = Proof(False, ("alive",), later=True)
    assert await seen(monkeypatch, AGAINST, ending=lambda: True) == (said, 1, 0.0)
    assert await seen(monkeypatch, SURE, ending=lambda: True) == (SURE, 1, 0.0)


@pytest.mark.parametrize("unknown", [True, False])
def test_a_failure_keeps_what_was_said_and_whether_the_account_is_to_be_asked(unknown: bool) -> None:
    error = WorkbenchError("What.", "Means.", "Todo.")
    assert failure(EffectRecord(EFFECT), error, unknown=unknown) == {
        "id": EFFECT.id,
        "what": "What.",
        "means": "Means.",
        "todo": "Todo.",
        "unknown": unknown,
    }
