"""Every way the vendor says when to come back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.mailgun.retry_hints import LONGEST_WAIT, NOTHING, read_hints

STEADY = settings(derandomize=True, deadline=None, database=None)
NOW = datetime(2026, 11, 21, 14, 0, 0, tzinfo=UTC)
EPOCH = NOW.timestamp()


def wait(headers: dict[str, str], body: bytes = b"") -> float | None:
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return read_hints(pairs, body, NOW, refused=True).wait


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Retry-After": "17"}, b"", 17),
        ({"retry-after": "0.5"}, b"", 0.5),
        ({"Retry-After": "Sat, 21 Nov 2026 14:00:30 GMT"}, b"", 30),
        ({"Retry-After": "Sat, 21 Nov 2026 13:00:30 GMT"}, b"", 0),
        ({}, b'{"retry-seconds": 60}', 60),
        ({}, b'{"retry-seconds": "60"}', 60),
        ({}, b'{"retry_after": 2.5}', 2.5),
        ({"X-RateLimit-Reset": str(int((EPOCH + 20) * 1000))}, b"", 20),
        ({"X-RateLimit-Reset": str(int(EPOCH + 20))}, b"", 20),
        ({"X-Request-Reset": str(int((EPOCH + 20) * 1000))}, b"{}", 20),
        ({"X-RateLimit-Reset": "12"}, b"", 12),
        ({}, b'{"message": "account-requests-per-sec limit exceeded, try again after 120 seconds"}', 120),
        ({}, b"limit exceeded, try again after 3 minutes", 180),
        ({}, b"Please retry in 250 ms", 0.25),
    ],
)
def test_each_vocabulary_is_understood(headers: dict[str, str], body: bytes, seconds: float) -> None:
    assert wait(headers, body) == pytest.approx(seconds, abs=0.01)


def test_an_explicit_wait_wins_over_a_reset() -> None:
    assert wait({"X-RateLimit-Reset": str(int((EPOCH + 50) * 1000))}, b'{"retry-seconds": 5}') == 5
    assert wait({"Retry-After": "7", "X-Request-Reset": str(int(EPOCH + 50))}) == 7


@pytest.mark.parametrize(
    "headers",
    [{"Retry-After": "99999999"}, {"X-RateLimit-Reset": "9" * 15}, {"Retry-After": "inf"}],
)
def test_no_answer_can_silence_the_workbench_for_long(headers: dict[str, str]) -> None:
    assert wait(headers) == LONGEST_WAIT


@pytest.mark.parametrize("value", ["", "soon", "nan", "-5", "\xff"])
def test_nonsense_is_no_hint(value: str) -> None:
    assert wait({"Retry-After": value}) in {None, 0}


def test_what_is_left_is_read_from_any_answer() -> None:
    pairs = [
        (b"X-RateLimit-Limit", b"300"),
        (b"X-RateLimit-Remaining", b"12"),
        (b"X-RateLimit-Reset", str(int((EPOCH + 30) * 1000)).encode()),
    ]
    hints = read_hints(pairs, b"{}", NOW, refused=False)
    assert (hints.limit, hints.remaining) == (300, 12)
    assert hints.reset == pytest.approx(30, abs=0.01)
    assert hints.wait is None


def test_a_success_without_headers_says_nothing() -> None:
    body = b'{"message": "try again after 120 seconds"}'
    assert read_hints([(b"Content-Type", b"application/json")], body, NOW, refused=False) is NOTHING


@STEADY
@given(
    st.dictionaries(st.sampled_from(["Retry-After", "X-RateLimit-Reset"]), st.text(max_size=30)), st.binary()
)
def test_hostile_answers_never_raise(headers: dict[str, str], body: bytes) -> None:
    pairs = [(name.encode(), value.encode("utf-8", "replace")) for name, value in headers.items()]
    found = read_hints(pairs, body, NOW, refused=True).wait
    assert found is None or 0 <= found <= LONGEST_WAIT
