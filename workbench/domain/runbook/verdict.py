"""The words for how far a step is, and what a judge of a step answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workbench.domain.model.state import State


class Verdict(StrEnum):
    """How far a step is (design, words)."""

    OPEN = "open"
    IN_PROGRESS = "in progress"
    DONE = "done"
    BLOCKED = "blocked"
    ATTESTED = "attested"
    NOT_APPLICABLE = "not applicable"
    LATER = "later"

    @property
    def closed(self) -> bool:
        """Return whether nothing is left of the step; what was left for later by name is no tick."""
        return self in (Verdict.DONE, Verdict.ATTESTED, Verdict.NOT_APPLICABLE)

    @property
    def to_do(self) -> bool:
        """Return whether somebody has something to do for the step now."""
        return self in (Verdict.OPEN, Verdict.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Found:
    """What the evidence says of a step: the verdict, why in sentences, how many of how many.

    ``action`` and ``happens`` replace the step's usual next action and its description where the evidence
    asks for something else. ``idle`` says that the operator did their part: what is missing comes by itself
    or from somebody else, and the next step need not wait for it. ``waits`` then says whom for and until when.
    """

    verdict: Verdict
    evidence: tuple[str, ...] = ()
    progress: tuple[int, int] | None = None
    action: str = ""
    happens: str = ""
    idle: bool = False
    waits: str = ""


def attested(state: State, step: str) -> Found | None:
    """Return the verdict of a step that a person attested as a whole, None when nobody did."""
    said = [a for a in state.attestations if a.step == step and not a.subject]
    if not said:
        return None
    last = said[-1]
    return Found(
        Verdict.ATTESTED, tuple(f"attested by {a.who}, {a.at}: {a.text}" for a in (last, *said[:-1]))
    )


def counted(done: int, total: int, evidence: tuple[str, ...]) -> Found:
    """Return done, in progress or open by how many of how many are proven."""
    if done >= total:
        return Found(Verdict.DONE, evidence, (total, total))
    return Found(Verdict.IN_PROGRESS if done else Verdict.OPEN, evidence, (done, total))
