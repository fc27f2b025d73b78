"""What must be asked before an action can be planned or recorded: a number, a name, a judgement.

Each question is one small dialog; its answer is planned or recorded. Nothing here starts a change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from workbench.core.redact import visible
from workbench.planning.catalog import Action, Pane
from workbench.tui.controllers.allowlist import AllowlistQuestions
from workbench.tui.controllers.base import Attested, attest, decide
from workbench.tui.screens.choices import Choice, Picked

if TYPE_CHECKING:
    from workbench.domain.runbook.manual_steps import PanelItem
    from workbench.domain.runbook.runbook import StepView
    from workbench.tui.incident_port import Incident
    from workbench.tui.ports import Plans, Selection, Ui

LEAST_LIMIT = 1000  # messages a month; the vendor refuses less (dossier B3)
_FINDING_KINDS = {Pane.DOMAINS: "domain", Pane.USERS: "user"}
_USER_STEPS = (
    Choice("nothing", "nothing yet", "nothing is recorded"),
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
    """One per app; what the controllers know as ``Prompts``, with what is asked before plans and records."""

    def __init__(self, ui: Ui, selection: Selection, plans: Plans) -> None:
        self._ui = ui
        self._selection = selection
        self._plans = plans
        self._admission = AllowlistQuestions(ui, plans, self)
        self._asks: dict[str, Callable[[Action, list[str], Incident], object]] = {
            "limit.set": self._limit,
            "subaccounts.disable": self._subaccount,
            "subaccounts.enable": self._subaccount,
            "domains.delete": self._domain,
            "keys.delete": self._delete,
            "logins.delete": self._delete,
            **self._admission.table(),
        }

    def ask(self, action: Action, marked: list[str], session: Incident) -> bool:
        """Ask what a planning action needs to know first; return False where it needs nothing."""
        asks = self._asks.get(action.id)
        if asks is not None:
            asks(action, marked, session)
        return asks is not None

    def impossible(self, action: Action, session: Incident) -> str | None:
        """Return why there is nothing to ask about (empty: there is); None for actions that ask nothing."""
        if action.id in ("subaccounts.disable", "subaccounts.enable"):
            return "" if self._subaccounts(action, session) else action.needs.join(("it needs ", ""))
        if action.id in self._admission.table():
            return self._admission.impossible(action.id, session)
        if action.id == "domains.delete":
            return "" if session.inventory.domains else "the account has no domain, or it is not read yet"
        return None

    def planned(self, action: Action, marked: list[str], session: Incident) -> None:
        """Ask what an action needs to know first, then make its plan for the given items."""
        if not self.ask(action, marked, session):
            self._plans.make(action, marked)

    # One line

    def line(
        self,
        heading: str,
        text: str,
        answered: Callable[[str], object],
        *,
        placeholder: str = "",
        start: str = "",
        check: Callable[[str], str] | None = None,
        left: Callable[[], object] = lambda: None,
    ) -> None:
        """Ask for one line, ``start`` filled in; people's addresses are shortened in what is asked."""
        from workbench.tui.screens.prompts import AskScreen

        def closed(answer: str | None) -> None:
            if answer is not None:
                answered(answer)
            else:
                left()

        safe = self._ui.safe
        screen = AskScreen(safe(heading), safe(text), placeholder=placeholder, start=start, check=check)
        self._ui.push(screen, closed)

    def pick(
        self,
        heading: str,
        text: str,
        choices: Sequence[Choice],
        answered: Callable[[Picked], object],
        *,
        reason: str = "",
    ) -> None:
        """Ask for one of several answers; people's addresses are shortened in them."""
        from workbench.tui.screens.prompts import PickScreen

        def closed(picked: Picked | None) -> None:
            if picked is not None:
                answered(picked)

        safe = self._ui.safe
        shown = [one._replace(words=safe(one.words), more=safe(one.more)) for one in choices]
        self._ui.push(PickScreen(safe(heading), safe(text), shown, reason=reason), closed)

    # Before plans

    def _limit(self, action: Action, marked: list[str], session: Incident) -> None:
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
            self._plans.make(action, marked, limit=int(number(text)))

        self.line("Sending limit", words, answered, placeholder="messages a month", check=check)

    def _delete(self, action: Action, marked: list[str], session: Incident) -> None:
        """Have the name typed of what no sign calls a stranger's; what is one is planned at once."""
        from workbench.planning.own_things import without_sign

        named = without_sign(session.situation(), action.id, marked)
        if len(named) > 1:
            self._ui.tell(
                f"{len(named)} of these are yours by all signs: such things are deleted one at a time, by their name.",
                "warning",
            )
        elif named:
            self._typed_own(action, marked, next(iter(named.values())))
        else:
            self._plans.make(action, marked)

    def _typed_own(self, action: Action, marked: list[str], name: str) -> None:
        shown = self._ui.safe(visible(name, 120)).strip()
        words = (
            f"{shown} is yours by all signs: nothing calls it a stranger's. Deleted without a replacement, whatever "
            "uses it stops for good; replacing it is r for a key, R for a login. Type its full name to see the plan."
        )

        def check(typed: str) -> str:
            # As it is shown is enough: a shortened address, a hidden character cannot be typed as they are.
            return (
                "" if typed in (name, shown) else f"That is not {shown}: nothing is planned." if typed else ""
            )

        def answered(_: str) -> None:
            self._plans.make(action, marked, typed=name)

        self.line("Delete what is yours", words, answered, placeholder="its full name", check=check)

    def _subaccounts(self, action: Action, session: Incident) -> list[Choice]:
        wanted = "open" if action.id.endswith("disable") else "disabled"
        return [
            Choice(item.id, visible(item.name or item.id, 60), visible(item.status or "", 20))
            for item in session.inventory.subaccounts.values()
            if item.status == wanted
        ]

    def _subaccount(self, action: Action, marked: list[str], session: Incident) -> None:
        stop = action.id.endswith("disable")
        rogue = [f.id for f in session.findings() if f.kind == "subaccount" and f.decision != "ours"]
        if stop and len(rogue) == 1:
            # Only one looks like the intruder's: the plan itself asks.
            self._plans.make(action, rogue)
            return
        text = (
            "Everything a disabled subaccount sends stops until it is enabled again."
            if stop
            else "An enabled subaccount sends again, with whatever credentials it has."
        )
        heading = "Disable which subaccount?" if stop else "Enable which subaccount?"
        choices = self._subaccounts(action, session)
        self.pick(heading, text, choices, lambda p: self._plans.make(action, [p.id]))

    def _domain(self, action: Action, marked: list[str], session: Incident) -> None:
        name = (marked or [self._rogue(session)])[0]
        if len(marked) > 1:
            self._ui.tell("Domains are deleted one at a time: select one.")
        elif name:
            self._named_domain(action, name, session)
        else:
            choices = [
                Choice(domain, visible(domain, 80), str(item.place))
                for domain, item in session.inventory.domains.items()
            ]
            self.pick(
                "Delete which domain?", "", choices, lambda p: self._named_domain(action, p.id, session)
            )

    def _named_domain(self, action: Action, name: str, session: Incident) -> None:
        """Have the name typed of a domain that may be yours; one that is judged and bears a sign is planned at once."""
        from workbench.planning.own_things import domain_wants_name

        if domain_wants_name(session.situation(), name):
            self._typed_domain(action, name)
        else:
            self._plans.make(action, [name])

    def _typed_domain(self, action: Action, name: str) -> None:
        words = (
            f"Deleting {visible(name, 120)} takes its logins, keys, templates and suppressions with it, for good. "
            "Type its full name to see the plan."
        )

        def check(typed: str) -> str:
            if typed == name:
                return ""
            wanted = visible(name, 120)
            return (
                f"That is not {wanted}: nothing is planned." if typed else f"Type {wanted}, or Esc leaves it."
            )

        def answered(typed: str) -> None:
            self._plans.make(action, [name], typed=typed)

        self.line("Delete a rogue domain", words, answered, placeholder="the domain's name", check=check)

    def _rogue(self, session: Incident) -> str:
        """Return the domain meant where none is selected: the highlighted one, from elsewhere one judged rogue."""
        if self._selection.current is Pane.DOMAINS:
            return self._selection.cursor_key(Pane.DOMAINS) or ""
        judged = (f.id for f in session.findings() if f.kind == "domain" and f.decision == "intruder")
        return next(judged, "")

    # Records

    def attest(self, session: Incident) -> None:
        """Ask what is attested: a user's step in the users pane, else the step of the guide."""
        user = self._selection.cursor_key(Pane.USERS)
        if self._selection.current is Pane.USERS and user is not None:

            def picked(answer: Picked) -> None:
                if answer.id == "nothing":
                    return
                text = answer.reason or next(c.words for c in _USER_STEPS if c.id == answer.id)
                attest(self._ui, session, Attested(answer.id, [(text, user)]))

            text = (
                "Attest only what you know and the account cannot show. Your name and the time are recorded."
            )
            self.pick("This user…", text, _USER_STEPS, picked, reason="how do you know?")
            return
        step = self._selection.step
        if step is None:
            self._ui.tell("No step is open: move to the one that you mean.")
            return
        # Late: what it needs of an incident is heavy, and no first frame needs it.
        from workbench.domain.runbook import manual_steps

        items = {item.subject: item for item in manual_steps.left(session.state, step.id)}
        if not items:
            self._attest_step(session, step)
            return
        choices = [Choice(i.subject, i.title, i.where) for i in items.values()]
        choices.append(Choice("step", "The step itself", step.title))

        def chosen(answer: Picked) -> None:
            if answer.id in items:
                self._attest_item(session, items[answer.id])
            else:
                self._attest_step(session, step)

        text = "No call does or shows these: somebody does them in the control panel, and says so here."
        self.pick(f"Attest what, of step {step.id}?", text, choices, chosen)

    def _attest_step(self, session: Incident, step: StepView) -> None:
        question = "What do you know, and from whom? Your name and the time are recorded with it."
        self.line(
            f"Attest step {step.id}: {step.title}",
            question,
            lambda text: attest(self._ui, session, Attested(step.id, [(text, "")])),
            placeholder="what was done",
        )

    def _attest_item(self, session: Incident, item: PanelItem) -> None:
        words = (
            f"{item.where}\nWhy: {item.why}\nBreaks: {item.breaks}\nUndo: {item.undo}\n"
            "Say who did it and what was seen. Your name and the time are recorded with it."
        )
        self.line(
            item.title,
            words,
            lambda text: attest(self._ui, session, Attested(item.step, [(text, item.subject)])),
            placeholder="who did it, what was seen",
        )

    def judge(self, session: Incident) -> None:
        """Ask whose the highlighted row is."""
        pane = self._selection.current
        key = self._selection.cursor_key(pane)
        if key is not None:
            kind = _FINDING_KINDS.get(pane) or ("key" if key in session.inventory.keys else "login")
            self.judge_finding(session, f"{kind}:{key}", key)

    def judge_finding(self, session: Incident, finding: str, name: str) -> None:
        """Ask whose a finding is, with what speaks against it."""
        found = next((f for f in session.findings() if f.key == finding), None)
        why = "\n".join(f"- {visible(line)}" for line in found.why) if found is not None else ""
        title = found.title if found is not None else name

        def answered(picked: Picked) -> None:
            decide(self._ui, session, [finding], picked.id, picked.reason)

        where = ", ".join(visible(place, 80) for place in found.where if place) if found is not None else ""
        text = f"{f'Where: {where}{chr(10)}' if where else ''}{why}"
        text = text if why else f"{text}Nothing speaks against it so far."
        self.pick(f"Whose is it? {title}", text, _JUDGEMENTS, answered, reason="reason")

    def share(self) -> None:
        """Ask before share-safe goes off; back on needs no question."""
        if not self._ui.store.look.share_safe:
            self._ui.set_look(share_safe=True)
            return
        choices = (
            Choice("on", "Keep share-safe on"),
            Choice("off", "Turn it off", "people's addresses in full, secrets can be revealed"),
        )
        text = "Is nobody else looking at this screen, and is nothing recording it?"

        def answered(picked: Picked) -> None:
            if picked.id == "off":
                self._ui.set_look(share_safe=False)

        self.pick("Turn share-safe off?", text, choices, answered)
