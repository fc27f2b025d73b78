"""Every theme against WCAG 2.1 AA: 4.5 to 1 for what is read, 3 to 1 for the frames that say where the focus is."""

from __future__ import annotations

import pytest
from rich.color import Color as Terminal
from rich.color import ColorSystem
from textual.color import Color
from textual.theme import Theme

from workbench.tui.themes import THEMES

TEXTS = (
    "foreground",
    "text-primary",
    "text-accent",
    "text-warning",
    "text-error",
    "text-success",
    "text-muted",
)
GROUNDS = ("background", "surface", "panel")
FRAMES = ("border-blurred", "accent", "primary", "error")


def luminance(color: Color) -> float:
    """Return the relative luminance as WCAG 2.1 defines it, written anew from its text."""
    parts = [channel / 255 for channel in (color.r, color.g, color.b)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def colour(named: dict[str, str], name: str, ground: Color) -> Color:
    """Return a variable's colour as it is drawn on a ground: ``auto 60%`` is black or white, thinned."""
    value = named[name]
    if value.startswith("auto"):
        return ground + ground.get_contrast_text(float(value.split()[1].rstrip("%")) / 100)
    return ground + Color.parse(value)


def variables(theme: Theme) -> dict[str, str]:
    """Return the variables of a theme as the app draws with them: its own come over those that follow from it."""
    return {**theme.to_color_system().generate(), **theme.variables}


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_what_is_read_has_the_contrast(theme: Theme) -> None:
    named = variables(theme)
    for ground_name in GROUNDS:
        ground = Color.parse(named[ground_name])
        for name in TEXTS:
            assert contrast(colour(named, name, ground), ground) >= 4.5, (name, ground_name)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_the_row_under_the_cursor_is_readable_focused_or_not(theme: Theme) -> None:
    named = variables(theme)
    surface = Color.parse(named["surface"])
    for state in ("block-cursor", "block-cursor-blurred"):
        ground = surface + Color.parse(named[f"{state}-background"])
        front = named["block-cursor-foreground"] if state == "block-cursor" else named["foreground"]
        drawn = colour({"front": front}, "front", ground)
        assert contrast(drawn, ground) >= 4.5, state


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_frames_are_seen_and_the_focused_one_apart_from_the_others(theme: Theme) -> None:
    named = variables(theme)
    ground = Color.parse(named["background"])
    for name in FRAMES:
        assert contrast(colour(named, name, ground), ground) >= 3.0, name
    assert named["accent"] != named["warning"], "yellow is for focus and keys alone"


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_no_two_meanings_share_a_colour_of_the_256(theme: Theme) -> None:
    named = variables(theme)
    ground = Color.parse(named["background"])
    drawn: dict[int | None, set[str]] = {}
    for meaning in ("accent", "warning", "error", "primary", "success"):
        for name in (meaning, f"text-{meaning}"):
            shown = Terminal.parse(colour(named, name, ground).hex[:7]).downgrade(ColorSystem.EIGHT_BIT)
            drawn.setdefault(shown.number, set()).add(meaning)
    assert [shared for shared in drawn.values() if len(shared) > 1] == []


def test_the_ratio_is_what_the_text_of_the_standard_says() -> None:
    assert contrast(Color.parse("#000000"), Color.parse("#ffffff")) == pytest.approx(21.0)
    assert contrast(Color.parse("#777777"), Color.parse("#ffffff")) == pytest.approx(4.48, abs=0.01)
