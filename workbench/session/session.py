"""One open incident: the account, the journal, the vault and the executor put together.

The full screen and the command line drive the same session. It holds what is known, starts what was asked
for, and tells its listeners; it decides nothing and draws nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.core.clock import AccountClock, as_moment, iso
from workbench.core.errors import ApiError, JournalError, UsageError
from workbench.core.redact import Secret
from workbench.core.state_dir import JOURNAL_NAME, new_incident_id, tag_of
from workbench.core.turns import in_turns, loaded
from workbench.domain.detection import findings, lockout
from workbench.domain.model.inventory import LAG, Inventory
from workbench.domain.model.plan import EffectKind, EffectState, Plan
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.domain.runbook import deadlines, guide, proof_age, put_off, role_play, runbook, under_way
from workbench.domain.runbook.recorded import ReportWritten
from workbench.execution.context import Context, Held, Keeping
from workbench.execution.executor import Executor
from workbench.execution.progress import Summary
from workbench.journal.journal import Journal
from workbench.journal.ledger import Ledger
from workbench.planning import registry
from workbench.session import journal_head
from workbench.session.account import AccountReadings
from workbench.session.admin_key import AdminKey, fingerprint_key, no_key, resolve
from workbench.session.recorder import Recorder, SessionOptions
from workbench.session.succession import predecessor, recall_admin_key

if TYPE_CHECKING:
    from workbench.domain.runbook.guide import Lead
    from workbench.execution.reverification import Reproof
    from workbench.leaks.people import PersonSuspicion
    from workbench.leaks.report import LeakReport
    from workbench.reports.report import Material
    from workbench.session import leak_search
    from workbench.session.report_writer import Written


__all__ = ["Session", "SessionOptions", "open_session"]


class Session:
    """See the module. Made by ``open_session``; closed by ``aclose``.

    ``recorder`` is the journal's side, ``account`` what is read; what nearly every caller looks at is at hand here.
    """

    def __init__(
        self, options: SessionOptions, recorder: Recorder, account: AccountReadings, admin: AdminKey
    ) -> None:
        self._options = options
        self._admin = admin
        self.recorder = recorder
        self.account = account
        self.drill = options.drill
        self.clock = options.clock
        # Plans that are carried out now; a second one may be confirmed beside the first.
        self._plans_under_way = 0
        self._executor: Executor | None = None
        self._context: Context | None = None
        self._held: Callable[[Held], Awaitable[Keeping]] | None = None

    # ── at hand ──────────────────────────────────────────────────────────────────────────────────────

    @property
    def state(self) -> State:
        """Return the fold of the journal."""
        return self.recorder.state

    @property
    def inventory(self) -> Inventory:
        """Return what was read of the account."""
        return self.account.inventory

    def situation(self) -> Situation:
        """Return everything the actions and the runbook look at."""
        return self.account.situation()

    # ── judging and planning ─────────────────────────────────────────────────────────────────────────

    def steps(self) -> list[runbook.StepView]:
        """Return the runbook with its verdicts; what was put off, or is being carried out, stands back."""
        return self._steps(self.situation())

    async def steps_in_turns(self) -> list[runbook.StepView]:
        """Return the same, each step judged in a turn of its own: with thousands of logins keys go between them.

        What happens meanwhile some steps have seen and others not; who shows them asks again once they hear of it.
        """
        situation = self.situation()
        views = [view async for view in in_turns(runbook.judged(situation), 1)]
        return self._stood_back(runbook.gated(views), situation)

    def _steps(self, situation: Situation) -> list[runbook.StepView]:
        return self._stood_back(runbook.steps(situation), situation)

    def _stood_back(self, views: list[runbook.StepView], situation: Situation) -> list[runbook.StepView]:
        if self.drill:
            views = role_play.played(views, self.state)
        if self._plans_under_way:
            views = under_way.standing_back(views, {*registry.BUILDERS, guide.FINISH})
        return put_off.standing_back(views, situation)

    def lead(self, steps: Sequence[runbook.StepView] | None = None) -> Lead:
        """Return what is next, the most urgent first; in the drill with the parts that it plays for others.

        ``steps`` is the runbook, where who asks has it already.
        """
        situation = self.situation()
        views = self._steps(situation) if steps is None else steps
        running = bool(self._plans_under_way)
        found = guide.lead(situation, views, running=running, refused=self.account.refused)
        return role_play.admitted(found) if self.drill else found

    def findings(self) -> list[findings.Finding]:
        """Return what the operator must judge."""
        return findings.findings(self.situation())

    def plan(self, action_id: str, marked: Sequence[str] = (), **options: Any) -> Plan:
        """Return the plan of an action; raises UsageError with the reason when there is nothing to plan."""
        made = registry.build(action_id, self.situation(), marked, **options)
        lockout.check_role(made, self._may_administer())
        return made

    def unavailable(self, action_id: str, marked: Sequence[str] = ()) -> str:
        """Return why an action is not possible now, ``""`` when it is."""
        if self.recorder.read_only and action_id in registry.BUILDERS:
            return self.recorder.read_only_words
        return registry.unavailable(action_id, self.situation(), marked)

    def support_message(self) -> str:
        """Return the opening message to Support."""
        from workbench.reports import support_messages

        return support_messages.opening(self.situation())

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────

    async def run(self, plan: Plan | None) -> Summary:
        """Run a confirmed plan, or finish what is unsettled; returns how it ended.

        Preserves evidence first where that has not happened: 0a gates the first cut (design, idea 5).
        """
        self.recorder.check_writable()
        if plan is not None:
            lockout.check_role(plan, self._may_administer())
        if "0a" not in self.state.snapshots:
            await self.account.preserve()
        cut = self.state.cut_row
        self._plans_under_way += 1
        try:
            summary = await self._executor_now().run(plan)
        finally:
            self._plans_under_way -= 1
        self._forget_deleted()
        # By rows: two cuts may end within one second.
        if self.state.cut_row != cut and summary.halted is None:
            await self._read_after_cut()
        await self.account.note_containment()
        if summary.halted is None:
            await self.prove_overtaken()
        for timer in deadlines.wanted(self.situation()):
            await self.recorder.record("timer", timer.body())
        await self.recorder.remember_head()
        return summary

    async def _read_after_cut(self) -> None:
        """Read who sends since the cut; where it cannot be read that is a gap, and nothing is said of it."""
        for read in (self.account.read_rate, self.account.read_use):
            # The gap is noted where it was met; the watch reads both again.
            with contextlib.suppress(ApiError):
                await read()

    def _may_administer(self) -> bool | None:
        return self.account.capabilities.admin if self.account.capabilities is not None else None

    def attend(self, ask: Callable[[Held], Awaitable[Keeping]]) -> None:
        """Have somebody asked, from now on, about every secret that cannot be stored; the answers are journaled."""

        async def held(held: Held) -> Keeping:
            answer = await ask(held)
            body = {"effect": held.effect.id, "answer": answer.value, "who": self.recorder.operator}
            await self.recorder.record("secret.held", body)
            return answer

        self._held = held
        if self._context is not None:
            self._context.held = held

    def stop(self) -> None:
        """Begin nothing further; what is under way reaches its end."""
        if self._executor is not None:
            self._executor.stop()

    async def prove_again(self) -> Reproof:
        """Prove again that what is dead stayed dead and what was made lives; journals what it finds."""
        from workbench.execution.reverification import prove_again

        self.recorder.check_writable()
        found = await prove_again(self._context_now(), self.recorder.ledger)
        for timer in deadlines.ended(self.situation()):
            await self.recorder.record("timer", timer.body())
        await self.account.note_containment()
        return found

    async def prove_overtaken(self) -> Reproof | None:
        """Prove the passwords again that somebody else could have set anew since; None where nothing is due.

        What was looked at since the last way was shut and could not be told is left to another host.
        """
        due = proof_age.due(self.state)
        if not due:
            return None
        from workbench.execution.reverification import prove_again

        self.recorder.check_writable()
        found = await prove_again(self._context_now(), self.recorder.ledger, due)
        await self.account.note_containment()
        return found

    async def search_leaks(
        self, request: leak_search.LeakSearchRequest, say: Callable[[str], None]
    ) -> LeakReport:
        """Search for the leak as asked; ``say`` hears lines of progress."""
        from workbench.session import leak_search

        return await leak_search.search(self.account, request, say)

    async def leak_suspects(self) -> tuple[PersonSuspicion, ...]:
        """Return under whose name keys were planted."""
        from workbench.session import leak_search

        return await leak_search.people(self.account)

    def report_material(self) -> Material:
        """Return what reports are composed from."""
        from workbench.reports.report import Material

        return Material(self.situation(), self.recorder.journal.rows(), self.recorder.journal.head_hash)

    async def write_report(self) -> Written:
        """Write every report, journal the files' hashes; raises JournalError when the disk refuses."""
        await loaded("workbench.session.report_writer")
        from workbench.session import report_writer

        try:
            written = await report_writer.write(self.report_material, self.recorder.folder / "reports")
        except OSError as error:
            raise JournalError(
                f"The report could not be written ({error.strerror}).",
                "",
                "Make room on the disk, then try again.",
            ) from error
        if self.recorder.journal.damage is not None:
            return written  # It says so itself; nothing is added to such a journal.
        body = {
            "files": dict(written.files),
            # The row the reports tell: others may have been written while the files were.
            **written.document["journal"],
        }
        await self.recorder.record("report.written", body)
        await self.recorder.learn(ReportWritten(sha256=next(iter(written.files.values()))))
        await self.recorder.remember_head()
        return written

    async def exercise(self, action_id: str) -> str:
        """Play a part that in a real incident is somebody else's, in the drill only; returns what happened."""
        player = self._options.role_play
        if player is None:
            raise UsageError("This is a real account.", "Parts are played in the drill only.", "")

        played = await player.play(action_id, self.account.api, self.recorder.stored, self.situation())
        await self.recorder.learn(role_play.with_part(self.state, action_id, iso(self.clock.now())))
        try:
            said = await player.catch_up(action_id, self) or played
        except ApiError:
            if action_id == role_play.WATCH:
                # Days that broke off are let pass anew.
                await self.recorder.learn(role_play.with_part(self.state, action_id, ""))
            raise
        # Whoever that part shuts out could have set passwords until now; on a real account the screen does this soon.
        found = await self.prove_overtaken()
        return said if found is None else f"{said} With the last way to set passwords shut: {found.line()}."

    async def aclose(self) -> None:
        """Close connections, journal and vault; safe to call once everything stopped."""
        try:
            await self.account.api.aclose()
        finally:
            await self.recorder.close()

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────

    def _executor_now(self) -> Executor:
        if self._executor is None:
            self._executor = Executor(self._context_now(), self.recorder.ledger, self.recorder.tell)
        return self._executor

    def _context_now(self) -> Context:
        if self._context is None:
            options = self._options
            ctx = Context(
                api=self.account.api,
                vault=self.account.vault,
                state=self.state,
                clock=self.clock,
                prover=self.account.prover,
                tag=tag_of(self.recorder.incident),
                vault_service=self.state.vault_service,
                switch_key=self._switch_key,
                known=dict(options.old_secrets),
                old_passwords=dict(options.old_passwords),
                held=self._held,
            )
            if self.account.own_key_id:
                ctx.known.setdefault(self.account.own_key_id, self.account.api.key)
            if self._admin.retired is not None:
                # After a restart the key that was supplied is the replaced one: it must be proven dead.
                for mint in self.state.of_kind(EffectKind.KEY_CREATE):
                    replaced = mint.effect.params.replaces
                    if mint.entry == self.state.admin_entry and replaced:
                        ctx.known.setdefault(replaced, self._admin.retired)
            self._context = ctx
        return self._context

    async def _switch_key(self, secret: Secret, key_id: str, entry: str, replaces: str) -> None:
        retired = self.account.api.key
        fingerprint = retired.fingerprint(await fingerprint_key(self._options.vault))
        body = {"entry": entry, "key_id": key_id, "retired": fingerprint, "replaces": replaces}
        await self.recorder.record("admin_key.switched", body)
        self.account.api.use_key(secret)

    def _forget_deleted(self) -> None:
        """Take out of the inventory what was deleted since it was read: the records of this run know better.

        A key that a later reading names all the same is there again, and stays to be seen.
        """
        read = self.inventory.read_at.get("keys")
        since = iso(read - LAG) if read is not None else ""
        for record in self.state.of_kind(EffectKind.KEY_DELETE):
            if record.state is EffectState.VERIFIED and record.done_at >= since:
                self.inventory.keys.pop(record.effect.target, None)


