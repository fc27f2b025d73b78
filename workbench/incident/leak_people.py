"""Or a person: the planted keys set against the panel's users, for the questions of step 7. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from workbench.incident.leak_facts import when
from workbench.incident.situation import INTRUDER, Situation
from workbench.leaks.people import Person, PlantedKey, Suspicion, suspicions


def suspected(situation: Situation, snapshot: Mapping[str, Any] | None = None) -> tuple[Suspicion, ...]:
    """Return the people under whose name keys were planted, with what to ask them.

    Keys that were deleted since come from ``snapshot``, the opened snapshot 0a: the account no longer shows
    when and by whom they were made.
    """
    return suspicions(planted(situation, snapshot), list(_people(situation)))


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
                when(row.get("created_at")),
                str(row.get("kind") or ""),
                str(row.get("requestor") or ""),
                str(row.get("user_name") or ""),
            )
    return list(found.values())


def _stranger(situation: Situation, key_id: str, row: Mapping[str, Any]) -> bool:
    """Return whether a key that is gone was a stranger's: judged so, or made inside the window, not replaced."""
    decision = situation.state.decisions.get(f"key:{key_id}")
    if decision is not None:
        return decision.decision == INTRUDER
    made: datetime | None = when(row.get("created_at"))
    replaced = any(r.effect.params.get("replaces") == key_id for r in situation.state.effects.values())
    return made is not None and made >= situation.background.since and not replaced


def _people(situation: Situation) -> Iterator[Person]:
    for item in situation.inventory.users.values():
        user = item.user
        yield Person(
            item.id,
            user.name or "",
            user.email or "",
            user.role or "",
            user.tfa_active,
            known=not situation.of_user(item).likely,
        )
