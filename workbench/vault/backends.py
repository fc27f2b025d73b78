"""Which keyring this host has, and whether secrets may go there.

``detect`` returns a value in both cases: a host without a keyring is an ordinary jump host, not an error.
keyring's own choice is not trusted blindly: installed add-ons become its default and then store in clear
or ask for a password on the very terminal the workbench draws on.
"""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from typing import Protocol

# Backends whose store is encrypted by the operating system or the desktop, by defining module.
_KNOWN = {
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.libsecret": "Secret Service (libsecret)",
    "keyring.backends.kwallet": "KDE Wallet",
    "keyring.backends.macOS": "macOS Keychain",
    "keyring.backends.Windows": "Windows Credential Locker",
    "keyring_pass": "pass",
}
OURS = (
    "Mailgun incident ",
    "Mailgun workbench",
)  # how the services begin under which ``entries`` names things
_ON_TERMINAL = "it asks for its password on the terminal the workbench draws on"
# Most telling first; matched against the module and class of the backend and of what it inherits from.
_REFUSED = (
    ("keyring.backends.fail", "this host has no keyring"),
    ("keyring.backends.null", "it stores nothing"),
    ("keyring.backends.chainer", "it hands secrets to several keyrings without saying which"),
    ("keyrings.alt.file.PlaintextKeyring", "it keeps secrets readable in a file"),
    ("keyrings.alt.file.EncryptedKeyring", _ON_TERMINAL),
    ("keyrings.alt", "it keeps secrets readable or without protection against changes"),
    ("keyrings.cryptfile", _ON_TERMINAL),
    ("sagecipher", "whoever reaches the SSH agent can read it"),
)
_TODO = "The workbench can make its own encrypted file, opened with a passphrase."


class Backend(Protocol):
    """What the vault asks of a keyring: the package's backends have it, and so has our own file."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return what is stored under a name, None where nothing is."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store a value under a name."""

    def delete_password(self, service: str, username: str) -> None:
        """Remove what is stored under a name."""


@dataclass(frozen=True, slots=True)
class SystemKeyring:
    """A keyring of this host that secrets may go to; ``title`` is its name for screens."""

    backend: Backend
    title: str


@dataclass(frozen=True, slots=True)
class NoKeyring:
    """No keyring of this host may hold secrets: the ``reason``, and what ``todo``, as plain sentences.

    ``silent``: there is one, which is locked or does not answer; asked again later, it may.
    """

    reason: str
    todo: str = _TODO
    silent: bool = False


Detected = SystemKeyring | NoKeyring


def detect() -> Detected:
    """Return the host's keyring, or why none can be used. Blocks (it may ask the session bus): run it in a
    thread from the event loop. It asks no password and stores nothing; ``Vault.probe`` proves the rest."""
    # keyring reports every add-on that does not load with a traceback; on a screen that is noise.
    logging.getLogger("keyring").addHandler(logging.NullHandler())
    from keyring.core import get_keyring

    try:
        chosen = get_keyring()
    except Exception as error:
        # A backend named in the environment or in keyringrc.cfg is any code at all; whatever it raises
        # while loading means that it cannot be used, and the reason is shown.
        return NoKeyring(f"The keyring configured on this host does not load ({type(error).__name__}).")
    reasons: list[str] = []
    for backend in _members(chosen):
        reason = refusal(backend) or _unknown(backend)
        if not reason:
            return SystemKeyring(backend, title(backend))
        reasons.append(f"{title(backend)}: {reason}")
    if not reasons or refusal(chosen) == "this host has no keyring":
        return NoKeyring("This host has no keyring.")
    return NoKeyring(f"No keyring of this host can be used ({'; '.join(reasons)}).")


def refusal(backend: Backend) -> str:
    """Return why secrets must not go to ``backend``, or an empty string where nothing speaks against it."""
    lineage = [f"{cls.__module__}.{cls.__qualname__}" for cls in type(backend).__mro__]
    for prefix, reason in _REFUSED:
        if any(name == prefix or name.startswith(f"{prefix}.") for name in lineage):
            return reason
    return ""


def title(backend: Backend) -> str:
    """Return the backend's name for screens."""
    module = type(backend).__module__
    return _KNOWN.get(module, f"{module}.{type(backend).__qualname__}")


def listed(backend: Backend) -> list[tuple[str, str]] | None:
    """Return service and name of what the workbench stored in ``backend``; None where its kind cannot list.

    keyring itself has no call for it; a Secret Service lists what its collection holds. Blocks; the bus's errors pass.
    """
    collection_of = getattr(backend, "get_preferred_collection", None)
    if collection_of is None:
        return None
    collection = collection_of()
    with contextlib.closing(collection.connection):
        found = [item.get_attributes() for item in collection.get_all_items()]
    names = {(str(one.get("service", "")), str(one.get("username", ""))) for one in found}
    return sorted(name for name in names if name[0].startswith(OURS) and name[1])


def _unknown(backend: Backend) -> str:
    return "" if type(backend).__module__ in _KNOWN else "the workbench does not know how it protects secrets"


def _members(chosen: Backend) -> list[Backend]:
    """A chain stands for its members, best first; one of them is pinned, so every secret is in one place."""
    from keyring.backends.chainer import ChainerBackend

    return list(chosen.backends) if isinstance(chosen, ChainerBackend) else [chosen]
