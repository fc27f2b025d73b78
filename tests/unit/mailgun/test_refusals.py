"""Refusals by reason: the remedy fits, a page is never quoted and proves nothing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.unit.mailgun.fakes import fake_client, reply, text
from workbench.core.errors import ApiError, Forbidden, NotAuthorised, Reason, UnreadableAnswer
from workbench.mailgun.refusals import REMEDIES

PAGE = "<!DOCTYPE html><html><body><h1>Blocked by the web filter</h1></body></html>"
CASES: list[tuple[httpx.Response, Reason]] = [
    (text("Forbidden", 401), Reason.KEY),
    (text("Forbidden", 401, "text/html; charset=utf-8"), Reason.KEY),
    (reply({"message": "Invalid private key"}, 401), Reason.KEY),
    (reply({"message": "Forbidden"}, 403), Reason.ROLE),
    (reply({"message": "Forbidden"}, 400), Reason.ROLE),
    (reply({"message": "Payment Required"}, 402), Reason.PLAN),
    (reply({"Reason": "upgrade your account"}, 402), Reason.PLAN),
    (reply({"message": "this feature is not in your plan"}, 403), Reason.PLAN),
    (reply({"message": "Account is disabled"}, 403), Reason.STOPPED),
    (reply({"message": "Account disabled"}, 403), Reason.STOPPED),
    (reply({"Error": "Business Verification"}, 403), Reason.VERIFICATION),
    (reply({"message": "Please verify your account by phone"}, 403), Reason.VERIFICATION),
    (reply({"message": "IP address is not on the allowlist"}, 403), Reason.ALLOWLIST),
    (reply({"message": "could not create key, account limit reached"}, 403), Reason.QUOTA),
    (reply({"message": "no key matching id"}, 404), Reason.MISSING),
    (reply({"message": "gone"}, 410), Reason.MISSING),
    (reply({"message": "slow down"}, 420), Reason.PACE),
    (reply({"message": "boom"}, 500), Reason.VENDOR),
    (text(PAGE, 502, "text/html"), Reason.VENDOR),
    (text(PAGE, 403, "text/html"), Reason.PAGE),
    (text(PAGE, 401, "text/html"), Reason.PAGE),
    (text(PAGE, 403, "application/json"), Reason.PAGE),
    (text(PAGE, 200, "text/html"), Reason.PAGE),
    (text(PAGE, 407, "text/html"), Reason.PROXY),
]


async def refused(answer: httpx.Response) -> ApiError:
    client, _ = fake_client(lambda request: answer)
    with pytest.raises(ApiError) as caught:
        await client.call("PUT", "/v1/things/1")
    return caught.value


@pytest.mark.parametrize(
    ("answer", "reason"), CASES, ids=[f"{a.status_code}-{r.name}-{i}" for i, (a, r) in enumerate(CASES)]
)
async def test_each_refusal_has_its_reason_and_no_page_is_quoted(
    answer: httpx.Response, reason: Reason
) -> None:
    error = await refused(answer)
    assert error.reason is reason
    assert "web filter</h1>" not in str(error)
    assert "DOCTYPE" not in str(error) + error.detail
    if "html" in answer.headers["content-type"] and answer.text == PAGE:
        assert not isinstance(error, Forbidden | NotAuthorised)
        assert not error.own


async def test_only_a_small_role_asks_for_an_admin_key() -> None:
    for reason, remedy in REMEDIES.items():
        assert ("admin role" in remedy.todo) == (reason is Reason.ROLE)


@pytest.mark.parametrize("body", [{"message": "Account is disabled"}, {"Error": "Business Verification"}])
async def test_a_stopped_account_keeps_its_key(body: dict[str, Any]) -> None:
    error = await refused(reply(body, 403))
    assert "Support" in str(error)
    assert "Keep the key" in str(error)
    assert next(iter(body.values())) in str(error)


async def test_a_proxy_is_not_mailgun() -> None:
    error = await refused(text("<html><body>Access Denied (authentication required)</body></html>", 407))
    assert isinstance(error, UnreadableAnswer)
    assert "proxy" in str(error).lower()
    assert "Mailgun says" not in str(error)
