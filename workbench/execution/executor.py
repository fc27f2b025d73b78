"""The only writer: vault, journal, network, journal, proof, for every effect, in the order of harm.

::

    planned ──intent durable──▶ open ──server's yes, durable──▶ done ──account shows it──▶ verified
                                  │                               └── cannot be shown from here: stays done
                                  └── no answer: the account is asked what happened, then done or again

Up to ``WRITES`` effects are under way at once; the client's limiter decides how many calls really fly.
Proofs run beside the writes, so that a slow SMTP server never stands in front of a cut. Whatever an
operator stops, a kill interrupts or a fault breaks has a row in the journal that says where it stood.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from workbench.core.clock import iso
from workbench.core.errors import ApiError, VaultError, WorkbenchError
from workbench.core.words import plural
from workbench.domain.model.plan import EffectKind, EffectState, Plan
from workbench.domain.model.state import EffectRecord
from workbench.execution.attempt import attempt
from workbench.execution.circuit_breaker import Outages
from workbench.execution.context import Context, SecretMissing
from workbench.execution.effects.base import Sent, contradicted
from workbench.execution.effects.refusals import no_room
from workbench.execution.effects.registry import HANDLERS
from workbench.execution.first_mint import HELD, FirstMint
from workbench.execution.look import failure, look
from workbench.execution.progress import (
    EffectMoved,
    Phase,
    PlanFinished,
    PlanStarted,
    Progress,
    ProgressNotice,
    Summary,
)
from workbench.execution.runs import Batches
from workbench.execution.scheduler import Agenda, barred, due
from workbench.execution.secret_prefetch import Stock
from workbench.journal.ledger import Ledger

# Well above the 20 calls in flight: while an effect waits for vault and journal, its call slot is not empty.
WRITES = 56
PROOFS = 60
# Their proof is an SMTP session each, which would take the processor from the cuts; no effect waits for it.
PATIENT = (EffectKind.LOGIN_RESET, EffectKind.LOGIN_CREATE)
# While something that sends abuse is not cut yet, no more than so many effects are under way beside it.
BESIDE = 6


class Executor:
    """Runs confirmed plans. One per incident; several runs share its workers and its order of harm."""

    def __init__(self, ctx: Context, ledger: Ledger, report: Callable[[Progress], None]) -> None:
        self._ctx = ctx
        self._ledger = ledger
        self._report = report
        ctx.loud = lambda text: self._notice(text, loud=True)
        self._agenda = Agenda()
        self._batches = Batches(ctx.clock)
        self._wake = asyncio.Event()
        self._driver: asyncio.Task[None] | None = None
        self._writing: set[asyncio.Task[None]] = set()
        self._proving: set[asyncio.Task[None]] = set()
        self._proof_slots = asyncio.Semaphore(PROOFS)
        # Set while nothing is ready to be sent, nor waits for its turn to be.
        self._rest = asyncio.Event()
        self._stock = Stock(ctx)
        self._halt: BaseException | None = None
        self._stopping = False
        # What the account contradicted and was done once more in this run.
        self._twice: set[str] = set()
        self._outages = Outages()
        self._first_mint = FirstMint()

    @property
    def running(self) -> bool:
        """Return whether any plan is under way."""
        return bool(self._batches)

    async def run(self, plan: Plan | None = None) -> Summary:
        """Confirm and run a plan, or finish what is unsettled when none is given; returns how it ended.

        Raises JournalError when the confirmation cannot be made durable, before anything is written, and
        re-raises a programming fault of an effect after the others came to rest. Cancelling the call stops
        at once; what was under way stays open in the journal, and the next run reconciles it.
        """
        state = self._ledger.state
        if plan is not None:
            await self._confirm(plan)
            wanted = [state.effects[effect.id] for effect in plan]
        else:
            wanted = state.unfinished
        taken = due(state, wanted)
        ids = tuple(record.effect.id for record in taken)
        records = await self._without_barred(taken)
        title = plan.title if plan is not None else "Finish what was begun"
        if not self._batches:
            self._halt, self._stopping, self._outages = None, False, Outages()
            self._twice.clear()
            self._first_mint = FirstMint()
        self._report(PlanStarted(title, len(ids)))
        batch = self._batches.open(title, ids, (record.effect.id for record in records))
        try:
            self._first_mint.expect(records)
            self._agenda.add(records)
            self._start()
            if batch.waiting:
                await batch.finished.wait()
        finally:
            self._batches.close(batch)
            if not self._batches:
                await self._dismiss()
        # Ended amid trouble, with nothing after it that went well: that is stopped half-way too.
        halted = self._halt or self._outages.reason
        summary = self._batches.summary(batch, state.effects, halted, stopped=self._stopping)
        self._report(PlanFinished(summary))
        if self._halt is not None and not isinstance(self._halt, WorkbenchError):
            raise self._halt
        return summary

    def stop(self) -> None:
        """Begin no further effect; those under way reach their outcome, the rest stays planned."""
        self._stopping = True
        self._wake.set()

    # ── driving ──────────────────────────────────────────────────────────────────────────────────────

    async def _confirm(self, plan: Plan) -> None:
        body = {"plan": plan.id, "title": plan.title, "effects": [e.to_json() for e in plan]}
        await self._ledger.record("plan.confirmed", body)

    async def _without_barred(self, taken: list[EffectRecord]) -> list[EffectRecord]:
        """Skip what waits for an effect that failed for good or was skipped, and return the rest.

        A kill may fall between that failure and the rows of those who depended on it: an old key must not
        be deleted because nobody remembers that its replacement was never made.
        """
        lost = barred(self._ledger.state, taken)
        for record, cause in lost:
            await self._skip(record, f"{cause.effect.what or cause.effect.target} failed")
        gone = {record.effect.id for record, _ in lost}
        return [record for record in taken if record.effect.id not in gone]

    def _start(self) -> None:
        self._wake.set()
        if self._driver is None or self._driver.done():
            self._driver = asyncio.create_task(self._drive(), name="executor")

    async def _dismiss(self) -> None:
        """Cancel whatever still runs; a run that ended by itself left nothing to cancel."""
        tasks = [*self._writing, *self._proving]
        if self._driver is not None:
            tasks.append(self._driver)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Rows that were on their way to the disk belong to the state that the next run starts from.
        await self._ledger.rest()
        self._driver = None
        self._agenda = Agenda()
        self._stock.clear()

    async def _drive(self) -> None:
        """Launch ready effects while there are slots; end every run when nothing is left or may begin."""
        try:
            while True:
                self._launch_ready()
                if not self._writing and not self._proving:
                    if self._halt is None and not self._stopping and self._agenda.parked:
                        await self._give_up_parked()
                        continue
                    self._leave_held()
                    return
                self._wake.clear()
                await self._wake.wait()
        except WorkbenchError as error:
            self._halt = self._halt or error
        finally:
            self._batches.finish()

    def _launch_ready(self) -> None:
        self._launch_what_is_ready()
        # Writes that wait for a free connection come before any proof, too: a hundred handshakes would hold them up.
        to_send = self._agenda.any_ready or (bool(self._writing) and self._ctx.api.limiter.writes_wait)
        if to_send and self._halt is None and not self._stopping:
            self._rest.clear()
        else:
            self._rest.set()

    def _launch_what_is_ready(self) -> None:
        while self._halt is None and not self._stopping and len(self._writing) < WRITES:
            if len(self._writing) >= BESIDE and self._agenda.urgent and not self._agenda.urgent_ready:
                # The next step of a cut that stops abuse must find the line free, not 28 calls in front of it.
                return
            record = self._agenda.pop()
            if record is None:
                return
            if record.effect.place.region in self._outages:
                self._set_aside(record)
                continue
            if self._first_mint.holds(record):
                continue
            self._launch(self._writing, self._carry_out(record))

    def _launch(self, group: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        group.add(task)
        task.add_done_callback(lambda done: self._landed(group, done))

    def _landed(self, group: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
        group.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            # A WorkbenchError that got this far (disk full, locked out) ends the run; anything else is a
            # bug and does so too, loudly: run() raises it.
            self._halt = self._halt or fault
        self._wake.set()

    # ── one effect ───────────────────────────────────────────────────────────────────────────────────

    async def _carry_out(self, record: EffectRecord) -> None:
        """Take one effect from planned to done (or failed, skipped, parked), then hand it to its proof."""
        if record.state is EffectState.DONE:
            # An earlier run got the server's yes and no proof: only the proof is missing.
            self._launch(self._proving, self._prove(record))
            return
        try:
            entry = await self._stock.entry(record, self._agenda, lambda: self._moved(record, Phase.STORING))
        except (ApiError, VaultError) as error:
            await self._give_up(record, error, unknown=True)
            return
        outcome = await attempt(
            self._ctx, self._ledger, HANDLERS[record.effect.kind], record, entry, self._moved
        )
        if outcome.sent is not None:
            await self._sent(record, outcome.sent)
        elif outcome.quota:
            await self._wait_for_slot(record)
        elif outcome.error is not None:
            if outcome.locked_out:
                # Every other effect would meet the same: stop here, the intent stays open for the next run.
                raise outcome.error
            unknown = outcome.unknown
            if isinstance(outcome.error, SecretMissing) and outcome.error.effect_id != record.effect.id:
                # Nothing was sent: it is planned anew behind the replacement that is to be made again.
                unknown = False
                await self._lost(outcome.error)
            await self._give_up(record, outcome.error, unknown=unknown)

    async def _sent(self, record: EffectRecord, sent: Sent) -> None:
        body = {"id": record.effect.id, "evidence": list(sent.evidence), "result": sent.result.body()}
        if (ahead := self._ctx.api.clock_offset) is not None:
            # The account's log is written by its own clock, and this host's may be off.
            body["account_at"] = iso(self._ctx.clock.now() + timedelta(seconds=ahead))
        await self._ledger.record("effect.done", body)
        self._agenda.sent(record.effect.id)
        self._moved(record, Phase.DONE)
        if record.effect.kind is EffectKind.KEY_DELETE and self._agenda.unpark():
            self._notice("A key slot opened: going on with the replacement keys.")
        self._batches.sent(record.effect.id)
        self._take_up(self._first_mint.made(record))
        self._outages.well()
        self._launch(self._proving, self._prove(record))

    async def _give_up(self, record: EffectRecord, error: WorkbenchError, *, unknown: bool) -> None:
        """End an effect with its error, and set its region aside when one after the other meets trouble there."""
        await self._fail(record, error, unknown=unknown)
        self._take_up(self._first_mint.failed(record, error))
        region = record.effect.place.region
        if self._outages.met(region, error):
            text = f"{region.value.upper()} does not answer as it should: what is left there waits for the next run."
            self._notice(f"{text} {error.what}", loud=True)

    def _take_up(self, records: list[EffectRecord]) -> None:
        """Let effects go that waited for a first new key."""
        for record in records:
            self._agenda.push_back(record)

    def _leave_held(self) -> None:
        """Leave the logins that waited for a new key which never came."""
        held = self._first_mint.given_up()
        for record in held:
            self._set_aside(record)
        if held and self._halt is None and not self._stopping:
            self._notice(HELD.format(logins=plural(len(held), "SMTP login")), loud=True)

    def _set_aside(self, record: EffectRecord) -> None:
        """Leave an effect, and what depends on it, as it stands for the next run."""
        for left in (record, *self._agenda.left(record.effect.id)):
            self._moved(left, Phase.WAITING)
            self._batches.ended(left.effect.id)

    async def _prove(self, record: EffectRecord) -> None:
        """Look at the account until it shows the effect, or until it is plain that it will not from here."""
        effect = record.effect
        await self._turn_to_prove(effect.kind)
        async with self._proof_slots:
            self._moved(record, Phase.PROVING)
            # What is written while the account is looked at need not be in what it shows.
            since = self._ledger.state.last_seq
            try:
                proof = await look(self._ctx, record, lambda: self._stopping or self._halt is not None)
            except SecretMissing as error:
                await self._fail(record, error, unknown=True)
                return
        if proof.undone:
            await self._contradicted(record, contradicted(record.effect, proof))
            return
        body = {"id": effect.id, "evidence": list(proof.evidence), "since": since}
        await self._ledger.record("effect.verified" if proof.sure else "effect.unproven", body)
        self._moved(record, Phase.VERIFIED if proof.sure else Phase.UNPROVEN)
        if proof.sure:
            self._agenda.verified(effect.id)
            self._batches.ended(effect.id)
            self._wake.set()
        else:
            # Done is not over: the next run looks again, and what depends on it waits for that.
            await self._leave(record, "is not proven", for_good=False)

    async def _contradicted(self, record: EffectRecord, error: WorkbenchError) -> None:
        """Do once more what the account does not show; if it still does not, the next run goes on with it."""
        if record.effect.id in self._twice or self._stopping or self._halt is not None:
            await self._fail(record, error, unknown=True)
            return
        self._twice.add(record.effect.id)
        await self._ledger.record("effect.failed", failure(record, error, unknown=True))
        self._notice(f"{error.what} It is done once more.")
        self._launch(self._writing, self._carry_out(record))

    async def _turn_to_prove(self, kind: EffectKind) -> None:
        """Let the proofs of logins wait while others are still to be cut: nothing depends on them."""
        if kind in PATIENT:
            # The driver alone opens and closes this gate: asking again in a loop could spin on an open one.
            await self._rest.wait()

    async def _fail(self, record: EffectRecord, error: WorkbenchError, *, unknown: bool) -> None:
        await self._ledger.record("effect.failed", failure(record, error, unknown=unknown))
        self._moved(record, Phase.FAILED)
        await self._leave(record, "failed", for_good=not unknown)

    async def _lost(self, error: SecretMissing) -> None:
        """A replacement that others rely on is unusable: its effect is not done after all."""
        mint = self._ledger.state.record(error.effect_id)
        if mint is not None:
            await self._fail(mint, error, unknown=True)

    async def _leave(self, record: EffectRecord, why: str, *, for_good: bool) -> None:
        """An effect is over for this run without proof: what depends on it must not run.

        Where it is over ``for_good`` its dependents are skipped; otherwise they stay planned, and the next
        run takes them up behind it.
        """
        self._batches.ended(record.effect.id)
        for dependent in self._agenda.left(record.effect.id):
            if for_good and not dependent.open:
                await self._skip(dependent, f"{record.effect.what or record.effect.target} {why}")
            else:
                self._moved(dependent, Phase.WAITING)
            self._batches.ended(dependent.effect.id)

    async def _skip(self, record: EffectRecord, why: str) -> None:
        await self._ledger.record("effect.skipped", {"id": record.effect.id, "why": f"left as it is: {why}"})
        self._moved(record, Phase.SKIPPED)

    # ── the key quota ────────────────────────────────────────────────────────────────────────────────

    async def _wait_for_slot(self, record: EffectRecord) -> None:
        """The plan allows no more keys: where it is safe, delete first and make the replacement after."""
        body = {"id": record.effect.id, "why": "the account's key quota is full"}
        await self._ledger.record("effect.reset", body)
        released = self._agenda.park(record.effect.id)
        self._take_up(self._first_mint.released())
        self._moved(record, Phase.WAITING)
        if released:
            name = record.effect.params.name or record.effect.target
            self._notice(f"The key quota is full: the old key of {name} goes first, its replacement follows.")
        self._wake.set()

    async def _give_up_parked(self) -> None:
        for record in self._agenda.parked:
            await self._fail(record, no_room(), unknown=False)
        self._agenda.drop_parked()

    # ── telling ──────────────────────────────────────────────────────────────────────────────────────

    def _moved(self, record: EffectRecord, phase: Phase) -> None:
        self._report(EffectMoved(record, phase))

    def _notice(self, text: str, *, loud: bool = False) -> None:
        self._report(ProgressNotice(text, loud))
