"""Fixtures: rbldnsd with IPv4, IPv6 and domain zones, a server that misbehaves on purpose, test zones."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

import pytest

from tests.support.patient_loop import PatientLoop
from tests.unit.blocklists.misbehaving import Misbehaving
from tests.unit.blocklists.servers import RBLDNSD, Rbldnsd
from tests.unit.blocklists.zonekit import ZONES, make_zones
from workbench.blocklists.zones import Zone


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Return the loop of a test: a patient one where the server lives in it, whose time-outs are the matter."""
    here = "misbehaving" in getattr(item, "fixturenames", ())
    return {"patient": PatientLoop} if here else {"plain": asyncio.SelectorEventLoop}


@pytest.fixture(scope="session")
def rbldnsd() -> Iterator[Rbldnsd]:
    """Return a running rbldnsd with the zones of ``zonekit.ZONES``."""
    if RBLDNSD is None:
        if os.environ.get("WORKBENCH_TEST_ALL") == "1":
            pytest.fail("rbldnsd is not installed, and WORKBENCH_TEST_ALL=1")
        pytest.skip("rbldnsd is not installed")
    with Rbldnsd(ZONES) as server:
        yield server


@pytest.fixture
async def misbehaving() -> AsyncIterator[Misbehaving]:
    """Return a running DNS server whose answers a test decides."""
    server = Misbehaving()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="session")
def zones() -> Mapping[str, Zone]:
    """Return zones of the catalogue's shape with test names, by name."""
    return make_zones()
