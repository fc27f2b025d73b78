"""Every handler but those of keys and logins: the very call it makes, and what proves it and what does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.accounts import AT, EU, SUB, US, Bench, Reply
from tests.support.effects import an_effect as effect
from workbench.core.errors import Forbidden, NotFound, Refused, VendorFault
from workbench.core.redact import Secret
from workbench.domain.model.plan import EffectKind, Place
from workbench.execution.effects.base import (
    HalfDone,
    PlainHandler,
    Proof,
    Reality,
    Sent,
    contradicted,
    prepares_nothing,
)
from workbench.execution.effects.registry import HANDLERS
from workbench.mailgun.client import Priority

D = "mg.acme.example"
URL = "https://x.example/h"
KEYS = f"GET /v4/domains/{D}/keys"
LIMITS = "/v5/accounts/limit/custom/monthly"
OK: Reply = (200, {"message": "ok"})
GONE: Reply = (404, {"message": "not found"})
NO: Reply = (403, {"message": "Forbidden"})


def items(*held: Mapping[str, Any], name: str = "items", **more: Any) -> Reply:
    return 200, {name: list(held), **more}


def domain(**fields: Any) -> Reply:
    return 200, {"domain": {"name": D, **fields}}


def dkim(selector: str, active: bool | None = None) -> dict[str, Any]:
    record = {} if active is None else {"dns_record": {"name": "n", "value": "v", "is_active": active}}
    return {"signing_domain": D, "selector": selector, **record}


def template(tag: str = "", **version: Any) -> Reply:
    held = {"name": "t1"} | ({"version": {"tag": tag, **version}} if tag else {})
    return 200, {"template": held}


def rules(*held: Mapping[str, Any]) -> Reply:
    return 200, {"items": list(held)}


@dataclass(frozen=True)
class Case:
    """One kind: its write as the server must see it, what is said of it, and answers to its look with the verdict.

    ``looks`` are (answer, sure, later, words). ``gone`` is what is said where a 404 counts as done, None where it
    is an error; ``again`` what is said of an attempt whose answer was lost.
    """

    kind: EffectKind
    target: str
    write: str
    said: str
    look: str = ""
    looks: tuple[tuple[Reply, bool, bool, str], ...] = ()
    place: Place = EU
    params: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, Any] = field(default_factory=dict)
    answer: Reply = OK
    gone: str | None = "was already gone"
    again: bool = True

    def __str__(self) -> str:
        return self.kind.value


def absence(listed: Reply, empty: Reply, *, word: str = "absent", present: str = "still listed") -> Any:
    """Return the looks of a removal whose absence shows in a list."""
    return (
        (listed, False, True, present),
        (empty, True, False, word),
        (GONE, True, False, word),
    )


K = EffectKind
CASES = (
    Case(
        K.LIMIT_SET,
        "account",
        f"PUT {LIMITS}",
        "limit set",
        f"GET {LIMITS}",
        (
            ((200, {"limit": 5000, "current": 7, "period": "1m"}), True, False, "read back: 5000"),
            ((200, {"limit": 5001, "current": 7, "period": "1m"}), False, False, "read back: 5001"),
            (GONE, False, False, "read back: none"),
            ((200, {"current": 7}), False, False, "read back: none"),
        ),
        SUB,
        {"limit": 5000},
        {"limit": "5000"},
        gone=None,
    ),
    Case(
        K.LIMIT_CLEAR,
        "account",
        f"DELETE {LIMITS}",
        "limit removed",
        f"GET {LIMITS}",
        (
            (GONE, True, False, "read back"),
            ((200, {"limit": 5000, "current": 7, "period": "1m"}), False, False, "read back"),
        ),
        SUB,
        gone="no limit was set",
    ),
    Case(
        K.SUBACCOUNT_DISABLE,
        "s9",
        "POST /v5/accounts/subaccounts/s9/disable",
        "disabled",
        "GET /v5/accounts/subaccounts",
        (
            (items({"id": "s9", "status": "disabled"}, name="subaccounts", total=1), True, False, "status disabled"),
            (items({"id": "s9", "status": "open"}, name="subaccounts", total=1), False, False, "status open"),
            (items({"id": "s8", "status": "disabled"}, name="subaccounts", total=1), False, False, "status absent"),
        ),
        US,
        answer=(200, {"subaccount": {"id": "s9", "status": "disabled"}}),
        gone=None,
    ),
    Case(
        K.SUBACCOUNT_ENABLE,
        "s9",
        "POST /v5/accounts/subaccounts/s9/enable",
        "enabled",
        "GET /v5/accounts/subaccounts",
        (
            (items({"id": "s9", "status": "open"}, name="subaccounts", total=1), True, False, "status open"),
            (items({"id": "s9", "status": "disabled"}, name="subaccounts", total=1), False, False, "status disabled"),
        ),
        US,
        answer=(200, {"subaccount": {"id": "s9", "status": "open"}}),
        gone=None,
    ),
    Case(
        K.DOMAIN_DELETE,
        D,
        f"DELETE /v3/domains/{D}",
        "deletion accepted",
        f"GET /v4/domains/{D}",
        ((GONE, True, False, "absent"),),
    ),
    Case(
        K.DOMAIN_UPDATE,
        D,
        f"PUT /v4/domains/{D}",
        "set",
        f"GET /v4/domains/{D}",
        ((domain(spam_action="disabled", web_scheme="HTTPS"), True, False, "read back"),),
        params={"fields": {"archive_to": "", "spam_action": "disabled", "web_scheme": "https"}},
        form={"archive_to": "", "spam_action": "disabled", "web_scheme": "https"},
        answer=domain(),
        gone=None,
    ),
    Case(
        K.ROUTE_DELETE,
        "r1",
        "DELETE /v3/routes/r1",
        "deleted",
        "GET /v3/routes",
        absence(
            items({"id": "r0"}, {"id": "r1"}, total_count=2),
            items({"id": "r0"}, total_count=1),
            word="absent from the routes",
        ),
    ),
    Case(
        K.WEBHOOK_DELETE,
        f"{D}|{URL}",
        f"DELETE /v4/domains/{D}/webhooks",
        "removed",
        f"GET /v3/domains/{D}/webhooks",
        absence(
            (200, {"webhooks": {"clicked": {"urls": ["https://a.example", URL]}}}),
            (200, {"webhooks": {"clicked": {"urls": ["https://a.example"]}}}),
            present="still there",
        ),
        params={"domain": D, "url": URL},
        query={"url": URL},
    ),
    Case(
        K.ACCOUNT_WEBHOOK_DELETE,
        "wh_1",
        "DELETE /v1/webhooks/wh_1",
        f"deleted at {AT}, in force within 10 minutes",
        "GET /v1/webhooks",
        absence(
            items({"webhook_id": "wh_1", "url": URL}, name="webhooks"),
            items({"webhook_id": "wh_2", "url": URL}, name="webhooks"),
        ),
    ),
    Case(
        K.ALLOWLIST_ADD,
        "192.0.2.1",
        "POST /v2/ip_whitelist",
        "added",
        "GET /v2/ip_whitelist",
        (
            (items({"ip_address": "192.0.2.1"}, name="addresses"), True, False, "on the list"),
            (items({"ip_address": "192.0.2.2"}, name="addresses"), False, True, "not on the list"),
        ),
        params={"description": "office"},
        form={"address": "192.0.2.1", "description": "office"},
        gone=None,
    ),
    Case(
        K.ALLOWLIST_REMOVE,
        "192.0.2.1",
        "DELETE /v2/ip_whitelist",
        "removed",
        "GET /v2/ip_whitelist",
        (
            (items({"ip_address": "192.0.2.1"}, name="addresses"), False, True, "on the list"),
            (items({"ip_address": "192.0.2.2"}, name="addresses"), True, False, "not on the list"),
        ),
        query={"address": "192.0.2.1"},
    ),
    Case(
        K.LIST_CLOSE,
        f"all@{D}",
        f"PUT /v3/lists/all@{D}",
        "closed",
        f"GET /v3/lists/all@{D}",
        (
            ((200, {"list": {"address": f"all@{D}", "access_level": "readonly"}}), True, False, "access is readonly"),
            ((200, {"list": {"address": f"all@{D}", "access_level": "everyone"}}), False, True, "access is everyone"),
            ((200, {"list": {"address": f"all@{D}"}}), False, True, "access is unknown"),
            (GONE, True, False, "gone"),
        ),
        form={"access_level": "readonly"},
    ),
    Case(
        K.DKIM_DEACTIVATE,
        "pic",
        f"PUT /v4/domains/{D}/keys/pic/deactivate",
        f"deactivated at {AT}; remove its DNS record too, or mail still verifies",
        KEYS,
        (
            (items(dkim("other", True), dkim("pic", False)), True, False, "inactive"),
            (items(dkim("pic", True)), False, True, "still active"),
            (items(dkim("pic")), False, True, "its state is not told"),
            (items(dkim("other", True)), True, False, "absent"),
        ),
        params={"domain": D},
    ),
    Case(
        K.TRACKING_FOOTER,
        D,
        f"PUT /v3/domains/{D}/tracking/unsubscribe",
        "cleared",
        f"GET /v3/domains/{D}/tracking",
        (
            ((200, {"tracking": {"unsubscribe": {"active": False}}}), True, False, "no link in it"),
            (
                (200, {"tracking": {"unsubscribe": {"html_footer": "<p>bye</p>", "text_footer": "bye"}}}),
                True,
                False,
                "no link in it",
            ),
            (
                (200, {"tracking": {"unsubscribe": {"html_footer": "<a href='https://x.example'>"}}}),
                False,
                True,
                "still holds a link",
            ),
            (
                (200, {"tracking": {"unsubscribe": {"text_footer": "http://x.example"}}}),
                False,
                True,
                "still holds a link",
            ),
        ),
        form={"html_footer": "", "text_footer": ""},
        gone=None,
    ),
    Case(
        K.SANDBOX_RECIPIENT_DELETE,
        "x@y.example",
        "DELETE /v5/sandbox/auth_recipients/x@y.example",
        "removed",
        "GET /v5/sandbox/auth_recipients",
        absence(
            items({"email": "a@y.example"}, {"email": "x@y.example"}, name="recipients"),
            items({"email": "a@y.example"}, name="recipients"),
        ),
    ),
    Case(
        K.SUPPRESSION_ALLOW_DELETE,
        "bulk.example",
        f"DELETE /v3/{D}/whitelists/bulk.example",
        "removed",
        f"GET /v3/{D}/whitelists",
        absence(
            items({"value": "a.example", "type": "domain"}, {"value": "bulk.example", "type": "domain"}, paging={}),
            items({"value": "a.example", "type": "domain"}, paging={}),
        ),
        params={"domain": D},
    ),
    Case(
        K.SUPPRESSION_LIFT,
        "a@b.example",
        f"DELETE /v3/{D}/bounces/a@b.example",
        "lifted",
        f"GET /v3/{D}/bounces/a@b.example",
        (
            ((200, {"address": "a@b.example"}), False, True, "still listed"),
            (GONE, True, False, "absent"),
        ),
        params={"domain": D, "table": "bounces"},
    ),
    Case(
        K.ALERT_CREATE,
        "wb rule",
        "POST /v1/thresholds/alerts/send",
        "made",
        "GET /v1/thresholds/alerts/send",
        (
            (rules({"name": "wb rule", "metric": "accepted_count"}), True, False, "listed"),
            (rules({"name": "wb rule", "metric": "failed_count"}), False, True, "not listed"),
            (rules({"name": "other", "metric": "accepted_count"}), False, True, "not listed"),
        ),
        params={"rule": {"metric": "accepted_count", "limit": "10", "comparator": ">"}},
        form={"name": "wb rule", "metric": "accepted_count", "limit": "10", "comparator": ">"},
        gone=None,
        again=False,
    ),
    Case(
        K.DKIM_CREATE,
        "wb1",
        "POST /v1/dkim/keys",
        f"made at {AT}; publish TXT wb1._domainkey = k=rsa",
        KEYS,
        (
            (items(dkim("wb1")), True, False, "listed"),
            (items(dkim("wb2")), False, True, "not listed"),
        ),
        params={"domain": D, "bits": 2048},
        form={"signing_domain": D, "selector": "wb1", "bits": "2048"},
        answer=(200, {"selector": "wb1", "dns_record": {"name": "wb1._domainkey", "value": "k=rsa"}}),
        gone=None,
        again=False,
    ),
    Case(
        K.DKIM_ACTIVATE,
        "wb1",
        f"PUT /v4/domains/{D}/keys/wb1/activate",
        "switched on",
        KEYS,
        (
            (items(dkim("wb1", True)), True, False, "active"),
            (items(dkim("wb1", False), dkim("other", True)), False, True, "not active"),
            (items(dkim("wb1")), False, True, "not active"),
            (items(), False, True, "not active"),
        ),
        params={"domain": D},
        gone=None,
    ),
    Case(
        K.DKIM_ROTATE,
        D,
        f"POST /v1/dkim_management/domains/{D}/rotate",
        "rolled",
        KEYS,
        (
            (items(dkim("old", True), dkim("new", True)), True, False, "signs with new"),
            (items(dkim("old", True), dkim("new", False)), False, True, "no new key signs yet"),
            (items(dkim("old", True)), False, True, "no new key signs yet"),
        ),
        params={"domain": D, "before": ["old"]},
        gone=None,
        again=False,
    ),
    Case(
        K.TEMPLATE_DELETE,
        "t1",
        f"DELETE /v3/{D}/templates/t1",
        "deleted",
        f"GET /v3/{D}/templates/t1",
        ((template(), False, True, "still stored"), (GONE, True, False, "absent")),
        params={"domain": D},
    ),
    Case(
        K.TEMPLATE_ACTIVATE,
        "t1",
        f"PUT /v3/{D}/templates/t1/versions/v1",
        "version v1 made active",
        f"GET /v3/{D}/templates/t1",
        (
            (template("v1"), True, False, "version v1 is active"),
            (template("v2"), False, True, "version v2 is active"),
            (template(), False, True, "version unknown is active"),
        ),
        params={"domain": D, "tag": "v1"},
        form={"active": "yes"},
        gone=None,
    ),
    Case(
        K.TEMPLATE_HEADERS,
        "t1",
        f"PUT /v3/{D}/templates/t1/versions/v1",
        "headers set",
        f"GET /v3/{D}/templates/t1/versions/v1",
        (
            (template("v1", headers={"from": "a@b.example"}), True, False, "its headers as they should be"),
            (
                template("v1", headers={"From": "a@b.example", "Reply-To": "x@evil.example"}),
                False,
                True,
                "its headers still hold reply-to",
            ),
            (template("v1", headers={"From": "x@evil.example"}), False, True, "its headers differ"),
            (template("v1"), False, True, "its headers differ"),
            (template(), False, True, "its headers differ"),
            (GONE, True, False, "gone"),
        ),
        params={"domain": D, "tag": "v1", "headers": {"From": "a@b.example"}},
        form={"headers": '{"From": "a@b.example"}'},
    ),
    Case(
        K.RULE_DELETE,
        "rule1",
        "DELETE /v1/thresholds/limits/rule1",
        "deleted",
        "GET /v1/thresholds/limits/rule1",
        (((200, {"name": "rule1"}), False, True, "still listed"), (GONE, True, False, "absent")),
        params={"book": "limits"},
    ),
    Case(
        K.RULE_SET,
        "rule1",
        "PUT /v1/thresholds/alerts/send/rule1",
        "set",
        "GET /v1/thresholds/alerts/send/rule1",
        (
            ((200, {"name": "rule1", "limit": "10", "comparator": ">"}), True, False, "its limit is > 10"),
            ((200, {"name": "rule1", "limit": 10, "comparator": ">"}), True, False, "its limit is > 10"),
            ((200, {"name": "rule1", "limit": "11", "comparator": ">"}), False, True, "its limit is > 11"),
            ((200, {"name": "rule1", "limit": "10", "comparator": "<"}), False, True, "its limit is < 10"),
            ((200, {"name": "rule1", "limit": "10"}), False, True, "its limit is 10"),
        ),
        params={"book": "alerts/send", "rule": {"limit": "10", "comparator": ">", "metric": "m"}},
        gone=None,
    ),
)  # fmt: skip


async def recorded(bench: Bench, case: Case, **done: Any) -> Any:
    one = effect(case.kind, case.target, case.place, what="tell it", **case.params)
    return await bench.record(one, intents=1, **done)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_the_write_is_this_very_call(case: Case) -> None:
    bench = Bench()
    record = await recorded(bench, case)
    bench.account.on(case.write, case.answer)
    sent = await bench.send(record)
    (call,) = bench.account.calls
    assert (call.host, call.subaccount) == (case.place.region.value, case.place.subaccount)
    assert (call.query, call.form) == (dict(case.query), call.form | dict(case.form))
    assert bench.limiter.urgency == [Priority.WRITE]
    said = case.said if AT in case.said else f"{case.said} at {AT}"
    assert sent == Sent((said,))


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_what_is_gone_counts_as_done_only_where_it_is(case: Case) -> None:
    bench = Bench()
    record = await recorded(bench, case)
    bench.account.on(case.write, GONE)
    if case.gone is None:
        with pytest.raises(NotFound):
            await bench.send(record)
    else:
        assert await bench.send(record) == Sent((f"{case.gone} at {AT}",))


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_refusal_is_never_taken_for_done(case: Case) -> None:
    bench = Bench()
    record = await recorded(bench, case)
    bench.account.on(case.write, NO)
    with pytest.raises(Forbidden):
        await bench.send(record)


@pytest.mark.parametrize(
    ("case", "look"),
    [(case, look) for case in CASES for look in case.looks],
    ids=lambda value: str(value) if isinstance(value, Case) else "",
)
async def test_only_what_the_account_shows_proves_it(case: Case, look: tuple[Reply, bool, bool, str]) -> None:
    bench = Bench()
    record = await recorded(bench, case, evidence=["yes", "more"])
    answer, sure, later, words = look
    bench.account.on(case.look, answer)
    proof = await bench.prove(record)
    assert proof == Proof(sure, ("yes", f"{words} at {AT}"), later=later)
    place = (case.place.region.value, case.place.subaccount)
    assert {(seen.host, seen.subaccount) for seen in bench.account.calls} == {place}
    assert set(bench.limiter.urgency) == {Priority.PROOF}


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_fault_while_looking_proves_nothing(case: Case) -> None:
    bench = Bench()
    record = await recorded(bench, case, evidence=["yes"])
    bench.account.on(case.look, (500, {}))
    with pytest.raises(VendorFault):
        await bench.prove(record)


@pytest.mark.parametrize("case", [case for case in CASES if case.again], ids=str)
async def test_what_may_be_done_again_is(case: Case) -> None:
    bench = Bench()
    found = await bench.reconcile(await recorded(bench, case))
    assert (found.reality, found.line, found.sent) == (Reality.AGAIN, "tell it: done again", Sent())
    assert bench.account.calls == []


async def test_without_words_an_effect_done_again_is_told_by_its_target() -> None:
    bench = Bench()
    record = await bench.record(effect(K.ROUTE_DELETE, "r1"), intents=1)
    assert (await bench.reconcile(record)).line == "r1: done again"


def test_every_kind_has_its_handler_and_a_test_here_or_beside() -> None:
    elsewhere = {kind for kind in K if kind.value.startswith(("key.", "smtp."))}
    own = {K.QUEUE_PURGE, K.SIGNING_KEY_RENEW, K.PUBLIC_KEY_RENEW}
    assert {case.kind for case in CASES} | elsewhere | own == set(K) == set(HANDLERS)
    stores = {K.LOGIN_RESET, K.LOGIN_CREATE, K.SIGNING_KEY_RENEW}
    assert {kind for kind in K if not prepares_nothing(HANDLERS[kind])} == stores


# ── what is made once only ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "there", "found", "absent", "missing"),
    [
        (
            K.ALERT_CREATE,
            rules({"name": "wb rule", "metric": "accepted_count"}),
            ("the alert rule is there", f"found made at {AT}"),
            rules(),
            "the alert rule is not there: made now",
        ),
        (
            K.DKIM_CREATE,
            items(dkim("wb1", True)),
            ("the DKIM key is there", f"found made at {AT}; publish TXT n = v"),
            items(dkim("wb2", True)),
            "the DKIM key is not there: made now",
        ),
        (
            K.DKIM_CREATE,
            items(dkim("wb1")),
            ("the DKIM key is there", f"found made at {AT}; publish the record that the control panel shows"),
            items(),
            "the DKIM key is not there: made now",
        ),
        (
            K.DKIM_ROTATE,
            items(dkim("old", True), dkim("new", True)),
            ("the DKIM key was rolled", f"found at {AT}"),
            items(dkim("old", True), dkim("new", False)),
            "the DKIM key is still the old one: rolled now",
        ),
    ],
)
async def test_what_an_interrupted_attempt_made_is_not_made_twice(
    kind: EffectKind, there: Reply, found: tuple[str, str], absent: Reply, missing: str
) -> None:
    bench = Bench()
    case = next(case for case in CASES if case.kind is kind)
    record = await recorded(bench, case)
    bench.account.on(case.look, there)
    first = await bench.reconcile(record)
    assert (first.reality, first.line, first.sent) == (Reality.HAPPENED, found[0], Sent((found[1],)))
    bench.account.on(case.look, absent)
    second = await bench.reconcile(record)
    assert (second.reality, second.line, second.sent) == (Reality.AGAIN, missing, Sent())


# ── their own ways ───────────────────────────────────────────────────────────────────────────────────────


async def purged(*answers: Reply) -> Sent:
    bench = Bench()
    record = await bench.record(effect(K.QUEUE_PURGE, D, SUB))
    for answer in answers:
        bench.account.once(f"DELETE /v3/{D}/envelopes", answer)
    bench.account._rules.reverse()
    try:
        return await bench.send(record)
    finally:
        assert {seen.host for seen in bench.account.calls} == {"s1", "s2"}
        assert {seen.subaccount for seen in bench.account.calls} == {"sub1"}
        assert set(bench.limiter.urgency) == {Priority.WRITE}


async def test_a_queue_is_purged_on_every_storage_host() -> None:
    assert await purged(OK, OK) == Sent((f"purged on 2 of 2 storage hosts at {AT}",))
    assert await purged(OK, GONE) == Sent((f"purged on 1 of 2 storage hosts at {AT}",))


async def test_a_queue_that_no_storage_host_knows_was_not_purged() -> None:
    with pytest.raises(NotFound):
        await purged(GONE, GONE)


@pytest.mark.parametrize("order", [(OK, NO), (NO, OK)])
async def test_one_storage_host_that_refuses_leaves_mail_queued(order: tuple[Reply, Reply]) -> None:
    with pytest.raises(Forbidden):
        await purged(*order)


async def test_no_call_proves_a_purge_beyond_the_hosts_own_word() -> None:
    bench = Bench()
    record = await bench.record(effect(K.QUEUE_PURGE, D), intents=1, evidence=["purged", "more"])
    words = ("purged", "confirmed by each that knows the domain; queue length is not readable")
    assert await bench.prove(record) == Proof(True, words)
    assert bench.account.calls == []


@pytest.mark.parametrize("kind", [K.SUBACCOUNT_DISABLE, K.SUBACCOUNT_ENABLE])
async def test_a_subaccount_that_is_so_already_counts(kind: EffectKind) -> None:
    bench = Bench()
    case = next(case for case in CASES if case.kind is kind)
    record = await recorded(bench, case)
    bench.account.on(case.write, (400, {"message": "subaccount is Already disabled"}))
    assert (await bench.send(record)).evidence == (f"{case.said} at {AT}",)
    bench.account.on(case.write, (400, {"message": "no such thing"}))
    with pytest.raises(Refused):
        await bench.send(record)


async def test_an_address_that_is_on_the_list_already_counts() -> None:
    bench = Bench()
    record = await bench.record(effect(K.ALLOWLIST_ADD, "192.0.2.1"))
    bench.account.on("POST /v2/ip_whitelist", (400, {"message": "address already EXISTS"}))
    assert await bench.send(record) == Sent((f"was on the list already at {AT}",))
    assert bench.account.calls[0].form == {"address": "192.0.2.1", "description": ""}
    bench.account.on("POST /v2/ip_whitelist", (400, {"message": "not an address"}))
    with pytest.raises(Refused):
        await bench.send(record)


async def test_a_domain_still_shown_is_only_promised_to_go() -> None:
    bench = Bench()
    record = await bench.record(effect(K.DOMAIN_DELETE, D), intents=1, evidence=["accepted"])
    bench.account.on(f"GET /v4/domains/{D}", domain())
    proof = await bench.prove(record)
    assert proof == Proof(False, ("accepted", "still listed: deletion runs in the background"))


async def test_fields_that_were_not_taken_over_are_named() -> None:
    bench = Bench()
    fields = {"web_scheme": "https", "archive_to": "", "spam_action": "disabled"}
    record = await bench.record(effect(K.DOMAIN_UPDATE, D, fields=fields), intents=1, evidence=["set"])
    bench.account.on(f"GET /v4/domains/{D}", domain(web_scheme="http", archive_to="x@evil.example"))
    proof = await bench.prove(record)
    assert proof == Proof(False, ("set", "not taken over: archive_to, spam_action, web_scheme"), later=True)


async def test_a_rule_is_written_whole() -> None:
    bench = Bench()
    case = next(case for case in CASES if case.kind is K.RULE_SET)
    record = await recorded(bench, case)
    bench.account.on(case.write, OK)
    await bench.send(record)
    assert bench.account.calls[0].form == {"limit": "10", "comparator": ">", "metric": "m", "name": "rule1"}


@pytest.mark.parametrize("kind", [K.TEMPLATE_DELETE, K.TEMPLATE_ACTIVATE, K.TEMPLATE_HEADERS])
async def test_a_template_of_the_account_is_called_without_a_domain(kind: EffectKind) -> None:
    bench = Bench()
    case = next(case for case in CASES if case.kind is kind)
    one = effect(kind, "t1", **{**case.params, "domain": ""})
    record = await bench.record(one)
    bench.account.on(".*", OK)
    await bench.send(record)
    assert bench.account.calls[0].path.startswith("/v4/templates/t1")


# ── the account's own signing keys ───────────────────────────────────────────────────────────────────────

SIGNING = "/v5/accounts/http_signing_key"
BEFORE, AFTER = Secret("key-before"), Secret("key-after")


def signing(secret: Secret) -> Reply:
    return 200, {"message": "success", "http_signing_key": secret.reveal()}


async def renewal(bench: Bench, **done: Any) -> tuple[Any, str, str]:
    """Return a renewal's record and the names of its two vault entries: the new key's and the old one's."""
    record = await bench.record(effect(K.SIGNING_KEY_RENEW, "account", EU), **done)
    new = "HTTP webhook signing key EU"
    return record, new, f"{new}, before {record.effect.id.rsplit('-', 1)[1]}"


