"""What is yours by all signs is not deleted without its name typed; what a sign calls a stranger's is."""

from __future__ import annotations

import pytest

from tests.support.situations import Story, key, situation
from workbench.core.clock import iso
from workbench.planning import registry
from workbench.planning.own_things import NameNeededError, without_sign

LOGIN = "app@mg.acme.example"
PROD = key("prod-web")


@pytest.mark.parametrize("typed", ["", "prod", "1", "prod-web "])
def test_a_key_of_ours_wants_its_full_name(typed: str) -> None:
    there = situation([PROD])
    with pytest.raises(NameNeededError, match="Yours by all signs: prod-web"):
        registry.build("keys.delete", there, [PROD.id], typed=typed)
    assert len(registry.build("keys.delete", there, [PROD.id], typed="prod-web")) == 1
    # It is asked for, not refused: the action is possible.
    assert registry.unavailable("keys.delete", there, [PROD.id]) == ""


def test_a_login_of_ours_wants_its_full_name() -> None:
    there = situation(logins=[LOGIN])
    with pytest.raises(NameNeededError):
        registry.build("logins.delete", there, [LOGIN])
    assert len(registry.build("logins.delete", there, [LOGIN], typed=LOGIN)) == 1


def test_several_are_never_deleted_by_one_name() -> None:
    there = situation([PROD, key("crm")])
    with pytest.raises(NameNeededError):
        registry.build("keys.delete", there, [PROD.id, "crm-id"], typed="prod-web")


def test_a_decision_or_an_alarm_is_a_sign() -> None:
    story = Story().add("finding.decided", finding=f"key:{PROD.id}", decision="intruder", who="me", reason="")
    assert without_sign(situation([PROD], state=story.state()), "keys.delete", [PROD.id]) == {}
    rang = Story().add("alarm.raised", id="a", kind="keys", target=PROD.id, text="changed")
    assert without_sign(situation([PROD], state=rang.state()), "keys.delete", [PROD.id]) == {}
    assert iso(rang.at)
