"""The one way in of every action, from keys, palette and guide alike: say why not, or hand it to its controller.

Nothing here writes to the account and nothing awaits the network on the screen's time: work goes to the
app's workers, plans go through the plan screen, and only a confirmed plan reaches ``session.run``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from workbench.planning.catalog import ACTIONS, Action, Pane

if TYPE_CHECKING:
    from workbench.tui.controllers.base import Controller
    from workbench.tui.controllers.prompts import Questions
    from workbench.tui.incident_port import Incident
    from workbench.tui.ports import Selection, Ui

# What these are about, in the panes that show it: the selection, else the row under the cursor, else they ask.
# From anywhere else (the guide, the palette over another pane) they are about everything that is left to do.
_ON_ROWS = frozenset({"keys.replace", "keys.delete", "logins.reset", "logins.delete", "queues.purge"})
_ON_CURSOR = _ON_ROWS | {"finding.judge", "secret.reveal"}
NOT_OPEN = "the incident is not open yet"


class Dispatcher:
    """One per app. ``always`` is what needs no open incident, by action id; the controllers bring the rest."""

    def __init__(
        self,
        ui: Ui,
        selection: Selection,
        questions: Questions,
        controllers: Sequence[Controller],
        always: Mapping[str, Callable[[], object]],
    ) -> None:
        self._ui = ui
        self._selection = selection
        self._questions = questions
        self._always = {"next.do": self._next, **always}
        self._handlers: dict[str, Callable[[Incident], object]] = {
            "step.attest": questions.attest,
            "finding.judge": questions.judge,
        }
        self._owners: dict[str, Controller] = {}
        for controller in controllers:
            handlers = controller.table()
            self._handlers.update(handlers)
            self._owners.update(dict.fromkeys(handlers, controller))

    def known(self) -> set[str]:
        """Return the ids of the actions that can be done here, for the test that compares."""
        return {*self._always, *self._handlers, *(a.id for a in ACTIONS.values() if a.plans)}

    def do(self, action_id: str) -> None:
        """Do an action, or say why it is not possible now."""
        action = ACTIONS[action_id]
        if (always := self._always.get(action_id)) is not None:
            always()
            return
        session = self._ui.store.session
        if session is None:
            self._ui.tell(f"Not now: {NOT_OPEN}.")
        elif reason := self._reason(action, session):
            self._ui.tell(f"Not now: {reason.rstrip('.')}.")
        elif action.plans:
            marked, _ = self.chosen(action, session)
            self._questions.planned(action, marked, session)
        else:
            self._handlers[action_id](session)

    def unavailable(self, action: Action) -> str:
        """Return why an action is not possible now, ``""`` when it is."""
        if action.id == "stop":
            return "" if self._ui.plan_running else "no plan is running"
        if action.id in self._always:
            return ""
        session = self._ui.store.session
        return NOT_OPEN if session is None else self._reason(action, session)

    def _reason(self, action: Action, session: Incident) -> str:
        marked, reason = self.chosen(action, session)
        if reason:
            return reason
        if action.id == "finding.judge":
            return "" if marked else "no row is highlighted"
        owner = self._owners.get(action.id)
        own = owner.impossible(action.id, session) if owner is not None else None
        if own is not None:
            return own
        asked = self._questions.impossible(action, session)
        if asked is not None:
            # What it is about is asked next; the session is asked with the plan.
            return asked
        return session.unavailable(action.id, marked)

    def chosen(self, action: Action, session: Incident) -> tuple[list[str], str]:
        """Return (row keys the action is about, why it cannot be about them).

        A selection that holds nothing of the action's kind is refused: handed on as nothing selected it
        would mean everything.
        """
        pane = self._selection.current
        if pane not in action.panes:
            return [], ""
        on_cursor = action.id in _ON_CURSOR
        keys = self._selection.chosen_keys(pane) if on_cursor else self._selection.marked_keys(pane)
        if action.id in _ON_ROWS and not keys:
            return [], "no row is highlighted: move to one, or select some"
        if action.id == "logins.reset" and pane is Pane.DOMAINS:
            logins = [one.login for one in session.inventory.logins.values() if one.domain in keys]
            return logins, "" if logins else "the domain has no SMTP login"
        if pane is not Pane.CREDENTIALS or not action.plans:
            return keys, ""
        of_keys = action.id.startswith("keys.")
        held = session.inventory.keys if of_keys else session.inventory.logins
        fitting = [key for key in keys if key in held]
        if keys and not fitting:
            which = (
                "nothing selected is" if self._selection.marked_keys(pane) else "the highlighted row is not"
            )
            return [], f"{which} an {'API key' if of_keys else 'SMTP login'}"
        return fitting, ""

    def _next(self) -> None:
        ui = self._ui
        step = self._selection.step
        if step is None:
            ui.tell(f"Not now: {NOT_OPEN}." if ui.store.session is None else "No step is open: move to one.")
        elif step.next_action in ACTIONS:
            self.do(step.next_action)
        else:
            ui.tell(f"Step {step.id} is done by hand: do it, then press t to attest it.")
