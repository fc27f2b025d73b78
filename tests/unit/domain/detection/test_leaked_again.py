"""A new credential that somebody else uses already counts as one of before: it is to be cut, and replaced once more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, OWN, US, Story, key, situation, use
from workbench.core.clock import iso
from workbench.domain.detection.alarms import by_hand, leaked_again, open_alarms, remedy
from workbench.domain.detection.changes import unexplained
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.sending_volume import AcceptedHour, Volume
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Decision, State
from workbench.domain.runbook.containment import key_is_left, untouched
from workbench.domain.runbook.handover import FIRST
from workbench.domain.runbook.ways_open import ways
from workbench.planning import contain, keys, logins
from workbench.planning.cut_order import PROPOSED

LOGIN = "app@mg.acme.example"
NEW = "new-1"
LATER = NOW + timedelta(hours=5)


def _used(credential: str, looks: str = "intruder") -> Situation:
    """Return a cut account in which somebody uses a credential of this incident's five hours later."""
    mints = [
        an_effect(EffectKind.KEY_CREATE, OWN, US, replaces=OWN, own=True),
        an_effect(EffectKind.KEY_CREATE, "prod-id", US, replaces="prod-id", name="prod", cut="now"),
        an_effect(EffectKind.LOGIN_RESET, LOGIN, US, domain="mg.acme.example"),
    ]
    story = Story().add(
        "snapshot.stored", part="0a", sha256="x", baseline={"keys": [OWN, "prod-id"], "senders": []}
    )
    story.verified(mints, **{OWN: {"key_id": OWN}, "prod-id": {"key_id": NEW}})
    story.at = LATER
    story.use(**{credential: {**use(looks, last_used=iso(LATER)), "strange_last_used": iso(LATER)}})
    state = story.state()
    made = key("prod [wb-1-1]", id=NEW, kind="domain", role="sending", domain_name="mg.acme.example")
    found = situation(keys=[made], logins=[LOGIN], state=state)
    found.now = LATER
    for change in unexplained(found.inventory, state, LATER):
        body = {"id": change.id, "kind": change.kind, "target": change.target, "text": change.text}
        story.add("alarm.raised", **body)
    return _again(found, story.state())


def _again(found: Situation, state: State, excess: float = 900.0) -> Situation:
    hour = (AcceptedHour(LATER, 40),)
    volume = Volume(hour, 40.0, 60.0, None, excess, LATER, measured_from=LATER - timedelta(minutes=30))
    return Situation(found.inventory, state, LATER, OWN, volume)


@pytest.mark.parametrize(("credential", "target"), [(f"key:{NEW}", NEW), (f"smtp:{LOGIN}", LOGIN)])
def test_it_is_told_as_what_it_is_and_what_helps_is_another_one(credential: str, target: str) -> None:
    found = _used(credential)
    (alarm,) = open_alarms(found)
    assert "leaked as well" in alarm.text
    assert leaked_again(found) == {target}
    assert remedy(found, alarm) == ("keys.replace" if target == NEW else "logins.reset")
    (way,) = [way for way in ways(found) if way.target == target]
    assert "somebody else" in way.words and way.used


def test_a_new_key_in_other_hands_is_left_to_cut_and_gets_another() -> None:
    found = _used(f"key:{NEW}")
    assert key_is_left(found, found.inventory.keys[NEW])
    effects = [(e.kind, e.target) for e in keys.plan_replace(found, [NEW])]
    assert effects == [(EffectKind.KEY_CREATE, NEW), (EffectKind.KEY_DELETE, NEW)]
    assert (EffectKind.KEY_DELETE, NEW) in [(e.kind, e.target) for e in contain.plan(found)]


def test_a_new_password_in_other_hands_is_reset_once_more_by_an_effect_of_its_own() -> None:
    found = _used(f"smtp:{LOGIN}")
    assert untouched(found) == ([LOGIN], [])
    (again,) = logins.plan_reset(found)
    assert again.target == LOGIN and again.id not in found.state.effects
    assert again.id in [effect.id for effect in contain.plan(found)]


@pytest.mark.parametrize("looks", ["intruder", "both"])
@pytest.mark.parametrize("ways_", [PROPOSED, FIRST])
def test_what_leaked_again_is_not_kept_unasked_until_another_one_is_handed_over(
    ways_: str, looks: str
) -> None:
    # Or the same alarm would ring on, and the same plan be offered, for ever.
    found = _used(f"smtp:{LOGIN}", looks)
    for again in (True, False):
        made = logins.plan_reset(found, [LOGIN], ways=ways_, again=again)
        assert [effect.kind for effect in made] == [EffectKind.LOGIN_RESET]
    named = logins.plan_reset(found, [LOGIN], ways={f"smtp:{LOGIN}": FIRST}, again=True)
    assert [effect.kind for effect in named] == [EffectKind.LOGIN_CREATE]
    found = _used(f"key:{NEW}", looks)
    replaced = [(e.kind, e.target) for e in keys.plan_replace(found, [NEW], ways=ways_)]
    assert replaced == [(EffectKind.KEY_CREATE, NEW), (EffectKind.KEY_DELETE, NEW)]


@pytest.mark.parametrize("credential", [f"key:{NEW}", f"smtp:{LOGIN}"])
def test_what_a_person_knows_as_ours_stays(credential: str) -> None:
    found = _used(credential)
    (alarm,) = open_alarms(found)
    judged = f"alarm:{alarm.id}"
    found.state.decisions[judged] = Decision(judged, "ours", "our new host", "ada", "")
    found = _again(found, found.state)
    assert not leaked_again(found)
    assert not contain.plan(found).effects


@pytest.mark.parametrize("credential", [f"key:{NEW}", f"smtp:{LOGIN}"])
def test_production_with_its_new_one_is_no_alarm(credential: str) -> None:
    found = _used(credential, looks="production")
    assert not open_alarms(found) and not leaked_again(found) and not contain.plan(found).effects


@pytest.mark.parametrize(("credential", "target"), [(f"key:{NEW}", NEW), (f"smtp:{LOGIN}", LOGIN)])
def test_with_no_more_mail_than_usual_it_takes_a_person_to_tell_a_leak_from_a_move(
    credential: str, target: str
) -> None:
    found = _used(credential)
    quiet = _again(found, found.state, excess=0.0)
    assert open_alarms(quiet) and not leaked_again(quiet) and not contain.plan(quiet).effects
    (alarm,) = open_alarms(quiet)
    # Another one would be handed to the same program, and ring the same alarm: once more is no remedy.
    assert remedy(quiet, alarm) == "" and "program moved" in by_hand(quiet, alarm)
    judged = f"alarm:{alarm.id}"
    quiet.state.decisions[judged] = Decision(judged, "intruder", "not our host", "ada", "")
    assert leaked_again(_again(found, quiet.state, excess=0.0)) == {target}
    assert remedy(_again(found, quiet.state, excess=0.0), alarm) == (
        "keys.replace" if target == NEW else "logins.reset"
    )


def test_a_new_password_that_was_never_proven_is_set_once_more_whoever_sends() -> None:
    """The old one may work still: that is for no person to tell."""
    found = _used(f"smtp:{LOGIN}")
    quiet = _again(found, found.state, excess=0.0)
    (alarm,) = open_alarms(quiet)
    quiet.state.passwords[LOGIN].state = EffectState.DONE
    assert remedy(quiet, alarm) == "logins.reset"
