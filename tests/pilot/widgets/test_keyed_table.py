"""The table under real keys: cursor, marks, filter, sorting, painting."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Static

from workbench.tui.widgets.filterbox import FilterBox
from workbench.tui.widgets.table import Cell, Column, KeyedTable, TableRow
from workbench.tui.widgets.table.look import TABLE_PARTS

pytestmark = pytest.mark.painted

COLUMNS = [
    Column("name", "name", flex=1, min_width=10),
    Column("state", "state", width=8),
    Column("size", "size", width=6, align="right", priority=2),
]


def row(index: int, state: str = "active", size: int | None = None, **rest: Any) -> TableRow:
    shown = index if size is None else size
    return TableRow(
        f"k{index}", (f"name-{index:03d}", Cell(state, "ok"), Cell(str(shown), sort=shown)), **rest
    )


@pytest.fixture(autouse=True)
def paint_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for the next paint: every change of data is painted when it is made."""
    monkeypatch.setattr("workbench.tui.widgets.table.view.PAINTS_A_SECOND", float("inf"))


class TableApp(App[None]):
    """One table with its filter box; hears everything the table says."""

    BINDINGS = [("q", "boom", "must never run while a filter is typed"), ("escape", "away", "back")]  # noqa: RUF012

    def __init__(self, rows: list[TableRow], ascii_mode: bool = False) -> None:
        super().__init__()
        self.table = KeyedTable(
            COLUMNS, empty_text="No logins were loaded. r loads them.", ascii_mode=ascii_mode
        )
        self.table.set_rows(rows)
        self.box = FilterBox(self.table)
        self.heard: list[Message] = []
        self.ran: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.box
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()

    def on_keyed_table_highlighted(self, event: KeyedTable.Highlighted) -> None:
        self.heard.append(event)

    on_keyed_table_row_opened = on_keyed_table_highlighted
    on_keyed_table_marks_changed = on_keyed_table_highlighted
    on_keyed_table_filter_changed = on_keyed_table_highlighted
    on_keyed_table_sort_changed = on_keyed_table_highlighted

    def action_boom(self) -> None:
        self.ran.append("boom")

    def action_away(self) -> None:
        self.ran.append("away")

    def heard_of(self, kind: type[Message]) -> Iterator[Any]:
        return (message for message in self.heard if isinstance(message, kind))


@asynccontextmanager
async def running(
    rows: list[TableRow], size: tuple[int, int] = (60, 12), ascii_mode: bool = False
) -> AsyncIterator[tuple[TableApp, Pilot[None]]]:
    app = TableApp(rows, ascii_mode)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


def lines(table: KeyedTable) -> list[str]:
    return [table.render_line(y).text for y in range(table.size.height)]


def cursor_line(table: KeyedTable) -> int | None:
    return next((y for y, text in enumerate(lines(table)) if text.startswith(("❯", "›", ">", "-"))), None)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["down", "down", "up"], "k1"),
        (["j", "j", "j", "k"], "k2"),
        (["G"], "k99"),
        (["end", "home"], "k0"),
        (["G", "g"], "k0"),
        (["pagedown"], "k10"),
        (["ctrl+d"], "k5"),
        (["pagedown", "ctrl+u"], "k5"),
        (["pagedown", "pagedown", "pageup"], "k10"),
        (["up"], "k0"),
    ],
)
async def test_keys_move_the_cursor_and_it_is_always_in_view(keys: list[str], expected: str) -> None:
    async with running([row(i) for i in range(100)]) as (app, pilot):
        await pilot.press(*keys)
        assert app.table.cursor_key == expected
        at = cursor_line(app.table)
        assert at is not None
        assert f"name-{int(expected[1:]):03d}" in lines(app.table)[at]
        assert list(app.heard_of(KeyedTable.Highlighted))[-1].key == expected


async def test_enter_opens_the_row_under_the_cursor() -> None:
    async with running([row(i) for i in range(3)]) as (app, pilot):
        await pilot.press("j", "enter")
        assert [message.key for message in app.heard_of(KeyedTable.Opened)] == ["k1"]
        (opened,) = app.heard_of(KeyedTable.Opened)
        assert opened.control is app.table


async def test_new_data_leaves_cursor_and_scroll_position_alone() -> None:
    async with running([row(i) for i in range(100)]) as (app, pilot):
        await pilot.press("pagedown", "pagedown", "k", "k", "k")
        table, offset, at = app.table, app.table.scroll_offset.y, cursor_line(app.table)
        assert (offset, at) == (10, 8)
        table.update_rows([row(i, state="reset") for i in range(100)])
        table.set_rows([row(i, state="gone") for i in range(99)] + [row(i) for i in range(200, 220)])
        table.remove_rows(["k1", "k205"])
        table.update_rows([row(1)])
        await pilot.pause()
        assert (table.cursor_key, table.scroll_offset.y) == ("k17", offset)
        assert cursor_line(table) == 7
        assert "gone" in lines(table)[7]


