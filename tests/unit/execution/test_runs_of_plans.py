"""Plans run to their end on an account of this process: order of harm, what stops, what waits, what is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.support.accounts import EU, OWN, US, Bench, Reply, plan
from tests.support.effects import an_effect as effect
from tests.support.patience import HANGS
from workbench.core.errors import (
    Forbidden,
    JournalError,
    NotAuthorised,
    RateLimited,
    VaultError,
    VendorFault,
    WorkbenchError,
)
from workbench.domain.model.effect_result import EffectResult
from workbench.domain.model.plan import RANK_ABUSE, Effect, EffectKind, EffectState, Place
from workbench.execution import executor as module
from workbench.execution import look
from workbench.execution.context import Context, SecretMissing
from workbench.execution.effects.base import (
    HalfDone,
    Proof,
    QuotaFull,
    Reality,
    Reconciled,
    Sent,
)
from workbench.execution.executor import Executor
from workbench.execution.progress import (
    EffectMoved,
    Phase,
    PlanFinished,
    PlanStarted,
    ProgressNotice,
    Summary,
)
from workbench.mailgun.endpoints import Region

YES: Reply = (200, {"message": "ok"})
Act = Callable[[Any, Any], Awaitable[Any]]


class Handler:
    """A handler that plays what a test wrote for each target; without a part it goes well."""

    def __init__(self) -> None:
        self.sends: dict[str, list[Any]] = {}
        self.proofs: dict[str, list[Any]] = {}
        self.realities: dict[str, Reconciled] = {}
        self.log: list[str] = []
        self.under_way = 0
        self.most = 0
        self.gates: dict[str, asyncio.Event] = {}

    async def prepare(self, ctx: Any, records: Any) -> dict[str, str]:
        self.log += [f"prepare {r.effect.target}" for r in records]
        part = self.sends.get(f"prepare {records[0].effect.target}")
        if part:
            raise part.pop(0)
        return {r.effect.id: f"entry {r.effect.target}" for r in records}

    async def send(self, ctx: Any, record: Any) -> Sent:
        target = record.effect.target
        self.log.append(f"send {target}")
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            if target in self.gates:
                await self.gates[target].wait()
            await asyncio.sleep(0)
            step = self.sends.get(target, [None])
            part = step.pop(0) if step else None
            if isinstance(part, BaseException):
                raise part
            return part or Sent((f"sent {target}",), EffectResult(key_id=target))
        finally:
            self.under_way -= 1

    async def prove(self, ctx: Any, record: Any) -> Proof:
        assert isinstance(ctx, Context)
        target = record.effect.target
        self.log.append(f"prove {target}")
        if f"prove {target}" in self.gates:
            await self.gates[f"prove {target}"].wait()
        step = self.proofs.get(target)
        part = step.pop(0) if step else None
        if isinstance(part, BaseException):
            raise part
        return part or Proof(True, (f"sent {target}", f"proven {target}"))

    async def reconcile(self, ctx: Any, record: Any) -> Reconciled:
        self.log.append(f"ask {record.effect.target}")
        return self.realities.get(record.effect.target, Reconciled(Reality.AGAIN, "again"))


class Run(Bench):
    """A bench with an executor whose handlers are all one scripted one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.handler = Handler()
        handlers = dict.fromkeys(EffectKind, self.handler)
        monkeypatch.setattr(module, "HANDLERS", handlers)
        monkeypatch.setattr(look, "HANDLERS", handlers)
        monkeypatch.setattr("workbench.execution.secret_prefetch.HANDLERS", handlers)
        self.told: list[Any] = []
        self.executor = Executor(self.ctx, self.ledger, self.told.append)

    async def go(self, *effects: Effect, title: str = "Cut") -> Summary:
        """Run a plan; with no effects, what is unfinished."""
        async with asyncio.timeout(HANGS):
            return await self.executor.run(plan(*effects, title=title) if effects else None)

    def state(self, one: Effect) -> EffectState:
        return self.ledger.state.effects[one.id].state

    def phases(self, one: Effect) -> list[Phase]:
        return [t.phase for t in self.told if isinstance(t, EffectMoved) and t.record.effect.id == one.id]

    @property
    def notices(self) -> list[ProgressNotice]:
        return [told for told in self.told if isinstance(told, ProgressNotice)]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(monkeypatch)


