"""What no call can do or read: done in the control panel by a person, and attested (dossier B1, E, F). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.domain.model.state import State


@dataclass(frozen=True, slots=True)
class PanelItem:
    """One thing to do in the control panel. ``subject`` is what ``Session.attest`` is given for it.

    ``breaks`` says what it costs, ``undo`` how to take it back.
    """

    subject: str
    step: str
    title: str
    where: str
    why: str
    breaks: str
    undo: str


PANEL_ITEMS = (
    PanelItem(
        "panel:sessions",
        "3",
        "End all control-panel sessions",
        "No button does it: the opening message asks Support to; have every user set a new password too.",
        "A stolen session survives new keys and passwords, and can make keys again.",
        "everybody has to sign in again",
        "nothing to take back",
    ),
    PanelItem(
        "ask:reset-mailbox",
        "4",
        "Ask which mailbox gets the password-reset mails, and whether its own password is new",
        "Whoever answers for mail: name each mailbox, where it is forwarded to, when its password was changed.",
        "Whoever reads that mailbox has every new password link: a reset is worth no more than the mailbox it goes to.",
        "nothing",
        "nothing to take back",
    ),
    PanelItem(
        "ask:former-people",
        "5",
        "Ask which former colleagues or agencies still have a second factor or recovery codes of a user here",
        "The users themselves: shared authenticator apps, printed recovery codes, old phones.",
        "Two-factor that somebody who left still holds is theirs as well.",
        "nothing",
        "nothing to take back",
    ),
    PanelItem(
        "ask:copies",
        "7",
        "Ask who has a copy of what leaked: former colleagues, agencies, freelancers, backups, forks",
        "Whoever gave access to repository, server or .env since the credential was made.",
        "A hole that is closed here is still open in every copy, and the next credential goes into it.",
        "nothing",
        "nothing to take back",
    ),
    PanelItem(
        "ask:third-parties",
        "10",
        "Ask which third parties used the old credentials and must get a new one, or none any more",
        "Plugins, agencies, shops, CRM and form services that send in your name with a key or login of yours.",
        "They are down now, or somebody gives them the new credential by mail.",
        "nothing",
        "nothing to take back",
    ),
    PanelItem(
        "panel:session-timeouts",
        "11",
        "Shorten the session timeouts",
        "Profile menu, Security: inactive and absolute session timeout. They can be written by a call but never read.",
        "An intruder may have set them to years; nobody can see what they are.",
        "users are signed out sooner",
        "set them longer again",
    ),
    PanelItem(
        "panel:logout-address",
        "11",
        "Set the logout address to your own",
        "Profile menu, Security: logout redirect address. It can be written by a call but never read.",
        "A changed one sends people who sign out to a page that asks for their password.",
        "nothing",
        "set it to what it was",
    ),
    PanelItem(
        "panel:optimize-signing-key",
        "11",
        "Reset Optimize's own signing key and Slack token",
        "Optimize, Settings, Alerts (only with that add-on).",
        "With the old key anybody can forge its alerts; the other signing key is renewed by the workbench.",
        "receivers of those alerts, until they have the new key",
        "cannot be undone: the old key is gone",
    ),
)


def done(state: State) -> dict[str, str]:
    """Return who attested which item and when, by subject."""
    subjects = {item.subject for item in PANEL_ITEMS}
    return {a.subject: f"{a.who}, {a.at}" for a in state.attestations if a.subject in subjects}


def left(state: State, step: str = "") -> list[PanelItem]:
    """Return the items nobody has attested yet, of one step or of all."""
    known = done(state)
    return [item for item in PANEL_ITEMS if item.subject not in known and step in ("", item.step)]


def asked(state: State, step: str) -> list[str]:
    """Return the questions of a step that nobody has answered yet, as lines of its evidence."""
    return [
        f"not answered yet (t records it): {i.title}"
        for i in left(state, step)
        if i.subject.startswith("ask:")
    ]


def to_json(state: State) -> list[dict[str, Any]]:
    """Return every item with who attested it, for the command line's document."""
    known = done(state)
    return [
        {
            "id": item.subject,
            "step": item.step,
            "title": item.title,
            "where": item.where,
            "why": item.why,
            "breaks": item.breaks,
            "undo": item.undo,
            "attested": known.get(item.subject),
        }
        for item in PANEL_ITEMS
    ]