async def open_session(options: SessionOptions) -> Session:
    """Open or resume an incident without touching the network.

    The journal is checked first, its chain and against the head that the vault remembers; where it is not what
    was written the session is read-only, and a new incident names it. Raises UsageError when no admin key can
    be found, VaultError when the vault does not open, JournalError when the journal cannot be used.
    """
    home = options.home
    home.ensure()
    incident = options.incident or home.latest() or new_incident_id(options.clock.now())
    path = home.folder(incident) / JOURNAL_NAME
    new = not await asyncio.to_thread(os.path.lexists, path)
    after = await predecessor(home, options.vault, options.key) if new else {}
    if new and options.key is None and not after.get("admin_entry"):
        # Before anything is written: an incident that nobody can work on would be the latest from now on.
        raise no_key()
    remembered = await journal_head.recall(options.vault, incident)
    journal = await asyncio.to_thread(Journal.open, path, options.clock, incident, remembered=remembered)
    try:
        rows = await asyncio.to_thread(journal.rows)
        ledger = Ledger(journal, rows)
        if rows and isinstance(options.clock, AccountClock):
            options.clock.after(as_moment(rows[-1].at))
        if journal.damage is not None:
            ledger.state.damage = journal.damage.words
            ledger.state.incident = incident
            await recall_admin_key(ledger.state, options.vault, options.key)
        elif not ledger.state.incident:
            body = {"incident": incident, "drill": options.drill, **({"after": after} if after else {})}
            await ledger.record("incident.opened", body)
        if new:
            await asyncio.to_thread(home.record_latest, incident)
        admin = await resolve(ledger.state, options.vault, options.key)
    except BaseException:
        await asyncio.to_thread(journal.close)
        raise
    recorder = Recorder(options, journal, ledger)
    return Session(options, recorder, AccountReadings(options, recorder, admin), admin)