def key(name: str, place: Place = US, /, **more: Any) -> Effect:
    return effect(EffectKind.KEY_DELETE, name, place, **more)


def mint(name: str, /, **more: Any) -> Effect:
    return effect(EffectKind.KEY_CREATE, name, **more)


def login(name: str, /, **more: Any) -> Effect:
    return effect(EffectKind.LOGIN_RESET, name, **more)


# ── what goes well ───────────────────────────────────────────────────────────────────────────────────────


async def test_an_effect_is_planned_sent_done_proven_and_told(run: Run) -> None:
    one = key("a")
    summary = await run.go(one)
    assert run.journal.kinds == ["plan.confirmed", "effect.intent", "effect.done", "effect.verified"]
    confirmed, intent, done, verified = [row.body for row in run.journal.rows]
    assert confirmed == {"plan": plan(one).id, "title": "Cut", "effects": [one.to_json()]}
    assert intent == {"id": one.id, "entry": "entry a"}
    assert done == {"id": one.id, "evidence": ["sent a"], "result": {"key_id": "a"}}
    # The look began behind the row of what it looks at.
    assert verified == {"id": one.id, "evidence": ["sent a", "proven a"], "since": run.journal.rows[2].seq}
    assert run.phases(one) == [Phase.STORING, Phase.SENDING, Phase.DONE, Phase.PROVING, Phase.VERIFIED]
    assert run.told[0] == PlanStarted("Cut", 1)
    assert run.told[-1] == PlanFinished(summary)
    assert (summary.title, summary.total, summary.verified) == ("Cut", 1, 1)
    assert (summary.done, summary.failed, summary.skipped) == (0, 0, 0)
    assert (summary.halted, summary.stopped, summary.complete) == (None, False, True)
    assert not run.executor.running


async def test_the_accounts_own_moment_stands_beside_ours_where_its_clock_is_known(run: Run) -> None:
    run.api._shared.offset = 90.0
    await run.go(key("a"))
    done = next(row.body for row in run.journal.rows if row.kind == "effect.done")
    assert done["account_at"] == "2026-11-21T14:01:30Z"


