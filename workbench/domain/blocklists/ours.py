"""Which listings are ours to end, and what of ours nobody looked up. Pure.

Not ours to end are those of a domain that the intruder brought and that is deleted.
"""

from __future__ import annotations

from workbench.blocklists.names import Subject
from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.core.words import listed
from workbench.domain.blocklists.listings import Seen
from workbench.domain.model.inventory import Inventory
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import INTRUDER, Situation
from workbench.domain.runbook.claims import Coverage, Reading

# The slice of a gap in the inventory that says so of the account's sending addresses.
ADDRESSES = "sending addresses"
_REACHED = (EffectState.DONE, EffectState.VERIFIED)


def mattering(situation: Situation) -> list[Seen]:
    """Return the listings of tier 1 and 2 that stand now and that somebody of ours may ask to be ended.

    A stranger's domain that is no longer in the account sends nothing of ours, and its listing protects others.
    """
    gone, own = deleted(situation), situation.inventory.domains
    found = situation.state.listings.mattering
    return [
        seen for seen in found if not _within(seen.subject, gone) or any(_kin(seen.subject, o) for o in own)
    ]


def deleted(situation: Situation) -> set[str]:
    """Return the domains that were judged the intruder's, or deleted here, and are not in the account any more."""
    if "domains" not in situation.inventory.read_at:
        return set()
    state = situation.state
    named = {r.effect.target for r in state.of_kind(EffectKind.DOMAIN_DELETE) if r.state in _REACHED}
    named |= {
        name.removeprefix("domain:")
        for name, judged in state.decisions.items()
        if name.startswith("domain:") and judged.decision == INTRUDER
    }
    return named - set(situation.inventory.domains)


def unseen(situation: Situation) -> list[Reading]:
    """Return what of the account no list was asked about: things made since, and addresses that could not be read."""
    inventory, book = situation.inventory, situation.state.listings
    asked = {name for (name, _), seen in book.pairs.items() if seen.observations}
    domains = [item.name for item in inventory.domains.values() if not item.domain.is_sandbox]
    never = [name for name in (*domains, *inventory.ips) if name not in asked and _askable(name, asked)]
    found = [
        Reading(
            f"sending addresses{f' ({gap.place})' if gap.place else ''}",
            None,
            Coverage.NOT_READABLE,
            gap.reason,
        )
        for gap in inventory.gaps.values()
        if gap.slice == ADDRESSES
    ]
    if never:
        found.insert(
            0,
            Reading(visible(listed(never), 300), None, Coverage.NOT_ASKED, "no list was asked about it yet"),
        )
    return found


def hidden_by_fault(inventory: Inventory) -> bool:
    """Return whether sending addresses could not be read for a fault that may pass: the next look reads them again."""
    return any(gap.slice == ADDRESSES and gap.passing for gap in inventory.gaps.values())


def _askable(name: str, asked: set[str]) -> bool:
    """Return whether a name that was not asked about as it is written can be, and was not under its other form."""
    try:
        return Subject.parse(name).value not in asked
    except UsageError:
        return False  # The sweep shows it as a finding.


def _within(subject: str, domains: set[str]) -> bool:
    return any(_kin(subject, domain) for domain in domains)


def _kin(subject: str, domain: str) -> bool:
    """Return whether a name is a domain, one of its hosts, or the organisation's domain above it."""
    return subject == domain or subject.endswith(f".{domain}") or domain.endswith(f".{subject}")
