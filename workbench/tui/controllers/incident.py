"""What is done with the incident as a whole: preserve, tell Support, sweep, assess, finish, stop; the drill's parts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from workbench.core.words import plural
from workbench.planning.catalog import ACTIONS, Pane
from workbench.tui.controllers.background_readings import preserve_on
from workbench.tui.controllers.base import Attested, Controller, SentQuestion

if TYPE_CHECKING:
    from workbench.domain.forensics.assessment import Assessment
    from workbench.domain.settings_audit.audit import Sweep
    from workbench.tui.controllers.plan_review import PlanReview
    from workbench.tui.incident_port import Incident
    from workbench.tui.ports import Prompts, Selection, Ui

DRILL_PARTS = (
    *("drill.people", "drill.deploy", "drill.hour", "drill.day", "drill.support", "drill.lists"),
    *("drill.allow", "drill.clean", "drill.watch"),
)


class IncidentController(Controller):
    """One per app; ``findings`` shows what a sweep left to judge, ``follow`` asks what is due once time passed."""

    def __init__(
        self,
        ui: Ui,
        selection: Selection,
        plans: PlanReview,
        prompts: Prompts,
        *,
        findings: Callable[[Incident], object],
        follow: Callable[[Incident], object],
    ) -> None:
        super().__init__(ui, selection, plans, prompts)
        self._review = plans
        self._findings = findings
        self._follow = follow

    def table(self) -> dict[str, Callable[[Incident], object]]:
        """Return the handlers by action id."""
        return {
            "finish": self._finish,
            "evidence.preserve": self._preserve,
            "support.message": self._support,
            "leftovers.sweep": self._sweep,
            "damage.assess": self._assess,
            "said.take_back": self._take_back,
            **{part: partial(self._exercise, part) for part in DRILL_PARTS},
        }

    def impossible(self, action_id: str, session: Incident) -> str | None:
        """Return why one of these is not possible now, ``""`` when it is, None where the session knows."""
        if action_id in DRILL_PARTS:
            return "" if session.drill else "this is a real account"
        if action_id == "said.take_back":
            return "" if self._said(session) else "the highlighted line is nothing that somebody said"
        if action_id == "finish":
            if session.state.unsettled and not session.state.unfinished:
                return "what is left failed for good: plan it anew"
            return "" if session.state.unsettled else "everything that was begun is proven"
        return None

    def _said(self, session: Incident) -> int:
        """Return the row of the highlighted line where it can be taken back, 0 where not."""
        key = self._selection.cursor_key(Pane.ACTIVITY) if self._selection.current is Pane.ACTIVITY else None
        return int(key) if key is not None and key.isdigit() and int(key) in session.state.said else 0

    def _take_back(self, session: Incident) -> None:
        row = self._said(session)
        self._ui.work.start(
            lambda: session.recorder.take_back(row),
            group="decide",
            doing="taking back what was said",
            then=self._ui.tell,
        )

    def stop(self) -> None:
        """Begin nothing further of the running plan."""
        if self._ui.plan_running and self._ui.store.session is not None:
            self._ui.store.session.stop()
            done, total = self._ui.plan_progress
            self._ui.tell(
                f"Stopping: {done} of {total} are done and stay done, what is under way ends, the rest stays "
                "planned. f goes on later."
            )
        else:
            self._selection.note("nothing to leave; q quits")

    def _finish(self, session: Incident) -> None:
        self._review.run(None)

    def _preserve(self, session: Incident) -> None:
        def told(_: None) -> None:
            # Support is told next, where nothing else was opened meanwhile: the message says it, not a corner over it.
            if len(self._ui.screen_stack) == 1 and not any(a.step == "0" for a in session.state.attestations):
                self._support(session, "Evidence is stored, its hash is in the journal. ")
            else:
                self._ui.tell(
                    "Evidence is stored, its hash is in the journal. m shows the message to Support."
                )
            preserve_on(self._ui, session)

        self.begin_reading(session.account.preserve, group="preserve", doing="preserving evidence", then=told)

    def _sweep(self, session: Incident) -> None:
        def told(sweep: Sweep) -> None:
            waiting = [f for f in session.findings() if not f.decision and not f.key.startswith("leak:")]
            looked = plural(len(sweep.swept), "setting")
            self._ui.tell(f"{looked} looked at, {plural(len(waiting), 'finding')} to judge.")
            self._ui.renew()
            if sweep.asked() and len(self._ui.screen_stack) == 1:
                self._findings(session)

        doing = "sweeping every setting"
        if self._ui.work.running("sweep"):
            self._ui.tell(f"{self._being_read()}; it says when it is done.")
            return
        self._ui.tell("Reading every setting; this takes a while and changes nothing.")
        self._ui.work.start(
            lambda: session.account.investigation.sweep(), group="sweep", doing=doing, then=told
        )

    def _being_read(self) -> str:
        reads = self._ui.store.reads
        return f"Settings and log are being read already{f' ({reads})' if reads else ''}"

    def _assess(self, session: Incident) -> None:
        from workbench.tui.screens.texts import TextScreen

        def told(made: Assessment) -> None:
            hint = "S judges who sent what · W the window hour by hour · T the timeline"
            lines = "\n".join((*made.lines(), *made.damage_lines()))
            self._ui.push(TextScreen("The damage", self._ui.safe(lines), hint=hint))

        if self._ui.work.running("sweep") or self._ui.work.running("assess"):
            self._ui.tell(f"{self._being_read()}; it says when it is done.")
            return
        self._ui.tell("Reading the log of the abuse; this takes a while and changes nothing.")
        doing = "assessing the damage"
        self._ui.work.start(
            lambda: session.account.investigation.assess(), group="assess", doing=doing, then=told
        )

    def _exercise(self, part: str, session: Incident) -> None:
        def played(words: str) -> None:
            self._ui.tell(words)
            # Hours and days pass: what is due is asked at once.
            self._follow(session)

        if self._ui.work.running("drill"):
            self._ui.tell("The drill is playing a part already; it says what came of it.")
            return
        self._ui.tell(f"{ACTIONS[part].does}")
        doing = "playing a part of the drill"
        self._ui.work.start(lambda: session.exercise(part), group="drill", doing=doing, then=played)

    def _support(self, session: Incident, before: str = "") -> None:
        def sent() -> None:
            self.attest(session, Attested("0", [("opening message sent to Support", "")]))

        hint = f"{before}Copy this message and send it to Mailgun Support now; you are asked whether it was sent."
        words = "Send it to Mailgun Support now, from the owner's address; what you say is recorded."
        question = SentQuestion("support.message", "Was the message sent to Support?", words)
        self.show_to_send(session, "To Mailgun Support", session.support_message(), hint, question, sent)
