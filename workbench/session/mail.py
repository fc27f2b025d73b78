"""The intruder's mail itself and who followed its links: fetched, sealed, opened again, written for those who warn."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from workbench.core.clock import iso
from workbench.core.errors import VaultError
from workbench.core.json_text import read_json
from workbench.core.sealing import Sealer
from workbench.domain.forensics import lost
from workbench.domain.forensics.attribution import Attribution
from workbench.domain.forensics.classification import Proposal
from workbench.domain.forensics.lost import Lost
from workbench.domain.mail import mime, samples
from workbench.domain.mail.samples import Sample
from workbench.domain.model.credential_use import INTRUDER, PRODUCTION
from workbench.domain.model.hash_chain import ChainRow
from workbench.mailgun.client import Priority
from workbench.readers import stored_mail
from workbench.readers.log import read_logs
from workbench.readers.ports import Desk
from workbench.readers.recipients import ClickedList, LostList, RecipientList
from workbench.session import evidence


@dataclass(slots=True)
class MailEvidence:
    """The mail of one incident; ``samples`` are those the journal knows."""

    desk: Desk

    @property
    def samples(self) -> list[Sample]:
        """Return what became of each intruder group's message, as journaled."""
        return list(self.desk.situation().state.known(samples.KeptMail).samples)

    async def preserve(self, proposals: Sequence[Proposal]) -> list[Sample]:
        """Fetch and seal one stored message of each group judged the intruder's that is not stored yet.

        Returns every sample; what could not be fetched says why. Raises VaultError and JournalError.
        """
        held = self.samples
        asked = samples.wanted(proposals, held)
        if not asked or self.desk.recorder.read_only:
            return held
        return await stored_mail.preserve(self.desk, asked, held, samples.left_out(proposals))

    async def clicked(self, table: Attribution, proposals: Sequence[Proposal]) -> ClickedList:
        """Return who followed a link of the intruder's mail, read from the log; ``close`` it when it was written.

        Kept on disk while it is collected: memory does not grow with the log.
        """
        groups = [p.group.key for p in proposals if p.judged == INTRUDER]
        collected = ClickedList(Attribution(table.start, table.end), groups)
        try:
            await self._collect(table, collected)
        except BaseException:
            collected.close()
            raise
        return collected

    async def lost(
        self, table: Attribution, proposals: Sequence[Proposal], since: datetime | None
    ) -> LostList:
        """Return our own mail that was lost since the abuse began, and journal the counts; ``close`` it when used."""
        ours = [p.group.key for p in proposals if p.judged == PRODUCTION]
        collected = LostList(Lost.of(Attribution(table.start, table.end), ours, since))
        try:
            await self._collect(table, collected)
            situation = self.desk.situation()
            gap = lost.never_accepted(situation.volume, situation.state.first_cut_at, situation.now)
            lost_ = collected.lost.fact(collected.people, gap, iso(situation.now), collected.gaps)
            await self.desk.recorder.learn(lost_)
        except BaseException:
            collected.close()
            raise
        return collected

    async def _collect(self, table: Attribution, collected: RecipientList) -> None:
        api = self.desk.api
        read = await read_logs(
            api, api.endpoints.regions, table.start, table.end, (collected.take,), priority=Priority.READ
        )
        collected.gaps = list(read.gaps)

    async def write(self, collected: RecipientList, path: Path, what: str) -> int:
        """Write a list that was shown, journal that it was (never what it holds), and return how many it names."""
        count = await asyncio.to_thread(collected.write, path)
        await self.noted(what, path, count)
        return count

    async def noted(self, what: str, path: Path, people: int) -> None:
        """Journal that a list of people was written, never whom it names: a purge tells what lies outside of it."""
        if not self.desk.recorder.read_only:
            body = {"list": what, "file": path.name, "people": people, "who": self.desk.recorder.operator}
            await self.desk.recorder.record("list.written", body)


class OpenedMail(NamedTuple):
    """The sealed messages with what may be shown of each, the newest reading last; ``broken`` names what is lost."""

    messages: list[tuple[Mapping[str, Any], mime.ShownMail]]
    broken: list[str]


def opened(folder: Path, rows: Sequence[ChainRow], sealer: Sealer) -> OpenedMail:
    """Return the sealed messages of an incident; a file that is not what was stored costs itself alone. Blocks."""
    items, _ = evidence.stored(rows)
    found = OpenedMail([], [])
    for item in items:
        if item.part != samples.PART:
            continue
        try:
            content = read_json(evidence.plain(folder, item, sealer), msgspec.json.decode)
        except VaultError as error:
            found.broken.append(error.what)
            continue
        except msgspec.DecodeError:
            found.broken.append(f"{item.path} holds no messages.")
            continue
        held = content.get("messages") if isinstance(content, dict) else None
        for number, message in enumerate(held if isinstance(held, list) else (), 1):
            if isinstance(message, dict) and isinstance(message.get("answer"), dict):
                found.messages.append((message, samples.shown_of(message["answer"])))
            else:
                found.broken.append(f"Message {number} of {item.path} cannot be read.")
    return found


__all__ = ["MailEvidence", "OpenedMail", "opened"]
