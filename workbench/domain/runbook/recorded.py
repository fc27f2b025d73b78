"""What steps of the runbook rest on, as the journal keeps it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from workbench.domain.model.facts import RecordedFact


class PutOff(RecordedFact, frozen=True, tag="put_off"):
    """Until when (ISO 8601 UTC) the guide goes on without what each action gives to send, by the action's id."""

    until: Mapping[str, str] = {}


class ReportWritten(RecordedFact, frozen=True, tag="report"):
    """A report was written; ``sha256`` is that of its first file."""

    sha256: str = ""


class SupportUpdateSent(RecordedFact, frozen=True, tag="support_sent"):
    """An update was sent to Support: what it said, by whom and when."""

    lines: tuple[str, ...] = ()
    who: str = ""
    sent_at: str = ""


class HandOverListed(RecordedFact, frozen=True, tag="hand_over_listed"):
    """Which replacements (ids of effects) stood on the hand-over lists that were sent."""

    effects: tuple[str, ...] = ()


class DeadlinesAnswered(RecordedFact, frozen=True, tag="deadlines_answered"):
    """Deadlines that somebody was asked about and answered: for which moment, by the timer's id."""

    due: Mapping[str, str] = {}


class LeftOut(RecordedFact, frozen=True, tag="containment"):
    """What the plan of a containment left out, in sentences."""

    left_out: tuple[str, ...] = ()


class KeyLimits(RecordedFact, frozen=True, tag="key"):
    """What the key in use cannot do, in sentences."""

    words: tuple[str, ...] = ()


class ProvenAgain(RecordedFact, frozen=True, tag="proofs"):
    """How many effects were looked at again, were shown, could not be told, and what speaks against a proof."""

    checked: int = 0
    sure: int = 0
    untold: int = 0
    against: tuple[str, ...] = ()


class OutsideHands(RecordedFact, frozen=True, tag="outside_hands"):
    """Through what somebody else could administer the account at the last reading (users, keys, routes by id), and
    until when such a way was open that no delete of ours ended (ISO 8601 UTC, ``""`` for none)."""

    open: tuple[str, ...] = ()
    until: str = ""


class DrillParts(RecordedFact, frozen=True, tag="drill_parts"):
    """Which parts of others were played in the drill, by the action's id; the row's body is the mapping itself."""

    played: Mapping[str, str] = {}

    @classmethod
    def from_body(cls, body: Mapping[str, Any], at: str) -> Self:
        """Return the fact of a journal row."""
        return cls(played={k: str(v) for k, v in body.items() if k not in ("name", "at")}, at=at)

    def body(self) -> dict[str, Any]:
        """Return the body of its journal row."""
        return {"name": self.journal_name(), **self.played}
