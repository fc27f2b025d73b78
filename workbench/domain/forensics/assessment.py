"""What happened, in one value: the window, who sent what, the damage, and what is not known. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.core.redact import SHAPE_MASK, visible
from workbench.domain.forensics.abuse_window import AbuseWindow
from workbench.domain.forensics.attribution import Attribution
from workbench.domain.forensics.classification import Proposal
from workbench.domain.forensics.damage import Damage, words
from workbench.domain.forensics.senders import Sender
from workbench.domain.mail import landing
from workbench.domain.model.credential_use import PRODUCTION


@dataclass(slots=True)
class Assessment:
    """What happened: the window, the groups of the log with proposals, the damage, and what is not known."""

    window: AbuseWindow
    table: Attribution
    proposals: list[Proposal]
    senders: list[Sender]
    damage: Damage
    words: list[str] = field(default_factory=list)

    def missing(self) -> list[str]:
        """Return what of figures, log and suppressions could not be read: the assessment is not whole without it."""
        made = [words for words in self.words if "could not be read" in words]
        made += [gap for gap in self.table.gaps if gap not in made]
        if self.table.unreadable:
            made.append(f"{self.table.unreadable:,} log entries")
        return made

    def lines(self) -> list[str]:
        """Return the assessment in a few sentences, for the runbook and the report."""
        made: list[str] = []
        if self.window.began is None:
            read = f", read {self.window.as_of:%d %b %H:%M}Z" if self.window.as_of else ""
            made.append(f"neither metrics nor log show abuse{read}")
        else:
            made.append(f"abuse from {self.window.began:%d %b %H:%M}Z {self.window.until}")
        sure, most = self.damage.sure, self.damage.at_most
        for name, total in (("the intruder's", sure), ("the intruder's or unclear", most)):
            counts = total.counts
            about = "" if total.exact else "about "
            made.append(
                f"{name}: {counts.get('accepted', 0):,} accepted, {counts.get('delivered', 0):,} delivered to "
                f"{about}{total.recipients:,} recipients, {counts.get('failed', 0):,} refused, "
                f"{counts.get('complained', 0):,} complaints"
            )
        later = [s for s in self.senders if s.looks != PRODUCTION and s.scheduled]
        if later:
            names = ", ".join(sorted({visible(name, 80) for s in later for name in s.domains}))
            made.append(
                f"{sum(s.scheduled for s in later):,} of these were scheduled for later: what is still queued needs "
                f"no key to go out, purge {names}"
            )
        return [*made, *self.words]

    def damage_lines(self) -> list[str]:
        """Return what readers did, whom it reached, and what is left of it, in sentences."""
        return words(self.damage)

    def fact(self) -> dict[str, Any]:
        """Return what the journal keeps of it, as plain JSON values."""
        window = self.window.to_json()
        return {
            "lines": self.lines(),
            "missing": self.missing(),
            "loot": [
                {
                    "key": sender.key,
                    "credential": sender.credential,
                    "sender": sender.sender,
                    "addresses": sorted(sender.addresses)[:4],
                    "subjects": [text for text in sender.subjects if SHAPE_MASK in text][:4],
                }
                for sender in self.senders
                if any(SHAPE_MASK in text for text in sender.subjects)
            ][:50],
            "window": {**window, "hours": window["hours"][-48:]},
            "damage": self.damage.to_json(),
            "senders": [sender.to_json() for sender in self.senders[:100]],
            "links": landing.counted(self.proposals),
            "entries": self.table.entries,
        }
