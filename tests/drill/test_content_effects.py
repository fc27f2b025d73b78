"""Templates and rules that the intruder planted: found with a remedy, taken away or set back, proven by re-reading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.assessing import swept
from tests.support.drills import opened, running_drill
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.state import EffectRecord
from workbench.drill.servers.serve import RunningDrill
from workbench.drill.world.records import SimulatedRule, SimulatedTemplate, Version
from workbench.execution.effects.registry import HANDLERS
from workbench.mailgun import templates, thresholds
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.endpoints import Region
from workbench.mailgun.evidence_models import Book


def _plant(drill: RunningDrill) -> tuple[SimulatedTemplate, SimulatedTemplate]:
    """Make a template, a version of an older one, and two rules, all an hour ago; returns both templates."""
    area = drill.account.main.regions["us"]
    domain = next(d for d in area.domains.values() if "welcome" in d.templates)
    at = drill.account.now() - 3600.0
    made = SimulatedTemplate(
        "invoice", "t-new", "", at, "ci", {"v1": Version("v1", "v-new", "<p>pay</p>", at, active=True)}
    )
    domain.templates["invoice"] = made
    old = domain.templates["welcome"]
    for version in old.versions.values():
        version.active = False
    old.versions["spring"] = Version("spring", "v-spring", "<a href='https://x.example'>", at, active=True)
    area.alerts["quiet"] = SimulatedRule("r-1", "quiet", "complained_rate", "<", "0.9", "domain", at, 0.0)
    area.limits["all"] = SimulatedRule("r-2", "all", "send_count", ">", "9000000", "account", at, 0.0)
    return made, old


async def test_what_was_planted_is_taken_away_and_the_older_version_sent_again(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="stolen-key") as drill,
        opened(drill, tmp_path) as session,
    ):
        made, old = _plant(drill)
        await session.account.connect()
        await swept(session)
        wanted = [f.key for f in session.findings() if f.id in (made.id, old.id, "quiet", "all")]
        plan = session.plan("leftovers.remove", wanted)
        kinds = {effect.kind: effect for effect in plan}
        assert set(kinds) == {
            EffectKind.TEMPLATE_DELETE,
            EffectKind.TEMPLATE_ACTIVATE,
            EffectKind.RULE_DELETE,
        }
        assert len(plan) == 4
        assert "version initial instead of spring" in kinds[EffectKind.TEMPLATE_ACTIVATE].what
        assert kinds[EffectKind.TEMPLATE_DELETE].undo.startswith("cannot be undone")
        assert "again" in kinds[EffectKind.RULE_DELETE].undo
        summary = await session.run(plan)
        assert summary.complete, summary.line()
        area = drill.account.main.regions["us"]
        assert all("invoice" not in domain.templates for domain in area.domains.values())
        assert [v.tag for v in old.versions.values() if v.active] == ["initial"]
        assert "quiet" not in area.alerts and "all" not in area.limits
        records = [r for r in session.state.effects.values() if r.effect.id in {e.id for e in plan}]
        assert all(r.state is EffectState.VERIFIED for r in records)
        proofs = {r.effect.kind: r.evidence[-1] for r in records}
        assert proofs[EffectKind.TEMPLATE_ACTIVATE].startswith("version initial is active")
        assert proofs[EffectKind.TEMPLATE_DELETE].startswith("absent")
        # The next sweep has nothing to ask of it.
        await session.account.investigation.sweep()
        assert not [f.key for f in session.findings() if f.key in wanted and not f.decision]


async def test_a_proof_is_only_what_the_account_shows(tmp_path: Path) -> None:
    """The vendor's yes is not enough: what still stands as it was is not called proven."""
    async with (
        running_drill(tmp_path, scenario="stolen-key") as drill,
        opened(drill, tmp_path) as session,
    ):
        made, old = _plant(drill)
        edited = next(t for t in _templates(drill) if t.name == "password-reset")
        next(iter(edited.versions.values())).headers["Reply-To"] = "helpdesk@mx-audit.example"
        [rule] = [r for r in drill.account.main.regions["us"].alerts.values() if r.name != "quiet"]
        rule.limit, rule.updated = "0.99", drill.account.now()
        await session.account.connect()
        await swept(session)
        ids = (made.id, old.id, edited.id, "quiet", rule.name)
        plan = session.plan("leftovers.remove", [f.key for f in session.findings() if f.id in ids])
        assert {effect.kind for effect in plan} == {
            EffectKind.TEMPLATE_DELETE,
            EffectKind.TEMPLATE_ACTIVATE,
            EffectKind.TEMPLATE_HEADERS,
            EffectKind.RULE_DELETE,
            EffectKind.RULE_SET,
        }
        for effect in plan:
            proof = await HANDLERS[effect.kind].prove(session._context_now(), EffectRecord(effect))
            assert not proof.sure, (effect.kind, proof)
        summary = await session.run(plan)
        assert summary.complete, summary.line()
        assert "Reply-To" not in next(iter(edited.versions.values())).headers
        assert (rule.limit, rule.channels) == ("0.05", ["email"])


def _templates(drill: RunningDrill) -> Iterator[SimulatedTemplate]:
    for domain in drill.account.main.regions["us"].domains.values():
        yield from domain.templates.values()


async def test_the_calls_say_so_when_there_is_nothing(tmp_path: Path) -> None:
    from workbench.core.errors import NotFound

    async with running_drill(tmp_path, scenario="stolen-key") as drill, opened(drill, tmp_path) as session:
        api: Mailgun = session.account.api
        domain = next(iter(drill.account.main.regions["us"].domains))
        ask = {"region": Region.US, "priority": Priority.WRITE}
        with pytest.raises(NotFound):
            await templates.delete_template(api, domain, "none", **ask)  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            await templates.activate_version(api, domain, "none", "v", **ask)  # type: ignore[arg-type]
        for book in Book:
            with pytest.raises(NotFound):
                await thresholds.delete_rule(api, book, "none", **ask)  # type: ignore[arg-type]
            with pytest.raises(NotFound):
                await thresholds.get_rule(api, book, "none", **ask)  # type: ignore[arg-type]
