"""The whole cut against the simulated account: what is dead, what lives, and that nothing is done twice."""

from __future__ import annotations

from pathlib import Path

from tests.support.drills import SMALL, opened, running_drill
from workbench.core.redact import Secret
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.runbook.containment_state import Over, containment
from workbench.domain.runbook.runbook import Verdict
from workbench.planning.contain import Scope, plan
from workbench.session.session import Session
from workbench.vault.vault import EntryName


async def _ready(session: Session) -> None:
    await session.account.connect()
    await session.account.read_inventory()
    await session.account.read_rate(whole=True)


def _verdicts(session: Session) -> dict[str, Verdict]:
    return {step.id: step.verdict for step in session.steps()}


async def test_every_way_in_is_shut_and_proven(tmp_path: Path) -> None:
    async with running_drill(tmp_path) as drill, opened(drill, tmp_path) as session:
        await _ready(session)
        before = set(session.inventory.keys)
        logins = set(session.inventory.logins)
        planned = plan(session.situation())
        summary = await session.run(planned)
        assert summary.complete, summary.line()
        await session.account.read_inventory()
        assert not before & set(session.inventory.keys)
        resets = {r.effect.target for r in session.state.of_kind(EffectKind.LOGIN_RESET)}
        assert resets == logins
        assert all(r.state is EffectState.VERIFIED for r in session.state.effects.values())
        assert _verdicts(session)["1"] is Verdict.DONE
        assert _verdicts(session)["2"] is Verdict.DONE
        # The credentials are cut, and it is not over: a stranger is in the panel, spam lies in the queue.
        found = containment(session.situation())
        assert found.over is Over.OPEN
        assert {way.kind for way in found.known_open} >= {"user", "subaccount", "queue"}
        assert not session.state.contained_at


async def test_the_drill_itself_refuses_every_old_secret_and_takes_every_new_one(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await _ready(session)
        await session.run(plan(session.situation()))
        story = drill.story
        for login in story.logins:
            assert not drill.account.authenticate_smtp(login.region, login.login, login.password, "127.0.0.1")
        vault = session._options.vault
        for record in session.state.of_kind(EffectKind.LOGIN_RESET):
            secret = await vault.fetch(EntryName(session.state.vault_service, record.entry))
            assert isinstance(secret, Secret)
            region = record.effect.place.region.value
            assert drill.account.authenticate_smtp(region, record.effect.target, secret.reveal(), "127.0.0.1")


async def test_a_second_run_plans_nothing_and_the_old_key_still_opens_the_incident(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill:
        async with opened(drill, tmp_path) as session:
            await _ready(session)
            await session.run(plan(session.situation()))
            first = session.account.own_key_id
        async with opened(drill, tmp_path) as again:
            await _ready(again)
            assert again.account.own_key_id == first
            assert plan(again.situation()).effects == ()
            assert _verdicts(again)["1"] is Verdict.DONE


async def test_planted_keys_are_deleted_and_not_replaced(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await _ready(session)
        planned = plan(session.situation())
        planted = {key.id for key in drill.story.keys if key.planted}
        assert planted
        minted_for = {e.target for e in planned if e.kind is EffectKind.KEY_CREATE}
        deleted = {e.target for e in planned if e.kind is EffectKind.KEY_DELETE}
        assert planted <= deleted
        assert not planted & minted_for


async def test_a_narrowed_scope_says_what_it_leaves_out(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await _ready(session)
        domain = next(iter(session.inventory.domains))
        planned = plan(session.situation(), Scope(domains=(domain,)))
        assert {e.params.domain for e in planned} == {domain}
        assert any("API keys" in line for line in planned.left_out)
        assert any("outside the given scope" in line for line in planned.left_out)


async def test_with_a_full_quota_the_old_key_goes_before_its_replacement(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="quota-full", **SMALL) as drill,
        opened(drill, tmp_path) as session,
    ):
        await _ready(session)
        summary = await session.run(plan(session.situation()))
        assert summary.complete, [r.failure for r in session.state.effects.values() if r.failure]


async def test_an_agency_of_sixty_domains_is_cut(tmp_path: Path) -> None:
    """With many domains, subaccounts and customers; the drill opens with two hundred and six hundred logins."""
    async with (
        running_drill(tmp_path, scenario="agency", domains=60, credentials=180) as drill,
        opened(drill, tmp_path) as session,
    ):
        await _ready(session)
        summary = await session.run(plan(session.situation()))
        assert summary.complete, summary.line()
