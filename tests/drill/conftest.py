"""A running drill for a test: real servers on loopback, a client for each region, a clock that is moved by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.commands import Commands
from tests.support.patience import HANGS
from tests.support.patient_loop import PatientLoop
from workbench.drill.servers.serve import RunningDrill, start
from workbench.drill.world.options import DrillOptions

START = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Return the loop of a test: where it asks for ``patient``, one on which only what is waited for takes time."""
    if "patient" in getattr(item, "fixturenames", ()):
        return {"patient": PatientLoop}
    return {"plain": asyncio.SelectorEventLoop}


@pytest.fixture
def patient() -> None:
    """Have the drill and the session of a test share a loop whose time does not hang on the machine."""


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    """Return a way to run commands in a home of their own."""
    return Commands(tmp_path, monkeypatch, capsys)


class Bench:
    """A drill and somebody who calls it with the responder's key."""

    def __init__(self, drill: RunningDrill, http: httpx.AsyncClient) -> None:
        self.drill = drill
        self.http = http
        self.document = drill.document()
        self.truth: dict[str, Any] = json.loads(Path(self.document["truth"]).read_text())

    async def call(
        self, method: str, path: str, *, region: str = "us", key: str | None = None, **more: Any
    ) -> httpx.Response:
        """Call the API of a region with a key (the responder's by default)."""
        base = self.document["endpoints"][f"api_{region}"]
        return await self.http.request(method, base + path, auth=("api", key or self.drill.api_key), **more)

    async def get(self, path: str, **more: Any) -> Any:
        """Return the JSON of a GET that must succeed."""
        answer = await self.call("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def control(self, action: str, **body: Any) -> Any:
        """Use one of the drill's own controls."""
        base = self.document["endpoints"]["api_us"]
        answer = await self.http.post(f"{base}/_drill/{action}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def state(self) -> Any:
        """Return the drill's own view of itself."""
        return (await self.http.get(self.document["endpoints"]["api_us"] + "/_drill/state")).json()

    def planted(self, kind: str) -> list[dict[str, Any]]:
        """Return the planted items of a kind."""
        return [item for item in self.truth["planted"] if item["kind"] == kind]


Opener = Callable[..., Awaitable[Bench]]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Opener]:
    """Yield a function that opens a drill with the given options (``folder`` to choose where) and closes it."""
    async with AsyncExitStack() as stack:

        async def opened(folder: str = "drill", **options: Any) -> Bench:
            options.setdefault("start", START)
            drill = await start(DrillOptions(**options), tmp_path / folder)
            # Two calls see the same account however busy this machine is.
            drill.clock.stand_still()
            stack.push_async_callback(drill.close)
            http = await stack.enter_async_context(httpx.AsyncClient(timeout=HANGS))
            return Bench(drill, http)

        yield opened
