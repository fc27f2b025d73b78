"""A plan about all waits for all, or says in its very title that it is PARTIAL and what is missing."""

from __future__ import annotations

import pytest

from tests.support.situations import OWN, Story, key, situation
from workbench.core.errors import UsageError
from workbench.domain.model.effect_params import KeyCreateParams
from workbench.domain.model.inventory import Gap
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Decision
from workbench.planning.contain import Scope, plan
from workbench.planning.grants import of_words

LOGIN = "news@mg.acme.example"
ALL = ("keys", "domains", "logins", "subaccounts")


def read(*parts: str) -> Situation:
    """Return an account of which these parts were read."""
    made = situation([key("web"), key("mail")], [LOGIN])
    made.inventory.read_at = dict.fromkeys(parts, made.now)
    return made


def test_a_plan_about_all_that_knows_all_is_not_partial() -> None:
    assert plan(read(*ALL)).title == "Cut all access"


@pytest.mark.parametrize(
    ("missing", "words"),
    [("keys", "API keys"), ("domains", "domains"), ("logins", "SMTP logins"), ("subaccounts", "subaccounts")],
)
def test_what_is_not_read_yet_heads_the_plan_and_stands_first_in_what_it_leaves_out(
    missing: str, words: str
) -> None:
    made = plan(read(*(part for part in ALL if part != missing)))
    assert made.title == f"PARTIAL, without {words}: Cut all access"
    assert made.left_out[0] == f"{words}: not read yet, so not in this plan"


def test_what_could_not_be_read_heads_it_as_well() -> None:
    account = read(*ALL)
    account.inventory.gaps["users"] = Gap("users", None, "refused")
    assert plan(account).title == "Cut all access", "who can sign in is no part of what this plan cuts"
    account.inventory.gaps["logins of a.example"] = Gap("logins of a.example", None, "refused")
    account.inventory.gaps["logins of b.example"] = Gap("logins of b.example", None, "refused")
    assert plan(account).title == "PARTIAL, without SMTP logins that could not be read: Cut all access"


def test_a_plan_about_something_named_is_not_partial_for_want_of_the_rest() -> None:
    assert "PARTIAL" not in plan(read("keys"), Scope(keys=("web-id",))).title


def test_the_key_the_workbench_runs_on_is_never_left_alive_by_asking_for_its_end_without_a_replacement() -> (
    None
):
    with pytest.raises(UsageError, match="runs on"):
        plan(read(*ALL), Scope(unreplaced=(OWN, "web-id")))


def test_what_this_incident_made_stays_in_the_plan_where_its_end_without_a_replacement_is_asked_for() -> None:
    first = plan(read(*ALL), Scope(keys=("web-id",)))
    story = Story().verified(first)
    made = next(iter(story.state().created_keys))
    there = situation([key("web", id=made)], state=story.state())
    # Somebody else sends with it already (see ``leaked_again``): it is to be cut once more.
    there.in_other_hands = frozenset({made})
    whole = plan(there, Scope(unreplaced=(made,)))
    assert made in {effect.target for effect in whole}
    assert any("made by this incident" in line for line in whole.left_out)


@pytest.mark.parametrize("word", ["basic", "sending:mg.acme.example"])
def test_the_workbenchs_own_key_never_comes_back_with_a_role_that_can_cut_nothing(word: str) -> None:
    with pytest.raises(UsageError, match="runs on"):
        plan(read(*ALL), Scope(grants=of_words([f"{OWN}={word}"])))
    [mint] = [
        effect
        for effect in plan(read(*ALL), Scope(grants=of_words([f"{OWN}=admin"])))
        if effect.params.own and effect.kind is EffectKind.KEY_CREATE
    ]
    assert mint.given(KeyCreateParams).role == "admin"


def test_strangers_outside_of_a_scope_are_left_as_they_are() -> None:
    strange = "drop@mg.acme.example"
    account = situation([key("web")], [LOGIN, strange, "drop@b.example"])
    for login in (strange, "drop@b.example"):
        account.state.decisions[f"login:{login}"] = Decision(f"login:{login}", "intruder", "", "me", "")

    def removed(scope: Scope) -> list[str]:
        return [one.target for one in plan(account, scope) if one.kind is EffectKind.LOGIN_DELETE]

    assert removed(Scope(remove_strangers=True)) == [strange, "drop@b.example"]
    assert removed(Scope(remove_strangers=True, domains=("mg.acme.example",))) == [strange]
    assert removed(Scope(remove_strangers=True, keys=("web-id",))) == []
