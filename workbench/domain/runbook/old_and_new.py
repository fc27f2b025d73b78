"""Old and new are two facts: whether the old credential is dead, and whether the new one works, each with its proof.

A replacement that is proven says nothing of the credential it replaces. The word that decides comes first: *old one
still works*, *untested*, *dead*. Credentials pane, documents, tables and reports render these. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from workbench.core.clock import as_moment
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import EffectRecord, State
from workbench.domain.runbook import claims

_REACHED = (EffectState.DONE, EffectState.VERIFIED)
_ANSWERED = re.compile(r"answered (\d{3})")


class Old(StrEnum):
    """What is known of the old one; the values are what a row's state says."""

    WORKS = "old works"
    UNTESTED = "untested"
    DEAD = "old dead"


@dataclass(frozen=True, slots=True)
class OldAndNew:
    """The two facts of one credential; ``new`` is ``""`` where nothing replaces it."""

    old: Old
    old_words: str
    new: str = ""

    @property
    def words(self) -> str:
        """Return both in one line, the old one first: it decides."""
        return f"{self.old_words}; {self.new}" if self.new else self.old_words

    def to_json(self) -> dict[str, str | None]:
        """Return both as documents show them."""
        return {"old": self.old.value, "old_words": self.old_words, "new_words": self.new or None}


def still_answers(cut: EffectRecord) -> bool:
    """Return whether a deleted key was seen to work on and was not proven dead since.

    A proof that comes later leaves the first look's words beside it (``again …``), and a failure that was overtaken.
    """
    said = (*cut.evidence, str(cut.failure.get("what", "")))
    return cut.state is not EffectState.VERIFIED and any("ALIVE" in line for line in said)


def of_key(
    cut: EffectRecord | None,
    mints: Sequence[EffectRecord],
    *,
    there: bool,
    due: datetime | None = None,
    now: datetime | None = None,
) -> OldAndNew:
    """Return the two facts of an old key, by what ends it and what replaces it; ``there``: the account lists it."""
    new = _new_key(mints)
    if cut is not None and still_answers(cut):
        return OldAndNew(Old.WORKS, "old one STILL WORKS, although it was deleted", new)
    if cut is not None and cut.state is EffectState.VERIFIED:
        refused = any("answers 401" in line for line in cut.evidence)
        proven = "401, ours accepted" if refused else "absent from the key list"
        return OldAndNew(Old.DEAD, f"old one dead ({proven})", new)
    if cut is not None and cut.state is EffectState.DONE:
        return OldAndNew(Old.UNTESTED, "old one untested (deleted, and not proven dead)", new)
    if not there:
        return OldAndNew(Old.UNTESTED, "old one untested (no longer in the list)", new)
    return OldAndNew(Old.WORKS, f"old one still works{_left(due, now)}", new)


def of_login(
    reset: EffectRecord,
    *,
    made: EffectRecord | None = None,
    due: datetime | None = None,
    now: datetime | None = None,
) -> OldAndNew:
    """Return the two facts of a login whose password was reset; ``made`` is a second login that replaces it."""
    new = "" if made is None else _new_login(made)
    if reset.state not in _REACHED:
        return OldAndNew(Old.WORKS, f"old one still works{_left(due, now)}", new)
    said = "; ".join(reset.evidence)
    new = new or _new_login(reset)
    if "old password: refused" in said or "old password: 535" in said:
        return OldAndNew(Old.DEAD, "old one dead (535)", new)
    if "old password: accepted" in said or "old password: 235" in said:
        return OldAndNew(Old.WORKS, "old one STILL WORKS (235)", new)
    return OldAndNew(Old.UNTESTED, "old one untested (nobody supplied it)", new)


def _new_key(mints: Sequence[EffectRecord]) -> str:
    """Return how the keys that replace one are proven, in words; the weakest decides."""
    if not mints:
        return ""
    which = "new one" if len(mints) == 1 else f"all {len(mints)} new ones"
    # What failed in passing is asked about and made by the next run.
    over = (m for m in mints if not m.open)
    if bad := [m for m in over if m.state in (EffectState.FAILED, EffectState.SKIPPED)]:
        return (
            "no new one: it was refused"
            if len(mints) == 1
            else f"{len(bad)} of {len(mints)} new ones refused"
        )
    if waiting := [m for m in mints if m.state is not EffectState.VERIFIED]:
        made = all(m.state is EffectState.DONE for m in waiting)
        return f"{which} not proven" if made else "new one not made yet"
    found = _ANSWERED.search("; ".join(mints[-1].evidence))
    status = found[1] if found else ""
    # Anything but a 200 is said about the call, after the key was accepted: a sending key sends an empty message.
    answered = f"answered {status}".rstrip() if status in ("", "200") else f"let in, then answered {status}"
    return f"{which} {'works' if len(mints) == 1 else 'work'} ({answered})"


