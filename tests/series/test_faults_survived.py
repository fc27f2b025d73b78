"""Every kind of passing fault, refusal, failing disk and keyring, one whole containment each, over real sockets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from keyring.errors import KeyringLocked

from tests.support.breaking import BREAKING
from tests.support.faulty import PROXIED, WRITES, faulty_run, rules_for, struck
from tests.support.ground import DictKeyring, direct_ground, ground
from tests.support.kills import everything, ready, resumed
from tests.support.promise import at_rest
from workbench.core.errors import JournalError, Unreachable
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.drill.servers.faults import Fault, FaultMatch, FaultRule, strike
from workbench.session.session import Session

# Connections are broken on purpose here; what that leaves open is collected, which pytest would report.
pytestmark = BREAKING


PASSING = {
    "connection refused for a moment": ("refuse", rules_for(Fault("refuse", seconds=0.03))),
    "reset before the request was read": ("reset-before", rules_for(Fault("reset-before"), times=2)),
    "reset after the server acted": ("reset-after", rules_for(Fault("reset-after"), times=2)),
    "stalled body": ("stall", rules_for(Fault("stall", seconds=1.0))),
    "cut off in the middle": ("truncate", rules_for(Fault("truncate"), times=2)),
    "half a JSON document": ("cut", rules_for(Fault("cut"), times=2)),
    "a web page with 200": ("html", rules_for(Fault("html"), times=2)),
    "a 401 in the middle": ("status", rules_for(Fault("status", status=401), times=2)),
    "429 with its fields": (
        "status",
        rules_for(
            Fault("status", status=429, body=b'{"retry-seconds": 1}', headers={"Retry-After": "1"}), times=3
        ),
    ),
    "429 without": ("status", rules_for(Fault("status", status=429), times=3)),
    "500": ("status", rules_for(Fault("status", status=500), times=3)),
    "501": ("status", rules_for(Fault("status", status=501), times=3)),
    "502 in bursts": (
        "status",
        [
            FaultRule(FaultMatch(method=m, path=p, nth=2), Fault("status", status=502), times=4, burst=4)
            for m, p in WRITES
        ],
    ),
    "503 after the server acted": ("status", rules_for(Fault("status", status=503, acted=True), times=2)),
    "504 after the server acted": ("status", rules_for(Fault("status", status=504, acted=True), times=2)),
    "a slow server": ("slow", [FaultRule(FaultMatch(), Fault("slow", seconds=0.02), times=None)]),
}


@pytest.mark.parametrize("name", PASSING)
async def test_a_passing_fault_costs_nothing_but_time(name: str, tmp_path: Path) -> None:
    kind, rules = PASSING[name]
    fresh = [FaultRule(r.match, r.fault, r.times, r.burst) for r in rules]
    async with ground(tmp_path, faults=PROXIED) as place:
        summary = await faulty_run(place, fresh)
        assert struck(place, kind) >= 1
        if not summary.complete:
            async with place.session() as session:
                left = [(r.effect.id, r.failure, r.evidence) for r in session.state.unsettled]
            pytest.fail(f"{summary.line()} {left}")
        assert await at_rest(place) == []
        assert await resumed(place, everything) == []


@pytest.mark.parametrize("status", [403, 404, 409])
async def test_a_refusal_is_said_and_the_same_command_goes_on(status: int, tmp_path: Path) -> None:
    # A 404 to a delete means that the key is gone already: only what follows shows that it is not.
    rules = [strike(Fault("status", status=status), method=method, path=path) for method, path in WRITES]
    async with ground(tmp_path, faults=PROXIED) as place:
        summary = await faulty_run(place, rules)
        assert not summary.complete
        assert summary.failed >= 1
        async with place.session() as session:
            records = session.state.effects.values()
            failed = [r for r in records if r.state is EffectState.FAILED]
            assert failed
            said = (str(status), "not found", "the account shows otherwise")
            assert all(any(word in r.failure["what"] for word in said) for r in failed)
            minted = {r.effect.target for r in failed if r.effect.kind is EffectKind.KEY_CREATE}
            assert minted <= set(place.living_keys()), "an old key died although its replacement was refused"
        assert await at_rest(place) == []
        assert await resumed(place, everything) == []


@pytest.mark.parametrize("sent", [0, 5, 17])
async def test_the_network_gone_for_good_stops_half_way_and_the_same_command_goes_on(
    sent: int, tmp_path: Path
) -> None:
    """After so many writes nothing is reachable any more: refused connections, then it is back."""
    gone = FaultRule(FaultMatch(nth=sent + 1), Fault("reset-before"), times=None, burst=100_000)
    async with ground(tmp_path, faults=PROXIED) as place:
        summary = await faulty_run(place, [gone])
        assert isinstance(summary.halted, Unreachable), summary.line()
        assert await at_rest(place) == []
        assert await resumed(place, everything) == []


@pytest.mark.parametrize("commits", [1, 2, 4, 7])
async def test_a_disk_that_fills_up_stops_everything_before_it_could_be_forgotten(
    commits: int, tmp_path: Path
) -> None:
    def fill(session: Session) -> None:
        storage: Any = session.recorder.journal._storage
        append, left = storage.append, iter(range(commits))

        def limited(rows: Any) -> None:
            if next(left, None) is None:
                pages = storage._db.execute("PRAGMA page_count").fetchone()[0]
                storage._db.execute(f"PRAGMA max_page_count={pages}")
                rows = [replace(row, text=row.text + " " * 100_000) for row in rows]
            append(rows)

        storage.append = limited

    async with ground(tmp_path, faults=PROXIED) as place:
        try:
            halted = (await faulty_run(place, [], before=fill)).halted
        except JournalError as error:
            halted = error  # The commits were so large that only the row after the last effect found no room.
        assert isinstance(halted, JournalError)
        assert await at_rest(place) == []
        assert await resumed(place, everything) == []


def _locked(call: str, username: str) -> str | None:
    raise KeyringLocked("the collection is locked")


def _raising(call: str, username: str) -> str | None:
    raise RuntimeError("org.freedesktop.DBus.Error.NoReply")


def _dropping(call: str, username: str) -> str | None:
    return "drop" if call == "set" else None


@pytest.mark.parametrize("after", [0, 3, 9])
@pytest.mark.parametrize("trouble", [_locked, _raising, _dropping], ids=["locks", "raises", "drops writes"])
async def test_a_keyring_that_fails_loses_no_secret(trouble: Any, after: int, tmp_path: Path) -> None:
    keyring = DictKeyring()
    calls = 0

    def failing(call: str, username: str) -> str | None:
        nonlocal calls
        calls += call == "set"
        return trouble(call, username) if calls > after else None

    # A keyring knows nothing of sockets: one kind of trouble each goes over them, the others without.
    stand = direct_ground if after else ground
    async with stand(tmp_path) as place:
        place.keyring = keyring

        async with place.session() as session:
            await ready(session)
            planned = everything(session)
            await session.account.preserve()
            keyring.trouble = failing
            summary = await session.run(planned)
            keyring.trouble = lambda call, username: None
            assert summary.failed, summary.line()
            failures = [r.failure["what"] for r in session.state.effects.values() if r.failure]
            assert all("keyring" in what.lower() for what in failures), failures
            touched = [c for c in place.credentials() if c.password != place.old_passwords[c.login]]
            assert after or not touched, "logins were reset although their passwords could not be stored"
        assert await at_rest(place) == []
        assert await resumed(place, everything) == []
