"""What a search could not see, and what else a leaked file gave away, as the screen says it."""

from __future__ import annotations

from workbench.domain.leaks.beside import BESIDE, beside_secrets, reach, search_strings, subject_of
from workbench.domain.leaks.recorded import LeaksFound, NeighbourSecret
from workbench.domain.model.state import Attestation, State

ROWS = (
    NeighbourSecret("/srv", ".env", "DB_PASSWORD", "database"),
    NeighbourSecret("/srv", ".env", "STRIPE_SECRET", "Stripe"),
)


def searched() -> State:
    state = State("i1")
    found = LeaksFound(
        verdict="Nothing was found in what was read. 2 thing(s) were not read.",
        neighbours=ROWS,
        search_elsewhere=('"0c1d2e3f-5a6b7c8d"',),
    )
    state.learn(found)
    return state


def test_the_verdict_the_neighbours_and_the_search_strings_are_said() -> None:
    said = reach(searched())
    assert said[0].startswith("Nothing was found in what was read.")
    assert "2 still to be replaced" in said[1]
    assert "DB_PASSWORD (database) in .env" in said[1]
    assert '"0c1d2e3f-5a6b7c8d"' in said[2]
    assert search_strings(searched()) == ('"0c1d2e3f-5a6b7c8d"',)
    assert reach(State("i1")) == []


def test_a_secret_of_two_places_is_one_and_is_replaced_by_a_word_about_either() -> None:
    state = State("i1")
    also = (("https://shop.example", "/.env"),)
    row = NeighbourSecret("/srv", ".env", "DB_PASSWORD", "database", also)
    state.learn(LeaksFound(neighbours=(row,)))
    assert "DB_PASSWORD (database) in .env (the same in https://shop.example/.env)" in reach(state)[0]
    subject = subject_of("https://shop.example", "/.env", "DB_PASSWORD")
    state.attestations.append(Attestation(BESIDE, "bob", "2026-11-21T15:00:00Z", "Ann", subject))
    assert [one.owner for one in beside_secrets(state)] == ["Ann"]


def test_who_replaced_another_services_secret_is_kept_and_it_leaves_the_list() -> None:
    state = searched()
    state.attestations.append(
        Attestation(BESIDE, "bob", "2026-11-21T15:00:00Z", "Ann", subject_of("/srv", ".env", "DB_PASSWORD"))
    )
    assert [(one.name, one.owner) for one in beside_secrets(state)] == [
        ("STRIPE_SECRET", ""),
        ("DB_PASSWORD", "Ann"),
    ]
    said = "\n".join(reach(state))
    assert "1 still to be replaced by their owners: STRIPE_SECRET (Stripe)" in said
    assert "replaced by Ann (2026-11-21T15:00:00Z): DB_PASSWORD (database) in .env" in said
