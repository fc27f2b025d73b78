"""What the abuse did: mail that went out, people it reached, addresses that will be skipped from now on. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from workbench.core.redact import visible
from workbench.core.words import plural
from workbench.domain.forensics.attribution import KINDS, Attribution
from workbench.domain.forensics.classification import Proposal
from workbench.domain.forensics.hyperloglog import Distinct
from workbench.domain.forensics.recorded import (
    AddedSuppressions,
    HealthSign,
    ListMailed,
    RecordedDamage,
    RecordedTally,
)
from workbench.domain.model.credential_use import INTRUDER, UNCLEAR
from workbench.domain.model.inventory import Inventory
from workbench.domain.model.settings import SUPPRESSION_KINDS, DomainSettings, Settings
from workbench.domain.model.suppressions import Added
from workbench.mailgun.evidence_models import BounceClass
from workbench.mailgun.models import Suppression

# What the vendor and the large receivers hold against a sender (vendor docs; Gmail and Yahoo sender rules).
LIMITS = {"complaints": 0.001, "bounces": 0.05}
# Words of a refusal that speak of content or reputation, not of a mailbox that does not exist.
_REPUTATION = (
    "spam", "unsolicited", "block list", "blocklist", "blacklist", "reputation", "policy", "5.7.", "s3140", "rbl",
    "listed",
)  # fmt: skip


@dataclass(slots=True)
class Tally:
    """What became of the messages of some groups; ``recipients`` are different addresses mail was delivered to."""

    counts: dict[str, int] = field(default_factory=dict)
    recipients: int = 0
    exact: bool = True
    providers: dict[str, int] = field(default_factory=dict)

    def recorded(self) -> RecordedTally:
        """Return the tally as journal and documents keep it."""
        return RecordedTally(
            **self.counts,
            recipients=self.recipients,
            recipients_exact=self.exact,
            by_provider=self.providers,
        )


@dataclass(slots=True)
class Damage:
    """Everything known of the damage; ``sure`` counts the intruder's groups, ``at_most`` the unclear ones too."""

    sure: Tally = field(default_factory=Tally)
    at_most: Tally = field(default_factory=Tally)
    added: list[Added] = field(default_factory=list)
    added_more: int = 0
    kept_complaints: int = 0
    health: list[HealthSign] = field(default_factory=list)
    lists: list[ListMailed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def recorded(self) -> RecordedDamage:
        """Return the damage as journal and documents keep it."""
        tables = Counter((a.domain, a.table) for a in self.added)
        return RecordedDamage(
            intruder=self.sure.recorded(),
            intruder_and_unclear=self.at_most.recorded(),
            suppressions_added=tuple(
                AddedSuppressions(domain, table, count) for (domain, table), count in sorted(tables.items())
            ),
            complaints_kept=self.kept_complaints,
            health=tuple(self.health),
            lists_mailed=tuple(self.lists),
            notes=tuple(self.notes),
        )


def tally(proposals: Iterable[Proposal], kinds: frozenset[str], table: Attribution) -> Tally:
    """Return what became of the messages of the groups judged one of ``kinds``.

    Outcomes that fit several groups count where all of those groups are judged so.
    """
    counts: Counter[str] = Counter()
    providers: Counter[str] = Counter()
    reached: list[Distinct] = []
    judged = {id(p.group): p.judged for p in proposals}
    groups = [p.group for p in proposals if p.judged in kinds]
    for content, shared in table.shared.items():
        if all(judged.get(id(group)) in kinds for group in table.alike(content)):
            groups.append(shared)
    for group in groups:
        counts.update(dict(zip(KINDS, group.counts, strict=True)))
        providers.update(group.providers)
        reached.append(group.reached)
    whole = Distinct.union(reached)
    return Tally(
        {kind: counts[kind] for kind in KINDS},
        min(whole.count, counts["delivered"]),
        whole.exact,
        dict(providers.most_common()),
    )


def assess(
    proposals: Sequence[Proposal],
    table: Attribution,
    settings: Settings | None,
    inventory: Inventory,
    began: datetime | None,
    bounces: Iterable[BounceClass] = (),
) -> Damage:
    """Return the damage; what is not known (no settings read, no window) is said in its notes."""
    made = Damage(
        sure=tally(proposals, frozenset({INTRUDER}), table),
        at_most=tally(proposals, frozenset({INTRUDER, UNCLEAR}), table),
    )
    abused = {p.group.key.domain for p in proposals if p.judged == INTRUDER}
    if settings is None:
        made.notes.append("suppressions were not read: run `workbench sweep`")
    elif began is None:
        made.notes.append("without a window nobody can say which suppressions came with the abuse")
    else:
        _suppressions(made, settings, abused, began)
    made.lists = list(_lists(proposals, settings))
    made.health = [*_rates(proposals), *_states(inventory, settings), *_refusals(bounces)]
    made.notes.append(
        "suppressions that the intruder deleted leave no trace in the account: compare with your own backup"
    )
    return made


def _suppressions(made: Damage, settings: Settings, abused: set[str], began: datetime) -> None:
    """Find the entries that the abuse added and that would silently drop real customers."""
    for name in sorted(abused):
        held = settings.domains.get(name)
        if held is None:
            continue
        for table in SUPPRESSION_KINDS:
            made.added_more += held.suppressions[table].fresh_more if table in held.suppressions else 0
            for entry in _since(held, table, began):
                if table == "bounces" and (why := of_reputation(entry)):
                    made.added.append(Added(name, table, entry.address, entry.created_at, why))
                elif table == "complaints":
                    # Who complained does not want mail from this name; lifting it invites the next complaint.
                    made.kept_complaints += 1


def _since(held: DomainSettings, table: str, began: datetime) -> Iterable[Suppression]:
    found = held.suppressions.get(table)
    return () if found is None else (e for e in found.fresh if e.created_at and e.created_at >= began)


def of_reputation(entry: Suppression) -> str:
    """Return why a bounce was a verdict on the spam and not on the mailbox, ``""`` when it was not."""
    text = f"{entry.code or ''} {entry.error or ''}".lower()
    word = next((word for word in _REPUTATION if word in text), "")
    return f"refused for reputation (“{word}”), the mailbox itself works" if word else ""


def _lists(proposals: Sequence[Proposal], settings: Settings | None) -> Iterable[ListMailed]:
    """Yield the account's own mailing lists that the intruder wrote to, the most messages first."""
    mailed: Counter[str] = Counter()
    for proposal in proposals:
        if proposal.judged == INTRUDER:
            mailed.update(proposal.group.lists)
    places = settings.places.values() if settings is not None else ()
    members = {listed.address.lower(): listed.members_count for held in places for listed in held.lists}
    for address, accepted in mailed.most_common():
        yield ListMailed(address, accepted, members.get(address))


def _rates(proposals: Sequence[Proposal]) -> Iterable[HealthSign]:
    by_domain: dict[str, Counter[str]] = {}
    abused = {proposal.group.key.domain for proposal in proposals if proposal.judged == INTRUDER}
    for proposal in proposals:
        counts = by_domain.setdefault(proposal.group.key.domain, Counter())
        counts.update(dict(zip(KINDS, proposal.group.counts, strict=True)))
    for name, counts in sorted(by_domain.items()):
        accepted = counts["accepted"]
        if accepted < 50:
            continue
        for kind, of, limit in (
            ("complained", "complaints", LIMITS["complaints"]),
            ("failed", "bounces", LIMITS["bounces"]),
        ):
            share = counts[kind] / accepted
            if share > limit:
                own = "" if name in abused else ", nothing of it seen to be the intruder's"
                of_all = f"{counts[kind]:,} of {accepted:,}{own}"
                yield HealthSign(
                    name, f"{share:.2%} {of} in the time read ({of_all}); the limit is {limit:.1%}", True
                )


def _states(inventory: Inventory, settings: Settings | None) -> Iterable[HealthSign]:
    for item in inventory.domains.values():
        disabled = item.domain.disabled
        if item.domain.is_disabled or item.domain.state == "disabled":
            why = disabled.reason or disabled.note or disabled.code if disabled else ""
            yield HealthSign(item.name, f"disabled by Mailgun{f': {why}' if why else ''}", True)
    for held in settings.domains.values() if settings is not None else ():
        if held.queues is None:
            continue
        for name, queue in (("regular", held.queues.regular), ("scheduled", held.queues.scheduled)):
            if queue.is_disabled:
                yield HealthSign(held.name, f"its {name} sending queue is stopped", True)


def _refusals(bounces: Iterable[BounceClass]) -> Iterable[HealthSign]:
    """Yield the receivers that refused most, all sending domains added up."""
    critical: Counter[str] = Counter()
    for row in bounces:
        critical[row.entity_name or "(receiver not named)"] += int(
            row.metrics.get("critical_bounce_count", 0)
        )
    for name, count in critical.most_common(10):
        if count > 0:
            yield HealthSign(name, f"refused {count:,} messages for content or reputation this week", True)


def words(made: Damage) -> list[str]:
    """Return the damage beyond the bare counts, in sentences: what readers did, whom it reached, what is left of it."""
    lines: list[str] = []
    counts = made.sure.counts
    if counts.get("accepted"):
        lines.append(
            f"of the intruder's mail {counts.get('opened', 0):,} were opened, {counts.get('clicked', 0):,} clicked, "
            f"{counts.get('unsubscribed', 0):,} led to an unsubscribe"
        )
    if made.sure.providers:
        named = ", ".join(
            f"{visible(name, 40)} {count:,}" for name, count in list(made.sure.providers.items())[:6]
        )
        lines.append(f"delivered by provider: {named}")
    for listed in made.lists:
        people = plural(listed.members, "member") if listed.members is not None else "members not counted"
        lines.append(
            f"{plural(listed.accepted, 'message')} of the intruder went through your own mailing list "
            f"{visible(listed.address, 100)} ({people}): they know your name and trust it, warn them first"
        )
    tables = Counter((added.domain, added.table) for added in made.added)
    for (domain, table), count in sorted(tables.items()):
        added = plural(count, visible(table, 20).removesuffix("s"))
        lines.append(
            f"{added} of {visible(domain, 80)} came with the abuse and would silently drop real customers: “damage: "
            "lift suppressions the abuse added” takes off just those"
        )
    if made.added_more:
        lines.append(
            f"{plural(made.added_more, 'further suppression')} of the window counted, not looked at one by one"
        )
    if made.kept_complaints:
        lines.append(
            f"{plural(made.kept_complaints, 'complaint')} of the window kept: who complained does not want this mail"
        )
    lines += [f"{visible(health.subject, 80)}: {visible(health.what, 200)}" for health in made.health]
    return [*lines, *made.notes]
