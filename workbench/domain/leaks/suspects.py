"""Or a person: the planted keys set against the panel's users, for the questions of step 7. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from workbench.core.clock import as_moment
from workbench.domain.model.inventory import DomainItem, Inventory, KeyItem, UserItem
from workbench.domain.model.plan import Place
from workbench.domain.model.situation import INTRUDER, Situation
from workbench.domain.model.state import State
from workbench.leaks.people import PanelUser, PersonSuspicion, PlantedKey, suspicions
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain, Key, User

_Kind = TypeVar("_Kind")


def suspected(situation: Situation, snapshot: Mapping[str, Any] | None = None) -> tuple[PersonSuspicion, ...]:
    """Return the people under whose name keys were planted, with what to ask them.

    Keys that were deleted since come from ``snapshot``, the opened snapshot 0a: the account no longer shows
    when and by whom they were made.
    """
    return suspicions(planted(situation, snapshot), list(_people(situation)))


def as_stored(state: State, snapshot: Mapping[str, Any], now: datetime) -> Situation:
    """Return the situation as snapshot 0a shows it, for a search that does not read the account.

    Records that cannot be read any more are left out.
    """
    inventory = Inventory()
    home = Place(Region.US)
    for row in snapshot.get("keys", ()):
        if (key := _record(row, Key)) is not None:
            inventory.keys[key.id] = KeyItem(key, home)
    for row in snapshot.get("users", ()):
        if (user := _record(row, User)) is not None:
            inventory.users[user.id] = UserItem(user, home)
    for row in snapshot.get("domains", ()):
        if (domain := _record(row, Domain)) is not None:
            inventory.domains[domain.name] = DomainItem(domain, home)
    return Situation(inventory, state, now)


def _record(row: Mapping[str, Any], kind: type[_Kind]) -> _Kind | None:
    values = {name: value for name, value in row.items() if name != "place"}
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError:
        return None


def planted(situation: Situation, snapshot: Mapping[str, Any] | None = None) -> list[PlantedKey]:
    """Return the keys that look a stranger's or were judged so, live ones and deleted ones."""
    found: dict[str, PlantedKey] = {}
    for item in situation.inventory.keys.values():
        if situation.of_key(item).likely and not situation.minted_here(item.id):
            key = item.key
            found[item.id] = PlantedKey(
                item.id, key.created_at, key.kind or "", key.requestor or "", key.user_name or ""
            )
    for row in (snapshot or {}).get("keys", ()):
        key_id = str(row.get("id", ""))
        if (
            key_id not in found
            and key_id not in situation.inventory.keys
            and _stranger(situation, key_id, row)
        ):
            found[key_id] = PlantedKey(
                key_id,
                as_moment(row.get("created_at")),
                str(row.get("kind") or ""),
                str(row.get("requestor") or ""),
                str(row.get("user_name") or ""),
            )
    return list(found.values())


def _stranger(situation: Situation, key_id: str, row: Mapping[str, Any]) -> bool:
    """Return whether a key that is gone was a stranger's: on the terms of a live one, and not replaced."""
    decision = situation.state.decisions.get(f"key:{key_id}")
    if decision is not None:
        return decision.decision == INTRUDER
    if any(r.effect.params.replaces == key_id for r in situation.state.effects.values()):
        return False
    key = _record(row, Key)
    if key is not None:
        return situation.of_key(KeyItem(key, Place(Region.US))).likely
    made: datetime | None = as_moment(row.get("created_at"))
    return made is not None and made >= situation.background.since


def _people(situation: Situation) -> Iterator[PanelUser]:
    for item in situation.inventory.users.values():
        user = item.user
        yield PanelUser(
            item.id,
            user.name or "",
            user.email or "",
            user.role or "",
            user.tfa_active,
            known=not situation.of_user(item).likely,
        )
