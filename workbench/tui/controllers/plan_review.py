"""Plans on the screen: have one made, show it, build it again when the operator chose other ways, run it.

Only a plan that was confirmed there reaches ``session.run``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.core.errors import UsageError
from workbench.planning.catalog import Action

if TYPE_CHECKING:
    from workbench.domain.model.plan import Plan
    from workbench.planning.choices import Choices
    from workbench.tui.app import WorkbenchApp
    from workbench.tui.screens.plan import PlanScreen


class Planning:
    """One per app."""

    def __init__(self, app: WorkbenchApp) -> None:
        self._app = app

    def make(self, action: Action, marked: list[str], **options: Any) -> None:
        """Have the session make the plan, then show it; what is wrong with it is shown as an error."""
        session = self._app.store.session
        if session is None:
            return

        async def make() -> tuple[Plan, Choices | None]:
            from workbench.planning.choices import WITH_WAYS, Choices

            if action.id not in WITH_WAYS or options:
                return session.plan(action.id, marked, **options), None
            choices = Choices.proposed(session.situation(), action.id)
            return session.plan(action.id, marked, **choices.options()), choices

        def show(made: tuple[Plan, Choices | None]) -> None:
            self.show(made[0], made[1], action, marked)

        self._app.work.start(make, group="plan", doing=f"planning “{action.title}”", then=show)

    def show(
        self,
        plan: Plan,
        choices: Choices | None = None,
        action: Action | None = None,
        marked: list[str] | None = None,
    ) -> None:
        """Show a plan and run it when it is confirmed; with ``choices`` its ways can be switched there."""
        from workbench.tui.screens.plan import PlanScreen

        session, app = self._app.store.session, self._app
        if session is None or app.plan_shown():
            return

        def again(chosen: Choices) -> None:
            if action is not None:
                self._again(screen, action, marked or [], chosen)

        screen = PlanScreen(
            plan,
            session.title,
            ascii_mode=app.store.look.ascii,
            stale=app.staleness(),
            choices=choices,
            again=again,
        )
        # A toast would lie over the line in which the plan is confirmed.
        app.clear_notifications()
        app.push_screen(screen, self._closed)

    def _again(self, screen: PlanScreen, action: Action, marked: list[str], chosen: Choices) -> None:
        """Build the plan another way and put it on its screen; where there is none, say why and leave it."""
        session = self._app.store.session
        if session is None:
            return

        async def make() -> Plan | UsageError:
            try:
                return session.plan(action.id, marked, **chosen.options())
            except UsageError as error:
                return error

        def show(made: Plan | UsageError) -> None:
            if isinstance(made, UsageError):
                screen.notify(f"Not this way: {made.what}", markup=False)
            elif screen.is_attached:
                screen.renew(made, chosen)

        self._app.work.start(make, group="plan", doing=f"planning “{action.title}”", then=show)

    def _closed(self, plan: Plan | None) -> None:
        self._app.toasts.release()
        if plan is not None:
            self._app.deeds.run(plan)
