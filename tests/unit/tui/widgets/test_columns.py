"""Columns share the width there is; the least important ones give way."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.tui.widgets.table import Column, fit_columns

STEADY = settings(derandomize=True, deadline=None, database=None)

COLUMNS = [
    Column("state", "state", width=5),
    Column("name", "name", flex=1, min_width=10),
    Column("created", "created", width=10, priority=3),
    Column("note", "note", flex=2, min_width=8, priority=2),
]


def ids(width: int) -> list[str]:
    return [placed.column.id for placed in fit_columns(COLUMNS, width)]


def test_all_fit_and_flexible_columns_share_the_rest_in_proportion() -> None:
    placed = fit_columns(COLUMNS, 100, start=3)
    widths = {cell.column.id: cell.width for cell in placed}
    assert widths["state"] == 5
    assert widths["created"] == 10
    # 100 less 33 cells of least widths and three gaps of two leaves 61: a third and two thirds.
    assert (widths["name"], widths["note"]) == (10 + 20, 8 + 41)
    assert placed[0].x == 3
    assert placed[-1].x + placed[-1].width == 103


def test_the_least_important_columns_go_first() -> None:
    assert ids(36) == ["state", "name", "created", "note"]
    assert ids(35) == ["state", "name", "note"]
    assert ids(24) == ["state", "name"]
    assert ids(15) == ["state"]


def test_the_last_column_is_squeezed_into_whatever_there_is() -> None:
    (only,) = fit_columns(COLUMNS, 3)
    assert (only.column.id, only.width) == ("state", 3)
    assert fit_columns(COLUMNS, 0) == ()


def test_a_fixed_column_shrinks_before_another_is_dropped() -> None:
    columns = [Column("a", "a", width=20, min_width=5), Column("b", "b", width=10, min_width=10, priority=2)]
    assert [(c.column.id, c.width) for c in fit_columns(columns, 18)] == [("a", 7), ("b", 10)]


def test_a_column_without_any_width_is_refused() -> None:
    with pytest.raises(ValueError, match="flex"):
        Column("x", "x")


column_sets = st.lists(
    st.builds(
        Column,
        id=st.uuids().map(str),
        title=st.just("t"),
        width=st.integers(1, 30),
        flex=st.integers(0, 3),
        min_width=st.integers(0, 30),
        priority=st.integers(1, 5),
    ),
    min_size=1,
    max_size=8,
)


@STEADY
@given(column_sets, st.integers(1, 200))
def test_columns_never_overlap_nor_leave_the_pane(columns: list[Column], width: int) -> None:
    placed = fit_columns(columns, width)
    assert placed
    for left, right in pairwise(placed):
        assert left.x + left.width < right.x
        assert left.cell < right.cell
    assert all(cell.width > 0 for cell in placed)
    assert placed[-1].x + placed[-1].width <= width
