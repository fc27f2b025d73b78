"""Colours only: a dark theme, a light one, one of high contrast, and the terminal's own sixteen."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from textual.theme import Theme

from workbench.core.config import SCREEN_THEMES
from workbench.core.redact import visible

DARK = Theme(
    name="workbench",
    primary="#5fafd7",
    secondary="#87afaf",
    accent="#ffd75f",
    warning="#ffaf5f",
    error="#ff6e6e",
    success="#87d787",
    background="#101418",
    surface="#101418",
    panel="#1c242c",
    foreground="#d8dee4",
    variables={
        # As the palette of 256 colours has them: lightened, both would be the same colour there.
        "text-accent": "#ffd75f",
        "text-warning": "#ffaf5f",
        "border-blurred": "#66747f",
        "footer-background": "#1c242c",
    },
)
LIGHT = Theme(
    name="workbench-light",
    primary="#005f87",
    secondary="#4e5f5f",
    accent="#5f5f00",
    warning="#af5f00",
    error="#af0000",
    success="#006f00",
    background="#fbfbf8",
    surface="#fbfbf8",
    panel="#e6e8ea",
    foreground="#16191c",
    dark=False,
    variables={"border-blurred": "#7d868e", "footer-background": "#e6e8ea"},
)
CONTRAST = Theme(
    name="workbench-contrast",
    primary="#00ffff",
    secondary="#ffffff",
    accent="#ffff00",
    warning="#ffa500",
    error="#ff8080",
    success="#80ff80",
    background="#000000",
    surface="#000000",
    panel="#000000",
    foreground="#ffffff",
    variables={
        "block-cursor-background": "#ffffff",
        "block-cursor-foreground": "#000000",
        "block-cursor-blurred-background": "#303030",
        "text-muted": "#ffffff",
        "border-blurred": "#a0a0a0",
    },
)
THEMES = (DARK, LIGHT, CONTRAST)


def check_theme(environ: Mapping[str, str]) -> str:
    """Return what is wrong with ``WORKBENCH_THEME``, ``""`` where it is unset, empty or a theme of ours."""
    wanted = environ.get("WORKBENCH_THEME", "")
    if not wanted or wanted.lower() in SCREEN_THEMES:
        return ""
    return f"WORKBENCH_THEME names no theme: {visible(wanted, 40)} is none of {', '.join(SCREEN_THEMES)}."


def theme_name(environ: Mapping[str, str] = os.environ, configured: str = "") -> str:
    """Return the theme to start with: ``WORKBENCH_THEME`` (dark, light, contrast, ansi), else the ``configured`` one.

    A terminal that promises no more than sixteen colours gets its own.
    """
    wanted = environ.get("WORKBENCH_THEME", "").lower() or configured
    named = {"light": LIGHT.name, "contrast": CONTRAST.name, "dark": DARK.name, "ansi": "ansi-dark"}
    if wanted in named:
        return named[wanted]
    return "ansi-dark" if _sixteen(environ) else DARK.name


def _sixteen(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal promises sixteen colours at most: of ours, mixed, little could be read there."""
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return False
    term = environ.get("TERM", "")
    return bool(term) and not re.search(r"256color|direct|truecolor|kitty|alacritty|ghostty|foot", term)


def ascii_only(
    environ: Mapping[str, str] = os.environ, encoding: str = "utf-8", configured: bool | None = None
) -> bool:
    """Return whether only ASCII may be drawn: by wish, on the Linux console, or without UTF-8."""
    wish = environ.get("WORKBENCH_ASCII", "")
    if wish in ("0", "1"):
        return wish == "1"
    if configured is not None:
        return configured
    term = environ.get("TERM", "")
    # A terminal of the seventies draws bytes, whatever the locale says.
    return (
        term in ("linux", "dumb", "ansi")
        or re.match(r"vt\d", term) is not None
        or "utf" not in encoding.lower().replace("-", "")
    )
