"""A drill examined as the workbench examines an account, with the drill's own knowledge of who sent what."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from tests.support.drills import opened, running_drill
from workbench.core.errors import NotAuthorised
from workbench.domain.forensics import abuse_window
from workbench.domain.forensics.attribution import Attribution, Group
from workbench.domain.forensics.classification import ClassificationHints, Proposal, propose
from workbench.drill.activity.entries import Entries
from workbench.drill.activity.history import LogHistory, Query
from workbench.drill.servers.serve import RunningDrill
from workbench.drill.world.account import Account
from workbench.drill.world.records import Allowed
from workbench.mailgun.log_entries import read_page
from workbench.session.session import Session

PAGE = 100
CALM = timedelta(days=3)


@dataclass
class Examined:
    """What the workbench found in one drill, beside the truth."""

    planted: int = 0
    missing: list[str] = field(default_factory=list)
    locked_out: bool = False
    intruder: Counter[str] = field(default_factory=Counter)
    production: Counter[str] = field(default_factory=Counter)
    messages: Counter[tuple[str, str]] = field(default_factory=Counter)
    accused: list[str] = field(default_factory=list)
    entries: int = 0


def truth_of(drill: Any) -> dict[str, Any]:
    """Return the ground truth of a running drill."""
    found: dict[str, Any] = json.loads(Path(drill.document()["truth"]).read_text())
    return found


def log_pages(account: Account, start: datetime, end: datetime) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Yield the log as the API would answer it, page by page, and who sent each message accepted in it."""
    history, entries = LogHistory(account), Entries(account)
    streams = account.world.streams
    items: list[dict[str, Any]] = []
    actors: dict[str, str] = {}
    for region in account.story.scenario.regions:
        query = Query(region, tuple(account.world.tenants), start.timestamp(), end.timestamp())
        for _, event in history.forward(query):
            entry = entries.entry(event)
            items.append(entry)
            if event.kind == "accepted" and event.stream in streams:
                actors[entry["message"]["headers"]["message-id"]] = streams[event.stream].actor
            if len(items) == PAGE:
                yield msgspec.json.encode({"items": items, "pagination": {"next": "x"}}), actors
                items, actors = [], {}
    if items:
        yield msgspec.json.encode({"items": items, "pagination": {}}), actors


def attributed(
    account: Account, hours: dict[datetime, int], hints: ClassificationHints, now: datetime
) -> tuple[Attribution, list[Proposal], dict[int, Counter[str]]]:
    """Return the log of an account in groups with proposals, and who really sent each group's messages."""
    window = abuse_window.from_metrics(hours, now)
    kept = now - timedelta(days=account.story.scenario.retention_days)
    start = max(kept, (window.began or now - timedelta(days=8)) - CALM)
    if account.story.scenario.retention_days <= 5:
        start = kept
    table = Attribution(start, now)
    actors: dict[int, Counter[str]] = defaultdict(Counter)
    for body, senders in log_pages(account, start, now):
        page = read_page(body)
        assert page is not None
        table.take(page)
        for entry in page.entries:
            name = entry.message.headers.message_id if entry.message and entry.message.headers else None
            if entry.event == "accepted" and name in senders:
                group = table.group_of(entry)
                assert group is not None
                actors[id(group)][senders[name]] += 1
    return table, propose(table, window.began, hints), actors


def score(found: Examined, proposals: list[Proposal], actors: dict[int, Counter[str]]) -> None:
    """Count what each group was called against who really sent it; a mixed group counts for its majority."""
    for proposal in proposals:
        group: Group = proposal.group
        real = actors.get(id(group))
        if not real:
            continue
        actor = real.most_common(1)[0][0]
        found.messages[actor, proposal.looks] += group.accepted
        if actor == "intruder":
            found.intruder[proposal.looks] += 1
        else:
            found.production[proposal.looks] += 1
            if proposal.looks == "intruder":
                found.accused.append(f"{group.key} {proposal.why}")


async def examine(folder: Path, scenario: str, seed: int, *, log: bool = True, **options: Any) -> Examined:
    """Sweep a drill over its sockets and attribute its log, as ``sweep`` and ``assess`` do.

    Where the allowlist excludes this host, the operator lets it in by the control panel first.
    """
    found = Examined()
    async with (
        running_drill(folder, scenario=scenario, seed=seed, **options) as drill,
        opened(drill, folder) as session,
    ):
        try:
            await session.account.connect()
        except NotAuthorised:
            found.locked_out = True
            let_in(drill)
            await session.account.connect()
        await swept(session)
        truth = truth_of(drill)
        reported = {finding.id for finding in session.findings()}
        found.planted = len(truth["planted"])
        found.missing = [f"{p['kind']} {p['id']}" for p in truth["planted"] if p["id"] not in reported]
        if log:
            volume = session.account.metering.volume
            hours = {h.start: h.accepted for h in volume.hours} if volume is not None else {}
            now = datetime.fromtimestamp(drill.account.now(), UTC)
            table, proposals, actors = attributed(
                drill.account, hours, session.account.investigation.hints(), now
            )
            found.entries = table.entries
            score(found, proposals, actors)
    return found


def let_in(drill: RunningDrill) -> None:
    """Put this host's address on the allowlist in the control panel: the way back in that needs no API."""
    drill.account.main.allowlist.append(Allowed("127.0.0.1", "added in the panel"))
    drill.account.changed(urgent=True)


async def swept(session: Session) -> None:
    """Read the account and sweep it, as the command does."""
    await session.account.read_inventory()
    await session.account.read_rate(whole=True)
    await session.account.read_use()
    await session.account.investigation.sweep()
