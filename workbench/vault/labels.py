"""Names of the secrets that the operator stored for the workbench itself (``secrets put``); never a value.

A keyring cannot list its entries and no journal holds these, so their names are kept beside the vault.
"""

from __future__ import annotations

import json

from workbench.core.atomic_files import read_private, replace_durably
from workbench.core.errors import HostError
from workbench.core.state_dir import Home

_FILE = "own-secrets.json"


def stored(home: Home) -> list[str]:
    """Return the names, sorted; none where nothing was stored. Raises HostError for a file that is damaged."""
    path = home.path / _FILE
    try:
        content, _ = read_private(path)
    except FileNotFoundError:
        return []
    except PermissionError as error:
        raise HostError(
            f"{path} is not yours alone: {error.strerror}.",
            "Somebody else could have written names into it.",
            "Look who owns it, then move it away.",
        ) from error
    try:
        names = json.loads(content)["names"]
    except (ValueError, KeyError, TypeError) as error:
        raise HostError(
            f"{path} cannot be read.",
            "It holds the names of secrets that were stored for the workbench itself; the vault is untouched.",
            "Move it away and store those secrets again.",
        ) from error
    return sorted({str(name) for name in names})


def remember(home: Home, name: str) -> None:
    """Add a name, durably."""
    names = sorted({*stored(home), name})
    replace_durably(home.path / _FILE, json.dumps({"names": names}).encode())
