"""What the host says no to when the vault file is read or written, in words."""

from __future__ import annotations

from pathlib import Path

from workbench.core.errors import VaultError


def unwritable(path: Path, error: OSError) -> VaultError:
    """Return the error of a vault file that the host would not take."""
    return VaultError(
        f"The vault file {path} could not be written ({error.strerror}).",
        "Nothing new is in the vault; what was there before still is.",
        "Free space on that volume or move WORKBENCH_HOME, then try again.",
    )


def unreadable(path: Path, error: OSError) -> VaultError:
    """Return the error of a vault file that is not there, or that others could read or swap."""
    if isinstance(error, FileNotFoundError):
        return VaultError(f"There is no vault at {path}.", todo="Put it back, or make a new one.")
    return VaultError(
        f"The vault {path} was refused: {error.strerror}.",
        "The workbench only uses a vault that nobody else on this host can read or swap.",
        f"Check its owner and run: chmod 600 {path}",
    )
