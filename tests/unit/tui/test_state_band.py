"""The focal point: never wider than its room, never taller than its lines, the answer first."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.tui.screens.state_band import HEIGHT, BandLine, drawn
from workbench.tui.widgets.cells import width_of

LONG = (
    "Not contained: 10 API keys from before; 37 SMTP logins with the password from before; a panel user; more"
)


@settings(max_examples=60)
@given(
    st.lists(
        st.builds(BandLine, st.just("Next"), st.text(max_size=300), st.sampled_from(["", "bad"])),
        min_size=1,
        max_size=HEIGHT,
    ),
    st.integers(60, 220),
)
def test_it_keeps_to_its_room(lines: list[BandLine], width: int) -> None:
    rows = drawn(lines, width, ascii_only=False)
    assert len(lines) <= len(rows) <= HEIGHT
    for row in rows:
        assert sum(width_of(text) for text, _ in row) <= width


def test_the_answer_may_take_two_lines_where_one_is_spare() -> None:
    lines = [
        BandLine("Over?", LONG, "bad"),
        BandLine("Goes out", "nothing"),
        BandLine("Next", "1 Replace the API keys"),
    ]
    rows = drawn(lines, 80, ascii_only=True)
    text = ["".join(piece for piece, _ in row) for row in rows]
    assert len(text) == 4 and text[0].startswith("| Over?") and "a panel user" in text[1]
    assert text[3].startswith("| Next")


def test_a_chart_stands_where_there_is_room_for_it() -> None:
    line = BandLine("Goes out", "1,240/h above the usual", "bad", "x" * 24)
    assert "x" * 24 in "".join(text for text, _ in drawn([line], 120, ascii_only=True)[0])
    assert "xxx" not in "".join(text for text, _ in drawn([line], 50, ascii_only=True)[0])
