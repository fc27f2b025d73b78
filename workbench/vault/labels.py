"""Names of the secrets that the operator stored for the workbench itself (``secrets put``); never a value.

A keyring cannot list its entries and no journal holds these, so their names are kept beside the vault.
"""

from __future__ import annotations

import json

from workbench.core.atomic_files import keep_previous, previous_of, read_private, replace_durably, set_aside
from workbench.core.errors import HostError
from workbench.core.json_text import read_json
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
            f"{path} was refused: {error.strerror}.",
            "It holds names of secrets only, and is read where it is a plain file of yours alone.",
            "Look what it is and who owns it, then move it away.",
        ) from error
    try:
        names = read_json(content)["names"]
        if not isinstance(names, list):
            raise TypeError("the names are no list")
    except (ValueError, KeyError, TypeError) as error:
        raise HostError(
            f"{path} cannot be read.",
            "It holds the names of secrets that were stored for the workbench itself; the vault is untouched.",
            "Move it away and store those secrets again.",
        ) from error
    return sorted({str(name) for name in names})


def known(home: Home) -> tuple[list[str], str]:
    """Return the names that can be read, and a sentence where the file is damaged (else an empty one).

    Then the generation before is read; the names are a help only, the secrets are in the vault.
    """
    try:
        return stored(home), ""
    except HostError as error:
        told = f"{error.what} {error.means}"
    try:
        content, _ = read_private(previous_of(home.path / _FILE))
        return sorted({str(name) for name in read_json(content)["names"]}), told
    except (OSError, ValueError, KeyError, TypeError):
        return [], told


def remember(home: Home, name: str) -> None:
    """Add a name, durably. What is read is verified first: a damaged file is moved aside, not written over."""
    path = home.path / _FILE
    names, told = known(home)
    if told:
        set_aside(path)
    else:
        keep_previous(path)
    replace_durably(path, json.dumps({"names": sorted({*names, name})}).encode())
