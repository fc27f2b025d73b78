"""The sweep against the simulated account: every planted thing is reported, and one plan takes it away."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.assessing import examine, swept, truth_of
from tests.support.drills import SMALL, opened, running_drill
from workbench.core.errors import Forbidden, NotAuthorised, UsageError
from workbench.domain.forensics.abuse_window import AbuseWindow
from workbench.domain.forensics.assessment import Assessment
from workbench.domain.forensics.attribution import Attribution
from workbench.domain.forensics.damage import Damage
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.suppressions import Added
from workbench.domain.settings_audit.audit import JudgedAge
from workbench.domain.settings_audit.results import open_items
from workbench.drill.world.records import Allowed, SimulatedSuppression
from workbench.drill.world.truth import truth
from workbench.readers.snapshots import load
from workbench.session.session import Session


def _leftovers(session: Session) -> list[str]:
    return [f.key for f in session.findings() if f.remedy == "leftovers.remove" and not f.decision]


async def test_every_planted_thing_is_reported_with_its_own_id_and_place(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await session.account.connect()
        await swept(session)
        planted = truth_of(drill)["planted"]
        found = {(f.kind, f.id): f for f in session.findings()}
        for thing in planted:
            finding = found.get((thing["kind"], thing["id"]))
            assert finding is not None, thing
            assert finding.why, thing
            places = {part.lower() for part in finding.where}
            for place in thing["where"]:
                assert place == "global" or place.lower() in places, (thing, finding.where)
        assert len(planted) >= 16
        # What is not planted is what the intruder made along the way: the subaccount's own things.
        ids = {thing["id"] for thing in planted}
        inside = next(t["id"] for t in planted if t["kind"] == "subaccount")
        assert all(inside in " ".join(f.where) for f in session.findings() if f.id not in ids)


@pytest.mark.parametrize("scenario", ["panel-session", "slow-abuse", "disabled", "subaccount"])
async def test_planted_things_of_other_scenarios(tmp_path: Path, scenario: str) -> None:
    found = await examine(tmp_path, scenario, 7, log=False, **SMALL)
    assert found.planted > 0
    assert found.missing == []


async def test_an_agency_of_sixty_domains_in_two_regions(tmp_path: Path) -> None:
    found = await examine(tmp_path, "agency", 3, log=False, domains=60)
    assert found.planted >= 16
    assert found.missing == []


@pytest.mark.parametrize("scenario", ["no-domains", "empty", "one-region", "hostile-names"])
async def test_odd_accounts_are_swept_without_a_false_alarm_about_settings(
    tmp_path: Path, scenario: str
) -> None:
    async with (
        running_drill(tmp_path, scenario=scenario, **SMALL) as drill,
        opened(drill, tmp_path) as session,
    ):
        await session.account.connect()
        await session.account.read_inventory()
        result = await session.account.investigation.sweep()
        assert result.asked() == []
        assert drill.world.planted == []


async def test_a_role_that_may_not_see_settings_leaves_gaps_with_reasons(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="non-admin", **SMALL) as drill,
        opened(drill, tmp_path) as session,
    ):
        await session.account.connect()
        await session.account.read_inventory()
        result = await session.account.investigation.sweep()
        assert any("allowlist" in gap and "not allowed" in gap for gap in result.gaps)
        assert result.swept


async def test_one_plan_removes_what_was_left_and_proves_it(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await session.account.connect()
        await swept(session)
        plan = session.plan("leftovers.remove", _leftovers(session))
        summary = await session.run(plan)
        assert summary.complete, summary.line()
        removed = {r.effect.id for r in session.state.effects.values() if r.state is EffectState.VERIFIED}
        assert {e.id for e in plan} <= removed
        assert _leftovers(session) == []
        drill.write_truth()
        area = drill.account.main.regions["us"]
        [rule] = area.alerts.values()
        assert (rule.comparator, rule.limit, rule.channels) == (">", "0.05", ["email"])
        headers = [
            v.headers
            for d in area.domains.values()
            for t in d.templates.values()
            for v in t.versions.values()
        ]
        assert headers and all("Reply-To" not in held and held["From"] for held in headers)
        # A fresh sweep asks about nothing of it: what was repaired says so.
        await session.account.investigation.sweep()
        assert [item.title for item, decision in open_items(session.situation()) if not decision] == []
        told = [moment.text for moment in session.account.investigation.moments() if moment.suspicious]
        assert "route “archive” made" in told and "account webhook “stats” made" in told, (
            "named although they are gone"
        )
        # Unless somebody does it again.
        template = next(
            t for d in area.domains.values() for t in d.templates.values() if t.name == "password-reset"
        )
        next(iter(template.versions.values())).headers["Reply-To"] = "helpdesk@mx-audit.example"
        await session.account.investigation.sweep()
        again = [item for item, decision in open_items(session.situation()) if not decision]
        assert [item.kind for item in again] == ["template"]
        assert "there again" in again[0].why[0]
        # And it can be taken away again, each time once.
        plan = session.plan("leftovers.remove", [again[0].key])
        assert len(plan) == 1 and "came back" in next(iter(plan)).what
        assert (await session.run(plan)).complete
        assert "Reply-To" not in next(iter(template.versions.values())).headers
        assert _leftovers(session) == []
        with pytest.raises(UsageError, match="Nothing is left"):
            session.plan("leftovers.remove", [again[0].key])
        assert _customers_own(truth(drill.account)) == _customers_own(truth_of(drill))


def _customers_own(document: dict[str, Any]) -> Sequence[Any]:
    return [group for group in document["groups"] if group["actor"] == "production"]


async def test_findings_survive_a_restart_and_decisions_close_them(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill:
        async with opened(drill, tmp_path) as session:
            await session.account.connect()
            await swept(session)
            first = {f.key for f in session.findings()}
            route = next(f for f in session.findings() if f.kind == "route")
            await session.recorder.decide(route.key, "ours", "our own archive")
        async with opened(drill, tmp_path) as again:
            await again.account.read_inventory()
            assert {f.key for f in again.findings()} == first - {route.key}


async def test_the_snapshot_holds_every_setting_and_no_secret(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await session.account.connect()
        await swept(session)
        stored = session.state.snapshots["0b"]
        _, sealer = await session.recorder.sealing()
        content = load(session.recorder.folder / "evidence" / stored.file, sealer)
        text = json.dumps(content)
        main = drill.account.main
        assert main.signing_key not in text
        assert content["accounts"][0]["signing_key"]
        assert {d["domain"]["name"] for d in content["domains"]} == set(session.inventory.domains)
        assert "collect.mx-audit.example" in text
        assert session.state.baseline.settings
        names = (session.recorder.folder / "evidence").iterdir()
        assert all(
            "collect.mx-audit" not in path.read_bytes().decode("latin-1") for path in names if path.is_file()
        )


async def test_what_changes_after_the_snapshot_is_named_as_changed(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="stolen-key", **SMALL) as drill,
        opened(drill, tmp_path) as session,
    ):
        await session.account.connect()
        await swept(session)
        area = drill.account.main.regions["us"]
        domain = next(d for d in area.domains.values() if d.webhooks)
        domain.webhooks["clicked"] = ["https://hooks.acme.example/late"]
        result = await session.account.investigation.sweep()
        late = next(item for item in result.swept if item.id == "https://hooks.acme.example/late")
        assert late.judged is JudgedAge.INSIDE
        assert "was not there in the snapshot" in late.why[0]
        assert late.asks


async def test_only_the_named_suppressions_are_lifted(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="stolen-key", **SMALL) as drill,
        opened(drill, tmp_path) as session,
    ):
        await session.account.connect()
        await session.account.read_inventory()
        area = drill.account.main.regions["us"]
        domain = next(d for d in area.domains.values() if d.bounces)
        now = session.clock.now()
        domain.bounces["real@inbox.example"] = SimulatedSuppression(
            "real@inbox.example", now.timestamp(), {"code": "550"}
        )
        before = set(domain.bounces)
        added = Added(domain.name, "bounces", "real@inbox.example", now, "refused for reputation")
        session.account.investigation.assessment = Assessment(
            AbuseWindow(), Attribution(now, now), [], [], Damage(added=[added])
        )
        summary = await session.run(session.plan("suppressions.lift"))
        assert summary.complete, summary.line()
        assert set(domain.bounces) == before - {"real@inbox.example"}
        record = session.state.of_kind(EffectKind.SUPPRESSION_LIFT)[0]
        assert record.state is EffectState.VERIFIED
        assert "absent" in record.evidence[-1]


async def test_shut_out_after_a_sweep_nothing_found_is_lost(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="panel-session", **SMALL) as drill,
        opened(drill, tmp_path) as session,
    ):
        await session.account.connect()
        await swept(session)
        before = {finding.key for finding in session.findings()}
        drill.account.main.allowlist.append(Allowed("198.51.100.1", "vpn"))
        drill.account.changed(urgent=True)
        with pytest.raises(NotAuthorised):
            await session.account.investigation.sweep()
        assert {finding.key for finding in session.findings()} == before
        assert before


async def test_one_area_refused_is_a_question_and_keeps_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object, **__: object) -> None:
        raise Forbidden("GET /v3/routes was refused: not allowed (403).", "", "")

    async with (
        running_drill(tmp_path, scenario="panel-session", **SMALL) as drill,
        opened(drill, tmp_path) as session,
    ):
        await session.account.connect()
        await swept(session)
        route = next(finding for finding in session.findings() if finding.kind == "route")
        with monkeypatch.context() as patched:
            patched.setattr("workbench.readers.settings.settings.list_routes", refused)
            await session.account.investigation.sweep()
            found = {finding.key: finding for finding in session.findings()}
            assert "could not be read again" in " ".join(found[route.key].why)
            asked = [finding for finding in found.values() if finding.kind == "unread"]
            assert {finding.id for finding in asked} == {"routes"}
            assert "ask Support" in asked[0].why[0]
        # A snapshot that could not look there calls nothing new that is seen later.
        await session.account.investigation.sweep()
        found = {finding.key: finding for finding in session.findings()}
        assert "could not be read again" not in " ".join(found[route.key].why)
        assert not [finding for finding in found.values() if finding.kind == "unread"]
