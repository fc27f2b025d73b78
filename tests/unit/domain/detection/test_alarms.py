"""What takes care of an alarm, who may have explained it, and when its thing is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, US, Story, key, situation
from workbench.core.clock import iso
from workbench.domain.detection.alarms import excess_since_cut, finding_key, open_alarms, remedy
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.sending_volume import AcceptedHour, Volume
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Alarm, Decision, EffectRecord
from workbench.domain.settings_audit.audit import JudgedAge, Swept
from workbench.domain.settings_audit.recorded import SweepRead
from workbench.mailgun.models import Subaccount

LOGIN = "app@mg.acme.example"
LATER = iso(NOW + timedelta(minutes=1))


def alarm(kind: str = "keys", target: str = "k-id", name: str = "") -> Alarm:
    return Alarm(name or f"{kind}:{target}", LATER, "appeared", kind, target)


def rings(one: Alarm, **more: Any) -> Situation:
    """Return an account in which one alarm rang after the lists were read."""
    made = situation(**more)
    made.state.alarms[one.id] = one
    return made


@pytest.mark.parametrize(("name", "kind"), [("sends:key:k-id:", "keys"), ("reproof:x", "proof")])
def test_what_is_kept_and_sends_abuse_is_ended_once_its_replacement_is_proven(name: str, kind: str) -> None:
    one = alarm(kind, "k-id", name)
    mint = an_effect(EffectKind.KEY_CREATE, "k-id", US, replaces="k-id", cut="first")
    there = rings(one, keys=[key("k"), key("other")], state=Story().verified([mint]).state())
    there.state.baseline = AccountBaseline(keys=("k-id", "other-id"))
    assert remedy(there, one) == "handover.finish"
    assert remedy(there, alarm("keys", "other-id", "sends:key:other-id:")) == "keys.replace"
    assert remedy(there, alarm()) == "keys.delete", "that it appeared says nothing of who sends"
    there.state.effects[mint.id].state = EffectState.DONE
    there.waiting = None
    assert remedy(there, one) == "keys.replace"


def test_a_key_of_before_that_sends_is_replaced_and_any_other_is_deleted() -> None:
    sends, came = alarm(name="sends:key:k-id:"), alarm()
    for baseline, expected in ((("k-id",), "keys.replace"), (("x",), "keys.delete")):
        there = rings(sends, keys=[key("k")])
        there.state.baseline = AccountBaseline(keys=baseline)
        assert (remedy(there, sends), remedy(there, came)) == (expected, "keys.delete")
    there = rings(sends, keys=[key("k")])
    there.state.baseline = AccountBaseline(keys=("k-id",))
    gone = an_effect(EffectKind.KEY_DELETE, "k-id", US)
    there.state.effects[gone.id] = EffectRecord(gone)
    assert remedy(there, sends) == "keys.delete", "its end was planned before"


def test_a_list_that_could_not_be_read_is_not_changed_and_no_other_alarm_waits_for_it() -> None:
    entry, route = alarm("allowlist", "192.0.2.1"), alarm("routes", "r1")
    for allowlist, expected in (((), True), (None, False)):
        there = rings(entry, allowlist=allowlist)
        assert bool(remedy(there, entry)) is expected
        assert remedy(there, route) == "leftovers.remove"


@pytest.mark.parametrize(
    ("row", "found", "expected"),
    [(3, (), "leftovers.remove"), (9, (), ""), (9, ("r1",), "leftovers.remove")],
)
def test_what_a_sweep_since_finds_nothing_wrong_with_is_for_a_person_to_say(
    row: int, found: tuple[str, ...], expected: str
) -> None:
    edited = replace(alarm("routes", "r1", "edited:routes:r1:0"), row=5)
    there = rings(edited)
    items = tuple(Swept("route", one, one, ("US",), JudgedAge.UNDATED, 3, ()) for one in found)
    there.state.learn(SweepRead(row=row, items=items))
    assert remedy(there, edited) == expected


def test_an_alarm_is_judged_under_its_things_own_finding_where_there_is_one() -> None:
    one, odd = alarm(), alarm("limits", "US")
    assert finding_key(one, {"key:k-id"}) == "key:k-id"
    assert finding_key(one, {"key:other"}) == "alarm:keys:k-id"
    assert finding_key(odd, {"limits:US"}) == "limits:US"


@pytest.mark.parametrize(
    ("kind", "decision", "open_"),
    [
        ("keys", "ours", False),
        ("keys", "removed", False),
        ("keys", "intruder", True),
        ("keys", "keep", True),
        ("proof", "ours", False),
        ("proof", "removed", False),
        ("proof", "intruder", False),
    ],
)
def test_what_was_explained_is_over_and_the_intruders_stays_while_something_ends_it(
    kind: str, decision: str, open_: bool
) -> None:
    one = alarm(kind)
    there = rings(one, keys=[key("k")])
    there.state.decisions[f"alarm:{one.id}"] = Decision(f"alarm:{one.id}", decision, "", "ann", LATER)
    assert (open_alarms(there) == [one]) is open_


@pytest.mark.parametrize(
    ("status", "open_"), [("open", True), (None, True), ("disabled", False), ("closed", False)]
)
def test_a_subaccount_stays_in_the_list_when_it_is_closed(status: str | None, open_: bool) -> None:
    one = alarm("subaccounts", "s1")
    there = rings(one, subaccounts=[Subaccount(id="s1", name="bulk", status=status)])
    assert open_alarms(there) == [one], "read before it rang"
    there.inventory.read_at["subaccounts"] = NOW + timedelta(minutes=1)
    assert (open_alarms(there) == [one]) is open_


def test_what_is_measured_from_the_moment_of_the_cut_on_counts_as_since() -> None:
    state = Story().verified([an_effect(EffectKind.KEY_DELETE, "k", US)]).state()
    for before, excess in ((0, 900.0), (1, 0.0), (None, 0.0)):
        since = None if before is None else NOW - timedelta(seconds=before)
        hours = (AcceptedHour(NOW, 40),)
        there = situation(state=state)
        there.volume = Volume(hours, 40.0, 60.0, None, 900.0, NOW, measured_from=since)
        assert excess_since_cut(there) == excess
