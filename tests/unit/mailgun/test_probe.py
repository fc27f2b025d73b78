"""What is said at connect, for every way a key or a network can be wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.unit.mailgun.fakes import KEY_ID, fake_client, reply, text
from workbench.core.errors import NotAuthorised, Unreachable, UnreadableAnswer
from workbench.mailgun.endpoints import Region
from workbench.mailgun.probe import Capabilities, RegionState, probe

NAMED = {"x-mailgun-key-id": KEY_ID, "date": "Sat, 21 Nov 2026 14:02:07 GMT"}
FORBIDDEN = (401, "Forbidden")


def healthy(request: httpx.Request, role: str = "admin", **domain: Any) -> httpx.Response:
    """Answer as an account with one domain per region does."""
    path = request.url.path
    document: dict[str, Any] = {}
    if path == "/v4/domains":
        document = {"items": [{"name": "mg.acme.example", "state": "active", **domain}]}
    elif path == "/v1/keys":
        document = {"items": [{"id": KEY_ID, "role": role, "kind": "user"}]}
    elif path == "/v2/ip_whitelist":
        document = {"addresses": []}
    return reply(document, headers=NAMED)


async def look(handler: Callable[[httpx.Request], Any]) -> Capabilities:
    client, _ = fake_client(handler)
    return await probe(client)


async def test_an_admin_key_on_a_healthy_account_leaves_nothing_to_say() -> None:
    found = await look(healthy)
    assert found.usable
    assert found.admin
    assert found.failure() is None
    assert found.words() == []
    assert found.key_id == KEY_ID
    assert found.home is Region.US
    assert found.allowlist_in_use is False
    assert all(ability.allowed for ability in found.abilities)


async def test_a_wrong_key_or_an_allowlist_without_us() -> None:
    found = await look(lambda request: text("Forbidden", 401))
    assert not found.usable
    assert isinstance(found.failure(), NotAuthorised)
    [said] = found.words()
    assert "allowlist" in said
    assert "dead or mistyped" in said


async def test_a_key_of_another_role_is_told_what_it_cannot_do() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path in {"/v5/users", "/v2/ip_whitelist"}:
            return reply({"message": "role"}, 403, NAMED)
        return healthy(request, role="developer")

    found = await look(handle)
    assert found.admin is False
    said = " ".join(found.words())
    assert "role developer, not admin" in said
    assert "cannot see who can sign in; see the IP allowlist" in said


@pytest.mark.parametrize(
    ("paths", "admin"),
    [({"/v1/keys"}, None), ({"/v1/keys", "/v5/users", "/v2/ip_whitelist"}, False)],
    ids=["one refusal proves nothing", "refused all that only admins see"],
)
async def test_a_key_that_is_not_in_the_list_is_judged_by_what_it_is_refused(
    paths: set[str], admin: bool | None
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path in paths:
            return reply({"message": "role"}, 403, NAMED)
        return healthy(request)

    found = await look(handle)
    assert found.admin is admin
    assert "cannot see the API keys" in " ".join(found.words())


async def test_a_key_with_one_region_only() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return text("Forbidden", 401) if "eu" in request.url.host else healthy(request)

    found = await look(handle)
    assert found.usable
    assert found.regions[Region.EU].state is RegionState.REFUSED
    assert found.words()[0].startswith("Only US accepts this key; EU answers 401.")


async def test_only_the_second_region_is_asked_for_what_is_global() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return text("Forbidden", 401) if request.url.host == "api.mailgun.net" else healthy(request)

    found = await look(handle)
    assert found.home is Region.EU
    assert found.admin


async def test_unreachable_says_nothing_about_the_key() -> None:
    found = await look(lambda request: httpx.ConnectError("name or service not known"))
    assert isinstance(found.failure(), Unreachable)
    assert "not known" in found.words()[0]


async def test_one_region_unreachable() -> None:
    def handle(request: httpx.Request) -> httpx.Response | Exception:
        return httpx.ConnectTimeout("slow") if "eu" in request.url.host else healthy(request)

    found = await look(handle)
    assert found.usable
    assert found.words()[0].startswith("EU: No answer")


async def test_a_captive_portal() -> None:
    found = await look(lambda request: text("<html>Sign in</html>", 200, "text/html"))
    assert isinstance(found.failure(), UnreadableAnswer)
    assert "captive portal" in found.words()[0]
    assert found.regions[Region.US].state is RegionState.NOT_THE_API


async def test_a_refusal_tells_more_than_silence() -> None:
    def handle(request: httpx.Request) -> httpx.Response | Exception:
        return httpx.ConnectError("x") if request.url.host == "api.mailgun.net" else text("Forbidden", 401)

    assert isinstance((await look(handle)).failure(), NotAuthorised)


async def test_domains_that_mailgun_stopped_are_named_with_the_reason() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return healthy(request, is_disabled=True, disabled={"reason": "abuse\x1b[2J", "code": "rzr01"})

    [said] = (await look(handle)).words()
    assert said.startswith("Mailgun has disabled mg.acme.example")
    assert "abuse" in said
    assert "\x1b" not in said


@pytest.mark.parametrize(("server", "way"), [("15:02:07", "behind"), ("13:02:07", "ahead of")])
async def test_a_clock_off_by_an_hour(server: str, way: str) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        answer = healthy(request)
        answer.headers["date"] = f"Sat, 21 Nov 2026 {server} GMT"
        return answer

    found = await look(handle)
    assert found.clock_is_off
    assert f"60 min {way} Mailgun's" in found.words()[-1]


async def test_an_empty_account() -> None:
    nothing = {"items": [], "total_count": 0, "users": [], "addresses": []}
    found = await look(lambda request: reply(nothing, headers=NAMED))
    assert found.usable
    assert "No region lists a domain of this account." in found.words()


async def test_an_allowlist_in_use_is_mentioned() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v2/ip_whitelist":
            return reply({"addresses": [{"ip_address": "192.0.2.1"}]}, headers=NAMED)
        return healthy(request)

    found = await look(handle)
    assert found.allowlist_in_use
    assert "allowlist is in use" in " ".join(found.words())


async def test_without_the_header_the_workbench_says_that_it_will_ask() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        answer = healthy(request)
        del answer.headers["x-mailgun-key-id"]
        return answer

    found = await look(handle)
    assert found.own_key is None
    assert found.admin is None
    assert "do not say which key this is" in " ".join(found.words())


async def test_faults_leave_abilities_unknown_not_denied() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return reply(status=503) if request.url.path == "/v5/users" else healthy(request)

    found = await look(handle)
    assert "could not be found out whether the workbench can see who can sign in" in " ".join(found.words())
    assert found.admin


async def test_a_vendor_fault_everywhere() -> None:
    found = await look(lambda request: reply({"message": "down"}, 500))
    assert not found.usable
    assert "down" in found.words()[0]


async def test_no_write_is_ever_made() -> None:
    client, api = fake_client(healthy)
    await probe(client)
    assert {request.method for request in api.requests} == {"GET"}
