"""Rows, their canonical text, and what the chain of hashes notices."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.redact import Secret
from workbench.domain.model.hash_chain import (
    GENESIS,
    ChainRow,
    canonical,
    chained,
    includes,
    row_hash,
    verify,
)

AT = "2026-11-21T14:02:07Z"


def chain(count: int) -> list[ChainRow]:
    rows: list[ChainRow] = []
    for seq in range(1, count + 1):
        prev = rows[-1].hash if rows else GENESIS
        rows.append(chained(prev, seq, AT, "effect", canonical({"n": seq})))
    return rows


def test_a_whole_chain_verifies_and_so_does_its_rest() -> None:
    rows = chain(5)
    assert verify(rows) is None
    assert verify([]) is None
    assert verify(rows[2:], prev=rows[1].hash, first=3) is None


def test_the_hash_is_the_documented_one() -> None:
    text = json.dumps([GENESIS, 1, AT, "effect", '{"n":1}'], separators=(",", ":"))
    assert chain(1)[0].hash == sha256(text.encode()).hexdigest()


TAMPERINGS: list[tuple[str, Callable[[list[ChainRow]], list[ChainRow]], int]] = [
    ("body", lambda rows: [*rows[:2], replace(rows[2], text='{"n":9}'), *rows[3:]], 3),
    ("time", lambda rows: [*rows[:2], replace(rows[2], at="2026-11-21T14:02:08Z"), *rows[3:]], 3),
    ("kind", lambda rows: [*rows[:2], replace(rows[2], kind="alarm"), *rows[3:]], 3),
    ("hash", lambda rows: [*rows[:2], replace(rows[2], hash="0" * 64), *rows[3:]], 3),
    ("row dropped", lambda rows: [*rows[:2], *rows[3:]], 3),
    ("first row dropped", lambda rows: rows[1:], 1),
    ("rows exchanged", lambda rows: [rows[0], rows[2], rows[1], *rows[3:]], 2),
    ("row twice", lambda rows: [*rows[:3], rows[2], *rows[3:]], 3),
    (
        "row rewritten with a hash of its own",
        lambda rows: [*rows[:2], chained(rows[1].hash, 3, AT, "effect", '{"n":9}'), *rows[3:]],
        4,
    ),
]


@pytest.mark.parametrize(("what", "tamper", "bad"), TAMPERINGS)
def test_tampering_is_located(
    what: str, tamper: Callable[[list[ChainRow]], list[ChainRow]], bad: int
) -> None:
    assert verify(tamper(chain(5))) == bad, what


def test_a_cut_tail_needs_a_hash_that_left_the_machine() -> None:
    rows = chain(5)
    assert verify(rows[:3]) is None
    assert not includes(rows[:3], 5, rows[4].hash)
    assert includes(rows, 3, rows[2].hash)
    assert includes([], 0, GENESIS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), JSON))
def test_canonical_text_is_ascii_reads_back_and_does_not_depend_on_order(body: dict[str, Any]) -> None:
    text = canonical(body)
    assert text.isascii()
    assert json.loads(text) == body
    assert canonical(dict(reversed(body.items()))) == text
    assert canonical(json.loads(text)) == text


@given(st.tuples(st.text(), st.text(), st.text()), st.tuples(st.text(), st.text(), st.text()))
def test_moving_text_between_fields_changes_the_hash(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    same = row_hash(GENESIS, 1, *one) == row_hash(GENESIS, 1, *other)
    assert same == (one == other)


@pytest.mark.parametrize(
    "body",
    [
        {"password": Secret("hunter2hunter2")},
        {"deep": [{"er": (1, Secret("hunter2hunter2"))}]},
        {"bytes": b"raw"},
        {"set": {1}},
        {1: "number key"},
        {"deep": [{None: 1}]},
    ],
)
def test_what_json_does_not_know_is_refused_by_type_and_never_quoted(body: Any) -> None:
    with pytest.raises(TypeError) as caught:
        canonical(body)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_no_json_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"value": value})


def test_a_row_whose_text_is_no_object_says_so() -> None:
    with pytest.raises(ValueError, match="row 1 holds no object"):
        _ = chained(GENESIS, 1, AT, "effect", "[]").body
