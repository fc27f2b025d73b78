"""Rows of a list of which the same fine thing is said: one row that unfolds, so that what waits is not lost in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

from workbench.core.words import plural

FOLD_FROM = 4  # rows; fewer stand as they are
_HEAD = "fold:"


class ListLine(NamedTuple):
    """One row: its key, its words, what speaks for it, a tone, and the one word that decides (``likely theirs``).

    ``more`` is a sentence each: one line of the row, a line each below the list. None of them is cut at a mark
    that it holds itself (a DNS record to copy has semicolons). ``fold`` is what may be said of it and its like in one
    row; empty for what stands for itself.
    """

    key: str
    words: str
    more: tuple[str, ...] = ()
    tone: str = ""
    lead: str = ""
    fold: str = ""


def is_head(key: str | None) -> bool:
    """Return whether a row stands for several."""
    return (key or "").startswith(_HEAD)


class Folds:
    """Which rows of a list are shown. What is selected from the start stands for itself."""

    def __init__(self, lines: Sequence[ListLine], marked: Collection[str] = ()) -> None:
        self._unfolded: set[str] = set()
        many = Counter(line.fold for line in lines if line.fold and line.key not in marked)
        self._folds = {fold for fold, count in many.items() if count >= FOLD_FROM}
        self._marked = frozenset(marked)

    def shown(self, lines: Sequence[ListLine]) -> list[ListLine]:
        """Return the rows in their order, one in the place of the first of those that are folded."""
        rows: list[ListLine] = []
        heads: set[str] = set()
        for line in lines:
            if line.fold not in self._folds or line.key in self._marked:
                rows.append(line)
                continue
            if line.fold not in heads:
                heads.add(line.fold)
                rows.append(self._head(line, lines))
            if line.fold in self._unfolded:
                rows.append(line)
        return rows

    def _head(self, first: ListLine, lines: Sequence[ListLine]) -> ListLine:
        inside = [one for one in lines if one.fold == first.fold and one.key not in self._marked]
        turn = "folds" if first.fold in self._unfolded else "unfolds"
        words = f"{plural(len(inside), 'row')}: {first.fold} (Enter {turn} them)"
        return ListLine(_HEAD + first.fold, words, tuple(one.words for one in inside), "dim", first.lead)

    def turn(self, key: str) -> None:
        """Unfold what a row stands for, or fold it again."""
        self._unfolded ^= {key.removeprefix(_HEAD)}
