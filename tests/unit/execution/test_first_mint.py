"""Logins wait for the first new key, and no longer than for a refusal that another way gets around."""

from __future__ import annotations

import pytest

from tests.support.effects import an_effect
from workbench.core.errors import Forbidden, Reason, Refused, UnreadableAnswer, VendorFault, WorkbenchError
from workbench.domain.model.plan import RANK_ABUSE, EffectKind, EffectState, Place
from workbench.domain.model.state import EffectRecord
from workbench.execution.first_mint import FirstMint
from workbench.mailgun.endpoints import Region

US = Place(Region.US)


def record(kind: EffectKind, target: str, **more: int) -> EffectRecord:
    return EffectRecord(an_effect(kind, target, US, rank=more.get("rank", 1)), EffectState.PLANNED)


MINT = record(EffectKind.KEY_CREATE, "old")
RESET = record(EffectKind.LOGIN_RESET, "a@b.example")


def refused(reason: Reason) -> Forbidden:
    made = Forbidden("no", status=403)
    made.reason = reason
    return made


def test_a_plan_without_new_keys_holds_nothing() -> None:
    first = FirstMint()
    first.expect([RESET])
    assert not first.holds(RESET)


def test_a_login_waits_and_goes_once_a_key_was_made() -> None:
    first = FirstMint()
    first.expect([MINT, RESET])
    assert first.holds(RESET)
    assert first.made(MINT) == [RESET]
    assert not first.holds(RESET), "from then on nothing waits"


def test_what_is_abused_now_or_was_begun_waits_for_nothing() -> None:
    first = FirstMint()
    first.expect([MINT])
    assert not first.holds(record(EffectKind.LOGIN_RESET, "abused@b.example", rank=RANK_ABUSE + 1))
    begun = record(EffectKind.LOGIN_RESET, "begun@b.example")
    begun.attempts = 1
    assert not first.holds(begun)
    assert not first.holds(record(EffectKind.KEY_DELETE, "old"))


def test_a_rank_that_is_no_abuse_yet_waits() -> None:
    first = FirstMint()
    first.expect([MINT])
    assert first.holds(record(EffectKind.LOGIN_RESET, "a@b.example", rank=RANK_ABUSE))


def test_a_key_of_another_plan_frees_nothing_and_holds_nothing() -> None:
    """Only a new key that this run asks for shows whether it can be finished."""
    first, other = FirstMint(), record(EffectKind.KEY_CREATE, "other")
    first.expect([MINT])
    assert first.holds(RESET)
    assert first.made(other) == [] and first.failed(other, Refused("no", status=400)) == []
    assert first.held == [RESET]
    assert first.made(MINT) == [RESET]


def test_a_key_that_was_made_by_an_earlier_run_shows_that_keys_can_be_made() -> None:
    done = record(EffectKind.KEY_CREATE, "made")
    done.state = EffectState.DONE
    for order in ([done, MINT], [MINT, done]):
        first = FirstMint()
        first.expect(order)
        assert not first.holds(RESET)
    first = FirstMint()
    first.expect([done])
    first.expect([MINT])
    assert not first.holds(RESET), "also where the other comes with a later plan"


@pytest.mark.parametrize(
    ("error", "goes"),
    [
        (refused(Reason.ROLE), False),
        (refused(Reason.PLAN), True),
        (refused(Reason.QUOTA), True),
        (refused(Reason.STOPPED), True),
        (Refused("no", status=400), True),
        (VendorFault("down", status=502), False),
        (UnreadableAnswer("what", status=200), False),
        (WorkbenchError("no vault"), True),
    ],
)
def test_which_failures_a_login_need_not_wait_for(error: WorkbenchError, goes: bool) -> None:
    first = FirstMint()
    first.expect([MINT])
    assert first.holds(RESET)
    assert first.failed(MINT, error) == ([RESET] if goes else [])
    assert first.given_up() == ([] if goes else [RESET])