async def test_rows_inserted_above_do_not_move_the_scroll_position_while_the_cursor_stays_in_view() -> None:
    async with running([row(i) for i in range(50)]) as (app, pilot):
        await pilot.press("j", "j")
        app.table.set_rows([row(100), *(row(i) for i in range(50))])
        await pilot.pause()
        assert app.table.cursor_key == "k2"
        assert app.table.scroll_offset.y == 0
        assert cursor_line(app.table) == 4


async def test_a_cursor_pushed_out_of_view_by_data_is_followed() -> None:
    async with running([row(i) for i in range(50)]) as (app, pilot):
        await pilot.press("j", "j")
        app.table.set_rows([*(row(i) for i in range(100, 140)), *(row(i) for i in range(50))])
        await pilot.pause()
        assert app.table.cursor_key == "k2"
        assert cursor_line(app.table) is not None


async def test_the_row_under_the_cursor_vanishes() -> None:
    async with running([row(i) for i in range(5)]) as (app, pilot):
        await pilot.press("j", "j")
        app.table.remove_rows(["k2", "k3"])
        await pilot.pause()
        assert app.table.cursor_key == "k4"
        assert "name-004" in lines(app.table)[3]
        app.table.remove_rows(["k0", "k1", "k4"])
        await pilot.pause()
        assert [app.table.cursor_key] == [None]
        assert any("No logins were loaded" in text for text in lines(app.table))
        assert list(app.heard_of(KeyedTable.Highlighted))[-1].key is None


async def test_space_marks_and_steps_down_and_marks_are_told() -> None:
    async with running([row(0), row(1, markable=False), row(2)]) as (app, pilot):
        await pilot.press("space")
        assert (app.table.marked_keys, app.table.cursor_key) == (["k0"], "k1")
        await pilot.press("space")
        assert (app.table.marked_keys, app.table.cursor_key) == (["k0"], "k1")
        await pilot.press("j", "space", "g", "space")
        assert app.table.marked_keys == ["k2"]
        assert [message.count for message in app.heard_of(KeyedTable.MarksChanged)] == [1, 2, 1]
        assert app.table.chosen_keys == ["k2"]
        await pilot.press("a")
        assert app.table.marked_keys == ["k0", "k2"]
        await pilot.press("a")
        assert app.table.marked_count == 0
        assert app.table.chosen_keys == [app.table.cursor_key]


async def test_a_range_follows_the_cursor_until_it_is_kept_or_dropped() -> None:
    async with running([row(i) for i in range(10)]) as (app, pilot):
        await pilot.press("space", "j", "v", "j", "j", "j", "k")
        assert app.table.marked_keys == ["k0", "k2", "k3", "k4"]
        await pilot.press("escape")
        assert app.table.marked_keys == ["k0"]
        assert app.ran == []
        await pilot.press("v", "k", "v", "g")
        assert app.table.marked_keys == ["k0", "k3", "k4"]
        await pilot.press("escape")
        assert app.ran == ["away"]
        assert app.table.marked_keys == ["k0", "k3", "k4"]


async def test_sorting_cycles_through_the_columns_and_reverses() -> None:
    rows = [row(i, state=f"s{i % 2}", size=(i * 7) % 10) for i in range(10)]
    async with running(rows) as (app, pilot):
        await pilot.press("j", "o", "o", "o")
        assert (app.table.model.sort_column, app.table.cursor_key) == ("size", "k1")
        sizes = [text.split()[-1] for text in lines(app.table)[1:11]]
        assert sizes == [str(i) for i in range(10)]
        assert "size▲" in lines(app.table)[0]
        await pilot.press("O")
        assert "size▼" in lines(app.table)[0]
        assert lines(app.table)[1].split()[-1] == "9"
        await pilot.press("o")
        assert app.table.model.sort_column is None
        assert [m.column_id for m in app.heard_of(KeyedTable.SortChanged)] == [
            "name",
            "state",
            "size",
            "size",
            None,
        ]


async def test_a_title_that_was_clicked_sorts_and_a_row_that_was_clicked_gets_the_cursor() -> None:
    async with running([row(i, size=9 - i) for i in range(5)]) as (app, pilot):
        await pilot.click(app.table, offset=(56, 0))
        assert app.table.model.sort_column == "size"
        await pilot.click(app.table, offset=(10, 2))
        assert app.table.cursor_key == "k3"
        await pilot.click(app.table, offset=(10, 2), times=2)
        assert [message.key for message in app.heard_of(KeyedTable.Opened)] == ["k3"]


