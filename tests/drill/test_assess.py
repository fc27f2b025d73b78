"""The assessment against the simulated account: window, attribution, damage, the stored log."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.assessing import examine, swept, truth_of
from tests.support.drills import opened, running_drill
from workbench.core.rows import text_of
from workbench.domain.forensics.senders import for_abuse_reports, why_of
from workbench.domain.forensics.timeline import MomentKind, timeline
from workbench.domain.model.credential_use import CredentialUses
from workbench.domain.runbook.verdict import Verdict
from workbench.drill.world.records import SimulatedSuppression
from workbench.mailgun.log_entries import read_page
from workbench.planning.contain import Scope, plan
from workbench.presentation.senders import rows as sender_rows
from workbench.readers.credential_use import CALLS, read_use
from workbench.readers.log_export import pages_of
from workbench.readers.snapshots import load
from workbench.session.session import Session


@pytest.mark.parametrize("scenario", ["stolen-login", "site-abuse", "subaccount"])
async def test_no_intruder_passes_for_production_and_nobody_of_ours_is_accused(
    tmp_path: Path, scenario: str
) -> None:
    found = await examine(tmp_path, scenario, 5)
    assert found.accused == []
    assert found.intruder["production"] == 0
    assert found.intruder["intruder"] > 0
    assert found.production["production"] > 10


async def test_the_whole_assessment_over_sockets(tmp_path: Path) -> None:
    async with running_drill(tmp_path, scenario="stolen-login") as drill, opened(drill, tmp_path) as session:
        await session.account.connect()
        await swept(session)
        domains = [d for area in drill.account.main.regions.values() for d in area.domains.values()]
        spam = {"code": "550", "error": "5.7.1 blocked, see our block list"}
        for domain in domains:
            domain.bounces["real@inbox.example"] = SimulatedSuppression(
                "real@inbox.example", drill.account.now() - 60.0, spam
            )
        # Nobody has to sweep first: the tables of the abused domains are read by the assessment itself.
        session.account.investigation.settings = None
        found = await session.account.investigation.assess()
        truth = truth_of(drill)
        mine = [added.domain for added in found.damage.added if added.address == "real@inbox.example"]
        assert mine == [drill.story.stolen_login.domain]  # type: ignore[union-attr]
        assert not any("not read" in note for note in found.damage.notes)
        assert session.unavailable("suppressions.lift") == ""
        began = datetime.fromisoformat(truth["window"]["from"])
        assert found.window.began is not None
        assert abs(found.window.began - began) < timedelta(hours=1)
        assert found.window.by["domain"][0].value == drill.story.stolen_login.domain  # type: ignore[union-attr]
        login = drill.story.stolen_login
        assert login is not None
        bad = [s for s in found.senders if s.looks == "intruder"]
        assert {s.credential for s in bad} == {f"smtp:{login.login}"}
        assert {a for s in bad for a in s.addresses} <= set(truth["intruder_ips"])
        use = session.state.known(CredentialUses).by_credential[f"smtp:{login.login}"]
        assert use.looks == "both"
        assert set(use.strange) <= set(truth["intruder_ips"])
        assert found.damage.sure.counts["accepted"] == sum(s.accepted for s in bad)
        assert found.damage.sure.recipients > 100
        assert found.words == [] or all("whose acceptance" in w for w in found.words)
        moments = timeline(session.situation(), session.account.investigation.settings)
        assert any(m.kind is MomentKind.LOG and "abuse begins" in m.text for m in moments)
        await _decided(session)
        await _stored_log_is_whole(session, found.table.entries)
        await _recipients(session, tmp_path)


async def _decided(session: Session) -> None:
    """What the operator decides counts at once, in the use of the credential and in the damage."""
    held = session.account.investigation.assessment
    assert held is not None
    counted = held.damage.sure.counts["accepted"]
    reported = for_abuse_reports(held.proposals).splitlines()
    assert {line.split()[0] for line in reported} == {
        a for s in held.senders if s.looks == "intruder" for a in s.addresses
    }
    rows = session.account.investigation.senders()
    assert rows[0].looks == "intruder" and rows[0].decision is None
    shown = sender_rows(rows)[0]
    assert text_of(shown.cells[0]) == "intruder?" and "%" in text_of(shown.cells[4])
    assert "from " in why_of(rows[0])
    names = [row.key for row in rows if row.looks == "intruder"]
    for name in names:
        await session.recorder.decide(name, "ours", "our own campaign")
    again = await session.account.investigation.judge_again()
    assert again is not None and counted > 0
    assert again.damage.sure.counts["accepted"] == 0
    assert for_abuse_reports(again.proposals) == ""
    use = session.state.known(CredentialUses).by_credential[rows[0].credential]
    assert use.looks == "production"
    for name in names:
        await session.recorder.decide(name, "intruder", "it was not")
    again = await session.account.investigation.judge_again()
    assert again is not None and again.damage.sure.counts["accepted"] == counted


async def _stored_log_is_whole(session, entries: int) -> None:  # type: ignore[no-untyped-def]
    stored = session.state.snapshots["0b-log"]
    _, sealer = await session.recorder.sealing()
    manifest = load(session.recorder.folder / "evidence" / stored.file, sealer)
    read = 0
    for chunk in manifest["chunks"]:
        for raw in pages_of(session.recorder.folder / "evidence" / "log" / chunk["name"], sealer):
            page = read_page(raw)
            assert page is not None
            read += len(page.entries)
    assert read == manifest["entries"] == entries


async def _recipients(session, folder: Path) -> None:  # type: ignore[no-untyped-def]
    path = folder / "recipients.csv"
    count, gaps = await session.account.investigation.write_recipients(path)
    assert not gaps
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert len(rows) == count + 1
    assert len({row[0] for row in rows[1:]}) == count
    assert path.stat().st_mode & 0o077 == 0
    delivered = session.account.investigation.assessment.damage.sure.counts["delivered"]
    assert 0.9 * delivered <= count <= delivered
    assert "recipients.csv" not in repr(session.state)


async def test_the_quick_look_names_who_sends_in_ten_calls(tmp_path: Path) -> None:
    async with running_drill(tmp_path, traffic=1.0) as drill, opened(drill, tmp_path) as session:
        await session.account.connect()
        await session.account.read_rate(whole=True)
        began = session.account.metering.volume.began if session.account.metering.volume else None
        use = await read_use(
            session.account.api, session.account.api.endpoints.regions, session.clock.now(), began=began
        )
        assert use.calls <= CALLS
        stolen = drill.story.stolen_key
        assert stolen is not None
        worst = max(use.by_credential, key=lambda name: use.by_credential[name].last_hour)
        assert worst == f"key:{stolen.id}"
        assert use.by_credential[worst].looks == "both"
        assert set(use.by_credential[worst].strange) <= set(drill.story.intruder_ips)
        real = 1900 * 0.8
        assert real * 0.7 < use.by_credential[worst].last_hour < 1900 * 1.5


async def test_an_account_without_a_log_is_assessed_and_says_what_is_missing(tmp_path: Path) -> None:
    async with running_drill(tmp_path, scenario="empty") as drill, opened(drill, tmp_path) as session:
        await session.account.connect()
        await session.account.read_inventory()
        found = await session.account.investigation.assess()
        assert found.window.began is None
        assert any("retention" in line for line in found.lines())
        assert found.senders == []
        assert drill.account.now() > datetime(2026, 1, 1, tzinfo=UTC).timestamp()


async def test_preserving_the_rest_stores_settings_and_log_once(tmp_path: Path) -> None:
    async with running_drill(tmp_path, scenario="no-domains") as drill, opened(drill, tmp_path) as session:
        await session.account.connect()
        await session.account.read_inventory()
        await session.account.preserve_rest()
        assert {"0b", "0b-log"} <= set(session.state.snapshots)
        last = session.state.last_seq
        await session.account.preserve_rest()
        assert session.state.last_seq == last
        assert drill.world.planted == []


async def test_what_was_assessed_before_the_cut_is_no_newer_for_being_judged_after_it(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="stolen-login", domains=3, credentials=4) as drill,
        opened(drill, tmp_path) as session,
    ):
        await session.account.connect()
        await session.account.read_inventory()
        made = await session.account.investigation.assess()
        await session.run(plan(session.situation(), Scope()))
        fresh = session.state.known(CredentialUses)
        assert session.state.after_cut(fresh, fresh.since), "who sends is read once a plan has cut"
        await session.recorder.decide(made.senders[0].key, "intruder", "seen")
        await session.account.investigation.judge_again()
        assert session.state.known(CredentialUses) == fresh
        step = next(view for view in session.steps() if view.id == "8")
        assert step.verdict is Verdict.IN_PROGRESS and "before access was cut" in step.evidence[0]
        # Read within ten minutes, and yet not since the cut: it is read anew.
        again = await session.account.investigation.assess()
        assert again.table is not made.table
        step = next(view for view in session.steps() if view.id == "8")
        assert step.verdict is Verdict.DONE
