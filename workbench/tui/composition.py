"""The controllers put together: each gets what it may use, and its actions go to the one dispatcher."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.tui.controllers.blocklists import BlocklistsController
from workbench.tui.controllers.dispatcher import Dispatcher
from workbench.tui.controllers.forensics import ForensicsController
from workbench.tui.controllers.incident import IncidentController
from workbench.tui.controllers.leaks import LeaksController
from workbench.tui.controllers.mail import MailController
from workbench.tui.controllers.monitor import Monitor
from workbench.tui.controllers.plan_review import PlanReview
from workbench.tui.controllers.prompts import Questions
from workbench.tui.controllers.recovery import RecoveryController
from workbench.tui.controllers.reveal import RevealController
from workbench.tui.controllers.unstored_secret import UnstoredSecret
from workbench.tui.controllers.users import UsersController

if TYPE_CHECKING:
    from workbench.tui.incident_port import Incident
    from workbench.tui.ports import Selection, Ui


@dataclass(frozen=True, slots=True)
class Controllers:
    """What the app itself calls: everything else is reached through the dispatcher."""

    dispatcher: Dispatcher
    monitor: Monitor
    blocklists: BlocklistsController
    plans: PlanReview
    questions: Questions
    unstored: UnstoredSecret


def composed(ui: Ui, selection: Selection, always: Mapping[str, Callable[[], object]]) -> Controllers:
    """Return the controllers of an app; ``always`` is what the app itself does, by action id."""
    plans = PlanReview(ui)
    questions = Questions(ui, selection, plans)
    recovery = RecoveryController(ui, selection, plans, questions)
    monitor = Monitor(ui, selection, plans, questions)
    blocklists = BlocklistsController(ui, selection, plans, questions)

    def follow(session: Incident) -> None:
        blocklists.follow(session)
        monitor.look()

    incident = IncidentController(ui, selection, plans, questions, findings=recovery.findings, follow=follow)
    several = [
        kind(ui, selection, plans, questions)
        for kind in (LeaksController, ForensicsController, MailController, UsersController, RevealController)
    ]
    dispatcher = Dispatcher(
        ui,
        selection,
        questions,
        [incident, recovery, monitor, blocklists, *several],
        {"share.toggle": questions.share, "stop": incident.stop, **always},
    )
    return Controllers(dispatcher, monitor, blocklists, plans, questions, UnstoredSecret(ui))
