"""What could not be read is never taken for empty or done."""

from __future__ import annotations

import pytest

from tests.support.situations import US, situation
from workbench.core.errors import Forbidden
from workbench.domain.detection.lockout import check_role
from workbench.domain.model.inventory import Gap, UserItem
from workbench.domain.model.plan import Place
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Attestation
from workbench.domain.runbook import coverage, runbook
from workbench.domain.runbook.verdict import Verdict
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import User
from workbench.planning import contain

REFUSED = "GET /v1/keys was refused: not allowed (403)."


def verdict_of(seen: Situation, step: str) -> runbook.StepView:
    return next(view for view in runbook.steps(seen) if view.id == step)


def with_gap(name: str, place: Place | None = US) -> Situation:
    seen = situation()
    if name == "keys":
        seen.inventory.keys.clear()
    user = User(id="u1", email="owner@acme.example", is_master=True, is_disabled=True)
    seen.inventory.users = {user.id: UserItem(user, US)}
    seen.inventory.gaps[name] = Gap(name, place, REFUSED)
    return seen


@pytest.mark.parametrize(
    ("part", "step"),
    [
        ("keys", "1"),
        ("users", "1b"),
        ("domains", "2"),
        ("logins of mg.acme.example", "2"),
        ("users", "4"),
        ("users", "5"),
    ],
)
def test_a_step_is_blocked_by_what_could_not_be_read(part: str, step: str) -> None:
    assert verdict_of(with_gap("nothing that matters"), step).verdict is not Verdict.BLOCKED
    found = verdict_of(with_gap(part), step)
    assert found.verdict is Verdict.BLOCKED
    assert REFUSED in found.evidence[0]
    assert any("attest" in line for line in found.evidence)
    assert not any("the account has no" in line or "shows no" in line for line in found.evidence)


def test_a_region_that_could_not_be_read_blocks_too() -> None:
    found = verdict_of(with_gap("domains EU", None), "2")
    assert found.verdict is not Verdict.BLOCKED
    seen = with_gap("keys")
    seen.inventory.gaps["domains EU"] = Gap("domains", Place(Region.EU), REFUSED)
    assert "domains EU could not be read" in verdict_of(seen, "2").evidence[0]


def test_an_open_step_stays_open_and_names_the_gap() -> None:
    seen = situation(logins=("app@mg.acme.example",))
    seen.inventory.gaps["domains EU"] = Gap("domains", Place(Region.EU), REFUSED)
    found = verdict_of(seen, "2")
    assert found.verdict is Verdict.OPEN
    assert "domains EU could not be read" in found.evidence[0]


def test_who_looked_in_the_panel_may_say_so() -> None:
    seen = with_gap("users")
    seen.state.attestations.append(Attestation("5", "ann", "2026-11-21T14:30:00Z", "all five have it"))
    found = verdict_of(seen, "5")
    assert found.verdict is Verdict.ATTESTED
    assert "all five have it" in found.evidence[0]


def test_many_gaps_are_counted() -> None:
    seen = situation()
    for number in range(9):
        name = f"logins of d{number}.example"
        seen.inventory.gaps[name] = Gap(name, US, REFUSED)
    assert "and 5 more" in verdict_of(seen, "2").evidence


def test_a_containment_says_what_it_leaves_out() -> None:
    seen = situation(logins=("app@mg.acme.example",))
    seen.inventory.gaps["domains EU"] = Gap("domains", Place(Region.EU), REFUSED)
    assert any("domains EU could not be read" in line for line in contain.plan(seen).left_out)
    assert coverage.lines(situation().inventory) == []


def test_a_key_that_is_not_admin_is_told_before_hundreds_of_refusals() -> None:
    planned = contain.plan(situation(logins=("app@mg.acme.example",)))
    with pytest.raises(Forbidden) as told:
        check_role(planned, False)
    assert "role is too low" in told.value.what
    assert "Nothing was changed" in told.value.means
    assert "Make a key with the role admin" in told.value.todo
    check_role(planned, True)
    check_role(planned, None)
