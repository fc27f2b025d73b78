"""Which listings are ours to end: not those of a domain that the intruder brought and that is deleted. Pure."""

from __future__ import annotations

from workbench.domain.blocklists.listings import Seen
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import INTRUDER, Situation

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


def _within(subject: str, domains: set[str]) -> bool:
    return any(_kin(subject, domain) for domain in domains)


def _kin(subject: str, domain: str) -> bool:
    """Return whether a name is a domain, one of its hosts, or the organisation's domain above it."""
    return subject == domain or subject.endswith(f".{domain}") or domain.endswith(f".{subject}")
