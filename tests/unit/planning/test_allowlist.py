"""The one change that can lock everybody out: an empty list stays empty, our own address comes first."""

from __future__ import annotations

import pytest

from tests.support.effects import an_effect
from tests.support.situations import US, Story, situation
from workbench.core.errors import UsageError
from workbench.domain.detection.findings import findings
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Decision, State
from workbench.domain.runbook import recovery
from workbench.domain.settings_audit.audit import JudgedAge, Swept
from workbench.domain.settings_audit.recorded import SweepRead
from workbench.planning import allowlist, removal
from workbench.planning.ranking import NothingToDo

OURS = "198.51.100.7"
THEIRS = "203.0.113.0/24"


def test_an_empty_list_is_never_begun_during_containment() -> None:
    for own in (True, False):
        with pytest.raises(UsageError, match="empty"):
            allowlist.plan_add(situation(), address=OURS, own=own)


def test_a_list_that_could_not_be_read_is_not_touched() -> None:
    with pytest.raises(UsageError, match="could not be read"):
        allowlist.plan_add(situation(allowlist=None), address=OURS, own=True)
    with pytest.raises(UsageError, match="could not be read"):
        allowlist.plan_remove(situation(allowlist=None), [THEIRS], own_address=OURS)


def test_once_contained_one_plan_begins_it_with_every_sender() -> None:
    state = Story().add("contained").state()
    planned = allowlist.plan_add(
        situation(state=state), address=OURS, own=True, production=("192.0.2.10", "192.0.2.128/25")
    )
    assert [e.target for e in planned] == [OURS, "192.0.2.10", "192.0.2.128/25"]
    assert planned.effects[0].rank > max(e.rank for e in planned.effects[1:])
    assert all("that this plan does not name" in e.breaks for e in planned)
    assert not any("shut out" in note for note in planned.notes)
    twice = allowlist.plan_add(
        situation(state=state), address=OURS, own=True, production=("192.0.2.10/32", OURS, " 192.0.2.10 ")
    )
    assert [e.target for e in twice] == [OURS, "192.0.2.10"] and "these 2 is written" in twice.notes[0]
    with pytest.raises(UsageError, match="empty"):
        allowlist.plan_add(situation(state=state), address=OURS, own=True)


def test_before_every_sender_was_seen_the_plan_says_who_may_be_shut_out() -> None:
    mint = an_effect(EffectKind.KEY_CREATE, "old-id", US, name="prod", replaces="old-id")
    state = Story().verified([mint]).add("contained").state()
    planned = allowlist.plan_add(situation(state=state), address=OURS, own=True, production=("192.0.2.10",))
    assert any(note.startswith("1 sender not seen") for note in planned.notes)


def test_on_a_list_in_use_ours_comes_before_any_other() -> None:
    held = situation(allowlist=[THEIRS])
    with pytest.raises(UsageError, match="has not been confirmed"):
        allowlist.plan_add(held, address="192.0.2.10")
    (first,) = allowlist.plan_add(held, address=OURS, own=True).effects
    assert first.params.own
    story = Story().verified([first])
    after = situation(allowlist=[THEIRS, OURS], state=story.state())
    assert [e.target for e in allowlist.plan_add(after, address="192.0.2.10")] == ["192.0.2.10"]
    typed = allowlist.plan_add(
        situation(allowlist=["198.51.100.0/24"]), address="192.0.2.10", own_address=OURS
    )
    assert [e.target for e in typed] == ["192.0.2.10"]


def test_a_removal_waits_for_our_own_address() -> None:
    planned = allowlist.plan_remove(situation(allowlist=[THEIRS, "192.0.2.10"]), [THEIRS], own_address=OURS)
    add, remove = planned.effects
    assert (add.kind, add.target, add.params.own) == (EffectKind.ALLOWLIST_ADD, OURS, True)
    assert remove.after == (add.id,)
    assert add.rank > remove.rank


def test_a_removal_needs_our_address_typed_for_no_call_tells_it() -> None:
    with pytest.raises(UsageError, match="not an IP address"):
        allowlist.plan_remove(situation(allowlist=[THEIRS]), [THEIRS])
    with pytest.raises(UsageError, match="No entry"):
        allowlist.plan_remove(situation(allowlist=[THEIRS]), ["192.0.2.1"], own_address=OURS)


def test_this_hosts_own_entry_is_never_taken_off() -> None:
    for entry in (OURS, f"{OURS}/32"):
        with pytest.raises(UsageError, match="this host's own address"):
            allowlist.plan_remove(situation(allowlist=[THEIRS, entry]), [THEIRS, entry], own_address=OURS)


def _judged(*entries: str) -> Situation:
    """Return a situation whose sweep asks about entries of the allowlist, all judged the intruder's."""
    asked = tuple(
        Swept("allowlist", one, one, ("account",), JudgedAge.INSIDE, 2, ("new",), "allowlist.remove")
        for one in entries
    )
    state = State()
    state.learn(SweepRead(items=asked, at="2026-11-21T14:00:00Z"))
    for one in asked:
        state.decisions[one.key] = Decision(one.key, "intruder", "judged", "Ada", "2026-11-21T14:00:00Z")
    return situation(allowlist=entries, state=state)


def test_what_lets_this_host_in_is_in_no_plan_but_the_one_that_asks_for_its_address() -> None:
    there = _judged(THEIRS, "127.0.0.0/8")
    with pytest.raises(UsageError) as refused:
        removal.plan_removal(there)
    assert "allowlist: remove" in refused.value.means
    step = recovery.leftovers(there)
    assert step.action == "allowlist.remove" and "this host's own address" in step.happens
    planned = allowlist.plan_remove(there, (), own_address="127.0.0.1")
    assert [e.target for e in planned] == ["127.0.0.1", "127.0.0.0/8", THEIRS]
    # Taken off and proven so, each is settled: the step does not name it again.
    there.state.effects = Story().verified(planned).state().effects
    there.inventory.allowlist = {}
    assert not [f for f in findings(there) if f.decision != "removed"]


def test_removing_everything_of_before_says_what_it_does() -> None:
    planned = allowlist.plan_remove(situation(allowlist=[THEIRS]), [THEIRS], own_address=OURS)
    assert any("production that sends from elsewhere is refused" in note for note in planned.notes)


def test_what_is_on_it_is_not_added_twice_in_whatever_form() -> None:
    with pytest.raises(NothingToDo):
        allowlist.plan_add(situation(allowlist=[f"{OURS}/32"]), address=OURS, own=True)


@pytest.mark.parametrize("typed", ["", "my address", "300.1.2.3", "\x1b[31m1.2.3.4"])
def test_anything_but_an_address_is_refused(typed: str) -> None:
    with pytest.raises(UsageError):
        allowlist.plan_add(situation(allowlist=[THEIRS]), address=typed, own=True)


def test_an_entry_that_is_no_address_still_makes_the_list_one_in_use() -> None:
    with pytest.raises(UsageError, match="has not been confirmed"):
        allowlist.plan_add(situation(allowlist=["office"]), address=OURS)
