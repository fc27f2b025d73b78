"""Which way each credential is cut: the operator's choice, the names of --replace-first, or the proposal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.domain.detection.alarms import leaked_again
from workbench.domain.model.inventory import KeyItem, LoginItem
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.handover import FIRST, NOW, OWN, is_kept, proposed_for_key, proposed_for_login

PROPOSED = "proposed"
# "now", "first" or "proposed" for all, or a way for each credential (``key:<id>``, ``smtp:<login>``).
Choice = Mapping[str, str] | str


@dataclass(slots=True)
class Ways:
    """Answers for each credential whether it is cut now or replaced first.

    ``choice`` says it for all or for each; credentials it does not name are cut now. ``names`` are ids,
    descriptions or logins that are replaced first whatever ``choice`` says.
    """

    situation: Situation
    choice: Choice = NOW
    names: Collection[str] = ()

    def __post_init__(self) -> None:
        if isinstance(self.choice, str) and self.choice not in (NOW, FIRST, PROPOSED):
            raise UsageError(
                f"There is no way {self.choice!r} to cut a credential.", "", "Say now, first or proposed."
            )

    def of_key(self, item: KeyItem) -> str:
        """Return ``own``, ``first`` or ``now`` for a key."""
        if item.id == self.situation.own_key_id:
            return OWN
        if item.key.kind == "web":
            return NOW
        named = bool(self.names) and bool({item.id, item.name} & set(self.names))
        return self._of(f"key:{item.id}", named, lambda: proposed_for_key(self.situation, item))

    def of_login(self, item: LoginItem) -> str:
        """Return ``first`` or ``now`` for a login; ``postmaster`` can only be cut, its name cannot be doubled."""
        if item.is_postmaster:
            return NOW
        named = item.login in self.names
        return self._of(f"smtp:{item.login}", named, lambda: proposed_for_login(self.situation, item))

    def named(self, item: KeyItem | LoginItem) -> bool:
        """Return whether the operator asked by name for this one to be replaced first."""
        if isinstance(item, KeyItem):
            named = bool({item.id, item.name} & set(self.names))
            return named or self._chosen(f"key:{item.id}") == FIRST
        return item.login in self.names or self._chosen(f"smtp:{item.login}") == FIRST

    def check(self) -> None:
        """Raise UsageError for a name that matches nothing, or that can only be cut."""
        inventory = self.situation.inventory
        for name in self.names:
            keys = [k for k in inventory.keys.values() if name in (k.id, k.name)]
            login = inventory.logins.get(name)
            shown = visible(name, 120)
            if not keys and login is None:
                if is_kept(self.situation, f"key:{name}") or self._made_here(name):
                    continue
                raise UsageError(
                    f"There is no key or SMTP login {shown} in the account.",
                    "It could not be replaced first.",
                    "Give a key's id or description, or a full login; `workbench status` lists them.",
                )
            if (login is not None and login.is_postmaster) or any(k.key.kind == "web" for k in keys):
                raise UsageError(
                    f"{shown} can only be cut now.",
                    "A postmaster login cannot be made twice, and a control-panel session is never replaced.",
                    "Leave it out of --replace-first.",
                )

    def _made_here(self, name: str) -> bool:
        """Return whether a name belonged to something this incident has cut: a repeated command stays valid."""
        return any(
            name in (r.effect.target, r.effect.params.name) for r in self.situation.state.effects.values()
        )

    def _chosen(self, credential: str) -> str | None:
        return None if isinstance(self.choice, str) else self.choice.get(credential)

    def _of(self, credential: str, named: bool, propose: Callable[[], str]) -> str:
        if named:
            return FIRST
        if (chosen := self._chosen(credential)) is not None:
            return FIRST if chosen == FIRST else NOW
        if is_kept(self.situation, credential):
            # What waits for its hand-over waits on, until somebody says otherwise.
            return FIRST
        if credential.partition(":")[2] in leaked_again(self.situation):
            # What this incident made is in other hands already: kept for a hand-over it would ring on, for ever.
            return NOW
        if self.choice == PROPOSED:
            return FIRST if propose() == FIRST else NOW
        return FIRST if self.choice == FIRST else NOW