async def test_the_signing_key_before_is_kept_so_that_a_renewal_can_be_told() -> None:
    bench = Bench()
    record, _, before = await renewal(bench)
    bench.account.on(f"GET {SIGNING}", signing(BEFORE))
    handler = HANDLERS[K.SIGNING_KEY_RENEW]
    assert await handler.prepare(bench.ctx, [record]) == {}
    assert bench.vault.held == {before: BEFORE}
    assert [seen.host for seen in bench.account.calls] == ["eu"]
    assert bench.limiter.urgency == [Priority.PROOF]
    bench.account.on(f"GET {SIGNING}", signing(AFTER))
    again, _, _ = await renewal(bench, intents=1)
    await handler.prepare(bench.ctx, [again])
    assert bench.vault.held == {before: BEFORE}, "after an attempt the account may show the new one"


async def test_a_renewed_signing_key_is_stored_and_read_back() -> None:
    bench = Bench()
    record, new, _ = await renewal(bench)
    bench.account.on(f"POST {SIGNING}", signing(AFTER))
    assert await bench.send(record) == Sent((f"regenerated at {AT}, stored",), entry=new)
    assert bench.vault.held == {new: AFTER}
    assert [seen.host for seen in bench.account.calls] == ["eu"]


@pytest.mark.parametrize(("now", "sure"), [(AFTER, True), (BEFORE, False)])
async def test_a_signing_key_is_proven_by_reading_it(now: Secret, sure: bool) -> None:
    bench = Bench()
    new = "HTTP webhook signing key EU"
    record, _, _ = await renewal(bench, intents=1, entry=new, evidence=["regenerated", "more"])
    bench.vault.held[new] = AFTER
    bench.account.on(f"GET {SIGNING}", signing(now))
    assert await bench.prove(record) == Proof(sure, ("regenerated", f"read back at {AT}"))
    assert bench.account.calls[0].host == "eu"


