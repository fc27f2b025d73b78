"""The pure text of the small parts: bars, progress, status line, empty state."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.tui.widgets.cells import width_of
from workbench.tui.widgets.empty import centred, wrap
from workbench.tui.widgets.progress import Progress, bar, duration, progress_text
from workbench.tui.widgets.sparkline import sparkline
from workbench.tui.widgets.statusline import Fact, StatusLine, arrange

STEADY = settings(derandomize=True, deadline=None, database=None)


def test_bars_run_from_zero_to_the_largest_value() -> None:
    assert sparkline([0, 1, 4, 8], 4) == "▁▂▅█"
    assert sparkline([0, 1, 4, 8], 4, ascii_only=True) == "._+@"
    assert sparkline([1, 2], 4, top=8) == "▂▃"
    assert sparkline([0, 0], 4) == "▁▁"
    assert sparkline([], 4) == sparkline([1], 0) == ""


def test_unknown_is_a_gap_and_not_zero() -> None:
    assert sparkline([None, 0, float("nan"), 2], 4) == " ▁ █"


def test_merging_keeps_a_short_peak() -> None:
    assert sparkline([1] * 50 + [100] + [1] * 49, 10).count("█") == 1


def test_little_never_looks_like_nothing_and_too_much_stays_in_the_scale() -> None:
    assert sparkline([1, 10_000], 2)[0] == "▂"
    assert sparkline([50], 1, top=10) == "█"


@STEADY
@given(st.lists(st.one_of(st.none(), st.floats(min_value=0)), max_size=60), st.integers(0, 40))
def test_a_sparkline_never_exceeds_its_width(values: list[float | None], width: int) -> None:
    assert len(sparkline(values, width)) == min(width, len(values))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (59.4, "59s"),
        (59.6, "1m00s"),
        (401, "6m41s"),
        (7500, "2h05m"),
        (273_600, "3d04h"),
        (-5, "0s"),
    ],
)
def test_durations_read_like_a_clock(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_bar_is_full_only_when_everything_is_done() -> None:
    assert bar(0, 10, 8) == " " * 8
    assert bar(10, 10, 8) == "█" * 8
    assert bar(999, 1000, 8) != "█" * 8
    assert bar(5, 10, 8, ascii_only=True) == "####...."
    assert bar(3, 0, 4) == "    "


def test_progress_says_count_rate_time_left_and_the_key_that_stops_it() -> None:
    progress = Progress(120, 360, elapsed=12.0, label="SMTP logins", cancel="Esc stops", failed=2)
    text = progress_text(progress, 100)
    assert text.endswith("SMTP logins · 120/360 · 2 failed · 10/s · 24s left · Esc stops")
    assert text.startswith("█")
    slow = progress_text(Progress(3, 30, elapsed=2.0), 100)
    assert slow.endswith("3/30 · 1.5/s · 18s left")


def test_what_is_carried_out_and_not_proven_has_half_of_its_way_behind_it() -> None:
    """Proofs wait for the writes: counted alone they told a cut of ten seconds to take another twenty minutes."""
    text = progress_text(Progress(0, 2000, elapsed=5.0, label="Cut all access", unproven=1000), 100)
    assert text.endswith("Cut all access · 0/2000 · 1000 to prove · 200/s · 15s left")
    assert text.startswith("███████") and not text.startswith("█" * 9)
    narrow = progress_text(Progress(0, 2000, elapsed=5.0, label="Cut all access", unproven=1000), 45)
    assert narrow.endswith("Cut all access · 0/2000 · 15s left")
    assert "left" not in progress_text(Progress(0, 2000, elapsed=5.0), 100), "nothing is behind it yet"


def test_a_rate_from_the_first_moment_is_not_shown() -> None:
    assert progress_text(Progress(3, 30, elapsed=0.5), 60).endswith("3/30")
    assert "left" not in progress_text(Progress(30, 30, elapsed=10), 60)


def test_an_unknown_total_shows_the_count_alone() -> None:
    assert progress_text(Progress(17, None, elapsed=10, label="pages"), 60) == "pages · 17 · 1.7/s"


def test_what_matters_stays_on_a_narrow_line() -> None:
    progress = Progress(120, 360, elapsed=12.0, label="SMTP logins", cancel="Esc stops", failed=2)
    assert progress_text(progress, 30) == "120/360 · 2 failed · Esc stops"
    assert "SMTP" in progress_text(progress, 50)


@STEADY
@given(
    st.builds(
        Progress,
        done=st.integers(0, 10**6),
        total=st.one_of(st.none(), st.integers(0, 10**6)),
        elapsed=st.floats(0, 1e6),
        label=st.text(max_size=30),
        cancel=st.text(max_size=10),
        failed=st.integers(0, 1000),
    ),
    st.integers(1, 120),
    st.booleans(),
)
def test_progress_never_exceeds_its_width(progress: Progress, width: int, ascii_only: bool) -> None:
    assert width_of(progress_text(progress, width, ascii_only=ascii_only)) <= width


FACTS = [
    Fact("workbench", "strong"),
    Fact("acme (US+EU)", priority=2),
    Fact("incident 2026-11-21", priority=4),
    Fact("share-safe", "ok", priority=1, side="right"),
    Fact("api 8/s", "dim", priority=5, side="right"),
]


def line(width: int) -> str:
    return "".join(text for text, _ in arrange(FACTS, width))


def test_facts_stand_left_and_right() -> None:
    assert line(80).startswith("workbench  acme (US+EU)  incident 2026-11-21  ")
    assert line(80).endswith("  share-safe  api 8/s")


def test_the_least_important_facts_leave_whole() -> None:
    assert "api" not in line(60)
    assert line(40).split() == ["workbench", "acme", "(US+EU)", "share-safe"]
    assert line(24).split() == ["workbench", "share-safe"]
    assert line(5) == "work…"
    assert arrange(FACTS, 0) == []


@STEADY
@given(
    st.lists(st.builds(Fact, text=st.text(max_size=20), priority=st.integers(1, 4)), max_size=6),
    st.integers(1, 80),
)
def test_a_status_line_fills_its_width_exactly(facts: list[Fact], width: int) -> None:
    assert width_of("".join(text for text, _ in arrange(facts, width))) == width


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(ValueError, match="purple"):
        StatusLine().validate_facts([Fact("x", "purple")])


def test_a_reason_is_wrapped_at_spaces_and_centred() -> None:
    assert wrap("no credentials\nwere loaded yet", 10) == ["no", "credentia…", "were", "loaded yet"]
    assert wrap("x", 0) == []
    lines = centred("why", 11, 9)
    assert lines == ["", "", "    why"]
    assert centred("a b c d e f", 5, 2) == ["  a", "  b"]
    assert wrap("[red]\x1b[31m", 40) == ["[red]\\x1b[31m"]
