"""Each group of the log proposed as production, intruder or unclear, with the reason in words. Pure.

A proposal, never a verdict: the operator decides. *Intruder* needs signs of two different kinds (where it comes
from, how receivers take it, with what it was sent, how much at once); one sign alone, or a group as old as the
log, is at most *unclear*. *Production* needs a past: the same credential from the same address before the
abuse, and receivers who take the mail.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from workbench.domain.forensics.attribution import OTHER, Attribution, Group, GroupKey
from workbench.domain.model.credential_use import BOTH, INTRUDER, PRODUCTION, UNCLEAR, Use

# So many messages must be missing from a group's past before it counts as new: chance alone leaves out eight
# once in three thousand times.
EXPECTED = 8.0
# The log must show so much of the time before, or nothing can be called new.
PAST = timedelta(hours=6)
# Receivers refuse a few percent of honest mail; past this share something is wrong with it.
BAD_FAILURES = 0.08
# Gmail and Yahoo ask senders to stay below 0.3 % complaints.
BAD_COMPLAINTS = 0.003
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that speaks for an intruder: its kind, its weight, and the sentence."""

    kind: str
    weight: int
    text: str


@dataclass(slots=True)
class Proposal:
    """What a group looks like and why; ``decision`` is the operator's, empty while there is none."""

    group: Group
    looks: str
    why: tuple[str, ...]
    decision: str = ""

    @property
    def name(self) -> str:
        """Return the name decisions are kept under: credential, address and sender."""
        return group_name(self.group.key)

    @property
    def sender(self) -> str:
        """Return the name under which all that looks alike of one credential and sender is decided at once."""
        return f"sender:{self.group.key.credential}|{self.group.key.sender}|{self.looks}"

    @property
    def judged(self) -> str:
        """Return the operator's decision where there is one, else what it looks like."""
        return {"ours": PRODUCTION, "intruder": INTRUDER}.get(self.decision, self.looks)

    def to_json(self) -> dict[str, Any]:
        """Return the group as the documents show it."""
        key, group = self.group.key, self.group
        return {
            "id": self.name,
            "credential": key.credential,
            "address": key.address,
            "method": key.method,
            "sender": key.sender,
            "subject": key.shape,
            "example": group.example,
            "account": key.account,
            "domain": key.domain,
            "accepted": group.accepted,
            "delivered": group.count("delivered"),
            "failed": group.count("failed"),
            "complained": group.count("complained"),
            "opened": group.count("opened"),
            "clicked": group.count("clicked"),
            "recipients": group.reached.count,
            "first": group.first,
            "last": group.last,
            "looks": self.looks,
            "why": list(self.why),
            "decision": self.decision or None,
        }


def group_name(key: GroupKey) -> str:
    """Return the name a decision about a group is kept under."""
    return f"group:{key.credential}|{key.address}|{key.sender}|{key.shape}"


@dataclass(slots=True)
class ClassificationHints:
    """What else is known: credentials and subaccounts that look planted (why, in words), decisions taken."""

    credentials: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    decisions: Mapping[str, str] = field(default_factory=dict)


def propose(
    table: Attribution, began: datetime | None, hints: ClassificationHints | None = None
) -> list[Proposal]:
    """Return a proposal for every group, the busiest first.

    ``began`` is the start of the abuse window where the metrics show one; without it each group's own
    beginning is compared with the traffic that was there before.
    """
    past = _Past(table, began)
    known = hints or ClassificationHints()
    pools = _pools(table, past)
    made: list[Proposal] = []
    for group in table.rows():
        looks, why = _judge(group, past, pools[_pool_of(group.key, past)], known)
        proposal = Proposal(group, looks, why)
        proposal.decision = known.decisions.get(proposal.name) or known.decisions.get(proposal.sender, "")
        made.append(proposal)
    return made


