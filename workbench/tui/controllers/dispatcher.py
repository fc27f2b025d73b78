"""What each action of the table does on the screen: ask what must be asked, show the plan, start the work.

Nothing here writes to the account and nothing awaits the network on the screen's time: work goes to the
app's workers, plans go through the plan screen, and only a confirmed plan reaches ``session.run``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from workbench.planning.catalog import ACTIONS, Action, Pane
from workbench.tui.controllers.blocklists import BlocklistDeeds
from workbench.tui.controllers.forensics import Past
from workbench.tui.controllers.leaks import LeakDeeds
from workbench.tui.controllers.monitor import Vigil
from workbench.tui.controllers.plan_review import Planning
from workbench.tui.controllers.prompts import Questions
from workbench.tui.controllers.recovery import Closing
from workbench.tui.controllers.unstored_secret import Holding
from workbench.tui.controllers.users import Telling

if TYPE_CHECKING:
    from workbench.core.redact import Secret
    from workbench.domain.forensics.assessment import Assessment
    from workbench.domain.model.plan import Plan
    from workbench.domain.settings_audit.audit import Sweep
    from workbench.execution.progress import Summary
    from workbench.session.session import Session
    from workbench.tui.app import WorkbenchApp

# These act on the row under the cursor where nothing is selected; all others then mean everything.
_ON_CURSOR = frozenset({"keys.delete", "logins.delete", "finding.judge", "secret.reveal"})
_DRILL_PARTS = ("drill.people", "drill.deploy", "drill.hour", "drill.day", "drill.support", "drill.lists")
NOT_OPEN = "the incident is not open yet"


class Deeds:
    """One per app. ``do`` is the only way in, from keys, palette and guide alike."""

    def __init__(self, app: WorkbenchApp) -> None:
        self._app = app
        self.questions = Questions(app)
        self.planning = Planning(app)
        self.closing = Closing(app)
        self.vigil = Vigil(app)
        self.blocklists = BlocklistDeeds(app)
        self.leaks = LeakDeeds(app)
        self.holding = Holding(app)
        self._always: dict[str, Callable[[], object]] = {
            "help": self._help,
            "quit": app.ask_quit,
            "redraw": app.redraw,
            "palette": app.action_command_palette,
            "refresh": app.refresh_account,
            "pane.maximise": app.main.toggle_maximised,
            "share.toggle": self.questions.share,
            "local.toggle": self._local,
            "stop": self._stop,
            "next.do": self._next,
            **{f"pane.{pane.value}": partial(app.main.go, pane) for pane in Pane},
        }
        self._with_session: dict[str, Callable[[Session], object]] = {
            "finish": self._finish,
            "evidence.preserve": self._preserve,
            "support.message": self._support,
            "step.attest": self.questions.attest,
            "finding.judge": self.questions.judge,
            "leftovers.sweep": self._sweep,
            "damage.assess": self._assess,
            "secret.reveal": self._reveal,
            **self.blocklists.table(),
            **self.closing.table(),
            **self.vigil.table(),
            **self.leaks.table(),
            **Telling(app).table(),
            **Past(app).table(),
            **{part: partial(self._exercise, part) for part in _DRILL_PARTS},
        }

    def known(self) -> set[str]:
        """Return the ids of the actions that can be done here, for the test that compares."""
        return {*self._always, *self._with_session, *(a.id for a in ACTIONS.values() if a.plans)}

    def do(self, action_id: str) -> None:
        """Do an action, or say why it is not possible now."""
        action = ACTIONS[action_id]
        if (always := self._always.get(action_id)) is not None:
            always()
            return
        session = self._app.store.session
        if session is None:
            self._app.tell(f"Not now: {NOT_OPEN}.")
        elif reason := self._reason(action, session):
            self._app.tell(f"Not now: {reason.rstrip('.')}.")
        elif action.plans:
            self._plan(action, session)
        else:
            self._with_session[action_id](session)

    def unavailable(self, action: Action) -> str:
        """Return why an action is not possible now, ``""`` when it is."""
        if action.id == "stop":
            return "" if self._app.funnel.active else "no plan is running"
        if action.id in self._always:
            return ""
        session = self._app.store.session
        return NOT_OPEN if session is None else self._reason(action, session)

    def _reason(self, action: Action, session: Session) -> str:
        marked, reason = self.chosen(action, session)
        if reason:
            return reason
        if action.id in _DRILL_PARTS:
            return "" if session.drill else "this is a real account"
        match action.id:
            case "secret.reveal":
                return self._no_reveal(session, marked)
            case "finish":
                if session.state.unsettled and not session.state.unfinished:
                    return "what is left failed for good: plan it anew"
                return "" if session.state.unsettled else "everything that was begun is proven"
            case "leaks.search" | "leaks.judge" | "leaks.recheck" | "leaks.person":
                return self.leaks.impossible(action.id, session)
            case "blocklists.removal" | "blocklists.requested" | "blocklists.refused":
                return self.blocklists.impossible(action.id, session)
            case "alarms.show" | "contain.prove":
                return self.vigil.impossible(action.id, session)
            case "finding.judge":
                return "" if marked else "no row is highlighted"
        asked = self.questions.impossible(action, session)
        if asked is not None:
            # What it is about is asked next; the session is asked with the plan.
            return asked
        return session.unavailable(action.id, marked)

    def chosen(self, action: Action, session: Session) -> tuple[list[str], str]:
        """Return (row keys the action is about, why it cannot be about them).

        A selection that holds nothing of the action's kind is refused: handed on as nothing selected it
        would mean everything.
        """
        pane = self._app.main.panes[self._app.main.current]
        if pane.PANE not in action.panes:
            return [], ""
        table = pane.table
        keys = table.chosen_keys if action.id in _ON_CURSOR else table.marked_keys
        if pane.PANE is not Pane.CREDENTIALS or not action.plans:
            return keys, ""
        of_keys = action.id.startswith("keys.")
        held = session.inventory.keys if of_keys else session.inventory.logins
        fitting = [key for key in keys if key in held]
        if keys and not fitting:
            return [], f"nothing selected is an {'API key' if of_keys else 'SMTP login'}"
        return fitting, ""

    # Plans

    def _plan(self, action: Action, session: Session) -> None:
        marked, _ = self.chosen(action, session)
        self.planned(action, marked, session)

    def planned(self, action: Action, marked: list[str], session: Session) -> None:
        """Ask what the action needs to know first, then make its plan for the given items."""
        if not self.questions.ask(action, marked, session):
            self.make_plan(action, marked)

    def make_plan(self, action: Action, marked: list[str], **options: Any) -> None:
        """Have the session make the plan, then show it; what is wrong with it is shown as an error."""
        self.planning.make(action, marked, **options)

    def show_plan(self, plan: Plan) -> None:
        """Show a plan and run it when it is confirmed."""
        self.planning.show(plan)

    def run(self, plan: Plan | None) -> None:
        """Start a confirmed plan, or finish what is unsettled."""
        session = self._app.store.session
        if session is not None:
            doing = f"running “{plan.title}”" if plan is not None else "finishing what was begun"
            self._app.work.start(lambda: session.run(plan), group="run", doing=doing, then=self._ran)

    def _ran(self, summary: Summary) -> None:
        if summary.halted is not None:
            self._app.show_error(summary.halted, f"running “{summary.title}”", "run")
        elif summary.complete:
            self._app.tell(summary.line())
            if self._app.store.session is not None:
                self.closing.read_on(self._app.store.session)
        else:
            self._app.tell(f"{summary.line()}. Activity (6) says more; f goes on.", severity="warning")
        self._app.refresh_account(loud=False)

    # Runbook

    def _next(self) -> None:
        app = self._app
        step = app.main.runbook.current
        if step is None:
            app.tell(f"Not now: {NOT_OPEN}." if app.store.session is None else "Every step is closed.")
        elif step.next_action in ACTIONS:
            self.do(step.next_action)
        else:
            app.tell(f"Step {step.id} is done by hand: do it, then press t to attest it.")

    def _finish(self, session: Session) -> None:
        self.run(None)

    def _stop(self) -> None:
        if self._app.funnel.active and self._app.store.session is not None:
            self._app.store.session.stop()
            done, total = self._app.funnel.done, self._app.funnel.total
            self._app.tell(
                f"Stopping: {done} of {total} are done and stay done, what is under way ends, the rest stays "
                "planned. f goes on later."
            )

    def _preserve(self, session: Session) -> None:
        def told(_: None) -> None:
            self._app.tell("Evidence is stored, its hash is in the journal. m shows the message to Support.")
            # The rest (every setting, the log) follows below the writes and gates none of them.
            if not self._app.work.running("preserve-rest"):
                doing = "preserving every setting and the log"
                self._app.work.start(session.preserve_rest, group="preserve-rest", doing=doing, loud=False)

        self._app.work.start(session.preserve, group="preserve", doing="preserving evidence", then=told)

    def _sweep(self, session: Session) -> None:
        def told(sweep: Sweep) -> None:
            self._app.tell(f"{len(sweep.swept)} settings looked at, {len(sweep.asked())} to judge.")
            self._app.main.renew()
            if sweep.asked() and len(self._app.screen_stack) == 1:
                self.closing.findings(session)

        doing = "sweeping every setting"
        if self._app.work.running("sweep"):
            self._app.tell("Settings and log are being read already; it says when it is done.")
            return
        self._app.tell("Reading every setting; this takes a while and changes nothing.")
        self._app.work.start(lambda: session.investigation.sweep(), group="sweep", doing=doing, then=told)

    def _assess(self, session: Session) -> None:
        from workbench.tui.screens.texts import TextScreen

        def told(made: Assessment) -> None:
            hint = "S judges who sent what · W the window hour by hour · T the timeline"
            lines = "\n".join((*made.lines(), *made.damage_lines()))
            self._app.push_screen(TextScreen("The damage", self._app.safe(lines), hint=hint))

        if self._app.work.running("sweep"):
            self._app.tell("Settings and log are being read already; it says when it is done.")
            return
        self._app.tell("Reading the log of the abuse; this takes a while and changes nothing.")
        doing = "assessing the damage"
        self._app.work.start(lambda: session.investigation.assess(), group="assess", doing=doing, then=told)

    def _exercise(self, part: str, session: Session) -> None:
        def played(words: str) -> None:
            self._app.tell(words)
            # Hours and days pass: what is due is asked at once.
            self.blocklists.follow(session)
            self.vigil.look()

        doing = "playing a part of the drill"
        self._app.work.start(lambda: session.exercise(part), group="drill", doing=doing, then=played)

    def _support(self, session: Session) -> None:
        from workbench.tui.screens.texts import TextScreen

        def closed(copied: bool | None) -> None:
            if copied:
                self.attested(session, "0", "opening message to Support copied", "")

        hint = "Copy it and send it to Mailgun Support now; copying it is recorded as attested."
        text = self._app.safe(session.support_message())
        screen = TextScreen("To Mailgun Support", text, hint=hint, enter_copies=True)
        self._app.push_screen(screen, closed)

    def attested(self, session: Session, step: str, text: str, subject: str) -> None:
        """Record what a person says of a step."""
        self._app.work.start(
            lambda: session.attest(step, text, subject), group="attest", doing=f"attesting step {step}"
        )

    # Findings, blocklists, secrets

    def _no_reveal(self, session: Session, marked: list[str]) -> str:
        if self._app.store.look.share_safe:
            return "share-safe is on, and a secret is never drawn then; s turns it off"
        return "" if self._entry(session, marked) else "this row has no new secret"

    def _entry(self, session: Session, marked: list[str]) -> str:
        """Return the vault entry of the secret that belongs to the highlighted row, ``""`` for none."""
        key = self._app.main.panes[Pane.CREDENTIALS].table.cursor_key
        # The newest first: a password that was replaced once more is of no use to anybody.
        for record in reversed(session.state.effects.values()):
            about = (record.effect.target, record.result.get("key_id"), record.effect.params.get("replaces"))
            kind = record.effect.kind.value
            if record.entry and key in about and kind in ("key.create", "smtp.reset", "smtp.create"):
                return record.entry
        return ""

    def _reveal(self, session: Session) -> None:
        from workbench.tui.screens.reveal import RevealScreen

        entry = self._entry(session, [])

        def fetch(show: Callable[[Secret], None]) -> None:
            self._app.work.start(
                lambda: session.secret(entry), group="reveal", doing="fetching a secret", then=show
            )

        self._app.push_screen(RevealScreen(entry, fetch, session.clock, self._app.copy_secret))

    # Views

    def _local(self) -> None:
        look = self._app.store.look
        self._app.set_look(local=not look.local)
        self._app.tell("Times are in this host's zone now." if not look.local else "Times are in UTC now.")

    def _help(self) -> None:
        from workbench.tui.screens.help import HelpScreen

        pane = self._app.main.panes[self._app.main.current]
        self._app.push_screen(HelpScreen(pane.PANE, pane.TITLE, pane.HELP))
