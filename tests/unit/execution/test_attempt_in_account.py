"""One effect, its journal rows and its waits, on an account of this process."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.accounts import OWN, Bench
from tests.support.effects import an_effect as effect
from workbench.core.errors import (
    Forbidden,
    NotAuthorised,
    RateLimited,
    Refused,
    Unreachable,
    UnreadableAnswer,
    VaultError,
    VendorFault,
    WorkbenchError,
)
from workbench.domain.model.effect_result import NO_RESULT, EffectResult
from workbench.domain.model.plan import EffectKind
from workbench.execution import attempt as module
from workbench.execution.attempt import Outcome, attempt
from workbench.execution.effects.base import PlainHandler, Proof, Reality, Reconciled, Sent
from workbench.execution.progress import Phase

READ = "GET /v4/domains"
FAULT = VendorFault("503", status=503)


class Played(PlainHandler):
    """Sends and asks by two scripts; an exception is raised, anything else is the answer."""

    def __init__(self, *sends: Any, asks: tuple[Any, ...] = ()) -> None:
        self.sends = list(sends)
        self.asks = list(asks)

    async def send(self, ctx: Any, record: Any) -> Sent:
        return self._next(self.sends) or Sent(("200",))

    async def reconcile(self, ctx: Any, record: Any) -> Reconciled:
        return self._next(self.asks) or Reconciled(Reality.AGAIN, "not there")

    async def prove(self, ctx: Any, record: Any) -> Proof:
        raise AssertionError("proofs come later")

    def _next(self, script: list[Any]) -> Any:
        part = script.pop(0)
        if isinstance(part, BaseException):
            raise part
        return part


class Tried:
    """How an attempt ended and what it left behind."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.bench.account.on(READ, (200, {"items": []}))
        self.phases: list[Phase] = []

    async def go(self, handler: Played, *, intents: int = 0, entry: str = "") -> Outcome:
        one = effect(EffectKind.KEY_DELETE, "k")
        record = await self.bench.record(one, intents=intents)
        self.bench.journal.rows.clear()
        return await attempt(
            self.bench.ctx,
            self.bench.ledger,
            handler,
            record,
            entry,
            lambda told, phase: self.phases.append(phase),
        )

    @property
    def rows(self) -> list[tuple[str, dict[str, Any]]]:
        return [
            (row.kind, {k: v for k, v in row.body.items() if k != "id"}) for row in self.bench.journal.rows
        ]

    @property
    def waited(self) -> float:
        return self.bench.clock.monotonic()


async def test_the_intent_is_durable_with_its_entry_before_the_call() -> None:
    tried = Tried()
    outcome = await tried.go(Played(None), entry="SMTP app")
    assert outcome == Outcome(sent=Sent(("200",)))
    assert tried.rows == [("effect.intent", {"entry": "SMTP app"})]
    assert tried.bench.journal.rows[0].body["id"] == effect(EffectKind.KEY_DELETE, "k").id
    assert tried.phases == [Phase.SENDING]


async def test_what_was_asked_stands_in_the_journal_before_it_is_sent_again() -> None:
    tried = Tried()
    await tried.go(Played(None, asks=(Reconciled(Reality.AGAIN, "still there: deleted now"),)), intents=1)
    assert tried.rows == [
        ("effect.reconciled", {"line": "still there: deleted now"}),
        ("effect.intent", {"entry": ""}),
    ]


async def test_what_had_happened_is_not_sent_and_its_new_entry_is_kept() -> None:
    tried = Tried()
    sent = Sent(("found",), EffectResult(key_id="n"), "API key n")
    outcome = await tried.go(Played(asks=(Reconciled(Reality.HAPPENED, "kept", sent),)), intents=1)
    assert outcome == Outcome(sent=sent)
    assert tried.rows == [
        ("effect.reconciled", {"line": "kept"}),
        ("effect.secured", {"entry": "API key n", "result": {"key_id": "n"}}),
    ]
    assert tried.phases == []


@pytest.mark.parametrize(
    ("sent", "entry", "secured"),
    [
        (Sent(("x",)), "", False),
        (Sent(("x",), EffectResult(key_id="n")), "", False),
        (Sent(("x",), NO_RESULT, "same"), "same", False),
        (Sent(("x",), EffectResult(key_id="n"), "same"), "same", True),
        (Sent(("x",), NO_RESULT, "other"), "same", True),
    ],
)
async def test_a_secret_is_journaled_where_the_journal_does_not_say_so_yet(
    sent: Sent, entry: str, secured: bool
) -> None:
    tried = Tried()
    await tried.go(Played(sent), entry=entry)
    assert [kind for kind, _ in tried.rows] == ["effect.intent"] + ["effect.secured"] * secured


