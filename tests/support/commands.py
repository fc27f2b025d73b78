"""The real commands against a drill whose servers run in a thread of this process."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import jsonschema  # type: ignore[import-untyped]
import pytest

from tests.support.drills import CHEAP, LITTLE_MAIL, PASSPHRASE, history_for
from workbench import cli
from workbench.core.state_dir import Home
from workbench.documents import exports
from workbench.domain.model.replay import fold
from workbench.domain.model.state import State
from workbench.drill.servers.serve import RunningDrill, start
from workbench.drill.world.options import DrillOptions
from workbench.journal.journal import read_rows
from workbench.vault.vault import Vault

T = TypeVar("T")


class ThreadedDrill:
    """A drill served by a thread of its own, so that a command may run its own event loop beside it."""

    def __init__(self, folder: Path, options: DrillOptions) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="drill", daemon=True)
        self._thread.start()
        self.drill: RunningDrill = self._wait(start(options, folder))
        self.document = self.drill.document()

    def call(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns on the drill's own thread."""

        async def there() -> T:
            return work()

        return self._wait(there())

    def close(self) -> None:
        """Stop the servers and the thread."""
        self._wait(self.drill.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


@contextmanager
def threaded_drill(folder: Path, **options: Any) -> Iterator[ThreadedDrill]:
    """Serve a fresh drill below ``folder`` for the time of the block; little mail, as ``running_drill``."""
    chosen = DrillOptions(**{"fresh": True, "traffic": LITTLE_MAIL, **options})
    with history_for(chosen.traffic):
        served = ThreadedDrill(folder / "drill", chosen)
        try:
            yield served
        finally:
            served.close()


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Return standard output as the one JSON document it must be, after holding it against its schema."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        keeps_to_its_schema(document)
        return document


def keeps_to_its_schema(document: Mapping[str, Any]) -> None:
    """Fail where a document is not as its shipped schema says."""
    name = str(document["schema"]).removeprefix("workbench.").removesuffix("/1")
    _validator(name).validate(document)


@cache
def _validator(name: str) -> Any:
    """Return what holds documents against a shipped schema: that it is a schema itself is asked once, not each time."""
    schema = json.loads(exports.schema(name))
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


class Commands:
    """Runs commands in this process, in a home of their own; ``env`` may be changed between runs."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self._patch, self._capture = patch, capture
        self.home = Home(folder / "home")
        self.passphrase_file = folder / "passphrase"
        self.passphrase_file.write_text(PASSPHRASE.reveal())
        self.passphrase_file.chmod(0o600)
        self.folder = folder
        for name in ("MAILGUN_API_KEY", "MAILGUN_BASE_URL", "WORKBENCH_ENDPOINTS"):
            patch.delenv(name, raising=False)
        patch.setenv("WORKBENCH_HOME", str(self.home.path))
        patch.setenv("WORKBENCH_PASSPHRASE_FILE", str(self.passphrase_file))
        self.make_vault()

    def use(self, document: Mapping[str, Any], *, key: str = "") -> None:
        """Point the commands at a drill, with its key or another one."""
        endpoints = self.folder / "endpoints.json"
        endpoints.write_text(json.dumps(document))
        self.set(WORKBENCH_ENDPOINTS=str(endpoints), MAILGUN_API_KEY=key or str(document["api_key"]))

    def set(self, **env: str) -> None:
        """Set environment variables; an empty value removes one."""
        for name, value in env.items():
            if value:
                self._patch.setenv(name, value)
            else:
                self._patch.delenv(name, raising=False)

    def stdin(self, text: str) -> None:
        """Give the next command this on standard input, a pipe."""
        self._patch.setattr(sys, "stdin", io.StringIO(text))

    def __call__(self, *words: str) -> Ran:
        """Run a command to its end."""
        self._capture.readouterr()
        try:
            code = cli.run(words)
        except SystemExit as leave:  # argparse ends by itself on a usage error
            code = leave.code if isinstance(leave.code, int) else 1
        out, err = self._capture.readouterr()
        return Ran(code, out, err)

    def state(self) -> State:
        """Return the fold of the latest incident's journal."""
        incident = self.home.latest()
        assert incident is not None
        return fold(read_rows(self.home.folder(incident) / "journal.sqlite"))

    def make_vault(self) -> None:
        """Make an empty vault where none is."""
        # The key derivation is tested on its own; here it would only take time.
        self.home.ensure()
        if not self.home.vault_file.exists():

            async def make() -> None:
                (await Vault.create_file(self.home.vault_file, PASSPHRASE, cost=CHEAP)).close()

            asyncio.run(make())
