"""The groups of the log rolled up to what a person judges at once: a credential, a sender, and what it looks like."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from workbench.incident.attribution import OTHER
from workbench.incident.proposals import Proposal
from workbench.incident.use import INTRUDER, PRODUCTION

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

    def to_json(self) -> dict[str, Any]:
        """Return it as a finding of the documents."""
        return {
            "kind": "sender",
            "id": f"{self.credential}|{self.sender}",
            "key": self.key,
            "where": sorted(self.domains),
            "severity": "high" if self.looks == INTRUDER else "medium",
            "looks": self.looks,
            "why": list(self.why),
            "decision": self.decision or None,
            "credential": self.credential,
            "sender": self.sender,
            "method": self.method,
            "accepted": self.accepted,
            "failed": self.failed,
            "complained": self.complained,
            "scheduled": self.scheduled,
            "first": self.first,
            "last": self.last,
            "addresses": sorted(self.addresses, key=lambda a: (-self.addresses[a], a))[:MOST],
            "subjects": sorted(self.subjects, key=lambda s: (-self.subjects[s], s))[:MOST],
        }


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
