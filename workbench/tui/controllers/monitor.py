"""What time and the watch bring up: hand-overs whose time is up, proofs that are due, alarms.

It looks every 15 seconds and when something happened, never every second. Nothing here writes to the account:
it shows, asks, and starts the proofs, which only read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from workbench.core.clock import iso
from workbench.core.words import plural
from workbench.planning.catalog import ACTIONS
from workbench.tui.controllers.background_readings import preserve_on
from workbench.tui.controllers.base import Controller

if TYPE_CHECKING:
    from workbench.domain.model.state import Alarm
    from workbench.domain.runbook.deadlines import Timer
    from workbench.domain.runbook.handover import Kept
    from workbench.execution.reverification import Reproof
    from workbench.tui.controllers.prompts import Questions
    from workbench.tui.incident_port import Incident
    from workbench.tui.ports import Plans, Selection, Ui
    from workbench.tui.screens.choices import Picked
    from workbench.tui.screens.lists import Chosen

EVERY = 15.0  # seconds
# The fact that holds which deadlines were asked about and answered, as they were due then.
AFTER_NEWS = 1.0  # seconds: news of one moment is looked at once
# A proof that failed is not tried again at every look.
PROVE_AGAIN_AFTER = timedelta(minutes=5)


class Monitor(Controller):
    """One per app; ``table`` is what the dispatcher takes over."""

    _coming = False
    _alarmed: frozenset[str] = frozenset()
    _asked: frozenset[tuple[str, datetime]] = frozenset()
    _adopted: frozenset[str] = frozenset()

    def __init__(self, ui: Ui, selection: Selection, plans: Plans, questions: Questions) -> None:
        super().__init__(ui, selection, plans, questions)
        self._questions = questions
        self._proved_at: dict[str, datetime] = {}

    def table(self) -> dict[str, Callable[[Incident], object]]:
        """Return the handlers by action id."""
        return {"alarms.show": self.alarms, "contain.prove": self.prove}

    def impossible(self, action_id: str, session: Incident) -> str | None:
        """Return why one of these is not possible now, ``""`` when it is."""
        from workbench.domain.detection.alarms import open_alarms

        if action_id == "alarms.show":
            return "" if open_alarms(session.situation()) else "no alarm is open"
        if session.recorder.read_only:
            return session.recorder.read_only_words
        return "" if session.state.last_cut_at else "nothing was cut yet"

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        """Look from now on."""
        self._ui.set_interval(EVERY, self.look)
        self.news({"alarms"})
        if self._ui.store.session is not None:
            preserve_on(self._ui, self._ui.store.session)

    def news(self, slices: set[str]) -> None:
        """Look soon, where something happened that may matter here; while a plan runs only for alarms."""
        matters = {"alarms"} if self._ui.plan_running else {"alarms", "run", "runbook"}
        if slices & matters and not self._coming:
            self._coming = True
            self._ui.once(AFTER_NEWS, self.look)

    def look(self) -> None:
        """Bring the top line up to date, tell what is new, ask what is due."""
        self._coming = False
        session = self._ui.store.session
        if session is None:
            return
        from workbench.domain.detection.alarms import open_alarms
        from workbench.domain.runbook import countdown, deadlines

        situation = session.situation()
        found = deadlines.running(situation)
        store = self._ui.store
        down = senders_down(session)
        shown = (countdown.short(situation, found), len(waiting := open_alarms(situation)), down)
        if shown != (store.countdown, store.alarms, store.senders_down):
            store.countdown, store.alarms, store.senders_down = shown
            self._ui.renew_status()
        timers = countdown.lines(situation, found)
        if timers != store.timers:
            store.timers = timers
            self._ui.renew_runbook()
        self._tell_alarms(waiting)
        # While the drill plays a part its hours pass, and what they show is not read yet.
        if session.recorder.read_only or self._ui.plan_running or self._ui.work.running("drill"):
            return
        self._tell_adopted(session)
        self._prove_if_due(session, found)
        self._ask(session, countdown.due(situation, found))

    def _tell_alarms(self, waiting: list[Alarm]) -> None:
        fresh = [alarm for alarm in waiting if alarm.id not in self._alarmed]
        self._alarmed |= {alarm.id for alarm in waiting}
        if fresh:
            self._ui.bell()
            more = f", and {len(fresh) - 1} more" if len(fresh) > 1 else ""
            self._ui.tell(f"ALARM: {fresh[0].text}{more}. A shows what to do.", severity="warning")

    # ── hand-over ────────────────────────────────────────────────────────────────────────────────────────

    def _tell_adopted(self, session: Incident) -> None:
        from workbench.domain.runbook.handover import kept

        for item in kept(session.situation()):
            if item.adopted and item.credential not in self._adopted:
                self._adopted |= {item.credential}
                self._ui.tell(f"Hand-over seen: {item.why}. F ends the old one.")

    def _ask(self, session: Incident, due: list[tuple[Timer, Kept]]) -> None:
        """Ask once about every hand-over whose time is up; a moved deadline is asked about again."""
        from workbench.domain.runbook.recorded import DeadlinesAnswered

        answered_before = session.state.known(DeadlinesAnswered).due
        fresh = [
            (timer, item)
            for timer, item in due
            if (timer.id, timer.due) not in self._asked and answered_before.get(timer.id) != iso(timer.due)
        ]
        if not fresh or len(self._ui.screen_stack) > 1:
            return
        self._asked |= {(timer.id, timer.due) for timer, _ in fresh}
        from workbench.domain.runbook import countdown
        from workbench.domain.runbook.handover import DEADLINE
        from workbench.tui.screens.choices import Choice

        situation = session.situation()
        names = [countdown.named(situation, timer) for timer, _ in fresh]
        minutes = int(DEADLINE.total_seconds()) // 60
        choices = (
            Choice("later", "Decide later", "nothing changes; F ends the old ones at any time"),
            Choice("more", f"{minutes} more minutes", "for the hand-over; then you are asked again"),
            Choice("finish", "End the old ones", "shows the plan first"),
        )
        called = [countdown.credential(situation, timer) for timer, _ in fresh]
        text = countdown.question([item for _, item in fresh], called)

        def answered(picked: Picked) -> None:
            if picked.id != "more":
                self._note_answers(session, [timer for timer, _ in fresh])
            if picked.id == "finish":
                targets = [item.target for _, item in fresh]
                self._plans.make(ACTIONS["handover.finish"], targets)
            elif picked.id == "more":
                self._more_time(session, [timer for timer, _ in fresh], DEADLINE)

        heading = f"Time is up: {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
        self._prompts.pick(heading, text, choices, answered)

    def _note_answers(self, session: Incident, found: list[Timer]) -> None:
        """Journal that these deadlines were asked about and answered: the next start does not ask again."""
        from workbench.domain.runbook.recorded import DeadlinesAnswered

        held = session.state.known(DeadlinesAnswered).due
        answered = DeadlinesAnswered(due={**held, **{timer.id: iso(timer.due) for timer in found}})
        self._ui.work.start(
            lambda: session.recorder.learn(answered), group="attest", doing="noting an answer"
        )

    def _more_time(self, session: Incident, found: list[Timer], more: timedelta) -> None:
        async def work() -> None:
            due = session.clock.now() + more
            for timer in found:
                await session.recorder.timer(
                    timer.id, due, timer.text, kind=timer.kind, subject=timer.subject
                )

        self._ui.work.start(
            work, group="attest", doing="moving a deadline", then=lambda _: self.news({"alarms"})
        )

    # ── proof that lasts ─────────────────────────────────────────────────────────────────────────────────

    def _prove_if_due(self, session: Incident, found: list[Timer]) -> None:
        from workbench.domain.runbook import proof_age
        from workbench.domain.runbook.deadlines import PROOF

        if session.account.capabilities is None:
            return
        if proof_age.due(session.state) and self._may_try("overtaken", session):
            # Nothing is contained before these are proven once more, and it asks nothing of the operator.
            self._start_overtaken(session)
        if any(t.kind == PROOF and t.over for t in found) and self._may_try("due", session):
            self._start_proof(session, loud=False)

    def _may_try(self, which: str, session: Incident) -> bool:
        """Return whether a proof may be tried now, and note that it is: what failed is not tried at every look."""
        now, tried = session.clock.now(), self._proved_at.get(which)
        if self._ui.work.running("proof") or (tried is not None and tried <= now < tried + PROVE_AGAIN_AFTER):
            return False
        self._proved_at[which] = now
        return True

    def prove(self, session: Incident) -> None:
        """Prove everything again now, because somebody asked for it."""
        self._ui.tell("Asking the account about everything that was cut and made; this changes nothing.")
        self._start_proof(session, loud=True)

    def _start_overtaken(self, session: Incident) -> None:
        def told(found: Reproof | None) -> None:
            if found is not None:
                words = f"The last way to set passwords is shut. New passwords: {found.line()}."
                self._ui.tell(words, "warning" if found.against else "information")
                self.news({"alarms"})

        doing = "proving the new passwords once more"
        self._ui.work.start(session.prove_overtaken, group="proof", doing=doing, loud=False, then=told)

    def _start_proof(self, session: Incident, *, loud: bool) -> None:
        def told(found: Reproof) -> None:
            self._ui.tell(
                f"Asked the account: {found.line()}.", "warning" if found.against else "information"
            )
            self.news({"alarms"})

        if not self._ui.work.running("proof"):
            doing = "proving again what was cut"
            self._ui.work.start(session.prove_again, group="proof", doing=doing, loud=loud, then=told)

    # ── alarms ───────────────────────────────────────────────────────────────────────────────────────────

    def of_line(self, session: Incident, key: str) -> bool:
        """Show what to do about the alarm that a line of the log tells of; False where it tells of none open."""
        from workbench.domain.detection.alarms import open_alarms

        line = next((line for line in session.recorder.log_lines() if str(line.seq) == key), None)
        if line is None or line.alarm not in {alarm.id for alarm in open_alarms(session.situation())}:
            return False
        self.alarms(session, first=line.alarm)
        return True

    def alarms(self, session: Incident, first: str = "") -> None:
        """List the open alarms, ``first`` on top, each with what to do about it; Enter shows that plan."""
        from workbench.domain.detection.alarms import TAKES_AWAY, by_hand, finding_key, open_alarms, remedy
        from workbench.tui.screens.lists import ListLine, Verb

        situation = session.situation()
        found = sorted(open_alarms(situation), key=lambda alarm: alarm.id != first)
        waiting = {alarm.id: alarm for alarm in found}
        remedies = {name: remedy(situation, alarm) for name, alarm in waiting.items()}
        lines = [
            ListLine(
                name,
                alarm.text,
                (
                    (ACTIONS[remedies[name]].title if remedies[name] else by_hand(situation, alarm))
                    + f" (seen {alarm.at[11:19]}Z)",
                ),
                "bad",
            )
            for name, alarm in waiting.items()
        ]
        text = (
            f"{plural(len(lines), 'thing')} appeared or changed that nothing done here explains: the intruder may "
            "still be inside. Enter plans the remedy; nothing changes before you confirm that plan."
        )
        verbs = (
            Verb("enter", "remedy", "plans the remedy"),
            Verb("y", "ours", "it is ours", judges=True),
            Verb("d", "judge", "judge with a reason"),
        )

        def answered(chosen: Chosen) -> None:
            known = {finding.key for finding in session.findings()}
            keys = [finding_key(waiting[name], known) for name in chosen.keys]
            one = waiting[chosen.cursor]
            if chosen.verb == "ours":
                self.decide(session, keys, "ours", "known, by the list of alarms")
            elif chosen.verb == "judge":
                self._questions.judge_finding(session, finding_key(one, known), one.text)
            elif len({remedies[name] for name in chosen.keys}) > 1 and TAKES_AWAY.issuperset(
                remedies[name] for name in chosen.keys
            ):
                self._leftovers(session, [waiting[name].target for name in chosen.keys])
            else:
                first = remedies[chosen.keys[0]]
                self._remedy(session, first, [waiting[n] for n in chosen.keys if remedies[n] == first])

        # What only goes away goes in one plan, which shows and counts it; whoever came for one alarm means that one.
        away = [name for name in waiting if remedies[name] in TAKES_AWAY and not first]
        self.show_list("Alarms", text, lines, verbs, answered, marked=away if len(away) > 1 else ())

    def _remedy(self, session: Incident, action_id: str, found: list[Alarm]) -> None:
        targets = list(dict.fromkeys(alarm.target for alarm in found))
        if not action_id:
            self._ui.tell("No call takes this back: find out who did it, then judge it here (y or d).")
        elif action_id == "leftovers.remove":
            self._leftovers(session, targets)
        elif action_id == "logins.reset":
            # It was reset before: that a second reset is meant must be said.
            self._plans.make(ACTIONS[action_id], targets, again=True)
        elif ACTIONS[action_id].plans:
            self._questions.planned(ACTIONS[action_id], targets, session)
        else:
            self._ui.do(action_id)
            self._ui.tell("No call deletes or demotes a user: do it in the control panel, at once.")

    def _leftovers(self, session: Incident, targets: list[str]) -> None:
        """Plan the removal of what a sweep knows by now; where it knows none of it, the settings are read first."""
        found = [one for one in session.findings() if not one.key.startswith("alarm:")]
        known: Any = {one.id for one in found if one.decision != "removed"}
        here = [target for target in dict.fromkeys(targets) if target in known]
        if here and not session.unavailable("leftovers.remove", here):
            self._plans.make(ACTIONS["leftovers.remove"], here)
        else:
            self._ui.do("leftovers.sweep")


def senders_down(session: Incident) -> int:
    """Return how many senders are down without their new credential; none once their step is closed."""
    from workbench.domain.runbook import adoption

    return adoption.senders_down(session.situation())
