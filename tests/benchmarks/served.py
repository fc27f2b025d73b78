"""A drill served by a process of its own, as a person would: figures taken beside it are not its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PASSPHRASE = "eleven quiet herons crossing the slow brown river"


@dataclass(frozen=True)
class Served:
    """A serving process: the JSON of its first line, and its id."""

    document: dict[str, Any]
    pid: int

    def cpu(self) -> float:
        """Return the CPU seconds it has used so far (Linux; 0.0 elsewhere)."""
        stat = Path(f"/proc/{self.pid}/stat")
        if not stat.exists():
            return 0.0
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(folder: Path, *options: str, program: tuple[str, ...] = ("-m", "workbench")) -> Iterator[Served]:
    """Serve a fresh drill below ``folder`` for the time of the block; yields its first line and process.

    ``program`` is what Python is to run, where the drill is to be another one than is shipped.
    """
    command = [sys.executable, *program, "drill", "--serve", "--fresh", *options]
    env = {**os.environ, "WORKBENCH_HOME": str(folder / "served")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=env, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"the drill did not start: {' '.join(command)}")
        yield Served(json.loads(line), process.pid)
    finally:
        process.terminate()
        process.wait(30)


def account(folder: Path, document: dict[str, Any]) -> dict[str, str]:
    """Return the environment in which the commands work on that drill, with a home and a vault of their own."""
    endpoints, passphrase = folder / "endpoints.json", folder / "passphrase"
    endpoints.write_text(json.dumps(document))
    passphrase.write_text(PASSPHRASE)
    passphrase.chmod(0o600)
    return {
        "WORKBENCH_HOME": str(folder / "home"),
        "WORKBENCH_ENDPOINTS": str(endpoints),
        "WORKBENCH_PASSPHRASE_FILE": str(passphrase),
        "MAILGUN_API_KEY": document["api_key"],
    }
