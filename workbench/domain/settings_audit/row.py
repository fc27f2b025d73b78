"""A row of the sweep: one thing with its dates, signs and remedy; and what its hosts say. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workbench.domain.detection.hosts import CustomerNames
from workbench.domain.model.effect_params import EffectParams


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One thing: where it is, when it was made (or last changed), what speaks for and against it.

    ``edits_undated`` says that a later edit would leave no date; ``score`` adds up the signs; ``params`` is what the
    effect of its ``remedy`` is given.
    """

    kind: str
    id: str
    title: str
    where: tuple[str, ...]
    dated: datetime | None = None
    dated_word: str = "made"
    edits_undated: bool = False
    score: int = 0
    signs: tuple[str, ...] = ()
    calming: tuple[str, ...] = ()
    remedy: str = ""
    params: EffectParams | None = None
    instruct: str = ""
    hosts: tuple[str, ...] = ()

    @property
    def item_place(self) -> str:
        """Return the place as ``settings.items`` names it: the domain where there is one, else the region."""
        if self.kind == "webhook" and len(self.where) == 3:
            return f"{self.where[1]}/{self.where[2]}"
        return self.where[1] if len(self.where) > 1 and self.kind != "tracking" else self.where[0]


def doubts(
    hosts: list[str], home: CustomerNames
) -> tuple[int, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return score, signs, calming words and the foreign hosts of what points to these hosts."""
    signs: list[str] = []
    calming: list[str] = []
    foreign: list[str] = []
    worst = 0
    for host in dict.fromkeys(hosts):
        score, text = home.doubt(host)
        worst = max(worst, score)
        (signs if score else calming).append(text)
        if score and host:
            foreign.append(host)
    return worst, tuple(signs), tuple(calming), tuple(foreign)
