"""Who goes first, how many at once, and that nothing waits for what it need not wait for."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.patience import HANGS
from tests.unit.mailgun.fakes import START
from workbench.core.clock import ManualClock
from workbench.mailgun.limits import Limiter, Priority, family_of
from workbench.mailgun.pace import Pace
from workbench.mailgun.retry_hints import NOTHING, Hints


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Caller:
    """Takes turns and remembers the order in which they were granted."""

    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.order: list[str] = []
        self.tasks: list[asyncio.Task[float]] = []

    def ask(self, name: str, priority: Priority, family: str = "credentials@us") -> asyncio.Task[float]:
        async def one() -> float:
            issued = await self.limiter.acquire(family, priority)
            self.order.append(name)
            return issued

        task = asyncio.get_running_loop().create_task(one())
        self.tasks.append(task)
        return task

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_at_most_so_many_are_out_at_once_whatever_their_family() -> None:
    limiter = Limiter(ManualClock(START), in_flight=6)
    caller = Caller(limiter)
    for number in range(4):
        caller.ask(f"a{number}", Priority.READ, "users@us")
        caller.ask(f"b{number}", Priority.READ, "keys@us")
    await settle()
    assert limiter.in_flight == 6
    limiter.release("users@us", 0.0, 200, NOTHING)
    await settle()
    assert limiter.in_flight == 6
    assert len(caller.order) == 7
    await caller.stop()


async def test_writes_go_before_proofs_before_reads_before_background() -> None:
    limiter = Limiter(ManualClock(START), in_flight=1)
    caller = Caller(limiter)
    caller.ask("first", Priority.BACKGROUND)
    await settle()
    for name, priority in (
        ("background", Priority.BACKGROUND),
        ("read", Priority.READ),
        ("proof", Priority.PROOF),
        ("write 1", Priority.WRITE),
        ("write 2", Priority.WRITE),
    ):
        caller.ask(name, priority)
    await settle()
    for _ in range(5):
        limiter.release("credentials@us", 0.0, 200, NOTHING)
        await settle()
    assert caller.order == ["first", "write 1", "write 2", "proof", "read", "background"]


async def test_a_family_that_must_wait_does_not_hold_up_another() -> None:
    limiter = Limiter(ManualClock(START))
    caller = Caller(limiter)
    issued = await limiter.acquire("credentials@us", Priority.WRITE)
    limiter.release("credentials@us", issued, 429, Hints(wait=60.0))
    caller.ask("blocked", Priority.WRITE)
    other = caller.ask("other family", Priority.BACKGROUND, "users@us")
    region = caller.ask("other region", Priority.BACKGROUND, "credentials@eu")
    await asyncio.wait_for(asyncio.gather(other, region), HANGS)
    assert caller.order[:2] == ["other family", "other region"]
    await caller.stop()


async def test_a_pause_is_waited_for_on_the_clock_and_then_calls_go_on() -> None:
    clock = ManualClock(START)
    limiter = Limiter(clock)
    issued = await limiter.acquire("credentials@us", Priority.WRITE)
    limiter.release("credentials@us", issued, 429, Hints(wait=60.0))
    assert limiter.view()[0].pause == pytest.approx(60.0)
    granted = await asyncio.wait_for(limiter.acquire("credentials@us", Priority.WRITE), HANGS)
    assert granted >= 60.0
    assert limiter.view()[0].refused == 1


async def test_who_is_cancelled_while_waiting_takes_no_turn() -> None:
    limiter = Limiter(ManualClock(START), in_flight=1)
    caller = Caller(limiter)
    caller.ask("first", Priority.READ)
    await settle()
    gone = caller.ask("gone", Priority.WRITE)
    caller.ask("last", Priority.READ)
    await settle()
    gone.cancel()
    await settle()
    limiter.release("credentials@us", 0.0, 200, NOTHING)
    await settle()
    assert caller.order == ["first", "last"]
    assert limiter.in_flight == 1


async def test_a_turn_granted_to_somebody_cancelled_at_that_moment_is_given_back() -> None:
    limiter = Limiter(ManualClock(START), in_flight=1)
    caller = Caller(limiter)
    caller.ask("first", Priority.READ)
    await settle()
    gone = caller.ask("gone", Priority.READ)
    await settle()
    limiter.release("credentials@us", 0.0, 200, NOTHING)  # grants it: its task has not run yet
    gone.cancel()
    await settle()
    assert limiter.in_flight == 0
    await asyncio.wait_for(limiter.acquire("credentials@us", Priority.READ), HANGS)


async def test_documented_limits_hold_from_the_start_for_the_vendor_only() -> None:
    def rates(limiter: Limiter) -> list[float | None]:
        return [item.rate for item in limiter.view()]

    vendor, other = Limiter(ManualClock(START), documented=True), Limiter(ManualClock(START))
    for limiter in (vendor, other):
        for family in ("domains@us", "credentials@us"):
            limiter.release(family, await limiter.acquire(family, Priority.READ), 200, NOTHING)
    assert rates(other) == [None, None]
    first, second = rates(vendor)
    assert first is not None
    assert first < 5.0
    assert second is None


async def test_the_view_says_what_each_family_does_now() -> None:
    clock = ManualClock(START)
    limiter = Limiter(clock, in_flight=2)
    assert limiter.view() == [] and limiter.blocked_for("keys@us") == 0.0
    caller = Caller(limiter)
    for name in ("one", "two", "waits", "waits too", "gone"):
        caller.ask(name, Priority.READ, "keys@us")
    await settle()
    caller.tasks[-1].cancel()
    await settle()
    (keys,) = limiter.view()
    assert (keys.name, keys.calls, keys.refused, keys.in_flight, keys.waiting, keys.rate, keys.pause) == (
        ("keys@us", 2, 0, 2, 2, None, 0.0)
    )
    limiter.release("keys@us", 0.0, 429, Hints(wait=30.0))
    await settle()
    clock.advance(10.0)
    (keys,) = limiter.view()
    assert (keys.refused, keys.in_flight, keys.waiting) == (1, 1, 2)
    assert limiter.blocked_for("keys@us") == keys.pause > 15.0
    assert limiter.blocked_for("users@us") == 0.0
    clock.advance(100.0)
    assert limiter.blocked_for("keys@us") == limiter.view()[0].pause == 0.0
    await caller.stop()


async def test_no_answer_at_all_gives_the_turn_back_and_says_nothing_of_the_pace() -> None:
    limiter = Limiter(ManualClock(START))
    issued = await limiter.acquire("keys@us", Priority.READ)
    limiter.release("keys@us", issued, 0, Hints(wait=60.0, limit=50, remaining=0, reset=20.0))
    assert limiter.in_flight == 0 and limiter.blocked_for("keys@us") == 0.0
    assert await asyncio.wait_for(limiter.acquire("keys@us", Priority.READ), HANGS) == 0.0
    limiter.release("keys@us", 0.0, 0, NOTHING)
    (keys,) = limiter.view()
    assert (keys.calls, keys.refused, keys.in_flight) == (2, 0, 0)


async def test_a_limit_that_an_answer_tells_is_taken_from_it() -> None:
    clock = ManualClock(START)
    limiter = Limiter(clock)
    issued = await limiter.acquire("keys@us", Priority.READ)
    limiter.release("keys@us", issued, 200, Hints(limit=50, remaining=0, reset=20.0))
    assert limiter.in_flight == 0
    granted = await asyncio.wait_for(limiter.acquire("keys@us", Priority.READ), HANGS)
    assert granted > 0.0, "nothing was left of the window"


async def out_at_once(limiter: Limiter, family: str, before: int) -> int:
    """Return how many calls of a family may be out after so many were answered at once."""
    for _ in range(before):
        limiter.release(family, await limiter.acquire(family, Priority.READ), 200, NOTHING)
    caller = Caller(limiter)
    for number in range(10):
        caller.ask(str(number), Priority.READ, family)
    await settle()
    out = limiter.in_flight
    await caller.stop()
    return out


async def test_only_a_few_calls_are_out_beyond_the_likely_limit() -> None:
    assert await out_at_once(Limiter(ManualClock(START)), "keys@us", 10) == 10
    assert await out_at_once(Limiter(ManualClock(START)), "keys@us", 298) == 6, "two within it, four beyond"
    assert await out_at_once(Limiter(ManualClock(START)), "keys@us", 300) == 4


async def test_a_turn_that_nobody_used_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    limiter = Limiter(ManualClock(START), in_flight=1)
    answered: list[float] = []
    first = await limiter.acquire("keys@us", Priority.READ)
    waiting = asyncio.ensure_future(limiter.acquire("keys@us", Priority.READ))
    await settle()
    monkeypatch.setattr(Pace, "answered", lambda self, issued, now, hints: answered.append(issued))
    limiter.release("keys@us", first, 0, NOTHING)
    waiting.cancel()
    await settle()
    assert (answered, limiter.in_flight) == ([], 0)


async def test_each_pause_has_its_own_end() -> None:
    limiter = Limiter(ManualClock(START))
    for _ in range(3):
        issued = await asyncio.wait_for(limiter.acquire("keys@us", Priority.WRITE), HANGS)
        limiter.release("keys@us", issued, 429, Hints(wait=60.0))
    assert limiter.view()[0].refused == 3


async def test_as_many_as_are_usual_are_out_at_once_where_nobody_says_how_many() -> None:
    limiter = Limiter(ManualClock(START))
    caller = Caller(limiter)
    for number in range(30):
        caller.ask(str(number), Priority.WRITE, f"family {number}")
    await settle()
    assert limiter.in_flight == 20 == len(caller.order)
    await caller.stop()


class Naps:
    """Sleeps that end when they are told to; ``slept`` are their lengths."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.slept: list[float] = []
        self.ends: list[asyncio.Event] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ends.append(asyncio.Event())
        await self.ends[-1].wait()


