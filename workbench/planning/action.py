"""What an action of the table is: where its key works, how much it can hurt, whether it plans. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Pane(StrEnum):
    """The panes by the id their widgets carry."""

    RUNBOOK = "runbook"
    CREDENTIALS = "credentials"
    DOMAINS = "domains"
    USERS = "users"
    BLOCKLISTS = "blocklists"
    ACTIVITY = "activity"


class Danger(StrEnum):
    """How much an action can hurt: it decides how it is asked for."""

    NONE = "none"
    CHANGES = "changes the account"
    DESTROYS = "cannot be undone"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the operator can do.

    ``title`` is the palette's "area: verb"; ``does`` one sentence for help; ``needs`` says in words what
    must be selected or true, shown when the action is not possible now.
    """

    id: str
    title: str
    does: str
    key: str = ""
    panes: tuple[Pane, ...] = ()
    danger: Danger = Danger.NONE
    plans: bool = False
    step: str = ""
    footer: bool = False
    needs: str = ""

    @property
    def everywhere(self) -> bool:
        """Return whether the key works in every pane."""
        return not self.panes
