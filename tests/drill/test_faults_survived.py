"""Faults of the network, the disk and the keyring, over real sockets: said, survived, resumed.

Each kind of passing fault, refusal and failing store is struck in ``tests/series/test_faults_survived.py``.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from tests.support.breaking import BREAKING
from tests.support.faulty import PROXIED, faulty_run
from tests.support.ground import DictKeyring, direct_ground, ground
from tests.support.kills import everything, ready, resumed
from tests.support.promise import at_rest
from workbench.core.errors import JournalError, NotAuthorised, Unreachable, UnreadableAnswer
from workbench.domain.model.effect_params import KeyCreateParams
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.drill.servers.faults import PORTAL, Fault, FaultMatch, FaultRule
from workbench.mailgun.endpoints import from_document
from workbench.session.session import Session

# Connections are broken on purpose here; what that leaves open is collected, which pytest would report.
pytestmark = BREAKING


async def test_one_region_down_does_not_keep_the_other_from_being_cut(tmp_path: Path) -> None:
    async with ground(tmp_path, faults=PROXIED, domains=5, credentials=30) as place:
        proxy = place.drill.proxies["api_eu"]

        def down(session: Session) -> None:
            proxy.rules[:] = [FaultRule(FaultMatch(), Fault("reset-before"), times=None)]

        summary = await faulty_run(place, [], before=down)
        assert isinstance(summary.halted, Unreachable), summary.line()
        async with place.session() as session:
            records = session.state.effects.values()
            left = [r for r in records if r.state is not EffectState.VERIFIED]
            cut = [r for r in records if r.effect.place.region.value == "us" and r not in left]
            # Keys belong to both regions; one that sends for a domain in the EU is proven there.
            mints = [r.effect for r in left if r.effect.kind is EffectKind.KEY_CREATE]
            there = {mint.target for mint in mints if mint.given(KeyCreateParams).domain_region == "eu"}
            assert all(r.effect.place.region.value == "eu" or r.effect.target in there for r in left)
            assert there <= set(place.living_keys())
            assert len(cut) >= 10
        assert await at_rest(place) == []
        assert await resumed(place, everything) == []


async def test_locked_out_in_the_middle_stops_at_once_and_leaves_every_intent_open(tmp_path: Path) -> None:
    shut = FaultRule(FaultMatch(nth=6), Fault("status", status=401), times=None, burst=100_000)
    async with ground(tmp_path, faults=PROXIED) as place:
        summary = await faulty_run(place, [shut])
        assert isinstance(summary.halted, NotAuthorised)
        assert await at_rest(place) == []
        assert await resumed(place, everything) == []


@pytest.mark.parametrize(
    "page", [Fault("html"), Fault("status", status=404, body=PORTAL)], ids=["200", "404"]
)
async def test_a_captive_portal_stops_half_way(page: Fault, tmp_path: Path) -> None:
    # With 404 the page must not pass for the API's word that a key is gone: nothing would be left to do.
    async with ground(tmp_path, faults=PROXIED) as place:
        summary = await faulty_run(place, [FaultRule(FaultMatch(nth=4), page, times=None, burst=100_000)])
        assert isinstance(summary.halted, UnreadableAnswer)
        assert summary.verified < summary.total
        assert await at_rest(place) == []
        assert await resumed(place, everything) == []


async def test_a_name_that_stops_resolving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo
    broken = False

    def resolve(host: Any, *arguments: Any, **more: Any) -> Any:
        if broken and host in ("localhost", b"localhost"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    async with ground(tmp_path) as place:
        place.faults = True
        document = place.drill.document()
        api = {
            name: value.replace("127.0.0.1", "localhost")
            for name, value in document["endpoints"].items()
            if "api" in name
        }
        named = from_document({**document["endpoints"], **api})
        async with place.session(endpoints=named) as session:
            await ready(session)
            planned = everything(session)
            await session.account.preserve()
            await session.account.api.aclose()  # The connections held open know the address already.
            broken = True
            summary = await session.run(planned)
            broken = False
            assert isinstance(summary.halted, Unreachable)
            assert "the name does not resolve" in summary.halted.what
        assert await at_rest(place) == []
        assert await resumed(place, everything) == []


# ── this host ────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_disk_that_is_full_from_the_start_lets_nothing_be_changed(tmp_path: Path) -> None:
    def fill(session: Session) -> None:
        db = session.recorder.journal._storage._db  # type: ignore[attr-defined]
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count={pages}")

    async with ground(tmp_path, faults=PROXIED) as place:
        with pytest.raises(JournalError, match="disk is full") as raised:
            await faulty_run(place, [], before=fill)
        assert "Free space" in raised.value.todo
        assert place.old_keys.keys() == place.living_keys().keys()
        assert await resumed(place, everything) == []


async def test_one_lost_write_among_many_fails_only_that_one(tmp_path: Path) -> None:
    keyring = DictKeyring()
    lost: list[str] = []

    def drop_one(call: str, username: str) -> str | None:
        if call == "set" and username.startswith("SMTP") and (not lost or username in lost):
            lost.append(username)
            return "drop"
        return None

    async with direct_ground(tmp_path, credentials=6) as place:
        place.keyring = keyring
        async with place.session() as session:
            await ready(session)
            planned = everything(session)
            await session.account.preserve()
            keyring.trouble = drop_one
            await session.run(planned)
            keyring.trouble = lambda call, username: None
            failed = [r for r in session.state.effects.values() if r.state is EffectState.FAILED]
            assert [f"SMTP {r.effect.target}" for r in failed] == lost[:1]
            assert "does not give it back" in failed[0].failure["what"]
        assert await resumed(place, everything) == []


async def test_a_secret_that_left_the_keyring_later_is_made_again_and_the_old_key_lives_until_then(
    tmp_path: Path,
) -> None:
    keyring = DictKeyring()
    async with direct_ground(tmp_path) as place:
        place.keyring = keyring
        async with place.session() as session:
            await ready(session)
            planned = everything(session)
            mints = [e for e in planned if e.kind is EffectKind.KEY_CREATE]
            await session.run(planned.only(e.id for e in mints))
            keyring.entries.clear()  # A keyring of this login session only, and the session ended.
        replaced = {e.params.replaces for e in mints}
        async with place.session() as session:
            await ready(session)
            summary = await session.run(everything(session))
            assert summary.failed >= len(replaced)
            assert replaced <= set(place.living_keys()), (
                "an old key died although nobody holds its replacement"
            )
        assert await resumed(place, everything) == []
