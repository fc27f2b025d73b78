"""The client over real sockets against the simulated account: sweep, rotation, reset, purge, faults."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.mailgun.fakes import gather_pages
from workbench.core.clock import SystemClock
from workbench.core.errors import (
    ApiError,
    NotAuthorised,
    NotFound,
    Refused,
    Unreachable,
    UnreadableAnswer,
    VendorFault,
)
from workbench.core.redact import Secret
from workbench.drill.servers.serve import RunningDrill, start
from workbench.drill.world.options import DrillOptions
from workbench.mailgun import (
    account,
    content,
    credentials,
    domains,
    evidence,
    keys,
    queues,
    settings,
    thresholds,
)
from workbench.mailgun.client import Mailgun
from workbench.mailgun.endpoints import Region, from_document
from workbench.mailgun.evidence_models import Book
from workbench.mailgun.probe import probe


@asynccontextmanager
async def drill(folder: Path, **options: Any) -> AsyncIterator[tuple[RunningDrill, Mailgun]]:
    running = await start(DrillOptions(**options), folder)
    client = Mailgun(from_document(running.document()), Secret(running.api_key), clock=SystemClock())
    try:
        yield running, client
    finally:
        await client.aclose()
        await running.close()


async def test_everything_an_account_holds_is_read_without_an_unreadable_field(tmp_path: Path) -> None:
    async with drill(tmp_path) as (_, client):
        now = client.clock.now()
        found: list[Any] = [*await keys.list_keys(client), *await account.list_users(client)]
        subaccounts = await account.list_subaccounts(client)
        found += [*subaccounts, *await account.get_allowlist(client)]
        found += await settings.sandbox_recipients(client)
        for region in Region:
            here = await domains.list_domains(client, region=region, include_subaccounts=True)
            found += here
            assert any(item.subaccount_id for item in here) == (region is Region.US)
            own = [item.name for item in here if not item.subaccount_id]
            for name in own[:2]:
                found += await credentials.list_credentials(client, name, region=region)
                found.append(await domains.get_domain(client, name, region=region))
                found.append(await domains.sending_queues(client, name, region=region))
                found.append(await domains.get_tracking(client, name, region=region))
                found.append(await settings.domain_webhooks(client, name, region=region))
                found += await gather_pages(content.iter_templates(client, name, region=region))
                for kind in content.SUPPRESSIONS:
                    found += await gather_pages(content.iter_suppressions(client, name, kind, region=region))
                found += await gather_pages(content.iter_whitelist(client, name, region=region))
            found += await gather_pages(domains.iter_dkim_keys(client, region=region))
            found += await settings.list_routes(client, region=region)
            found += await settings.account_webhooks(client, region=region)
            found += await settings.list_ips(client, region=region)
            found += await gather_pages(content.iter_lists(client, region=region))
            found += await thresholds.threshold_hits(client, region=region)
            found += await thresholds.list_rules(client, Book.ALERT, region=region)
            start_, few = now - timedelta(minutes=10), ("accepted_outgoing_count",)
            found += await gather_pages(evidence.iter_logs(client, region=region, start=start_, end=now))
            assert await evidence.metrics(client, region=region, start=start_, end=now, names=few)
        for child in subaccounts:
            found += await keys.list_keys(client, subaccount=child.id)
            found += await domains.list_domains(client, region=Region.US, subaccount=child.id)
        assert len(found) > 100
        assert [item for item in found if item.unreadable] == []


async def test_a_healthy_key_is_probed_as_such(tmp_path: Path) -> None:
    async with drill(tmp_path) as (running, client):
        found = await probe(client)
        assert found.admin
        assert found.key_id == running.api_key.partition("-")[2]
        assert not found.clock_is_off
        wrong = await probe(client.with_key(Secret("key-" + "0" * 32)))
        assert isinstance(wrong.failure(), NotAuthorised)


async def test_a_key_is_replaced_and_the_old_one_proven_dead_beside_a_living_one(tmp_path: Path) -> None:
    async with drill(tmp_path) as (_, client):
        old = client.key
        old_id = await keys.whoami(client)
        assert old_id is not None
        new = await keys.create_key(client, role="admin", description="incident")
        assert new.secret.reveal().endswith(new.key.id)
        client.use_key(new.secret)
        assert await keys.whoami(client) == new.key.id
        await keys.delete_key(client, old_id)
        with pytest.raises(NotAuthorised):
            await keys.whoami(client.with_key(old))
        assert await keys.whoami(client) == new.key.id
        with pytest.raises(NotFound):
            await keys.delete_key(client, old_id)


async def test_a_login_is_reset_and_the_same_password_again_is_refused_as_already_set(tmp_path: Path) -> None:
    async with drill(tmp_path) as (_, client):
        [domain, *_] = [d for d in await domains.list_domains(client, region=Region.EU) if not d.is_sandbox]
        [login, *_] = await credentials.list_credentials(client, domain.name, region=Region.EU)
        chosen = Secret("a-password-with-32-characters-..")
        done = await credentials.reset_credential(client, domain.name, login.login, chosen, region=Region.EU)
        assert done.message
        with pytest.raises(Refused, match="same as old"):
            await credentials.reset_credential(client, domain.name, login.login, chosen, region=Region.EU)
        with pytest.raises(NotFound):
            await credentials.reset_credential(client, domain.name, login.login, chosen, region=Region.US)
        with pytest.raises(Refused, match="system mailbox"):
            await credentials.delete_credential(client, domain.name, "postmaster", region=Region.EU)


async def test_a_purge_reaches_the_storage_hosts(tmp_path: Path) -> None:
    async with drill(tmp_path) as (_, client):
        [domain, *_] = [d for d in await domains.list_domains(client, region=Region.US) if not d.is_sandbox]
        results = await queues.purge_queue(client, domain.name)
        assert len(results) == 3
        assert any(result.message == "done" for result in results)
        assert all(result.absent for result in results if result.error)


async def test_the_limit_of_a_region_is_set_and_below_the_minimum_refused(tmp_path: Path) -> None:
    async with drill(tmp_path) as (_, client):
        await account.set_limit(client, 20_000, region=Region.US)
        limit = await account.get_limit(client, region=Region.US)
        assert limit is not None
        assert limit.limit == 20_000
        with pytest.raises(Refused, match="1000"):
            await account.set_limit(client, 0, region=Region.US)
        await account.delete_limit(client, region=Region.US)
        assert await account.get_limit(client, region=Region.US) is None


class Hasty(SystemClock):
    """The host's clock whose pauses take no time: backing off is tested elsewhere."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(0)