def _new_login(record: EffectRecord) -> str:
    if record.state is EffectState.VERIFIED:
        return "new one works (235)"
    return (
        "new one untested (cannot be proven from here)" if record.state is EffectState.DONE else "no new one"
    )


def _left(due: datetime | None, now: datetime | None) -> str:
    if due is None or now is None:
        return ""
    span = claims.left(due - now)
    return f", {span}" if span else ", time up"


def counted(situation: Situation) -> str:
    """Return in one sentence how many old credentials still work, are untested or dead; ``""`` where none was cut."""
    known = Known.of_situation(situation)
    found = Counter(one.old for target in known.targets if (one := known.of(target)) is not None)
    words = {Old.WORKS: "still work", Old.UNTESTED: "untested", Old.DEAD: "dead"}
    return ", ".join(f"{found[old]} {words[old]}" for old in Old if found[old])


class Known:
    """The two facts of every credential, from the journal; indexed once, asked by key id or login."""

    def __init__(self, state: State, present: Container[str], now: datetime) -> None:
        self._state, self._present, self._now = state, present, now
        self._cuts: dict[str, EffectRecord] = {}
        self._mints: dict[str, list[EffectRecord]] = {}
        for record in state.effects.values():
            self.add(record)

    @classmethod
    def of_situation(cls, situation: Situation) -> Known:
        """Return those of a situation."""
        inventory = situation.inventory
        return cls(situation.state, {*inventory.keys, *inventory.logins}, situation.now)

    @property
    def targets(self) -> list[str]:
        """Return the credentials that something was done about."""
        return list(dict.fromkeys([*self._cuts, *self._mints]))

    def add(self, record: EffectRecord) -> None:
        """Take a record in, or what became of it."""
        kind, params = record.effect.kind, record.effect.params
        if kind in (EffectKind.KEY_DELETE, EffectKind.LOGIN_RESET, EffectKind.LOGIN_DELETE):
            self._cuts[record.effect.target] = record
        elif kind in (EffectKind.KEY_CREATE, EffectKind.LOGIN_CREATE) and (old := params.replaces):
            held = self._mints.setdefault(old, [])
            held[:] = [*(one for one in held if one.effect.id != record.effect.id), record]

    def of(self, target: str) -> OldAndNew | None:
        """Return the two facts of a credential, None where nothing was done about it."""
        cut, mints = self._cuts.get(target), self._mints.get(target, [])
        if cut is None and not any(m.state in _REACHED for m in mints):
            return None
        if cut is not None and cut.effect.kind is EffectKind.LOGIN_RESET:
            return of_login(cut, made=mints[-1] if mints else None, due=self._due(target), now=self._now)
        if cut is not None and cut.effect.kind is EffectKind.LOGIN_DELETE:
            dead = cut.state is EffectState.VERIFIED
            words = "old one dead (absent from its domain's logins)" if dead else "old one untested (deleted)"
            reached = cut.state in _REACHED
            return OldAndNew(Old.DEAD if dead else Old.UNTESTED, words) if reached else None
        if cut is not None and not mints and cut.state not in _REACHED and not cut.failure:
            return None
        found = of_key(cut, mints, there=target in self._present, due=self._due(target), now=self._now)
        if ended := [m for m in mints if self._is_ended(m)]:
            which = "new one" if len(mints) == 1 else f"{len(ended)} of {len(mints)} new ones"
            return replace(found, new=f"{which} replaced or deleted since")
        return found

    def _is_ended(self, mint: EffectRecord) -> bool:
        """Return whether what a mint made was ended by this incident too: hardened, or replaced once it leaked."""
        cut = self._cuts.get(mint.result.key_id or "")
        return cut is not None and cut.state in _REACHED

    def _due(self, target: str) -> datetime | None:
        for kind in ("key", "smtp"):
            timer = self._state.timers.get(f"hand-over:{kind}:{target}")
            if timer is not None and (due := as_moment(timer.due)) is not None:
                return due
        return None
