"""What happened, and what the intruder left: the readings behind ``sweep``, ``assess`` and snapshot 0b.

It reads settings and log below the writes, stores them sealed, and journals what was found, so that reopening
the incident knows it again. It decides nothing and writes nothing to the account.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from workbench import evidence
from workbench.clock import Clock, iso
from workbench.errors import ApiError, JournalError
from workbench.incident import abuse_window, damage, proposals, settings, sweep
from workbench.incident.abuse_window import AbuseWindow
from workbench.incident.assessment import Assessment
from workbench.incident.attribution import Attribution
from workbench.incident.damage import Damage
from workbench.incident.inventory import Inventory
from workbench.incident.proposals import Hints
from workbench.incident.senders import rolled_up
from workbench.incident.settings import Settings
from workbench.incident.situation import Situation
from workbench.incident.state import JournalRow
from workbench.incident.sweep import Clues, Sweep
from workbench.log_export import LogExport
from workbench.log_reader import SHORT, Sink, oldest_entry, read_logs
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.evidence import bounce_classification, metrics
from workbench.mailgun.evidence_models import BounceClass
from workbench.metering import ACCEPTED, HISTORY, Metering
from workbench.redact import Secret
from workbench.sealed import Sealer
from workbench.settings_reader import SettingsReader

LOGS_PART, REST_PART = "0b-log", "0b"
# How far before the abuse the log is read, to know what was there before.
CALM = timedelta(days=3)
# Without a window the log is read this far back: slow abuse shows only against days without it.
UNKNOWN = timedelta(days=8)
Moved = Callable[[str, int, int], None]


class Desk(Protocol):
    """The part of a session that the readings use."""

    api: Mailgun
    inventory: Inventory
    clock: Clock
    metering: Metering
    incident: str

    @property
    def folder(self) -> Path:
        """Return the incident's folder."""

    @property
    def read_only(self) -> bool:
        """Return whether another workbench writes to this incident."""

    def situation(self) -> Situation:
        """Return everything that is known."""

    async def sealing(self) -> tuple[bytes, Sealer]:
        """Return the key of fingerprints and the sealer of evidence."""

    async def record(self, kind: str, body: Mapping[str, Any]) -> JournalRow:
        """Write one journal row."""

    async def fact(self, name: str, values: Mapping[str, Any]) -> None:
        """Record the result of a reading."""


