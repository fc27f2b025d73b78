"""Step 9 on the screen: ask the lists, show the way off, record what was asked for and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.core.redact import visible
from workbench.planning.catalog import Pane
from workbench.tui.controllers.base import Controller, SentQuestion

if TYPE_CHECKING:
    from workbench.blocklists.removal import Removal
    from workbench.tui.incident_port import Incident


class BlocklistsController(Controller):
    """One per app."""

    def table(self) -> dict[str, Callable[[Incident], object]]:
        """Return the handlers by action id."""
        return {
            "blocklists.check": self.check,
            "blocklists.removal": self.removal,
            "blocklists.requested": self.requested,
            "blocklists.refused": self.refused,
            "blocklists.overview": self.overview,
            "blocklists.terms": self.terms,
        }

    def impossible(self, action_id: str, session: Incident) -> str | None:
        """Return why an action of this step is not possible now, ``""`` when it is."""
        if action_id in ("blocklists.check", "blocklists.overview"):
            return None
        if action_id == "blocklists.terms":
            return self._nothing_to_accept(session)
        if not session.account.listings:
            return "nothing was looked up yet; b asks the blocklists"
        if action_id != "blocklists.removal" and session.recorder.read_only:
            return session.recorder.read_only_words
        if not session.state.listings.listed:
            return "nothing is listed now"
        if action_id != "blocklists.removal" and self._chosen(session) is None:
            return "the highlighted row is not listed"
        return ""

    def _nothing_to_accept(self, session: Incident) -> str:
        if session.recorder.read_only:
            return f"read-only: {session.recorder.holder_text} holds this incident"
        if session.account.blocklists.known_catalogue is None:
            return "nothing was looked up yet; b asks the blocklists"
        return "" if session.account.blocklists.acceptable() else "no list that matters waits for its terms"

    def terms(self, session: Incident) -> None:
        """Ask once whether the terms of the lists that are off because of them are accepted, and ask those lists."""
        from workbench.tui.screens.choices import Choice, Picked
        from workbench.tui.screens.prompts import PickScreen

        zones = session.account.blocklists.acceptable()
        every = {zone.name: zone for zone in zones}

        def answered(picked: Picked | None) -> None:
            if picked is None or picked.id == "no":
                return
            names = list(every) if picked.id == "all" else [picked.id]

            async def work() -> None:
                await session.account.blocklists.accept(names)
                await session.account.check_blocklists()

            self._ui.work.start(work, group="blocklists", doing="asking the blocklists")

        terms = "\n".join(
            f"{zone.title}: {zone.terms_note}. Terms: {zone.owner.terms_page or zone.owner.page}"
            for zone in zones
        )
        choices = (
            Choice("no", "Not now", "they stay off: not asked is not clean"),
            Choice("all", "I accept the terms of all of them", "recorded with your name; they are asked now"),
            *(Choice(zone.name, f"Only {zone.title}", visible(zone.terms_note, 80)) for zone in zones),
        )
        text = f"{terms}\nA list asked against its terms answers wrongly or not at all; its own check shows that."
        self._ui.push(PickScreen("Ask these lists?", self._ui.safe(text), choices), answered)

    def check(self, session: Incident) -> None:
        """Ask every list now, and read what the account shows of the days after."""

        from workbench.presentation.listings import round_words

        def told(_: None) -> None:
            self._ui.tell(round_words(session.situation(), session.clock.now()))

        self.begin_reading(
            session.account.check_blocklists,
            group="blocklists.check",
            doing="asking the blocklists",
            then=told,
        )

    def follow(self, session: Incident) -> None:
        """Ask what is due, in the background; what fails is said once."""
        if not self._ui.work.running("blocklists"):
            doing = "watching the blocklists"
            self._ui.work.start(session.account.watch_blocklists, group="blocklists", doing=doing, loud=False)

    def removal(self, session: Incident) -> None:
        """Show the way off the highlighted listing, else off the one that matters most."""
        from workbench.presentation.listings import removal_lines
        from workbench.tui.screens.removal import RemovalScreen

        every = session.account.blocklists.removals()
        first = next((one for one in every if one.ready), None) or next(iter(every), None)
        found = self._chosen(session) or first
        if found is None:
            self._ui.tell("No listing was seen.")
            return
        listing = found.listing

        def closed(copied: bool | None) -> None:
            if copied and found.ready:
                where = (
                    "to Mailgun Support"
                    if found.whose.value == "Mailgun"
                    else f"on {found.page or 'their page'}"
                )
                self.ask_sent(session, _sent_question(where), lambda: self._record(session, found))

        lines = "\n".join(self._ui.safe(line) for line in removal_lines(found))
        heading = f"{found.rank}. {listing.subject.value} on {listing.zone.title}"
        screen = RemovalScreen(heading, lines, found.text, hint=_hint(found), ready=found.ready)
        self._ui.push(screen, closed)

    def requested(self, session: Incident) -> None:
        """Record that the highlighted removal was asked for."""
        found = self._chosen(session)
        if found is not None:
            self._record(session, found)

    def _record(self, session: Incident, found: Removal) -> None:
        subject, zone = found.listing.pair

        async def work() -> str:
            request = await session.account.blocklists.requested(subject, zone)
            until = request.wait_until
            return f"{until:%d %b %H:%M}Z" if until is not None else "the wait"

        def told(until: str) -> None:
            self._ui.tell(f"Recorded. {found.listing.zone.title} is asked again after {until}.")

        self._ui.work.start(work, group="attest", doing="recording a removal request", then=told)

    def refused(self, session: Incident) -> None:
        """Record that the list said no, in its words."""
        from workbench.tui.screens.prompts import AskScreen

        found = self._chosen(session)
        if found is None:
            return
        subject, zone = found.listing.pair

        def answered(text: str | None) -> None:
            if text:
                self._ui.work.start(
                    lambda: session.account.blocklists.refused(subject, zone, text),
                    group="attest",
                    doing="recording a refused removal",
                )

        words = f"What did {found.listing.zone.title} answer about {subject}?"
        self._ui.push(AskScreen("The list said no", words, placeholder="their words"), answered)

    def overview(self, session: Incident) -> None:
        """Show what was not asked and why, refusals, rates, and Mailgun's own monitoring."""
        from workbench.domain.runbook import days_after
        from workbench.presentation.listings import overview_lines
        from workbench.tui.screens.texts import TextScreen

        watch = session.account.blocklists
        lines = overview_lines(
            watch.switched_off(),
            watch.health,
            watch.beside(),
            watch.vendor_gap,
            session.state,
            days_after.lines(session.situation()),
        )
        self._ui.push(TextScreen("Beside the verdicts", self._ui.safe("\n".join(lines))))

    def _chosen(self, session: Incident) -> Removal | None:
        """Return the way off the listing under the cursor of the blocklists pane."""
        here = self._selection.current is Pane.BLOCKLISTS
        key = self._selection.cursor_key(Pane.BLOCKLISTS) if here else None
        if key is None:
            return None
        subject, _, zone = key.partition("|")
        return session.account.blocklists.removal(subject, zone)


def _sent_question(where: str) -> SentQuestion:
    return SentQuestion(
        "blocklists.removal",
        "Was the request sent?",
        f"Ask {where}. Ask once: a second request before the wait is over makes it harder.",
        not_yet="it is only copied; Y on its row records it later",
        was_sent="recorded; the list is asked again after its wait",
    )


def _hint(found: Removal) -> str:
    """Return what the keys do for this listing, or why nothing is to be sent."""
    if found.ready:
        return "Copy the text and send it; then say that it was sent. N on its row records that the list said no."
    if not found.text:
        return "Nobody is to be asked: it ends by itself, and the watch tells when."
    return "Not ready: asking now makes the next request harder. The text is prepared already."
