"""Steps 0 to 3 close by evidence only: every half-way state of an effect, and what it must not be taken for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, OLD, OWN, US, Story, key, situation, use
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.effect_result import EffectResult
from workbench.domain.model.mints import NO_ROOM
from workbench.domain.model.plan import Effect, EffectKind, EffectState
from workbench.domain.model.recorded_rows import RecordedTimer
from workbench.domain.model.sending_volume import Volume
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import TRIES, Decision, EffectRecord, State
from workbench.domain.runbook import containment, queues
from workbench.domain.runbook.handover import proposal
from workbench.domain.runbook.verdict import Found, Verdict
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Subaccount
from workbench.planning import registry

K = EffectKind
PROD = key("prod-web")
LOGIN, OTHER = "app@mg.acme.example", "shop@mg.acme.example"
DONE_WORDS = (Verdict.DONE, Verdict.ATTESTED, Verdict.NOT_APPLICABLE)


def state(*records: tuple[Effect, EffectState, dict[str, Any]]) -> State:
    """Return a state whose effects are as far as given."""
    made = State(incident="20261121-140207-3f2a")
    for one, how_far, more in records:
        given = {"attempts": 1, **more}
        made.effects[one.id] = EffectRecord(one, how_far, **given)
    return made


def delete(target: str = PROD.id) -> Effect:
    return an_effect(K.KEY_DELETE, target, US, cut="now", what=f"delete {target}")


def mint(target: str = PROD.id, **params: Any) -> Effect:
    given = {"replaces": target, "cut": "now", **params}
    return an_effect(K.KEY_CREATE, target, US, **given, what="mint")


def reset(login: str = LOGIN) -> Effect:
    return an_effect(K.LOGIN_RESET, login, US, domain="mg.acme.example", what=f"reset {login}")


def purge(name: str) -> Effect:
    return an_effect(K.QUEUE_PURGE, name, US, what=f"purge {name}")


def minted(new: str = "new-key") -> dict[str, Any]:
    return {"result": EffectResult(key_id=new), "evidence": ["minted"]}


def after_the_cut(*records: tuple[Effect, EffectState, dict[str, Any]], left: bool = False) -> Situation:
    """Return an account whose own key was replaced as well; ``left`` says whether the old one is still listed."""
    found = situation([PROD] if left else [], [LOGIN], state=state(*records))
    del found.inventory.keys[OWN]
    new = key("prod-web", id="new-key")
    found.inventory.keys[new.id] = new
    return found


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_keys_are_done_when_the_old_is_absent_and_the_new_one_proven() -> None:
    found = containment.keys(
        after_the_cut(
            (mint(), EffectState.VERIFIED, minted()), (delete(), EffectState.VERIFIED, {"evidence": ["gone"]})
        )
    )
    assert (found.verdict, found.progress) == (Verdict.DONE, (1, 1))
    assert "delete prod-web-id: gone" in found.evidence
    assert "mint: minted" in found.evidence


@pytest.mark.parametrize("how_far", [EffectState.PLANNED, EffectState.DONE, EffectState.FAILED])
def test_keys_are_not_done_while_a_replacement_is_not_proven(how_far: EffectState) -> None:
    more = minted() if how_far is EffectState.DONE else {}
    if how_far is EffectState.FAILED:
        more = {"failure": {"what": "refused"}}
    found = containment.keys(
        after_the_cut((mint(), how_far, more), (delete(), EffectState.VERIFIED, {"evidence": ["gone"]}))
    )
    assert found.verdict not in DONE_WORDS
    assert any("not proven" in line for line in found.evidence)


@pytest.mark.parametrize("how_far", list(EffectState))
def test_a_key_that_is_still_listed_is_never_gone_whatever_its_delete_says(how_far: EffectState) -> None:
    more: dict[str, Any] = {"failure": {"what": "x"}} if how_far is EffectState.FAILED else {}
    found = containment.keys(
        after_the_cut((mint(), EffectState.VERIFIED, minted()), (delete(), how_far, more), left=True)
    )
    assert found.verdict not in DONE_WORDS
    assert found.progress is not None
    assert found.progress[0] < found.progress[1]
    assert any("1 key from before still in the account" in line for line in found.evidence)


def test_a_key_that_somebody_made_since_is_not_one_from_before() -> None:
    found = after_the_cut((delete(), EffectState.VERIFIED, {}))
    found.state.baseline = AccountBaseline(keys=(PROD.id, "new-key"))
    found.inventory.keys["theirs"] = key("backdoor", id="theirs")
    words = containment.keys(found).evidence
    assert "1 key made since by somebody else, still in the account" in words
    assert "1 key from before still in the account" in words


def test_a_failed_mint_counts_no_more_once_another_took_its_place() -> None:
    lesser = mint(lesser=True, instance="mg.acme.example")
    rest = (delete(), EffectState.VERIFIED, {"evidence": ["gone"]})
    failed = (lesser, EffectState.FAILED, {"failure": {"what": "402"}})
    assert containment.keys(after_the_cut(failed, rest)).verdict not in DONE_WORDS
    both = after_the_cut(failed, (mint(), EffectState.VERIFIED, minted()), rest)
    assert containment.keys(both).verdict is Verdict.DONE


def test_what_failed_for_want_of_room_is_tried_again_once_a_key_was_deleted() -> None:
    failed: dict[str, Any] = {
        "failure": {"what": NO_ROOM},
        "failures": TRIES,
        "failed_at": "2026-11-21T14:10:00Z",
    }

    def verdict(**deleted: Any) -> Verdict:
        other = (delete("other"), EffectState.VERIFIED, {"evidence": ["gone"], **deleted})
        there = after_the_cut((mint(), EffectState.FAILED, failed), other, left=True)
        del there.inventory.keys["new-key"]
        return containment.keys(there).verdict

    assert verdict(done_at="2026-11-21T14:09:59Z") is Verdict.BLOCKED
    assert verdict(done_at="2026-11-21T14:20:00Z") is Verdict.IN_PROGRESS
    failed["failure"] = {"what": "The role is too low."}
    assert verdict(done_at="2026-11-21T14:20:00Z") is Verdict.BLOCKED, "room is not what it wants"


def test_a_key_made_to_do_less_later_is_no_matter_of_the_cut() -> None:
    harden = mint("new-key", harden=True)
    found = containment.keys(
        after_the_cut(
            (mint(), EffectState.VERIFIED, minted()),
            (delete(), EffectState.VERIFIED, {"evidence": ["gone"]}),
            (harden, EffectState.PLANNED, {}),
        )
    )
    assert found.verdict is Verdict.DONE


def test_what_this_incident_did_not_make_is_from_before_however_it_is_marked() -> None:
    marked = key("x [wb-3f2a21140207-0123456789]", id="marked")
    found = after_the_cut(
        (mint(), EffectState.VERIFIED, minted()), (delete(), EffectState.VERIFIED, {"evidence": ["gone"]})
    )
    found.inventory.keys[marked.id] = marked
    assert containment.keys(found).verdict is Verdict.IN_PROGRESS


def test_an_account_of_which_nothing_was_read_is_open() -> None:
    unread = situation([PROD], [LOGIN])
    unread.inventory.read_at.clear()
    for judge in (containment.keys, containment.logins):
        found = judge(unread)
        assert (found.verdict, found.progress) == (Verdict.OPEN, None)


def test_before_anything_was_cut_one_plan_is_proposed_for_all_of_it() -> None:
    found = containment.keys(situation([PROD], [LOGIN]))
    assert (found.verdict, found.progress, found.action) == (Verdict.OPEN, (0, 2), "contain.all")
    assert "One plan cuts all access" in found.happens
    assert containment.keys(situation([PROD])).action == ""
    begun = situation([PROD], [LOGIN], state=state((reset(), EffectState.VERIFIED, {})))
    assert containment.keys(begun).action != "contain.all"


@pytest.mark.parametrize(
    ("how_far", "more", "finish"),
    [
        (EffectState.PLANNED, {"attempts": 0}, True),
        (EffectState.PLANNED, {"open": True}, True),
        (EffectState.DONE, {}, True),
        (EffectState.FAILED, {"failure": {"what": "x"}, "open": True}, True),
    ],
)
def test_what_was_confirmed_is_finished_before_anything_is_planned_anew(
    how_far: EffectState, more: dict[str, Any], finish: bool
) -> None:
    found = containment.keys(
        after_the_cut((mint(), EffectState.VERIFIED, minted()), (delete(), how_far, more), left=True)
    )
    assert (found.verdict is Verdict.IN_PROGRESS and found.action == "finish") is finish


def test_a_key_kept_for_its_hand_over_holds_the_step_and_asks_when_its_time_is_up() -> None:
    held = mint(cut="first")
    found = after_the_cut((held, EffectState.VERIFIED, minted()), left=True)
    due = NOW + timedelta(minutes=5)
    name = f"hand-over:key:{PROD.id}"
    found.state.timers[name] = RecordedTimer(id=name, due=due.isoformat())
    step = containment.keys(found)
    assert (step.verdict, step.action, step.idle) == (Verdict.IN_PROGRESS, "handover.finish", True)
    assert any("kept for the hand-over, until 21 Nov 14:05Z" in line for line in step.evidence)
    later = Situation(found.inventory, found.state, due, OWN)
    assert not containment.keys(later).idle


# ── logins ───────────────────────────────────────────────────────────────────────────────────────────────


def logins(
    *records: tuple[Effect, EffectState, dict[str, Any]], held: tuple[str, ...] = (LOGIN, OTHER)
) -> Found:
    return containment.logins(situation(logins=held, state=state(*records)))


def test_logins_are_done_when_each_new_password_was_accepted() -> None:
    found = logins((reset(), EffectState.VERIFIED, {}), (reset(OTHER), EffectState.VERIFIED, {}))
    assert (found.verdict, found.progress) == (Verdict.DONE, (2, 2))
    assert any("2 reset, new password accepted" in line for line in found.evidence)
    assert not any("password from before" in line for line in found.evidence)


@pytest.mark.parametrize(
    "how_far", [EffectState.PLANNED, EffectState.DONE, EffectState.FAILED, EffectState.SKIPPED]
)
def test_a_login_that_is_not_proven_holds_the_step(how_far: EffectState) -> None:
    more: dict[str, Any] = {"failure": {"what": "x"}} if how_far is EffectState.FAILED else {}
    more |= {"evidence": ["replaced", "cannot tell"]} if how_far is EffectState.DONE else {}
    found = logins((reset(), EffectState.VERIFIED, {}), (reset(OTHER), how_far, more))
    assert found.verdict not in DONE_WORDS
    assert found.progress == (1, 2)
    if how_far is EffectState.DONE:
        assert "1 reset, but cannot be proven from here" in found.evidence
        assert "cannot tell" in found.evidence
    else:
        assert "1 login still with the password from before" in found.evidence


def test_a_login_nobody_touched_has_the_password_from_before() -> None:
    found = logins((reset(), EffectState.VERIFIED, {}))
    assert (found.verdict, found.progress) == (Verdict.IN_PROGRESS, (1, 2))
    assert "1 login still with the password from before" in found.evidence
    assert (logins().verdict, logins().progress) == (Verdict.OPEN, (0, 2))


class _Searched(tuple[str, ...]):
    """The logins of the baseline; counts how often they are looked through."""

    times = 0

    def __contains__(self, name: object) -> bool:
        self.times += 1
        return super().__contains__(name)


def test_the_baseline_is_looked_through_only_for_a_login_that_somebody_called_ours() -> None:
    names = tuple(f"app{number}@mg.acme.example" for number in range(50))
    found = situation(logins=names, state=state())
    before = _Searched(names[:-1])
    found.state.baseline = AccountBaseline(logins=before)
    for name in (names[0], names[-1]):
        found.state.decisions[f"login:{name}"] = Decision(f"login:{name}", "ours", "", "", "")
    left, _ = containment.untouched(found)
    assert left == list(names[:-1])  # Ours since it appeared: the last one alone has no password of before.
    assert before.times == 2


def test_a_strangers_login_is_told_removed_only_when_it_is_absent() -> None:
    gone = an_effect(K.LOGIN_DELETE, OTHER, US)
    proven: tuple[Effect, EffectState, dict[str, Any]] = (reset(), EffectState.VERIFIED, {})
    found = logins(proven, (gone, EffectState.VERIFIED, {}), held=(LOGIN,))
    assert found.verdict is Verdict.DONE
    assert "1 stranger login removed, absent from their domains" in found.evidence
    said = logins(proven, (gone, EffectState.DONE, {}))
    assert said.verdict is not Verdict.DONE
    assert not any("stranger login removed" in line for line in said.evidence)


def test_without_logins_there_is_nothing_to_reset() -> None:
    assert logins(held=()).verdict is Verdict.NOT_APPLICABLE
    assert logins((reset(), EffectState.VERIFIED, {}), held=()).verdict is Verdict.DONE


# ── queues, limits, subaccounts ──────────────────────────────────────────────────────────────────────────


def stopped(
    *records: tuple[Effect, EffectState, dict[str, Any]], subaccounts: tuple[Subaccount, ...] = ()
) -> Found:
    return containment.stop(situation(state=state(*records), subaccounts=subaccounts))


def test_a_queue_is_purged_when_every_host_said_so() -> None:
    one, two = purge("a.example"), purge("b.example")
    done = (one, EffectState.VERIFIED, {"evidence": ["purged"]})
    assert stopped(done).verdict is Verdict.DONE
    for how_far in (EffectState.PLANNED, EffectState.DONE, EffectState.FAILED, EffectState.SKIPPED):
        more: dict[str, Any] = {"failure": {"what": "x"}} if how_far is EffectState.FAILED else {}
        found = stopped(done, (two, how_far, more))
        assert (found.verdict, found.progress) == (Verdict.IN_PROGRESS, (1, 2))
        assert "not purged yet: b.example" in found.evidence


@pytest.mark.parametrize(
    ("seconds", "looks", "left"), [(30, "both", 0), (120, "both", 1), (120, "production", 0)]
)
def test_a_purge_before_a_credential_that_strangers_use_was_cut_may_have_been_filled_again(
    seconds: int, looks: str, left: int
) -> None:
    story = Story().assessed("a.example").use(**{f"key:{PROD.id}": use(looks)})
    story.verified([purge("a.example")])
    story.at += timedelta(seconds=seconds)
    story.verified([delete()])
    assert len(queues.queues_left(situation(logins=["app@a.example"], state=story.state()))) == left


def test_a_queue_purged_closes_nothing_while_another_region_s_figures_are_missing() -> None:
    found = situation(logins=["app@a.example"], state=Story().verified([purge("a.example")]).state())
    found.volume = Volume((), 40.0, 60.0, NOW, 900.0, NOW, {"a.example": 900}, unread=(Region.US,))
    said = containment.stop(found)
    assert (said.verdict, said.idle) == (Verdict.IN_PROGRESS, True)
    assert "the sending figures of US could not be read" in said.evidence[0]
    found.volume = replace(found.volume, unread=())
    assert containment.stop(found).verdict is Verdict.DONE


def test_without_figures_nobody_knows_whose_queue_is_abused() -> None:
    found = stopped()
    assert found.verdict is Verdict.OPEN
    assert found.evidence[0] == "the sending figures are not read yet"


def sub(status: str = "open", made: Any = NOW) -> Subaccount:
    return Subaccount(id="s1", name="notify", status=status, created_at=made)


@pytest.mark.parametrize(
    ("item", "decision", "rogue"),
    [
        (sub(), "", True),
        (sub(made=OLD), "", False),
        (sub(made=None), "", False),
        (sub("disabled"), "", False),
        (sub(), "ours", False),
        (sub(made=OLD), "intruder", True),
        (sub("disabled", OLD), "intruder", False),
    ],
)
def test_a_subaccount_is_rogue_by_its_date_or_by_judgement_while_it_is_open(
    item: Subaccount, decision: str, rogue: bool
) -> None:
    found = situation(subaccounts=[item])
    if decision:
        found.state.decisions["subaccount:s1"] = Decision("subaccount:s1", decision, "", "ann", "")
    assert bool(containment.rogue_subaccounts(found)) is rogue
    step = containment.stop(found)
    assert any("subaccount notify" in line for line in step.evidence) is rogue
    if rogue:
        assert (step.verdict, step.progress, step.action) == (Verdict.OPEN, (0, 1), "stop.all")


# ── evidence ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("parts", "told", "verdict", "progress", "idle"),
    [
        ((), False, Verdict.OPEN, (0, 3), False),
        (("0a",), False, Verdict.IN_PROGRESS, (1, 3), False),
        (("0a",), True, Verdict.IN_PROGRESS, (2, 3), True),
        (("0b",), True, Verdict.IN_PROGRESS, (2, 3), False),
        (("0a", "0b"), False, Verdict.IN_PROGRESS, (2, 3), False),
        (("0a", "0b"), True, Verdict.DONE, (3, 3), True),
    ],
)
def test_evidence_is_two_snapshots_and_a_word_to_support(
    parts: tuple[str, ...], told: bool, verdict: Verdict, progress: tuple[int, int], idle: bool
) -> None:
    story = Story()
    for part in parts:
        story.add("snapshot.stored", part=part, sha256="ab" * 32, counts={})
    if told:
        story.add("attested", step="0", who="ops", text="sent")
    found = containment.evidence(situation(state=story.state()))
    assert (found.verdict, found.progress, found.idle) == (verdict, progress, idle)
    wanted = "support.message" if "0a" in parts and not told else "evidence.preserve"
    assert found.action == wanted


@pytest.mark.parametrize("cut", ["now", "own"])
def test_a_key_whose_end_alone_was_left_out_is_ended_and_waits_for_nobody(cut: str) -> None:
    # The workbench's own key too: once it runs on the replacement, the old one is a key like any other.
    story = Story().use().verified([mint("left-id", cut=cut)])
    where = situation([key("left")], state=story.state())
    assert proposal(where)["key:left-id"] == "now"
    assert registry.unavailable("keys.replace", where) == ""
