"""What actions and the runbook look at: the inventory, the journal's state and the moment, in one value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from workbench.core.clock import as_moment
from workbench.core.state_dir import tag_of
from workbench.domain.detection import suspicion
from workbench.domain.detection.suspicion import Background, Suspicion
from workbench.domain.model.credential_use import CredentialUses
from workbench.domain.model.inventory import DomainItem, Inventory, KeyItem, LoginItem, UserItem
from workbench.domain.model.mints import minting
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.sending_volume import Volume
from workbench.domain.model.state import State
from workbench.domain.model.suppressions import Added

# Decisions an operator can take on a thing of the account.
OURS = suspicion.OURS
INTRUDER = suspicion.INTRUDER
# The mark that a workbench leaves in what it makes, and how long another one's counts as at work now.
_MARK = re.compile(r"\[wb-[0-9a-f]+-[0-9a-f]+\]")
OTHERS = timedelta(days=1)


@dataclass(slots=True)
class Situation:
    """The account as read, the incident as journaled, and now. Pure; recomputed whenever asked.

    ``suppressed`` are the suppressions that the latest assessment says the abuse added.
    """

    inventory: Inventory
    state: State
    now: datetime
    own_key_id: str = ""
    volume: Volume | None = None
    suppressed: Sequence[Added] = ()
    # The answer to "is it over?", kept by ``containment_state`` once it was computed.
    over: Any = field(default=None, repr=False)
    # What waits for its hand-over, kept by ``handover`` once it was computed: a plan may hold thousands.
    waiting: Any = field(default=None, init=False, repr=False)
    # What was made in place of which credential, kept by ``handover`` once it was computed.
    replaced: Any = field(default=None, init=False, repr=False)
    # What of our own making somebody else uses, kept by ``leaked_again`` once it was computed.
    in_other_hands: frozenset[str] | None = field(default=None, repr=False)
    _background: Background | None = field(default=None, repr=False)

    @property
    def background(self) -> Background:
        """Return what normal looks like, computed once for this situation."""
        if self._background is None:
            began = self.volume.began if self.volume is not None else None
            ours = set(self.state.created_keys) | {self.own_key_id}
            ours |= {r.effect.target for r in self.state.of_kind(EffectKind.LOGIN_CREATE)}
            since = suspicion.window_start(self.now, began, as_moment(self.state.opened_at))
            asked = as_moment(self.state.people_cut_at)
            self._background = Background.of(
                self.inventory,
                since,
                ours,
                asked,
                judged=self._judged_users(),
                dated=self._dated_users(),
                window=began is not None,
            )
        return self._background

    def _judged_users(self) -> dict[str, str]:
        """Return what the operator decided of users, by id."""
        return {
            key.partition(":")[2]: decision.decision
            for key, decision in self.state.decisions.items()
            if key.startswith("user:")
        }

    def _dated_users(self) -> dict[str, datetime]:
        """Return since when users were seen to exist, as kept before the first cut."""
        kept = self.state.baseline.user_dates or {}
        dates = {user: as_moment(at) for user, at in kept.items()}
        return {user: at for user, at in dates.items() if at is not None}

    def of_key(self, item: KeyItem) -> Suspicion:
        """Return the suspicion of a key, after what the operator decided."""
        found = suspicion.of_key(item, self.background)
        use = self.state.known(CredentialUses).by_credential.get(f"key:{item.id}")
        if found.likely and item.key.created_at is None and use is not None and use.looks == INTRUDER:
            # Undated, and asked for by nobody known: what sends with it is a second sign of its own.
            words = "what sends with it comes from strange addresses alone"
            found = Suspicion(3, (*found.why, words), disposable=True)
        return self._judged(f"key:{item.id}", found)

    def of_login(self, item: LoginItem) -> Suspicion:
        """Return the suspicion of a login, after what the operator decided."""
        return self._judged(f"login:{item.login}", suspicion.of_login(item, self.background))

    def of_user(self, item: UserItem) -> Suspicion:
        """Return the suspicion of a user, after what the operator decided."""
        return self._judged(f"user:{item.id}", suspicion.of_user(item, self.background))

    def of_domain(self, item: DomainItem) -> Suspicion:
        """Return the suspicion of a domain, after what the operator decided."""
        return self._judged(f"domain:{item.name}", suspicion.of_domain(item, self.background))

    def planted_credentials(self) -> dict[str, str]:
        """Return the keys and logins that look planted, as the log names them, each with the first sign of it."""
        found: dict[str, str] = {}
        for key in self.inventory.keys.values():
            if (doubt := self.of_key(key)).likely and not self.minted_here(key.id):
                found[f"key:{key.id}"] = doubt.why[0]
        for login in self.inventory.logins.values():
            if (doubt := self.of_login(login)).likely:
                found[f"smtp:{login.login}"] = doubt.why[0]
        return found

    def _judged(self, finding: str, found: Suspicion) -> Suspicion:
        decision = self.state.decisions.get(finding)
        if decision is None:
            return found
        if decision.decision == OURS:
            return suspicion.NOTHING
        if decision.decision == INTRUDER:
            return Suspicion(3, (f"judged the intruder's by {decision.who}", *found.why), disposable=True)
        return found

    def of_another_workbench(self, item: KeyItem) -> bool:
        """Return whether a key made today bears the mark of a workbench with another incident.

        The mark proves nothing, for anybody can copy it: such a key is told first, and not cut unasked.
        """
        found = _MARK.search(item.key.description or "")
        young = item.key.created_at is not None and item.key.created_at >= self.now - OTHERS
        ours = bool(self.state.incident) and f"[{tag_of(self.state.incident)}-" in (
            item.key.description or ""
        )
        known = item.id in self.state.created_keys or item.id == self.own_key_id
        return found is not None and young and not ours and not known

    def minted_here(self, key_id: str) -> bool:
        """Return whether this incident made the key, or may have: an interrupted mint is still to be asked about.

        The mark in a description alone proves nothing, for anybody can copy it.
        """
        if key_id in self.state.created_keys:
            return True
        item = self.inventory.keys.get(key_id)
        return item is not None and minting(self.state, item)
