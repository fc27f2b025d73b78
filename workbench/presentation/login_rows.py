"""A login's row that makes its cells when they are looked at. Pure.

An account has ten thousand logins and a screen forty lines: cells kept for every one of them were half of what
a login took in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from workbench.core.rows import Cell
from workbench.presentation.cells import Look, dash, date_cell, shared, state_cell

if TYPE_CHECKING:
    from workbench.domain.model.inventory import LoginItem
    from workbench.domain.model.plan import Place


class LoginFrame(NamedTuple):
    """What many logins have in common: their state and the cells that follow from it and from where they are."""

    word: str
    note: str
    look: Look
    before: tuple[Cell, ...]
    between: tuple[Cell, ...]
    behind: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class LoginRow:
    """The row of one login (a ``workbench.core.rows.Row``): what it is made from, equal where that is equal."""

    style: ClassVar[str] = ""
    markable: ClassVar[bool] = True
    search: ClassVar[str] = ""

    key: str
    item: LoginItem
    frame: LoginFrame

    @property
    def cells(self) -> tuple[Cell | str, ...]:
        """Return the cells, made anew each time."""
        frame = self.frame
        date = date_cell(self.item.credential.created_at, frame.look)
        return (*frame.before, self.key, *frame.between, date, *frame.behind)

    def made_from(self, item: LoginItem, word: str, note: str) -> bool:
        """Return whether the row still tells what is known: its item, its state and the note on it."""
        frame = self.frame
        return frame.word == word and frame.note == note and self.item == item


def login_row(item: LoginItem, word: str, note: str, look: Look) -> LoginRow:
    """Return the row of a login in the given state."""
    return LoginRow(item.login, item, _frame(item.place, item.is_postmaster, word, note, look))


@lru_cache(4096)
def _frame(place: Place, system: bool, word: str, note: str, look: Look) -> LoginFrame:
    return LoginFrame(
        word,
        note,
        look,
        before=(state_cell(word, look), shared("smtp")),
        between=(shared("system" if system else dash(look)), shared(str(place))),
        behind=(shared(note, "dim"),),
    )