async def test_typed_filter_letters_are_text_and_never_actions() -> None:
    async with running([row(i) for i in range(30)]) as (app, pilot):
        await pilot.press("slash", *"q 02a")
        assert app.ran == []
        assert app.box.has_focus
        assert app.table.filter_text == "q 02a"
        assert (app.table.count_text, app.table.cursor_key) == ("0 of 30", None)
        assert any("No row holds" in text for text in lines(app.table))
        await pilot.press("escape")
        assert (app.table.filter_text, app.table.count_text) == ("", "30")
        assert app.table.has_focus
        assert not app.box.display
        assert app.table.marked_count == 0


async def test_a_filter_stays_in_force_and_in_sight_after_enter() -> None:
    async with running([row(i) for i in range(30)]) as (app, pilot):
        await pilot.press("slash", *"name-02", "enter")
        assert app.table.has_focus
        assert app.box.display
        assert app.table.count_text == "10 of 30"
        await pilot.press("G", "a")
        assert app.table.cursor_key == "k29"
        assert app.table.marked_keys == [f"k{i}" for i in range(20, 30)]
        app.table.filter_text = "name-000"
        await pilot.pause()
        assert (app.table.marked_count, app.table.hidden_marked_count) == (10, 10)
        assert [m.text for m in app.heard_of(KeyedTable.FilterChanged)][-1] == "name-000"
        await pilot.press("slash", "escape", "q")
        assert app.ran == ["boom"]


HOSTILE = [
    "two\nlines\r\n",
    "\x1b[31mred\x1b[2J\x1b]0;pwned\x07",
    "[red]markup[/red] [@click=app.boom]x[/]",
    "\u202eevil\u2066\u200f",
    "שלום עולם 123",
    "漢字" * 40,
    "a" + "\u0301" * 500,
    "👩‍👩‍👧‍👦" * 20,
    "x" * 4000,
    "",
]


@pytest.mark.parametrize("ascii_mode", [False, True])
@pytest.mark.parametrize("width", [24, 60, 140])
async def test_hostile_names_stay_in_their_cells(width: int, ascii_mode: bool) -> None:
    rows = [TableRow(f"h{i}", (name, Cell(name, "bad"), str(i))) for i, name in enumerate(HOSTILE)]
    async with running(rows, (width, 14), ascii_mode) as (app, _):
        shown = lines(app.table)
        assert {cell_len(text) for text in shown} == {app.table.scrollable_content_region.width}
        everything = "".join(shown)
        assert not any(char in everything for char in "\n\r\x1b\x07\u202e\u2066\u200f\u200d")
        if width >= 60:
            assert all(text.rstrip().endswith(str(i)) for i, text in enumerate(shown[1 : len(HOSTILE) + 1]))
            assert "[red]markup[/red]" in everything or width == 60
        if ascii_mode:
            assert everything.isascii()


async def test_the_cursor_shows_without_colour_and_says_whether_the_table_has_the_focus() -> None:
    async with running([row(i) for i in range(3)]) as (app, pilot):
        assert lines(app.table)[1].startswith("❯")
        app.box.open()
        await pilot.pause()
        assert lines(app.table)[1].startswith("›")
    async with running([row(i) for i in range(3)], ascii_mode=True) as (app, pilot):
        await pilot.press("space")
        assert lines(app.table)[1].startswith(" * ")
        assert lines(app.table)[2].startswith(">")


async def test_no_color_leaves_a_reversed_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running([row(i) for i in range(3)]) as (app, _):
        styles = [segment.style for segment in app.table.render_line(1) if segment.text.strip()]
        assert styles
        assert all(style is not None and style.reverse for style in styles)
        others = [segment.style for segment in app.table.render_line(2)]
        assert not any(style is not None and style.reverse for style in others)


async def test_another_theme_colours_the_cells_anew() -> None:
    async with running([row(i) for i in range(3)]) as (app, pilot):

        def colours() -> list[object]:
            return [segment.style and segment.style.color for segment in app.table.render_line(2)]

        before = colours()
        assert len(set(map(str, before))) > 1
        app.theme = "textual-light"
        await pilot.pause()
        assert colours() != before
        app.theme = "ansi-dark"
        await pilot.pause()
        cursor = app.table.render_line(1)
        assert all(
            segment.style is not None and segment.style.reverse for segment in cursor if segment.text.strip()
        )