class _Past:
    """What the log shows from before the abuse, and what in it is new."""

    def __init__(self, table: Attribution, began: datetime | None) -> None:
        self.began = began
        self.groups = [g for g in table.groups.values() if g.accepted]
        self.total = [sum(hour) for hour in zip(*(g.hours for g in self.groups), strict=True)]
        first = next((i for i, n in enumerate(self.total) if n), 0)
        self.horizon = first
        self.border = table.hour_at(began) if began is not None else None
        # Who was there from the start of the log shows what share of a day's mail lies before any hour.
        old = [g for g in self.groups if any(g.hours[first : first + 12])]
        self.rhythm = _cumulative(old, len(self.total))
        self.credentials = self._by(lambda key: key.credential)
        self.addresses = self._by(lambda key: key.address)
        self.pairs = self._by(lambda key: (key.credential, key.address))
        self.senders = self._by(lambda key: key.sender)
        self.contents = self._by(lambda key: (key.sender, key.shape))
        honest = [
            g
            for g in self.groups
            if not self.is_new(self.pairs[g.key.credential, g.key.address])
            and not self.is_new(self.contents[g.key.sender, g.key.shape])
        ]
        self.usual_failures = _share(honest, "failed")
        self.usual_complaints = _share(honest, "complained")

    def _by(self, name: Any) -> dict[Any, list[int]]:
        made: dict[Any, list[int]] = {}
        for group in self.groups:
            hours = made.setdefault(name(group.key), [0] * len(self.total))
            for place, count in enumerate(group.hours):
                if count:
                    hours[place] += count
        return made

    @property
    def enough(self) -> bool:
        """Return whether the log reaches back far enough before the abuse to call anything new."""
        border = self.border if self.border is not None else len(self.total)
        return (border - self.horizon) >= PAST.total_seconds() / 3600

    def is_new(self, hours: list[int] | Any) -> bool:
        """Return whether something began within the log: so much later that chance cannot explain it.

        The border of the metrics is not asked: slow abuse has none, and a late one must not hide what came
        before it.
        """
        first = next((i for i, n in enumerate(hours) if n), None)
        if first is None or first - self.horizon < 3:
            return False
        before = self.rhythm[first]
        after = self.rhythm[-1] - before
        if after <= 0:
            return before > EXPECTED
        return sum(hours) * before / after >= EXPECTED

    def is_old(self, hours: list[int] | Any) -> bool:
        """Return whether something was in use before the abuse, or from the start of the log where none shows."""
        first = next((i for i, n in enumerate(hours) if n), None)
        if first is None:
            return False
        if self.border is not None:
            return first < self.border - 1
        return not self.is_new(hours)


def _cumulative(groups: Iterable[Group], size: int) -> list[float]:
    """Return how many messages of these groups lie before each hour, with the whole as the last value."""
    sums = [0] * size
    for group in groups:
        for place, count in enumerate(group.hours):
            sums[place] += count
    made, total = [0.0], 0.0
    for count in sums:
        total += count
        made.append(total)
    return made


def _share(groups: list[Group], kind: str) -> float:
    accepted = sum(g.accepted for g in groups)
    return sum(g.count(kind) for g in groups) / accepted if accepted else 0.0


@dataclass(slots=True)
class _Pool:
    """Groups that stand or fall together: same credential and sender, addresses and subjects equally old."""

    accepted: int = 0
    failed: int = 0
    complained: int = 0


def _pool_of(key: GroupKey, past: _Past) -> tuple[object, ...]:
    return (
        key.credential,
        key.sender,
        past.is_new(past.addresses.get(key.address, [])),
        past.is_new(past.contents.get((key.sender, key.shape), [])),
    )


def _pools(table: Attribution, past: _Past) -> dict[tuple[object, ...], _Pool]:
    pools: dict[tuple[object, ...], _Pool] = defaultdict(_Pool)
    for group in table.groups.values():
        pool = pools[_pool_of(group.key, past)]
        pool.accepted += group.accepted
        pool.failed += group.count("failed")
        pool.complained += group.count("complained")
    return pools


