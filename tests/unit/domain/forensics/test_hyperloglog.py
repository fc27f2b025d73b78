"""Different ones counted in constant memory."""

from __future__ import annotations

import zlib

import pytest

from workbench.domain.forensics.hyperloglog import Distinct


def _of(first: int, last: int) -> Distinct:
    found = Distinct()
    for number in range(first, last):
        found.add(f"r{number}@inbox.example")
        found.add(f"r{number}@inbox.example")
    return found


def test_few_are_exact() -> None:
    found = _of(0, 256)
    assert found.exact
    assert found.count == 256


def test_two_texts_of_one_checksum_are_two() -> None:
    found = Distinct()
    for text in ("plumless", "buckeroo"):
        found.add(text)
    assert zlib.crc32(b"plumless") == zlib.crc32(b"buckeroo")
    assert (found.exact, found.count) == (True, 2)


@pytest.mark.parametrize("many", [257, 1000, 5000, 100_000])
def test_many_are_within_a_tenth(many: int) -> None:
    found = _of(0, many)
    assert not found.exact
    assert abs(found.count - many) <= many * 0.1


def test_a_union_counts_each_once() -> None:
    small = Distinct.union([_of(0, 100), _of(50, 150)])
    assert (small.exact, small.count) == (True, 150)
    large = Distinct.union([_of(0, 20_000), _of(10_000, 30_000), _of(0, 10)])
    assert abs(large.count - 30_000) < 3000
    assert Distinct.union([]).count == 0


def test_two_readings_of_one_log_name_one_number_whatever_process_made_them() -> None:
    # Fixed figures: anything salted per process would miss them.
    assert (_of(0, 5000).count, _of(0, 100_000).count) == (4936, 99877)
