"""What happened, in one value: the window, who sent what, the damage, and what is not known. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from workbench.core.redact import SHAPE_MASK, visible
from workbench.core.words import estimated, plural
from workbench.domain.forensics.abuse_window import AbuseWindow
from workbench.domain.forensics.attribution import OTHER, Attribution
from workbench.domain.forensics.classification import Proposal
from workbench.domain.forensics.damage import Damage, Tally, words
from workbench.domain.forensics.recorded import Loot, RecordedAssessment
from workbench.domain.forensics.senders import Sender
from workbench.domain.mail import landing
from workbench.domain.model.credential_use import INTRUDER, PRODUCTION, UNCLEAR

# Silence of the log clears nobody who came to read: no call shows which key read what.
ONLY_READ = (
    "whether somebody only read (logs, stored messages, lists) cannot be told: no call shows it; ask Mailgun Support "
    "for the access log of each key"
)


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

    @property
    def metrics_are_dark(self) -> bool:
        """Return whether no hour of the figures is there to judge by."""
        return not self.window.hours

    @property
    def log_is_dark(self) -> bool:
        """Return whether nothing of the log came: its silence says nothing."""
        return bool(self.table.gaps) and not self.table.entries

    def sent_for(self, judged: str) -> set[str]:
        """Return the domains that something judged so was sent for."""
        return {p.group.key.domain for p in self.proposals if p.judged == judged and p.group.accepted}

    def _cleared(self) -> set[str]:
        """Return the domains that nothing but the customer's own mail was sent for, in a log read whole."""
        if self.table.gaps or self.table.unreadable:
            return set()
        if any(p.group.accepted and p.group.key.domain in ("", OTHER) for p in self.proposals):
            # Whose domain these were sent for the table does not tell: it may be any of them.
            return set()
        return self.sent_for(PRODUCTION) - self.sent_for(INTRUDER) - self.sent_for(UNCLEAR)

    def _abuse(self) -> str:
        """Return when the abuse was; without one, what it is that shows none, and what could not be looked at."""
        if self.window.began is not None:
            return f"abuse from {self.window.began:%d %b %H:%M}Z {self.window.until}"
        read = f", read {self.window.as_of:%d %b %H:%M}Z" if self.window.as_of else ""
        if self.metrics_are_dark and self.log_is_dark:
            return f"CANNOT TELL whether there was abuse: neither metrics nor log could be read{read}"
        if self.metrics_are_dark:
            return f"the log shows no abuse; the metrics could not be read, so more cannot be said{read}"
        if self.log_is_dark:
            return f"the metrics show no abuse; the log, where slow abuse shows, could not be read{read}"
        if self.table.gaps:
            return f"what could be read shows no abuse; a part of the log could not be, so more cannot be said{read}"
        if self.window.unread:
            return f"what could be read shows no abuse; {self.window.unread}, so more cannot be said{read}"
        return f"neither metrics nor log show abuse{read}"

    def lines(self) -> list[str]:
        """Return the assessment in a few sentences, for the runbook and the report."""
        made = [self._abuse(), *([ONLY_READ] if self.window.began is None else ())]
        sure, most = self.damage.sure, self.damage.at_most
        shares = [("the intruder's", sure), ("the intruder's or unclear", most)]
        if self.log_is_dark:
            made.append("who sent what, and to whom, is not counted: the log could not be read")
            shares = []
        told = {name: _counted(total) for name, total in shares}
        if len(set(told.values())) < len(told):
            told = {"the intruder's (nothing is unclear)": _counted(sure)}
        made += [f"{name}: {words}" for name, words in told.items()]
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

    def fact(self) -> RecordedAssessment:
        """Return what the journal keeps of it."""
        return RecordedAssessment(
            lines=tuple(self.lines()),
            missing=tuple(self.missing()),
            loot=tuple(self._loot())[:50],
            window=self.window.recorded(hours=48),
            damage=self.damage.recorded(),
            senders=tuple(sender.recorded() for sender in self.senders[:100]),
            abused_domains=tuple(sorted(self.sent_for(INTRUDER))),
            cleared_domains=tuple(sorted(self._cleared())),
            links=landing.counted(self.proposals),
            entries=self.table.entries,
            since=self.table.since,
        )

    def _loot(self) -> Iterator[Loot]:
        for sender in self.senders:
            if masked := tuple(text for text in sender.subjects if SHAPE_MASK in text):
                addresses = tuple(sorted(sender.addresses)[:4])
                yield Loot(sender.key, sender.credential, sender.sender, addresses, masked[:4])


def _counted(total: Tally) -> str:
    """Return what became of one share of the messages, in words."""
    counts = total.counts
    return (
        f"{counts.get('accepted', 0):,} accepted, {counts.get('delivered', 0):,} delivered to "
        f"{estimated(total.recipients, 'recipient', exact=total.exact)}, {counts.get('failed', 0):,} refused, "
        f"{plural(counts.get('complained', 0), 'complaint')}"
    )
