"""Keys: minted and safe, proven alive, deleted only while the replacement is at hand, proven dead with a control."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.accounts import AT, EU, OWN, SERVICE, SUB, US, Bench, Reply
from tests.support.effects import an_effect as effect
from workbench.core.errors import (
    ApiError,
    Forbidden,
    NotAuthorised,
    RateLimited,
    Refused,
    Unreachable,
    UnreadableAnswer,
    VaultError,
    VendorFault,
    WorkbenchError,
)
from workbench.core.redact import Secret
from workbench.domain.model.effect_result import EffectResult
from workbench.domain.model.plan import Effect, EffectKind, Place
from workbench.execution.context import Held, Keeping, SecretMissing
from workbench.execution.effects import keys
from workbench.execution.effects.base import HalfDone, Proof, QuotaFull, Reality, Sent
from workbench.mailgun.client import Priority
from workbench.mailgun.keys import UnknownSecret

OLD_ID, NEW_ID = "1111bbbb-1111bbbb", "2222cccc-2222cccc"
OLD = Secret(f"{'1' * 32}-{OLD_ID}")
NEW = Secret(f"{'2' * 32}-{NEW_ID}")
THIRD_ID = "3333dddd-3333dddd"
THIRD = Secret(f"{'3' * 32}-{THIRD_ID}")
MINT = "POST /v1/keys"
LIST = "GET /v1/keys"
READ = "GET /v4/domains"
DELETE_OLD, DELETE_NEW = f"DELETE /v1/keys/{OLD_ID}", f"DELETE /v1/keys/{NEW_ID}"
EARLY: Reply = (400, {"message": "an error occurred, please Try Again Later"})
GONE: Reply = (404, {"message": "key not found"})
FORM = "application/x-www-form-urlencoded"
DOMAINS: Reply = (200, {"items": []})
BUSY: Reply = (429, {"message": "slow down", "retry-seconds": 120})
FORBIDDEN: Reply = (403, {"message": "Forbidden"})


def create(place: Place = US, **params: Any) -> Effect:
    """Return the effect that replaces the old key."""
    given = {"name": "prod-web", "role": "admin", "kind": "user", "replaces": OLD_ID, **params}
    return effect(EffectKind.KEY_CREATE, OLD_ID, place, **given)


def delete(place: Place = US, **params: Any) -> Effect:
    """Return the effect that deletes the old key, of the kind that the account told."""
    given = {"name": "prod-web", "kind": "user", "own": False, "cut": "now", **params}
    return effect(EffectKind.KEY_DELETE, OLD_ID, place, **given)


def shown(*held: tuple[str, str]) -> Reply:
    """Return the key list of these (id, description)."""
    return 200, {"items": [{"id": key_id, "description": text} for key_id, text in held]}


def minted(secret: Secret = NEW) -> Reply:
    key_id = secret.reveal()[33:]
    return 200, {"message": "great success", "key": {"id": key_id, "secret": secret.reveal()}}


def digits(one: Effect) -> str:
    return one.id.rsplit("-", 1)[1]


def entry(one: Effect, key_id: str = "…cccc", name: str = "prod-web", replaces: str = "…bbbb") -> str:
    return f"API key {name} {key_id}, replaces {replaces} ({digits(one)})"


# ── minting ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_key_is_minted_with_the_incidents_mark_and_its_secret_is_safe() -> None:
    bench = Bench()
    record = await bench.record(create(SUB, domain_name=None, expiration=86400))
    bench.account.on(MINT, minted())
    sent = await bench.send(record)
    (call,) = bench.account.calls
    assert call.form == {
        "role": "admin",
        "kind": "user",
        "description": f"prod-web [wb-3f2a21140207-{digits(record.effect)}]",
        "expiration": "86400",
    }
    assert (call.subaccount, call.key) == ("sub1", OWN.reveal())
    assert bench.limiter.urgency == [Priority.WRITE]
    name = entry(record.effect)
    assert bench.vault.held == {name: NEW}
    assert bench.ctx.fresh == {record.effect.id: NEW}
    evidence = f"minted …cccc at {AT}, secret stored and read back"
    assert sent == Sent((evidence,), EffectResult(key_id=NEW_ID), name)


async def test_a_sending_key_is_minted_for_its_domain() -> None:
    bench = Bench()
    record = await bench.record(create(kind="domain", role="sending", domain_name="mg.acme.example", name=""))
    bench.account.on(MINT, minted())
    sent = await bench.send(record)
    form = bench.account.calls[0].form
    assert (form["domain_name"], form["role"], form["kind"]) == ("mg.acme.example", "sending", "domain")
    assert form["description"].startswith("key [wb-")
    assert bench.account.calls[0].subaccount is None
    assert sent.entry == entry(record.effect, name="key")


async def test_what_is_replaced_is_named_only_where_something_is() -> None:
    record = await Bench().record(create(replaces=""))
    assert keys.entry_name(record, NEW_ID) == f"API key prod-web …cccc ({digits(record.effect)})"


async def test_a_long_name_is_cut_before_the_mark() -> None:
    bench = Bench()
    record = await bench.record(create(name="n" * 80))
    assert keys.description(bench.ctx, record) == f"{'n' * 60}…(+20) [{keys.mark(bench.ctx, record)}]"
    assert keys.entry_name(record, NEW_ID).startswith(f"API key {'n' * 60}…(+20) …cccc")


async def test_a_full_quota_is_no_refusal_of_the_effect() -> None:
    bench = Bench()
    record = await bench.record(create())
    bench.account.on(MINT, (403, {"message": "could not create key: account limit reached"}))
    with pytest.raises(QuotaFull, match="limit reached"):
        await bench.send(record)


async def test_a_refused_key_says_what_to_do() -> None:
    bench = Bench()
    record = await bench.record(create())
    bench.account.on(MINT, FORBIDDEN)
    with pytest.raises(Forbidden, match="may not make a key with the role admin"):
        await bench.send(record)
    assert bench.vault.held == {}


async def test_a_secret_that_cannot_be_stored_takes_its_key_with_it() -> None:
    bench = Bench()
    record = await bench.record(create(SUB))
    bench.vault.broken = ["prod-web"]
    bench.account.on(MINT, minted())
    bench.account.on(DELETE_NEW, (200, {"message": "key deleted"}))
    with pytest.raises(VaultError, match="keyring is locked"):
        await bench.send(record)
    assert [str(seen) for seen in bench.account.calls] == [MINT, DELETE_NEW]
    assert bench.account.calls[1].subaccount == "sub1"
    assert bench.ctx.fresh == {}


async def test_a_key_left_behind_without_a_secret_is_said_and_asked_about_later() -> None:
    bench = Bench()
    record = await bench.record(create())
    bench.vault.broken = ["prod-web"]
    bench.account.on(MINT, minted())
    bench.account.on(DELETE_NEW, FORBIDDEN)
    with pytest.raises(HalfDone) as caught:
        await bench.send(record)
    error = caught.value.error
    assert error.what.startswith("The keyring is locked. The new key …cccc could not be deleted again: ")
    assert error.means == (
        "A key that nobody holds the secret of stands in the account; the old key is untouched."
    )
    assert error.todo == "Unlock it. Then run this again: that key is found by its mark and deleted."


async def test_a_person_is_asked_and_may_write_the_secret_down() -> None:
    bench = Bench()
    record = await bench.record(create())
    bench.vault.broken = ["prod-web"]
    bench.account.on(MINT, minted())
    asked = bench.answer_held(Keeping.WRITTEN)
    sent = await bench.send(record)
    (held,) = asked
    assert isinstance(held, Held)
    assert (held.secret, held.minted, held.paper) == (NEW, True, True)
    said = f"minted …cccc at {AT}, secret NOT stored: written down by hand (attested)"
    assert sent == Sent((said,), EffectResult(key_id=NEW_ID, written_down=True))
    assert bench.loud == [
        f"NOT STORED: the new secret of key.create {OLD_ID} is only in memory. "
        "Nothing that depends on it goes ahead. Offer it another place before you quit."
    ]


async def test_the_workbenchs_own_key_is_never_kept_on_paper() -> None:
    bench = Bench()
    record = await bench.record(create(own=True))
    bench.vault.broken = ["prod-web"]
    bench.account.on(MINT, minted())
    bench.account.on(DELETE_NEW, (200, {}))
    asked = bench.answer_held(Keeping.WRITTEN)
    with pytest.raises(VaultError):
        await bench.send(record)
    assert not asked[0].paper
    assert bench.account.of(DELETE_NEW)


async def test_another_try_finds_the_vault_open_again() -> None:
    bench = Bench()
    record = await bench.record(create())
    bench.vault.broken = ["prod-web"]
    bench.account.on(MINT, minted())
    asked: list[Any] = []

    async def unlocked(what: Any) -> Keeping:
        asked.append(what)
        bench.vault.broken = []
        return Keeping.AGAIN

    bench.ctx.held = unlocked
    sent = await bench.send(record)
    assert len(asked) == 1
    assert sent.entry in bench.vault.held


def unread(key_id: str | None = NEW_ID) -> Reply:
    """Return a creating answer that holds no secret."""
    return 200, {"message": "great success", "key": {"id": key_id} if key_id else {}}


@pytest.mark.parametrize("named", [True, False])
async def test_a_key_made_without_a_known_secret_is_taken_back(named: bool) -> None:
    bench = Bench()
    record = await bench.record(create(SUB))
    tag = keys.description(bench.ctx, record)
    bench.account.on(MINT, unread(NEW_ID if named else None))
    bench.account.on(LIST, shown((NEW_ID, tag), (THIRD_ID, tag), (OLD_ID, "prod-web")))
    bench.account.on("DELETE .*", (200, {}))
    with pytest.raises(UnknownSecret):
        await bench.send(record)
    gone = {str(seen) for seen in bench.account.of("DELETE .*")}
    assert gone == {DELETE_NEW} | (set() if named else {f"DELETE /v1/keys/{THIRD_ID}"})
    assert {seen.subaccount for seen in bench.account.calls} == {"sub1"}
    assert bench.account.calls[-1].method == "DELETE" and bench.limiter.urgency[-1] is Priority.WRITE
    assert bench.vault.held == {} and bench.ctx.fresh == {}


@pytest.mark.parametrize("call", [LIST, "DELETE .*"])
async def test_what_could_not_be_taken_back_is_asked_about_later(call: str) -> None:
    bench = Bench()
    record = await bench.record(create())
    bench.account.on(MINT, unread(None))
    bench.account.on(LIST, shown((NEW_ID, keys.description(bench.ctx, record))))
    bench.account.on(call, FORBIDDEN)
    with pytest.raises(HalfDone) as caught:
        await bench.send(record)
    assert isinstance(caught.value.error, UnknownSecret)


@pytest.mark.parametrize(
    ("said", "listed", "key_id"),
    [
        ("other", ["other", NEW_ID], "other"),
        ("other", [THIRD_ID, NEW_ID], NEW_ID),
        ("other", [NEW_ID, THIRD_ID], NEW_ID),
        ("other", [THIRD_ID], THIRD_ID),
        ("other", [OLD_ID, THIRD_ID], THIRD_ID),
        ("other", [], "other"),
        ("other", None, "other"),
        (NEW_ID, None, NEW_ID),
    ],
)
async def test_a_key_goes_by_what_the_list_calls_it(said: str, listed: list[str] | None, key_id: str) -> None:
    """What the answer calls it, then the tail of its secret, then the newest that bears the mark."""
    bench = Bench()
    record = await bench.record(create(SUB))
    bench.account.on(MINT, (200, {"key": {"id": said, "secret": NEW.reveal()}}))
    tag = keys.description(bench.ctx, record)
    bench.account.on(
        LIST, FORBIDDEN if listed is None else shown(*((one, tag) for one in listed), ("foreign", "x"))
    )
    sent = await bench.send(record)
    assert sent.result.key_id == key_id
    assert bool(bench.account.of(LIST)) is (said != NEW_ID)


# ── proof of life ────────────────────────────────────────────────────────────────────────────────────────


async def made(bench: Bench, one: Effect | None = None, *, intents: int = 1, **result: Any) -> Any:
    """Return the record of a mint that the server agreed to, its secret in the vault."""
    one = one or create()
    record = await bench.record(
        one,
        intents=intents,
        entry=entry(one),
        evidence=["minted", "more"],
        result={"key_id": NEW_ID, **result},
    )
    bench.vault.held[entry(one)] = NEW
    return record


@pytest.mark.parametrize(
    ("params", "place", "call", "host", "query", "form"),
    [
        ({}, US, READ, "us", {"limit": "1"}, {}),
        ({}, EU, READ, "eu", {"limit": "1"}, {}),
        ({"domain_region": "eu"}, US, READ, "eu", {"limit": "1"}, {}),
        (
            {"kind": "domain", "domain_name": "mg.acme.example", "domain_region": "eu"},
            US,
            "POST /v3/mg.acme.example/messages",
            "eu",
            {},
            {},
        ),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 403, 404])
async def test_a_new_key_is_proven_by_a_call_it_may_make(
    params: dict[str, Any],
    place: Place,
    call: str,
    host: str,
    query: dict[str, str],
    form: dict[str, Any],
    status: int,
) -> None:
    bench = Bench()
    record = await made(bench, create(place, **params))
    bench.ctx.fresh[record.effect.id] = NEW
    bench.account.on(call, (status, {"message": "x", "items": [], "id": "<m@x>"}))
    proof = await bench.prove(record)
    (seen,) = bench.account.calls
    assert (seen.key, seen.host, seen.query, seen.form) == (NEW.reveal(), host, query, form)
    assert seen.kind == (FORM if call.startswith("POST") else "")
    assert proof.sure
    assert proof.evidence == ("minted", f"new key answered {status} at {AT}")
    assert record.effect.id not in bench.ctx.fresh, "once proven it is not kept in memory"
    assert bench.switched == []


@pytest.mark.parametrize("body", [{}, {"message": "ok"}, {"items": None}, {"items": {}}])
@pytest.mark.parametrize("params", [{}, {"kind": "domain", "domain_name": "mg.acme.example"}])
async def test_a_document_that_is_no_answer_to_its_call_proves_no_key(
    params: dict[str, Any], body: dict[str, Any]
) -> None:
    bench = Bench()
    record = await made(bench, create(US, **params))
    bench.account.on("POST /v3/mg.acme.example/messages" if params else READ, (200, body))
    with pytest.raises(UnreadableAnswer):
        await bench.prove(record)
    assert bench.switched == []


async def test_a_key_is_proven_from_the_vault_after_a_restart() -> None:
    bench = Bench()
    record = await made(bench)
    bench.account.on(READ, DOMAINS)
    assert (await bench.prove(record)).sure
    assert bench.account.calls[0].key == NEW.reveal()


async def test_a_secret_in_hand_proves_its_key_whatever_the_vault_lost() -> None:
    bench = Bench()
    record = await made(bench)
    bench.vault.held.clear()
    bench.ctx.fresh[record.effect.id] = NEW
    bench.account.on(READ, DOMAINS)
    assert (await bench.prove(record)).sure


@pytest.mark.parametrize("entry_kept", [True, False])
async def test_a_secret_that_left_the_vault_proves_nothing(entry_kept: bool) -> None:
    bench = Bench()
    record = await made(bench)
    bench.vault.held.clear()
    if not entry_kept:
        record.entry = ""
    with pytest.raises(SecretMissing) as caught:
        await bench.prove(record)
    assert caught.value.effect_id == record.effect.id
    assert caught.value.what == "The secret of the new key …cccc is no longer in the vault."
    assert caught.value.means == (
        "The key works, but nobody can use it. The key it replaces stays until there is another replacement."
    )
    assert (
        caught.value.todo == "Run the replacement again: the key without a secret is deleted and made anew."
    )


async def test_what_is_written_down_cannot_be_proven_from_here() -> None:
    bench = Bench()
    one = create()
    record = await bench.record(
        one, intents=1, evidence=["minted", "x"], result={"key_id": NEW_ID, "written_down": True}
    )
    proof = await bench.prove(record)
    assert proof == Proof(False, ("minted", "cannot prove from here: its secret is not in the vault"))


async def test_a_key_that_answers_by_another_id_is_not_what_was_made() -> None:
    bench = Bench()
    record = await made(bench)
    bench.vault.held[record.entry] = OLD
    bench.account.on(READ, DOMAINS)
    with pytest.raises(NotAuthorised) as caught:
        await bench.prove(record)
    assert caught.value.what == "The new key answers as …bbbb, not as …cccc."
    assert caught.value.means == "What was stored is not what was made."
    assert caught.value.todo == "The old key stays; plan the replacement again."
    assert caught.value.status == 200


async def test_a_refused_new_key_is_no_proof() -> None:
    bench = Bench()
    record = await made(bench)
    bench.account.dead.add(NEW.reveal())
    proof = await bench.prove(record)
    assert (proof.sure, proof.later, proof.undone) == (False, True, True)
    assert proof.evidence == (f"REFUSED (401): the new key does not work, {AT}", "minted")


async def test_the_workbench_moves_to_its_own_new_key_once_it_is_proven() -> None:
    bench = Bench()
    record = await made(bench, create(own=True))
    bench.account.on(READ, DOMAINS)
    proof = await bench.prove(record)
    assert bench.switched == [(NEW, NEW_ID, record.entry, OLD_ID)]
    assert proof.evidence == ("minted", f"new key answered 200 at {AT}", "the workbench runs on it now")
    again = await bench.prove(record)
    assert len(bench.switched) == 1
    assert again.evidence == ("minted", f"new key answered 200 at {AT}")


async def test_a_proof_of_life_is_asked_for_as_one() -> None:
    bench = Bench()
    record = await made(bench)
    bench.account.on(READ, DOMAINS)
    await bench.prove(record)
    assert bench.limiter.urgency == [Priority.PROOF]


@pytest.mark.parametrize("body", [{}, {"items": []}])
async def test_an_answer_that_proves_no_key_says_where_it_came_from(body: dict[str, Any]) -> None:
    bench = Bench()
    record = await made(bench, create(US, kind="domain", domain_name="mg.acme.example"))
    bench.account.on("POST /v3/mg.acme.example/messages", (200, body))
    with pytest.raises(UnreadableAnswer) as caught:
        await bench.prove(record)
    where = "POST /v3/mg.acme.example/messages"
    assert caught.value.what == f"{where} was answered with another document (200)."
    assert caught.value.means == "It is not what this call answers, so it proves nothing about the key."
    assert caught.value.todo == "Check the address and any proxy, then run the same command again."
    assert (caught.value.status, caught.value.where) == (200, where)


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_filter_on_the_way_proves_no_new_key(status: int) -> None:
    bench = Bench()
    record = await made(bench, create(own=True))
    bench.account.on(READ, (status, {"blocked": "by policy"}))
    with pytest.raises(ApiError) as caught:
        await bench.prove(record)
    assert caught.value.status == status
    assert bench.switched == []


@pytest.mark.parametrize("whose", ["account", "Domain", "recipient"])
async def test_a_limit_kept_by_account_or_domain_was_looked_up_by_the_new_key(whose: str) -> None:
    bench = Bench()
    record = await made(bench)
    bench.account.on(READ, (429, {"message": f"{whose} limit exceeded"}))
    proof = await bench.prove(record)
    assert proof == Proof(True, ("minted", f"new key answered 429 at {AT}"))
    assert len(bench.account.calls) == 1, "that is an answer: nothing is asked again"
    assert bench.clock.monotonic() == 0.0


@pytest.mark.parametrize(
    "body", [{"message": "slow down, retry in 120 s"}, {"blocked": "account policy, 120 s"}]
)
async def test_a_limit_of_nobody_known_or_of_somebody_in_between_proves_no_new_key(
    body: dict[str, Any],
) -> None:
    bench = Bench()
    record = await made(bench)
    bench.account.on(READ, (429, {**body, "retry-seconds": 120}))
    with pytest.raises(RateLimited):
        await bench.prove(record)


async def test_a_new_key_is_tried_once_while_calls_like_it_must_wait() -> None:
    """Whatever comes tells whether it was accepted: no proof of a mint is put off for a limit of others."""
    bench = Bench()
    record = await made(bench)
    bench.account.once(READ, (429, {"message": "slow down", "retry-seconds": 120}))
    with pytest.raises(RateLimited):
        await bench.api.call("GET", "/v4/domains", priority=Priority.PROOF)
    bench.account.on(READ, DOMAINS)
    proof = await bench.prove(record)
    assert proof == Proof(True, ("minted", f"new key answered 200 at {AT}"))
    assert len(bench.account.of(READ)) == 2
    bench.account.on(READ, (429, {"message": "slow down", "retry-seconds": 120}))
    with pytest.raises(RateLimited):
        await bench.prove(record)
    assert len(bench.account.of(READ)) == 3, "once, and not in a circle"
    other = create(instance="second")
    bench.ctx.fresh[other.id] = THIRD
    second = await bench.record(other, intents=1, result={"key_id": THIRD_ID})
    bench.account.on(READ, DOMAINS)
    assert (await bench.prove(second)).sure, "what one new key must wait for is not the next one's wait"


async def test_a_sending_key_without_a_domain_is_asked_nowhere() -> None:
    bench = Bench()
    record = await made(bench, create(kind="domain"))
    with pytest.raises(Refused, match="cannot be put into an address"):
        await bench.prove(record)
    assert bench.account.calls == []


async def test_a_new_key_that_says_no_id_is_taken_by_what_it_may_do() -> None:
    bench = Bench()
    record = await bench.record(
        create(), intents=1, entry=entry(create()), evidence=["minted"], result={"key_id": ""}
    )
    bench.ctx.fresh[record.effect.id] = NEW
    bench.account.on(READ, DOMAINS)
    assert (await bench.prove(record)).sure


async def test_what_interrupted_attempts_made_is_swept_up_after_the_proof() -> None:
    bench = Bench()
    record = await made(bench, create(SUB), intents=2)
    tag = f"prod-web [wb-3f2a21140207-{digits(record.effect)}]"
    bench.account.on(READ, DOMAINS)
    bench.account.on(LIST, shown((NEW_ID, tag), ("3333dddd-3333dddd", tag), ("4444eeee-4444eeee", "other")))
    bench.account.on("DELETE /v1/keys/3333dddd-3333dddd", (200, {}))
    proof = await bench.prove(record)
    assert proof.evidence[-1] == "1 key of an interrupted attempt deleted"
    assert [seen.subaccount for seen in bench.account.of("DELETE .*")] == ["sub1"]
    assert {seen.subaccount for seen in bench.account.of(LIST)} == {"sub1"}
    bench.account.on(LIST, shown((NEW_ID, tag)))
    assert (await bench.prove(record)).evidence == ("minted", f"new key answered 200 at {AT}")


async def test_a_first_attempt_sweeps_nothing() -> None:
    bench = Bench()
    record = await made(bench)
    bench.account.on(READ, DOMAINS)
    await bench.prove(record)
    assert not bench.account.of(LIST)


# ── what became of a mint ────────────────────────────────────────────────────────────────────────────────


async def test_a_marked_key_whose_secret_is_safe_is_kept() -> None:
    bench = Bench()
    record = await bench.record(create(SUB), intents=1)
    tag = keys.description(bench.ctx, record)
    bench.account.on(LIST, shown((NEW_ID, tag), (OLD_ID, "prod-web")))
    bench.vault.held[entry(record.effect)] = NEW
    found = await bench.reconcile(record)
    assert found.reality is Reality.HAPPENED
    assert found.line == "key …cccc had been made and its secret is in the vault: kept"
    said = f"minted …cccc, found again in account and vault at {AT}"
    assert found.sent == Sent((said,), EffectResult(key_id=NEW_ID), entry(record.effect))
    assert bench.ctx.fresh == {record.effect.id: NEW}
    assert not bench.account.of("DELETE .*")


async def test_marked_keys_nobody_holds_the_secret_of_are_deleted() -> None:
    bench = Bench()
    record = await bench.record(create(SUB), intents=1)
    tag = keys.description(bench.ctx, record)
    bench.account.on(LIST, shown((NEW_ID, tag), ("3333dddd-3333dddd", tag)))
    bench.account.on("DELETE /v1/keys/.*", (200, {}))
    found = await bench.reconcile(record)
    assert (found.reality, found.sent) == (Reality.AGAIN, Sent())
    assert found.line == "2 new keys whose secret never reached the vault deleted: made again"
    assert {seen.subaccount for seen in bench.account.of("DELETE .*")} == {"sub1"}
    assert len(bench.account.of("DELETE .*")) == 2
    assert bench.vault.held == {}, "our own key is put under no other's name"
    assert set(bench.limiter.urgency[:-2]) == {Priority.PROOF}
    assert bench.limiter.urgency[-2:] == [Priority.WRITE] * 2


@pytest.mark.parametrize("held", [OLD, Secret("x")])
async def test_another_secret_under_its_name_does_not_save_a_key(held: Secret) -> None:
    bench = Bench()
    record = await bench.record(create(), intents=1)
    bench.account.on(LIST, shown((NEW_ID, keys.description(bench.ctx, record))))
    bench.account.on(DELETE_NEW, (200, {}))
    bench.vault.held[entry(record.effect)] = held
    assert (await bench.reconcile(record)).reality is Reality.AGAIN
    assert bench.account.of(DELETE_NEW)


async def test_of_two_keys_whose_secrets_are_safe_one_is_kept() -> None:
    bench = Bench()
    record = await bench.record(create(), intents=2)
    tag = keys.description(bench.ctx, record)
    other = Secret(f"{'3' * 32}-3333dddd-3333dddd")
    bench.account.on(LIST, shown((NEW_ID, tag), ("3333dddd-3333dddd", tag)))
    bench.account.on("DELETE /v1/keys/3333dddd-3333dddd", (200, {}))
    bench.vault.held[entry(record.effect)] = NEW
    bench.vault.held[entry(record.effect, "…dddd")] = other
    found = await bench.reconcile(record)
    assert found.sent.result == EffectResult(key_id=NEW_ID)
    assert len(bench.account.of("DELETE .*")) == 1


async def test_the_key_the_workbench_runs_on_is_never_deleted_for_want_of_an_entry() -> None:
    bench = Bench()
    record = await bench.record(create(), intents=1)
    bench.api.use_key(NEW)
    bench.account.on(LIST, shown((NEW_ID, keys.description(bench.ctx, record))))
    found = await bench.reconcile(record)
    assert found.reality is Reality.HAPPENED
    assert bench.vault.held == {entry(record.effect): NEW}


async def test_the_key_the_workbench_runs_on_is_held_like_any_other_minted_one() -> None:
    bench = Bench()
    record = await bench.record(create(), intents=1)
    bench.api.use_key(NEW)
    bench.vault.broken = ["prod-web"]
    asked = bench.answer_held(Keeping.WRITTEN)
    bench.account.on(LIST, shown((NEW_ID, keys.description(bench.ctx, record))))
    await bench.reconcile(record)
    (held,) = asked
    assert (held.effect, held.minted, held.paper) == (record.effect, True, True)


async def refused_once(bench: Bench, *held: Secret, **params: Any) -> Any:
    """Return the record of a mint whose proof said 401; these marked keys stand in the account and in the vault."""
    one = create(**params)
    record = await made(bench, one)
    record.failure = {"what": f"The server said yes, but the account shows otherwise: {keys.REFUSED}."}
    tag = keys.description(bench.ctx, record)
    bench.account.on(LIST, shown(*((secret.reveal()[33:], tag) for secret in held)))
    bench.account.on("DELETE /v1/keys/.*", (200, {}))
    for secret in held:
        bench.vault.held[entry(one, f"…{secret.reveal()[-4:]}")] = secret
    return record


async def test_a_new_key_that_is_refused_still_is_deleted_and_made_anew() -> None:
    bench = Bench()
    record = await refused_once(bench, NEW)
    bench.account.dead.add(NEW.reveal())
    bench.account.on(READ, DOMAINS)
    found = await bench.reconcile(record)
    assert (found.reality, found.sent) == (Reality.AGAIN, Sent())
    assert found.line == "1 new key that is refused (401) deleted: made again"
    assert bench.account.of(DELETE_NEW)
    assert [seen.key for seen in bench.account.of(READ)] == [NEW.reveal(), OWN.reveal()]


async def test_several_new_keys_that_are_refused_are_counted() -> None:
    bench = Bench()
    record = await refused_once(bench, NEW, THIRD)
    bench.account.dead |= {NEW.reveal(), THIRD.reveal()}
    bench.account.on(READ, DOMAINS)
    found = await bench.reconcile(record)
    assert found.line == "2 new keys that are refused (401) deleted: made again"


async def test_keys_that_nobody_can_use_are_counted_by_why() -> None:
    bench = Bench()
    record = await refused_once(bench, NEW, THIRD)
    del bench.vault.held[entry(record.effect, "…dddd")]
    bench.account.dead.add(NEW.reveal())
    bench.account.on(READ, DOMAINS)
    found = await bench.reconcile(record)
    assert found.line == (
        "1 new key whose secret never reached the vault and 1 that is refused (401) deleted: made again"
    )
    assert len(bench.account.of("DELETE .*")) == 2


@pytest.mark.parametrize(
    "answer",
    [DOMAINS, FORBIDDEN, (404, {"message": "Domain not found"}), (500, {}), (403, {"blocked": "by policy"})],
)
async def test_a_new_key_that_is_refused_no_more_is_kept(answer: Reply) -> None:
    bench = Bench()
    record = await refused_once(bench, NEW)
    bench.account.on(READ, answer)
    found = await bench.reconcile(record)
    assert (found.reality, found.sent.result) == (Reality.HAPPENED, EffectResult(key_id=NEW_ID))
    assert not bench.account.of("DELETE .*")


@pytest.mark.parametrize("ours", [(401, "Forbidden"), (500, {}), (200, {})])
async def test_a_new_key_is_not_deleted_for_a_401_that_ours_is_answered_too(ours: Reply) -> None:
    bench = Bench()
    record = await refused_once(bench, NEW)
    bench.account.dead.add(NEW.reveal())
    bench.account.on(READ, ours)
    assert (await bench.reconcile(record)).reality is Reality.HAPPENED
    assert not bench.account.of("DELETE .*")


async def test_the_key_that_the_workbench_runs_on_is_its_own_control_and_stays() -> None:
    bench = Bench()
    record = await refused_once(bench, NEW, own=True)
    bench.api.use_key(NEW)
    answers = [(401, "Forbidden"), DOMAINS]
    bench.account.on(READ, lambda seen: answers.pop(0))
    assert (await bench.reconcile(record)).reality is Reality.HAPPENED
    assert not bench.account.of("DELETE .*")


async def test_a_key_that_answers_by_its_own_id_is_not_refused_whatever_else_was_made() -> None:
    """Two attempts left two keys: the first is refused, the second works and is not deleted beside it."""
    bench = Bench()
    record = await refused_once(bench, NEW, THIRD)
    bench.account.dead.add(NEW.reveal())
    bench.account.on(READ, DOMAINS)
    found = await bench.reconcile(record)
    assert (found.reality, found.sent.result) == (Reality.HAPPENED, EffectResult(key_id=THIRD_ID))
    assert [str(seen) for seen in bench.account.of("DELETE .*")] == [DELETE_NEW]


async def test_nothing_marked_means_nothing_was_made() -> None:
    bench = Bench()
    record = await bench.record(create(), intents=1)
    bench.account.on(
        LIST, (200, {"items": [{"id": OLD_ID}, {"id": NEW_ID, "description": "prod-web [wb-x]"}]})
    )
    found = await bench.reconcile(record)
    assert (found.reality, found.line) == (Reality.AGAIN, "no key had been made: made now")


# ── deleting ─────────────────────────────────────────────────────────────────────────────────────────────


async def replaced(bench: Bench, **result: Any) -> Any:
    """Return the record of a delete whose replacement is done and safe."""
    await made(bench, **result)
    return await bench.record(delete(SUB))


async def test_a_key_is_deleted_once_its_replacement_is_at_hand() -> None:
    bench = Bench()
    record = await replaced(bench)
    bench.account.on(DELETE_OLD, (200, {}))
    assert await bench.send(record) == Sent((f"deleted at {AT}",))
    assert [seen.subaccount for seen in bench.account.calls] == ["sub1"]


async def test_the_key_that_the_workbench_runs_on_is_not_deleted() -> None:
    bench = Bench()
    record = await replaced(bench)
    bench.api.use_key(OLD)
    with pytest.raises(WorkbenchError) as caught:
        await bench.send(record)
    assert caught.value.what == "The key …bbbb is the one the workbench runs on."
    assert caught.value.means == (
        "Deleted before the workbench has switched to its replacement it would lock the workbench out."
    )
    assert caught.value.todo == "Nothing was deleted. Run this again: its replacement goes first."
    assert bench.account.calls == []


async def test_a_key_stays_while_its_replacement_is_in_no_vault() -> None:
    bench = Bench()
    record = await replaced(bench)
    bench.vault.held.clear()
    with pytest.raises(SecretMissing) as caught:
        await bench.send(record)
    assert caught.value.effect_id == create().id
    assert bench.account.calls == [], "nothing was deleted"


async def test_a_replacement_on_paper_is_one() -> None:
    bench = Bench()
    record = await replaced(bench, written_down=True)
    bench.vault.held.clear()
    bench.account.on(DELETE_OLD, (200, {}))
    assert (await bench.send(record)).evidence == (f"deleted at {AT}",)


async def test_of_several_replacements_each_must_be_at_hand() -> None:
    bench = Bench()
    written = create(instance="first")
    await bench.record(written, intents=1, result={"key_id": "5555", "written_down": True})
    lost = create(instance="second")
    await bench.record(lost, intents=1, entry=entry(lost), result={"key_id": NEW_ID})
    record = await bench.record(delete())
    with pytest.raises(SecretMissing) as caught:
        await bench.send(record)
    assert caught.value.effect_id == lost.id


async def test_a_replacement_of_another_key_or_one_never_made_does_not_matter() -> None:
    bench = Bench()
    await bench.record(create(replaces="other", instance="a"), intents=1, entry="e", result={"key_id": "9"})
    await bench.record(create(instance="b"))
    mine = create(instance="c")
    await bench.record(mine, intents=1, entry=entry(mine), result={"key_id": NEW_ID})
    record = await bench.record(delete())
    with pytest.raises(SecretMissing) as caught:
        await bench.send(record)
    assert caught.value.effect_id == mine.id, "the others before it are passed over, not the end of the look"
    bench.vault.held[entry(mine)] = NEW
    bench.account.on(DELETE_OLD, (200, {}))
    assert (await bench.send(record)).evidence == (f"deleted at {AT}",)


async def test_a_key_that_is_gone_counts_as_deleted() -> None:
    bench = Bench()
    record = await bench.record(delete())
    bench.account.on(DELETE_OLD, GONE)
    assert await bench.send(record) == Sent((f"was already gone at {AT}",))


async def test_a_key_made_a_moment_ago_is_waited_for() -> None:
    bench = Bench()
    record = await bench.record(delete())
    bench.account.on(DELETE_OLD, GONE)
    bench.account.once(DELETE_OLD, EARLY, EARLY)
    assert await bench.send(record) == Sent(("deleted at 14:00:02Z",)), "gone after our own try is deleted"
    assert bench.clock.monotonic() == 2.0


async def test_a_key_gone_after_one_early_refusal_was_deleted_by_us() -> None:
    bench = Bench()
    record = await bench.record(delete())
    bench.account.on(DELETE_OLD, GONE)
    bench.account.once(DELETE_OLD, EARLY)
    assert await bench.send(record) == Sent(("deleted at 14:00:01Z",))


async def test_a_key_that_stays_early_for_ever_is_refused_in_the_end() -> None:
    bench = Bench()
    record = await bench.record(delete())
    bench.account.on(DELETE_OLD, EARLY)
    with pytest.raises(Refused, match="Later"):
        await bench.send(record)
    assert len(bench.account.calls) == keys.EARLY_DELETE_WAITS + 1 == 9
    assert bench.clock.monotonic() == keys.EARLY_DELETE_WAITS * 1.0


@pytest.mark.parametrize("reply", [(400, {"message": "no such role"}), (409, {"message": "try again later"})])
async def test_any_other_refusal_of_a_delete_is_one(reply: Reply) -> None:
    bench = Bench()
    record = await bench.record(delete())
    bench.account.on(DELETE_OLD, reply)
    with pytest.raises(Refused):
        await bench.send(record)
    assert len(bench.account.calls) == 1


# ── proof of death ───────────────────────────────────────────────────────────────────────────────────────


async def gone(bench: Bench, place: Place = US, **params: Any) -> Any:
    record = await bench.record(delete(place, **params), intents=1, evidence=["deleted", "more"])
    bench.account.on(LIST, shown((NEW_ID, "x")))
    return record


async def test_a_key_still_listed_is_not_gone_and_may_be_later() -> None:
    bench = Bench()
    record = await gone(bench, SUB)
    bench.account.on(LIST, shown((NEW_ID, "x"), (OLD_ID, "prod-web")))
    proof = await bench.prove(record)
    assert (proof.sure, proof.later, proof.undone) == (False, True, True)
    assert proof.evidence == ("deleted", f"still in the key list at {AT}")
    assert {seen.subaccount for seen in bench.account.calls} == {"sub1"}


async def test_without_its_secret_absence_is_the_proof() -> None:
    bench = Bench()
    proof = await bench.prove(await gone(bench))
    assert (proof.sure, proof.later, proof.undone) == (True, False, False)
    assert proof.evidence == ("deleted", f"absent from the key list at {AT}")
    assert not bench.account.of(READ)


async def test_a_known_secret_is_refused_while_ours_is_accepted() -> None:
    bench = Bench()
    record = await gone(bench)
    bench.ctx.known[OLD_ID] = OLD
    bench.account.dead.add(OLD.reveal())
    bench.account.on(READ, DOMAINS)
    proof = await bench.prove(record)
    assert proof.sure
    assert proof.evidence == (
        "deleted",
        f"absent from the key list at {AT}",
        f"old key answers 401, ours 200, same host, {AT}",
    )
    old, ours = bench.account.of(READ)
    assert (old.key, ours.key) == (OLD.reveal(), OWN.reveal())
    assert (old.host, old.query) == (ours.host, ours.query) == ("us", {"limit": "1"})
    assert set(bench.limiter.urgency) == {Priority.PROOF}


async def test_without_the_positive_control_a_401_proves_nothing() -> None:
    bench = Bench()
    record = await gone(bench)
    bench.ctx.known[OLD_ID] = OLD
    bench.account.on(READ, (401, {"message": "Forbidden"}))
    proof = await bench.prove(record)
    assert (proof.sure, proof.later) == (False, False)
    assert (
        proof.evidence[-1] == "old key answers 401, but so does ours: the IP allowlist may exclude this host"
    )
    assert len(bench.account.of(READ)) == 2


@pytest.mark.parametrize(("status", "sure"), [(200, False), (400, False), (403, False), (404, False)])
async def test_an_old_key_that_still_answers_is_alive(status: int, sure: bool) -> None:
    bench = Bench()
    record = await gone(bench)
    bench.ctx.known[OLD_ID] = OLD
    bench.account.on(READ, (status, {"message": "x", "items": []}))
    proof = await bench.prove(record)
    assert (proof.sure, proof.later, proof.undone) == (False, True, True)
    assert proof.evidence[0] == f"ALIVE: the old key still answers {status}"


async def test_a_filter_on_the_way_says_nothing_of_an_old_key() -> None:
    bench = Bench()
    record = await gone(bench)
    bench.ctx.known[OLD_ID] = OLD
    bench.account.on(READ, (403, {"blocked": "by policy"}))
    assert await bench.prove(record) == Proof(
        False,
        (
            "cannot prove from here: not the API's own answer",
            "deleted",
            f"absent from the key list at {AT}",
        ),
        later=True,
        untold=True,
    )


async def test_an_old_key_that_is_asked_too_often_is_left_for_later_and_counts_as_nothing() -> None:
    bench = Bench()
    record = await gone(bench)
    bench.ctx.known[OLD_ID] = OLD
    bench.account.on(READ, BUSY)
    assert await bench.prove(record) == Proof(
        False,
        ("left for later: Mailgun asks for fewer calls", "deleted", f"absent from the key list at {AT}"),
    )


SENDING: dict[str, Any] = {"kind": "domain", "domain_name": "mg.acme.example", "domain_region": "eu"}
AT_ITS_DOMAIN = "POST /v3/mg.acme.example/messages"


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_an_old_sending_key_that_its_domain_still_takes_is_alive(status: int) -> None:
    """A read refuses every sending key, the living too: only its own domain tells them apart."""
    bench = Bench()
    record = await gone(bench, **SENDING)
    bench.ctx.known[OLD_ID] = OLD
    bench.account.on(READ, lambda seen: (401, "Forbidden") if seen.key == OLD.reveal() else DOMAINS)
    bench.account.on(AT_ITS_DOMAIN, (status, {"message": "'from' parameter is missing"}))
    proof = await bench.prove(record)
    assert (proof.sure, proof.later, proof.undone) == (False, True, True)
    assert proof.evidence[0] == f"ALIVE: the old key still answers {status}"
    (asked,) = bench.account.of(AT_ITS_DOMAIN)
    assert (asked.key, asked.host, asked.form, asked.kind) == (OLD.reveal(), "eu", {}, FORM)


async def test_an_old_sending_key_is_dead_once_its_own_domain_refuses_it() -> None:
    bench = Bench()
    record = await gone(bench, EU, kind="domain", domain_name="mg.acme.example")
    bench.ctx.known[OLD_ID] = OLD
    bench.account.dead.add(OLD.reveal())
    bench.account.on(READ, DOMAINS)
    proof = await bench.prove(record)
    assert proof.sure
    assert proof.evidence[-1] == f"old key answers 401, ours 200, same host, {AT}"
    old, ours = bench.account.calls[-2:]
    assert (str(old), old.key, old.host) == (AT_ITS_DOMAIN, OLD.reveal(), "eu")
    assert (str(ours), ours.key) == (READ, OWN.reveal())
    assert set(bench.limiter.urgency) == {Priority.PROOF}


async def test_a_send_that_no_send_endpoint_answered_proves_no_old_key() -> None:
    bench = Bench()
    record = await gone(bench, **SENDING)
    bench.ctx.known[OLD_ID] = OLD
    bench.account.on(AT_ITS_DOMAIN, (200, {"items": []}))
    with pytest.raises(UnreadableAnswer):
        await bench.prove(record)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            "domain",
            "the old key is not tried: a sending key answers at its own domain only, which is not known",
        ),
        (None, "a read with the old key is refused (401), as it would be with a sending key that works"),
    ],
)
async def test_where_nobody_knows_what_a_key_opens_its_absence_is_all_there_is(
    kind: str | None, said: str
) -> None:
    bench = Bench()
    record = await gone(bench, kind=kind)
    bench.ctx.known[OLD_ID] = OLD
    bench.account.dead.add(OLD.reveal())
    bench.account.on(READ, DOMAINS)
    proof = await bench.prove(record)
    assert proof == Proof(True, ("deleted", f"absent from the key list at {AT}", said))


async def test_a_control_that_gets_no_answer_is_no_control() -> None:
    bench = Bench()
    record = await gone(bench)
    bench.ctx.known[OLD_ID] = OLD
    bench.account.dead.add(OLD.reveal())
    bench.account.on(READ, (500, {}))
    with pytest.raises(VendorFault):
        await bench.prove(record)


async def test_one_of_ours_is_proven_dead_by_the_secret_the_vault_still_holds() -> None:
    bench = Bench()
    mint = create(replaces="even-older")
    await bench.record(mint, intents=1, entry="of old", result={"key_id": OLD_ID})
    bench.vault.held["of old"] = OLD
    record = await gone(bench)
    bench.account.dead.add(OLD.reveal())
    bench.account.on(READ, DOMAINS)
    proof = await bench.prove(record)
    assert "old key answers 401" in proof.evidence[-1]
    bench.vault.held.clear()
    assert (await bench.prove(record)).evidence == ("deleted", f"absent from the key list at {AT}")


async def test_one_of_ours_without_an_entry_is_proven_by_absence() -> None:
    bench = Bench()
    await bench.record(create(replaces="x"), intents=1, result={"key_id": OLD_ID, "written_down": True})
    record = await gone(bench)
    assert (await bench.prove(record)).sure
    assert not bench.account.of(READ)


async def test_one_reading_of_the_list_serves_proofs_that_began_before_it_and_no_others() -> None:
    bench = Bench()
    record = await gone(bench)
    await bench.prove(record)
    read = len(bench.account.of(LIST))
    await bench.prove(record)
    assert len(bench.account.of(LIST)) == read, "the same moment: the same reading"
    bench.clock.advance(1.0)
    await bench.prove(record)
    assert len(bench.account.of(LIST)) == 2 * read


@pytest.mark.parametrize(
    ("listed", "reality", "line", "sent"),
    [
        (True, Reality.AGAIN, "key …bbbb is still there: deleted now", Sent()),
        (False, Reality.HAPPENED, "key …bbbb is gone", Sent((f"found deleted at {AT}",))),
    ],
)
async def test_a_delete_is_confirmed_by_absence(
    listed: bool, reality: Reality, line: str, sent: Sent
) -> None:
    bench = Bench()
    record = await bench.record(delete(SUB), intents=1)
    bench.account.on(LIST, shown(*([(OLD_ID, "x")] if listed else []), (NEW_ID, "y")))
    found = await bench.reconcile(record)
    assert (found.reality, found.line, found.sent) == (reality, line, sent)
    assert {seen.subaccount for seen in bench.account.calls} == {"sub1"}
    assert set(bench.limiter.urgency) == {Priority.PROOF}


async def test_a_list_with_a_hole_confirms_no_delete() -> None:
    bench = Bench()
    record = await bench.record(delete(), intents=1)
    bench.account.on(LIST, (200, {"items": [{"id": NEW_ID}, 7]}))
    found = await bench.reconcile(record)
    assert (found.reality, found.sent) == (Reality.AGAIN, Sent())
    assert found.line == "the key list is not whole: key …bbbb is deleted once more"


async def test_a_row_without_an_id_hides_no_key_of_ours() -> None:
    bench = Bench()
    record = await bench.record(create(), intents=1)
    tag = keys.description(bench.ctx, record)
    bench.account.on(LIST, (200, {"items": [{"description": "x"}, {"id": NEW_ID, "description": tag}]}))
    bench.vault.held[entry(record.effect)] = NEW
    assert (await bench.reconcile(record)).reality is Reality.HAPPENED


async def test_a_lost_connection_is_no_answer() -> None:
    import httpx

    bench = Bench()
    record = await bench.record(delete())
    bench.account.on(DELETE_OLD, httpx.ConnectError("refused"))
    with pytest.raises(Unreachable):
        await bench.send(record)


async def test_the_vault_entry_stands_under_the_incidents_service() -> None:
    assert str(Bench().ctx.entry("x")) == f"{SERVICE} / x"
