"""The real command in a process of its own, against a drill served by the test."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from pathlib import Path

from tests.support.drills import PASSPHRASE, file_vault
from workbench.core.state_dir import Home
from workbench.domain.model.replay import fold
from workbench.domain.model.state import State
from workbench.drill.servers.serve import RunningDrill
from workbench.journal.journal import read_rows

ROOT = Path(__file__).parents[2]


class Command:
    """``python -m workbench`` with the environment an operator would set, in the home of ``folder``."""

    def __init__(self, drill: RunningDrill, folder: Path) -> None:
        self.home = Home(folder / "home")
        self._passphrase = folder / "passphrase"
        self._endpoints = folder / "endpoints.json"
        self._endpoints.write_text(json.dumps(drill.document()), encoding="utf-8")
        self._key = drill.api_key

    async def prepare(self) -> None:
        """Make the vault with a cheap key derivation, and the file that unlocks it."""
        (await file_vault(self.home)).close()
        self._passphrase.touch(mode=0o600)
        self._passphrase.write_text(PASSPHRASE.reveal(), encoding="utf-8")

    def environment(self) -> dict[str, str]:
        """Return the environment of the command."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TERM") if name in os.environ}
        return {
            **kept,
            "PYTHONPATH": str(ROOT),
            "WORKBENCH_HOME": str(self.home.path),
            "WORKBENCH_ENDPOINTS": str(self._endpoints),
            "WORKBENCH_PASSPHRASE_FILE": str(self._passphrase),
            "MAILGUN_API_KEY": self._key,
        }

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start the command with pipes on standard output and error."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "workbench",
            *arguments,
            env=self.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run the command to its end; returns exit code, standard output and standard error."""
        process = await self.start(*arguments)
        out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()

    def state(self) -> State:
        """Return the fold of the latest incident's journal."""
        incident = self.home.latest()
        assert incident is not None
        return fold(read_rows(self.home.folder(incident) / "journal.sqlite"))

    def rows(self) -> int:
        """Return how many rows the latest incident's journal holds now, 0 where there is none yet."""
        incident = self.home.latest()
        if incident is None:
            return 0
        path = self.home.folder(incident) / "journal.sqlite"
        try:
            db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        except sqlite3.OperationalError:
            return 0
        try:
            count: int = db.execute("SELECT count(*) FROM row").fetchone()[0]
        except sqlite3.OperationalError:
            return 0  # Just made: the table is not there yet.
        else:
            return count
        finally:
            db.close()

    async def wait_for_rows(self, process: asyncio.subprocess.Process, wanted: int) -> bool:
        """Wait until the journal holds so many rows; False when the process ended before."""
        while self.rows() < wanted:
            if process.returncode is not None:
                return False
            await asyncio.sleep(0.002)
        return process.returncode is None
