"""What happened, on the screen: the timeline, and the abuse window with its hourly chart (step 8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from workbench.core.redact import visible
from workbench.core.words import plural
from workbench.presentation.cells import not_whole, people_of
from workbench.tui.controllers.base import Controller, as_somebody

if TYPE_CHECKING:
    from workbench.domain.forensics.moment import Moment
    from workbench.presentation.timeline import Hidden
    from workbench.readers.recipients import WrittenList
    from workbench.tui.incident_port import Incident
    from workbench.tui.screens.lists import Chosen


class ForensicsController(Controller):
    """One per app; ``table`` is what the dispatcher takes over. Shows, and records what the operator decides."""

    def table(self) -> dict[str, Callable[[Incident], object]]:
        """Return the handlers by action id."""
        return {
            "timeline.show": self.timeline,
            "window.show": self.window,
            "senders.judge": self.senders,
            "support.questions": self.questions,
        }

    def timeline(self, session: Incident) -> None:
        """Show everything dated that is known; it follows the journal while it is open."""
        from workbench.tui.screens.timeline import TimelineScreen

        seen = -1

        def moments() -> list[Moment] | None:
            nonlocal seen
            if session.state.last_seq == seen:
                return None
            seen = session.state.last_seq
            return session.account.investigation.moments()

        self._ui.push(TimelineScreen(moments, self._ui.store.look, hidden(session)))

    def window(self, session: Incident) -> None:
        """Show the hourly chart and the breakdowns, as far as they were read."""
        from workbench.tui.screens.window import WindowScreen

        self._ui.push(WindowScreen(session.account.investigation.window(), self._ui.store.look))

    def questions(self, session: Incident) -> None:
        """Show what the sweep could not look at and what no call shows, as questions to copy."""
        from workbench.domain.settings_audit.recorded import SweepRead
        from workbench.domain.settings_audit.unread import questions

        rows = session.state.known(SweepRead).unread
        hint = "The API shows none of this: send the questions to Mailgun Support."
        self.show_text("What the account cannot show", questions(rows), hint, None)

    def senders(self, session: Incident) -> None:
        """Show who sent what; the operator decides, and what follows from it is counted again."""
        from workbench.tui.screens.senders import SendersScreen

        found = session.account.investigation.senders()
        if not found:
            self._ui.tell("Nothing is assessed yet: “damage: assess from the log” reads who sent what.")
            return

        def answered(chosen: Chosen | None) -> None:
            if chosen is None:
                return
            if chosen.verb == "addresses":
                self._addresses(session)
            elif chosen.verb == "recipients":
                self._recipients(session)
            else:
                words = "the intruder's" if chosen.verb == "intruder" else "yours"
                self.counted(len(chosen.keys), words, lambda: self._judge(session, chosen.keys, chosen.verb))

        screen = SendersScreen(found, self._ui.safe, ascii_mode=self._ui.store.look.ascii)
        self._ui.push(screen, answered)

    def _judge(self, session: Incident, keys: Sequence[str], decision: str) -> None:
        async def work() -> bool:
            for key in keys:
                await session.recorder.decide(key, decision, "judged in the list of senders")
            return await session.account.investigation.judge_again() is not None

        def told(counted: bool) -> None:
            when = "the figures are counted again" if counted else "it counts from the next assessment on"
            self._ui.tell(f"{plural(len(keys), 'sender')} judged; {when}.")
            self._ui.renew()

        as_somebody(
            self._ui,
            session,
            lambda: self._ui.work.start(work, group="decide", doing="recording your judgement", then=told),
        )

    def _addresses(self, session: Incident) -> None:
        from workbench.domain.forensics.senders import for_abuse_reports

        made = session.account.investigation.assessment
        text = for_abuse_reports(made.proposals) if made is not None else ""
        if not text:
            self._ui.tell("No address is known to be the intruder's: assess first, or judge the senders.")
            return
        hint = "Send each line to the abuse contact of the address's network. Times are UTC."
        self.show_text("Addresses for abuse reports", text, hint, None)

    def _recipients(self, session: Incident) -> None:
        from pathlib import Path

        def given(typed: str) -> None:
            path = Path(typed).expanduser()

            def told(made: WrittenList) -> None:
                where = visible(str(path), 120)
                self._ui.tell(
                    f"{plural(made.people, 'recipient')} written to {where}, readable by you alone."
                    f"{not_whole(made.gaps)}"
                )

            self._ui.work.start(
                lambda: session.account.investigation.write_recipients(path),
                group="assess",
                doing="writing the recipients",
                then=told,
            )

        words = (
            "The addresses that the intruder's mail was delivered to, as CSV, for those who must notify them. It is "
            "personal data and is written only now, because you ask. Name a file that does not exist yet."
        )
        self._prompts.line("Write whom it reached", words, given, placeholder="recipients.csv")


def hidden(session: Incident) -> Hidden:
    """Return whose addresses a timeline shortens while share-safe is on."""
    from workbench.presentation.timeline import Hidden

    logins = {login.lower() for login in session.state.baseline.logins or ()}
    return Hidden(
        people_of(session.inventory, session.state),
        frozenset(logins | {n.lower() for n in session.inventory.logins}),
    )
