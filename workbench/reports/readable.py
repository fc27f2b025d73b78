"""A report's sections as somebody may read them: people's addresses shortened; and as plain JSON values. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from workbench.core.redact import visible
from workbench.documents.people import shortener
from workbench.domain.model.situation import Situation
from workbench.reports.blocks import Block, Bullets, Chart, Section, Table, Text


def people_shortened(
    situation: Situation, sections: Sequence[Section], *, strangers_too: bool
) -> tuple[Section, ...]:
    """Return the sections with the addresses of the account's people shortened, of strangers too where asked."""
    return reworded(sections, shortener(situation, strangers_too=strangers_too))


def reworded(sections: Sequence[Section], change: Callable[[str], str]) -> tuple[Section, ...]:
    """Return the sections with every text of theirs changed alike."""
    return tuple(Section(s.title, tuple(_changed(block, change) for block in s.blocks)) for s in sections)


def _changed(block: Block, change: Callable[[str], str]) -> Block:
    match block:
        case Text(text=text):
            return Text(change(text))
        case Bullets(items=items):
            return Bullets(tuple(map(change, items)))
        case Table(headers=headers, rows=rows):
            return Table(headers, tuple(tuple(map(change, row)) for row in rows))
        case Chart():
            return block


def block_json(block: Block) -> dict[str, Any]:
    """Return a block as plain JSON values, every text harmless."""
    match block:
        case Text(text=text):
            return {"text": visible(text, 4000)}
        case Bullets(items=items):
            return {"bullets": [visible(item, 2000) for item in items]}
        case Table(headers=headers, rows=rows):
            shown = ([visible(cell, 400) for cell in row] for row in rows)
            return {"table": [dict(zip(headers, row, strict=True)) for row in shown]}
        case Chart(title=title, points=points):
            return {"chart": title, "points": [list(point) for point in points]}
