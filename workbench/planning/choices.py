"""What the operator chose for one plan: the way each credential is cut, and what its replacement may do. Pure.

It starts as the proposal. Each change gives new choices, from which the plan is built again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from workbench.domain.model.situation import Situation
from workbench.domain.runbook.handover import FIRST, NOW, OWN, kept, proposal
from workbench.planning.grants import proposed, same

# The actions whose plans can be built another way, and those of them that mint keys.
WITH_WAYS = frozenset({"contain.all", "keys.replace", "logins.reset"})
_WITH_GRANTS = frozenset({"contain.all", "keys.replace"})

WORDS = {NOW: "now", FIRST: "first", OWN: "own"}
MEANS = {
    NOW: "cut now: it is dead at once; programs that use it stop sending until they get the new one",
    FIRST: "replace first: nothing breaks; the old one works on, for the intruder too if it was stolen, until "
    "the new one is seen in use (asked after 30 minutes)",
    OWN: "the workbench's own: replaced first, and ended in the same run",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """Ways by credential (``key:<id>``, ``smtp:<login>``); ``widened`` holds the ids of keys whose replacement is
    to have the rights of before instead of the least that was seen in use."""

    situation: Situation
    action_id: str
    ways: Mapping[str, str] = field(default_factory=dict)
    widened: frozenset[str] = frozenset()

    @classmethod
    def proposed(cls, situation: Situation, action_id: str) -> Choices:
        """Return the proposal; what already waits for its hand-over waits on."""
        waiting = {item.credential: FIRST for item in kept(situation)}
        return cls(situation, action_id, {**proposal(situation), **waiting})

    def options(self) -> dict[str, Any]:
        """Return what ``Session.plan`` is given."""
        options: dict[str, Any] = {"ways": dict(self.ways)}
        if self.action_id in _WITH_GRANTS:
            held = self.situation.inventory.keys
            options["grants"] = {key: same(held[key]) for key in self.widened if key in held}
        return options

    # ── ways ─────────────────────────────────────────────────────────────────────────────────────────────

    def way(self, credential: str) -> str:
        """Return the way of a credential."""
        return self.ways.get(credential, NOW)

    def fixed(self, credential: str) -> str:
        """Return why the way of a credential cannot be another one, ``""`` when it can."""
        kind, _, target = credential.partition(":")
        inventory = self.situation.inventory
        if self.ways.get(credential) == OWN:
            return "The workbench's own key is always replaced first and ended in the same run."
        if kind == "key":
            key = inventory.keys.get(target)
            if key is None:
                return "This row is not about a credential that can be cut two ways."
            if self.situation.of_key(key).disposable and self.way(credential) == NOW:
                return "A stranger's key is ended, never replaced: a new one would be the stranger's too."
            return "A control-panel session is ended, never replaced." if key.key.kind == "web" else ""
        login = inventory.logins.get(target)
        if login is None:
            return "This row is not about a credential that can be cut two ways."
        return (
            "postmaster can only be cut: its name cannot be given to a second login."
            if login.is_postmaster
            else ""
        )

    def switched(self, credentials: Collection[str]) -> Choices:
        """Return choices in which these credentials go the other way: all are cut now, unless all are already.

        Those whose way is fixed stay as they are.
        """
        free = [name for name in credentials if not self.fixed(name)]
        way = FIRST if all(self.way(name) == NOW for name in free) else NOW
        return replace(self, ways={**self.ways, **dict.fromkeys(free, way)})

    # ── rights of replacements ───────────────────────────────────────────────────────────────────────────

    def rights(self, credential: str) -> tuple[str, str]:
        """Return (what the replacement may do, what it may do with the other choice); the second may be empty."""
        kind, _, target = credential.partition(":")
        item = self.situation.inventory.keys.get(target) if kind == "key" else None
        if item is None or self.action_id not in _WITH_GRANTS or item.key.kind == "web":
            return "", ""
        least, before = proposed(self.situation, item), same(item)
        if (least.role, least.domains) == (before.role, before.domains):
            return least.why, ""
        return (before.why, least.why) if target in self.widened else (least.why, before.why)

    def rights_switched(self, credential: str) -> Choices:
        """Return choices in which the replacement of a key has the rights of before, or the least again."""
        return replace(self, widened=self.widened ^ {credential.partition(":")[2]})
