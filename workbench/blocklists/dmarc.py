"""What a domain's DMARC record says to receivers, and what to change about it (RFC 7489). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from workbench.core.redact import visible
from workbench.core.registered_names import registrable
from workbench.core.words import listed

_PREFIX = "v=dmarc1"
_NAMED = 6  # records by name in one sentence; the documents hold them all
_ANY = "[the domain]"
_POLICIES = ("none", "quarantine", "reject")


class DmarcState(StrEnum):
    """How far a domain's policy goes."""

    REJECT = "reject"
    QUARANTINE = "quarantine"
    WATCHING = "watching only (p=none)"
    ABSENT = "no record"
    BROKEN = "a record that receivers ignore"
    CANNOT_TELL = "cannot tell"

    @property
    def protects(self) -> bool:
        """Return whether forged mail is kept from inboxes."""
        return self in (DmarcState.REJECT, DmarcState.QUARANTINE)


@dataclass(frozen=True, slots=True)
class Dmarc:
    """The policy of one domain.

    ``found_at`` is the domain that publishes it (the organisational one where the domain has none of its own),
    ``record`` its text, ``reports`` whether receivers are asked for reports, ``percent`` the share of mail the
    policy is applied to, ``change`` what to do next, ``why`` why it cannot be told.
    """

    domain: str
    state: DmarcState
    found_at: str = ""
    record: str = ""
    reports: bool = False
    percent: int = 100
    change: str = ""
    why: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the policy as plain values."""
        return {
            "domain": self.domain,
            "state": self.state.value,
            "found_at": self.found_at,
            "record": self.record,
            "reports": self.reports,
            "percent": self.percent,
            "change": self.change,
            "why": self.why,
        }


def unknown(domain: str, why: str) -> Dmarc:
    """Return what is said of a domain whose name server gave no answer: no answer is no missing record."""
    return Dmarc(
        domain, DmarcState.CANNOT_TELL, why=visible(why, 160), change="look again from another network"
    )


def read(domain: str, found_at: str, texts: Sequence[str]) -> Dmarc:
    """Return the policy that the TXT records at ``_dmarc.`` of ``found_at`` give ``domain``.

    Records of other kinds are ignored; two DMARC records count as none (RFC 7489, section 6.6.3).
    """
    records = [text.strip() for text in texts if text.strip().lower().replace(" ", "").startswith(_PREFIX)]
    if not records:
        return Dmarc(domain, DmarcState.ABSENT, change=first_record([registrable(domain)]))
    shown = visible(" | ".join(records), 300)
    if len(records) > 1:
        return Dmarc(
            domain, DmarcState.BROKEN, found_at, shown, change="keep one of the records, delete the others"
        )
    tags = _tags(records[0])
    # Below the domain that publishes it the policy for subdomains counts, where there is one.
    policy = tags.get("p", "") if domain == found_at else tags.get("sp", tags.get("p", ""))
    reports = "mailto:" in tags.get("rua", "").lower()
    if policy not in _POLICIES:
        # A record with a bad policy but with a report address is to be read as p=none (section 6.6.3).
        state = DmarcState.WATCHING if reports else DmarcState.BROKEN
        return Dmarc(
            domain, state, found_at, shown, reports, change="correct the policy: p=none, quarantine or reject"
        )
    percent = int(tags["pct"]) if tags.get("pct", "").isdigit() and int(tags["pct"]) <= 100 else 100
    state = {
        "none": DmarcState.WATCHING,
        "quarantine": DmarcState.QUARANTINE,
        "reject": DmarcState.REJECT,
    }[policy]
    return Dmarc(
        domain, state, found_at, shown, reports, percent, _change(state, reports=reports, percent=percent)
    )


def first_record(domains: Sequence[str]) -> str:
    """Return the record to begin with: one at an organisational domain holds for all names below it.

    ``domains`` are organisational ones, at least one; several are told in one sentence.
    """
    records = [f"_dmarc.{domain}" for domain in domains]
    one = len(domains) == 1
    where = f"one TXT {records[0]}" if one else f"this TXT at each of {listed(records, _NAMED)}"
    itself = domains[0] if one else "the domain"
    return (
        f'publish {where}: "v=DMARC1; p=none; rua=mailto:[an address of yours]", which holds for every '
        f"name below it; read the reports two weeks, then p=quarantine (sp=quarantine alone leaves {itself} "
        "itself as it is)"
    )


def told_once(policies: Iterable[Dmarc]) -> tuple[tuple[str, str, tuple[Dmarc, ...]], ...]:
    """Return (state in words, what to change, whose it is) of policies, what is the same for several once.

    The order is that of the first of each; a change that is none is ``""``.
    """
    groups: dict[tuple[str, str], list[Dmarc]] = {}
    for one in policies:
        change = "" if one.state is DmarcState.ABSENT or one.change == "nothing" else one.change
        why = one.why.replace(one.domain, _ANY).replace(registrable(one.domain), _ANY)
        groups.setdefault((f"{one.state.value}{', ' * bool(why)}{why}", change), []).append(one)
    return tuple(_of_group(said, change, members) for (said, change), members in groups.items())


def _of_group(said: str, change: str, members: Sequence[Dmarc]) -> tuple[str, str, tuple[Dmarc, ...]]:
    first = members[0]
    if len(members) == 1 and first.why:
        said = f"{first.state.value}, {first.why}"
    if first.state is DmarcState.ABSENT:
        change = first_record(list(dict.fromkeys(registrable(one.domain) for one in members)))
    return said, change, tuple(members)


def _tags(record: str) -> Mapping[str, str]:
    pairs = (part.partition("=") for part in record.split(";") if "=" in part)
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs}


def _change(state: DmarcState, *, reports: bool, percent: int) -> str:
    steps = []
    if not reports:
        steps.append(
            "add rua=mailto:[an address of yours]: without reports nobody sees who sends in your name"
        )
    if state is DmarcState.WATCHING:
        steps.append("once every sender of yours passes in the reports: p=quarantine, later p=reject")
    elif percent < 100:
        steps.append(f"pct={percent} lets the rest through: take it away when the reports are clean")
    elif state is DmarcState.QUARANTINE:
        steps.append("after some clean weeks: p=reject")
    return "; ".join(steps) or "nothing"
