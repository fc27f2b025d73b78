"""Re-reads the account while the incident is open, on a budget of calls a cycle (design, idea 6).

Keys, users, subaccounts and the allowlist are read every cycle: whoever comes back makes one of those first.
What has many parts (logins by domain, settings by place) takes turns, the longest unread first, so many of them a
cycle that each is read again within ``TURNS``: a slice is as old as its oldest part, and what is older than
``containment_state.LASTS`` says nothing of now. All of it runs below every write and proof, so that the watch never
stands in front of a cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple

from workbench.core.clock import Clock
from workbench.core.errors import ApiError
from workbench.core.redact import visible
from workbench.domain.detection import changes, sender_changes
from workbench.domain.model.credential_use import CredentialUses
from workbench.domain.model.inventory import Gap, Inventory
from workbench.domain.model.plan import Place
from workbench.domain.runbook import claims, coverage
from workbench.domain.runbook.containment_state import LASTS, SLICES
from workbench.journal.ledger import Ledger
from workbench.mailgun.client import Mailgun, Priority
from workbench.readers.ended_subaccounts import CLOSED
from workbench.readers.inventory import Changed, InventoryReader, logins_part, part_name

# A list of keys is asked for by kind, because an unfiltered one may leave kinds out (dossier B1).
KEY_CALLS = 4
BUDGET = 40  # calls a cycle, where that reaches everything in time
MOST = 300  # calls a cycle at most: five a second
TURNS = 6  # cycles within which every part is read again
# The log is looked at every so many cycles: who sends now, with what.
USE_EVERY = 3
USE_CALLS = 6


class _Job(NamedTuple):
    """One part: its slice, its name among the parts, the calls it takes, how it is read."""

    slice: str
    name: str
    calls: int
    run: Callable[[], Awaitable[object]]


@dataclass(slots=True)
class Watcher:
    """Reads a part of the account each cycle into ``inventory``. ``budget`` is calls a cycle, 12 at least.

    The budget counts lists of up to a thousand items as one call; larger ones take a few more. An account with more
    parts than that reads in ``TURNS`` gets more, up to ``MOST``.
    """

    api: Mailgun
    inventory: Inventory
    clock: Clock
    changed: Changed
    budget: int = BUDGET
    cycles: int = 0
    _last: dict[str, int] = field(default_factory=dict)
    _used_in: int = 0  # the cycle in which the log was looked at last

    @property
    def is_behind(self) -> bool:
        """Return whether something that can be read was read too long ago to say anything of now: this host slept."""
        dark = {coverage.part(gap) for gap in self.inventory.missing}
        read = {
            name: at for name, at in self.inventory.read_at.items() if name in SLICES and name not in dark
        }
        return any(self._is_old(at) for at in read.values())

    def use_is_due(self, last: CredentialUses) -> bool:
        """Return whether to look at the log too: every so many cycles, and where the last look says nothing of now."""
        read = last.read_at
        turn = self.cycles % USE_EVERY == 1 and self._used_in != self.cycles
        return turn or (read is not None and self._is_old(read))

    def _is_old(self, read: datetime) -> bool:
        return not claims.aged(claims.Reading("", read), self.clock.now(), LASTS).answered

    async def cycle(self) -> int:
        """Read one cycle's share; returns the calls it was reckoned at. Raises what the first call raises."""
        self.cycles += 1
        reader = InventoryReader(self.api, self.inventory, self.clock, self.changed, Priority.BACKGROUND)
        home = Place(self.api.endpoints.home)
        # Strict: without any answer there is nothing to compare, only an error to show.
        await reader.keys(home, first=True)
        await asyncio.gather(reader.users(home), reader.subaccounts(), reader.allowlist(home))
        spent = KEY_CALLS + 3
        chosen = list(self._choose(reader, spent))
        await asyncio.gather(*(job.run() for job in chosen))
        for job in chosen:
            self._last[job.name] = self.cycles
        self._date(reader, home)
        return spent + sum(job.calls for job in chosen)

    async def use(self, read: Callable[..., Awaitable[None]]) -> None:
        """Look at who sends now; where the log cannot be read that is a gap, and the watch goes on."""
        self._used_in = self.cycles
        try:
            await read(calls=USE_CALLS)
        except ApiError as error:
            self.inventory.gaps["who sends"] = Gap("who sends", None, error.what)
        else:
            self.inventory.gaps.pop("who sends", None)

    def _choose(self, reader: InventoryReader, spent: int) -> Iterator[_Job]:
        """Yield the jobs that fit, the longest unread first; what was never read comes before all."""
        jobs = sorted(self._jobs(reader), key=lambda job: self._last.get(job.name, -1))
        in_time = -(-sum(job.calls for job in jobs) // TURNS)
        left = max(self.budget, min(in_time + spent, MOST)) - spent
        for job in jobs:
            if job.calls <= left:
                left -= job.calls
                yield job

    def _jobs(self, reader: InventoryReader) -> Iterator[_Job]:
        regions = self.api.endpoints.regions
        below = [s.id for s in self.inventory.subaccounts.values() if s.status != CLOSED]
        home = self.api.endpoints.home
        for subaccount in below:
            own = Place(home, subaccount)
            yield _Job("keys", part_name("keys", own), KEY_CALLS, partial(reader.keys, own))
            yield _Job("users", part_name("users", own), 1, partial(reader.users, own))
        for region in regions:
            for place in (Place(region), *(Place(region, subaccount) for subaccount in below)):
                yield _Job("domains", part_name("domains", place), 1, partial(reader.domains, place))
                yield _Job("routes", part_name("routes", place), 1, partial(reader.routes, place))
                yield _Job("webhooks", part_name("webhooks", place), 1, partial(reader.webhooks, place))
            main = Place(region)
            yield _Job("limits", part_name("limits", main), 1, partial(reader.limit, main))
        for item in tuple(self.inventory.domains.values()):
            name = part_name(logins_part(item.name), item.place)
            yield _Job("logins", name, 1, partial(reader.logins, (item,)))

    def _date(self, reader: InventoryReader, home: Place) -> None:
        """Say how old each slice is: as old as its oldest part."""
        parts = {name: [part_name(name, home)] for name in ("keys", "users")}
        for job in self._jobs(reader):
            parts.setdefault(job.slice, []).append(job.name)
        for name, names in parts.items():
            self.inventory.date(name, names)


async def compare(inventory: Inventory, ledger: Ledger, began: datetime) -> list[changes.SettingChange]:
    """Journal an alarm for whatever no effect of ours explains, and the baseline of what is read at last.

    Returns the new alarms. ``began`` is when the reading began. Without a baseline there is nothing to
    compare with: the evidence comes first. Raises JournalError.
    """
    state = ledger.state
    if not state.baseline:
        return []
    added = changes.missing(inventory, state.baseline)
    if state.baseline.senders is None and state.fact(CredentialUses) is not None:
        added = sender_changes.senders(state).over(added)
    if added:
        await ledger.record("baseline.added", {"baseline": added.body()})
    found = changes.unexplained(inventory, state, began)
    for change in found:
        body = {"id": change.id, "kind": change.kind, "target": change.target, "text": change.text}
        if change.through:
            body["through"] = visible(change.through, 120)
        await ledger.record("alarm.raised", body)
    return found
