"""The table without a screen, example by example."""

from __future__ import annotations

import pytest

from workbench.tui.widgets.table import Cell, Column, TableModel, TableRow
from workbench.tui.widgets.table.model import BULK

COLUMNS = [Column("name", "name", width=10), Column("size", "size", width=5)]


def row(key: str, size: float | None = None, name: str | None = None, markable: bool = True) -> TableRow:
    return TableRow(key, (name or key, Cell(str(size), sort=size)), markable=markable)


def model(*keys: str) -> TableModel:
    table = TableModel(COLUMNS)
    table.set_rows(row(key, index) for index, key in enumerate(keys))
    return table


def test_the_first_row_gets_the_cursor() -> None:
    assert model("a", "b").cursor == "a"
    assert TableModel(COLUMNS).cursor is None


def test_rows_stay_in_order_of_arrival() -> None:
    table = model("c", "a", "b")
    table.update_rows([row("d"), row("a", 7)])
    assert table.keys() == ["c", "a", "b", "d"]
    assert [table.index_of(key) for key in "cabd"] == [0, 1, 2, 3]
    assert table.index_of("nobody") is None
    assert table.index_of(None) is None


def test_an_equal_row_is_no_change_and_keeps_its_identity() -> None:
    table = model("a", "b")
    stood = table.row("a")
    assert not table.set_rows([row("a", 0), row("b", 1)])
    assert not table.update_rows([row("b", 1)])
    assert table.set_rows([row("a", 0), row("b", 2)])
    assert table.row("a") is stood


def test_the_cursor_stays_on_its_key_when_rows_arrive_above_it() -> None:
    table = model("a", "b", "c")
    table.move_to(1)
    table.set_rows([row("x"), row("y"), row("a"), row("b"), row("c")])
    assert table.cursor == "b"
    assert table.index_of("b") == 3


@pytest.mark.parametrize(
    ("gone", "expected"),
    [(["b"], "c"), (["b", "c"], "d"), (["b", "c", "d"], "a"), (["a", "b", "c", "d"], None)],
)
def test_a_vanished_cursor_goes_to_the_next_row_else_to_the_one_before(
    gone: list[str], expected: str | None
) -> None:
    by_removal, by_diff = model("a", "b", "c", "d"), model("a", "b", "c", "d")
    by_removal.move_to(1)
    by_diff.move_to(1)
    by_removal.remove(gone)
    by_diff.set_rows(row(key, 9) for key in "abcd" if key not in gone)
    assert by_removal.cursor == by_diff.cursor == expected


def test_a_vanished_cursor_goes_to_the_row_below_in_descending_order_too() -> None:
    table = model("a", "b", "c", "d")
    table.set_sort("size", descending=True)
    assert table.keys() == ["d", "c", "b", "a"]
    table.move_to(1)
    table.remove(["c"])
    assert table.cursor == "b"


def test_numbers_sort_as_numbers_and_what_is_missing_stands_last_both_ways() -> None:
    table = TableModel(COLUMNS)
    table.set_rows([row("ten", 10), row("none"), row("two", 2), row("nan", float("nan"))])
    # A missing sort value falls back on the text, so a really empty cell needs an empty text.
    table.update_rows([TableRow("none", ("none", Cell("")))])
    table.set_sort("size")
    assert table.keys() == ["two", "ten", "none", "nan"]
    table.set_sort("size", descending=True)
    assert table.keys() == ["ten", "two", "none", "nan"]


def test_sorting_is_stable_in_both_directions() -> None:
    table = TableModel(COLUMNS)
    table.set_rows([row("b", 1), row("a", 1), row("d", 0), row("c", 1)])
    table.set_sort("size")
    assert table.keys() == ["d", "b", "a", "c"]
    table.set_sort("size", descending=True)
    assert table.keys() == ["b", "a", "c", "d"]


def test_text_sorts_without_case_and_by_the_columns_own_key() -> None:
    columns = [Column("name", "name", width=9, sort_key=lambda cell: len(cell.text)), COLUMNS[1]]
    table = TableModel(columns)
    table.set_rows([TableRow("1", ("ccc", "b")), TableRow("2", ("a", "C")), TableRow("3", ("bb", "A"))])
    table.set_sort("size")
    assert table.keys() == ["3", "1", "2"]
    table.set_sort("name")
    assert table.keys() == ["2", "3", "1"]


def test_a_changed_sort_value_moves_the_row_and_the_cursor_follows_its_key() -> None:
    table = model("a", "b", "c", "d")
    table.set_sort("size")
    table.move_to(0)
    table.update_rows([row("a", 2.5)])
    assert table.keys() == ["b", "c", "a", "d"]
    assert table.cursor == "a"


