"""Which credential dies first, which way it is cut, and what the account then shows, over real sockets."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.drills import SMALL, opened, running_drill
from workbench.cli.contain import contain as command
from workbench.cli.parser import build_parser
from workbench.core.errors import ApiError, Forbidden, NotAuthorised, UsageError
from workbench.core.redact import Secret
from workbench.domain.model.effect_params import KeyCreateParams
from workbench.domain.model.plan import RANK_ABUSE, EffectKind, EffectState
from workbench.domain.runbook import deadlines
from workbench.domain.runbook.handover import kept
from workbench.domain.runbook.runbook import Verdict
from workbench.drill.servers.serve import RunningDrill
from workbench.drill.world.records import Allowed
from workbench.mailgun.client import Mailgun
from workbench.mailgun.endpoints import from_document
from workbench.mailgun.keys import create_key
from workbench.mailgun.models import NewKey
from workbench.planning import contain, handover
from workbench.planning.contain import Scope
from workbench.session.session import Session

LATENCY = 0.08
_CUT = (EffectState.DONE, EffectState.VERIFIED)


async def _read(session: Session) -> None:
    await session.account.connect()
    await session.account.read_inventory()
    await session.account.read_rate(whole=True)
    await session.account.read_use()


async def _secret(session: Session, entry: str) -> str:
    return (await session.recorder.secret(entry)).reveal()


async def _adopt(drill: RunningDrill, session: Session, old: str, kind: EffectKind) -> str:
    """Hand the replacement of ``old`` to the simulated application that used it; return the vault entry."""
    record = next(r for r in session.state.of_kind(kind) if r.effect.params.replaces == old)
    drill.account.adopt(old, await _secret(session, record.entry))
    return record.entry


@pytest.mark.parametrize("scenario", ["stolen-env", "stolen-key", "stolen-login", "agency"])
async def test_the_worst_abusive_credential_is_dead_within_five_round_trips(
    tmp_path: Path, scenario: str, patient: None
) -> None:
    async with (
        running_drill(tmp_path, scenario=scenario, latency_ms=LATENCY * 1000) as drill,
        opened(drill, tmp_path) as session,
    ):
        await _read(session)
        await session.account.preserve()
        time = asyncio.get_running_loop().time
        answered: list[float] = []
        cut_at: list[float] = []
        planned = contain.plan(session.situation())
        cuts = [e for e in planned if e.kind is not EffectKind.KEY_CREATE and e.rank > RANK_ABUSE]
        worst = max(cuts, key=lambda e: e.rank)

        def noticed(_: object) -> None:
            record = session.state.effects.get(worst.id)
            if not cut_at and record is not None and record.state in _CUT:
                cut_at.append(time())

        session.account.api._shared.on_call = lambda call: answered.append(time())
        end = session.recorder.subscribe(noticed)
        await session.run(planned)
        end()
        # Calls in flight together are one round trip: what counts is how many had to wait for another. On this
        # loop only the line takes time, so a call began as long before its answer as the line is slow.
        trips, free = 0, 0.0
        for ended in sorted(moment for moment in answered if moment <= cut_at[0]):
            if ended - LATENCY >= free - LATENCY / 10:
                trips, free = trips + 1, ended
        assert 1 <= trips <= 5, trips


async def test_the_one_that_sends_the_spam_is_cut_first(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await _read(session)
        planned = contain.plan(session.situation())
        cuts = [e for e in planned if e.kind in (EffectKind.KEY_DELETE, EffectKind.LOGIN_RESET)]
        worst = max(cuts, key=lambda e: e.rank)
        senders = {s.ref for s in drill.account.streams("intruder") if s.spans and not s.asleep}
        assert worst.target in senders
        assert worst.params.use is not None and worst.params.use.last_hour > 0
        assert "messages in the last hour" in worst.why
        assert "intruder" in worst.why


async def test_on_screen_what_production_uses_is_replaced_first_and_goes_on_sending(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, **SMALL) as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        await _read(session)
        sending = {
            s.ref
            for s in drill.account.streams("production")
            if s.ref not in {i.ref for i in drill.account.streams("intruder")}
        }
        planned = session.plan("contain.all")
        summary = await session.run(planned)
        assert summary.complete, summary.line()
        waiting = {item.target: item for item in kept(session.situation())}
        assert waiting
        assert all(item.proven and item.due is not None for item in waiting.values())
        assert sending & set(waiting)
        for stream in drill.account.streams("production"):
            if stream.ref in waiting:
                assert drill.account.can_send(stream), stream.name
        spam = [s for s in drill.account.streams("intruder") if s.kind != "queue" and not s.asleep]
        assert not [s.name for s in spam if s.tenant == drill.account.main.id and drill.account.can_send(s)]


async def test_a_hand_over_is_seen_and_then_the_old_one_ends(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, **SMALL) as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        await _read(session)
        logins = [s for s in drill.account.streams("production") if s.kind == "login"]
        login = max(logins, key=lambda s: s.rate).ref
        scope = Scope(replace_first=("billing-worker", login))
        assert (await session.run(contain.plan(session.situation(), scope))).complete
        billing = next(item.target for item in kept(session.situation()) if item.is_key)
        await _adopt(drill, session, billing, EffectKind.KEY_CREATE)
        await _adopt(drill, session, login, EffectKind.LOGIN_CREATE)
        drill.clock.advance(3600)
        drill.account.advance()
        await session.account.read_inventory()
        await session.account.read_use()
        adopted = {item.target: item.adopted for item in kept(session.situation())}
        # The log names no SMTP login: a program that keeps its sender address shows nothing of the hand-over.
        assert adopted == {billing: True, login: False}
        assert (await session.run(contain.plan(session.situation()))).complete
        await session.account.read_inventory()
        assert billing not in session.inventory.keys
        assert [item.target for item in kept(session.situation())] == [login]
        assert (await session.run(session.plan("handover.finish"))).complete
        assert not kept(session.situation())
        heirs = [s for s in drill.account.streams("production") if s.spans[-1][1] is None]
        assert len(heirs) == 3
        assert all(drill.account.can_send(s) for s in heirs)


async def test_the_deadline_stands_in_the_journal_and_survives_a_restart(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill:
        async with opened(drill, tmp_path, clock=drill.clock) as session:
            await _read(session)
            await session.run(contain.plan(session.situation(), Scope(replace_first=("billing-worker",))))
            (before,) = (t for t in deadlines.running(session.situation()) if t.kind == "hand-over")
        drill.clock.advance(1801)
        async with opened(drill, tmp_path, clock=drill.clock) as again:
            await again.account.connect()
            await again.account.read_inventory()
            (after,) = (t for t in deadlines.running(again.situation()) if t.kind == "hand-over")
            assert after.due == before.due
            assert after.over
            assert after.action == "handover.finish"
            summary = await again.run(handover.plan_finish(again.situation()))
            assert summary.complete
            assert not [t for t in deadlines.running(again.situation()) if t.kind == "hand-over"]


async def test_a_key_that_only_sends_is_replaced_by_a_key_that_can_only_send(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await _read(session)
        await session.run(contain.plan(session.situation()))
        mint = next(
            r for r in session.state.of_kind(EffectKind.KEY_CREATE) if r.effect.given(KeyCreateParams).lesser
        )
        secret = Secret(await _secret(session, mint.entry))
        with pytest.raises(ApiError) as refused:
            await session.account.api.with_key(secret).call(
                "GET", "/v1/keys", region=session.account.api.endpoints.home
            )
        assert refused.value.status in (401, 403)
        domain = mint.effect.given(KeyCreateParams).domain_name
        stream = next(s for s in drill.account.streams("production") if s.ref == mint.effect.target)
        assert stream.domain == domain
        drill.account.adopt(mint.effect.target, secret.reveal())
        assert any(
            drill.account.can_send(s) for s in drill.account.streams("production") if s.domain == domain
        )


async def test_dead_is_proven_again_later_and_a_resurrection_is_an_alarm(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, **SMALL) as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        await _read(session)
        old = {login.login: login for login in drill.story.logins}
        await session.run(contain.plan(session.situation()))
        found = await session.prove_again()
        assert (found.checked, found.untold, found.against) == (found.sure, [], [])
        due = [t for t in deadlines.running(session.situation()) if t.kind == "proof"]
        assert len(due) == 2
        drill.clock.advance(3700)
        await session.prove_again()
        assert [t.id for t in deadlines.running(session.situation()) if t.kind == "proof"] == ["proof:48 h"]
        # Somebody sets the old password again.
        name = next(iter(old))
        area = drill.account.main.regions[old[name].region]
        area.domains[old[name].domain].credentials[name].password = old[name].password
        drill.account.changed(urgent=True)
        found = await session.prove_again()
        assert len(found.against) == 1
        record = next(r for r in session.state.of_kind(EffectKind.LOGIN_RESET) if r.effect.target == name)
        assert record.state is EffectState.DONE
        assert any(alarm.target == name for alarm in session.state.alarms.values())


async def test_what_could_not_be_proven_here_is_proven_elsewhere(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill:
        document = drill.document()
        document["endpoints"]["smtp_us"] = document["endpoints"]["smtp_eu"] = "127.0.0.1:1"
        async with opened(drill, tmp_path, endpoints=from_document(document)) as session:
            await _read(session)
            login = next(iter(session.inventory.logins))
            summary = await session.run(contain.plan(session.situation(), Scope(logins=(login,))))
            assert (summary.done, summary.verified) == (1, 0)
        async with opened(drill, tmp_path) as elsewhere:
            await elsewhere.account.connect()
            found = await elsewhere.prove_again()
            assert (found.checked, found.sure) == (1, 1)
            (record,) = elsewhere.state.of_kind(EffectKind.LOGIN_RESET)
            assert record.state is EffectState.VERIFIED


async def test_a_domain_goes_only_by_its_typed_name_and_a_subaccount_comes_back(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await _read(session)
        name = list(session.inventory.domains)[-1]
        with pytest.raises(UsageError, match="typed in full"):
            session.plan("domains.delete", [name], typed=name[:-1])
        summary = await session.run(session.plan("domains.delete", [name], typed=name))
        assert summary.verified + summary.done == 1
        (child,) = session.inventory.subaccounts
        for action, status in (
            ("subaccounts.disable", "disabled"),
            ("subaccounts.enable", "open"),
            ("subaccounts.disable", "disabled"),
        ):
            assert (await session.run(session.plan(action, [child]))).complete
            await session.account.read_inventory()
            assert session.inventory.subaccounts[child].status == status


async def test_the_signing_keys_are_renewed_and_kept_in_the_vault(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await _read(session)
        before = drill.account.main.signing_key
        planned = session.plan("signing_key.renew")
        assert "webhook receiver" in planned.effects[0].breaks
        assert planned.irreversible
        assert (await session.run(planned)).complete
        (record,) = session.state.of_kind(EffectKind.SIGNING_KEY_RENEW)
        stored = await _secret(session, record.entry)
        assert drill.account.main.signing_key == stored != before
        assert (await session.run(session.plan("public_key.renew"))).complete


async def test_the_limit_shows_its_use_and_is_put_back_to_what_it_was(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        drill.account.main.regions["us"].custom_limit = 50_000_000
        await _read(session)
        planned = session.plan("limit.set", limit=40_000_000)
        assert any("used" in note and "50,000,000" in note for note in planned.notes)
        assert (await session.run(planned)).complete
        assert drill.account.main.regions["us"].custom_limit == 40_000_000
        await session.account.read_inventory()
        assert (await session.run(session.plan("limit.restore"))).complete
        assert drill.account.main.regions["us"].custom_limit == 50_000_000
        assert drill.account.main.regions["eu"].custom_limit is None


async def test_an_empty_allowlist_never_gets_its_first_entry_during_containment(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        await _read(session)
        with pytest.raises(UsageError, match="empty"):
            session.plan("allowlist.add", address="192.0.2.7", own=True)
        assert drill.account.main.allowlist == []


async def test_an_intruders_allowlist_locks_out_and_is_told_apart(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="lockout", **SMALL) as drill,
        opened(drill, tmp_path) as session,
    ):
        with pytest.raises(NotAuthorised) as refused:
            await session.account.connect()
        text = str(refused.value)
        assert "allowlist" in text
        assert "IP Access Management" in text
        assert "API Security" in text


async def test_after_containment_the_lock_out_is_known_for_what_it_is(tmp_path: Path) -> None:
    async with running_drill(tmp_path, **SMALL) as drill:
        async with opened(drill, tmp_path) as session:
            await _read(session)
            await session.run(contain.plan(session.situation()))
        drill.account.main.allowlist.append(Allowed("198.51.100.1", "vpn"))
        drill.account.changed(urgent=True)
        async with opened(drill, tmp_path) as again:
            with pytest.raises(NotAuthorised) as refused:
                await again.account.connect()
            assert "others that should be alive" in refused.value.what
            assert "allowlist" in refused.value.means
        drill.account.main.allowlist.clear()
        # The new admin key alone is deleted by somebody else: others live on, so it is not the allowlist.
        drill.account.main.keys.pop(again.state.admin_key_id)
        drill.account.changed(urgent=True)
        async with opened(drill, tmp_path) as once_more:
            with pytest.raises(NotAuthorised) as refused:
                await once_more.account.connect()
            assert "another key of the account is accepted" in refused.value.what


async def test_the_command_line_keeps_finishes_and_verifies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        options = build_parser().parse_args(["contain", "--yes", "--json", *arguments])
        async with opened(drill, tmp_path) as session:
            code = await command(session, options)
        return code, json.loads(capsys.readouterr().out)

    async with running_drill(tmp_path, **SMALL) as drill:
        code, document = await run("--replace-first", "billing-worker")
        assert code == 1
        assert document["schema"] == "workbench.contain/1"
        (waiting,) = document["kept"]
        assert waiting["proven"]
        code, document = await run("--replace-first", "billing-worker")
        assert (code, len(document["kept"])) == (1, 1)
        code, document = await run("--finish")
        # Nothing is kept any more; what else is open (the stranger, the queue) is no affair of the hand-over.
        assert (code, document["kept"]) == (1, [])
        assert "kept" not in {way["kind"] for way in document["containment"]["open_through"]}
        states = {effect["state"] for effect in document["effects"]}
        assert states == {"verified"}
        code, document = await run()
        assert code == 1
        code, document = await run("--verify")
        assert code == 0
        assert document["proofs"]["against"] == []


async def test_a_plan_without_sending_keys_gets_keys_of_the_old_role(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(api: Mailgun, **wanted: Any) -> NewKey:
        if wanted["kind"] == "domain" and " for " in wanted["description"]:
            detail = "upgrade your account to use this feature"
            raise Forbidden("refused", status=402, detail=detail, where="POST /v1/keys")
        return await create_key(api, **wanted)

    monkeypatch.setattr("workbench.execution.effects.keys.create_key", refuse)
    async with running_drill(tmp_path, **SMALL) as drill, opened(drill, tmp_path) as session:
        options = build_parser().parse_args(["contain", "--yes", "--json"])
        await command(session, options)
        said = capsys.readouterr()
        assert "of the same role instead" in said.err
        document = json.loads(said.out)
        refused = [e for e in document["effects"] if e["state"] == "failed"]
        assert refused
        assert all("plan does not include" in e["failure"]["what"] for e in refused)
        targets = {e["target"] for e in refused}
        made = [
            r.effect
            for r in session.state.of_kind(EffectKind.KEY_CREATE)
            if r.effect.target in targets and r.state is EffectState.VERIFIED
        ]
        assert {e.target for e in made} == targets
        assert all(e.given(KeyCreateParams).kind == "user" for e in made)
        await session.account.read_inventory()
        assert not targets & set(session.inventory.keys)
        assert {step.id: step.verdict for step in session.steps()}["1"] is Verdict.DONE
