"""Proven again an hour and two days later: what still holds, what cannot be told, what is not as it was."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.accounts import OWN, US, Bench, Reply, auth
from tests.support.effects import an_effect as effect
from workbench.core.redact import Secret
from workbench.domain.model.plan import Effect, EffectKind
from workbench.execution.progress import Summary
from workbench.execution.reverification import Reproof, lasting, prove_again

K = EffectKind
NEW_ID, OLD_ID = "2222cccc-2222cccc", "1111bbbb-1111bbbb"
NEW = Secret(f"{'2' * 32}-{NEW_ID}")
LIST, READ = "GET /v1/keys", "GET /v4/domains"
DOMAIN, LOGIN = "mg.acme.example", "app@mg.acme.example"


def mint(**params: Any) -> Effect:
    return effect(K.KEY_CREATE, OLD_ID, name="prod", role="admin", kind="user", replaces=OLD_ID, **params)


def delete(target: str = OLD_ID) -> Effect:
    return effect(K.KEY_DELETE, target, what=f"delete {target[:4]}")


def reset(**params: Any) -> Effect:
    return effect(K.LOGIN_RESET, LOGIN, domain=DOMAIN, **params)


async def verified(bench: Bench, one: Effect, **done: Any) -> None:
    await bench.record(one, intents=1, **done)
    await bench.ledger.record("effect.verified", {"id": one.id, "evidence": done.get("evidence", ["yes"])})


def shown(*ids: str) -> Reply:
    return 200, {"items": [{"id": one} for one in ids]}


def sure_of(bench: Bench) -> list[Any]:
    """Return what the journal says of each look."""
    return [row.body["sure"] for row in bench.journal.rows if row.kind == "effect.reproven"]


async def test_what_still_holds_is_journaled_beside_the_first_proof() -> None:
    bench = Bench()
    await verified(bench, mint(own=True), entry="e", result={"key_id": NEW_ID}, evidence=["minted"])
    await verified(bench, delete(), evidence=["deleted"])
    bench.vault.held["e"] = NEW
    bench.account.on(LIST, shown(NEW_ID))
    bench.account.on(READ, (200, {"items": []}))
    found = await prove_again(bench.ctx, bench.ledger)
    assert (found.checked, found.sure, found.untold, found.against) == (2, 2, [], [])
    assert found.line() == "2 of 2 proven again"
    assert bench.switched == [], "switching to our own key happened once and must not again"
    rows = [row.body for row in bench.journal.rows if row.kind == "effect.reproven"]
    assert all(row["sure"] and not row["against"] for row in rows)
    said = {row["id"]: row["evidence"] for row in rows}
    assert said[delete().id] == [
        "again 2026-11-21T14:00:00Z: absent from the key list at 14:00:00Z",
    ]
    assert bench.journal.rows[-1].body == {
        "name": "proofs",
        "checked": 2,
        "sure": 2,
        "untold": 0,
        "against": (),
    }


async def test_a_key_that_is_back_is_against_what_was_proven_and_rings() -> None:
    bench = Bench()
    await verified(bench, delete(), evidence=["deleted"])
    bench.account.on(LIST, shown(OLD_ID))
    found = await prove_again(bench.ctx, bench.ledger)
    assert found.against == ["delete 1111: still in the key list at 14:00:00Z"]
    assert found.line() == "0 of 1 proven again, 1 are NOT as they were"
    alarm = next(row.body for row in bench.journal.rows if row.kind == "alarm.raised")
    assert (alarm["kind"], alarm["target"], alarm["text"]) == ("proof", OLD_ID, found.against[0])


async def test_a_new_key_that_is_refused_is_against_it_and_a_fault_tells_nothing() -> None:
    bench = Bench()
    await verified(bench, mint(), entry="e", result={"key_id": NEW_ID})
    bench.vault.held["e"] = NEW
    bench.account.dead.add(NEW.reveal())
    found = await prove_again(bench.ctx, bench.ledger)
    assert len(found.against) == 1
    assert "401" in found.against[0]
    bench.account.dead.clear()
    bench.account.on(READ, (500, {}))
    again = await prove_again(bench.ctx, bench.ledger)
    assert (again.sure, again.against, len(again.untold)) == (0, [], 1)
    assert again.line() == "0 of 1 proven again, 1 cannot be proven from here"


async def test_a_filter_on_the_way_says_nothing_against_a_key_that_is_dead() -> None:
    bench = Bench()
    await verified(bench, delete(), evidence=["deleted"])
    bench.ctx.known[OLD_ID] = Secret(f"{'1' * 32}-{OLD_ID}")
    bench.account.on(LIST, shown(NEW_ID))
    bench.account.on(READ, (403, {"blocked": "by policy"}))
    found = await prove_again(bench.ctx, bench.ledger)
    assert (found.sure, found.against) == (0, [])
    assert found.untold == [
        "delete 1111: cannot prove from here: not the API's own answer; absent from the key list at 14:00:00Z"
    ]
    assert "alarm.raised" not in bench.journal.kinds
    (row,) = [row.body for row in bench.journal.rows if row.kind == "effect.reproven"]
    assert (row["sure"], row["against"]) == (False, False)
    bench.account.on(READ, (403, {"message": "Forbidden"}))
    found = await prove_again(bench.ctx, bench.ledger)
    assert len(found.against) == 1 and "ALIVE: the old key still answers 403" in found.against[0]


async def test_an_old_password_that_is_accepted_is_against_what_was_proven() -> None:
    bench = Bench()
    await verified(bench, reset(), entry="e", evidence=["set"])
    new, old = Secret("new"), Secret("old")
    bench.vault.held["e"] = new
    bench.ctx.old_passwords[LOGIN] = old
    bench.prover.verdicts = [auth("accepted", 235), auth("accepted", 235)]
    found = await prove_again(bench.ctx, bench.ledger)
    assert (found.sure, len(found.against), found.untold) == (0, 1, [])


async def test_a_new_key_that_answers_as_another_is_refused_by_no_word_of_the_api() -> None:
    bench = Bench()
    await verified(bench, mint(), entry="e", result={"key_id": NEW_ID}, evidence=["minted", "more"])
    bench.vault.held["e"] = Secret(f"{'3' * 32}-3333dddd-3333dddd")
    bench.account.on(READ, (200, {"items": []}))
    found = await prove_again(bench.ctx, bench.ledger)
    assert found.against == [
        f"{OLD_ID}: what stands in the vault is not the new key: The new key answers as …dddd, not as …cccc."
    ]
    assert sure_of(bench) == [False]


async def test_a_401_to_our_own_key_says_nothing_against_a_new_one() -> None:
    """Made in two attempts it is looked for among what interrupted ones left, and that is asked with our own key."""
    bench = Bench()
    await bench.record(mint(), intents=2, entry="e", evidence=["minted"], result={"key_id": NEW_ID})
    bench.vault.held["e"] = NEW
    bench.account.on(READ, (200, {"items": []}))
    bench.account.dead.add(OWN.reveal())
    found = await prove_again(bench.ctx, bench.ledger)
    assert (found.against, len(found.untold)) == ([], 1)
    bench.account.dead = {NEW.reveal()}
    found = await prove_again(bench.ctx, bench.ledger)
    assert found.against == [f"{OLD_ID}: REFUSED (401): the new key does not work, 14:00:00Z"]


async def test_only_some_are_asked_about_where_only_some_are_named() -> None:
    bench = Bench()
    await verified(bench, delete(), evidence=["deleted"])
    await verified(bench, delete("9999eeee-9999eeee"), evidence=["deleted"])
    bench.account.on(LIST, shown(OLD_ID, "9999eeee-9999eeee"))
    one = bench.ledger.state.effects[delete().id]
    found = await prove_again(bench.ctx, bench.ledger, [one])
    assert (found.checked, len(found.against)) == (1, 1)
    assert bench.journal.rows[-1].kind == "fact"
    assert bench.journal.rows[-1].body == {
        "name": "proofs",
        "checked": 1,
        "sure": 0,
        "untold": 0,
        "against": tuple(found.against),
    }
    assert (await prove_again(bench.ctx, bench.ledger, [])).checked == 0
    bench.account.on(LIST, (500, {}))
    bench.clock.advance(1)
    await prove_again(bench.ctx, bench.ledger)
    assert (bench.journal.rows[-1].body["untold"], bench.journal.rows[-1].body["against"]) == (2, ())


async def test_where_our_own_key_is_refused_nothing_that_looks_dead_proves_anything() -> None:
    bench = Bench()
    await verified(bench, delete(), evidence=["deleted"])
    bench.account.dead.add(OWN.reveal())
    found = await prove_again(bench.ctx, bench.ledger)
    assert (found.sure, found.against) == (0, [])
    assert "cannot prove from here" in found.untold[0]
    assert sure_of(bench) == [False]


async def test_a_lost_secret_tells_nothing() -> None:
    bench = Bench()
    await verified(bench, mint(), entry="e", result={"key_id": NEW_ID})
    found = await prove_again(bench.ctx, bench.ledger)
    assert len(found.untold) == 1


async def test_what_a_later_effect_of_ours_undid_need_not_hold() -> None:
    bench = Bench()
    await verified(bench, mint(), entry="e", result={"key_id": NEW_ID})
    await verified(bench, reset())
    bench.clock.advance(1)
    await verified(bench, reset(instance="2"))
    assert [r.effect.id for r in lasting(bench.ledger.state)] == [mint().id, reset(instance="2").id]
    await verified(bench, delete(NEW_ID))
    await verified(bench, effect(K.LOGIN_DELETE, LOGIN, domain=DOMAIN))
    kinds = [r.effect.kind for r in lasting(bench.ledger.state)]
    assert kinds == [K.KEY_DELETE, K.LOGIN_DELETE]


async def test_a_deleted_domain_takes_its_logins_and_sending_keys_with_it() -> None:
    bench = Bench()
    await verified(bench, mint(domain_name=DOMAIN, instance=DOMAIN), result={"key_id": NEW_ID})
    await verified(bench, reset())
    assert len(lasting(bench.ledger.state)) == 2
    await verified(bench, effect(K.DOMAIN_DELETE, DOMAIN, US))
    assert lasting(bench.ledger.state) == []


async def test_what_is_only_planned_or_failed_need_not_hold() -> None:
    bench = Bench()
    await bench.record(delete())
    assert lasting(bench.ledger.state) == []
    assert Reproof().line() == "0 of 0 proven again"


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"verified": 2}, "Cut: 2 verified of 5 in 1.5 s"),
        (
            {"verified": 1, "done": 1, "failed": 1, "skipped": 2},
            "Cut: 1 verified, 1 done but not proven from here, 1 failed, 2 skipped of 5 in 1.5 s",
        ),
        (
            {"verified": 1, "stopped": True},
            "Cut: 1 verified of 5 in 1.5 s; stopped on request, the rest is as it was",
        ),
        ({"done": 1, "total": 1}, "Cut: 1 done but not proven from here of 1 in 1.5 s"),
        ({"stopped": True}, "Cut: nothing done of 5 in 1.5 s; stopped on request, the rest is as it was"),
        ({"total": 0}, "Cut: nothing was left to do, it was done or under way already"),
    ],
)
def test_how_a_run_ended_is_one_sentence(given: dict[str, Any], line: str) -> None:
    plain = {"total": 5, "verified": 0, "done": 0, "failed": 0, "skipped": 0}
    assert Summary(title="Cut", seconds=1.5, seconds_sending=1.0, **{**plain, **given}).line() == line