async def test_a_signing_key_other_than_before_was_renewed_and_is_stored() -> None:
    bench = Bench()
    record, new, before = await renewal(bench, intents=1)
    bench.vault.held[before] = BEFORE
    bench.account.on(f"GET {SIGNING}", signing(AFTER))
    found = await bench.reconcile(record)
    assert (found.reality, found.line) == (
        Reality.HAPPENED,
        "the webhook signing key had been renewed: stored",
    )
    assert found.sent == Sent((f"found renewed at {AT}, stored",), entry=new)
    assert bench.vault.held == {before: BEFORE, new: AFTER}
    assert bench.account.calls[0].host == "eu"


@pytest.mark.parametrize("kept", [True, False])
async def test_a_signing_key_that_is_as_before_or_cannot_be_compared_is_renewed(kept: bool) -> None:
    bench = Bench()
    record, new, before = await renewal(bench, intents=1)
    if kept:
        bench.vault.held[before] = BEFORE
    bench.account.on(f"GET {SIGNING}", signing(BEFORE))
    found = await bench.reconcile(record)
    assert (found.reality, found.sent) == (Reality.AGAIN, Sent())
    assert found.line == "the webhook signing key is still the old one: renewed now"
    assert new not in bench.vault.held


async def test_the_public_key_is_renewed_and_stored_and_no_call_reads_it_back() -> None:
    bench = Bench()
    record = await bench.record(effect(K.PUBLIC_KEY_RENEW, "account"), intents=1, evidence=["x", "y"])
    bench.account.on("POST /v1/keys/public", (200, {"key": "pubkey-1", "message": "ok"}))
    sent = await bench.send(record)
    assert sent == Sent((f"regenerated at {AT}, stored",), entry="public validation key")
    assert bench.vault.held == {"public validation key": Secret("pubkey-1")}
    assert await bench.prove(record) == Proof(True, ("x", "no call reads it back"))


