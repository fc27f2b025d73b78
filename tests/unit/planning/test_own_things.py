"""What is yours by all signs is not deleted without its name typed; what a sign calls a stranger's is."""

from __future__ import annotations

import pytest

from tests.support.situations import NOW, OLD, Story, key, situation
from workbench.core.clock import iso
from workbench.core.errors import UsageError
from workbench.mailgun.models import Domain
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


FRESH, HELD = Domain(name="mail-acme.example", created_at=NOW), Domain(name="mg.acme.example", created_at=OLD)


def decided(domain: Domain, decision: str) -> Story:
    found = f"domain:{domain.name}"
    return Story().add("finding.decided", finding=found, decision=decision, who="me", reason="")


def test_a_domain_goes_by_its_count_where_a_sign_and_a_person_agree() -> None:
    there = situation(domains=[FRESH], state=decided(FRESH, "intruder").state())
    assert len(registry.build("domains.delete", there, [FRESH.name])) == 1


@pytest.mark.parametrize(
    ("domain", "story"),
    [
        (FRESH, Story()),  # a sign, and nobody's word
        (FRESH, decided(FRESH, "ours")),
        (HELD, decided(HELD, "intruder")),  # somebody's word, and no sign
        (HELD, Story()),
    ],
)
def test_else_a_domain_wants_its_full_name(domain: Domain, story: Story) -> None:
    there = situation(domains=[domain], state=story.state())
    for typed in ("", "1", domain.name[:-1]):
        with pytest.raises(UsageError, match="typed in full"):
            registry.build("domains.delete", there, [domain.name], typed=typed)
    assert len(registry.build("domains.delete", there, [domain.name], typed=domain.name)) == 1