@pytest.mark.parametrize(
    ("scenario", "says"),
    [
        ("lockout", "allowlist"),
        ("non-admin", "not admin"),
        ("one-region", "Only US accepts this key"),
        ("disabled", "Mailgun has disabled"),
        ("no-domains", "No region lists a domain"),
        ("empty", "No region lists a domain"),
    ],
)
async def test_each_trouble_is_told_in_plain_words(tmp_path: Path, scenario: str, says: str) -> None:
    async with drill(tmp_path, scenario=scenario) as (_, client):
        assert says in " ".join((await probe(client)).words())


async def test_a_captive_portal_is_told_apart_from_the_api(tmp_path: Path) -> None:
    async with drill(tmp_path, faults="html") as (_, client):
        found = await probe(client)
        assert isinstance(found.failure(), UnreadableAnswer)
        assert "captive portal" in found.words()[0]


@pytest.mark.parametrize("fault", ["truncate", "cut", "reset-before", "reset-after", "status-503"])
async def test_reads_get_through_a_faulty_line_and_one_error_says_so_where_they_do_not(
    tmp_path: Path, fault: str
) -> None:
    async with drill(tmp_path, faults=f"{fault}:0.25") as (running, _):
        client = Mailgun(from_document(running.document()), Secret(running.api_key), clock=Hasty())
        reached = 0
        for _turn in range(40):
            try:
                reached += len(await account.list_users(client)) > 0
            except (VendorFault, Unreachable, UnreadableAnswer) as error:
                assert error.where == "GET /v5/users"
        await client.aclose()
        assert reached >= 30


async def test_hostile_names_are_listed_verbatim_and_each_login_can_be_reached(tmp_path: Path) -> None:
    async with drill(tmp_path, scenario="hostile-names") as (_, client):
        assert await keys.list_keys(client)
        assert await account.list_users(client)
        for region in Region:
            for domain in await domains.list_domains(client, region=region):
                for login in await credentials.list_credentials(client, domain.name, region=region):
                    chosen = Secret("a-password-for-" + "x" * 10)
                    try:
                        done = await credentials.reset_credential(
                            client, domain.name, login.login, chosen, region=region
                        )
                    except ApiError as error:
                        # Servers may not take a slash inside a name: then it is said, never done to another.
                        assert "/" in login.login
                        assert "%2F" in error.where
                    else:
                        assert done.message
