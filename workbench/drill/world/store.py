"""The drill's state on disk: one JSON file only its owner can read, replaced as a whole."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from workbench.core.atomic_files import ensure_folder
from workbench.core.errors import HostError
from workbench.drill.world.records import World

STATE = "state.json"
TRUTH = "truth.json"
_ENCODER = msgspec.json.Encoder()


def load(folder: Path) -> World | None:
    """Return the state kept in ``folder``, None when there is none. Raises HostError when it cannot be read."""
    path = folder / STATE
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(raw, type=World)
    except msgspec.DecodeError as error:
        raise HostError(
            f"The drill's state in {path} cannot be read.",
            "It was written by another version or is damaged.",
            "Start the drill anew with --fresh.",
        ) from error


def save(folder: Path, world: World) -> None:
    """Replace the state in ``folder``: either the old or the new one is there, whatever happens."""
    write_private(folder / STATE, _ENCODER.encode(world))


def write_private(path: Path, content: bytes) -> None:
    """Replace a file by one that only its owner can read (0600), through a rename."""
    ensure_folder(path.parent)
    draft = path.with_name(path.name + ".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    draft.replace(path)
