"""The side servers with the real simulated account behind them, and the real prover in front."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import dns.asyncquery
import dns.message
import dns.rcode
import pytest

from tests.support.patience import HANGS
from workbench.core.clock import SystemClock
from workbench.core.redact import Secret
from workbench.drill.servers.side import SideServers, start_side_servers
from workbench.drill.world.account import Account
from workbench.drill.world.build import build
from workbench.drill.world.options import DrillOptions
from workbench.drill.world.records import Allowed
from workbench.drill.world.simclock import SimClock
from workbench.drill.world.story import tell
from workbench.mailgun.endpoints import HostPort
from workbench.smtp.auth_probe import SmtpProver, proves_replaced

START = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)


@pytest.fixture
def account() -> Account:
    options = DrillOptions()
    story = tell(options, START)
    return Account(build(story, options), story, SimClock(START, monotonic=lambda: 0.0))


@pytest.fixture
async def servers(account: Account, tmp_path: Path) -> AsyncIterator[SideServers]:
    made = await start_side_servers(account, account.story, tmp_path)
    yield made
    await made.close()


def place(address: str) -> tuple[HostPort, ...]:
    host, _, port = address.rpartition(":")
    return (HostPort(host, int(port)),)


async def test_every_login_is_proven_in_its_region_only(account: Account, servers: SideServers) -> None:
    prover = SmtpProver(clock=SystemClock())
    regions = {"us": place(servers.smtp_us), "eu": place(servers.smtp_eu)}
    logins = account.story.logins
    right = await asyncio.gather(
        *(prover.prove(regions[login.region], login.login, Secret(login.password)) for login in logins)
    )
    other = {"us": "eu", "eu": "us"}
    wrong = await asyncio.gather(
        *(prover.prove(regions[other[one.region]], one.login, Secret(one.password)) for one in logins)
    )
    assert len(logins) == 36
    assert all(proof.accepted for proof in right) and all(proof.refused for proof in wrong)


async def test_a_reset_is_proven_and_a_lockout_is_not_mistaken_for_one(
    account: Account, servers: SideServers
) -> None:
    login = account.story.logins[0]
    found = account.credential(login.region, login.login)
    assert found is not None
    tenant, _, credential = found
    credential.password = "n" * 32
    prover = SmtpProver(clock=SystemClock())
    where = place(servers.smtp_us if login.region == "us" else servers.smtp_eu)
    old = await prover.prove(where, login.login, Secret(login.password))
    new = await prover.prove(where, login.login, Secret("n" * 32))
    assert old.refused and new.accepted and proves_replaced(old, new)
    tenant.allowlist.append(Allowed("192.0.2.200", "somebody else"))
    shut_out = await prover.prove(where, login.login, Secret("n" * 32))
    assert shut_out.refused and not proves_replaced(old, shut_out)


async def test_listings_follow_the_simulated_days(account: Account, servers: SideServers) -> None:
    port = place(servers.dns)[0].port
    address = account.story.sending_ips["us"][0]
    name = ".".join(reversed(address.split(".")))

    async def listed(zone: str) -> bool:
        query = dns.message.make_query(f"{name}.{zone}", "A")
        answer = await dns.asyncquery.udp(query, "127.0.0.1", port=port, timeout=HANGS)
        assert bool(answer.answer) == (answer.rcode() == dns.rcode.NOERROR)
        return bool(answer.answer)

    assert await listed("bl.spamcop.net") and not await listed("zen.spamhaus.org")
    account.clock.advance(86_400 + 60)
    assert await listed("zen.spamhaus.org")
