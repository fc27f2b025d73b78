"""Every fault of the network, the server, the disk and the keyring, over real sockets: said, survived, resumed."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from keyring.errors import KeyringLocked

from tests.support.ground import DictKeyring, Ground, direct_ground, ground, quiet
from tests.support.kills import everything, ready, resumed
from tests.support.promise import at_rest
from workbench.core.errors import JournalError, NotAuthorised, Unreachable, UnreadableAnswer
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.drill.servers.faults import PORTAL, Fault, FaultMatch, FaultRule, strike
from workbench.execution.progress import Summary
from workbench.mailgun.client import Timeouts
from workbench.mailgun.endpoints import from_document
from workbench.session.session import Session

# Connections are broken on purpose here; what that leaves open is collected, which pytest would report.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
# Any fault text makes the drill put its proxies in front; this one never strikes.
PROXIED = "slow-0.1:0.0"
SHORT = Timeouts(connect=0.5, read=0.3, total=2.0)
CREATE, DELETE, RESET = ("POST", "^/v1/keys$"), ("DELETE", "^/v1/keys/"), ("PUT", "/credentials/")
WRITES = (CREATE, DELETE, RESET)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    quiet()
    yield


def _rules(fault: Fault, *, times: int | None = 1) -> list[FaultRule]:
    return [strike(fault, method=method, path=path, times=times) for method, path in WRITES]


async def _faulty_run(
    place: Ground, rules: list[FaultRule], *, before: Callable[[Session], None] | None = None
) -> Summary:
    """Run the whole containment with the rules in force from the first write on."""
    place.faults = True
    async with place.session() as session:
        session.account.api._shared.pool._timeouts = SHORT
        await ready(session)
        planned = everything(session)
        await session.account.preserve()
        for proxy in place.drill.proxies.values():
            proxy.rules[:] = rules
        if before is not None:
            before(session)
        try:
            return await session.run(planned)
        finally:
            for proxy in place.drill.proxies.values():
                proxy.rules.clear()
                await proxy.accept()


def _struck(place: Ground, kind: str) -> int:
    return sum(what == kind for proxy in place.drill.proxies.values() for _, _, what in proxy.log)


PASSING = {
    "connection refused for a moment": ("refuse", _rules(Fault("refuse", seconds=0.03))),
    "reset before the request was read": ("reset-before", _rules(Fault("reset-before"), times=2)),
    "reset after the server acted": ("reset-after", _rules(Fault("reset-after"), times=2)),
    "stalled body": ("stall", _rules(Fault("stall", seconds=1.0))),
    "cut off in the middle": ("truncate", _rules(Fault("truncate"), times=2)),
    "half a JSON document": ("cut", _rules(Fault("cut"), times=2)),
    "a web page with 200": ("html", _rules(Fault("html"), times=2)),
    "a 401 in the middle": ("status", _rules(Fault("status", status=401), times=2)),
    "429 with its fields": (
        "status",
        _rules(
            Fault("status", status=429, body=b'{"retry-seconds": 1}', headers={"Retry-After": "1"}), times=3
        ),
    ),
    "429 without": ("status", _rules(Fault("status", status=429), times=3)),
    "500": ("status", _rules(Fault("status", status=500), times=3)),
    "501": ("status", _rules(Fault("status", status=501), times=3)),
    "502 in bursts": (
        "status",
        [
            FaultRule(FaultMatch(method=m, path=p, nth=2), Fault("status", status=502), times=4, burst=4)
            for m, p in WRITES
        ],
    ),
    "503 after the server acted": ("status", _rules(Fault("status", status=503, acted=True), times=2)),
    "504 after the server acted": ("status", _rules(Fault("status", status=504, acted=True), times=2)),
    "a slow server": ("slow", [FaultRule(FaultMatch(), Fault("slow", seconds=0.02), times=None)]),
}


@pytest.mark.parametrize("name", PASSING)
async def test_a_passing_fault_costs_nothing_but_time(name: str, tmp_path: Path) -> None:
    kind, rules = PASSING[name]
    fresh = [FaultRule(r.match, r.fault, r.times, r.burst) for r in rules]
    async with ground(tmp_path, faults=PROXIED) as place:
        summary = await _faulty_run(place, fresh)
        assert _struck(place, kind) >= 1
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
        summary = await _faulty_run(place, rules)
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
        summary = await _faulty_run(place, [gone])
        assert isinstance(summary.halted, Unreachable), summary.line()
        assert await at_rest(place) == []
        assert await resumed(place, everything) == []


async def test_one_region_down_does_not_keep_the_other_from_being_cut(tmp_path: Path) -> None:
    async with ground(tmp_path, faults=PROXIED, domains=5, credentials=30) as place:
        proxy = place.drill.proxies["api_eu"]

        def down(session: Session) -> None:
            proxy.rules[:] = [FaultRule(FaultMatch(), Fault("reset-before"), times=None)]

        summary = await _faulty_run(place, [], before=down)
        assert isinstance(summary.halted, Unreachable), summary.line()
        async with place.session() as session:
            records = session.state.effects.values()
            left = [r for r in records if r.state is not EffectState.VERIFIED]
            cut = [r for r in records if r.effect.place.region.value == "us" and r not in left]
            # Keys belong to both regions; one that sends for a domain in the EU is proven there.
            there = {r.effect.target for r in left if r.effect.params.get("domain_region") == "eu"}
            assert all(r.effect.place.region.value == "eu" or r.effect.target in there for r in left)
            assert there <= set(place.living_keys())
            assert len(cut) >= 10
        assert await at_rest(place) == []
        assert await resumed(place, everything) == []


async def test_locked_out_in_the_middle_stops_at_once_and_leaves_every_intent_open(tmp_path: Path) -> None:
    shut = FaultRule(FaultMatch(nth=6), Fault("status", status=401), times=None, burst=100_000)
    async with ground(tmp_path, faults=PROXIED) as place:
        summary = await _faulty_run(place, [shut])
        assert isinstance(summary.halted, NotAuthorised)
        assert await at_rest(place) == []
        assert await resumed(place, everything) == []


@pytest.mark.parametrize(
    "page", [Fault("html"), Fault("status", status=404, body=PORTAL)], ids=["200", "404"]
)
async def test_a_captive_portal_stops_half_way(page: Fault, tmp_path: Path) -> None:
    # With 404 the page must not pass for the API's word that a key is gone: nothing would be left to do.
    async with ground(tmp_path, faults=PROXIED) as place:
        summary = await _faulty_run(place, [FaultRule(FaultMatch(nth=4), page, times=None, burst=100_000)])
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
            assert "not known" in summary.halted.what
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
            await _faulty_run(place, [], before=fill)
        assert "Free space" in raised.value.todo
        assert place.old_keys.keys() == place.living_keys().keys()
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
            halted = (await _faulty_run(place, [], before=fill)).halted
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
        replaced = {e.params["replaces"] for e in mints}
        async with place.session() as session:
            await ready(session)
            summary = await session.run(everything(session))
            assert summary.failed >= len(replaced)
            assert replaced <= set(place.living_keys()), (
                "an old key died although nobody holds its replacement"
            )
        assert await resumed(place, everything) == []
