"""A long plan in groups: what belongs together is one row that unfolds, and what is left out is kept by effect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.core.words import plural
from workbench.tui.screens.plan_rows import counted, credential_of
from workbench.tui.widgets.table import Cell, TableRow

if TYPE_CHECKING:
    from workbench.domain.model.plan import Effect

FOLD_FROM = 24  # effects; fewer are read as they are
_HEAD = "group:"


@dataclass(slots=True)
class PlanGroup:
    """Effects of one sort, in the order in which they are begun."""

    key: str
    effects: list[Effect] = field(default_factory=list)
    unfolded: bool = False

    @property
    def title(self) -> str:
        """Return what it is about, counted by what people count: keys and logins, not calls."""
        many = len({credential_of(effect) or effect.id for effect in self.effects})
        match self.key:
            case "keys":
                return f"{plural(many, 'key')} replaced"
            case "keys gone":
                return f"{plural(many, 'key')} deleted for good"
            case "logins":
                second = any(effect.kind.value == "smtp.create" for effect in self.effects)
                return f"{plural(many, 'SMTP login')} {'renewed' if second else 'reset'}"
            case "logins gone":
                return f"{plural(many, 'SMTP login')} deleted"
        return counted(self.effects)

    @property
    def never(self) -> int:
        """Return how many of them cannot be undone."""
        return sum(effect.undo.startswith("cannot") for effect in self.effects)

    @property
    def undo(self) -> str:
        """Return in a word whether they can be undone; of how many it is not so stands below the table."""
        if not self.never:
            return "yes"
        return "never" if self.never == len(self.effects) else "part"


def grouped(effects: Sequence[Effect]) -> list[PlanGroup]:
    """Return the effects in groups, the group whose first effect is begun first in front."""
    made = {credential_of(e) for e in effects if e.kind.value in ("key.create", "smtp.create")}
    groups: dict[str, PlanGroup] = {}
    for effect in effects:
        kind, replaced = effect.kind.value, credential_of(effect) in made
        if kind in ("key.create", "key.delete"):
            key = "keys" if replaced else "keys gone"
        elif kind in ("smtp.create", "smtp.reset", "smtp.delete"):
            key = "logins" if replaced or kind == "smtp.reset" else "logins gone"
        else:
            key = kind
        groups.setdefault(key, PlanGroup(key)).effects.append(effect)
    return list(groups.values())


class Folded:
    """Which groups a plan has, which are unfolded, and which effects are left out."""

    def __init__(self, effects: Sequence[Effect], out: Iterable[str] = ()) -> None:
        self.effects = list(effects)
        groups = grouped(effects) if len(effects) >= FOLD_FROM else []
        self.groups = groups if len(groups) > 1 else []
        self.out = set(out)

    def group(self, key: str | None) -> PlanGroup | None:
        """Return the group of a row's key, None for an effect's."""
        name = (key or "").removeprefix(_HEAD)
        found = [group for group in self.groups if group.key == name]
        return found[0] if key and key.startswith(_HEAD) and found else None

    def rows(self) -> list[PlanGroup | Effect]:
        """Return what is shown, in order: each group, and the effects of those that are unfolded."""
        if not self.groups:
            return list(self.effects)
        shown: list[PlanGroup | Effect] = []
        for group in self.groups:
            shown.append(group)
            shown += group.effects if group.unfolded else []
        return shown

    def kept(self) -> list[str]:
        """Return the effects that are not left out."""
        return [effect.id for effect in self.effects if effect.id not in self.out]

    def marks(self) -> set[str]:
        """Return the keys of the rows that are selected: effects that are in, groups that hold one."""
        marks = set(self.kept())
        heads = {_HEAD + g.key for g in self.groups if any(e.id in marks for e in g.effects)}
        return marks | heads if self.groups else marks

    def take(self, marked: set[str]) -> bool:
        """Take what is selected on the screen; return whether other rows must be selected than are."""
        for group in self.groups:
            ids = {effect.id for effect in group.effects}
            had = bool(ids - self.out)
            if (_HEAD + group.key in marked) is not had:
                # The group's own row was pressed: it stands for all of them.
                self.out = self.out | ids if had else self.out - ids
            elif group.unfolded:
                self.out = (self.out - ids) | (ids - marked)
        if not self.groups:
            self.out = {effect.id for effect in self.effects if effect.id not in marked}
        shown = {
            key for one in self.rows() for key in (_HEAD + one.key if isinstance(one, PlanGroup) else one.id,)
        }
        return self.marks() & shown != marked


def group_row(group: PlanGroup, cells: int, *, ascii_mode: bool, left: int) -> TableRow:
    """Return a group as a row of so many cells; ``left`` of its effects are left out."""
    sign = ("v" if group.unfolded else ">") if ascii_mode else ("▾" if group.unfolded else "▸")
    breaks = [effect.breaks for effect in group.effects if effect.breaks]
    said = f"{sign} {group.title}{f', {left} left out' if left else ''}"
    tail = [
        Cell(""),
        Cell(group.undo, "bad" if group.never else ""),
        Cell(breaks[0] if len(set(breaks)) == 1 else "row by row", "dim"),
    ]
    blank = [Cell("") for _ in range(cells - 1 - len(tail))]
    return TableRow(_HEAD + group.key, (Cell(said, "accent"), *blank, *tail))
