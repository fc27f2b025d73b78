"""``workbench doctor --bundle FILE``: what a bug report needs, without a secret and without a person's address."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.core import diagnostics
from workbench.core.atomic_files import FILE_MODE, network_volume
from workbench.core.errors import HostError, UsageError
from workbench.core.redact import json_escaped, visible
from workbench.core.state_dir import Home

_LIBRARIES = ("textual", "httpx", "keyring", "cryptography", "msgspec", "dnspython", "tabulate")
_TERMINAL = (
    "TERM",
    "COLORTERM",
    "TERM_PROGRAM",
    "NO_COLOR",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TMUX",
    "STY",
    "SSH_TTY",
)


def document(home: Home, checks: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return the whole bundle: versions, host, terminal, what the checks found, the last lines of the log."""
    return {
        "schema": "workbench.bundle/1",
        "incident": None,
        "versions": {
            "workbench": __version__,
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            **{name: _version(name) for name in _LIBRARIES},
        },
        # Never the host's name, and of variables only whether they are set where the value may name somebody.
        "host": {"system": platform.system(), "release": platform.release(), "machine": platform.machine()},
        "terminal": {name: _said(name) for name in _TERMINAL if name in os.environ}
        | {"encoding": sys.stdout.encoding if sys.stdout is not None else None},
        "state": {
            "exists": home.path.is_dir(),
            "network_volume": network_volume(home.path),
            "own_vault": os.path.lexists(home.vault_file),
            "incidents": _incidents(home),
        },
        "checks": [{key: diagnostics.scrubbed(value) for key, value in check.items()} for check in checks],
        "log": diagnostics.last_lines(home.path),
    }


def _incidents(home: Home) -> int | None:
    """Return how many there are, None where nobody can tell: that is what such a bundle may be written for."""
    try:
        return len(home.journals())
    except HostError:
        return None


def refuse_existing(path: Path) -> None:
    """Raise UsageError where something is there already: said before the checks, which take a while."""
    if os.path.lexists(path):
        raise UsageError(f"{visible(path, 200)} is there already.", "", "Name a new file.")


def write(path: Path, bundle: Mapping[str, Any]) -> None:
    """Write the bundle to a new file of mode 0600; UsageError where something is there, HostError on a full disk."""
    text = json_escaped(json.dumps(bundle, ensure_ascii=False, indent=1)) + "\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{visible(path, 200)} is there already.", "", "Name a new file.") from None
    except OSError as error:
        raise HostError(
            f"{visible(path, 200)} cannot be written ({error.strerror}).", "", "Name another place."
        ) from None


def _said(name: str) -> str:
    return "set" if name in ("TMUX", "STY", "SSH_TTY") else visible(os.environ[name], 60)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
