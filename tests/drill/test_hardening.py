"""Hardening as a plan, over real sockets: run, proven by the account, handed over, scored before and after."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.drills import SMALL, contain_whole, opened, remove_leftovers, running_drill
from workbench.core.errors import UsageError
from workbench.domain.hardening import measures
from workbench.domain.hardening.measures import Standing
from workbench.domain.model.effect_params import DkimRotateParams
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.state import EffectRecord
from workbench.domain.runbook import adoption
from workbench.domain.runbook.handover import kept
from workbench.domain.runbook.verdict import Verdict
from workbench.execution.effects.base import Reality
from workbench.execution.effects.registry import HANDLERS
from workbench.planning import handover
from workbench.planning.hardening import KEY_LIFE, plan
from workbench.session.session import Session


async def _read(session: Session) -> None:
    await session.account.connect()
    await session.account.read_inventory()
    await session.account.read_rate(whole=True)
    await session.account.read_use()


def _stands(session: Session, name: str) -> Standing:
    return next(i.standing for i in measures.items(session.situation()) if i.id == name)


def _percent(session: Session) -> int:
    return measures.score(measures.items(session.situation())).percent


async def test_planned_run_proven_handed_over_and_scored(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await _read(session)
        with pytest.raises(UsageError, match="not cut"):
            plan(session.situation())
        await session.account.preserve()
        await contain_whole(session)
        await session.account.read_inventory()
        await remove_leftovers(session)
        before = _percent(session)
        # Every replacement is deployed and sends: then the keys of now are those to harden.
        for record in session.state.of_kind(EffectKind.KEY_CREATE):
            if not record.effect.params.own:
                drill.account.adopt(
                    record.effect.target, (await session.recorder.secret(record.entry)).reveal()
                )

        wanted = ("key-expiry", "alerts", "domain-tls", "dkim-keys")
        made = plan(session.situation(), wanted)
        kinds = {effect.kind for effect in made}
        assert kinds >= {EffectKind.KEY_CREATE, EffectKind.ALERT_CREATE, EffectKind.DOMAIN_UPDATE}
        assert kinds & {EffectKind.DKIM_CREATE, EffectKind.DKIM_ROTATE}
        assert all(effect.breaks for effect in made)
        assert EffectKind.KEY_DELETE not in kinds, "no broad key dies before its hand-over"
        old = {str(e.params.replaces) for e in made if e.kind is EffectKind.KEY_CREATE}
        assert session.account.own_key_id not in old

        summary = await session.run(made)
        assert summary.complete, [r.failure for r in session.state.unsettled]
        await session.account.read_inventory()
        assert {_stands(session, name) for name in ("alerts", "domain-tls")} == {Standing.GOOD}
        held = session.inventory.keys
        fresh = [k for k in held.values() if k.key.expires_at is not None]
        assert len(fresh) >= len(old)
        assert all(
            (k.key.expires_at - k.key.created_at).total_seconds() == pytest.approx(KEY_LIFE, abs=5)
            for k in fresh
            if k.key.expires_at is not None and k.key.created_at is not None
        )
        # The broad ones work on, nobody is down for it, and step 1 stays closed.
        assert {item.target for item in kept(session.situation())} == old <= set(held)
        # Nothing was stolen: nobody is hurried, and nobody reads marks of earlier replacements.
        assert {
            item.due - session.situation().now > timedelta(days=6)
            for item in kept(session.situation())
            if item.due
        } == {True}
        assert not [effect.what for effect in made if "[wb-" in effect.what]
        waiting = [one for one in adoption.replacements(session.situation()) if one.waits]
        assert not [one for one in waiting if one.old_works and one.down]
        step = next(s for s in session.steps() if s.id == "1")
        assert step.verdict is Verdict.DONE, step.evidence

        await session.run(handover.plan_finish(session.situation()))
        await session.account.read_inventory()
        assert old.isdisjoint(session.inventory.keys)
        ended = [r for r in session.state.of_kind(EffectKind.KEY_DELETE) if r.effect.target in old]
        assert {r.state for r in ended} == {EffectState.VERIFIED}
        assert any("401" in line for r in ended for line in r.evidence), (
            "their secrets are known: proven dead"
        )
        assert _stands(session, "key-expiry") is Standing.GOOD
        assert not session.state.alarms, "nothing that hardening did is a stranger's"
        assert _percent(session) > before


async def test_a_dkim_key_is_switched_on_once_its_record_is_published(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await _read(session)
        await session.account.preserve()
        await contain_whole(session)
        await session.account.investigation.sweep()
        await session.run(plan(session.situation(), ["dkim-keys"]))
        swept = await session.account.investigation.sweep()
        ours = [item for item in swept.swept if item.why == ("made by this incident",)]
        assert ours and not any(item.asks for item in ours)
        made = session.state.of_kind(EffectKind.DKIM_CREATE, EffectKind.DKIM_ROTATE)
        assert made and {r.state for r in made} == {EffectState.VERIFIED}
        created = [r for r in made if r.effect.kind is EffectKind.DKIM_CREATE]
        assert all("publish TXT" in r.evidence[0] for r in created)
        then = plan(session.situation(), ["dkim-keys"])
        assert {e.kind for e in then} == {EffectKind.DKIM_ACTIVATE} or not created
        await session.run(then)
        switched = session.state.of_kind(EffectKind.DKIM_ACTIVATE)
        assert {r.state for r in switched} == {EffectState.VERIFIED}


async def test_interrupted_before_or_after_the_account_is_asked_what_happened(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        # Mailgun manages the keys of one domain itself: they are rolled, not made.
        managed = next(iter(drill.account.main.regions["us"].domains.values()))
        managed.automatic_security = True
        await _read(session)
        await session.account.preserve()
        await contain_whole(session)
        await session.account.investigation.sweep()
        drill.account.main.regions["us"].alerts.clear()
        made = plan(session.situation(), ["alerts", "dkim-keys"])
        assert {effect.kind for effect in made} == {
            EffectKind.ALERT_CREATE,
            EffectKind.DKIM_CREATE,
            EffectKind.DKIM_ROTATE,
        }
        rolled = next(e for e in made if e.kind is EffectKind.DKIM_ROTATE)
        assert rolled.target == managed.name and rolled.undo.startswith("cannot")
        ctx = session._context_now()
        for effect in made:
            record = EffectRecord(effect)
            assert (await HANDLERS[effect.kind].reconcile(ctx, record)).reality is Reality.AGAIN, effect.kind
            assert not (await HANDLERS[effect.kind].prove(ctx, record)).sure, effect.kind
        summary = await session.run(made)
        assert summary.complete, summary.line()
        for effect in made:
            found = await HANDLERS[effect.kind].reconcile(ctx, EffectRecord(effect))
            assert found.reality is Reality.HAPPENED and found.sent.evidence, effect.kind
        assert next(
            key.active for key in managed.dkim if key.selector not in rolled.given(DkimRotateParams).before
        )


async def test_what_this_incident_made_or_set_is_nothing_that_a_later_sweep_asks_about(
    tmp_path: Path,
) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await _read(session)
        await session.account.preserve()
        await session.account.preserve_rest()
        await contain_whole(session)
        await session.account.read_inventory()
        await remove_leftovers(session)
        wanted = ("alerts", "domain-tls", "dkim-keys", "signing-key", "key-expiry")
        summary = await session.run(plan(session.situation(), wanted))
        assert summary.complete, [r.failure for r in session.state.unsettled]
        await session.account.read_inventory()
        await session.account.investigation.sweep()
        asked = [(one.title, one.why) for one in session.findings() if not one.decision]
        assert asked == []
