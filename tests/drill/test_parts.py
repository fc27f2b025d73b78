"""The drill's inner parts: dates, access by role, limits, traffic, the wire's encodings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.drill.activity.history import LogHistory, Query
from workbench.drill.activity.traffic import EVENTS, HOUR, Traffic, draws, mix
from workbench.drill.api import dates
from workbench.drill.api.access import may
from workbench.drill.api.throttle import Throttle
from workbench.drill.api.wire import WireRefusal, parse_body
from workbench.drill.world.account import Account
from workbench.drill.world.build import build
from workbench.drill.world.options import DrillOptions
from workbench.drill.world.records import Stream
from workbench.drill.world.story import tell

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC).timestamp()


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (dates.iso0, "2026-01-02T03:04:05"),
        (dates.iso6, "2026-01-02T03:04:05.678901"),
        (dates.rfc1123, "Fri, 02 Jan 2026 03:04:05 GMT"),
        (dates.rfc2822, "Fri, 02 Jan 2026 03:04:05 +0000"),
        (dates.rfc2822_minus, "Fri, 02 Jan 2026 03:04:05 -0000"),
        (dates.utctxt, "Fri, 02 Jan 2026 03:04:05 UTC"),
        (dates.rfc3339, "2026-01-02T03:04:05Z"),
        (dates.rfc3339_ms, "2026-01-02T03:04:05.678Z"),
    ],
)
def test_every_date_format(form: object, text: str) -> None:
    assert callable(form)
    assert form(MOMENT) == text
    assert abs(dates.parse(text) - MOMENT) < 1.0


def test_an_offset_moves_the_moment() -> None:
    assert dates.parse("Fri, 02 Jan 2026 05:04:05 +0200") == pytest.approx(MOMENT, abs=1.0)
    assert dates.parse("1767323045.5") == 1767323045.5
    for nonsense in ("", "tomorrow", "32 Jan"):
        with pytest.raises(ValueError, match="not a date"):
            dates.parse(nonsense)


@pytest.mark.parametrize(
    ("text", "seconds"), [("1d", 86400), ("24h", 86400), ("48h0m0s", 172800), ("30s", 30), ("1m", 2592000)]
)
def test_durations(text: str, seconds: int) -> None:
    assert dates.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "1", "x", "1y", "1d!"])
def test_nonsense_durations(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        dates.duration(text)


@pytest.mark.parametrize(
    ("role", "area", "method", "allowed"),
    [
        ("admin", "keys", "DELETE", True),
        ("developer", "keys", "GET", False),
        ("developer", "domains", "PUT", True),
        ("developer", "credentials", "GET", True),
        ("developer", "credentials", "PUT", False),
        ("basic", "domains", "GET", True),
        ("basic", "domains", "PUT", False),
        ("basic", "suppressions", "GET", False),
        ("basic", "evidence", "POST", True),
        ("support", "suppressions", "POST", True),
        ("support", "routes", "PUT", False),
        ("sending", "domains", "GET", False),
    ],
)
def test_roles(role: str, area: str, method: str, allowed: bool) -> None:
    assert may(role, area, method) is allowed


def test_a_limit_opens_again_after_its_window() -> None:
    clock = [0.0]
    throttle = Throttle(2, lambda: clock[0])
    outcomes = [throttle.check("t", "domains", 0.0)[0] is None for _ in range(3)]
    assert outcomes == [True, True, False]
    # Another family and another account are not touched.
    assert throttle.check("t", "lists", 0.0)[0] is None
    assert throttle.check("other", "domains", 0.0)[0] is None
    clock[0] = 59.0
    refused, _ = throttle.check("t", "domains", 0.0)
    assert refused is not None
    assert refused.body == {"retry-seconds": 1}
    clock[0] = 60.0
    assert throttle.check("t", "domains", 0.0)[0] is None
    assert Throttle(0).check("t", "domains", 0.0) == (None, {})


def test_forms_in_both_encodings_and_json() -> None:
    assert parse_body("application/x-www-form-urlencoded", b"a=1&a=2&b=%C3%A9") == (
        [("a", "1"), ("a", "2"), ("b", "é")],
        None,
    )
    multipart = (
        b'--xx\r\nContent-Disposition: form-data; name="a"\r\n\r\none\r\n'
        b'--xx\r\nContent-Disposition: form-data; name="b"; filename="f"\r\n'
        b"Content-Type: x/y\r\n\r\nt\r\nw\r\n--xx--\r\n"
    )
    assert parse_body('multipart/form-data; boundary="xx"', multipart)[0] == [("a", "one"), ("b", "t\r\nw")]
    assert parse_body("application/json; charset=utf-8", b"[1]") == ([], [1])
    with pytest.raises(WireRefusal):
        parse_body("application/json", b"{")


def _stream(rate: float, spans: list[list[float | None]], profile: str, stage: str) -> Stream:
    return Stream(
        id="s",
        actor="production",
        name="s",
        tenant="t",
        region="us",
        domain="d.example",
        kind="key",
        ref="r",
        secret="x",
        ips=["192.0.2.1"],
        rate=rate,
        sender="a@d.example",
        subjects=["x"],
        spans=spans,
        profile=profile,
        stage=stage,
        failed=0.2,
        complained=0.05,
    )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    rate=st.floats(0, 900),
    cut=st.floats(0, 1),
    until=st.floats(0, 1),
    profile=st.sampled_from(["flat", "business", "burst"]),
    stage=st.sampled_from(["all", "accepted", "delivery"]),
)
def test_counts_are_those_of_the_events_wherever_an_hour_is_cut(
    rate: float, cut: float, until: float, profile: str, stage: str
) -> None:
    traffic = Traffic(7)
    start = 480000.0 * HOUR
    for end, now in ((None, start + HOUR), (start + cut * HOUR, start + HOUR), (None, start + until * HOUR)):
        stream = _stream(rate, [[start - HOUR, end]], profile, stage)
        events = list(traffic.events(stream, 480000, now))
        counted = Counter(event.kind for event in events)
        assert traffic.counts(stream, 480000, now) == {kind: counted[kind] for kind in EVENTS}
        assert all(start <= event.at <= now for event in events)
        accepted = [event.at for event in events if event.kind == "accepted"]
        assert accepted == sorted(accepted)
        assert all(at < (end or now + 1.0) for at in accepted)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    rate=st.floats(0, 900),
    stage=st.sampled_from(["all", "accepted", "delivery"]),
    cuts=st.tuples(st.floats(0, 30), st.floats(0, 30)).map(sorted),
    until=st.floats(0, 30),
)
def test_hours_asked_for_what_was_accepted_alone_tell_the_same(
    rate: float, stage: str, cuts: list[float], until: float
) -> None:
    start = 480000.0 * HOUR
    stream = _stream(rate, [[start + cut * HOUR for cut in cuts]], "business", stage)
    hours, now = range(480000, 480030), start + until * HOUR
    for (hour, counts), (same, accepted) in zip(
        Traffic(7).hourly(stream, hours, now),
        Traffic(7).hourly(stream, hours, now, {"accepted"}),
        strict=True,
    ):
        assert (hour, counts["accepted"]) == (same, accepted["accepted"])
        # A row is told by what was delivered where nothing was accepted.
        assert stage != "delivery" or counts["delivered"] == accepted["delivered"]


class _Account:
    """As much of an account as its log needs: senders, what was really submitted, and a moment."""

    def __init__(self, streams: list[Stream], now: float) -> None:
        self.moment, self.traffic = now, Traffic(7)
        self.world = SimpleNamespace(streams={stream.id: stream for stream in streams}, sent=[])

    def now(self) -> float:
        return self.moment

    def streams(self) -> Iterator[Stream]:
        return iter(self.world.streams.values())


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    nows=st.lists(st.floats(0, 3), min_size=1, max_size=4).map(sorted),
    stopped=st.floats(0, 3),
    kinds=st.none() | st.frozensets(st.sampled_from(EVENTS), min_size=1),
    period=st.tuples(st.floats(-1, 3), st.floats(-1, 3)).map(sorted),
    stage=st.sampled_from(["all", "accepted", "delivery"]),
)
def test_the_log_is_what_happened_so_far_read_from_either_end_however_it_was_asked_before(
    nows: list[float], stopped: float, kinds: frozenset[str] | None, period: list[float], stage: str
) -> None:
    start = 480000.0 * HOUR
    ours, theirs = (
        _stream(40.0, [[start - HOUR, None]], "flat", stage),
        _stream(25.0, [[start, None]], "flat", "all"),
    )
    theirs.id = "theirs"
    account = _Account([ours, theirs], start)
    history = LogHistory(cast(Account, account))
    begin, end = (start + hours * HOUR for hours in period)
    query = Query(ours.region, (ours.tenant,), begin, end, kinds)
    for now in nows:
        account.moment = start + now * HOUR
        if now >= stopped and theirs.spans[-1][1] is None:
            theirs.spans[-1][1] = account.moment
        happened = sorted(
            event
            for stream in (ours, theirs)
            for hour in range(479999, 480004)
            for event in Traffic(7).events(stream, hour, account.moment)
            if begin <= event.at < end and (kinds is None or event.kind in kinds)
        )
        assert [event for _, event in history.forward(query)] == happened
        assert [event for _, event in history.backward(query)] == happened[::-1]
        assert history.total(query) == len(happened)
        # From the middle, the cursor of either direction leads on to the rest.
        walked = list(history.forward(query))
        if walked:
            cursor, _ = walked[len(walked) // 2]
            assert [event for _, event in history.forward(query, cursor)] == happened[len(walked) // 2 + 1 :]
            assert [event for _, event in history.backward(query, cursor)] == happened[
                : len(walked) // 2 + 1
            ][::-1]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**64 - 1), salts=st.lists(st.integers(0, 2**64 - 1), max_size=5))
def test_draws_in_one_go_are_those_drawn_one_by_one(seed: int, salts: list[int]) -> None:
    assert draws(seed, salts) == [mix(seed, salt) for salt in salts]


def test_a_delivery_never_precedes_its_acceptance() -> None:
    start = 480000.0 * HOUR
    stream = _stream(500.0, [[start, None]], "flat", "all")
    first: dict[int, float] = {}
    for event in Traffic(7).events(stream, 480000, start + HOUR):
        if event.kind == "accepted":
            first[event.number] = event.at
        assert event.at >= first[event.number]


def test_no_domain_of_a_drill_can_exist() -> None:
    options = DrillOptions(scenario="agency")
    story = tell(options, datetime(2026, 11, 21, tzinfo=UTC))
    world = build(story, options)
    for domain in story.domains:
        assert domain.name.endswith((".example", ".mailgun.org"))
    for ip in (*story.intruder_ips, *(host.ip for host in story.hosts), *story.sending_ips["us"]):
        assert ip.startswith(("192.0.2.", "198.51.100.", "203.0.113."))
    assert len(world.planted) >= 15
