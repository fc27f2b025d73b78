"""Which admin key the workbench runs on: the one supplied, or the replacement this incident made of it.

The same command with the same environment must work before and after its key was replaced. A supplied key
is known again by a keyed fingerprint, never by its value (design, contracts).
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.core.errors import UsageError, VaultError
from workbench.core.redact import Secret
from workbench.domain.model.effect_params import KeyCreateParams
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.state import State
from workbench.mailgun.keys import tail_of
from workbench.vault.vault import EntryName, Vault

_REACHED = (EffectState.DONE, EffectState.VERIFIED)
FINGERPRINT_PURPOSE = "fingerprints"


@dataclass(frozen=True, slots=True)
class AdminKey:
    """The key to work with. ``retired`` is the supplied key it replaced, when that is known here."""

    key: Secret
    replaced: bool = False
    retired: Secret | None = None


async def resolve(state: State, vault: Vault, supplied: Secret | None) -> AdminKey:
    """Return the admin key to use; raises UsageError when there is none, VaultError when it is gone."""
    # Without a key that was replaced nothing is compared, so a locked keyring keeps nobody from going on.
    replaced = (
        supplied is not None
        and bool(state.retired)
        and supplied.fingerprint(await fingerprint_key(vault)) in state.retired
    )
    if supplied is not None and not replaced:
        return await _replaced_unnoticed(state, vault, supplied) or AdminKey(supplied)
    if not state.admin_entry:
        raise no_key()
    stored = await vault.fetch(EntryName(state.admin_service or state.vault_service, state.admin_entry))
    if stored is None:
        raise VaultError(
            f"The incident's admin key “{state.admin_entry}” is not in this vault.",
            "The key that was supplied was replaced by this incident and is dead.",
            "Use the vault the incident began with, or make a new admin key in the control panel.",
        )
    return AdminKey(stored, replaced=replaced, retired=supplied)


def no_key() -> UsageError:
    """Return the error for a start without any key."""
    return UsageError(
        "No admin key was given.",
        "Without one the account cannot be read or secured.",
        "Set MAILGUN_API_KEY, pipe the key to --key-stdin, or start the full screen and type it.",
    )


async def _replaced_unnoticed(state: State, vault: Vault, supplied: Secret) -> AdminKey | None:
    """Return the replacement of a key that this incident deleted, whatever was journaled last; None where it was not.

    A kill, or an answer that named another key as ours, can leave the switch itself without a row.
    """
    if not retired_by(state, supplied):
        return None
    ours = tail_of(supplied)
    for mint in reversed(state.of_kind(EffectKind.KEY_CREATE)):
        new = mint.effect.given(KeyCreateParams)
        whole = new.kind == "user" and mint.state is EffectState.VERIFIED and mint.entry
        if whole and new.replaces == ours:
            stored = await vault.fetch(EntryName(state.vault_service, mint.entry))
            if stored is not None:
                return AdminKey(stored, replaced=True, retired=supplied)
    return None


def retired_by(state: State, supplied: Secret) -> bool:
    """Return whether an incident deleted this key, by the tail of its secret; no vault is asked."""
    ours = tail_of(supplied)
    return bool(ours) and any(
        record.effect.target == ours and record.state in _REACHED
        for record in state.of_kind(EffectKind.KEY_DELETE)
    )


async def fingerprint_key(vault: Vault) -> bytes:
    """Return the 32-byte key that fingerprints secrets in this vault's incidents."""
    return await vault.vault_key(FINGERPRINT_PURPOSE)
