"""The later steps on the screen: findings, adoption, hardening, the report.

Like the dispatcher, nothing here writes to the account: it shows, records what a person said, and starts readings.
Each deed is done again from where things stand now, so that it can be left and come back to at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.core.redact import visible
from workbench.core.words import plural
from workbench.tui.controllers.base import Attested, Controller, SentQuestion

if TYPE_CHECKING:
    from workbench.domain.detection.findings import Finding
    from workbench.domain.runbook.adoption import Replacement
    from workbench.session.report_writer import Written
    from workbench.tui.controllers.prompts import Questions
    from workbench.tui.incident_port import Incident
    from workbench.tui.ports import Plans, Selection, Ui
    from workbench.tui.screens.lists import Chosen


class RecoveryController(Controller):
    """One per app; ``table`` is what the dispatcher takes over."""

    def __init__(self, ui: Ui, selection: Selection, plans: Plans, questions: Questions) -> None:
        super().__init__(ui, selection, plans, questions)
        self._questions = questions

    def table(self) -> dict[str, Callable[[Incident], object]]:
        """Return the handlers by action id."""
        return {
            "findings.judge": self.findings,
            "adoption.show": self.adoption,
            "harden.show": self.harden,
            "report.write": self.report,
            "panel.address": self.panel_address,
        }

    def panel_address(self, _: Incident) -> None:
        """Copy the address at which the guide's step is done by hand, and say how to use it."""
        from workbench.domain.runbook import panel

        step = self._selection.step
        address, what = panel.address_of(step.id) if step is not None else ("", "")
        if not address:
            self._ui.tell("Nothing of this step is done in the control panel.")
            return
        self._ui.copy_to_clipboard(address)
        self._ui.tell(f"{address}: {what}. {panel.WARNING}")

    # ── findings ─────────────────────────────────────────────────────────────────────────────────────────

    def findings(self, session: Incident) -> None:
        """Show everything that waits for a judgement; what probably is the intruder's is selected."""
        from workbench.domain.runbook import recovery
        from workbench.tui.controllers.list_words import to_judge, to_repair
        from workbench.tui.screens.lists import ListLine

        found = session.findings()
        waiting = [f for f in found if not f.decision and not f.key.startswith("leak:")]
        by_hand = recovery.by_hand(session.situation())
        if not waiting and not by_hand:
            self._ui.tell("Nothing waits for a judgement.")
            return
        tone = {"high": "bad", "medium": "warn"}
        looks = {"high": "theirs, likely", "medium": "theirs, maybe", "low": "unsure"} if waiting else {}
        lines = [
            ListLine(f.key, _named(f, session), f.why, tone.get(f.severity, ""), looks.get(f.severity, ""))
            for f in waiting or by_hand
        ]
        marked = [f.key for f in waiting if f.severity in ("high", "medium")]
        text, verbs = to_judge(len(waiting)) if waiting else to_repair(len(by_hand))

        def answered(chosen: Chosen) -> None:
            if chosen.verb == "on":
                # Whoever only read has judged nothing: the guide goes on, and asks again.
                self.put_off(session, "findings.judge")
            elif chosen.verb == "one":
                self._questions.judge_finding(session, chosen.cursor, chosen.cursor)
            else:
                reason = {"intruder": "judged in the list", "ours": "known, by the list"}.get(
                    chosen.verb, "by hand"
                )
                self.decide(session, chosen.keys, chosen.verb, reason, lambda: removal(chosen.verb))

        def removal(verb: str) -> None:
            # What was just called the intruder's is wanted gone: its plan follows, to be confirmed or left.
            left = [f for f in session.findings() if not f.decision and not f.key.startswith("leak:")]
            if verb == "intruder" and not left and not session.unavailable("leftovers.remove", []):
                self._ui.do("leftovers.remove")

        to_read = [line.key for line in lines]
        self.show_list("Judge the findings", text, lines, verbs, answered, marked=marked, to_read=to_read)

    # ── adoption ─────────────────────────────────────────────────────────────────────────────────────────

    def adoption(self, session: Incident) -> None:
        """Ask first whether the place of the leak is closed, then show every replacement and how far it is."""
        from workbench.domain.runbook import adoption

        question = adoption.source_question(session.situation())
        if not question:
            self._replacements(session)
            return
        from workbench.tui.screens.choices import Choice

        choices = (
            Choice("back", "Close it first", "step 7; nothing is recorded"),
            Choice("closed", "It is closed", "nobody can read a secret there any more"),
            Choice(
                "all-the-same",
                "Hand over all the same",
                "production waits; the new ones may leak the same way",
            ),
        )
        text = f"{question} A new secret put where the old one was stolen is stolen again."

        def picked(answer: Any) -> None:
            if answer.id == "back":
                self.put_off(session, "adoption.show")
            else:
                words = f"place of the leak: {answer.reason or answer.id}"
                self.attest(session, Attested(adoption.STEP, [(words, adoption.SOURCE)]))
                self._replacements(session)

        self._prompts.pick("Is the leak closed?", text, choices, picked, reason="how do you know?")

    def _replacements(self, session: Incident) -> None:
        from workbench.domain.runbook import adoption
        from workbench.tui.screens.lists import ListLine, Verb

        made = adoption.replacements(session.situation())
        if not made:
            self._ui.tell("No replacement is proven yet: nothing can be handed over.")
            return
        lines = [
            ListLine(
                one.id,
                one.line(),
                (f"owner {one.owner}" if one.owner else "no owner noted", *one.places),
                "warn" if one.waits else "ok" if one.in_use else "dim",
                fold="" if one.waits else "in use" if one.in_use else "nobody is waiting for a new one",
            )
            for one in made
        ]
        down = sum(one.down for one in made)
        waits = (
            f"{plural(down, 'sender')} down until the programs have the new credential."
            if down
            else "No sender is down."
        )
        text = (
            f"{waits} A hand-over counts when the account's log shows the new credential in use. No secret is shown "
            "here: each leaves the vault through a pipe."
        )
        verbs = (
            Verb("enter", "one", "copies the list for all who wait, or hands over the selected one"),
            Verb("c", "list", "the list"),
            Verb("y", "sent", "copies the list: it was sent"),
            Verb("n", "note", "notes owner and places"),
            Verb("x", "unneeded", "nobody needs it any more", judges=True),
        )

        def answered(chosen: Chosen) -> None:
            several = sum(one.waits for one in made) > 1
            if chosen.verb == "sent":
                self._hand_over(session, sent=True)
            elif chosen.verb == "list" or (chosen.verb == "one" and several and not chosen.selected):
                self._hand_over(session)
            elif chosen.verb == "note":
                self._note(session, chosen.keys)
            elif chosen.verb == "unneeded":
                self._unneeded(session, chosen.keys)
            else:
                one = next(r for r in made if r.id == chosen.keys[0])
                hint = "It holds commands, no secret. The journal notes when a secret leaves the vault."

                def copied() -> None:
                    # Where nobody else waits, the list of all is this one.
                    if one.waits and not several:
                        self._ask_told(session, f"hand-over of {one.name} sent", [one])

                self.show_text("Hand over", adoption.hand_over_text(one), hint, copied)

        self.show_list("New credentials into the applications", text, lines, verbs, answered)

    def _hand_over(self, session: Incident, *, sent: bool = False) -> None:
        from workbench.domain.runbook import adoption

        waiting = [one for one in adoption.replacements(session.situation()) if one.waits]
        if not waiting:
            self._ui.tell("Nobody waits for a new credential.")
            return
        self._ui.copy_to_clipboard(self._ui.safe(adoption.hand_over_list(waiting)))
        self._ui.tell(f"Give the list of {len(waiting)} to whoever runs the programs: it holds no secret.")
        words = f"hand-over list of {plural(len(waiting), 'credential')} sent"
        if sent:
            self._developers_told(session, words, waiting)
        else:
            self._ask_told(session, words, waiting)

    def _developers_told(self, session: Incident, words: str, listed: Sequence[Replacement]) -> None:
        from workbench.domain.runbook import adoption

        fact = adoption.with_listed(session.state, listed)
        self.attest(session, Attested(adoption.STEP, [(words, adoption.TOLD)], fact=fact))

    def _ask_told(self, session: Incident, words: str, listed: Sequence[Replacement]) -> None:
        text = "Whoever runs the programs needs it before their new credentials are any use."
        self.ask_sent(
            session,
            SentQuestion("adoption.show", "Was the list sent?", text),
            lambda: self._developers_told(session, words, listed),
        )

    def _noted(self, session: Incident, keys: Sequence[str], doing: str, **said: Any) -> None:
        """Record a note of each of the replacements: ``said`` are its fields."""
        from workbench.domain.model.recorded_rows import AdoptionNote

        async def work() -> None:
            for key in keys:
                await session.recorder.record("adoption.noted", AdoptionNote(effect=key, **said).body())

        self._ui.work.start(work, group="attest", doing=doing)

    def _unneeded(self, session: Incident, keys: Sequence[str]) -> None:
        self._noted(session, keys, "noting that nobody needs it", unneeded=session.recorder.operator)

    def _note(self, session: Incident, keys: Sequence[str]) -> None:
        def answered(typed: str) -> None:
            owner, *places = [part.strip() for part in typed.split(";")]
            named = tuple(visible(place, 200) for place in places if place)
            self._noted(session, keys, "noting owner and places", owner=visible(owner, 120), places=named)

        words = (
            f"For {plural(len(keys), 'credential')}: who answers for it, then where it goes. Never its value."
        )
        self._prompts.line(
            "Owner and places", words, answered, placeholder="owner; place; place …", check=_no_secret
        )

    # ── hardening, report ────────────────────────────────────────────────────────────────────────────────

    def harden(self, session: Incident) -> None:
        """Show every measure, the open ones first; attest one, or leave what is open for later by name."""
        from workbench.domain.hardening import measures as hardening
        from workbench.domain.hardening.recorded import ScoreBefore
        from workbench.tui.screens.lists import ListLine, Verb

        later = hardening.Standing.LATER
        measures = sorted(
            hardening.items(session.situation()),
            key=lambda item: (hardening.settled(item), item.standing is not later),
        )
        open_ = [item.id for item in measures if not hardening.settled(item)]
        now = hardening.score(measures)
        before = session.state.known(ScoreBefore).percent
        tones = {"good": "ok", "attested": "ok", "later": "dim", "open": "warn"}
        lines = [
            ListLine(
                i.id,
                i.title,
                (i.evidence, i.how, f"protects against: {i.protects}", f"might break: {i.breaks}"),
                tones.get(i.standing.value, ""),
                i.standing.value,
                "good or attested" if tones.get(i.standing.value) == "ok" else "",
            )
            for i in measures
        ]
        text = (
            f"Score {now.percent} %{f' (before: {before} %)' if before is not None else ''}. Each measure makes the "
            "next leak matter less. Selected is what is open: p plans what the API can do; the rest is done "
            "in the control panel and attested. What cannot be done today is left for later: the report lists it."
        )
        verbs = (
            Verb("enter", "on", "reads the next one, then goes on"),
            Verb("p", "plan", "plan"),
            Verb("t", "done", "attest", judges=True),
            # Nobody's word about how it stands: each is named as open in every report, and u takes it back.
            Verb("l", "later", "left for later"),
        )

        def answered(chosen: Chosen) -> None:
            if chosen.verb == "on":
                self._measures_read(session, len(open_))
            elif chosen.verb == "plan":
                self._plan_measures(session, [i for i in measures if i.id in chosen.keys])
            elif chosen.verb == "done":
                said = [(f"{key}: done, by the list of measures", key) for key in chosen.keys]
                self.attest(session, Attested(hardening.STEP, said))
            else:
                said = [(f"{key}: left for later", f"{hardening.LATER_MARK}{key}") for key in chosen.keys]
                left = plural(len(chosen.keys), "measure")
                told = (
                    f"{left} left for later: the report names them as open; u in Activity (6) takes it back."
                )
                self.attest(session, Attested(hardening.STEP, said, told))

        to_read = open_ or [item.id for item in measures if item.standing is later]
        self.show_list("Harden", text, lines, verbs, answered, marked=open_, to_read=to_read)

    def _measures_read(self, session: Incident, count: int) -> None:
        """Go on without a word about the open measures: whoever only read them has decided nothing."""
        if count:
            self.put_off(session, "harden.show")
        else:
            self._ui.tell("No measure is open: each stands, was attested, or was left for later.")

    def _plan_measures(self, session: Incident, chosen: Sequence[Any]) -> None:
        """Show the plan of the chosen measures; one that asks something first goes through its own questions."""
        from workbench.domain.hardening.measures import APPLY
        from workbench.planning.catalog import ACTIONS

        here = [item.id for item in chosen if item.action == APPLY]
        others = [item for item in chosen if item.action not in ("", APPLY)]
        if here:
            self._plans.make(ACTIONS[APPLY], here)
            if others:
                names = ", ".join(item.title for item in others)
                self._ui.tell(f"Planned one at a time, because it asks something first: {names}.")
        elif others:
            self._ui.do(others[0].action)
        else:
            self._ui.tell(
                "No call of the API does this: it is done in the control panel, then attested with t."
            )

    def report(self, session: Incident) -> None:
        """Write every report, then show the text for Support to copy."""

        def told(written: Written) -> None:
            hint = f"{written.words} You are asked whether it was sent."
            if self._ui.store.look.share_safe:
                hint += (
                    " Share-safe is on: people are shortened here and in what is copied, not in the files."
                )

            def sent() -> None:
                self.attest(session, Attested("12", [("report sent to Support", "")]))

            question = SentQuestion(
                "report.write",
                "Was the report sent to Support?",
                "It counts once Support has it, not once it is copied.",
            )
            self.show_to_send(session, "Report to Mailgun Support", written.support, hint, question, sent)

        self.begin_reading(session.write_report, group="report", doing="writing the reports", then=told)


def _named(found: Finding, session: Incident) -> str:
    """Return what a finding is about, a user with name and address: nobody is judged by an id."""
    item = session.inventory.users.get(found.id) if found.kind == "user" else None
    if item is None or not item.user.email or item.user.email in found.title:
        return found.title
    return f"{found.title}, {item.user.email}"


def _no_secret(text: str) -> str:
    from workbench.leaks.patterns import Scanner

    found = Scanner().scan(text.encode("utf-8", "replace"))
    return "This looks like a secret: note the place, never the value." if found else ""