def _judge(group: Group, past: _Past, pool: _Pool, hints: ClassificationHints) -> tuple[str, tuple[str, ...]]:
    key = group.key
    if OTHER in key:
        return UNCLEAR, ("many groups lumped together: more kinds of mail than are held apart",)
    if not group.accepted:
        return UNCLEAR, ("what became of messages whose acceptance was not seen",)
    signs = [*_origin(key, past, hints), *_quality(pool, past), *_manner(group, past)]
    texts = tuple(sign.text for sign in signs)
    score = sum(sign.weight for sign in signs)
    kinds = {sign.kind for sign in signs if sign.weight}
    pair_old = past.is_old(past.pairs[key.credential, key.address])
    content_new = past.is_new(past.contents[key.sender, key.shape])
    bad = any(sign.kind == "receivers" for sign in signs)
    if score >= 4 and len(kinds) >= 2 and (content_new or not pair_old or not past.is_old(group.hours)):
        if key.address and pair_old and past.is_old(past.addresses[key.address]):
            texts += (
                f"comes from {key.address}, where your own mail always came from: probably your own web server or "
                "form; rotating a key will not stop it, look for the hole in the site",
            )
        return INTRUDER, texts
    if not past.enough:
        return UNCLEAR, (*texts, "the log does not reach back before the abuse: nothing to compare with")
    # Where the log tells no address, what is new in it may come from anywhere.
    known = bool(key.address) or not content_new
    if pair_old and known and not bad and not any(sign.kind == "credential" for sign in signs):
        age = "before the abuse" if past.began is not None else "from the start of the log"
        where = f" from {key.address}" if key.address else ""
        return PRODUCTION, (f"this credential was used{where} {age}", *texts)
    if not content_new and _taken_well(pool, past) and kinds <= {"address"}:
        text = "same sender and subjects as before, and receivers take it as they take your other mail"
        return PRODUCTION, (f"{text}: probably a new machine of yours", *texts)
    return UNCLEAR, texts or ("neither clearly old nor clearly strange",)


def _origin(key: GroupKey, past: _Past, hints: ClassificationHints) -> Iterable[Sign]:
    """With what and from where."""
    if key.credential in hints.credentials:
        yield Sign("credential", 3, f"sent with a credential that {hints.credentials[key.credential]}")
    if key.account in hints.accounts:
        yield Sign("credential", 3, f"sent from a subaccount that {hints.accounts[key.account]}")
    if key.address and past.is_new(past.addresses[key.address]):
        yield Sign("address", 2, f"{key.address} was never seen before {_moment(past, key.address)}")
    elif key.address and past.is_new(past.pairs[key.credential, key.address]):
        yield Sign("address", 1, f"this credential was never used from {key.address} before")


def _moment(past: _Past, address: str) -> str:
    first = next((i for i, n in enumerate(past.addresses[address]) if n), 0)
    if past.border is not None and first >= past.border - 1:
        return "the abuse began"
    return f"it began sending, {max(0, first - past.horizon)} hours into the log"


def _quality(pool: _Pool, past: _Past) -> Iterable[Sign]:
    """How receivers take it, judged on everything of the same kind."""
    bar = max(BAD_FAILURES, 3 * past.usual_failures)
    if _at_least(pool.failed, pool.accepted) > bar:
        yield Sign(
            "receivers",
            2,
            f"{pool.failed / pool.accepted:.0%} refused, where your own mail has {past.usual_failures:.1%}",
        )
    bar = max(BAD_COMPLAINTS, 3 * past.usual_complaints)
    if _at_least(pool.complained, pool.accepted) > bar:
        yield Sign(
            "receivers",
            2,
            f"{pool.complained / pool.accepted:.1%} complained; Gmail and Yahoo ask for less than 0.3%",
        )