@dataclass(slots=True)
class Investigation:
    """The readings of one session; results of the latest ones stay here for screens."""

    desk: Desk
    settings: Settings | None = None
    swept: Sweep | None = None
    assessment: Assessment | None = None
    moved: Moved | None = None
    _table: Attribution | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    # ── settings ─────────────────────────────────────────────────────────────────────────────────────

    async def read_settings(self, priority: Priority = Priority.BACKGROUND) -> Settings:
        """Read every setting; what could not be read is in its gaps."""
        key, _ = await self.desk.sealing()
        reader = SettingsReader(
            self.desk.api,
            self.desk.inventory,
            key,
            self.since(),
            moved=lambda done, total: self._tell("settings", done, total),
            priority=priority,
        )
        self.settings = await reader.read(self.desk.clock.now())
        return self.settings

    async def sweep(self, priority: Priority = Priority.READ) -> Sweep:
        """Read every setting, store it as snapshot 0b where that is missing, judge it, journal the findings."""
        async with self._lock:
            held = await self.read_settings(priority)
            if REST_PART not in self.desk.situation().state.snapshots:
                await self._store_settings(held)
            result = sweep.sweep(held, self._home(), await self._clues(held))
            self.swept = result
            await self.desk.fact("sweep", result.fact())
            return result

    def since(self) -> datetime:
        """Return from when on a date counts as inside the window: a day before the abuse began."""
        situation = self.desk.situation()
        since = situation.background.since
        fact = situation.state.facts.get("assessment", {}).get("window", {})
        began = fact.get("from") if isinstance(fact, Mapping) else None
        return min(since, datetime.fromisoformat(began) - timedelta(days=1)) if began else since

    def _home(self) -> Any:
        return sweep.home_of(self.desk.inventory, self.since())

    async def _clues(self, held: Settings) -> Clues:
        situation = self.desk.situation()
        uses = situation.state.facts.get("credential_use", {}).get("by_credential", {})
        strange = {address for use in uses.values() for address in use.get("strange", ())}
        known = {address for use in uses.values() for address in use.get("addresses", ())} - strange
        people = {(i.user.email or "").lower() for i in self.desk.inventory.users.values()}
        return Clues(
            frozenset(known), frozenset(strange), frozenset(people), await self._changed(held, situation)
        )

    async def _changed(self, held: Settings, situation: Situation) -> dict[tuple[str, str, str], str]:
        """Return what differs from the snapshot's baseline, as far as there is one."""
        before = situation.state.baseline.get("settings")
        taken = situation.state.snapshots.get(REST_PART, {}).get("at", "")
        if not isinstance(before, Mapping) or not before:
            return {}
        key, _ = await self.desk.sealing()
        fingerprint = _fingerprinter(key)
        changed: dict[tuple[str, str, str], str] = {}
        for item in settings.items(held):
            name = settings.named(item, fingerprint)
            was = before.get(name)
            if was is None:
                changed[item.kind, item.place, item.id] = f"was not there in the snapshot of {taken}"
            elif was != fingerprint(item.content)[:16]:
                changed[item.kind, item.place, item.id] = f"differs from the snapshot of {taken}"
        return changed

    async def _store_settings(self, held: Settings, logs: Mapping[str, Any] | None = None) -> None:
        if self.desk.read_only:
            return
        key, sealer = await self.desk.sealing()
        fingerprint = _fingerprinter(key)
        content = settings.document(held, self.desk.incident, fingerprint)
        if logs is not None:
            content["log"] = dict(logs)
        body = await evidence.preserve(content, REST_PART, self.desk.folder / "evidence", sealer)
        body["counts"] = {**body["counts"], "settings": held.looked_at}
        if "settings" not in self.desk.situation().state.baseline:
            body["baseline"] = {"settings": settings.baseline(held, fingerprint)}
        await self.desk.record("snapshot.stored", body)

    # ── log ──────────────────────────────────────────────────────────────────────────────────────────

    async def preserve_rest(self) -> None:
        """Store snapshot 0b: every setting and the log; the log first where the plan keeps it only for days.

        Raises VaultError and JournalError; what the account does not show becomes a gap in the snapshot.
        """
        async with self._lock:
            oldest = await self._oldest()
            now = self.desk.clock.now()
            stored = self.desk.situation().state.snapshots
            short = oldest is not None and now - oldest <= SHORT
            logs: Mapping[str, Any] | None = None
            if short and LOGS_PART not in stored:
                logs = await self._export(self._from(oldest), now)
            if REST_PART not in stored:
                held = self.settings or await self.read_settings()
                await self._store_settings(held, logs)
            if not short and LOGS_PART not in stored:
                await self._export(self._from(oldest), now)

    async def _oldest(self) -> datetime | None:
        """Return the oldest log entry of any region; None where no region shows one."""
        api, now = self.desk.api, self.desk.clock.now()
        found = await asyncio.gather(
            *(oldest_entry(api, region, now) for region in api.endpoints.regions), return_exceptions=True
        )
        for answer in found:
            if isinstance(answer, BaseException) and not isinstance(answer, ApiError):
                raise answer
        return min((moment for moment in found if isinstance(moment, datetime)), default=None)

    def _from(self, oldest: datetime | None) -> datetime:
        """Return from when on the log is read: some calm days before the abuse, or all that is kept of them."""
        now = self.desk.clock.now()
        volume = self.desk.metering.volume
        began = volume.began if volume is not None else None
        start = began - CALM if began is not None else now - UNKNOWN
        # On a short plan everything is read: it is little, and gone tomorrow.
        if oldest is not None and (now - oldest <= SHORT or oldest > start):
            start = oldest
        return start.replace(minute=0, second=0, microsecond=0)

    async def _export(self, start: datetime, now: datetime) -> Mapping[str, Any]:
        """Read the log once: sealed to disk where this session may write, and counted into groups."""
        sinks: list[Sink] = []
        export: LogExport | None = None
        if not self.desk.read_only:
            _, sealer = await self.desk.sealing()
            export = LogExport(self.desk.folder / "evidence" / "log", sealer)
            sinks.append(export.take)
        table = Attribution(start, now)
        sinks.append(lambda _region, page, _raw: table.take(page))
        try:
            read = await read_logs(
                self.desk.api,
                self.desk.api.endpoints.regions,
                start,
                now,
                sinks,
                moved=lambda done, total: self._tell("log", done, total),
            )
            manifest = await export.close() if export is not None else {}
        except OSError as error:
            raise JournalError(
                f"The log could not be written ({error.strerror}).",
                "The vendor keeps it for days only; without a copy the evidence of the abuse is lost.",
                "Make room on the disk that holds the workbench's folder, then preserve again.",
            ) from error
        table.gaps += read.gaps
        self._table = table
        if export is None:
            return {}
        content = {
            "schema": "workbench.snapshot/1",
            "incident": self.desk.incident,
            "part": LOGS_PART,
            "taken_at": iso(now),
            "from": iso(start),
            "to": iso(now),
            "gaps": list(read.gaps),
            **manifest,
        }
        body = await evidence.preserve(content, LOGS_PART, self.desk.folder / "evidence", sealer)
        body["counts"] = {**body["counts"], "entries": read.entries}
        await self.desk.record("snapshot.stored", body)
        return {"file": body["file"], "sha256": body["sha256"], "entries": read.entries}

    async def read_log(self) -> Attribution:
        """Return the log counted into groups, reading (and storing) it where that has not happened yet."""
        if self._table is None:
            oldest = await self._oldest()
            now = self.desk.clock.now()
            start = self._from(oldest)
            if LOGS_PART not in self.desk.situation().state.snapshots:
                await self._export(start, now)
            else:
                table = Attribution(start, now)
                read = await read_logs(
                    self.desk.api,
                    self.desk.api.endpoints.regions,
                    start,
                    now,
                    [lambda _region, page, _raw: table.take(page)],
                    moved=lambda done, total: self._tell("log", done, total),
                    priority=Priority.READ,
                )
                table.gaps += read.gaps
                self._table = table
        if self._table is None:
            raise JournalError("The log was read but not kept.", "", "Report this: it should never happen.")
        return self._table

    # ── what happened ────────────────────────────────────────────────────────────────────────────────

    async def assess(self) -> Assessment:
        """Read the metrics' weeks and the log, attribute, count the damage, journal it. Raises JournalError.

        Figures that cannot be read are said in ``words``; nothing of the ApiError family is raised.
        """
        async with self._lock:
            now = self.desk.clock.now()
            words: list[str] = []
            try:
                await self.desk.metering.read(whole=True)
            except ApiError as error:
                words.append(f"the sending figures could not be read: {error.what}")
            volume = self.desk.metering.volume
            hours = {hour.start: hour.accepted for hour in volume.hours} if volume is not None else {}
            window = abuse_window.from_metrics(hours, now)
            table = await self.read_log()
            made = self._judged(window, table, now)
            words += await self._breakdowns(window, now)
            words += [*window.notes, *abuse_window.disagreement(window, table), *table.words()]
            bounces = await self._bounces(now, words)
            made.damage = damage.assess(
                made.proposals, self.settings, self.desk.inventory, window.began, bounces
            )
            made.words = words
            self.assessment = made
            await self._journal(made, now)
            return made

    def _judged(self, window: AbuseWindow, table: Attribution, now: datetime) -> Assessment:
        found = proposals.propose(table, window.began, self._hints())
        abuse_window.with_log(window, found, now)
        return Assessment(window, table, found, rolled_up(found), Damage())

    def _hints(self) -> Hints:
        """Return what inventory and operator say about credentials, subaccounts and groups."""
        situation = self.desk.situation()
        credentials: dict[str, str] = {}
        for key in situation.inventory.keys.values():
            doubt = situation.of_key(key)
            if doubt.likely and not situation.minted_here(key.id):
                credentials[f"key:{key.id}"] = f"looks planted ({doubt.why[0]})"
        for login in situation.inventory.logins.values():
            doubt = situation.of_login(login)
            if doubt.likely:
                credentials[f"smtp:{login.login}"] = f"looks planted ({doubt.why[0]})"
        since = situation.background.since
        accounts = {
            sub.id: f"was made {sub.created_at:%d %b %H:%M}Z, inside the abuse window"
            for sub in situation.inventory.subaccounts.values()
            if sub.created_at is not None and sub.created_at >= since
        }
        decisions = {
            name: decision.decision
            for name, decision in situation.state.decisions.items()
            if name.startswith(("group:", "sender:"))
        }
        return Hints(credentials, accounts, decisions)

    async def _breakdowns(self, window: AbuseWindow, now: datetime) -> list[str]:
        """Fill the window's breakdowns; returns in words which could not be read."""
        if window.began is None:
            return []
        began = window.began.replace(minute=0, second=0, microsecond=0)
        until = window.ended or now
        inside = max(1.0, (until - began).total_seconds() / 3600)
        earlier = began - HISTORY
        words: list[str] = []
        for name in abuse_window.DIMENSIONS:
            try:
                there, before = await asyncio.gather(
                    self._counts(name, began, until), self._counts(name, earlier, began)
                )
            except ApiError as error:
                words.append(f"no breakdown by {name}: {error.what}")
                continue
            window.by[name] = abuse_window.breakdown(there, before, inside, HISTORY.total_seconds() / 3600)
        return words

    async def _counts(self, dimension: str, start: datetime, end: datetime) -> Mapping[str, int]:
        total: Counter[str] = Counter()
        for rows in await asyncio.gather(
            *(
                metrics(
                    self.desk.api,
                    region=region,
                    start=start,
                    end=end,
                    names=(ACCEPTED,),
                    dimensions=(dimension,),
                    include_subaccounts=True,
                )
                for region in self.desk.api.endpoints.regions
            )
        ):
            for row in rows:
                total[row.dimensions.get(dimension) or "(none)"] += row.count(ACCEPTED)
        return total

    async def _bounces(self, now: datetime, words: list[str]) -> list[BounceClass]:
        found: list[BounceClass] = []
        for region in self.desk.api.endpoints.regions:
            try:
                found += await bounce_classification(
                    self.desk.api, region=region, start=now - timedelta(days=7), end=now
                )
            except ApiError as error:
                words.append(f"{region.value.upper()}: why mail is refused could not be read: {error.what}")
        return found

    async def _journal(self, made: Assessment, now: datetime) -> None:
        uses = proposals.uses(made.proposals, made.table, now)
        await self.desk.fact(
            "credential_use",
            {
                "by_credential": {name: use.to_json() for name, use in uses.items()},
                "as_of": iso(now),
                "sampled": False,
                "entries": made.table.entries,
                "unreadable": made.table.unreadable,
                "gaps": list(made.table.gaps),
            },
        )
        window = made.window.to_json()
        await self.desk.fact(
            "assessment",
            {
                "lines": made.lines(),
                "window": {**window, "hours": window["hours"][-48:]},
                "damage": made.damage.to_json(),
                "senders": [sender.to_json() for sender in made.senders[:100]],
                "entries": made.table.entries,
            },
        )

    def _tell(self, what: str, done: int, total: int) -> None:
        if self.moved is not None:
            self.moved(what, done, total)


def _fingerprinter(key: bytes) -> Callable[[str], str]:
    return lambda text: Secret(text).fingerprint(key) if text else ""
