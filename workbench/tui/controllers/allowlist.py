"""What is asked before the IP allowlist is touched: which address, whose it is, and where this host comes from.

No call tells this host's address, and the wrong one shuts everybody out: it is typed, shown back, and confirmed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.core.redact import visible
from workbench.planning.catalog import Action
from workbench.tui.controllers.base import put_off
from workbench.tui.screens.choices import Choice, Picked

if TYPE_CHECKING:
    from workbench.tui.incident_port import Incident
    from workbench.tui.ports import Plans, Prompts, Ui

EXAMPLE = "192.0.2.10 or 192.0.2.0/28"


class AllowlistQuestions:
    """One per app; ``table`` is what ``Questions`` takes over."""

    def __init__(self, ui: Ui, plans: Plans, prompts: Prompts) -> None:
        self._ui = ui
        self._plans = plans
        self._prompts = prompts

    def table(self) -> dict[str, Callable[[Action, list[str], Incident], object]]:
        """Return the questions by action id."""
        return {"allowlist.add": self._allow, "allowlist.remove": self._disallow}

    def impossible(self, action_id: str, session: Incident) -> str:
        """Return why there is nothing to ask about, ``""`` when there is."""
        inventory = session.inventory
        if "allowlist" not in inventory.read_at:
            return "the IP allowlist is not read"
        if inventory.allowlist:
            return ""
        if action_id == "allowlist.remove":
            return "the IP allowlist is empty"
        contained = session.state.contained_at
        return "" if contained else "the IP allowlist is empty, and stays so until access is cut (step 11)"

    def _allow(self, action: Action, marked: list[str], session: Incident) -> None:
        if not session.inventory.allowlist:
            self._begin_list(action, session)
            return
        words = (
            "Which address or network? On a list in use this host's own address must be on it first, so that the "
            "change cannot shut the workbench out."
        )

        def typed(address: str) -> None:
            choices = (
                Choice("other", "Another one", "this host's own is asked next"),
                Choice("own", "This host's own address", "as Mailgun sees it"),
            )

            def answered(picked: Picked) -> None:
                if picked.id == "own":
                    self._confirm(
                        address, lambda own: self._make(action, [], address=own, own=True), self._unknown
                    )
                else:
                    self._own(session, lambda own: self._make(action, [], address=address, own_address=own))

            self._prompts.pick(f"Whose address is {visible(address, 60)}?", "", choices, answered)

        self._line("Add to the IP allowlist", words, typed, EXAMPLE)

    def _begin_list(self, action: Action, session: Incident) -> None:
        """The first entries of an empty list (step 11): ours and every address that sends, as one plan."""

        def senders(own: str) -> None:
            words = (
                "The list begins to bind with its first entry: whoever is not on it is refused at once, by API and "
                "SMTP. Every address or network from which your production sends, separated by spaces."
            )

            def typed(text: str) -> None:
                production = text.replace(",", " ").replace(";", " ").split()
                self._make(action, [], address=own, own=True, production=production)

            from workbench.domain.hardening.facts import production_addresses

            seen = " ".join(production_addresses(session.situation()))
            if seen:
                words += " Filled in is where the new credentials were seen in use: is anybody missing?"
            example = "192.0.2.20 192.0.2.32/28"
            self._line("Begin the IP allowlist", words, typed, example, several=True, start=seen)

        self._own(session, senders)

    def _disallow(self, action: Action, marked: list[str], session: Incident) -> None:
        from workbench.planning.allowlist import judged

        entries = session.inventory.allowlist
        chosen = [entry for entry in marked if entry in entries] or judged(session.situation())

        def own(names: list[str]) -> None:
            self._own(
                session,
                lambda address: self._make(action, names, own_address=address),
                left=lambda: put_off(self._ui, session, action.id),
            )

        if chosen:
            own(chosen)
            return
        choices = [
            Choice(name, visible(name, 60), visible(item.description or "", 60))
            for name, item in entries.items()
        ]
        self._prompts.pick(
            "Take which entry off the IP allowlist?", "", choices, lambda picked: own([picked.id])
        )

    # This host's own

    def _own(
        self, session: Incident, answered: Callable[[str], object], left: Callable[[], object] | None = None
    ) -> None:
        """Ask for this host's own address and confirm it; ``left`` is done where it is not known."""
        unknown = left or self._unknown
        words = (
            "Which address does Mailgun see this host come from? No call tells it: ask your network's people, or "
            "open a what-is-my-address page on this host."
        )
        if session.drill:
            words += "\nIn the drill it is 127.0.0.1."
        self._line(
            "This host's own address",
            words,
            lambda own: self._confirm(own, answered, unknown),
            "192.0.2.10",
            left=unknown,
        )

    def _unknown(self) -> None:
        self._ui.tell("Nothing was changed. Find out this host's address first.")

    def _confirm(self, address: str, answered: Callable[[str], object], left: Callable[[], object]) -> None:
        """Show the typed address back; only a deliberate yes goes on."""
        choices = (
            Choice("no", "No, or not sure", "nothing is changed"),
            Choice("yes", "Yes, this host is seen as it", "goes on to the plan"),
        )
        text = "If it is wrong, the workbench and everybody else here may be shut out of the account."

        def picked(answer: Picked) -> None:
            if answer.id == "yes":
                answered(address)
            else:
                left()

        heading = f"Is {visible(address, 60)} this host's own address?"
        self._prompts.pick(heading, text, choices, picked)

    def _line(
        self,
        heading: str,
        text: str,
        answered: Callable[[str], object],
        placeholder: str,
        *,
        several: bool = False,
        start: str = "",
        left: Callable[[], object] = lambda: None,
    ) -> None:
        def check(typed: str) -> str:
            from workbench.core.errors import UsageError
            from workbench.planning.allowlist import network_of

            parts = typed.replace(",", " ").replace(";", " ").split() if several else [typed]
            try:
                for part in parts:
                    network_of(part)
            except UsageError as error:
                return error.what
            return ""

        self._prompts.line(
            heading,
            text,
            answered,
            placeholder=placeholder,
            start=start,
            check=check,
            left=left,
        )

    def _make(self, action: Action, marked: list[str], **options: object) -> None:
        self._plans.make(action, marked, **options)
