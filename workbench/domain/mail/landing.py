"""Where the intruder's mail leads to: landing addresses from the messages and from the clicks, hosts in use. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from workbench.core.redact import visible
from workbench.core.registered_names import registrable
from workbench.domain.blocklists.listings import Seen
from workbench.domain.forensics.classification import Proposal
from workbench.domain.forensics.recorded import FollowedLink, RecordedAssessment
from workbench.domain.mail.links import host_of, looks_like
from workbench.domain.mail.samples import KeptMail
from workbench.domain.model.credential_use import INTRUDER
from workbench.domain.model.situation import Situation

MOST = 60  # landing addresses of a fact
# Lists of names in messages whose answer says something about a landing, tracking or sending domain.
NAME_LISTS = ("multi.surbl.org", "multi.uribl.com", "dbl.spamhaus.org")


@dataclass(slots=True)
class Landing:
    """One landing address by its shape: where it stood and how often it was followed. ``alike`` names whom it apes."""

    shape: str
    host: str
    messages: int = 0
    clicks: int = 0
    domains: set[str] = field(default_factory=set)
    alike: str = ""


def counted(proposals: Iterable[Proposal]) -> tuple[FollowedLink, ...]:
    """Return the clicks on links of the intruder's mail by shape, the most followed first."""
    clicks: Counter[tuple[str, str]] = Counter()
    for proposal in proposals:
        if proposal.judged == INTRUDER:
            for shape, count in proposal.group.links.items():
                clicks[shape, proposal.group.key.domain] += count
    return tuple(
        FollowedLink(visible(shape, 400), domain, count)
        for (shape, domain), count in clicks.most_common(MOST)
    )


def landings(situation: Situation) -> list[Landing]:
    """Return the landing addresses of the intruder's mail, the most followed first.

    Our own addresses are left out: mail in our name may link to us beside the trap.
    """
    own = own_names(situation)
    found: dict[str, Landing] = {}

    def of(shape: str) -> Landing | None:
        host = host_of(shape)
        if not host or any(host == name or host.endswith(f".{name}") for name in own):
            return None
        if shape not in found:
            found[shape] = Landing(shape, host, alike=looks_like(host, own))
        return found[shape]

    for sample in situation.state.known(KeptMail).samples:
        for shape in sample.links:
            if (one := of(shape)) is not None:
                one.messages += 1
                one.domains.add(sample.domain)
    for item in situation.state.known(RecordedAssessment).links:
        if (one := of(item.link)) is not None:
            one.clicks += item.clicks
            one.domains.add(item.domain)
    return sorted(found.values(), key=lambda one: (-one.clicks, -one.messages, one.shape))


def own_names(situation: Situation) -> set[str]:
    """Return the registered names of the account's own sending domains, its sandbox left out."""
    return {
        registrable(item.name)
        for item in situation.inventory.domains.values()
        if not item.domain.is_sandbox and not situation.of_domain(item).likely
    }


def tracking_hosts(situation: Situation) -> list[str]:
    """Return the hosts that redirect the links of the abused domains' mail."""
    abused = {one.domain for one in situation.state.known(RecordedAssessment).links}
    abused |= {one.domain for one in situation.state.known(KeptMail).samples}
    return sorted(
        f"{item.domain.web_prefix}.{item.name}"
        for item in situation.inventory.domains.values()
        if item.name in abused and item.domain.web_prefix
    )


def listings(situation: Situation, host: str) -> list[Seen]:
    """Return what the lists of names said about a host or the name it belongs to, as far as they were asked."""
    names = {host, registrable(host)}
    book = situation.state.listings
    return [seen for seen in book.pairs.values() if seen.subject in names and seen.zone in NAME_LISTS]