async def paused(limiter: Limiter, **waits: float) -> None:
    """Have families refused, each for so many seconds."""
    for family, wait in waits.items():
        limiter.release(family, await limiter.acquire(family, Priority.READ), 429, Hints(wait=wait))


async def test_the_nearest_end_of_a_wait_is_the_one_that_is_waited_for() -> None:
    """A family with a long pause asks first; the timer must not sleep through the end of a shorter one."""
    clock = ManualClock(START)
    clock.advance(1000.0)
    naps = Naps(clock)
    clock.sleep = naps.sleep  # type: ignore[method-assign]
    limiter = Limiter(clock)
    await paused(limiter, slow=250.0, quick=30.0, later=90.0)
    caller = Caller(limiter)
    for family in ("slow", "quick", "later"):
        caller.ask(family, Priority.READ, family)
        await settle()
    assert len(naps.slept) == 2, "a timer that ends in time is kept"
    assert 240.0 < naps.slept[0] < 300.0 and 29.0 < naps.slept[1] < 60.0
    await caller.stop()


async def test_after_one_pause_ended_the_nearest_of_the_others_is_waited_for() -> None:
    clock = ManualClock(START)
    naps = Naps(clock)
    clock.sleep = naps.sleep  # type: ignore[method-assign]
    limiter = Limiter(clock)
    await paused(limiter, quick=30.0, later=90.0, slow=250.0)
    caller = Caller(limiter)
    for family in ("quick", "later", "slow"):
        caller.ask(family, Priority.READ, family)
    await settle()
    clock.advance(naps.slept[0])
    naps.ends[0].set()
    await settle()
    assert caller.order == ["quick"]
    assert 30.0 < naps.slept[-1] < 100.0
    await caller.stop()


