"""Whose addresses are people's: those in the panel, those who asked for keys, and those whom only the journal names."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, US, Story, key, situation
from workbench.domain.model import people
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.inventory import UserItem
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.state import State
from workbench.mailgun.models import User
from workbench.presentation.cells import Look, share_safe

GONE, ASKER, LOGIN = "mallory@evil.example", "ann@acme.example", "app@mg.acme.example"


def told(kind: str, /, **body: object) -> State:
    """Return a journal of one row."""
    return Story(at=NOW).add(kind, **body).state()


def deleted() -> State:
    """Return a journal in which a key was deleted because of who had asked for it."""
    why = f"asked for by {GONE}, who is not among the users"
    return Story(at=NOW).verified([an_effect(EffectKind.KEY_DELETE, "k", US, why=why)]).state()


def test_who_asked_for_a_key_is_a_person_and_a_login_is_none() -> None:
    there = situation([key("app", requestor=ASKER), key("ci", user_name=LOGIN)], [LOGIN])
    there.inventory.users["u"] = UserItem(User(id="u", email="Bob@Acme.example", name="Bob"), US)
    assert people.there(there.inventory) == {ASKER, "bob@acme.example"}


@pytest.mark.parametrize(
    "state",
    [
        told("alarm.raised", id="keys:k", kind="keys", target="k", text=f"key of {GONE} appeared"),
        told("alarm.raised", id="users:u", kind="users", target="u", text="a user", through=GONE),
        told("attested", step="1b", who="Ada", text=f"{GONE} deleted in the panel", subject=""),
        told("finding.decided", finding="user:u", decision="intruder", reason=f"{GONE}: nobody", who="Ada"),
        deleted(),
    ],
)
def test_a_stranger_who_is_gone_stays_a_person_on_every_shared_screen(state: State) -> None:
    state.baseline = AccountBaseline(logins=(LOGIN,))
    held = SimpleNamespace(inventory=situation().inventory, state=state)
    for text in (f"asked for by {GONE}, a stranger", f"“{GONE}”.", f"[{GONE.upper()}] {LOGIN} stays"):
        shown = share_safe(text, held, Look())
        assert GONE not in shown.lower() and shown.lower().count("ma…@evil.example") == 1
        assert LOGIN in shown or LOGIN not in text
        assert share_safe(text, held, Look(share_safe=False)) == text
