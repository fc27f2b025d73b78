"""The runbook: fourteen steps in the order of urgency, each closed by evidence only."""

from __future__ import annotations

import pytest

from tests.support.situations import OWN, Story, key, situation
from workbench.domain.model.plan import Plan
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.domain.runbook.runbook import Order, StepView, Verdict, steps
from workbench.planning import keys, logins
from workbench.planning.catalog import ACTIONS

PROD, LOGIN = key("prod-web"), "app@mg.acme.example"


def account(state: State | None = None, *, cut: bool = False) -> Situation:
    """Return an account with one key beside ours and one login; after the cut only our old key is left."""
    return situation([] if cut else [PROD], [LOGIN], state=state)


def step(found: list[StepView], name: str) -> StepView:
    """Return the step of that id."""
    return next(view for view in found if view.id == name)


def cut(plan: Plan) -> Story:
    """Return a story in which a plan was carried out whole."""
    return Story().add("incident.opened", incident="i").verified(plan)


def test_every_step_is_there_once_in_the_order_of_urgency_with_all_its_words() -> None:
    found = steps(account())
    assert [view.id for view in found] == [order.value for order in Order]
    for view in found:
        for words in (view.title, view.source, view.why, view.who, view.takes, view.breaks, view.happens):
            assert words.strip(), view.id


def test_a_steps_next_action_is_an_action() -> None:
    for view in steps(account()):
        assert view.next_action == "" or view.next_action in ACTIONS, view.id


def test_nothing_is_done_where_nothing_was_done() -> None:
    for view in steps(account()):
        if view.id == Order.STRANGERS:
            continue  # The users were read, and none of them looks like a stranger: that is its evidence.
        assert view.verdict not in (Verdict.DONE, Verdict.ATTESTED), (view.id, view.evidence)


def test_keys_are_done_when_each_old_one_is_proven_gone_and_its_replacement_proven() -> None:
    plan = keys.plan_replace(account(), [PROD.id])
    before = step(steps(account()), Order.KEYS)
    assert before.verdict is Verdict.OPEN
    assert before.progress == (0, 2)
    half = step(steps(account(cut(plan).state(), cut=True)), Order.KEYS)
    # Our own key of before still lives: one of two.
    assert (half.verdict, half.progress) == (Verdict.IN_PROGRESS, (1, 2))
    assert any("still in the account" in line for line in half.evidence)


def test_an_unread_key_list_proves_nothing() -> None:
    unread = account()
    del unread.inventory.read_at["keys"]
    found = step(steps(unread), Order.KEYS)
    assert found.verdict is Verdict.OPEN
    assert any("not read" in line for line in found.evidence)


@pytest.mark.parametrize(("number", "verdict"), [(0, Verdict.OPEN), (2, Verdict.DONE)])
def test_logins_count_what_is_proven(number: int, verdict: Verdict) -> None:
    both = ["app@mg.acme.example", "shop@mg.acme.example"]
    plan = logins.plan_reset(situation(logins=both), [])
    story = cut(plan.only(e.id for e in list(plan)[:number]))
    found = step(steps(situation(logins=both, state=story.state())), Order.LOGINS)
    assert found.verdict is verdict
    assert found.progress == (number, 2)


def test_one_login_of_two_is_in_progress() -> None:
    both = ["app@mg.acme.example", "shop@mg.acme.example"]
    first = next(iter(logins.plan_reset(situation(logins=both), [both[0]])))
    story = Story().verified([first])
    found = step(steps(situation(logins=both, state=story.state())), Order.LOGINS)
    assert (found.verdict, found.progress) == (Verdict.IN_PROGRESS, (1, 2))


def test_evidence_wants_both_snapshots_and_support_told() -> None:
    story = Story().add("snapshot.stored", part="0a", sha256="ab" * 32, counts={})
    found = step(steps(account(story.state())), Order.EVIDENCE)
    assert (found.verdict, found.progress) == (Verdict.IN_PROGRESS, (1, 3))
    assert found.next_action == "support.message"
    story.add("snapshot.stored", part="0b", sha256="cd" * 32, counts={})
    story.add("attested", step="0", who="ops", text="sent")
    assert step(steps(account(story.state())), Order.EVIDENCE).verdict is Verdict.DONE


def test_somebodys_word_for_one_user_closes_no_step() -> None:
    story = Story().add("attested", step="5", who="ops", text="done", subject="u1")
    found = step(steps(account(story.state())), Order.TWO_FACTOR)
    assert found.verdict is not Verdict.ATTESTED


def test_the_same_journal_gives_the_same_steps() -> None:
    plan = keys.plan_replace(account(), [OWN])
    assert steps(account(cut(plan).state())) == steps(account(cut(plan).state()))
