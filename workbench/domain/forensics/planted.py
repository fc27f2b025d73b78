"""What the intruder made in the account, there still or gone by now: it is theirs, and was never taken. Pure."""

from __future__ import annotations

from datetime import datetime

from workbench.domain.forensics import timeline
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State


def planted(state: State) -> dict[str, datetime]:
    """Return keys (``key:<id>``), logins (``smtp:<login>``) and panel users (``user:<id>``) that look planted or were
    judged so, each with the earliest date the account gave for it.

    Read from the dates that are kept: whoever deletes a thing destroys its date, and what it opened is asked when
    it is gone. A user has no date of its own but that of the password, so nobody says more than *there by then*.
    """
    found: dict[str, datetime] = {}
    for moment in timeline.kept(state):
        kind, _, name = moment.about.partition(":")
        if moment.suspicious and kind in _KINDS:
            about = f"{_KINDS[kind]}:{name}"
            found[about] = min(found.get(about, moment.at), moment.at)
    return found


_KINDS = {"key": "key", "login": "smtp", "user": "user"}


def made_themselves(situation: Situation) -> frozenset[str]:
    """Return the credentials, as the log names them, that the intruder made: those were never stolen."""
    return frozenset((*situation.planted_credentials(), *planted(situation.state)))
