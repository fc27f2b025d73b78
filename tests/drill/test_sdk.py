"""The vendor's own Python SDK works against the drill without knowing that it is one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

mailgun_client = pytest.importorskip("mailgun.client")


async def test_the_vendors_sdk_lists_and_changes_things(bench: Any) -> None:
    b = await bench()
    name = b.drill.story.domains[0].name

    def work() -> None:
        with mailgun_client.Client(
            auth=("api", b.drill.api_key), api_url=b.document["endpoints"]["api_us"]
        ) as client:
            domains = client.domains.get(filters={"limit": 3}).json()
            assert domains["total_count"] == 8
            assert len(domains["items"]) == 3
            assert client.domains.get(domain_name=name).json()["domain"]["name"] == name
            keys = client.keys.get().json()
            assert keys["total_count"] == 9
            made = client.keys.create(data={"role": "admin", "description": "sdk"}).json()
            assert made["key"]["secret"].endswith(made["key"]["id"])
            early = client.keys.delete(key_id=made["key"]["id"])
            assert early.status_code == 400
            b.drill.clock.advance(4)
            assert client.keys.delete(key_id=made["key"]["id"]).json() == {"message": "key deleted"}
            login = {"login": f"sdk@{name}", "password": "from-the-sdk"}
            created = client.domains_credentials.create(domain=name, data=login).json()
            assert created["message"].startswith("Created 1")
            logins = client.domains_credentials.get(domain=name).json()["items"]
            assert f"sdk@{name}" in {item["login"] for item in logins}
            reset = client.domains_credentials.put(domain=name, data={"password": "another-one"}, login="sdk")
            assert reset.json() == {"message": "Password changed"}
            gone = client.domains_credentials.delete(domain=name, login="sdk").json()
            assert gone["spec"] == f"sdk@{name}"
            assert client.users.get().json()["total"] == 5
            assert client.routes.get().json()["total_count"] == 2
            bounces = client.bounces.get(domain=name).json()
            assert {"items", "paging"} <= set(bounces)
            logs = client.analytics_logs.create(data={"duration": "1h", "events": ["accepted"]}).json()
            assert len(logs["items"]) == 100

    await asyncio.to_thread(work)
    assert not b.drill.account.authenticate_smtp("us", f"sdk@{name}", "another-one", "127.0.0.1")


async def test_a_dead_key_is_told_to_the_sdk_as_the_vendor_does(bench: Any) -> None:
    b = await bench()

    def work() -> Any:
        with mailgun_client.Client(
            auth=("api", "0" * 32 + "-00000000-00000000"), api_url=b.document["endpoints"]["api_us"]
        ) as client:
            return client.domains.get()

    answer = await asyncio.to_thread(work)
    assert (answer.status_code, answer.text) == (401, "Forbidden")
