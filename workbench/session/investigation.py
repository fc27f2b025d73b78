"""What happened, and what the intruder left: the readings behind ``sweep``, ``assess`` and snapshot 0b.

It reads settings and log below the writes, stores them sealed, and journals what was found, so that reopening
the incident knows it again. It decides nothing and writes nothing to the account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from workbench.core.clock import as_moment, iso
from workbench.core.errors import ApiError, UsageError
from workbench.core.redact import Secret
from workbench.domain.blocklists.recorded import TemplateLinks
from workbench.domain.detection.hosts import CustomerNames, home_of
from workbench.domain.forensics import abuse_window, classification, damage, timeline
from workbench.domain.forensics.abuse_window import AbuseWindow
from workbench.domain.forensics.assessment import Assessment
from workbench.domain.forensics.attribution import Attribution
from workbench.domain.forensics.classification import ClassificationHints
from workbench.domain.forensics.damage import Damage
from workbench.domain.forensics.recorded import RecordedAssessment, RecordedSender
from workbench.domain.forensics.senders import rolled_up
from workbench.domain.hardening import facts
from workbench.domain.model import settings
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.credential_use import INTRUDER, CredentialUses
from workbench.domain.model.settings import SUPPRESSION_KINDS, Settings
from workbench.domain.model.situation import Situation
from workbench.domain.settings_audit import audit
from workbench.domain.settings_audit import unread as sweep_unread
from workbench.domain.settings_audit.audit import Clues, Sweep
from workbench.domain.settings_audit.recorded import SweepRead
from workbench.domain.settings_audit.results import proven, swept_items
from workbench.mailgun.client import Priority
from workbench.mailgun.evidence_models import BounceClass
from workbench.readers import blocklist_targets, snapshots
from workbench.readers.log_evidence import LogEvidence
from workbench.readers.metric_breakdown import read_bounces, read_breakdowns
from workbench.readers.ports import Desk, account_now, clock_words
from workbench.readers.recipients import WrittenList
from workbench.readers.settings import SettingsReader
from workbench.session.mail import MailEvidence

REST_PART = "0b"
Moved = Callable[[str, int, int], None]


@dataclass(slots=True)
class Investigation:
    """The readings of one session; results of the latest ones stay here for screens."""

    desk: Desk
    settings: Settings | None = None
    swept: Sweep | None = None
    assessment: Assessment | None = None
    moved: Moved | None = None
    log: LogEvidence = field(init=False)
    mail: MailEvidence = field(init=False)
    # What the latest assessment counted the damage from, to count it again after a decision.
    _bounces: list[BounceClass] = field(default_factory=list)
    _damaged: Settings | None = None
    # A sweep must not wait for a log that takes minutes.
    _settings_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _log_lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.log = LogEvidence(self.desk, self._tell)
        self.mail = MailEvidence(self.desk)

    # ── settings ─────────────────────────────────────────────────────────────────────────────────────

    async def read_settings(self, priority: Priority = Priority.BACKGROUND) -> Settings:
        """Read every setting; what could not be read is in its gaps.

        Raises NotAuthorised where every single reading was refused: nothing was seen, and nothing may count.
        """
        key, _ = await self.desk.recorder.sealing()
        reader = SettingsReader(
            self.desk.api,
            self.desk.inventory,
            key,
            self.since(),
            moved=lambda done, total: self._tell("settings", done, total),
            priority=priority,
        )
        self.settings = await reader.read(account_now(self.desk))
        return self.settings

    async def sweep(self, priority: Priority = Priority.READ) -> Sweep:
        """Read every setting, store it as snapshot 0b where that is missing, judge it, journal the findings."""
        async with self._settings_lock:
            situation = self.desk.situation()
            row = situation.state.last_seq
            before = tuple(record.effect.id for found in proven(situation).values() for record in found)
            earlier = swept_items(situation) or []
            held = await self.read_settings(priority)
            if REST_PART not in self.desk.situation().state.snapshots:
                await self._store_settings(held)
            result = audit.sweep(held, self._home(), await self._clues(held))
            result.cared_for = before
            gaps = list(held.gaps.values())
            result.swept += sweep_unread.carried(earlier, result.swept, gaps)
            result.unread = tuple(sweep_unread.unread(gaps))
            self.swept = result
            await self.desk.recorder.learn(SweepRead.of(result, row))
            await self.desk.recorder.learn(TemplateLinks(hosts=tuple(blocklist_targets.template_hosts(held))))
            await self.desk.recorder.learn(facts.seen(held, iso(self.desk.clock.now())))
            if (dates := timeline.keep(self.desk.situation(), held)) is not None:
                await self.desk.recorder.learn(dates)
            return result

    def moments(self) -> list[timeline.Moment]:
        """Return the timeline of everything that is known now, oldest first."""
        return timeline.timeline(self.desk.situation(), self.settings)

    def window(self) -> AbuseWindow | None:
        """Return the abuse window as assessed, now or before; else what the hourly figures alone show.

        None while neither was read.
        """
        if self.assessment is not None:
            return self.assessment.window
        kept = self.desk.situation().state.known(RecordedAssessment).window
        if kept is not None:
            return AbuseWindow.of_recorded(kept)
        return self._figures(account_now(self.desk)) if self.desk.metering.volume is not None else None

    def since(self) -> datetime:
        """Return from when on a date counts as inside the window: a day before the abuse began."""
        situation = self.desk.situation()
        since = situation.background.since
        window = situation.state.known(RecordedAssessment).window
        began = as_moment(window.began) if window is not None else None
        return min(since, began - timedelta(days=1)) if began is not None else since

    def _home(self) -> CustomerNames:
        return home_of(self.desk.inventory, self.since())

    async def _clues(self, held: Settings) -> Clues:
        situation = self.desk.situation()
        uses = situation.state.known(CredentialUses).by_credential
        strange = {address for use in uses.values() for address in use.strange}
        known = {address for use in uses.values() for address in use.addresses} - strange
        people = {
            (i.user.email or "").lower()
            for i in self.desk.inventory.users.values()
            if not situation.of_user(i).likely
        }
        return Clues(
            frozenset(known),
            frozenset(strange),
            frozenset(people),
            await self._changed(held, situation),
            frozenset(facts.made_here(situation)),
        )

    async def _changed(self, held: Settings, situation: Situation) -> dict[tuple[str, str, str], str]:
        """Return what differs from the snapshot's baseline, as far as there is one."""
        before = situation.state.baseline.settings
        stored = situation.state.snapshots.get(REST_PART)
        taken = stored.at if stored is not None else ""
        # Without the vault the fingerprints are this run's own: everything would look changed.
        if not before or not self.desk.recorder.fingerprints_last:
            return {}
        unseen = situation.state.baseline.settings_unread or ()
        key, _ = await self.desk.recorder.sealing()
        fingerprint = _fingerprinter(key)
        changed: dict[tuple[str, str, str], str] = {}
        for item in settings.items(held):
            name = settings.named(item, fingerprint)
            was = before.get(name)
            if was is None and sweep_unread.unseen(item.kind, item.place, unseen):
                # The snapshot could not look there: nobody knows whether it is new.
                continue
            if was is None:
                changed[item.kind, item.place, item.id] = f"was not there in the snapshot of {taken}"
            elif was != fingerprint(item.content)[:16]:
                changed[item.kind, item.place, item.id] = f"differs from the snapshot of {taken}"
        return changed

    async def _store_settings(self, held: Settings, logs: Mapping[str, Any] | None = None) -> None:
        if not self.desk.recorder.keeps_evidence:
            return
        key, sealer = await self.desk.recorder.sealing()
        fingerprint = _fingerprinter(key)
        content = settings.document(held, self.desk.recorder.incident, fingerprint)
        if logs is not None:
            content["log"] = dict(logs)
        body = await snapshots.preserve(content, REST_PART, self.desk.recorder.folder / "evidence", sealer)
        body["counts"] = {**body["counts"], "settings": held.looked_at}
        if self.desk.situation().state.baseline.settings is None:
            unread = sorted({gap.slice for gap in held.gaps.values()})
            seen = AccountBaseline(
                settings=settings.baseline(held, fingerprint), settings_unread=tuple(unread)
            )
            body["baseline"] = seen.body()
        await self.desk.recorder.record("snapshot.stored", body)

    # ── log ──────────────────────────────────────────────────────────────────────────────────────────

    async def preserve_rest(self) -> None:
        """Store snapshot 0b: every setting, the log, a message of each intruder group; the log first where it is short.

        Raises VaultError and JournalError; what the account does not show becomes a gap in the snapshot.
        """
        short = await self.log.is_short()
        logs = await self._export() if short else None
        async with self._settings_lock:
            if REST_PART not in self.desk.situation().state.snapshots:
                await self._store_settings(self.settings or await self.read_settings(), logs)
        if not short:
            await self._export()
        if self.log.table is not None:
            # Bodies are kept for days only: what looks like the intruder's now is fetched before anybody judged it.
            volume = self.desk.metering.volume
            began = volume.began if volume is not None else None
            await self.mail.preserve(classification.propose(self.log.table, began, self.hints()))

    async def _export(self) -> Mapping[str, Any] | None:
        """Store the log unless it is stored already; returns its file and hash."""
        async with self._log_lock:
            return None if self.log.stored else await self.log.export()

    # ── what happened ────────────────────────────────────────────────────────────────────────────────

    async def assess(self) -> Assessment:
        """Read the metrics' weeks and the log, attribute, count the damage, journal it. Raises JournalError.

        Figures that cannot be read are said in ``words``; nothing of the ApiError family is raised.
        """
        async with self._log_lock:
            words = clock_words(self.desk)
            unread = ""
            try:
                await self.desk.metering.read(whole=True, cut=_cut(self.desk))
            except ApiError as error:
                unread = f"the sending figures could not be read: {error.what}"
            table = await self.log.read()
            now = table.end
            window = self._figures(now, unread)
            words += [window.unread] if window.unread else []
            made = self._judged(window, table, now)
            words += await read_breakdowns(self.desk.api, window, now)
            words += [*window.notes, *abuse_window.disagreement(window, table), *table.words()]
            self._bounces = await read_bounces(self.desk.api, now, words)
            self._damaged = await self._suppressions(made, words)
            self._count_damage(made)
            made.words = words
            self.assessment = made
            await self._journal(made, now)
            await self.mail.preserve(made.proposals)
            return made

    async def judge_again(self) -> Assessment | None:
        """Take the operator's decisions about senders into the assessment, and journal what follows from them.

        Returns None where nothing is assessed in this session: then they count at the next assessment.
        """
        if self.assessment is None:
            return None
        async with self._log_lock:
            # An assessment that was under way meanwhile is what is judged now.
            held = self.assessment
            # Judged anew it is the same reading: whether the abuse went on afterwards it does not know.
            now = held.table.end
            window = self._figures(now, held.window.unread)
            window.by = held.window.by
            made = self._judged(window, held.table, now)
            made.words = held.words
            self._count_damage(made)
            self.assessment = made
            await self._journal(made, now)
            return made

    def _figures(self, now: datetime, unread: str = "") -> AbuseWindow:
        """Return the window that the hourly figures show as they were last read, ``now`` at the latest.

        ``unread`` says in words what of them could not be read; a region without an answer is named too.
        """
        volume = self.desk.metering.volume
        if volume is None:
            window = abuse_window.from_metrics({}, now)
        else:
            hours = {hour.start: hour.accepted for hour in volume.hours}
            window = abuse_window.from_metrics(hours, min(now, volume.as_of))
            if volume.unread and not unread:
                names = ", ".join(region.value.upper() for region in volume.unread)
                unread = f"the sending figures of {names} could not be read"
        window.unread = unread
        return window

    def _count_damage(self, made: Assessment) -> None:
        made.damage = damage.assess(
            made.proposals, made.table, self._damaged, self.desk.inventory, made.window.began, self._bounces
        )

    def senders(self) -> list[RecordedSender]:
        """Return who sent what, as assessed now or before, with the operator's decisions of now."""
        state = self.desk.situation().state
        if self.assessment is not None:
            found = [sender.recorded() for sender in self.assessment.senders]
        else:
            found = list(state.known(RecordedAssessment).senders)
        decided = {name: held.decision for name, held in state.decisions.items()}
        return [msgspec.structs.replace(one, decision=decided.get(one.key, one.decision)) for one in found]

    async def _suppressions(self, made: Assessment, words: list[str]) -> Settings | None:
        """Return settings that hold the abused domains' suppressions from the window on, reading what is missing.

        What the sweep read is taken where it reaches back far enough; what cannot be read is said in ``words``.
        """
        began = made.window.began
        names = sorted({p.group.key.domain for p in made.proposals if p.judged == INTRUDER})
        known = self.settings
        if began is None:
            return known
        if known is not None and known.since <= began:
            held = {n: one.suppressions for n, one in known.domains.items()}
            names = [n for n in names if not held.get(n, {}).keys() >= set(SUPPRESSION_KINDS)]
        if not names:
            return known
        key, _ = await self.desk.recorder.sealing()
        since = min(self.since(), began)
        reader = SettingsReader(self.desk.api, self.desk.inventory, key, since, priority=Priority.READ)
        fresh = await reader.read_suppressions(account_now(self.desk), names)
        words += [f"{gap.slice} could not be read: {gap.reason}" for gap in fresh.gaps.values()]
        return fresh if known is None else replace(known, domains={**known.domains, **fresh.domains})

    async def write_recipients(self, path: Path) -> WrittenList:
        """Write whom the intruder's mail reached as CSV; only when somebody asks for it.

        Returns how many, and what of the log could not be read for it; journals that it was written. Raises UsageError
        before an assessment, or where the file cannot be made.
        """
        if self.assessment is None:
            raise UsageError("Nothing is assessed yet.", "", "Run the assessment first.")
        wanted = [p.group.key for p in self.assessment.proposals if p.judged == INTRUDER]
        made = await self.log.write_recipients(self.assessment.table, wanted, path)
        await self.mail.noted("recipients", path, made.people)
        return made

    def _judged(self, window: AbuseWindow, table: Attribution, now: datetime) -> Assessment:
        found = classification.propose(table, window.began, self.hints())
        abuse_window.with_log(window, found, now)
        return Assessment(window, table, found, rolled_up(found), Damage())

    def hints(self) -> ClassificationHints:
        """Return what inventory and operator say about credentials, subaccounts and groups."""
        situation = self.desk.situation()
        credentials = {
            name: f"looks planted ({why})" for name, why in situation.planted_credentials().items()
        }
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
        return ClassificationHints(credentials, accounts, decisions)

    async def _journal(self, made: Assessment, now: datetime) -> None:
        uses = classification.uses(made.proposals, made.table, now)
        found = CredentialUses(
            by_credential={name: use.recorded() for name, use in uses.items()},
            as_of=iso(made.table.end),
            since=made.table.since,
            sampled=False,
            entries=made.table.entries,
            unreadable=made.table.unreadable,
            gaps=tuple(made.table.gaps),
        )
        if self.desk.situation().state.takes_over(found):
            await self.desk.recorder.learn(found)
        await self.desk.recorder.learn(made.fact())

    def _tell(self, what: str, done: int, total: int) -> None:
        if self.moved is not None:
            self.moved(what, done, total)


def _cut(desk: Desk) -> datetime | None:
    return as_moment(desk.situation().state.access_cut_at)


def _fingerprinter(key: bytes) -> Callable[[str], str]:
    return lambda text: Secret(text).fingerprint(key) if text else ""
