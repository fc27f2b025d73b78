"""A pasted bounce or notice: what it means, what it is about, and where to ask. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from workbench.blocklists.bounce_mail import Bounce, BounceReport, read_bounce
from workbench.blocklists.bounces import BounceKind, BounceMeaning, every_meaning
from workbench.blocklists.names import canonical_domain
from workbench.blocklists.refusal_text import masked
from workbench.core.errors import UsageError
from workbench.core.redact import visible

# A pasted notice is a page or two; a whole bounce returns the message with it.
_LONGEST_NOTICE = 200_000
_MOST_NAMES = 20
_ADDRESS = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]+)(?![\w:])")
# Yahoo writes its reason codes with four numbers: "user complaints - 4.16.55.1".
_REASON_CODE = re.compile(r"(?<=- )[45]\.\d{1,3}\.\d{1,3}\.\d{1,3}(?=[;\s]|$)")
_LINK = re.compile(r"https?://[^\s<>\"'\\)\]]{3,300}", re.IGNORECASE)
_DOMAIN = re.compile(r"(?<![\w.@/-])(?:[a-z0-9-]{1,63}\.){1,8}[a-z][a-z0-9-]{1,62}(?![\w-])", re.IGNORECASE)
_LISTED_DOMAIN = re.compile(r"\b(?:domain|url|host|sender)\s+(?:name\s+)?[\[<\"'(]?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReadNotice:
    """What a pasted notice or bounce says. Everything in it is outside text, made harmless.

    ``shape`` is what it was read as (*report*, *complaint*, *mail*, *text*); ``host`` the receiving host;
    ``addresses`` the addresses and domains it is about, never the receiver's own; ``codes`` answers like
    127.0.0.4; ``links`` what the text itself links to (trust none of them: ``meaning.page`` is the page we
    know); ``recipients`` how many were refused.
    """

    meaning: BounceMeaning | None
    others: tuple[BounceMeaning, ...]
    addresses: tuple[str, ...]
    codes: tuple[str, ...]
    links: tuple[str, ...]
    reason: str
    shape: str = "text"
    host: str = ""
    recipients: int = 0

    @property
    def looks_like_a_listing(self) -> bool:
        """Return whether the notice is about a listing or block, and not only something that looks like it."""
        return self.meaning is not None and self.meaning.is_listing


def read_notice(text: str) -> ReadNotice:
    """Return what a pasted bounce or notice says: the list, what is listed, why, and where to ask.

    ``meaning`` is None for a text that says nothing at all, and for a complaint report, which is no refusal.
    """
    bounce = read_bounce(text[:_LONGEST_NOTICE])
    if bounce.shape == "complaint":
        return _complaint(bounce)
    told = [(report, every_meaning(report.code, report.text, report.host)) for report in bounce.reports]
    if not told:
        return ReadNotice(None, (), (), (), (), "", bounce.shape)
    # One that is about a listing outweighs the unknown users beside it; else the first that is understood.
    told.sort(key=lambda one: (not one[1][0].is_listing, not one[1][0].understood))
    report, fits = told[0]
    said = report.text
    addresses, codes = _addresses(said, report.ours)
    others = [
        meaning for _, more in told for meaning in more if meaning.id != fits[0].id and meaning.understood
    ]
    strong = [meaning for meaning in others if meaning.ground != "words"]
    return ReadNotice(
        meaning=fits[0] if fits[0].understood or _refuses(report) else None,
        others=tuple({meaning.id: meaning for meaning in strong}.values()),
        addresses=(*addresses, *_domains(said, report.ours))[:_MOST_NAMES],
        codes=codes,
        links=_links(said),
        reason=visible(masked(said), 300),
        shape=bounce.shape,
        host=visible(report.host, 120),
        recipients=len(bounce.reports),
    )


def _refuses(report: BounceReport) -> bool:
    """Return whether a text is a refusal at all: it holds a reply code or a status."""
    return report.code is not None or bool(report.status)


def _complaint(bounce: Bounce) -> ReadNotice:
    """Return a complaint report: somebody pressed *spam*; no list and no refusal is in it."""
    fields = bounce.complaint
    source = [address for address in (fields.get("source-ip", ""),) if address]
    kind = fields.get("feedback-type", "abuse")
    said = f"a complaint ({kind}) from the feedback loop of {fields.get('user-agent', 'a mailbox provider')}"
    return ReadNotice(
        None, (), tuple(visible(one, 60) for one in source), (), (), visible(said, 300), "complaint"
    )


def _links(said: str) -> tuple[str, ...]:
    found = dict.fromkeys(visible(masked(link.rstrip(".,;:!?")), 300) for link in _LINK.findall(said))
    return tuple(found)[:10]


def _addresses(said: str, ours: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the addresses in a refusal, and apart from them the answers in 127/8 that a list gave."""
    own = {one.strip("[]").lower() for one in ours}
    addresses: dict[str, None] = {}
    codes: dict[str, None] = {}
    for piece in _ADDRESS.findall(_REASON_CODE.sub(" ", said)):
        try:
            address = ipaddress.ip_address(piece)
        except ValueError:
            continue
        if address.is_loopback:
            codes[str(address)] = None
        elif not address.is_unspecified and not address.is_multicast and not address.is_link_local:
            addresses[str(address)] = None
    return tuple(one for one in addresses if one not in own)[:_MOST_NAMES], tuple(codes)[:_MOST_NAMES]


def _domains(said: str, ours: Iterable[str]) -> tuple[str, ...]:
    """Return the domains that the text itself calls a domain, URL, host or sender; not the receiver's own."""
    own = {one.lower().rstrip(".") for one in ours}
    found: dict[str, None] = {}
    for match in _DOMAIN.finditer(said):
        if not _LISTED_DOMAIN.search(said[max(0, match.start() - 40) : match.start()]):
            continue
        try:
            name = canonical_domain(match[0])
        except UsageError:
            continue
        if name not in own:
            found[name] = None
    return tuple(found)


def is_silent(meaning: BounceMeaning | None) -> bool:
    """Return whether nothing was made of a notice: neither a meaning nor one that is understood."""
    return meaning is None or meaning.kind is BounceKind.NOT_UNDERSTOOD
