"""A panel user whose mail address changed since the beginning: whoever reads that mailbox can set the password."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.situations import NOW, US, Story, situation
from workbench.domain.detection.alarms import open_alarms, remedy
from workbench.domain.detection.changes import baseline, missing, unexplained
from workbench.domain.model.inventory import Inventory, UserItem
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Decision, State
from workbench.mailgun.models import User

ADA = "u-ada"


def _with(mail: str | None, *, role: str = "admin") -> Inventory:
    found = situation().inventory
    found.users = {ADA: UserItem(User(id=ADA, email=mail, name="Ada", role=role), US)}
    return found


def _changed(before: str | None, after: str | None) -> list[str]:
    state = State(baseline=baseline(_with(before)))
    return [change.text for change in unexplained(_with(after), state, NOW)]


def test_another_address_is_an_alarm_that_says_what_it_is_good_for() -> None:
    (text,) = _changed("ada@acme.example", "ada@attacker.example")
    assert text.startswith("user Ada has another mail address than at the beginning"), text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ada@acme.example", "ada@acme.example"),
        ("ada@acme.example", " Ada@ACME.example "),
        ("ada@acme.example", None),  # Not read is not changed.
        (None, "ada@acme.example"),
    ],
)
def test_the_same_or_an_unread_address_is_none(before: str | None, after: str | None) -> None:
    assert not _changed(before, after)


def test_the_journal_holds_no_address() -> None:
    assert "acme" not in str(baseline(_with("ada@acme.example")))


def test_a_baseline_from_before_takes_in_the_addresses_at_the_next_reading() -> None:
    known = replace(baseline(_with("ada@acme.example")), user_addresses=None)
    assert missing(_with("ada@acme.example"), known).body().keys() - {"partial"} == {"user_addresses"}


def _alarmed(now: Inventory, before: Inventory) -> Situation:
    state = State(baseline=baseline(before))
    (change,) = unexplained(now, state, NOW)
    body = {"id": change.id, "kind": change.kind, "target": change.target, "text": change.text}
    known = Story().add("alarm.raised", **body).state()
    known.baseline = state.baseline
    return Situation(now, known, NOW, "own")


CHANGED = {
    "address": (_with("ada@attacker.example"), _with("ada@acme.example")),
    "role": (_with("ada@acme.example"), _with("ada@acme.example", role="basic")),
}


@pytest.mark.parametrize("what", CHANGED)
def test_it_stays_an_alarm_until_somebody_knows_it(what: str) -> None:
    found = _alarmed(*CHANGED[what])
    (alarm,) = open_alarms(found)
    assert alarm.id.startswith(f"{what}:") and remedy(found, alarm) == "pane.users"
    judged = f"alarm:{alarm.id}"
    found.state.decisions[judged] = Decision(judged, "ours", "a new address", "ada", "")
    assert not open_alarms(found)


@pytest.mark.parametrize("what", CHANGED)
def test_it_ends_when_it_is_as_before(what: str) -> None:
    now, before = CHANGED[what]
    found = _alarmed(now, before)
    assert open_alarms(found)
    found.inventory = before
    assert not open_alarms(found)
