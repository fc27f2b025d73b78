"""Names under which secrets stand in the vault, made so that a person recognises them a year later.

A keyring cannot list its entries, so a name must also be rebuildable from what the journal holds.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from workbench.core.clock import iso
from workbench.core.redact import key_tail, visible

# The service under which the workbench keeps what is not tied to one incident.
WORKBENCH_SERVICE = "Mailgun workbench"
_LIMIT = 120


@dataclass(frozen=True, slots=True, order=True)
class EntryName:
    """Where one secret stands: the keyring's ``service`` and ``username``, both one readable line."""

    service: str
    username: str

    def __str__(self) -> str:
        return f"{self.service} / {self.username}"


def incident_service(account: str, opened: datetime) -> str:
    """Return the service name of an incident: ``Mailgun incident 2026-11-21 (acme)``."""
    return f"Mailgun incident {iso(opened)[:10]} ({_plain(account)})"


def api_key_entry(service: str, description: str, replaces: str, detail: str = "") -> EntryName:
    """Return the entry of a replacement key: ``API key prod-web, replaces …4f2a``.

    ``replaces`` is the id of the old key; ``detail`` (region, subaccount) is appended in brackets.
    Two keys may share description and tail: see ``distinct``.
    """
    label = f"API key {_plain(description)}," if description.strip() else "API key"
    return EntryName(service, f"{label} replaces {key_tail(_plain(replaces))}{_bracket(detail)}")


def smtp_entry(service: str, login: str, detail: str = "") -> EntryName:
    """Return the entry of an SMTP password: ``SMTP postmaster@mg.acme.example``; ``detail`` as above."""
    return EntryName(service, f"SMTP {_plain(login)}{_bracket(detail)}")


def admin_key_entry(service: str) -> EntryName:
    """Return the entry of the key the workbench itself runs on."""
    return EntryName(service, "workbench: current admin key")


def fingerprint_entry(service: str) -> EntryName:
    """Return the entry of the key under which secrets are fingerprinted in snapshots and the journal."""
    return EntryName(service, "workbench: fingerprint key")


def encryption_entry() -> EntryName:
    """Return the entry of the key that seals snapshots and logs where the vault is the system's keyring."""
    return EntryName(WORKBENCH_SERVICE, "workbench: encryption key")


def journal_head_entry(incident: str) -> EntryName:
    """Return the entry that remembers how far an incident's journal had come: a rollback of the folder shows."""
    return EntryName(WORKBENCH_SERVICE, f"workbench: journal head of {_plain(incident)}")


def older_entry() -> EntryName:
    """Return the entry by which our own file says that secrets stored before it was made stand in a keyring."""
    return EntryName(WORKBENCH_SERVICE, "workbench: older secrets stand in")


def probe_entry() -> EntryName:
    """Return the entry written and removed again to prove that a keyring works."""
    return EntryName(WORKBENCH_SERVICE, "workbench: test entry, may be deleted")


def distinct(name: EntryName, taken: Container[EntryName]) -> EntryName:
    """Return ``name``, or the same name with `` (2)``, `` (3)``… added until it is not in ``taken``.

    A second secret under a name already used would destroy the first: callers that mint names from the
    account's own labels pass them through here.
    """
    candidate, count = name, 1
    while candidate in taken:
        count += 1
        candidate = EntryName(name.service, f"{name.username} ({count})")
    return candidate


def _bracket(detail: str) -> str:
    return f" ({_plain(detail)})" if detail else ""


def _plain(text: str) -> str:
    """One harmless line. Where anything had to be escaped or cut, a hash keeps different texts apart.

    Text that already looks like it carries our hash gets one too, or an intruder could name a login so
    that its entry falls on somebody else's.
    """
    shown = visible(text.strip(), _LIMIT)
    if shown == text and " #" not in text:
        return shown
    return f"{shown} #{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"