def test_the_filter_wants_every_word_ignores_case_and_finds_hidden_search_text() -> None:
    table = TableModel(COLUMNS)
    table.set_rows(
        [
            TableRow("1", ("Prod Web", "x")),
            TableRow("2", ("prod", "y")),
            TableRow("3", ("z", "z"), search="prod web"),
        ]
    )
    assert table.set_filter("WEB pro")
    assert table.keys() == ["1", "3"]
    assert (len(table), table.total) == (2, 3)
    table.update_rows([TableRow("2", ("prod web", "y")), TableRow("1", ("gone", "x"))])
    assert table.keys() == ["2", "3"]
    assert not table.set_filter("  web   PRO ")
    table.set_filter("")
    assert table.keys() == ["1", "2", "3"]


def test_the_cursor_leaves_a_row_the_filter_hides() -> None:
    table = model("apple", "pear", "plum")
    table.move_to(1)
    places: list[str | None] = []
    for words in ("pl", "nothing has this", ""):
        table.set_filter(words)
        places.append(table.cursor)
    assert places == ["plum", None, "apple"]


def test_marks_survive_sorting_and_filtering_and_count_hidden_rows() -> None:
    table = model("apple", "pear", "plum")
    table.toggle("plum")
    table.toggle("apple")
    table.set_sort("size", descending=True)
    assert table.marked() == ["plum", "apple"]
    table.set_filter("plum")
    assert (table.mark_count, table.hidden_mark_count()) == (2, 1)
    table.toggle("plum")
    assert table.marked() == ["apple"]


def test_mark_all_marks_only_what_is_visible_and_then_none_of_it() -> None:
    table = model("apple", "pear", "plum")
    table.toggle("pear")
    table.set_filter("pl")
    table.toggle_visible()
    assert table.marked() == ["apple", "pear", "plum"]
    table.toggle_visible()
    assert table.marked() == ["pear"]


def test_removed_and_unmarkable_rows_lose_their_marks() -> None:
    table = model("a", "b", "c")
    table.set_marks(["a", "b", "c", "unknown"])
    version = table.mark_version
    table.remove(["a"])
    table.update_rows([row("b", 1, markable=False)])
    assert table.marked() == ["c"]
    assert table.mark_version > version
    assert not table.toggle("b")
    table.set_rows([row("x")])
    assert table.marked() == []


def test_programming_errors_are_refused() -> None:
    table = model("a")
    with pytest.raises(ValueError, match="two rows"):
        table.set_rows([row("x"), row("x")])
    with pytest.raises(ValueError, match="cells for"):
        table.update_rows([TableRow("x", ("only one",))])
    with pytest.raises(ValueError, match="style"):
        table.update_rows([TableRow("x", (Cell("a", "purple"), "b"))])
    with pytest.raises(ValueError, match="style"):
        table.update_rows([TableRow("x", ("a", "b"), style="purple")])
    with pytest.raises(KeyError):
        table.set_sort("nobody")
    with pytest.raises(ValueError, match="share an id"):
        TableModel([COLUMNS[0], COLUMNS[0]])
    with pytest.raises(IndexError):
        table.row_at(-1)
    assert table.keys() == ["a"]


def test_a_bulk_change_gives_the_same_order_as_single_ones() -> None:
    count = BULK * 2
    bulk, single = TableModel(COLUMNS), TableModel(COLUMNS)
    for table in (bulk, single):
        table.set_rows(row(str(i), i) for i in range(count))
        table.set_sort("size", descending=True)
    changed = [row(str(i), (i * 7919) % count) for i in range(count)]
    bulk.update_rows(changed)
    for one in changed:
        single.update_rows([one])
    assert bulk.keys() == single.keys()
    bulk.remove(str(i) for i in range(0, count, 1) if i % 3)
    for i in range(count):
        if i % 3:
            single.remove([str(i)])
    assert bulk.keys() == single.keys()
    assert len(bulk) == count // 3 + 1


def test_one_change_among_many_rows_compares_few_of_them() -> None:
    compared = 0

    class Counting(float):
        def __lt__(self, other: float) -> bool:
            nonlocal compared
            compared += 1
            return float(self) < float(other)

    table = TableModel(COLUMNS)
    table.set_rows(row(str(i), Counting(i)) for i in range(20_000))
    table.set_sort("size")
    compared = 0
    table.update_rows([row("5", Counting(12_345.5))])
    # Three bisections of 20,000 rows: out, in, and finding the cursor again. A new sort would need 20,000.
    assert 0 < compared <= 80
    assert table.index_of("5") == 12_345
