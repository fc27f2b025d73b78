"""The groups of the log rolled up to what a person judges at once: a credential, a sender, and what it looks like."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from workbench.core.redact import key_tail, visible
from workbench.domain.forensics.attribution import OTHER
from workbench.domain.forensics.classification import Proposal
from workbench.domain.forensics.recorded import RecordedSender
from workbench.domain.model.credential_use import INTRUDER, PRODUCTION

# A document names so many addresses and subjects of a sender; the rest is counted.
MOST = 20


@dataclass(slots=True)
class Sender:
    """What one credential sent under one sender's name and looks alike; counts of messages."""

    credential: str
    sender: str
    method: str
    looks: str
    why: tuple[str, ...]
    decision: str = ""
    key: str = ""
    accepted: int = 0
    failed: int = 0
    complained: int = 0
    scheduled: int = 0
    first: str = ""
    last: str = ""
    addresses: dict[str, int] = field(default_factory=dict)
    subjects: dict[str, int] = field(default_factory=dict)
    domains: set[str] = field(default_factory=set)

    @property
    def asks(self) -> bool:
        """Return whether the operator must judge it."""
        return self.looks != PRODUCTION and not self.decision

    def recorded(self) -> RecordedSender:
        """Return it as journal and documents keep it."""
        return RecordedSender(
            id=f"{self.credential}|{self.sender}",
            key=self.key,
            where=tuple(sorted(self.domains)),
            severity="high" if self.looks == INTRUDER else "medium",
            looks=self.looks,
            why=self.why,
            decision=self.decision or None,
            credential=self.credential,
            sender=self.sender,
            method=self.method,
            accepted=self.accepted,
            failed=self.failed,
            complained=self.complained,
            scheduled=self.scheduled,
            first=self.first,
            last=self.last,
            addresses=tuple(sorted(self.addresses, key=lambda a: (-self.addresses[a], a))[:MOST]),
            subjects=tuple(sorted(self.subjects, key=lambda s: (-self.subjects[s], s))[:MOST]),
        )


def rolled_up(proposals: Iterable[Proposal]) -> list[Sender]:
    """Return the senders, those that look like the intruder's first, then by volume."""
    made: dict[tuple[str, str, str, str], Sender] = {}
    for proposal in proposals:
        group, key = proposal.group, proposal.group.key
        if not group.accepted and key.credential != OTHER:
            # Outcomes whose acceptance was not seen belong to no sender.
            continue
        name = (key.credential, key.sender, proposal.looks, proposal.decision)
        sender = made.get(name)
        if sender is None:
            sender = made[name] = Sender(
                key.credential, key.sender, key.method, proposal.looks, proposal.why, proposal.decision,
                proposal.sender,
            )  # fmt: skip
        sender.accepted += group.accepted
        sender.failed += group.count("failed")
        sender.complained += group.count("complained")
        sender.scheduled += group.scheduled
        sender.first = min(filter(None, (sender.first, group.first)), default="")
        sender.last = max(sender.last, group.last)
        sender.domains.add(key.domain)
        sender.addresses[key.address] = sender.addresses.get(key.address, 0) + group.accepted
        sender.subjects[key.shape] = sender.subjects.get(key.shape, 0) + group.accepted
    order = {INTRUDER: 0, PRODUCTION: 2}
    return sorted(made.values(), key=lambda s: (order.get(s.looks, 1), -s.accepted, s.credential, s.sender))


def credential_name(sender: RecordedSender) -> str:
    """Return a key by its tail, a login whole."""
    kind, _, rest = sender.credential.partition(":")
    return f"key {key_tail(rest)}" if kind == "key" else visible(rest or kind, 80)


def why_of(sender: RecordedSender) -> str:
    """Return ``reasons_of`` a sender in one sentence."""
    return "; ".join(reasons_of(sender))


def reasons_of(sender: RecordedSender) -> list[str]:
    """Return the reasons for what a sender looks like, where it sent from, and what it wrote, a sentence each."""
    addresses = [visible(address, 45) for address in sender.addresses]
    more = f" and {len(addresses) - 3} more" if len(addresses) > 3 else ""
    subjects = "; ".join(f"“{visible(one, 60)}”" for one in sender.subjects[:2])
    parts = [*sender.why, f"from {', '.join(addresses[:3])}{more}" if addresses else ""]
    return [part for part in (*parts, f"wrote {subjects}" if subjects else "") if part]


def for_abuse_reports(proposals: Iterable[Proposal]) -> str:
    """Return the addresses the intruder sent from, busiest first, as lines for the owners of their networks.

    Times are UTC. An address of the customer's own web server among them speaks of a hole in the site, not of
    somebody else's network: the reasons say so.
    """
    held: dict[str, list[Proposal]] = {}
    for one in proposals:
        if one.judged == INTRUDER and one.group.key.address not in ("", OTHER):
            held.setdefault(one.group.key.address, []).append(one)
    counts = {address: sum(p.group.accepted for p in found) for address, found in held.items()}
    lines = []
    for address in sorted(held, key=lambda a: (-counts[a], a)):
        first = min(p.group.first for p in held[address])
        last = max(p.group.last for p in held[address])
        how = "/".join(sorted({p.group.key.method or "?" for p in held[address]}))
        span = f"{visible(first[:19], 20)}Z to {visible(last[:19], 20)}Z"
        lines.append(f"{visible(address, 45)}  {span}  {counts[address]:,} messages by {visible(how, 20)}")
    return "\n".join(lines)
