"""The mail itself on the drill: fetched, sealed, shown harmlessly; retention that ended, a storage host that fails."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.drills import opened, running_drill
from workbench.domain.forensics.abuse_window import AbuseWindow
from workbench.domain.forensics.assessment import Assessment
from workbench.domain.forensics.attribution import Attribution
from workbench.domain.forensics.classification import propose
from workbench.domain.forensics.damage import Damage
from workbench.domain.forensics.senders import rolled_up
from workbench.domain.mail import landing
from workbench.domain.mail.samples import Fate
from workbench.domain.model.credential_use import INTRUDER
from workbench.drill.activity.senders import LANDING_HOST
from workbench.drill.servers.serve import RunningDrill
from workbench.readers.log import read_logs
from workbench.readers.ports import account_now
from workbench.reports import mail_texts, render
from workbench.reports.report import Audience, compose
from workbench.session.session import Session


@asynccontextmanager
async def _minutes(folder: Path) -> AsyncIterator[tuple[RunningDrill, Session, Assessment]]:
    """Open a drill and take ten minutes of its log as the whole assessment: what the intruder sent is known."""
    async with (
        running_drill(folder, domains=4, credentials=4, traffic=1.0) as drill,
        opened(drill, folder) as session,
    ):
        await session.account.connect()
        await session.account.read_inventory()
        now = account_now(session.account)
        table = Attribution(now - timedelta(minutes=10), now)
        regions = session.account.api.endpoints.regions
        await read_logs(
            session.account.api, regions, table.start, now, (lambda _r, page, _b: table.take(page),)
        )
        found = propose(table, None)
        for one in found:
            if one.group.key.address in drill.story.intruder_ips:
                one.decision = INTRUDER
        made = Assessment(AbuseWindow(), table, found, rolled_up(found), Damage())
        await session.recorder.learn(made.fact())
        yield drill, session, made


async def test_the_mail_is_sealed_shown_and_told_without_personal_data(tmp_path: Path) -> None:
    async with _minutes(tmp_path) as (_, session, made):
        mail = session.account.investigation.mail
        samples = await mail.preserve(made.proposals)
        theirs = {p.name for p in made.proposals if p.judged == INTRUDER and p.group.accepted}
        assert {one.group for one in samples} == theirs != set()
        assert {one.fate for one in samples} == {Fate.STORED}
        shown = await session.recorder.stored_mail()
        assert f"hxxps://{LANDING_HOST.replace('.', '[.]')}/track/" in shown
        assert "javascript[:]pay()" in shown and "<a" not in shown and "<form" not in shown
        assert "not opened" in shown and "sha256" in shown and "ask for something" in shown
        situation = session.situation()
        (page,) = [one for one in landing.landings(situation) if "/track/" in one.shape]
        assert page.shape == f"https://{LANDING_HOST}/track/#?to=#" and page.messages and page.clicks
        # The journal and the papers made from it name no reader and hold no way there.
        told = (
            mail_texts.to_mailgun(situation)
            + mail_texts.to_host(situation)
            + mail_texts.to_registrar(situation)
        )
        for audience in (Audience.SUPPORT, Audience.MARKETING, Audience.HOST, Audience.POLICE):
            paper = render.text(compose(audience, session.report_material()))
            assert "/track/#?to=#" in "".join(paper.split())
            assert "parcel is waiting" in paper and LANDING_HOST.replace(".", "[.]") in paper, audience
            told += paper
        told += "".join(str(row.body) for row in session.report_material().rows if row.kind == "fact")
        assert "@gmail.com" not in told and "@yahoo" not in told
        page_lines = render.text(compose(Audience.SUPPORT_PAGE, session.report_material())).splitlines()
        assert len(page_lines) <= 66 and max(map(len, page_lines)) <= 80
        # A second time nothing is asked again.
        last = session.state.last_seq
        assert len(await mail.preserve(made.proposals)) == len(samples) and session.state.last_seq == last


async def test_who_clicked_is_shown_then_written_for_the_owner_alone(tmp_path: Path) -> None:
    async with _minutes(tmp_path) as (_, session, made):
        mail = session.account.investigation.mail
        collected = await mail.clicked(made.table, made.proposals)
        seen = collected.preview()
        path = tmp_path / "clicked.csv"
        assert seen.people > 0 and not path.exists() and all("…@" in row[0] for row in seen.rows)
        assert await mail.write(collected, path, "clicked") == seen.people
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        lines = path.read_text().splitlines()
        assert len(lines) == seen.people + 1 and LANDING_HOST in lines[1]
        collected.close()
        (row,) = [r for r in session.report_material().rows if r.kind == "list.written"]
        assert "@" not in str(row.body)


async def test_what_is_not_kept_any_more_says_when_retention_ended(tmp_path: Path) -> None:
    async with _minutes(tmp_path) as (drill, session, made):
        for tenant in drill.account.world.tenants.values():
            for domain in tenant.regions["us"].domains.values():
                domain.message_ttl = 1
        await session.account.read_inventory()
        samples = await session.account.investigation.mail.preserve(made.proposals)
        gone = [one for one in samples if one.fate == Fate.GONE]
        assert gone and all("retention ended 2026-11-21 14:" in one.words and one.until for one in gone)
        assert all(one.sha256 == "" and not one.file for one in gone)
        assert "retention ended" in render.text(compose(Audience.HOST, session.report_material()))


async def test_a_storage_host_that_refuses_costs_its_messages_until_it_answers(tmp_path: Path) -> None:
    from workbench.drill.api import messages
    from workbench.drill.api.wire import WireRefusal

    def refused(call: object) -> object:
        raise WireRefusal(403, "Forbidden")

    async with _minutes(tmp_path) as (_, session, made):
        mail = session.account.investigation.mail
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(messages, "reader", refused)
            assert {one.fate for one in await mail.preserve(made.proposals)} == {Fate.DENIED}
        assert {one.fate for one in await mail.preserve(made.proposals)} == {Fate.STORED}
