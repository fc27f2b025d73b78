"""Which domains were abused, by the account's own metrics and by its log."""

from __future__ import annotations

from workbench.core.clock import as_moment
from workbench.domain.forensics.recorded import RecordedAssessment
from workbench.domain.model.inventory import DomainItem
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.mailgun.endpoints import Region


def abused_domains(situation: Situation) -> list[DomainItem]:
    """Return the domains whose queue may hold the intruder's mail.

    Those that sent more than three times their usual since the abuse began, and 20 more; and those that the intruder
    sent for as the log was assessed, however little: a dozen messages an hour show in no figure. A quick look at the
    last hour names nobody here: a rare machine of the customer's own is strange to it, and a purge throws mail away.
    """
    held = situation.inventory.domains
    names = [*_loud(situation), *sorted(situation.state.strangers_sent_for)]
    return [held[name] for name in dict.fromkeys(names) if name in held]


def senders_known(situation: Situation) -> bool:
    """Return whether it is known for which domains a stranger sent.

    The figures name those of an abuse that stands out of them (a quiet sender beside a loud one shows once the log is
    assessed). Where no domain does, be the account's hours abnormal or not, or a region's figures are missing, only the
    log tells, read whole. What was known when it was contained stays known after it has left the figures, as long as
    nobody came back.
    """
    volume = situation.volume
    if volume is None:
        return False
    fact = situation.state.fact(RecordedAssessment)
    whole_log = fact is not None and not fact.missing
    named = bool(_loud(situation)) or _quiet_since_contained(situation.state)
    return whole_log or (named and not figures_unread(situation))


def _quiet_since_contained(state: State) -> bool:
    """Return whether it is contained by the journal's last word, and no stranger was seen to send after that."""
    contained, last = as_moment(state.contained_at), as_moment(state.last_abuse_at)
    return contained is not None and (last is None or last <= contained)


def figures_unread(situation: Situation) -> list[Region]:
    """Return the regions with domains of the account whose sending figures could not be read."""
    volume = situation.volume
    homes = {item.place.region for item in situation.inventory.domains.values()}
    return [region for region in volume.unread if region in homes] if volume is not None else []


def _loud(situation: Situation) -> list[str]:
    volume = situation.volume
    if volume is None or volume.began is None:
        return []
    return [
        name
        for name, count in volume.by_domain.items()
        if count > 0 and count > 3 * volume.usual_by_domain.get(name, 0.0) + 20
    ]
