"""A fault while the account is read: a part that was not read is a credential that would not be cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.breaking import BREAKING
from tests.support.ground import ground
from workbench.cli.contain import contain as command
from workbench.cli.parser import build_parser
from workbench.domain.runbook.coverage import cut_by
from workbench.drill.servers.faults import Fault, FaultMatch, FaultRule

pytestmark = BREAKING
LOGINS = FaultMatch(method="GET", path=r"/credentials\b")


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        (Fault("html"), 1),
        # The client repeats a fault of the server itself; this one outlasts it.
        (Fault("status", status=503), 4),
        # A login list that is "not found" for a domain that is there is no empty list.
        (Fault("status", status=404), 1),
    ],
    ids=["a web page", "503 for a while", "404 of a living domain"],
)
async def test_what_a_passing_fault_hid_is_read_again(fault: Fault, times: int, tmp_path: Path) -> None:
    async with ground(tmp_path, domains=2, credentials=6, faults="slow-0.1:0.0") as place:
        for proxy in place.drill.proxies.values():
            proxy.rules[:] = [FaultRule(LOGINS, fault, times)]
        async with place.session() as session:
            await session.account.connect()
            await session.account.read_inventory()
            assert cut_by(session.inventory) == []
            assert set(session.inventory.logins) == {c.login for c in place.credentials()}


async def test_what_stays_hidden_is_a_gap_that_may_pass(tmp_path: Path) -> None:
    async with ground(tmp_path, domains=2, credentials=6, faults="slow-0.1:0.0") as place:
        for proxy in place.drill.proxies.values():
            proxy.rules[:] = [FaultRule(LOGINS, Fault("html"), None)]
        async with place.session() as session:
            await session.account.connect()
            await session.account.read_inventory()
            gaps = cut_by(session.inventory)
            assert gaps
            assert all(gap.passing for gap in gaps)
            assert not session.inventory.logins


async def test_a_run_that_could_not_read_everything_never_ends_as_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with ground(
        tmp_path, domains=2, credentials=6, faults="slow-0.1:0.0", scenario="stolen-login"
    ) as place:
        options = build_parser().parse_args(["contain", "--yes", "--json", "--purge", "all"])
        async with place.session() as session:
            assert await command(session, options) == 0
        # The same again while the logins of every domain are hidden: nothing is planned, and that is not "done".
        for proxy in place.drill.proxies.values():
            proxy.rules[:] = [FaultRule(LOGINS, Fault("html"), None)]
        capsys.readouterr()
        async with place.session() as session:
            assert await command(session, options) == 1
        assert "Not read, so not cut: logins of " in capsys.readouterr().err