async def test_columns_give_way_on_a_narrow_pane_and_come_back() -> None:
    async with running([row(i) for i in range(30)], (60, 12)) as (app, pilot):
        await pilot.press("G")
        assert "size" in lines(app.table)[0]
        await pilot.resize_terminal(26, 8)
        await pilot.pause()
        assert "size" not in lines(app.table)[0]
        assert cursor_line(app.table) is not None
        await pilot.resize_terminal(60, 12)
        await pilot.pause()
        assert "size" in lines(app.table)[0]
        assert app.table.cursor_key == "k29"


async def test_the_scrollbar_covers_no_column() -> None:
    async with running([row(i) for i in range(100)], (40, 12)) as (app, pilot):
        await pilot.press("down")
        assert [strip.text[:39] for strip in app.table.render_lines(app.table.size.region)] == lines(
            app.table
        )
        assert all(len(text) == 39 for text in lines(app.table))
        assert lines(app.table)[2].rstrip().endswith("  1")
        app.table.remove_rows(f"k{i}" for i in range(5, 100))
        await pilot.pause()
        assert all(len(text) == 40 for text in lines(app.table))


class Painted:
    """Counts what a table asks to be painted."""

    def __init__(self, table: KeyedTable, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[Any, ...]] = []
        refresh = table.refresh

        def counted(*regions: Any, **options: Any) -> Any:
            self.calls.append(regions)
            return refresh(*regions, **options)

        monkeypatch.setattr(table, "refresh", counted)


async def test_a_change_refreshes_only_the_cells_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running([row(i) for i in range(100)]) as (app, pilot):
        await pilot.pause()
        painted = Painted(app.table, monkeypatch)
        app.table.update_rows([row(4, state="reset")])
        ((region,),) = painted.calls
        assert (region.y, region.height, region.width) == (5, 1, 8)
        await pilot.press("down")
        assert sorted(region.y for region in painted.calls[-1]) == [1, 2]


async def test_what_nobody_sees_paints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running([row(i) for i in range(100)]) as (app, pilot):
        painted = Painted(app.table, monkeypatch)
        app.table.update_rows([row(i, state="reset") for i in range(50, 100)])
        app.table.update_rows([row(0)])
        await pilot.pause()
        assert painted.calls == []
        assert app.table.model.row("k70") == row(70, state="reset")


async def test_a_flood_of_changes_is_painted_at_most_fifteen_times_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment = 1000.0
    monkeypatch.setattr("workbench.tui.widgets.table.view.PAINTS_A_SECOND", 15)
    monkeypatch.setattr("workbench.tui.widgets.table.view.monotonic", lambda: moment)
    async with running([row(i) for i in range(10)]) as (app, pilot):
        app.table.refresh()
        moment += 1
        painted = Painted(app.table, monkeypatch)
        for number in range(200):
            app.table.update_rows([row(number % 10, size=number)])
        assert len(painted.calls) == 1
        assert "199" not in lines(app.table)[10]
        await pilot.press("down")
        assert lines(app.table)[10].split()[-1] == "199"
        assert len(painted.calls) == 2


async def test_a_table_filled_before_and_while_it_is_hidden_shows_everything_later() -> None:
    async with running([row(i) for i in range(3)]) as (app, pilot):
        app.table.display = False
        await pilot.pause()
        app.table.update_rows([row(1, state="reset"), row(7)])
        await pilot.pause()
        app.table.display = True
        await pilot.pause()
        assert "reset" in lines(app.table)[2]
        assert "name-007" in lines(app.table)[4]


async def test_the_owners_reason_and_symbols_can_change_while_it_runs() -> None:
    async with running([]) as (app, pilot):
        app.table.empty_text = "This key may not list logins."
        await pilot.pause()
        assert any("may not list" in text for text in lines(app.table))
        app.table.set_rows([row(1)])
        app.table.ascii_mode = True
        await pilot.pause()
        assert lines(app.table)[1].startswith(">")


class Styled(KeyedTable):
    """The table with its parts as the toolkit's component classes, which are styled at every restyling."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TABLE_PARTS.values())


class StyledApp(App[None]):
    """A table beside something else that takes the focus."""

    def compose(self) -> ComposeResult:
        yield Styled(COLUMNS)
        yield Static("else")


async def test_parts_look_as_the_toolkit_would_style_them() -> None:
    app = StyledApp()
    async with app.run_test() as pilot:
        table = app.query_one(Styled)
        for theme in ("textual-dark", "textual-light", "ansi-dark"):
            app.theme = theme
            for focused in (table, None):
                app.screen.set_focus(focused)
                await pilot.pause()
                for part, name in TABLE_PARTS.items():
                    assert table._style_of(part) == table.get_component_rich_style(name), (theme, part)
