"""How panel users differ from the baseline: what they may do, and where the mail goes that sets a password. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from workbench.core.redact import visible
from workbench.domain.model.inventory import Inventory
from workbench.domain.model.state import State


def role(inventory: Inventory, user_id: str) -> str:
    """Return what a user may do, in words; whether the user is disabled belongs to it."""
    user = inventory.users[user_id].user
    return f"{user.role or 'no role'}{' (disabled)' if user.is_disabled else ''}"


def address(inventory: Inventory, user_id: str) -> str:
    """Return a short hash of a user's mail address, ``""`` where none was read: the journal holds no addresses."""
    mail = (inventory.users[user_id].user.email or "").strip().lower()
    return sha256(f"{user_id}|{mail}".encode("utf-8", "surrogatepass")).hexdigest()[:12] if mail else ""


def told(inventory: Inventory, state: State) -> Iterator[tuple[str, str, str]]:
    """Yield what differs as the change's id, the user's id and a sentence."""
    for user_id, before in (state.baseline.user_roles or {}).items():
        if user_id in inventory.users and (now := role(inventory, user_id)) != before:
            text = f"user {_name(inventory, user_id)} is now {visible(now, 30)}, was {visible(before, 30)}"
            yield f"role:{user_id}:{now}", user_id, text
    for user_id, before in (state.baseline.user_addresses or {}).items():
        now = address(inventory, user_id) if user_id in inventory.users else ""
        # Whoever can read that mailbox can set the user's password: a changed one is a way in until somebody knows it.
        if now and before and now != before:
            text = (
                f"user {_name(inventory, user_id)} has another mail address than at the beginning, to which the mail "
                "that sets a password goes"
            )
            yield f"address:{user_id}:{now}", user_id, text


def as_before(inventory: Inventory, state: State, change: str, user_id: str) -> bool:
    """Return whether what a change told of a user is as at the beginning again; a change of another kind is not."""
    if change.startswith("role:"):
        return role(inventory, user_id) == (state.baseline.user_roles or {}).get(user_id)
    if change.startswith("address:"):
        return address(inventory, user_id) == (state.baseline.user_addresses or {}).get(user_id)
    return False


def _name(inventory: Inventory, user_id: str) -> str:
    user = inventory.users[user_id].user
    return visible(user.name or user_id, 60)
