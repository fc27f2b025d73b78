"""Plans on the screen: have one made, show it, build it again when the operator chose other ways, run it.

Only a plan that was confirmed there reaches ``session.run``.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from workbench.core.errors import UsageError
from workbench.planning.catalog import Action

if TYPE_CHECKING:
    from workbench.domain.model.plan import Plan
    from workbench.execution.progress import Summary
    from workbench.planning.choices import Choices
    from workbench.tui.incident_port import Incident
    from workbench.tui.ports import Ui
    from workbench.tui.screens.plan import PlanScreen


# The plan that is about everything, and how often it is looked whether all is read (seconds).
ALL = "contain.all"
LOOK_AGAIN = 0.2


class PlanReview:
    """One per app; what the controllers know as ``Plans``."""

    def __init__(self, ui: Ui) -> None:
        self._ui = ui
        self._waits = False
        self._ahead = False

    def make(self, action: Action, marked: list[str], **options: Any) -> None:
        """Have the session make the plan, then show it; what is wrong with it is shown as an error."""
        session = self._ui.store.session
        if session is None or self._waiting(session, action):
            return

        async def make() -> tuple[Plan, Choices | None]:
            from workbench.planning.choices import WITH_WAYS, Choices

            await self._all_read(session, action)

            if action.id not in WITH_WAYS or options:
                return session.plan(action.id, marked, **options), None
            choices = Choices.proposed(session.situation(), action.id)
            return session.plan(action.id, marked, **choices.options()), choices

        def show(made: tuple[Plan, Choices | None]) -> None:
            self.show(made[0], made[1], action, marked)

        self._ui.work.start(make, group="plan", doing=f"planning “{action.title}”", then=show)

    def _waiting(self, session: Incident, action: Action) -> bool:
        """Say what a plan about all still waits for; asked for once more it goes ahead with what is read."""
        from workbench.planning.contain import unread_yet

        names = unread_yet(session.situation()) if action.id == ALL and self._ui.store.reading else []
        if not names:
            return False
        if self._waits:
            self._ahead = True
            return True
        self._ui.tell(
            f"Still reading {', '.join(names)}: the plan opens when all is read. The same key again goes ahead with "
            "what is read, as a PARTIAL plan."
        )
        return False

    async def _all_read(self, session: Incident, action: Action) -> None:
        """Wait until the account is read, or until the operator goes ahead without."""
        from workbench.planning.contain import unread_yet

        if action.id != ALL:
            return
        self._waits, self._ahead = True, False
        try:
            # Reading has no event of its own here: the inventory fills slice by slice.
            while self._ui.store.reading and not self._ahead and unread_yet(session.situation()):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_AGAIN)
        finally:
            self._waits = False

    def show(
        self,
        plan: Plan,
        choices: Choices | None = None,
        action: Action | None = None,
        marked: list[str] | None = None,
    ) -> None:
        """Show a plan and run it when it is confirmed; with ``choices`` its ways can be switched there."""
        from workbench.tui.screens.plan import PlanScreen

        session, ui = self._ui.store.session, self._ui
        if session is None or ui.plan_shown():
            return

        def again(chosen: Choices) -> None:
            if action is not None:
                self._again(screen, action, marked or [], chosen)

        screen = PlanScreen(
            plan,
            session.account.title,
            ascii_mode=ui.store.look.ascii,
            stale=ui.staleness(),
            choices=choices,
            again=again,
            safe=ui.safe,
        )
        ui.clear_corner()
        ui.push(screen, self._closed)

    def _again(self, screen: PlanScreen, action: Action, marked: list[str], chosen: Choices) -> None:
        """Build the plan another way and put it on its screen; where there is none, say why and leave it."""
        session = self._ui.store.session
        if session is None:
            return

        async def make() -> Plan | UsageError:
            try:
                return session.plan(action.id, marked, **chosen.options())
            except UsageError as error:
                return error

        def show(made: Plan | UsageError) -> None:
            if isinstance(made, UsageError):
                screen.say(f"Not this way: {made.what}")
            elif screen.is_attached:
                screen.renew(made, chosen)

        self._ui.work.start(make, group="plan", doing=f"planning “{action.title}”", then=show)

    def _closed(self, plan: Plan | None) -> None:
        self._ui.plan_closed()
        if plan is not None:
            self.run(plan)
        else:
            self._ui.tell("The plan was left: nothing is changed.")

    def run(self, plan: Plan | None) -> None:
        """Start a confirmed plan, or finish what is unsettled."""
        session = self._ui.store.session
        if session is not None:
            doing = f"running “{plan.title}”" if plan is not None else "finishing what was begun"
            self._ui.work.start(lambda: session.run(plan), group="run", doing=doing, then=self._ran)

    def _ran(self, summary: Summary) -> None:
        if summary.halted is not None:
            self._ui.show_error(summary.halted, f"running “{summary.title}”", "run")
        elif summary.complete:
            self._ui.tell(summary.line())
        else:
            session = self._ui.store.session
            goes_on = "; f goes on" if session is not None and session.state.half_done else ""
            self._ui.tell(f"{summary.line()}. Activity (6) says more{goes_on}.", severity="warning")
        self._ui.refresh_account(loud=False)
