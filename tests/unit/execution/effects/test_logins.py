"""Logins: the password is in the vault before the server hears of it, and both sides of its proof are asked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.accounts import AT, EU, SMTP, SUB, US, Bench, Reply, auth
from tests.support.effects import an_effect as effect
from workbench.core.errors import Refused, VaultError, VendorFault
from workbench.core.redact import Secret
from workbench.core.turns import A_TURN
from workbench.domain.model.plan import Effect, EffectKind, Place
from workbench.execution.context import Keeping, SecretMissing
from workbench.execution.effects import logins
from workbench.execution.effects.base import Reality, Sent
from workbench.execution.effects.registry import HANDLERS
from workbench.mailgun.client import Priority
from workbench.mailgun.endpoints import Region

LOGIN = "app@mg.acme.example"
DOMAIN = "mg.acme.example"
ENTRY = f"SMTP {LOGIN}"
PASSWORD = Secret("a-new-password-of-ours")
OLD = Secret("the-stolen-one")
RESET = f"PUT /v3/domains/{DOMAIN}/credentials/app"
CREATE = f"POST /v3/domains/{DOMAIN}/credentials"
DELETE = f"DELETE /v3/domains/{DOMAIN}/credentials/app"
LIST = f"GET /v3/domains/{DOMAIN}/credentials"
OK: Reply = (200, {"message": "Password changed"})
NOT_FOUND: Reply = (404, {"message": "Domain not found"})


def reset(login: str = LOGIN, place: Place = US, **params: Any) -> Effect:
    return effect(EffectKind.LOGIN_RESET, login, place, domain=DOMAIN, **params)


def create(login: str = LOGIN, place: Place = US) -> Effect:
    return effect(EffectKind.LOGIN_CREATE, login, place, domain=DOMAIN)


def delete(place: Place = US) -> Effect:
    return effect(EffectKind.LOGIN_DELETE, LOGIN, place, domain=DOMAIN)


def digits(one: Effect) -> str:
    return one.id.rsplit("-", 1)[1]


async def prepare(bench: Bench, *records: Any) -> Any:
    return await HANDLERS[records[0].effect.kind].prepare(bench.ctx, list(records))


# ── the password first ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("make", [reset, create])
async def test_a_password_is_stored_before_anything_is_sent(make: Any) -> None:
    bench = Bench()
    record = await bench.record(make())
    assert await prepare(bench, record) == {record.effect.id: ENTRY}
    stored = bench.vault.held[ENTRY]
    assert bench.ctx.fresh == {record.effect.id: stored}
    assert 20 <= len(stored.reveal()) <= 32, "the server takes 5 to 32 characters"
    assert bench.account.calls == []


async def test_many_passwords_are_made_safe_by_one_replace_and_none_is_like_another() -> None:
    bench = Bench()
    records = [await bench.record(reset(f"u{n}@{DOMAIN}")) for n in range(5)]
    names = await prepare(bench, *records)
    assert names == {r.effect.id: f"SMTP {r.effect.target}" for r in records}
    assert bench.vault.at_once == [5]
    assert len({secret.reveal() for secret in bench.vault.held.values()}) == 5
    assert bench.ctx.fresh == {r.effect.id: bench.vault.held[names[r.effect.id]] for r in records}


async def test_hundreds_of_passwords_are_made_in_turns_with_whatever_else_runs() -> None:
    bench = Bench()
    records = [await bench.record(reset(f"u{n}@{DOMAIN}")) for n in range(200)]
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.ensure_future(others())
    await prepare(bench, *records)
    beside.cancel()
    assert turns >= 200 // A_TURN
    assert bench.vault.at_once == [200], "one replace all the same"


async def test_a_password_an_earlier_attempt_stored_is_used_again() -> None:
    bench = Bench()
    record = await bench.record(reset(), intents=1, entry=ENTRY)
    bench.vault.held[ENTRY] = PASSWORD
    assert await prepare(bench, record) == {record.effect.id: ENTRY}
    assert bench.vault.held == {ENTRY: PASSWORD}
    assert (bench.vault.stored, bench.vault.at_once) == ([], [])
    assert bench.ctx.fresh == {record.effect.id: PASSWORD}


async def test_an_entry_of_that_name_from_before_is_not_taken_for_ours() -> None:
    bench = Bench()
    record = await bench.record(reset())
    bench.vault.held[ENTRY] = OLD
    await prepare(bench, record)
    assert bench.vault.held[ENTRY] != OLD


async def test_after_a_store_that_failed_the_same_password_is_stored() -> None:
    bench = Bench()
    record = await bench.record(reset())
    bench.vault.broken = [LOGIN]
    with pytest.raises(VaultError):
        await prepare(bench, record)
    first = bench.ctx.fresh[record.effect.id]
    bench.vault.broken = []
    await prepare(bench, record)
    assert bench.vault.held == {ENTRY: first}


async def test_one_of_many_that_cannot_be_stored_fails_them_together_and_nobody_is_asked() -> None:
    bench = Bench()
    asked = bench.answer_held(Keeping.WRITTEN)
    records = [await bench.record(reset(f"u{n}@{DOMAIN}")) for n in range(2)]
    bench.vault.broken = ["u1@"]
    with pytest.raises(VaultError):
        await prepare(bench, *records)
    assert (asked, bench.vault.held) == ([], {})


async def test_a_single_password_that_cannot_be_stored_is_asked_about_and_never_kept_on_paper() -> None:
    bench = Bench()
    asked = bench.answer_held(Keeping.WRITTEN)
    record = await bench.record(reset())
    bench.vault.broken = [LOGIN]
    with pytest.raises(VaultError):
        await prepare(bench, record)
    assert [(held.minted, held.paper) for held in asked] == [(False, False)]


# ── where it stands ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_second_reset_of_a_login_keeps_an_entry_of_its_own() -> None:
    bench = Bench()
    record = await bench.record(reset(instance="2"))
    assert logins.entry_name(bench.ctx, record) == f"{ENTRY} ({digits(record.effect)})"


async def test_a_login_whose_entry_another_effect_uses_gets_another() -> None:
    bench = Bench()
    await bench.record(create(), intents=1, entry=ENTRY)
    record = await bench.record(reset())
    assert logins.entry_name(bench.ctx, record) == f"{ENTRY} ({digits(record.effect)})"


async def test_another_logins_entry_or_one_elsewhere_is_no_matter() -> None:
    bench = Bench()
    await bench.record(create(place=EU), intents=1, entry=ENTRY)
    await bench.record(reset("other@mg.acme.example"), intents=1, entry="SMTP other@mg.acme.example")
    record = await bench.record(reset(), intents=1, entry=ENTRY)
    assert logins.entry_name(bench.ctx, record) == ENTRY


async def test_a_hostile_login_is_told_apart_by_its_effect() -> None:
    bench = Bench()
    record = await bench.record(reset("a\x1b[31mb@mg.acme.example"))
    name = logins.entry_name(bench.ctx, record)
    assert "\x1b" not in name
    assert name.endswith(f" ({digits(record.effect)})")


# ── sending ──────────────────────────────────────────────────────────────────────────────────────────────


async def ready(bench: Bench, one: Effect, *, intents: int = 1) -> Any:
    """Return a record whose password is in the vault, its intent journaled so many times."""
    bench.vault.held[ENTRY] = PASSWORD
    for _ in range(intents):
        if one.id not in bench.ledger.state.effects:
            await bench.record(one)
        await bench.ledger.record("effect.intent", {"id": one.id, "entry": ENTRY})
    return bench.ledger.state.effects[one.id]


@pytest.mark.parametrize(("place", "host", "sub"), [(US, "us", None), (EU, "eu", None), (SUB, "us", "sub1")])
async def test_a_reset_sends_the_stored_password(place: Place, host: str, sub: str | None) -> None:
    bench = Bench()
    record = await ready(bench, reset(place=place))
    bench.account.on(RESET, OK)
    assert await bench.send(record) == Sent((f"password replaced at {AT}",), entry=ENTRY)
    (call,) = bench.account.calls
    assert (call.host, call.subaccount, call.form) == (host, sub, {"password": PASSWORD.reveal()})
    assert bench.limiter.urgency == [Priority.WRITE]
    assert bench.ctx.fresh == {record.effect.id: PASSWORD}


async def test_a_password_in_hand_needs_no_vault() -> None:
    bench = Bench()
    record = await ready(bench, reset())
    bench.vault.held.clear()
    bench.ctx.fresh[record.effect.id] = PASSWORD
    bench.account.on(RESET, OK)
    await bench.send(record)
    assert bench.account.calls[0].form == {"password": PASSWORD.reveal()}


@pytest.mark.parametrize("make", [reset, create])
async def test_without_its_password_nothing_is_sent(make: Any) -> None:
    bench = Bench()
    record = await ready(bench, make())
    bench.vault.held.clear()
    with pytest.raises(SecretMissing) as caught:
        await bench.send(record)
    error = caught.value
    assert error.what == f"The new password of {LOGIN} is not in the vault."
    assert error.means == "Without it the login cannot be proven or used."
    assert error.todo == "Run this again: a new password is stored first, then set."
    assert error.effect_id == record.effect.id
    assert bench.account.calls == []


async def test_the_same_password_again_means_that_it_arrived() -> None:
    bench = Bench()
    record = await ready(bench, reset())
    bench.account.on(RESET, (400, {"message": "New password cannot be the Same As Old password."}))
    sent = await bench.send(record)
    assert sent == Sent((f"the server already had the new password at {AT}",), entry=ENTRY)


async def test_any_other_refusal_of_a_reset_is_one() -> None:
    bench = Bench()
    record = await ready(bench, reset())
    bench.account.on(RESET, (400, {"message": "password too short"}))
    with pytest.raises(Refused, match="too short"):
        await bench.send(record)


@pytest.mark.parametrize(("place", "host", "sub"), [(EU, "eu", None), (SUB, "us", "sub1")])
async def test_a_login_is_created_with_our_password(place: Place, host: str, sub: str | None) -> None:
    bench = Bench()
    record = await ready(bench, create(place=place))
    bench.account.on(CREATE, (200, {"message": "Created 1 credentials pair(s)"}))
    assert await bench.send(record) == Sent((f"login created at {AT}",), entry=ENTRY)
    (call,) = bench.account.calls
    assert (call.host, call.subaccount) == (host, sub)
    assert call.form == {"login": LOGIN, "password": PASSWORD.reveal()}
    assert bench.limiter.urgency == [Priority.WRITE]


async def test_a_login_that_exists_at_the_first_try_is_not_ours() -> None:
    bench = Bench()
    record = await ready(bench, create())
    bench.account.on(CREATE, (400, {"message": "login already exists"}))
    with pytest.raises(Refused, match="exists"):
        await bench.send(record)
    assert not bench.account.of(RESET)


async def test_a_login_that_exists_after_a_lost_answer_gets_our_password() -> None:
    bench = Bench()
    record = await ready(bench, create(), intents=2)
    bench.account.on(CREATE, (400, {"message": "Login already EXISTS"}))
    bench.account.on(RESET, OK)
    assert await bench.send(record) == Sent((f"password replaced at {AT}",), entry=ENTRY)
    assert bench.account.of(RESET)[0].form == {"password": PASSWORD.reveal()}


async def test_any_other_refusal_of_a_second_create_is_one() -> None:
    bench = Bench()
    record = await ready(bench, create(), intents=2)
    bench.account.on(CREATE, (400, {"message": "password too long"}))
    with pytest.raises(Refused, match="too long"):
        await bench.send(record)


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (reset, f"{LOGIN}: the stored password is sent, once more if it was"),
        (create, f"{LOGIN}: created with the stored password"),
    ],
)
async def test_what_became_of_a_password_is_not_asked_it_is_sent_again(make: Any, line: str) -> None:
    bench = Bench()
    record = await ready(bench, make())
    found = await bench.reconcile(record)
    assert (found.reality, found.line, found.sent) == (Reality.AGAIN, line, Sent())
    assert bench.account.calls == []


# ── proving ──────────────────────────────────────────────────────────────────────────────────────────────


async def sent(bench: Bench, one: Effect) -> Any:
    bench.vault.held[ENTRY] = PASSWORD
    return await bench.record(one, intents=1, entry=ENTRY, evidence=["replaced", "more"])


@pytest.mark.parametrize("place", [US, EU])
@pytest.mark.parametrize("make", [reset, create])
async def test_the_new_password_is_accepted_and_the_old_one_was_not_supplied(make: Any, place: Place) -> None:
    bench = Bench()
    record = await sent(bench, make(place=place))
    bench.prover.passwords[LOGIN] = PASSWORD
    proof = await bench.prove(record)
    assert (proof.sure, proof.later, proof.undone) == (True, False, False)
    assert proof.evidence == (
        "replaced",
        f"new password: 235 from 127.0.0.1:587 at {AT}",
        "old password: not tested (nobody supplied it)",
    )
    assert bench.prover.asked == [(LOGIN, PASSWORD)]
    assert bench.prover.servers == [SMTP[Region(place.region)]]
    assert record.effect.id not in bench.ctx.fresh


async def test_the_old_password_is_refused_by_the_same_server() -> None:
    bench = Bench()
    record = await sent(bench, reset())
    bench.prover.passwords[LOGIN] = PASSWORD
    bench.ctx.old_passwords[LOGIN] = OLD
    proof = await bench.prove(record)
    assert proof.sure
    assert proof.evidence[-1] == f"old password: 535 from 127.0.0.1:587 at {AT}"
    assert bench.prover.asked == [(LOGIN, PASSWORD), (LOGIN, OLD)]
    assert bench.prover.servers == [SMTP[Region.US]] * 2


async def test_an_old_password_that_is_still_accepted_is_no_proof_yet() -> None:
    bench = Bench()
    record = await sent(bench, reset())
    bench.ctx.old_passwords[LOGIN] = OLD
    bench.prover.verdicts = [auth("accepted", 235), auth("accepted", 235)]
    proof = await bench.prove(record)
    assert (proof.sure, proof.later) == (False, True)
    assert proof.evidence[-1] == f"old password: 235 from 127.0.0.1:587 at {AT}"
    assert record.effect.id in bench.ctx.fresh


async def test_an_old_password_nobody_can_judge_is_no_proof() -> None:
    bench = Bench()
    record = await sent(bench, reset())
    bench.ctx.old_passwords[LOGIN] = OLD
    bench.prover.verdicts = [auth("accepted", 235), auth("cannot_tell", 0, "port 587 is blocked")]
    proof = await bench.prove(record)
    assert (proof.sure, proof.later) == (False, False)
    assert proof.evidence[-1] == f"old password: no verdict (port 587 is blocked) at {AT}"


async def test_a_refused_new_password_may_be_in_force_later() -> None:
    bench = Bench()
    record = await sent(bench, reset())
    proof = await bench.prove(record)
    assert (proof.sure, proof.later, proof.undone) == (False, True, True)
    assert proof.evidence == (
        "replaced",
        f"new password: 535 from 127.0.0.1:587 at {AT}",
        "NOT in force yet, or this host is not on the IP allowlist (both look alike)",
    )


async def test_a_new_password_nobody_can_judge_is_no_proof() -> None:
    bench = Bench()
    record = await sent(bench, reset())
    bench.ctx.old_passwords[LOGIN] = OLD
    bench.prover.verdicts = [auth("cannot_tell", 0, "silent")]
    proof = await bench.prove(record)
    assert (proof.sure, proof.later) == (False, False)
    assert proof.evidence[1:] == (f"new password: no verdict (silent) at {AT}", "cannot prove from here")
    assert len(bench.prover.asked) == 1


async def test_without_a_server_nothing_can_be_proven() -> None:
    bench = Bench(smtp=False)
    record = await sent(bench, reset())
    proof = await bench.prove(record)
    assert (proof.sure, proof.later) == (False, False)
    assert proof.evidence == (
        "replaced",
        "cannot prove from here: no SMTP server is named for this region",
    )


async def test_a_password_that_left_the_vault_proves_nothing() -> None:
    bench = Bench()
    record = await sent(bench, reset())
    bench.vault.held.clear()
    with pytest.raises(SecretMissing):
        await bench.prove(record)
    assert bench.prover.asked == []


# ── removing ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("place", "host", "sub"), [(EU, "eu", None), (SUB, "us", "sub1")])
async def test_a_strangers_login_is_deleted(place: Place, host: str, sub: str | None) -> None:
    bench = Bench()
    record = await bench.record(delete(place))
    bench.account.on(DELETE, (200, {"message": "Credentials have been deleted"}))
    assert await bench.send(record) == Sent((f"deleted at {AT}",))
    assert [(seen.host, seen.subaccount) for seen in bench.account.calls] == [(host, sub)]
    assert bench.limiter.urgency == [Priority.WRITE]


async def test_a_login_that_is_gone_counts_as_deleted() -> None:
    bench = Bench()
    record = await bench.record(delete())
    bench.account.on(DELETE, NOT_FOUND)
    assert await bench.send(record) == Sent((f"was already gone at {AT}",))


def listing(*held: str) -> Reply:
    return 200, {"items": [{"login": login} for login in held], "total_count": len(held)}


@pytest.mark.parametrize(
    ("reply", "listed"),
    [
        (listing("other@mg.acme.example", LOGIN), True),
        (listing("app"), True),
        (listing("other@mg.acme.example", "app@other.example"), False),
        (listing(), False),
        (NOT_FOUND, False),
    ],
)
async def test_only_absence_proves_a_login_deleted(reply: Reply, listed: bool) -> None:
    bench = Bench()
    record = await bench.record(delete(SUB), intents=1, evidence=["deleted", "more"])
    bench.account.on(LIST, reply)
    proof = await bench.prove(record)
    assert (proof.sure, proof.later, proof.undone) == (not listed, listed, listed)
    word = "still listed" if listed else "absent from its domain's logins"
    assert proof.evidence == ("deleted", f"{word} at {AT}")
    found = await bench.reconcile(record)
    if listed:
        assert (found.reality, found.line, found.sent) == (
            Reality.AGAIN,
            f"{LOGIN} is still there: deleted now",
            Sent(),
        )
    else:
        assert (found.reality, found.line) == (Reality.HAPPENED, f"{LOGIN} is gone")
        assert found.sent == Sent((f"found deleted at {AT}",))
    assert {(seen.host, seen.subaccount) for seen in bench.account.calls} == {("us", "sub1")}
    assert set(bench.limiter.urgency) == {Priority.PROOF}


async def test_a_fault_while_looking_is_no_absence() -> None:
    bench = Bench()
    record = await bench.record(delete(EU), intents=1, evidence=["deleted"])
    bench.account.on(LIST, (500, {}))
    with pytest.raises(VendorFault):
        await bench.prove(record)
    assert {seen.host for seen in bench.account.calls} == {"eu"}


@pytest.mark.parametrize(("login", "full"), [("app", f"app@{DOMAIN}"), (LOGIN, LOGIN), ("a@b", "a@b")])
def test_a_login_is_compared_in_full(login: str, full: str) -> None:
    assert logins.full_login(login, DOMAIN) == full
