"""What sections of a report are made of: paragraphs, lists, tables, charts. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headers; every cell is plain text."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Numbers over time: labels and values, drawn as bars, the numbers beside them."""

    title: str
    points: tuple[tuple[str, int], ...]


Block = Text | Bullets | Table | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with blocks."""

    title: str
    blocks: tuple[Block, ...]
