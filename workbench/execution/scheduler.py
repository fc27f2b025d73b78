"""Which effect comes next: by harm, after what it depends on. Pure bookkeeping, no waiting and no network."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import count

from workbench.domain.model.plan import RANK_ABUSE, EffectKind, EffectState
from workbench.domain.model.state import EffectRecord, State


class Agenda:
    """The effects of all running plans.

    ``pop`` hands out ready effects, the most harmful target first. ``verified`` releases what waited for
    an effect; ``fell`` returns what can now never run. ``park`` sets aside a key that found the quota full
    until ``unpark``.
    """

    def __init__(self) -> None:
        self._records: dict[str, EffectRecord] = {}
        self._ready: list[tuple[int, int, str]] = []
        self._blocked: dict[str, set[str]] = {}
        self._waiting_for: dict[str, list[str]] = {}
        self._parked: dict[str, EffectRecord] = {}
        self._order = count()
        self._urgent: set[str] = set()

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, effect_id: str) -> bool:
        return effect_id in self._records

    def add(self, records: Iterable[EffectRecord]) -> None:
        """Take effects in; a dependency on an effect that is not in the agenda counts as met.

        So the caller brings along what is not verified yet. An effect whose intent is open, or that is done
        and only wants its proof, waits for nothing: what it depends on was met when it began.
        """
        fresh = [r for r in records if r.effect.id not in self._records]
        for record in fresh:
            self._records[record.effect.id] = record
            if record.effect.rank > RANK_ABUSE and record.state is not EffectState.DONE:
                self._urgent.add(record.effect.id)
        for record in fresh:
            open_deps = {a for a in record.effect.after if a in self._records}
            if open_deps and not record.open and record.state is not EffectState.DONE:
                self._blocked[record.effect.id] = open_deps
                for dep in open_deps:
                    self._waiting_for.setdefault(dep, []).append(record.effect.id)
            else:
                self._push(record)

    def _push(self, record: EffectRecord) -> None:
        heapq.heappush(self._ready, (-record.effect.rank, next(self._order), record.effect.id))

    def pop(self) -> EffectRecord | None:
        """Return the most urgent ready effect, None when nothing is ready now."""
        while self._ready:
            _, _, effect_id = heapq.heappop(self._ready)
            record = self._records.get(effect_id)
            if record is not None:
                return record
        return None

    @property
    def urgent(self) -> bool:
        """Return whether something that sends abuse is not cut yet: the rest must not fill the line before it."""
        return bool(self._urgent)

    @property
    def any_ready(self) -> bool:
        """Return whether something waits for nothing but a free slot."""
        return bool(self._ready)

    @property
    def urgent_ready(self) -> bool:
        """Return whether the effect that ``pop`` would return is such a cut, or leads to one."""
        return bool(self._ready) and -self._ready[0][0] > RANK_ABUSE

    def sent(self, effect_id: str) -> None:
        """The server said yes to an effect: it is urgent no more, whatever its proof still takes."""
        self._urgent.discard(effect_id)

    def push_back(self, record: EffectRecord) -> None:
        """Return an effect that was popped and is to be tried again."""
        self._push(record)

    def upcoming(self, kind: EffectKind, limit: int) -> Iterator[EffectRecord]:
        """Yield up to ``limit`` ready effects of a kind, most urgent first, leaving them where they are."""
        for _, _, effect_id in heapq.nsmallest(limit, self._ready):
            record = self._records.get(effect_id)
            if record is not None and record.effect.kind is kind:
                yield record

    def verified(self, effect_id: str) -> None:
        """An effect is proven (or needs no proof): release what waited for it."""
        self._records.pop(effect_id, None)
        self._urgent.discard(effect_id)
        self._release(effect_id)

    def left(self, effect_id: str) -> list[EffectRecord]:
        """An effect is over without proof: return its dependents, which leave the agenda with it."""
        self._records.pop(effect_id, None)
        self._urgent.discard(effect_id)
        fallen: list[EffectRecord] = []
        for dependent in self._waiting_for.pop(effect_id, []):
            record = self._records.get(dependent)
            if record is not None:
                self._blocked.pop(dependent, None)
                fallen += [record, *self.left(dependent)]
        return fallen

    def park(self, effect_id: str) -> list[EffectRecord]:
        """Set a key that found the quota full aside; return the deletes released so that a slot opens.

        Only a delete that cuts now may go before its replacement; our own key's never does.
        """
        self._parked[effect_id] = self._records[effect_id]
        released = []
        for dependent in list(self._waiting_for.get(effect_id, [])):
            record = self._records.get(dependent)
            if record is None or record.effect.params.own or record.effect.params.cut != "now":
                continue
            if record.effect.kind is not EffectKind.KEY_DELETE:
                continue
            self._waiting_for[effect_id].remove(dependent)
            self._unblock(dependent, effect_id)
            released.append(record)
        return released

    def unpark(self) -> int:
        """A slot opened: everything parked is ready again. Returns how many."""
        parked, self._parked = self._parked, {}
        for record in parked.values():
            self._push(record)
        return len(parked)

    def drop_parked(self) -> None:
        """Forget what waits for a slot: it has been given up."""
        self._parked.clear()

    @property
    def parked(self) -> list[EffectRecord]:
        """Return what waits for a free key slot."""
        return list(self._parked.values())

    def _release(self, effect_id: str) -> None:
        for dependent in self._waiting_for.pop(effect_id, []):
            self._unblock(dependent, effect_id)

    def _unblock(self, dependent: str, dep: str) -> None:
        deps = self._blocked.get(dependent)
        if deps is None:
            return
        deps.discard(dep)
        if not deps:
            del self._blocked[dependent]
            record = self._records.get(dependent)
            if record is not None and record.state is not EffectState.VERIFIED:
                self._push(record)


def due(state: State, wanted: Iterable[EffectRecord]) -> list[EffectRecord]:
    """Return the wanted effects that are not over, with those not verified yet that they wait for."""
    unfinished = {record.effect.id for record in state.unfinished}
    found: dict[str, EffectRecord] = {}
    queue = deque(wanted)
    while queue:
        record = queue.popleft()
        if record.effect.id in unfinished and record.effect.id not in found:
            found[record.effect.id] = record
            queue.extend(state.effects[dep] for dep in record.effect.after if dep in state.effects)
    return list(found.values())


def barred(state: State, taken: Iterable[EffectRecord]) -> list[tuple[EffectRecord, EffectRecord]]:
    """Return those of the taken effects that can never run, each with the effect that failed it.

    An effect whose intent is open, or that is done, is asked about or proven whatever it waited for.
    """
    rest = {record.effect.id: record for record in taken}
    lost: list[tuple[EffectRecord, EffectRecord]] = []
    more = True
    while more:
        more = False
        for record in list(rest.values()):
            if record.open or record.state is EffectState.DONE:
                continue
            gone = [state.effects[d] for d in record.effect.after if d in state.effects and d not in rest]
            cause = next((r for r in gone if r.state is not EffectState.VERIFIED), None)
            if cause is not None:
                more = True
                del rest[record.effect.id]
                lost.append((record, cause))
    return lost
