"""What a question offers and what comes back; plain values, so that asking costs nothing at start."""

from __future__ import annotations

from typing import NamedTuple


class Choice(NamedTuple):
    """One answer: its id, its words, more about it, and a letter that gives it at once (never one of a reflex)."""

    id: str
    words: str
    more: str = ""
    key: str = ""


class Picked(NamedTuple):
    """The answer, and the reason where one was typed."""

    id: str
    reason: str = ""