async def test_what_does_the_most_harm_goes_first(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRITES", 1)
    await run.go(key("low", rank=1), key("high", rank=500), key("middle", rank=50))
    assert [line for line in run.handler.log if line.startswith("send")] == [
        "send high",
        "send middle",
        "send low",
    ]


async def test_a_delete_waits_for_the_proof_of_its_replacement(run: Run) -> None:
    new = mint("new")
    old = key("old", after=(new.id,), rank=900)
    await run.go(new, old)
    log = [line for line in run.handler.log if not line.startswith("prepare")]
    assert log == ["send new", "prove new", "send old", "prove old"]


async def test_writes_go_side_by_side_up_to_their_number_and_no_further(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WRITES", 3)
    await run.go(*(key(f"k{n}") for n in range(9)))
    assert run.handler.most == 3


async def test_beside_a_cut_of_abuse_that_waits_only_few_others_are_under_way(run: Run) -> None:
    new = mint("new", rank=RANK_ABUSE + 600)
    abuse = key("abuse", rank=RANK_ABUSE + 500, after=(new.id,))
    others = [key(f"k{n}", rank=1) for n in range(20)]
    for one in (new, *others):
        run.handler.gates[one.target] = asyncio.Event()
    task = asyncio.ensure_future(run.go(new, abuse, *others))
    for _ in range(100):
        await asyncio.sleep(0)
    assert run.handler.under_way == module.BESIDE == 6
    run.handler.gates["new"].set()
    for _ in range(100):
        await asyncio.sleep(0)
    assert "prove abuse" in run.handler.log, "its line was free"
    assert run.handler.under_way == len(others), "and then the others go on"
    for one in others:
        run.handler.gates[one.target].set()
    assert (await task).verified == 22


async def test_an_empty_plan_ends_at_once(run: Run) -> None:
    summary = await run.executor.run(plan(title="Nothing"))
    assert (summary.total, summary.complete) == (0, True)
    assert run.journal.kinds == ["plan.confirmed"]
    assert run.told == [PlanStarted("Nothing", 0), PlanFinished(summary)]


async def test_without_a_plan_what_was_begun_is_finished(run: Run) -> None:
    one = key("a")
    await run.record(one)
    summary = await run.go()
    assert (summary.title, summary.total, summary.verified) == ("Finish what was begun", 1, 1)
    again = await run.go()
    assert (again.total, again.verified) == (0, 0)


async def test_what_is_verified_already_is_not_done_twice(run: Run) -> None:
    one = key("a")
    await run.go(one)
    run.handler.log.clear()
    summary = await run.go(one)
    assert run.handler.log == []
    assert summary.total == 0


async def test_two_runs_share_one_effect_and_both_see_its_end(run: Run) -> None:
    one, two = key("a"), key("b")
    run.handler.gates["a"] = asyncio.Event()
    first = asyncio.ensure_future(run.go(one))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = asyncio.ensure_future(run.go(one, two, title="Second"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert run.executor.running
    run.handler.gates["a"].set()
    done = await asyncio.gather(first, second)
    assert [s.verified for s in done] == [1, 2]
    assert run.handler.log.count("send a") == 1


@pytest.mark.parametrize("how", ["verified", "failed", "unproven", "skipped"])
async def test_a_run_ends_with_its_own_effects_while_another_goes_on(run: Run, how: str) -> None:
    slow, own = key("slow"), key("own")
    waits = key("waits", after=(own.id,))
    run.handler.gates["slow"] = asyncio.Event()
    if how in ("failed", "skipped"):
        run.handler.sends["own"] = [refused()]
    if how == "unproven":
        run.handler.proofs["own"] = [Proof(False, ("sent own", "cannot tell"))]
    other = asyncio.ensure_future(run.go(slow))
    await asyncio.sleep(0)
    summary = await run.go(own, *([waits] if how != "verified" else []))
    assert not other.done()
    assert run.executor.running
    assert summary.verified == (how == "verified")
    assert (summary.failed, summary.skipped) == ((1, 1) if how in ("failed", "skipped") else (0, 0))
    run.handler.gates["slow"].set()
    assert (await other).verified == 1


async def test_what_is_set_aside_ends_its_run_while_another_goes_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WRITES", 2)
    run.handler.gates["slow"] = asyncio.Event()
    other = asyncio.ensure_future(run.go(key("slow", EU, rank=500)))
    for _ in range(20):
        await asyncio.sleep(0)
    here = [key(f"u{n}", rank=100 - n) for n in range(12)]
    for one in here:
        run.handler.sends[one.target] = [VendorFault("503", status=503)] * 50
    waits = key("waits", after=(here[-1].id,))
    summary = await run.go(*here, waits)
    assert run.phases(waits) == [Phase.WAITING]
    assert (summary.total, summary.verified) == (13, 0)
    assert not other.done()
    run.handler.gates["slow"].set()
    assert (await other).verified == 1


async def test_what_is_sent_is_urgent_no_more_whatever_its_proof_takes(run: Run) -> None:
    abuse = key("abuse", rank=RANK_ABUSE + 500)
    others = [key(f"k{n}", rank=1) for n in range(20)]
    run.handler.gates = {one.target: asyncio.Event() for one in others}
    run.handler.gates["prove abuse"] = asyncio.Event()
    task = asyncio.ensure_future(run.go(abuse, *others))
    for _ in range(100):
        await asyncio.sleep(0)
    assert "prove abuse" in run.handler.log
    assert run.handler.under_way == len(others)
    for gate in run.handler.gates.values():
        gate.set()
    assert (await task).verified == 21


async def test_a_summary_tells_when_the_last_yes_came_and_when_all_was_over(run: Run) -> None:
    later = Proof(False, ("sent a", "still listed"), later=True)
    run.handler.sends["a"] = [RateLimited("429", retry_after=3.0)]
    run.handler.proofs["a"] = [later, later]
    summary = await run.go(key("a"))
    assert (summary.seconds_sending, summary.seconds) == (3.0, 5.0)


async def test_of_what_was_said_before_a_fault_only_the_yes_is_kept_beside_it(run: Run) -> None:
    run.handler.sends["a"] = [Sent(("sent a", "in detail"))]
    run.handler.proofs["a"] = [VaultError("locked")] * 99
    await run.go(key("a"))
    assert run.journal.rows[-1].body["evidence"] == ["sent a", "cannot prove from here: locked"]


async def test_a_journal_that_fills_up_while_parked_keys_are_given_up_ends_the_run(run: Run) -> None:
    new = mint("old", own=True)
    run.handler.sends["old"] = [QuotaFull("full")]
    run.journal.full = "effect.failed"
    summary = await run.go(new, key("old", after=(new.id,), cut="own", own=True))
    assert isinstance(summary.halted, JournalError)


# ── proofs ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_proof_that_may_come_later_is_looked_for_again_each_second(run: Run) -> None:
    one = key("a")
    later = Proof(False, ("sent a", "still listed"), later=True, undone=True)
    run.handler.proofs["a"] = [later, later]
    summary = await run.go(one)
    assert run.handler.log.count("prove a") == 3
    assert run.clock.monotonic() == 2 * look.LOOK_EVERY == 2.0
    assert summary.verified == 1


async def test_what_the_account_contradicts_to_the_end_has_not_happened(run: Run) -> None:
    one = key("a", what="Delete a")
    later = Proof(False, ("sent a", "still listed"), later=True, undone=True)
    run.handler.proofs["a"] = [later] * 99
    summary = await run.go(one)
    # Looked at to the end, done once more, looked at to the end again: then it waits for the next run.
    assert run.handler.log.count("prove a") == 2 * look.LOOKS == 16
    assert run.handler.log.count("send a") == 2
    failed = run.journal.rows[-1]
    assert failed.kind == "effect.failed"
    assert failed.body == {
        "id": one.id,
        "what": "The server said yes, but the account shows otherwise: still listed.",
        "means": "Delete a has not happened.",
        "todo": "Run this again: it is looked at once more and done again.",
        "unknown": True,
    }
    assert (summary.failed, summary.complete) == (1, False)
    assert run.phases(one)[-1] is Phase.FAILED
    assert run.ledger.state.effects[one.id].open, "the next run asks the account"


async def test_what_cannot_be_proven_from_here_is_done_and_looked_at_again_next_time(run: Run) -> None:
    one = key("a")
    run.handler.proofs["a"] = [Proof(False, ("sent a", "cannot prove from here"))]
    summary = await run.go(one)
    assert run.handler.log.count("prove a") == 1
    assert run.journal.kinds[-1] == "effect.unproven"
    # Also by which row the look began: what was written while it lasted need not be in what it shows.
    done = next(row.seq for row in run.journal.rows if row.kind == "effect.done")
    expected = {"id": one.id, "evidence": ["sent a", "cannot prove from here"], "since": done}
    assert run.journal.rows[-1].body == expected
    assert run.phases(one)[-1] is Phase.UNPROVEN
    assert (summary.done, summary.verified, summary.complete) == (1, 0, False)
    run.handler.log.clear()
    assert (await run.go()).verified == 1
    assert run.handler.log == ["prove a"], "only the proof was missing"


async def test_a_fault_while_proving_is_kept_beside_the_yes(run: Run) -> None:
    one = key("a")
    run.handler.proofs["a"] = [VaultError("The keyring is locked.")] * 99
    await run.go(one)
    assert run.handler.log.count("prove a") == look.LOOKS
    assert run.journal.rows[-1].body["evidence"] == [
        "sent a",
        "cannot prove from here: The keyring is locked.",
    ]
    assert run.state(one) is EffectState.DONE


async def test_a_passing_fault_while_proving_is_looked_past(run: Run) -> None:
    run.handler.proofs["a"] = [VaultError("locked")]
    assert (await run.go(key("a"))).verified == 1


async def test_a_lost_secret_while_proving_is_an_effect_undone(run: Run) -> None:
    one, other = mint("a"), key("b")
    missing = SecretMissing("gone", "means", "todo", one.id)
    run.handler.proofs["a"] = [missing]
    dependent = key("c", after=(one.id,))
    await run.go(one, other, dependent)
    assert run.state(one) is EffectState.FAILED
    assert run.ledger.state.effects[one.id].open
    assert run.handler.log.count("prove a") == 1
    assert "send c" not in run.handler.log
    assert run.state(dependent) is EffectState.PLANNED
    assert run.phases(dependent) == [Phase.WAITING]
    assert run.state(other) is EffectState.VERIFIED


async def test_what_depends_on_an_unproven_effect_waits_for_the_next_run(run: Run) -> None:
    new = mint("new")
    old = key("old", after=(new.id,))
    run.handler.proofs["new"] = [Proof(False, ("sent new", "cannot tell"))]
    summary = await run.go(new, old)
    assert "send old" not in run.handler.log
    assert (run.state(new), run.state(old)) == (EffectState.DONE, EffectState.PLANNED)
    assert (summary.total, summary.done, summary.verified) == (2, 1, 0)
    assert (await run.go()).verified == 2


async def test_the_proof_of_a_login_waits_for_the_cuts_and_that_of_a_key_does_not(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WRITES", 1)
    assert module.PATIENT == (EffectKind.LOGIN_RESET, EffectKind.LOGIN_CREATE)
    await run.go(login("l1", rank=9), key("k1", rank=8), key("k2", rank=7), key("k3", rank=6))
    log = run.handler.log
    assert log.index("prove l1") > log.index("send k2")
    assert log.index("prove k1") < log.index("send k3")


async def settled() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


async def test_the_proof_of_a_login_waits_for_writes_that_wait_for_their_turn(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is ready to be begun any more, but some of what was begun still waits for a free connection."""
    waits = [True]
    monkeypatch.setattr(type(run.limiter), "writes_wait", property(lambda _: waits[0]))
    first, others = login("l1", rank=9), [login(f"l{n}") for n in (2, 3)]
    for one in others:
        run.handler.gates[one.target] = asyncio.Event()
    task = asyncio.ensure_future(run.go(first, *others))
    await settled()
    assert run.state(first) is EffectState.DONE and "prove l1" not in run.handler.log
    waits[0] = False
    # Whatever is answered next has it looked at again; one that goes on waiting holds no proof up.
    run.handler.gates["l2"].set()
    await settled()
    assert "prove l1" in run.handler.log and run.state(first) is EffectState.VERIFIED
    run.handler.gates["l3"].set()
    assert (await task).verified == 3


async def test_writes_of_nobody_here_hold_no_proof_up_nor_does_what_was_stopped(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(run.limiter), "writes_wait", property(lambda _: True))
    assert (await run.go(login("alone"))).verified == 1
    one, two = login("l1", rank=9), login("l2")
    run.handler.gates["l2"] = asyncio.Event()
    task = asyncio.ensure_future(run.go(one, two))
    await settled()
    assert run.state(one) is EffectState.DONE
    run.executor.stop()
    await settled()
    assert run.state(one) is EffectState.VERIFIED
    run.handler.gates["l2"].set()
    await task


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────────


def refused(text: str = "no") -> WorkbenchError:
    return Forbidden(text, "means", "todo", status=403)


async def test_a_refusal_fails_the_effect_for_good_and_skips_what_waits_for_it(run: Run) -> None:
    new = mint("new", what="mint new")
    old = key("old", after=(new.id,))
    third = key("third", after=(old.id,))
    other = key("other")
    run.handler.sends["new"] = [refused()]
    summary = await run.go(new, old, third, other)
    assert [run.state(e) for e in (new, old, third, other)] == [
        EffectState.FAILED,
        EffectState.SKIPPED,
        EffectState.SKIPPED,
        EffectState.VERIFIED,
    ]
    failed = next(row.body for row in run.journal.rows if row.kind == "effect.failed")
    assert failed == {"id": new.id, "what": "no", "means": "means", "todo": "todo", "unknown": False}
    skipped = [row.body for row in run.journal.rows if row.kind == "effect.skipped"]
    assert skipped == [
        {"id": old.id, "why": "left as it is: mint new failed"},
        {"id": third.id, "why": "left as it is: mint new failed"},
    ]
    assert run.phases(old) == [Phase.SKIPPED]
    assert (summary.failed, summary.skipped, summary.verified) == (1, 2, 1)
    assert "send old" not in run.handler.log


async def test_without_words_of_its_own_a_failure_is_told_by_its_target(run: Run) -> None:
    new = mint("new")
    old = key("old", after=(new.id,))
    run.handler.sends["new"] = [refused()]
    await run.go(new, old)
    assert run.journal.rows[-1].body["why"] == "left as it is: new failed"


async def test_what_failed_in_passing_leaves_what_waits_for_it_planned(run: Run) -> None:
    new = mint("new")
    old = key("old", after=(new.id,))
    run.handler.sends["new"] = [HalfDone(VaultError("left behind"))]
    await run.go(new, old)
    assert run.ledger.state.effects[new.id].open
    assert run.state(old) is EffectState.PLANNED
    assert run.phases(old) == [Phase.WAITING]


async def test_a_kill_between_a_failure_and_its_skips_bars_the_delete_all_the_same(run: Run) -> None:
    new = mint("new", what="mint new")
    old = key("old", after=(new.id,))
    await run.record(new)
    await run.record(old)
    body = {"id": new.id, "what": "no", "means": "", "todo": "", "unknown": False}
    await run.ledger.record("effect.failed", body)
    summary = await run.go()
    assert run.state(old) is EffectState.SKIPPED
    assert run.journal.rows[-1].body == {"id": old.id, "why": "left as it is: mint new failed"}
    assert run.handler.log == []
    assert summary.skipped == 1


async def test_a_secret_that_cannot_be_made_safe_stops_its_effect_before_anything_is_sent(run: Run) -> None:
    one, other = login("a"), key("b")
    run.handler.sends["prepare a"] = [VaultError("locked"), VaultError("locked")]
    await run.go(one, other)
    assert "send a" not in run.handler.log
    failed = next(row.body for row in run.journal.rows if row.kind == "effect.failed")
    assert (failed["id"], failed["unknown"]) == (one.id, True)
    assert run.state(other) is EffectState.VERIFIED


async def test_a_replacement_that_is_lost_is_undone_and_what_met_it_is_planned_anew(run: Run) -> None:
    new = mint("new")
    old = key("old", after=(new.id,))
    run.handler.sends["old"] = [SecretMissing("gone", "m", "t", new.id)]
    summary = await run.go(new, old)
    rows = [row.body for row in run.journal.rows if row.kind == "effect.failed"]
    assert [(row["id"], row["unknown"]) for row in rows] == [(new.id, True), (old.id, False)]
    assert summary.failed == 2
    assert run.ledger.state.effects[new.id].open
    assert not run.ledger.state.effects[old.id].open


async def test_its_own_lost_secret_leaves_an_effect_open(run: Run) -> None:
    one = login("a")
    run.handler.sends["a"] = [SecretMissing("gone", "m", "t", one.id)]
    await run.go(one)
    rows = [row.body for row in run.journal.rows if row.kind == "effect.failed"]
    assert [(row["id"], row["unknown"]) for row in rows] == [(one.id, True)]


async def test_a_full_journal_ends_the_run_and_nothing_more_is_sent(run: Run) -> None:
    run.journal.full = "effect.intent"
    summary = await run.go(key("a"), key("b"))
    assert isinstance(summary.halted, JournalError)
    assert not summary.complete
    assert not [line for line in run.handler.log if line.startswith("send")]


async def test_a_plan_that_cannot_be_confirmed_does_not_begin(run: Run) -> None:
    run.journal.full = "plan.confirmed"
    with pytest.raises(JournalError):
        await run.go(key("a"))
    assert run.told == []
    assert not run.executor.running


async def test_a_fault_of_the_program_is_raised_after_the_others_came_to_rest(run: Run) -> None:
    run.handler.sends["a"] = [ZeroDivisionError("bug")]
    other = key("b", rank=5)
    with pytest.raises(ZeroDivisionError):
        await run.go(key("a", rank=9), other)
    assert isinstance(run.told[-1], PlanFinished), "whoever counts what runs hears of the end"
    assert run.state(other) in (EffectState.DONE, EffectState.VERIFIED)
    assert not run.executor.running
    assert (await run.go()).verified >= 1, "a next run begins afresh"


async def test_our_own_key_refused_twice_ends_the_run_and_leaves_the_intent_open(run: Run) -> None:
    run.account.dead.add(OWN.reveal())
    one, other = key("a", rank=9), key("b", rank=1, after=(key("a").id,))
    run.handler.sends["a"] = [NotAuthorised("401", status=401)]
    summary = await run.go(one, other)
    assert isinstance(summary.halted, NotAuthorised)
    assert run.ledger.state.effects[one.id].open
    assert run.state(one) is EffectState.PLANNED
    assert "send b" not in run.handler.log


# ── stopping and outages ─────────────────────────────────────────────────────────────────────────────────


async def test_a_stopped_run_begins_nothing_and_ends_what_is_under_way(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WRITES", 1)
    first, second = key("a", rank=9), key("b", rank=1)
    run.handler.gates["a"] = asyncio.Event()
    task = asyncio.ensure_future(run.go(first, second))
    for _ in range(20):
        await asyncio.sleep(0)
    run.executor.stop()
    run.handler.gates["a"].set()
    summary = await task
    assert (summary.stopped, summary.complete) == (True, False)
    assert (run.state(first), run.state(second)) == (EffectState.VERIFIED, EffectState.PLANNED)
    again = await run.go()
    assert (again.stopped, again.verified) == (False, 1)


async def test_a_look_cut_short_by_a_stop_contradicts_nothing(run: Run) -> None:
    one = key("a")

    class Stops(list[Any]):
        def pop(self, index: Any = -1) -> Any:
            run.executor.stop()
            return Proof(False, ("sent a", "still listed"), later=True, undone=True)

    run.handler.proofs["a"] = Stops([1])
    await run.go(one)
    assert run.state(one) is EffectState.DONE
    assert run.journal.kinds[-1] == "effect.unproven"


async def test_cancelling_leaves_the_intent_open_and_the_next_run_asks(run: Run) -> None:
    one = key("a")
    run.handler.gates["a"] = asyncio.Event()
    task = asyncio.ensure_future(run.go(one))
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert run.ledger.state.effects[one.id].open
    assert not run.executor.running
    del run.handler.gates["a"]
    run.handler.log.clear()
    run.handler.realities["a"] = Reconciled(Reality.HAPPENED, "it is gone", Sent(("found deleted",)))
    summary = await run.go()
    assert summary.verified == 1
    assert run.handler.log == ["prepare a", "ask a", "prove a"]


async def test_a_region_that_faults_is_set_aside_and_the_other_goes_on(run: Run) -> None:
    here = [key(f"u{n}", rank=100 - n) for n in range(8)]
    there = [key(f"e{n}", EU, rank=1) for n in range(3)]
    waits = key("w", rank=0, after=(here[-1].id,))
    for one in here:
        run.handler.sends[one.target] = [VendorFault("503", status=503)] * 50
    assert module.WRITES == 56
    summary = await run.go(*here, waits, *there)
    assert all(run.state(one) is EffectState.VERIFIED for one in there)
    assert run.state(waits) is EffectState.PLANNED
    assert summary.failed >= 1
    assert not summary.complete


async def test_what_waits_for_a_region_that_faults_is_told_and_planned(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WRITES", 1)
    here = [key(f"u{n}", rank=100 - n) for n in range(12)]
    last = key("last", rank=1, after=(here[-1].id,))
    for one in here:
        run.handler.sends[one.target] = [VendorFault("503 from there", status=503)] * 50
    summary = await run.go(*here, last)
    left = [one for one in here if run.state(one) is EffectState.PLANNED]
    assert left, "after some the region is left alone"
    assert run.phases(left[-1]) == [Phase.WAITING]
    assert run.phases(last) == [Phase.WAITING]
    (notice,) = run.notices
    assert notice == ProgressNotice(
        "US does not answer as it should: what is left there waits for the next run. 503 from there",
        loud=True,
    )
    assert summary.halted is not None
    assert Region.US in run.executor._outages


# ── the key quota ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_full_quota_lets_the_old_key_go_first_and_makes_the_new_one_after(run: Run) -> None:
    new = mint("old", name="prod-web")
    old = key("old", after=(new.id,), cut="now")
    run.handler.sends["old"] = [QuotaFull("full")]
    summary = await run.go(new, old)
    sends = [line for line in run.handler.log if line.startswith("send")]
    assert sends == ["send old"] * 3
    reset = next(row.body for row in run.journal.rows if row.kind == "effect.reset")
    assert reset == {"id": new.id, "why": "the account's key quota is full"}
    assert Phase.WAITING in run.phases(new)
    assert [notice.text for notice in run.notices] == [
        "The key quota is full: the old key of prod-web goes first, its replacement follows.",
        "A key slot opened: going on with the replacement keys.",
    ]
    assert not any(notice.loud for notice in run.notices)
    assert summary.verified == 2


async def test_where_no_old_key_may_go_first_the_mint_fails_and_its_delete_is_skipped(run: Run) -> None:
    new = mint("old", own=True)
    old = key("old", after=(new.id,), cut="own", own=True)
    run.handler.sends["old"] = [QuotaFull("full")]
    summary = await run.go(new, old)
    failed = next(row.body for row in run.journal.rows if row.kind == "effect.failed")
    assert failed == {
        "id": new.id,
        "what": "The account has all the keys its plan allows.",
        "means": "A replacement cannot be made while every key that is left must stay.",
        "todo": "Delete a key you can do without (API Security in the control panel), then run this again.",
        "unknown": False,
    }
    assert run.state(old) is EffectState.SKIPPED
    assert (summary.failed, summary.skipped) == (1, 1)
    assert run.notices == []


async def test_a_key_without_a_name_is_told_by_its_target(run: Run) -> None:
    new = mint("old")
    old = key("old", after=(new.id,), cut="now")
    run.handler.sends["old"] = [QuotaFull("full")]
    await run.go(new, old)
    assert run.notices[0].text.startswith("The key quota is full: the old key of old goes first")


async def test_what_is_said_at_once_reaches_who_listens_loudly(run: Run) -> None:
    run.ctx.loud("look")
    assert run.told == [ProgressNotice("look", loud=True)]
