"""The hourly chart and the numbers beside it: what is drawn is what was counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from workbench.core.rows import text_of
from workbench.domain.forensics.abuse_window import AbuseWindow, Share, from_metrics
from workbench.domain.forensics.recorded import RecordedWindow
from workbench.presentation import abuse_window
from workbench.presentation.abuse_chart import chart
from workbench.presentation.cells import Look

NOW = datetime(2026, 11, 21, 14, 3, tzinfo=UTC)
THIS_HOUR = NOW.replace(minute=0)


def window(abnormal: int = 6) -> AbuseWindow:
    """Return thirty days of 100 an hour, the last hours of them at 2,000."""
    hours = {THIS_HOUR - timedelta(hours=n): 2000 if n <= abnormal else 100 for n in range(1, 24 * 30)}
    return from_metrics(hours, NOW)


def test_the_chart_has_the_size_the_scale_and_the_marks() -> None:
    drawn = chart(window().hours, 80, 12)
    lines = drawn.text().splitlines()
    assert len(lines) == 12 and all(len(line) <= 80 for line in lines)
    assert lines[0].startswith(" 2,000┤")
    marks = lines[-3]
    assert marks.count("▲") == 6 and marks.endswith("▲" * 6)
    # The abnormal hours reach the top, the calm ones only the lowest line.
    assert lines[0].endswith("█" * 6) and lines[0].count("█") == 6
    assert "00:00" in lines[-2] and "21 Nov" in lines[-1]
    assert drawn.last == len(window().hours)


def test_what_colour_tells_a_sign_tells_too_in_ascii() -> None:
    text = chart(window().hours, 80, 12, ascii_only=True).text()
    assert text.isascii()
    assert text.splitlines()[-3].count("^") == 6
    tones = {tone for line in chart(window().hours, 80, 12).lines for _, tone in line}
    assert tones == {"bad", "accent", "dim"}


def test_usual_is_dotted_where_less_was_sent() -> None:
    quiet = window(0)
    hours = [*quiet.hours[:-1], quiet.hours[-1].__class__(quiet.hours[-1].start, 0, 90.0, 150.0)]
    lines = chart(hours, 80, 12).text().splitlines()
    assert any(line.endswith("·") for line in lines[:-3])


def test_looking_back_moves_and_stops_at_the_beginning() -> None:
    hours = window().hours
    late, early = chart(hours, 80, 12), chart(hours, 80, 12, back=24)
    assert early.last == late.last - 24 and "▲" not in early.text()
    first = chart(hours, 80, 12, back=10_000)
    assert first.first == 0 and first.last > 0


def test_wide_charts_draw_wider_columns_and_tiny_ones_nothing() -> None:
    hours = window().hours
    assert "▲" * 12 in chart(hours, 120, 12).text()
    assert chart(hours, 80, 3).lines == () == chart((), 80, 12).lines


def test_the_numbers_say_what_the_chart_shows() -> None:
    made = window()
    rows = abuse_window.rows(made, abuse_window.HOURS, Look())
    assert [text_of(cell) for cell in rows[0].cells[:3]] == ["11-21 13:00", "2,000", "100"]
    assert sum(text_of(row.cells[-1]).startswith("▲") for row in rows) == 6
    made.by["domain"] = [Share("mg.acme.example", 12_000, 600.0), Share("quiet.example", 30, 30.0)]
    shares = abuse_window.rows(made, "domain", Look(ascii=True))
    assert [text_of(cell) for cell in shares[0].cells[:4]] == ["mg.acme.example", "12,000", "600", "11,400"]
    assert text_of(shares[0].cells[-1]).startswith("^ #") and "^" not in text_of(shares[1].cells[-1])


def test_the_words_explain_and_admit() -> None:
    made = window()
    assert "still going on when it was read (" in abuse_window.headline(
        made
    ) and "12,000 accepted" in abuse_window.headline(made)
    made.last = made.began
    assert "to its last message so far, of " in abuse_window.headline(made), "nothing is said to go on"
    assert "median" in abuse_window.words(made)
    calm = window(0)
    assert "No hour is abnormal" in abuse_window.headline(calm)
    assert "not read yet" in abuse_window.headline(None)
    assert "damage: assess" in abuse_window.why_empty(made, "tag")
    assert "nothing to break down" in abuse_window.why_empty(calm, "tag")
    calm.notes.append("metrics count 9 where the log holds 8")
    assert "Metrics count 9" in abuse_window.words(calm)


def test_a_window_is_the_same_after_the_journal() -> None:
    made = window()
    made.by["ip"] = [Share("198.51.100.7", 12_000, 600.0)]
    again = AbuseWindow.of_recorded(made.recorded())
    assert (again.began, again.ended, again.source) == (made.began, made.ended, made.source)
    assert (again.as_of, again.last) == (made.as_of, made.last)
    assert again.accepted == made.accepted and again.by == made.by
    assert chart(again.hours, 60, 12).text() == chart(made.hours[-72:], 60, 12).text()
    # A fact of before the bar was kept still tells which hours were abnormal.
    document = msgspec.to_builtins(made.recorded())
    for hour in document["hours"]:
        del hour["bar"]
    old = AbuseWindow.of_recorded(msgspec.convert(document, RecordedWindow))
    assert [h.excess > 0 for h in old.hours] == [h.excess > 0 for h in made.hours[-72:]]