@pytest.mark.parametrize("error", [FAULT, Unreachable("x", sent=True), UnreadableAnswer("x", status=200)])
async def test_after_a_lost_answer_the_account_is_asked_first(error: WorkbenchError) -> None:
    tried = Tried()
    outcome = await tried.go(Played(error, None, asks=(None,)))
    assert outcome.sent is not None
    assert [kind for kind, _ in tried.rows] == ["effect.intent", "effect.reconciled", "effect.intent"]
    assert tried.waited == 0.5
    assert tried.phases == [Phase.SENDING] * 2


async def test_a_fault_while_asking_is_asked_about_again_and_nothing_is_sent_meanwhile() -> None:
    tried = Tried()
    handler = Played(None, asks=(FAULT, Unreachable("x", sent=False), None))
    outcome = await tried.go(handler, intents=1)
    assert outcome.sent is not None
    assert [kind for kind, _ in tried.rows] == ["effect.reconciled", "effect.intent"]
    assert tried.waited == 1.5


async def test_waits_grow_and_end() -> None:
    tried = Tried()
    outcome = await tried.go(Played(*([FAULT] * 9), asks=(None,) * 9))
    assert outcome == Outcome(error=FAULT, unknown=True)
    assert module.WAITS == (0.5, 1.0, 2.0, 4.0, 8.0)
    assert tried.waited == 15.5
    assert [kind for kind, _ in tried.rows].count("effect.intent") == 6


@pytest.mark.parametrize(
    ("error", "unknown"),
    [
        (Refused("no", status=400), True),
        (Forbidden("no", status=403), True),
        (VaultError("locked"), True),
        (WorkbenchError("odd"), True),
    ],
)
async def test_trouble_while_asking_leaves_it_open(error: WorkbenchError, unknown: bool) -> None:
    tried = Tried()
    outcome = await tried.go(Played(asks=(error,)), intents=1)
    assert outcome == Outcome(error=error, unknown=unknown)
    assert tried.rows == []


@pytest.mark.parametrize(
    ("error", "unknown"),
    [(Refused("no", status=400), False), (WorkbenchError("odd"), False), (VaultError("locked"), True)],
)
async def test_a_refusal_of_the_write_itself_is_the_end_of_it(error: WorkbenchError, unknown: bool) -> None:
    tried = Tried()
    outcome = await tried.go(Played(error))
    assert outcome == Outcome(error=error, unknown=unknown)
    assert tried.waited == 0.0


async def test_a_refused_repetition_is_asked_about_as_long_as_there_are_waits() -> None:
    def lost() -> Refused:
        error = Refused("no", status=400)
        error.earlier_lost = True
        return error

    tried = Tried()
    outcome = await tried.go(Played(*(lost() for _ in range(9)), asks=(None,) * 9))
    assert outcome.unknown
    assert isinstance(outcome.error, Refused)
    assert tried.waited == 15.5
    assert [kind for kind, _ in tried.rows].count("effect.reconciled") == 5


async def test_too_many_calls_are_waited_out_two_seconds_at_a_time_and_not_asked_about() -> None:
    tried = Tried()
    outcome = await tried.go(Played(RateLimited("429"), RateLimited("429", retry_after=0.0), None))
    assert outcome.sent is not None
    assert tried.waited == 4.0
    assert [kind for kind, _ in tried.rows] == ["effect.intent"] * 3


async def test_a_server_that_limits_for_ever_means_it() -> None:
    tried = Tried()
    error = RateLimited("429", retry_after=1.0)
    outcome = await tried.go(Played(*([error] * 30)))
    assert outcome == Outcome(error=error, unknown=True)
    assert tried.waited == module.RATE_LIMIT_TRIES == 20
    assert len(tried.rows) == 21


async def test_a_401_to_a_key_that_is_accepted_elsewhere_is_one_servers_fault() -> None:
    tried = Tried()
    outcome = await tried.go(Played(NotAuthorised("401", status=401), None))
    assert outcome.sent is not None
    assert tried.waited == 0.5
    assert [kind for kind, _ in tried.rows] == ["effect.intent"] * 2, "a 401 was not carried out: not asked"
    assert len(tried.bench.account.of(READ)) == 1


async def test_a_401_for_ever_from_one_server_is_given_up_but_is_no_lockout() -> None:
    tried = Tried()
    outcome = await tried.go(Played(*(NotAuthorised("401", status=401) for _ in range(9))))
    assert (outcome.unknown, outcome.locked_out) == (True, False)
    assert tried.waited == 15.5


async def test_a_401_that_every_call_gets_is_a_lockout() -> None:
    tried = Tried()
    tried.bench.account.dead.add(OWN.reveal())
    error = NotAuthorised("401", status=401)
    outcome = await tried.go(Played(error))
    assert outcome == Outcome(error=error, unknown=True, locked_out=True)
    assert tried.waited == 0.0


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_any_other_answer_than_401_lets_the_key_in(status: int) -> None:
    tried = Tried()
    tried.bench.account.on(READ, (status, {"message": "x"}))
    outcome = await tried.go(Played(NotAuthorised("401", status=401), None))
    assert outcome.sent is not None
