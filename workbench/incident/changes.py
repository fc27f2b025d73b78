"""What appeared or changed in the account that no effect of ours explains (design, idea 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from workbench.incident.inventory import Inventory
from workbench.incident.plan import EffectKind
from workbench.incident.state import State
from workbench.redact import key_tail, visible

# What a baseline keeps of each slice: enough to see that something is new or different.
SLICES = ("keys", "logins", "users", "domains", "subaccounts", "allowlist")


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was not there before. ``id`` names the change, ``target`` the thing as the API does."""

    id: str
    kind: str
    target: str
    text: str


def baseline(inventory: Inventory) -> dict[str, Any]:
    """Return the ids of everything the inventory holds, for the journal; slices not read are left out."""
    made: dict[str, Any] = {}
    for name in SLICES:
        if name in inventory.read_at:
            made[name] = sorted(getattr(inventory, name))
    if "subaccounts" in inventory.read_at:
        made["subaccount_status"] = {s.id: s.status for s in inventory.subaccounts.values()}
    return made


def unexplained(inventory: Inventory, state: State) -> list[Change]:
    """Return what the inventory holds beyond the baseline and beyond what this incident made itself."""
    known = state.baseline
    explained = _made_here(state)
    found: list[Change] = []
    for name, describe in _DESCRIBE.items():
        if name not in known or name not in inventory.read_at:
            continue
        before = set(known[name]) | explained
        for target in sorted(set(getattr(inventory, name)) - before):
            found.append(Change(f"{name}:{target}", name, target, describe(inventory, target)))
    found += _reopened(inventory, state)
    return [change for change in found if change.id not in state.alarms]


def _made_here(state: State) -> set[str]:
    made = {str(r.result["key_id"]) for r in state.of_kind(EffectKind.KEY_CREATE) if "key_id" in r.result}
    made |= {r.effect.target for r in state.of_kind(EffectKind.LOGIN_CREATE, EffectKind.ALLOWLIST_ADD)}
    return made


def _reopened(inventory: Inventory, state: State) -> Iterator[Change]:
    """A key we deleted and proved gone, or a subaccount we disabled, is back."""
    for record in state.of_kind(EffectKind.SUBACCOUNT_DISABLE):
        sub = inventory.subaccounts.get(record.effect.target)
        if record.state.value == "verified" and sub is not None and sub.status == "open":
            yield Change(
                f"subaccount-open:{sub.id}",
                "subaccounts",
                sub.id,
                f"subaccount {visible(sub.name or sub.id, 60)} is open again; this incident had disabled it",
            )


def _key(inventory: Inventory, key_id: str) -> str:
    item = inventory.keys[key_id]
    return (
        f"API key “{visible(item.name, 60)}” {key_tail(key_id)} ({visible(item.key.role or '', 20)}) "
        "appeared, not created here"
    )


def _named(what: str) -> Callable[[Inventory, str], str]:
    return lambda _inventory, target: f"{what} {visible(target, 100)} appeared, not created here"


def _user(inventory: Inventory, user_id: str) -> str:
    user = inventory.users[user_id].user
    return f"user {visible(user.name or user_id, 60)} ({visible(user.role or '', 20)}) appeared"


_DESCRIBE: dict[str, Callable[[Inventory, str], str]] = {
    "keys": _key,
    "logins": _named("SMTP login"),
    "users": _user,
    "domains": _named("domain"),
    "subaccounts": _named("subaccount"),
    "allowlist": _named("IP allowlist entry"),
}
