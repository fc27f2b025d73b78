"""What the host says no to when the vault file is read or written, in words."""

from __future__ import annotations

from pathlib import Path

from workbench.core.atomic_files import how_to_write, previous_of
from workbench.core.errors import VaultError

MEANWHILE = (
    "To cut access without waiting for that, set WORKBENCH_HOME to another folder and run the same command."
)


def unwritable(path: Path, error: OSError) -> VaultError:
    """Return the error of a vault file that the host would not take."""
    return VaultError(
        f"The vault file {path} could not be written ({error.strerror}).",
        "Nothing new is in the vault; what was there before still is.",
        f"{how_to_write(path, error.errno)}, then try again.",
    )


def unreadable(path: Path, error: OSError) -> VaultError:
    """Return the error of a vault file that is not there, or that others could read or swap."""
    if isinstance(error, FileNotFoundError):
        return VaultError(f"There is no vault at {path}.", todo="Put it back, or make a new one.")
    return VaultError(
        f"The vault {path} was refused: {error.strerror}.",
        "The workbench only uses a vault that nobody else on this host can read or swap.",
        f"Make it yours (chown, by its owner or root) and run: chmod 600 {path}",
    )


def neither(path: Path, error: VaultError) -> VaultError:
    """Return the error of a vault of which neither the file nor, where there is one, the generation before it opens."""
    earlier = previous_of(path)
    if not earlier.exists():
        return error
    return VaultError(
        error.what,
        f"{error.means} What it was before its last change ({earlier}) does not open either.".lstrip(),
        f"Restore one of the two from a copy; the secrets of this home are in nothing else. {MEANWHILE}",
    )
