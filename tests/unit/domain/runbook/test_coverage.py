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
from workbench.domain.runbook.verdict import Found, Verdict
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


# ── in which words ───────────────────────────────────────────────────────────────────────────────────────


SUB = Place(Region.US, "sub1")


def gaps(*found: Gap) -> Situation:
    """Return an account with these gaps."""
    seen = situation()
    seen.inventory.gaps = {str(number): gap for number, gap in enumerate(found)}
    return seen


def test_a_gap_says_what_where_and_why_and_a_note_hides_nothing() -> None:
    noted = Gap("routes", US, "no such feature", note=True)
    everywhere = Gap("users", None, "r" * 400)
    seen = gaps(Gap("keys", SUB, REFUSED), noted, everywhere, Gap("logins of a.example", US, "503"))
    held = seen.inventory
    assert coverage.said(held.gaps["0"]) == f"keys {SUB} could not be read: {REFUSED}"
    assert coverage.said(everywhere).startswith(f"users could not be read: {'r' * 160}…")
    assert coverage.notes(held) == [f"routes {US}: no such feature"]
    assert coverage.notes(gaps(Gap("x", None, "r" * 400, note=True)).inventory)[0].startswith(
        f"x: {'r' * 300}…"
    )
    assert coverage.unread(held, ("routes", "users", "logins")) == [everywhere, held.gaps["3"]]
    assert coverage.cut_by(held) == [held.gaps["0"], held.gaps["3"]]
    assert coverage.lines(held) == [
        f"keys {SUB} could not be read: {REFUSED}",
        f"logins of a.example {US} could not be read: 503",
    ]
    assert coverage.part(held.gaps["3"]) == "logins" and coverage.part(noted) == "routes"


@pytest.mark.parametrize(
    ("part", "step"), [("keys", "1"), ("domains", "2"), ("logins of a.example", "2"), ("subaccounts", "3")]
)
def test_access_is_not_cut_where_nobody_looked_and_is_where_somebody_did(part: str, step: str) -> None:
    seen = gaps(Gap(part, US, REFUSED))
    assert coverage.not_cut(seen) == [seen.inventory.gaps["0"]]
    for other in {"1", "2", "3"} - {step}:
        seen.state.attestations = [Attestation(other, "ann", "2026-11-21T14:30:00Z", "looked")]
        assert coverage.not_cut(seen) == [seen.inventory.gaps["0"]]
    seen.state.attestations = [Attestation(step, "ann", "2026-11-21T14:30:00Z", "looked")]
    assert coverage.not_cut(seen) == []


def test_all_that_could_not_be_read_is_one_sentence_by_reason() -> None:
    assert coverage.summary(situation().inventory) == ""
    assert coverage.summary(gaps(Gap("keys", US, "403"), Gap("users", None, "403")).inventory) == (
        f"Could not be read when this was written: keys {US}, users (403)."
    )
    many = [Gap(f"part {n}", None, "503") for n in range(8)] + [Gap("x", None, str(n)) for n in range(5)]
    assert coverage.summary(gaps(*many).inventory) == (
        "Could not be read when this was written: part 0, part 1, part 2, part 3, part 4, part 5 and 2 more (503); "
        "x (0); x (1); x (2); and more for 2 other reasons."
    )


WAY_OUT = (
    "it is read again by itself; if it stays refused: an admin key, or look in the control panel and attest"
)
TOLD = f"keys {US} could not be read: {REFUSED}"


@pytest.mark.parametrize(
    ("found", "held"),
    [
        (
            Found(Verdict.DONE, ("all gone",), (2, 2), "finish", "It ends."),
            Found(Verdict.BLOCKED, (TOLD, WAY_OUT, "all gone"), (2, 2), "finish", "It ends."),
        ),
        # "Nothing there" is only what was read of it.
        (
            Found(Verdict.NOT_APPLICABLE, ("the account has no keys",)),
            Found(Verdict.BLOCKED, (TOLD, WAY_OUT)),
        ),
        (Found(Verdict.BLOCKED, ("stuck",)), Found(Verdict.BLOCKED, (TOLD, WAY_OUT, "stuck"))),
        (Found(Verdict.OPEN, ("0 of 2",), (0, 2)), Found(Verdict.OPEN, (TOLD, "0 of 2"), (0, 2))),
        (Found(Verdict.IN_PROGRESS, ("1 of 2",)), Found(Verdict.IN_PROGRESS, (TOLD, "1 of 2"))),
        (Found(Verdict.LATER, ("left",)), Found(Verdict.LATER, (TOLD, "left"))),
        (Found(Verdict.ATTESTED, ("ann says so",)), Found(Verdict.ATTESTED, ("ann says so",))),
    ],
)
def test_no_step_is_done_or_empty_by_what_was_not_read(found: Found, held: Found) -> None:
    seen = gaps(Gap("keys", US, REFUSED))
    assert coverage.held_back(seen, "1", found) == held
    assert coverage.held_back(seen, "1b", found) == found, "it is not judged by the keys"
    assert coverage.held_back(seen, "12", found) == found
    assert coverage.held_back(situation(), "1", found) == found


def test_who_looked_where_this_key_could_not_is_believed_beside_the_gap() -> None:
    seen = gaps(Gap("keys", US, REFUSED))
    seen.state.attestations = [Attestation("1", "ann", "2026-11-21T14:30:00Z", "looked")]
    found = coverage.held_back(seen, "1", Found(Verdict.DONE, ("all gone",), (2, 2)))
    said = "attested by ann, 2026-11-21T14:30:00Z: looked"
    assert found == Found(Verdict.ATTESTED, (said, TOLD, "all gone"), (2, 2))


def test_four_gaps_are_named_and_the_rest_counted() -> None:
    for count, more in ((4, []), (5, ["and 1 more"])):
        seen = gaps(*(Gap(f"logins of {n}.example", None, "503") for n in range(count)))
        found = coverage.held_back(seen, "2", Found(Verdict.DONE))
        named = [f"logins of {n}.example could not be read: 503" for n in range(4)]
        assert list(found.evidence) == [*named, *more, WAY_OUT]
