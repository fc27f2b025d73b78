"""Cut now or replace first: what is proposed, what can be chosen, what is kept and how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.support.situations import NOW, OWN, Story, key, situation, use
from workbench.core.clock import iso
from workbench.core.errors import UsageError
from workbench.domain.model.inventory import LoginItem
from workbench.domain.model.plan import EffectKind
from workbench.domain.runbook import deadlines
from workbench.domain.runbook.handover import kept, proposal
from workbench.planning import contain, handover, keys, logins
from workbench.planning.contain import Scope
from workbench.planning.ranking import NothingToDo

LOGIN = "news@mg.acme.example"
MASTER = "postmaster@mg.acme.example"


def test_what_sends_abuse_is_cut_now_and_the_rest_replaced_first() -> None:
    state = (
        Story()
        .use(
            **{"key:web-id": use("both"), "key:mail-id": use("production"), f"smtp:{LOGIN}": use("intruder")}
        )
        .state()
    )
    found = proposal(situation([key("web"), key("mail"), key("idle")], [LOGIN, MASTER], state=state))
    assert found["key:web-id"] == "now"
    assert found["key:mail-id"] == "first"
    assert found["key:idle-id"] == "first"
    assert found[f"key:{OWN}"] == "own"
    assert found[f"smtp:{LOGIN}"] == "now"
    assert found[f"smtp:{MASTER}"] == "now"


def test_strangers_and_sessions_are_never_proposed_to_wait() -> None:
    state = Story().use().state()
    stranger = key("planted", created_at=NOW - timedelta(hours=2))
    session = key("session", kind="web", role="")
    found = proposal(situation([stranger, session], state=state))
    assert found["key:planted-id"] == "now"
    assert found["key:session-id"] == "now"


def test_while_nobody_has_read_who_sends_all_is_proposed_to_be_cut() -> None:
    found = proposal(situation([key("a")], [LOGIN]))
    assert {found["key:a-id"], found[f"smtp:{LOGIN}"]} == {"now"}


def test_replace_first_mints_and_does_not_delete() -> None:
    planned = keys.plan_replace(situation([key("a"), key("b")]), ways={"key:a-id": "first"})
    kinds = {(e.kind, e.target) for e in planned}
    assert (EffectKind.KEY_CREATE, "a-id") in kinds
    assert (EffectKind.KEY_DELETE, "a-id") not in kinds
    assert (EffectKind.KEY_DELETE, "b-id") in kinds
    assert any("kept until" in line for line in planned.left_out)
    assert any("for the intruder too" in note for note in planned.notes)


def test_our_own_key_is_always_replaced_first_and_ended_in_the_same_run() -> None:
    for ways in ("now", "first"):
        planned = keys.plan_replace(situation(), ways=ways)
        mint, delete = planned.effects
        assert (mint.kind, delete.kind) == (EffectKind.KEY_CREATE, EffectKind.KEY_DELETE)
        assert delete.after == (mint.id,)
        assert mint.params.own


def test_a_login_replaced_first_gets_a_second_one_under_a_free_name() -> None:
    planned = logins.plan_reset(situation([], [LOGIN, "news-2@mg.acme.example"]), [LOGIN], ways="first")
    (effect,) = planned.effects
    assert effect.kind is EffectKind.LOGIN_CREATE
    assert effect.target == "news-3@mg.acme.example"
    assert effect.params.replaces == LOGIN


def test_postmaster_can_only_be_cut() -> None:
    (effect,) = logins.plan_reset(situation([], [MASTER]), ways="first").effects
    assert effect.kind is EffectKind.LOGIN_RESET
    with pytest.raises(UsageError, match="only be cut"):
        contain.plan(situation([], [MASTER]), Scope(replace_first=(MASTER,)))


def test_a_name_that_matches_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="no key or SMTP login"):
        contain.plan(situation([key("a")]), Scope(replace_first=("nobody",)))


def test_without_a_screen_everything_else_is_cut_now() -> None:
    planned = contain.plan(situation([key("a"), key("b")], [LOGIN]), Scope(replace_first=("a", LOGIN)))
    deleted = {e.target for e in planned if e.kind is EffectKind.KEY_DELETE}
    assert deleted == {"b-id", OWN}
    assert {e.kind for e in planned if e.params.credential == f"smtp:{LOGIN}"} == {EffectKind.LOGIN_CREATE}


def _after_first(story: Story | None = None) -> Story:
    before = situation([key("a")], [LOGIN])
    planned = contain.plan(before, Scope(replace_first=("a", LOGIN)))
    return (story or Story()).verified(planned.effects)


def test_a_second_run_keeps_what_waits_and_plans_nothing() -> None:
    now = situation([key("a")], [LOGIN, "news-2@mg.acme.example"], state=_after_first().state())
    del now.inventory.keys[OWN]
    assert contain.plan(now).effects == ()
    assert contain.plan(now, Scope(replace_first=("a", LOGIN))).effects == ()
    assert {item.credential for item in kept(now)} == {"key:a-id", f"smtp:{LOGIN}"}


def test_finish_ends_what_was_kept() -> None:
    now = situation([key("a")], [LOGIN], state=_after_first().state())
    planned = contain.plan(now, Scope(finish=True))
    assert {(e.kind, e.target) for e in planned if e.target != OWN} == {
        (EffectKind.KEY_DELETE, "a-id"),
        (EffectKind.LOGIN_RESET, LOGIN),
    }
    assert any("not seen in use" in note for note in planned.notes)
    removed = handover.plan_finish(now, remove=True)
    assert EffectKind.LOGIN_DELETE in {e.kind for e in removed}


def test_finish_leaves_one_whose_replacement_is_not_proven() -> None:
    before = situation([key("a")])
    planned = contain.plan(before, Scope(replace_first=("a",)))
    story = Story().add("plan.confirmed", title="t", effects=[e.to_json() for e in planned])
    with pytest.raises(NothingToDo, match="No kept credential"):
        handover.plan_finish(situation([key("a")], state=story.state()))


def test_adoption_ends_the_wait_only_when_the_old_one_fell_silent() -> None:
    story = _after_first()
    new = next(k for k, r in story.state().created_keys.items() if r.effect.target == "a-id")
    later = iso(NOW)
    still = {
        f"key:{new}": use("production", 5, last_used=later),
        "key:a-id": use("production", 3, last_used=later),
    }
    story.use(**still)
    waiting = {i.credential: i for i in kept(situation([key("a")], [LOGIN], state=story.state()))}
    assert not waiting["key:a-id"].adopted
    silent = iso(NOW - timedelta(minutes=20))
    story.use(**{**still, "key:a-id": use("production", 3, last_used=silent)})
    now = situation([key("a")], [LOGIN], state=story.state())
    assert {i.credential: i.adopted for i in kept(now)} == {"key:a-id": True, f"smtp:{LOGIN}": False}
    ended = contain.plan(now)
    assert [(e.kind, e.target) for e in ended if e.target != OWN] == [(EffectKind.KEY_DELETE, "a-id")]


def test_a_kept_credential_gets_a_deadline_that_runs_out_and_can_be_moved() -> None:
    story = _after_first()
    now = situation([key("a")], [LOGIN], state=story.state())
    for timer in deadlines.wanted(now):
        story.add("timer", **timer.body())
    now = situation([key("a")], [LOGIN], state=story.state())
    assert not deadlines.wanted(now)
    by_id = {t.id: t for t in deadlines.running(now)}
    assert by_id["hand-over:key:a-id"].left == timedelta(minutes=30)
    assert not by_id["hand-over:key:a-id"].over
    assert by_id["proof:1 h"].left == timedelta(hours=1)
    assert by_id["proof:48 h"].left == timedelta(hours=48)
    now.now = NOW + timedelta(minutes=31)
    assert {t.id: t for t in deadlines.running(now)}["hand-over:key:a-id"].over


def test_a_timer_ends_with_what_it_waits_for() -> None:
    story = _after_first()
    now = situation([key("a")], [LOGIN], state=story.state())
    for timer in deadlines.wanted(now):
        story.add("timer", **timer.body())
    story.verified(handover.plan_finish(now).effects)
    after = situation([key("a")], [LOGIN], state=story.state())
    assert not [t for t in deadlines.running(after) if t.kind == "hand-over"]
    assert not kept(after)


class Looked(dict[str, LoginItem]):
    """Counts how often all of it is gone through."""

    whole = 0

    def __iter__(self) -> Iterator[str]:
        type(self).whole += 1
        return super().__iter__()


@pytest.mark.parametrize("count", [3, 30])
def test_second_logins_are_named_without_going_through_all_logins_for_each(count: int) -> None:
    logins_ = [f"user{number}@mg.acme.example" for number in range(count)]
    now = situation([], [*logins_, "user1-2@mg.acme.example"])
    now.inventory.logins = Looked(now.inventory.logins)
    Looked.whole = 0
    planned = logins.plan_reset(now, replace_first=logins_)
    made = {e.target for e in planned if e.kind is EffectKind.LOGIN_CREATE}
    assert len(made) == count
    assert "user1-3@mg.acme.example" in made
    assert Looked.whole < 3