# ── what is told of it ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("evidence", "told"),
    [
        (("yes", "still listed"), "still listed"),
        (("yes", "ALIVE: it still answers", "later words"), "ALIVE: it still answers"),
        (("yes", "REFUSED: the new one", "later words"), "REFUSED: the new one"),
        (("yes", "alive and well", "not shown"), "not shown"),
    ],
)
def test_what_contradicts_the_servers_yes_is_said_the_loudest_first(
    evidence: tuple[str, ...], told: str
) -> None:
    error = contradicted(effect(K.ROUTE_DELETE, "r1", what="Delete route r1"), Proof(False, evidence))
    assert (error.what, error.means, error.todo) == (
        f"The server said yes, but the account shows otherwise: {told}.",
        "Delete route r1 has not happened.",
        "Run this again: it is looked at once more and done again.",
    )


def test_what_is_half_done_says_what_happened() -> None:
    error = VendorFault("It broke (503).")
    half = HalfDone(error)
    assert (str(half), half.error) == ("It broke (503).", error)
    assert prepares_nothing(PlainHandler()) and not prepares_nothing(object())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "most"), [(K.TEMPLATE_ACTIVATE, 40), (K.DKIM_ROTATE, 60), (K.TEMPLATE_HEADERS, 80)]
)
async def test_names_from_the_account_are_cut_to_a_line(kind: EffectKind, most: int) -> None:
    long = "n" * 300
    answers = {
        K.TEMPLATE_ACTIVATE: template(long),
        K.DKIM_ROTATE: items(dkim(long, True)),
        K.TEMPLATE_HEADERS: template("v1", headers={long: "x", "From": "a@b.example"}),
    }
    bench = Bench()
    case = next(case for case in CASES if case.kind is kind)
    record = await recorded(bench, case, evidence=["yes"])
    bench.account.on(case.look, answers[kind])
    words = (await bench.prove(record)).evidence[-1]
    kept = most - len("still hold ") if kind is K.TEMPLATE_HEADERS else most
    assert "n" * kept in words and "n" * (kept + 1) not in words


async def test_several_headers_that_are_still_there_are_all_named() -> None:
    bench = Bench()
    case = next(case for case in CASES if case.kind is K.TEMPLATE_HEADERS)
    record = await recorded(bench, case, evidence=["yes"])
    held = {"From": "a@b.example", "Reply-To": "x@evil.example", "Bcc": "y@evil.example"}
    bench.account.on(case.look, template("v1", headers=held))
    assert (await bench.prove(record)).evidence[-1] == f"its headers still hold bcc, reply-to at {AT}"


async def test_what_is_done_again_is_told_in_one_line() -> None:
    bench = Bench()
    found = await bench.reconcile(await bench.record(effect(K.ROUTE_DELETE, "r" * 300), intents=1))
    assert found.line.startswith("r" * 80) and "r" * 81 not in found.line


async def test_a_key_is_looked_at_before_it_is_renewed_with_the_urgency_of_a_proof() -> None:
    bench = Bench()
    record, _, _ = await renewal(bench, intents=1)
    bench.account.on(f"GET {SIGNING}", signing(BEFORE))
    await bench.reconcile(record)
    assert bench.limiter.urgency == [Priority.PROOF]
