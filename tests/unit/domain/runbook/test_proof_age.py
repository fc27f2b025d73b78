"""A password proven while somebody else could still set others is proven again before anything is called contained."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, OWN, US, Row, Story, key, situation
from workbench.core.clock import iso
from workbench.domain.model.inventory import UserItem
from workbench.domain.model.plan import Effect, EffectKind, EffectState
from workbench.domain.model.recorded_rows import RecordedRow
from workbench.domain.model.replay import apply
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import EffectRecord, State
from workbench.domain.runbook import containment, outside_hands, proof_age
from workbench.domain.runbook.recorded import OutsideHands
from workbench.domain.runbook.runbook import steps
from workbench.domain.runbook.verdict import Verdict
from workbench.domain.runbook.ways_open import ways
from workbench.mailgun.models import User

LOGIN = "app@mg.acme.example"
RESET = an_effect(EffectKind.LOGIN_RESET, LOGIN, US, domain="mg.acme.example")
WAITS = ("by themselves", "a host that reaches")
SOON, LATER = NOW + timedelta(minutes=2), NOW + timedelta(minutes=9)


def _deleted(name: str, role: str = "admin") -> Effect:
    return an_effect(EffectKind.KEY_DELETE, key(name).id, US, name=name, role=role, kind="user")


def _story(*before: Effect, after: tuple[Effect, ...] = ()) -> Story:
    own = an_effect(EffectKind.KEY_CREATE, OWN, US, replaces=OWN, own=True)
    story = Story().verified([own, *before, RESET], **{OWN: {"key_id": OWN}})
    story.at = SOON
    return story.verified(after) if after else story


def _noted(state: State, now: datetime, *users: str) -> OutsideHands | None:
    found = _seen(state, now, *users)
    noted = outside_hands.news(found)
    if noted is not None:
        apply(state, Row(state.last_seq + 1, iso(now), "fact", noted.body()))
    return noted


def _seen(state: State, now: datetime, *users: str) -> Situation:
    found = situation(logins=[LOGIN], state=state)
    found.now = now
    everybody = {"ada": ("ada@acme.example", True)} | {u: (f"{u}@evil.example", False) for u in users}
    found.inventory.users = {
        name: UserItem(User(id=name, email=mail, name=name, role="admin", is_master=master), US)
        for name, (mail, master) in everybody.items()
    }
    return found


@pytest.mark.parametrize("role", ["admin", "", "owner", None])
def test_an_admin_key_that_lived_on_after_the_proof_takes_its_ground(role: str | None) -> None:
    state = _story(after=(_deleted("prod", role),)).state()  # type: ignore[arg-type]
    assert list(proof_age.overtaken(state)) == [LOGIN]
    assert [way.target for way in ways(_seen(state, SOON)) if way.kind == "login"] == ["again"]


@pytest.mark.parametrize("role", sorted(proof_age.LESSER))
def test_a_key_that_cannot_set_passwords_takes_no_ground(role: str) -> None:
    assert not proof_age.overtaken(_story(after=(_deleted("prod", role),)).state())


def test_a_key_that_died_before_the_proof_takes_no_ground() -> None:
    story = Story().verified([_deleted("prod")])
    story.at = SOON
    assert not proof_age.overtaken(story.verified([RESET]).state())


def test_a_key_that_hardening_replaces_was_never_in_other_hands() -> None:
    lesser = an_effect(EffectKind.KEY_CREATE, "ours-1", US, replaces="ours-1", harden=True)
    story = Story().verified([RESET])
    story.at = SOON
    ours = an_effect(EffectKind.KEY_DELETE, "ours-1", US, name="k", role="admin", kind="user")
    assert not proof_age.overtaken(story.verified([lesser, ours]).state())


def test_a_stranger_in_the_panel_takes_the_ground_once_gone() -> None:
    state = _story(_deleted("prod")).state()
    assert _noted(state, SOON, "mallory") == OutsideHands(open=("mallory",))
    # While the way is open it is named itself, and a proof would prove nothing.
    assert not proof_age.overtaken(state)
    assert _noted(state, SOON, "mallory") is None
    assert _noted(state, LATER) == OutsideHands(until=iso(LATER))
    assert list(proof_age.overtaken(state)) == [LOGIN]
    assert proof_age.due(state) == list(proof_age.overtaken(state).values())


@pytest.mark.parametrize(("role", "takes"), [("admin", True), (None, True), ("sending", False)])
def test_a_deleted_key_that_answers_all_the_same_takes_the_ground_until_it_is_dead(
    role: str | None, takes: bool
) -> None:
    """Its delete came before the proof, and ended nothing: no list shows it, and it could set passwords all along."""
    gone = _deleted("prod", role)  # type: ignore[arg-type]
    state = _story(gone).state()
    record = state.effects[gone.id]
    record.state, record.evidence = EffectState.DONE, ["ALIVE: the old key still answers 200", "deleted"]
    assert _noted(state, SOON) == (OutsideHands(open=(f"alive:{gone.target}",)) if takes else None)
    record.state, record.evidence = EffectState.VERIFIED, ["deleted", "old key answers 401"]
    assert _noted(state, LATER) == (OutsideHands(until=iso(LATER)) if takes else None)
    assert list(proof_age.overtaken(state)) == ([LOGIN] if takes else [])


def test_an_old_key_that_may_set_passwords_is_open_until_it_is_gone_and_ended_by_us_it_needs_no_note() -> (
    None
):
    gone = _deleted("prod")
    for ours, until in ((True, ""), (False, iso(LATER))):
        story = _story(_deleted("other"))
        story.add("snapshot.stored", part="0a", sha256="x", baseline={"keys": [OWN, "prod-id", "mail-id"]})
        state = story.state()
        found = _seen(state, SOON)
        for item in (key("prod"), key("mail", role="sending")):
            found.inventory.keys[item.id] = item
        noted = outside_hands.news(found)
        assert noted == OutsideHands(open=("prod-id",))
        state.learn(noted)
        # Another kind of effect by the same name, and a delete that failed, ended nothing.
        for one, how_far in (
            (an_effect(EffectKind.LOGIN_DELETE, gone.target, US), EffectState.DONE),
            (gone, EffectState.DONE if ours else EffectState.FAILED),
        ):
            state.effects[one.id] = EffectRecord(one, how_far)
        assert _noted(state, LATER) == OutsideHands(until=until)


def test_proven_once_more_it_counts_again() -> None:
    story = _story(after=(_deleted("prod"),))
    story.at = LATER
    story.add("effect.reproven", id=RESET.id, sure=True, against=False, evidence=["again: accepted"])
    assert not proof_age.overtaken(story.state())


def test_looked_at_in_vain_it_waits_for_another_host_and_can_be_attested() -> None:
    story = _story(after=(_deleted("prod"),))
    assert _step_two(story.state()) == (Verdict.IN_PROGRESS, "by themselves")
    story.at = LATER
    story.add("effect.reproven", id=RESET.id, sure=False, against=False, evidence=["cannot prove from here"])
    state = story.state()
    assert list(proof_age.overtaken(state)) == [LOGIN] and not proof_age.due(state)
    assert _step_two(state) == (Verdict.IN_PROGRESS, "a host that reaches")
    story.add("attested", step="2", who="ada", text="proven from the mail host")
    assert _step_two(story.state())[0] is Verdict.ATTESTED
    assert not [way for way in ways(_seen(story.state(), LATER)) if way.kind == "login"]


def _step_two(state: State) -> tuple[Verdict, str]:
    """Return the verdict of step 2 and what of whom it waits for tells the two apart; it never holds up the next."""
    view = next(view for view in steps(_seen(state, LATER)) if view.id == "2")
    assert view.idle or view.verdict is not Verdict.IN_PROGRESS
    return view.verdict, next((words for words in WAITS if words in view.waits), "")


def test_nothing_is_noted_before_the_first_cut() -> None:
    assert outside_hands.news(_seen(State(), NOW, "mallory")) is None


def test_the_note_opens_again_from_its_row() -> None:
    noted = OutsideHands(open=("u1",), until=iso(NOW))
    assert isinstance(noted, RecordedRow)
    assert OutsideHands.from_body(noted.body(), "") == noted


def test_step_two_works_out_once_which_proofs_are_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[State] = []

    def counted(state: State) -> dict[str, EffectRecord]:
        asked.append(state)
        return proof_age.overtaken(state)

    monkeypatch.setattr(containment, "overtaken", counted)
    many = [f"app{n}@mg.acme.example" for n in range(40)]
    resets = [an_effect(EffectKind.LOGIN_RESET, login, US, domain="mg.acme.example") for login in many]
    found = situation(logins=many, state=Story().verified(resets).state())
    assert containment.logins(found).verdict is Verdict.DONE
    assert len(asked) == 1


def _cut(*, proof_from: int | None, deleted: datetime, proven: datetime) -> State:
    """Return a state in which a reset is done, then an admin key deleted, then the reset's proof recorded.

    ``proof_from`` is the last row before that look began, None where the journal does not say.
    """
    gone = _deleted("prod")
    story = Story()
    story.add("plan.confirmed", title="t", effects=[RESET.to_json(), gone.to_json()])
    story.at = deleted
    for effect in (RESET, gone):
        story.add("effect.intent", id=effect.id, entry="e")
        story.add("effect.done", id=effect.id, evidence=["done"], result={})
    story.at = proven
    body = {} if proof_from is None else {"since": proof_from}
    story.add("effect.verified", id=RESET.id, evidence=["done", "235"], **body)
    return story.state()


@pytest.mark.parametrize("proven", [NOW, NOW + timedelta(days=3_650)])
def test_a_look_that_began_before_the_key_died_is_older_than_that_whenever_it_is_recorded(
    proven: datetime,
) -> None:
    # Rows: 1 the plan, 2 and 3 the reset, 4 and 5 the delete, 6 the proof; all within a second, or the clock ran ahead.
    assert list(proof_age.overtaken(_cut(proof_from=3, deleted=NOW, proven=proven))) == [LOGIN]
    assert list(proof_age.overtaken(_cut(proof_from=4, deleted=NOW, proven=proven))) == [LOGIN]
    assert not proof_age.overtaken(_cut(proof_from=5, deleted=NOW, proven=proven))
    assert not proof_age.overtaken(_cut(proof_from=None, deleted=NOW, proven=proven))


def test_a_clock_set_back_in_between_makes_no_proof_younger() -> None:
    story = _story()
    story.at = SOON - timedelta(hours=3)
    state = story.verified([_deleted("prod")]).state()
    assert list(proof_age.overtaken(state)) == [LOGIN] and proof_age.due(state)


def test_the_password_set_last_is_the_present_one_whatever_the_clock_did() -> None:
    again = an_effect(EffectKind.LOGIN_RESET, LOGIN, US, domain="mg.acme.example", instance="2")
    story = Story().verified([RESET])
    story.at = NOW - timedelta(hours=3)
    assert story.verified([again]).state().passwords[LOGIN].effect.id == again.id


def test_while_a_way_is_open_no_proof_is_called_overtaken_whatever_ended_before() -> None:
    state = _cut(proof_from=3, deleted=NOW, proven=NOW)
    assert proof_age.overtaken(state)
    state.learn(OutsideHands(open=("mallory",)))
    assert not proof_age.overtaken(state) and not proof_age.due(state)


def test_a_look_that_began_right_behind_the_end_of_the_last_way_is_one_since() -> None:
    state = _cut(proof_from=3, deleted=NOW, proven=NOW)
    (record,) = proof_age.overtaken(state).values()
    shut = proof_age.shut_row(state)
    for tried, waits in ((shut - 1, True), (shut, False)):
        record.tried_row = tried
        assert bool(proof_age.due(state)) is waits
