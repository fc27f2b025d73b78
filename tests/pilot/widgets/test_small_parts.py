"""The small parts inside a running app."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widget import Widget

from workbench.tui.widgets.empty import EmptyState
from workbench.tui.widgets.progress import Progress, ProgressLine
from workbench.tui.widgets.sparkline import SparkLine
from workbench.tui.widgets.statusline import Fact, StatusLine


class PartsApp(App[None]):
    """One of each."""

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield SparkLine()
        yield ProgressLine()
        yield EmptyState("Nothing is listed. b checks the blocklists.")


def text(widget: Widget) -> list[str]:
    return [strip.text for strip in widget.render_lines(widget.size.region)]


async def test_the_parts_show_what_they_are_given() -> None:
    async with PartsApp().run_test(size=(60, 12)) as pilot:
        app = pilot.app
        status, spark = app.query_one(StatusLine), app.query_one(SparkLine)
        progress, empty = app.query_one(ProgressLine), app.query_one(EmptyState)
        status.facts = (Fact("[b]acme[/b]", "strong"), Fact("share-safe", "ok", side="right"))
        spark.values = (0, 1, 2, None, 4)
        progress.progress = Progress(5, 10, elapsed=5, label="resets", cancel="Esc stops")
        await pilot.pause()
        assert text(status) == ["[b]acme[/b]" + " " * 39 + "share-safe"]
        assert text(spark)[0].startswith("▁▃▅ █")
        assert "resets · 5/10 · 1.0/s · 5s left · Esc stops" in text(progress)[0]
        assert any("Nothing is listed. b checks the blocklists." in line for line in text(empty))


async def test_the_progress_line_takes_no_room_while_there_is_nothing_to_show() -> None:
    async with PartsApp().run_test(size=(60, 12)) as pilot:
        progress, empty = pilot.app.query_one(ProgressLine), pilot.app.query_one(EmptyState)
        height = empty.size.height
        progress.progress = Progress(1, None)
        await pilot.pause()
        assert (progress.display, empty.size.height) == (True, height - 1)
        progress.progress = None
        await pilot.pause()
        assert empty.size.height == height


async def test_a_pasted_newline_stays_out_of_the_filter_and_is_no_key() -> None:
    from textual import events

    from workbench.tui.widgets.filterbox import FilterBox
    from workbench.tui.widgets.table import Column, KeyedTable, TableRow

    class Filtered(App[None]):
        def compose(self) -> ComposeResult:
            table = KeyedTable([Column("name", "name", flex=1)])
            table.set_rows([TableRow("1", ("one",)), TableRow("2", ("two",))])
            yield FilterBox(table)
            yield table

    async with Filtered().run_test(size=(40, 8)) as pilot:
        box, table = pilot.app.query_one(FilterBox), pilot.app.query_one(KeyedTable)
        box.open()
        await pilot.pause()
        box.post_message(events.Paste("two\nrm -rf\n"))
        await pilot.pause()
        assert (table.filter_text, table.count_text) == ("two", "1 of 2")
        assert box.has_focus
