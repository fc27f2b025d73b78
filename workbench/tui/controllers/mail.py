"""The intruder's mail on the screen: fetch it, read it harmlessly, stop its links, warn who followed them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.core.redact import visible
from workbench.presentation.cells import hide_all_addresses, not_whole
from workbench.tui.controllers.base import Controller, SentQuestion

if TYPE_CHECKING:
    from workbench.domain.mail.samples import Sample
    from workbench.readers.recipients import RecipientList
    from workbench.tui.incident_port import Incident


class MailController(Controller):
    """One per app; shows and writes lists for the operator, never to the account."""

    def table(self) -> dict[str, Callable[[Incident], object]]:
        """Return the handlers by action id."""
        return {
            "mail.fetch": self.fetch,
            "mail.show": self.read,
            "mail.links": self.links,
            "mail.clicked": self.clicked,
            "export.write": self.export,
            "lost.show": self.lost,
            "billing.dispute": self.billing,
            "support.update": self.update,
        }

    def impossible(self, action_id: str, session: Incident) -> str | None:
        """Return why one of these is not possible now."""
        if action_id == "mail.fetch" and session.recorder.read_only:
            return session.recorder.read_only_words
        if (
            action_id in ("mail.fetch", "mail.clicked", "lost.show")
            and session.account.investigation.assessment is None
        ):
            return "nothing is assessed in this session yet: “damage: assess from the log”"
        if action_id == "mail.show" and "mail" not in session.state.snapshots:
            return "no message was fetched yet: “mail: fetch the intruder's messages”"
        return ""

    def fetch(self, session: Incident) -> None:
        """Fetch and seal, then say what came of it."""
        made = session.account.investigation.assessment
        if made is None:
            return

        def told(found: list[Sample]) -> None:
            from workbench.presentation.mail import standing

            stored = sum(1 for one in found if one.sha256)
            self._ui.tell(
                f"{stored} of {len(found)} messages are sealed; “mail: read what was sent” shows them."
            )
            missing = "\n".join(f"{one.subject}: {standing(one)}" for one in found if not one.sha256)
            if missing:
                self.show_text("Messages that could not be fetched", missing, "", None, take=False)
            self._ui.renew()

        self.begin_reading(
            lambda: session.account.investigation.mail.preserve(made.proposals),
            group="mail.fetch",
            doing="fetching the intruder's messages",
            then=told,
        )

    def read(self, session: Incident) -> None:
        """Show the sealed messages."""

        def told(text: str) -> None:
            hint = "Plain text: nothing in it is a link. The evidence holds the messages as they were sent."
            safe = hide_all_addresses(text, self._ui.store.look)
            self.show_text("What the intruder sent", safe, hint, None, take=False)

        self.begin_reading(
            session.recorder.stored_mail, group="mail.show", doing="opening the sealed messages", then=told
        )

    def links(self, session: Incident) -> None:
        """Show landing pages, look-ups and the texts about them."""
        from workbench.domain.mail import landing
        from workbench.presentation.mail import landing_rows
        from workbench.reports import mail_texts

        situation = session.situation()
        rows = landing_rows(landing.landings(situation))
        pages = [f"{link}  clicks {clicks}, messages {held}  {apes}" for link, clicks, held, apes in rows]
        parts = [
            "\n".join(pages or ["No landing page is known yet."]),
            "\n".join(mail_texts.lookups(situation)),
            mail_texts.to_mailgun(situation),
            mail_texts.to_host(situation),
            mail_texts.to_registrar(situation),
        ]
        rule = "\n\n" + "─" * 40 + "\n\n"
        hint = "Nothing is sent: complete the blanks, then send each text yourself."
        self.show_text("Where the mail leads to", rule.join(part for part in parts if part), hint, None)

    def export(self, session: Incident) -> None:
        """Ask for the form and a file, then write it."""
        from pathlib import Path

        from workbench.core.atomic_files import write_new
        from workbench.documents import exports
        from workbench.tui.screens.choices import Choice, Picked

        def chosen(picked: Picked) -> None:
            kind = picked.id

            def given(typed: str) -> None:
                path = Path(typed).expanduser()

                async def work() -> None:
                    content = exports.made(kind, session.situation(), session.account.investigation.moments)
                    await asyncio.to_thread(write_new, path, content)

                def told(_: None) -> None:
                    self._ui.tell(f"{kind} written to {visible(str(path), 120)}, readable by you alone.")

                self._ui.work.start(work, group="export", doing="writing the export", then=told)

            words = "Name a file that does not exist yet; people's addresses in it are shortened."
            self._prompts.line("Export", words, given, placeholder=f"{kind}.txt")

        choices = [Choice(kind, words) for kind, words in exports.KINDS.items()]
        self._prompts.pick("Export for other programs", "Which form?", choices, chosen)

    def clicked(self, session: Incident) -> None:
        """Collect who clicked, show it, ask where to, write it."""
        made = session.account.investigation.assessment
        if made is None:
            return

        def collected(found: RecipientList) -> None:
            self._write(session, found, "clicked", "Write who clicked")

        self.begin_reading(
            lambda: session.account.investigation.mail.clicked(made.table, made.proposals),
            group="mail.clicked",
            doing="reading who clicked",
            then=collected,
        )

    def lost(self, session: Incident) -> None:
        """Count own mail that was lost, show it, ask where the list is to go."""
        made = session.account.investigation.assessment
        if made is None:
            return

        def collected(found: RecipientList) -> None:
            from workbench.domain.forensics import lost
            from workbench.domain.forensics.recorded import LostMail

            self._ui.tell(" ".join(lost.lines(session.state.fact(LostMail))))
            self._write(session, found, "lost", "Write whom to send again to")

        self.begin_reading(
            lambda: session.account.investigation.mail.lost(made.table, made.proposals, made.window.began),
            group="mail.lost",
            doing="reading what was lost",
            then=collected,
        )

    def billing(self, session: Incident) -> None:
        """Show the text that disputes the bill."""
        from workbench.reports.production import billing

        hint = "Complete the blanks and send it to Mailgun's billing; nothing is sent from here."
        self.show_text("Dispute the bill", billing(session.situation()), hint, None)

    def update(self, session: Incident) -> None:
        """Show what changed since the last update to Support; the next one tells what changed since this was sent."""
        from workbench.reports import support_update

        situation = session.situation()

        def sent() -> None:
            told = support_update.to_fact(situation, session.recorder.operator)
            self._ui.work.start(
                lambda: session.recorder.learn(told), group="attest", doing="recording the update"
            )

        hint = "Send it to Mailgun Support; you are asked whether it was sent. The next one tells what changed since."
        words = "The next update leaves out what this one told."
        question = SentQuestion("support.update", "Was the update sent to Support?", words)
        self.show_to_send(
            session, "Update to Support", support_update.update(situation), hint, question, sent
        )

    def _write(self, session: Incident, found: RecipientList, what: str, heading: str) -> None:
        from pathlib import Path

        seen = found.preview()
        shown = "; ".join(" | ".join(row[:3]) for row in seen.rows)

        def given(typed: str) -> None:
            path = Path(typed).expanduser()

            def told(count: int) -> None:
                found.close()
                self._ui.tell(
                    f"{count:,} people written to {visible(str(path), 120)}, readable by you alone."
                )

            self._ui.work.start(
                lambda: session.account.investigation.mail.write(found, path, what),
                group="mail",
                doing="writing the list",
                then=told,
            )

        words = (
            f"{seen.people:,} people; columns {', '.join(seen.columns)}. The first: {shown or 'nobody'}."
            f"{not_whole(found.gaps)} It is personal data and is written only because you ask. Name a file that does "
            "not exist yet."
        )
        self._prompts.line(heading, words, given, placeholder=f"{what}.csv")
