"""Outside text takes exactly the cells it is given, whatever it holds."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from workbench.tui.widgets.cells import clean, crop, fit, width_of

STEADY = settings(derandomize=True, deadline=None, database=None)

HOSTILE = [
    "plain",
    "",
    "two\nlines\r\n",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "[red]markup[/red] [@click=app.quit]x[/]",
    "\u202eright to left override",
    "\u200b\u200d\ufeffzero width",
    "e\u0301 and " + "a" + "\u0301" * 300,
    "\u0301leading accent",
    "漢字のログイン名",
    "שלום 123",
    "👩‍👩‍👧 family",
    "❤\ufe0f 👍\U0001f3fd 🇩🇪 1\ufe0f\u20e3",
    "x" * 4000,
    "漢" * 4000,
    "\x00\x7f\x9b31m",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_fit_takes_exactly_its_width(text: str) -> None:
    for width in (0, 1, 2, 3, 7, 20, 80):
        for align in ("left", "right", "center"):
            shown = fit(text, width, align)
            assert cell_len(shown) == width, (width, align)
            assert not any(char in shown for char in "\n\r\t\x1b\x07\x00\x9b\u202e\u200b\u200d\ufeff"), (
                width,
                align,
            )


@STEADY
@given(st.text(max_size=60), st.integers(0, 30))
def test_fit_holds_for_any_text(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width


@STEADY
@given(st.text(max_size=60), st.integers(0, 30))
def test_ascii_mode_writes_ascii_only(text: str, width: int) -> None:
    shown = fit(text, width, ascii_only=True)
    assert shown.isascii()
    assert len(shown) == width


def test_what_is_cut_is_marked_with_an_ellipsis() -> None:
    assert fit("newsletter", 6) == "newsl…"
    assert fit("newsletter", 6, ascii_only=True) == "newsl~"
    assert fit("newsletter", 10) == "newsletter"


def test_a_wide_letter_that_does_not_fit_is_replaced_by_padding() -> None:
    assert fit("漢字漢字", 4) == "漢… "
    assert width_of(fit("漢字漢字", 4)) == 4


def test_alignment_pads_the_other_side() -> None:
    assert fit("7", 3, "right") == "  7"
    assert fit("7", 3, "center") == " 7 "


def test_right_to_left_letters_cannot_pull_the_next_column_in() -> None:
    assert clean("a\u05e9\u0661") == "a\\u05e9\\u0661"
    assert clean("漢字é") == "漢字é"


def test_stacked_accents_become_escapes_after_the_second() -> None:
    assert clean("a\u0301\u0302\u0303") == "a\u0301\u0302\\u0303"
    assert clean("\u0301a") == "\\u0301a"


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("width", [1, 5, 40])
def test_another_emulator_measures_the_same_width(text: str, width: int) -> None:
    # pyte stands for a terminal: it uses wcwidth's tables where the table here uses rich's.
    screen = pyte.Screen(100, 1)
    pyte.Stream(screen).feed(fit(text, width) + "|")
    assert screen.cursor.x == width + 1


def test_crop_leaves_what_fits() -> None:
    assert crop("abc", 3) == "abc"
    assert crop("abc", 0) == ""
