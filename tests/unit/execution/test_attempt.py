"""One effect against a server that faults: what is tried again, what is asked first, and what ends it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.effects import an_effect
from workbench.core.clock import ManualClock
from workbench.core.errors import (
    Forbidden,
    JournalError,
    RateLimited,
    Refused,
    Unreachable,
    VaultError,
    VendorFault,
    WorkbenchError,
)
from workbench.domain.model.plan import EffectKind, Place
from workbench.domain.model.state import EffectRecord
from workbench.execution.attempt import WAITS, Outcome, attempt
from workbench.execution.effects.base import HalfDone, PlainHandler, QuotaFull, Reality, Reconciled, Sent
from workbench.mailgun.endpoints import Region

LOST = Unreachable("no answer", sent=True)
UNSENT = Unreachable("refused", sent=False)


def repeated(error: Forbidden) -> Forbidden:
    """Return the refusal of a call that had been sent before."""
    error.earlier_lost = True
    return error


class Scripted(PlainHandler):
    """Does or raises one thing after the other; ``asked`` counts how often the account was asked."""

    def __init__(self, *script: BaseException | None, reality: Reality = Reality.AGAIN) -> None:
        self.script = list(script)
        self.reality = reality
        self.asked = 0

    async def send(self, ctx: Any, record: EffectRecord) -> Sent:
        step = self.script.pop(0)
        if step is not None:
            raise step
        return Sent(("200",))

    async def prove(self, ctx: Any, record: EffectRecord) -> Any:
        raise AssertionError("proofs come later")

    async def reconcile(self, ctx: Any, record: EffectRecord) -> Reconciled:
        assert ctx.clock is not None and record.effect.target == "k"
        self.asked += 1
        return Reconciled(self.reality, "looked", Sent(("seen",)))


class Book:
    """A ledger that keeps the kinds of its rows; ``full`` refuses the next."""

    def __init__(self, *, full: bool = False) -> None:
        self.kinds: list[str] = []
        self._full = full

    async def record(self, kind: str, body: Mapping[str, Any]) -> None:
        if self._full:
            raise JournalError("disk is full")
        self.kinds.append(kind)


async def tried(
    handler: Scripted, book: Book | None = None, *, is_open: bool = False
) -> tuple[Outcome, Book, float]:
    """Return how one attempt ended, what was journaled, and the seconds that were waited."""
    clock = ManualClock(datetime(2026, 11, 21, 14, 0, tzinfo=UTC))
    record = EffectRecord(an_effect(EffectKind.KEY_DELETE, "k", Place(Region.US)), open=is_open)
    book = book or Book()
    ctx: Any = SimpleNamespace(clock=clock)
    ledger: Any = book
    outcome = await attempt(ctx, ledger, handler, record, "", lambda *told: None)
    return outcome, book, clock.monotonic()


async def test_what_works_is_sent_once_after_its_intent() -> None:
    outcome, book, waited = await tried(Scripted(None))
    assert outcome.sent == Sent(("200",))
    assert (book.kinds, waited) == (["effect.intent"], 0.0)


async def test_a_lost_answer_is_asked_about_before_anything_is_sent_again() -> None:
    handler = Scripted(LOST, reality=Reality.HAPPENED)
    outcome, book, _ = await tried(handler)
    assert outcome.sent == Sent(("seen",))
    assert handler.asked == 1
    assert book.kinds == ["effect.intent", "effect.reconciled"]


async def test_what_was_surely_not_sent_is_sent_again_without_asking() -> None:
    handler = Scripted(UNSENT, None)
    outcome, book, waited = await tried(handler)
    assert outcome.sent is not None
    assert (handler.asked, waited) == (0, WAITS[0])
    assert book.kinds == ["effect.intent"] * 2


async def test_an_open_intent_of_an_earlier_run_is_asked_about_first() -> None:
    handler = Scripted(reality=Reality.HAPPENED)
    outcome, book, _ = await tried(handler, is_open=True)
    assert outcome.sent == Sent(("seen",))
    assert book.kinds == ["effect.reconciled"]


async def test_a_refusal_is_the_end_of_it() -> None:
    handler = Scripted(Forbidden("no", status=403))
    outcome, _, waited = await tried(handler)
    assert isinstance(outcome.error, Forbidden)
    assert (outcome.unknown, handler.asked, waited) == (False, 0, 0.0)


@pytest.mark.parametrize("reality", list(Reality))
async def test_a_refused_repetition_is_asked_about(reality: Reality) -> None:
    handler = Scripted(repeated(Forbidden("no", status=403)), None, reality=reality)
    outcome, _, _ = await tried(handler)
    assert handler.asked == 1
    assert outcome.sent == (Sent(("seen",)) if reality is Reality.HAPPENED else Sent(("200",)))


async def test_a_repetition_refused_for_ever_stays_open() -> None:
    handler = Scripted(*(repeated(Forbidden("no", status=403)) for _ in range(20)))
    outcome, _, waited = await tried(handler)
    assert isinstance(outcome.error, Forbidden)
    assert outcome.unknown, "the first of these calls may have been carried out"
    assert waited == sum(WAITS)


async def test_a_server_that_faults_for_ever_is_given_up_and_stays_open() -> None:
    outcome, _, waited = await tried(Scripted(*(VendorFault("503", status=503) for _ in range(20))))
    assert outcome.unknown
    assert waited == sum(WAITS)


@pytest.mark.parametrize(
    ("error", "unknown"), [(Refused("bad", status=400), False), (VaultError("locked"), True)]
)
async def test_only_what_may_pass_leaves_the_effect_open(error: WorkbenchError, unknown: bool) -> None:
    outcome, _, _ = await tried(Scripted(error))
    assert (outcome.error, outcome.unknown) == (error, unknown)


async def test_a_full_quota_and_a_half_done_change_are_told_apart() -> None:
    assert (await tried(Scripted(QuotaFull())))[0].quota
    half = (await tried(Scripted(HalfDone(VaultError("locked")))))[0]
    assert half.unknown
    assert isinstance(half.error, VaultError)


async def test_too_many_calls_are_waited_out_as_long_as_the_server_says() -> None:
    outcome, _, waited = await tried(Scripted(RateLimited("429", retry_after=7.0), None))
    assert outcome.sent is not None
    assert waited == 7.0


async def test_without_a_durable_intent_nothing_is_sent() -> None:
    handler = Scripted(None)
    with pytest.raises(JournalError):
        await tried(handler, Book(full=True))
    assert len(handler.script) == 1


@pytest.mark.parametrize(("pause", "waited", "sent"), [(50.0, 100.0, 3), (60.0, 120.0, 3), (121.0, 0.0, 1)])
async def test_one_effect_waits_only_so_long_for_a_server_that_asks_for_patience(
    pause: float, waited: float, sent: int
) -> None:
    handler = Scripted(*(RateLimited("429", retry_after=pause) for _ in range(9)))
    outcome, book, seconds = await tried(handler)
    assert isinstance(outcome.error, RateLimited) and outcome.unknown, "the next run goes on with it"
    assert (seconds, len(book.kinds), handler.asked) == (waited, sent, 0)


class Created(Scripted):
    """A key that is made while every answer is lost; what the account says is told one ask after the other."""

    entry = ""

    def __init__(self, script: list[BaseException], *told: Reality | WorkbenchError) -> None:
        super().__init__(*script)
        self.told = list(told)

    async def reconcile(self, ctx: Any, record: EffectRecord) -> Reconciled:
        assert ctx.clock is not None and record.effect.target == "k"
        self.asked += 1
        told = self.told.pop(0) if len(self.told) > 1 else self.told[0]
        if isinstance(told, WorkbenchError):
            raise told
        return Reconciled(told, "looked", Sent(("seen",), entry=self.entry))


async def given_up(handler: Scripted, kind: EffectKind) -> tuple[Outcome, list[tuple[str, Any]]]:
    """Return how an attempt ended whose server never answers, with the rows of its last look."""
    clock = ManualClock(datetime(2026, 11, 21, 14, 0, tzinfo=UTC))
    record = EffectRecord(an_effect(kind, "k", Place(Region.US), cut="now"))
    rows: list[tuple[str, Any]] = []

    async def note(kind: str, body: Any) -> None:
        rows.append((kind, body))

    ctx: Any = SimpleNamespace(clock=clock)
    ledger: Any = SimpleNamespace(record=note)
    return await attempt(ctx, ledger, handler, record, "", lambda *told: None), rows


AGAIN, HAPPENED = Reality.AGAIN, Reality.HAPPENED
FOR_EVER: list[BaseException] = [LOST] * 9


async def test_a_key_whose_answers_were_all_lost_is_looked_for_once_more_before_it_is_left() -> None:
    handler = Created(FOR_EVER, *[AGAIN] * len(WAITS), HAPPENED)
    outcome, rows = await given_up(handler, EffectKind.KEY_CREATE)
    assert outcome == Outcome(sent=Sent(("seen",)))
    assert handler.asked == len(WAITS) + 1
    kind, body = rows[-1]
    assert (kind, body["line"]) == ("effect.reconciled", "looked") and body["id"].startswith("key.create-")


async def test_the_entry_of_a_key_that_was_found_at_the_end_is_kept() -> None:
    handler = Created(FOR_EVER, *[AGAIN] * len(WAITS), HAPPENED)
    handler.entry = "API key prod-web"
    outcome, rows = await given_up(handler, EffectKind.KEY_CREATE)
    assert outcome.sent is not None and outcome.sent.entry == "API key prod-web"
    kind, body = rows[-1]
    assert (kind, body["entry"]) == ("effect.secured", "API key prod-web")


async def test_what_the_account_said_once_is_not_asked_again_for_a_call_that_was_not_carried_out() -> None:
    handler = Scripted(LOST, RateLimited("429", retry_after=1.0), None)
    outcome, book, _ = await tried(handler)
    assert outcome.sent == Sent(("200",)) and handler.asked == 1
    assert book.kinds == ["effect.intent", "effect.reconciled", "effect.intent", "effect.intent"]


@pytest.mark.parametrize("last", [AGAIN, VendorFault("503", status=503), VaultError("Locked.")])
async def test_a_key_that_is_not_found_or_cannot_be_asked_about_stays_open(last: Any) -> None:
    handler = Created(FOR_EVER, *[AGAIN] * len(WAITS), last)
    outcome, rows = await given_up(handler, EffectKind.KEY_CREATE)
    assert outcome == Outcome(error=LOST, unknown=True)
    assert handler.asked == len(WAITS) + 1 and rows[-1][0] == "effect.intent"


async def test_only_a_key_that_may_have_been_made_is_looked_for_at_the_end() -> None:
    other = Created(FOR_EVER, AGAIN)
    outcome, _ = await given_up(other, EffectKind.KEY_DELETE)
    assert outcome == Outcome(error=LOST, unknown=True) and other.asked == len(WAITS)
    unsent = Created([UNSENT] * 9, HAPPENED)
    outcome, _ = await given_up(unsent, EffectKind.KEY_CREATE)
    assert outcome == Outcome(error=UNSENT, unknown=True) and unsent.asked == 0