def _taken_well(pool: _Pool, past: _Past) -> bool:
    """Return whether enough mail shows that receivers take it as well as the account's other mail."""
    if pool.accepted < 200:
        return False
    failures = 1 - _at_least(pool.accepted - pool.failed, pool.accepted)
    complaints = 1 - _at_least(pool.accepted - pool.complained, pool.accepted)
    return failures <= max(BAD_FAILURES, 2 * past.usual_failures) and complaints <= 2 * BAD_COMPLAINTS


def _manner(group: Group, past: _Past) -> Iterable[Sign]:
    """What it says and how much at once."""
    key = group.key
    if past.is_new(past.contents[key.sender, key.shape]):
        sender_new = past.is_new(past.senders[key.sender])
        text = f"the subject “{key.shape}” is unlike any before"
        yield Sign("content", 1, f"{text}, and so is the sender {key.sender}" if sender_new else text)
        others = [n for i, n in enumerate(past.total) if n and not group.hours[i]]
        usual = sorted(others)[len(others) // 2] if others else 0
        peak = max(group.hours)
        if usual and peak > usual:
            yield Sign("burst", 1, f"up to {peak:,} in one hour; the whole account usually sends {usual:,}")


def _at_least(part: int, whole: int) -> float:
    """Return the least share that so many of so many still speak for (Wilson's lower bound, 95 %)."""
    if whole <= 0 or part <= 0:
        return 0.0
    share = part / whole
    root = _Z * math.sqrt(share * (1 - share) / whole + _Z * _Z / (4 * whole * whole))
    return (share + _Z * _Z / (2 * whole) - root) / (1 + _Z * _Z / whole)


def uses(proposals: Iterable[Proposal], table: Attribution, now: datetime) -> dict[str, Use]:
    """Return how each credential was used, by the whole log: the last hour, addresses, domains, whose it looks like.

    Where the log does not tell for which domain a message was sent, no domain is named of what may have sent it.
    """
    since = table.hour_at(now - timedelta(hours=1))
    share = (now - now.replace(minute=0, second=0, microsecond=0)).total_seconds() / 3600
    made: dict[str, Use] = {}
    looks: dict[str, set[str]] = defaultdict(set)
    untold: set[str] = set()
    for proposal in proposals:
        key, group = proposal.group.key, proposal.group
        if not group.accepted:
            continue
        if key.domain in ("", OTHER):
            untold.add(key.credential)
        if key.credential == OTHER:
            continue
        use = made.setdefault(key.credential, Use())
        # The log is counted by whole hours: of the older one, the part that lies within the last sixty minutes.
        recent = sum(group.hours[since + 1 :]) + round(group.hours[since] * (1 - share))
        use.last_hour += recent
        use.last_used = max(use.last_used, group.last)
        if proposal.judged == INTRUDER:
            # The owner may send with it again by now: what they send is not the intruder's last.
            use.strange_last = max(use.strange_last, group.last)
        if key.address:
            use.addresses[key.address] = use.addresses.get(key.address, 0) + recent
            if proposal.judged == INTRUDER and key.address not in use.strange:
                use.strange.append(key.address)
        if proposal.judged != INTRUDER:
            use.domains[key.domain] = use.domains.get(key.domain, 0) + group.accepted
        looks[key.credential].add(proposal.judged)
    for credential, use in made.items():
        if {credential, OTHER} & untold:
            use.domains.clear()
        found = looks[credential]
        if {INTRUDER, PRODUCTION} <= found:
            use.looks, use.why = BOTH, "your own mail and the intruder's go out with it"
        elif INTRUDER in found:
            use.looks, use.why = INTRUDER, "only the intruder's mail goes out with it"
        elif found == {PRODUCTION}:
            use.looks, use.why = PRODUCTION, "only your own mail goes out with it"
        else:
            use.looks, use.why = UNCLEAR, "some of what goes out with it is unclear"
    return made