async def test_a_family_that_may_send_no_more_at_once_does_not_hold_up_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limiter = Limiter(ManualClock(START))
    limiter.release("full", await limiter.acquire("full", Priority.READ), 200, NOTHING)
    full = limiter._families["full"].pace
    monkeypatch.setattr(Pace, "ready_at", lambda self: None if self is full else 0.0)
    caller = Caller(limiter)
    caller.ask("full", Priority.WRITE, "full")
    caller.ask("other", Priority.BACKGROUND, "other")
    await settle()
    assert caller.order == ["other"]
    await caller.stop()


async def test_a_family_whose_only_caller_is_gone_does_not_hold_up_another() -> None:
    limiter = Limiter(ManualClock(START), in_flight=1)
    caller = Caller(limiter)
    caller.ask("first", Priority.READ, "a")
    await settle()
    gone = caller.ask("gone", Priority.WRITE, "b")
    caller.ask("last", Priority.READ, "c")
    await settle()
    gone.cancel()
    await settle()
    limiter.release("a", 0.0, 200, NOTHING)
    await settle()
    assert caller.order == ["first", "last"]
    await caller.stop()


@pytest.mark.parametrize(
    ("path", "family"),
    [
        ("/v1/keys", "keys"),
        ("/v1/keys/0a1b2c3d-4e5f6071", "keys"),
        ("/v3/domains/mg.acme.example/credentials", "credentials"),
        ("/v3/domains/mg.acme.example/credentials/news", "credentials"),
        ("/v4/domains", "domains"),
        ("/v4/domains/mg.acme.example", "domains"),
        ("/v3/domains/mg.acme.example/tracking/click", "domains"),
        ("/v4/domains/mg.acme.example/verify", "verify"),
        ("/v4/domains/mg.acme.example/webhooks", "webhooks"),
        ("/v1/webhooks/1", "webhooks"),
        ("/v5/users", "users"),
        ("/v2/ip_whitelist", "allowlist"),
        ("/v5/accounts/subaccounts", "account"),
        ("/v1/analytics/logs", "logs"),
        ("/v1/analytics/metrics", "metrics"),
        ("/v3/mg.acme.example/bounces", "suppressions"),
        ("/v3/mg.acme.example/templates", "templates"),
        ("/v3/mg.acme.example/envelopes", "queues"),
        ("/v3/lists/pages", "lists"),
        ("/v3/routes/1", "routes"),
        ("/v1/ips", "ips"),
        ("/v3/ips/127.0.0.1", "ips"),
        ("/v1/ip_pools", "ips"),
        ("/v3/ip_pools/p", "ips"),
        ("/v1/dynamic_pools", "ips"),
        ("/v3/stats/total", "stats"),
        ("/v1/thresholds/alerts/send", "thresholds"),
        ("/v5/sandbox/auth_recipients", "account"),
        ("/v1/dkim/keys", "dkim"),
        ("/v2/bounce-classification/metrics", "bounce classification"),
        ("/v4/templates", "templates"),
        ("/v3/mg.acme.example/complaints", "suppressions"),
        ("/v3/mg.acme.example/unsubscribes/a@b.example", "suppressions"),
        ("/v3/mg.acme.example/whitelists", "suppressions"),
        ("/v3/mg.acme.example/events", "logs"),
        ("/v3/mg.acme.example/stats/total", "stats"),
        ("/v3/mg.acme.example/messages", "messages"),
        ("/v3/domains/mg.acme.example/messages/key", "messages"),
        ("/v3/domains/mg.acme.example/webhooks/clicked", "webhooks"),
        ("/v3/mg.acme.example/whatever", "other"),
        ("/v3/mg.acme.example", "other"),
        ("/odd", "other"),
        ("", "other"),
    ],
)
def test_families(path: str, family: str) -> None:
    assert family_of("GET", path) == family


async def test_whether_a_write_waits_for_its_turn_is_told_and_of_a_read_it_is_not() -> None:
    limiter = Limiter(ManualClock(START), in_flight=1)
    seen = [limiter.writes_wait]
    issued = await limiter.acquire("keys", Priority.WRITE)
    seen.append(limiter.writes_wait)
    read = asyncio.ensure_future(limiter.acquire("keys", Priority.READ))
    await asyncio.sleep(0)
    seen.append(limiter.writes_wait)
    write = asyncio.ensure_future(limiter.acquire("keys", Priority.WRITE))
    await asyncio.sleep(0)
    assert not any(seen)
    assert limiter.writes_wait
    write.cancel()
    await asyncio.gather(write, return_exceptions=True)
    seen.append(limiter.writes_wait)
    assert not any(seen)
    limiter.release("keys", issued, 200, NOTHING)
    await read
