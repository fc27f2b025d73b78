"""What must be asked before an action can be planned or recorded: a number, a name, a judgement.

Each question is one small dialog; its answer goes back to ``Deeds``, which plans or records. Nothing here
starts a change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from workbench.actions.catalog import Action, Pane
from workbench.redact import visible
from workbench.screens.choices import Choice, Picked

if TYPE_CHECKING:
    from workbench.app import WorkbenchApp
    from workbench.session import Session

LEAST_LIMIT = 1000  # messages a month; the vendor refuses less (dossier B3)
_FINDING_KINDS = {Pane.DOMAINS: "domain", Pane.USERS: "user"}
_USER_STEPS = (
    Choice("4", "has a new password", "step 4"),
    Choice("5", "has two-factor switched on", "step 5"),
    Choice("1b", "is deleted in the control panel", "step 1b"),
)
_JUDGEMENTS = (
    Choice("keep", "Not sure yet", "stays on the list of what to judge"),
    Choice("ours", "It is ours", "somebody of yours made it and knows it"),
    Choice("intruder", "It is the intruder's", "nobody of yours made it"),
)


class Questions:
    """One per app."""

    def __init__(self, app: WorkbenchApp) -> None:
        self._app = app
        self._asks: dict[str, Callable[[Action, list[str], Session], object]] = {
            "limit.set": self._limit,
            "subaccounts.disable": self._subaccount,
            "subaccounts.enable": self._subaccount,
            "domains.delete": self._domain,
            "allowlist.add": self._allow,
            "allowlist.remove": self._disallow,
        }

    def ask(self, action: Action, marked: list[str], session: Session) -> bool:
        """Ask what a planning action needs to know first; return False where it needs nothing."""
        asks = self._asks.get(action.id)
        if asks is not None:
            asks(action, marked, session)
        return asks is not None

    def impossible(self, action: Action, session: Session) -> str | None:
        """Return why there is nothing to ask about (empty: there is); None for actions that ask nothing."""
        if action.id in ("subaccounts.disable", "subaccounts.enable"):
            return "" if self._subaccounts(action, session) else action.needs.join(("it needs ", ""))
        if action.id == "allowlist.remove":
            return "" if session.inventory.allowlist else "the IP allowlist is empty or not read"
        return None

    # One line

    def line(
        self,
        heading: str,
        text: str,
        answered: Callable[[str], object],
        *,
        placeholder: str = "",
        check: Callable[[str], str] | None = None,
    ) -> None:
        """Ask for one line."""
        from workbench.screens.asks import AskScreen

        def closed(answer: str | None) -> None:
            if answer is not None:
                answered(answer)

        self._app.push_screen(AskScreen(heading, text, placeholder=placeholder, check=check), closed)

    def pick(
        self,
        heading: str,
        text: str,
        choices: Sequence[Choice],
        answered: Callable[[Picked], object],
        *,
        reason: str = "",
    ) -> None:
        """Ask for one of several answers."""
        from workbench.screens.asks import PickScreen

        def closed(picked: Picked | None) -> None:
            if picked is not None:
                answered(picked)

        self._app.push_screen(PickScreen(heading, text, choices, reason=reason), closed)

    # Before plans

    def _limit(self, action: Action, marked: list[str], session: Session) -> None:
        def number(text: str) -> str:
            return text.replace(",", "").replace(".", "")

        def check(text: str) -> str:
            if not number(text).isdigit() or int(number(text)) < LEAST_LIMIT:
                return f"A whole number of messages a month, {LEAST_LIMIT:,} or more."
            return ""

        words = (
            "How many messages may the account send this month? Mailgun takes no less than 1,000; a limit below "
            "what was sent already probably stops all mail, yours included. The plan shows this month's use."
        )

        def answered(text: str) -> None:
            self._app.deeds.make_plan(action, marked, limit=int(number(text)))

        self.line("Sending limit", words, answered, placeholder="messages a month", check=check)

    def _subaccounts(self, action: Action, session: Session) -> list[Choice]:
        wanted = "open" if action.id.endswith("disable") else "disabled"
        return [
            Choice(item.id, visible(item.name or item.id, 60), visible(item.status or "", 20))
            for item in session.inventory.subaccounts.values()
            if item.status == wanted
        ]

    def _subaccount(self, action: Action, marked: list[str], session: Session) -> None:
        stop = action.id.endswith("disable")
        rogue = [f.id for f in session.findings() if f.kind == "subaccount" and f.decision != "ours"]
        if stop and len(rogue) == 1:
            # Only one looks like the intruder's: the plan itself asks.
            self._app.deeds.make_plan(action, rogue)
            return
        text = (
            "Everything a disabled subaccount sends stops until it is enabled again."
            if stop
            else "An enabled subaccount sends again, with whatever credentials it has."
        )
        heading = "Disable which subaccount?" if stop else "Enable which subaccount?"
        choices = self._subaccounts(action, session)
        self.pick(heading, text, choices, lambda p: self._app.deeds.make_plan(action, [p.id]))

    def _domain(self, action: Action, marked: list[str], session: Session) -> None:
        name = (marked or [self._rogue(session)])[0]
        words = (
            f"Deleting {visible(name, 120)} takes its logins, keys, templates and suppressions with it, for good. "
            "Type its full name to see the plan."
        )

        def answered(typed: str) -> None:
            self._app.deeds.make_plan(action, [name] if len(marked) <= 1 else marked, typed=typed)

        self.line("Delete a rogue domain", words, answered, placeholder="the domain's name")

    def _rogue(self, session: Session) -> str:
        """Return the domain meant where none is selected: the highlighted one, from elsewhere one judged rogue."""
        main = self._app.main
        if main.current is Pane.DOMAINS:
            return main.panes[Pane.DOMAINS].table.cursor_key or ""
        judged = (f.id for f in session.findings() if f.kind == "domain" and f.decision == "intruder")
        return next(judged, "")

    def _allow(self, action: Action, marked: list[str], session: Session) -> None:
        words = (
            "Which address or network? On a list in use this host's own address must be on it first; a list that "
            "is empty is never begun here, since its first entry shuts everybody else out."
        )

        def typed(address: str) -> None:
            choices = (
                Choice("other", "Another one", "this host's own is on the list already"),
                Choice("own", "This host's own address", "as Mailgun sees it"),
            )

            def answered(picked: Picked) -> None:
                self._app.deeds.make_plan(action, [], address=address, own=picked.id == "own")

            self.pick(f"Whose address is {visible(address, 60)}?", "", choices, answered)

        self.line("Add to the IP allowlist", words, typed, placeholder="192.0.2.10 or 192.0.2.0/28")

    def _disallow(self, action: Action, marked: list[str], session: Session) -> None:
        entries = session.inventory.allowlist
        choices = [
            Choice(name, visible(name, 60), visible(item.description or "", 60))
            for name, item in entries.items()
        ]

        def picked(entry: Picked) -> None:
            def answered(own: str) -> None:
                self._app.deeds.make_plan(action, [entry.id], own_address=own)

            words = (
                "The workbench must not shut itself out. Which address does Mailgun see this host come from?"
            )
            self.line("This host's own address", words, answered, placeholder="192.0.2.10")

        self.pick("Take which entry off the IP allowlist?", "", choices, picked)

    # Records

    def attest(self, session: Session) -> None:
        """Ask what is attested: a user's step in the users pane, else the step of the guide."""
        main = self._app.main
        deeds = self._app.deeds
        user = main.panes[Pane.USERS].table.cursor_key
        if main.current is Pane.USERS and user is not None:

            def picked(answer: Picked) -> None:
                text = answer.reason or next(c.words for c in _USER_STEPS if c.id == answer.id)
                deeds.attested(session, answer.id, text, user)

            text = (
                "Attest only what you know and the account cannot show. Your name and the time are recorded."
            )
            self.pick("This user…", text, _USER_STEPS, picked, reason="how do you know?")
            return
        step = main.runbook.current
        if step is None:
            self._app.tell("Every step is closed.")
            return
        question = "What do you know, and from whom? Your name and the time are recorded with it."
        heading = f"Attest step {step.id}: {step.title}"
        self.line(
            heading,
            question,
            lambda text: deeds.attested(session, step.id, text, ""),
            placeholder="what was done",
        )

    def judge(self, session: Session) -> None:
        """Ask whose the highlighted row is."""
        pane = self._app.main.current
        key = self._app.main.panes[pane].table.cursor_key
        if key is not None:
            kind = _FINDING_KINDS.get(pane) or ("key" if key in session.inventory.keys else "login")
            self.judge_finding(session, f"{kind}:{key}", key)

    def judge_finding(self, session: Session, finding: str, name: str) -> None:
        """Ask whose a finding is, with what speaks against it."""
        found = next((f for f in session.findings() if f.key == finding), None)
        why = "\n".join(f"- {visible(line)}" for line in found.why) if found is not None else ""
        title = self._app.safe(found.title if found is not None else name)

        def answered(picked: Picked) -> None:
            self._app.work.start(
                lambda: session.decide(finding, picked.id, picked.reason),
                group="decide",
                doing="recording your judgement",
            )

        text = self._app.safe(why) or "Nothing speaks against it so far."
        self.pick(f"Whose is it? {title}", text, _JUDGEMENTS, answered, reason="reason")

    def share(self) -> None:
        """Ask before share-safe goes off; back on needs no question."""
        if not self._app.store.look.share_safe:
            self._app.set_look(share_safe=True)
            return
        choices = (
            Choice("on", "Keep share-safe on"),
            Choice("off", "Turn it off", "people's addresses in full, secrets can be revealed"),
        )
        text = "Is nobody else looking at this screen, and is nothing recording it?"

        def answered(picked: Picked) -> None:
            if picked.id == "off":
                self._app.set_look(share_safe=False)

        self.pick("Turn share-safe off?", text, choices, answered)
