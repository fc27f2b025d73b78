"""The timeline as rows: zooming in and out, one kind alone, only what is suspicious, addresses hidden."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from workbench.core.rows import text_of
from workbench.domain.forensics.moment import Moment, MomentKind
from workbench.presentation.cells import Look
from workbench.presentation.timeline import DAY, HOUR, Hidden, Zoom, bar, chosen, next_kind, rows

AT = datetime(2026, 11, 21, 14, 5, 9, tzinfo=UTC)
MOMENTS = [
    Moment(AT - DAY, MomentKind.ACCOUNT, "domain mg.acme.example added"),
    Moment(AT - timedelta(hours=2), MomentKind.SETTING, "route “archive” made", True),
    Moment(AT, MomentKind.EFFECT, "delete key of jane.doe@acme.example: verified"),
    Moment(AT + timedelta(minutes=3), MomentKind.EFFECT, "reset news@mg.acme.example: verified"),
]


def test_from_everything_to_a_day_to_an_hour_and_back() -> None:
    zoom = Zoom()
    days = rows(MOMENTS, zoom, Look())
    assert [text_of(row.cells[0]) for row in days] == ["2026-11-20", "2026-11-21"]
    assert "2 effect" in text_of(days[1].cells[-1]) and "⚠ route “archive” made" in text_of(days[1].cells[-1])
    day = zoom.into(days[1].key)
    assert (day.step, day.end) == (HOUR, datetime(2026, 11, 22, tzinfo=UTC))
    hours = rows(chosen(MOMENTS, day), day, Look())
    assert [text_of(row.cells[0]) for row in hours] == ["2026-11-21 12:00", "2026-11-21 14:00"]
    hour = day.into(hours[1].key)
    there = rows(chosen(MOMENTS, hour), hour, Look())
    assert [text_of(row.cells[0]) for row in there] == ["2026-11-21 14:05:09", "2026-11-21 14:08:09"]
    assert hour.into(there[0].key) == hour, "a moment cannot be looked at more closely"
    assert hour.key == hours[1].key and hour.out() == day
    assert day.out() == zoom and zoom.out() == zoom


def test_each_moment_of_a_stretch_without_losing_the_place() -> None:
    day = Zoom().into("2026-11-21T00:00:00+00:00")
    flat = day.flattened()
    assert len(rows(chosen(MOMENTS, flat), flat, Look())) == 3
    assert flat.flattened() == day and flat.out() == day
    hour = day.into("2026-11-21T14:00:00+00:00")
    assert hour.flattened() == hour


def test_kinds_go_round_over_those_there_are() -> None:
    kind: MomentKind | None = None
    seen = []
    for _ in range(4):
        kind = next_kind(MOMENTS, kind)
        seen.append(kind)
    assert seen == [MomentKind.ACCOUNT, MomentKind.SETTING, MomentKind.EFFECT, None]
    assert next_kind(MOMENTS, MomentKind.ALARM) is None, "a kind that vanished"
    assert {m.kind for m in chosen(MOMENTS, Zoom(), (MomentKind.SETTING,))} == {MomentKind.SETTING}
    assert chosen(MOMENTS, Zoom(), odd=True) == [MOMENTS[1]]


def test_people_are_shortened_and_logins_are_not() -> None:
    hidden = Hidden(frozenset({"jane.doe@acme.example"}), frozenset({"news@mg.acme.example"}))
    zoom = Zoom(flat=True)
    texts = [text_of(row.cells[-1]) for row in rows(MOMENTS, zoom, Look(), hidden)]
    assert "jane.doe@" not in " ".join(texts) and "news@mg.acme.example" in texts[-1]
    stranger = [Moment(AT, MomentKind.SETTING, "told never to suppress (bob.smith@inbox.example)")]
    assert "bob.smith" not in text_of(rows(stranger, zoom, Look(), hidden)[0].cells[-1])
    open_ = Look(share_safe=False)
    assert "jane.doe@acme.example" in " ".join(
        text_of(r.cells[-1]) for r in rows(MOMENTS, zoom, open_, hidden)
    )


def test_in_ascii_the_marks_are_ascii() -> None:
    look = Look(ascii=True)
    for zoom in (Zoom(), Zoom(flat=True)):
        made = " ".join(text_of(cell) for row in rows(MOMENTS, zoom, look) for cell in row.cells)
        assert "⚠" not in made and "█" not in made and "! route" in made


def test_little_is_never_nothing_in_a_bar() -> None:
    assert bar(1, 1000, 10) == "█"
    assert bar(1000, 1000, 10, True) == "#" * 10
    assert bar(0, 10, 10) == bar(3, 0, 10) == ""
