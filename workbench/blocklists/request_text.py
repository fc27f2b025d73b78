"""The texts of removal requests, filled from the incident's facts. Pure.

What is not known is left as a blank in square brackets for the operator: a made-up fact in a removal
request is worse than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workbench.blocklists.names import Role, SubjectKind
from workbench.blocklists.verdicts import Listing
from workbench.core.clock import iso
from workbench.core.redact import visible


@dataclass(frozen=True, slots=True)
class Facts:
    """What the incident knows and a list asks for (dossier, section 5). Empty where it is not known.

    ``cause`` is one sentence; ``changed`` what was done, each with its time where known; ``prevents`` what
    keeps it from happening again. None of them may hold a secret.
    """

    organisation: str = ""
    contact: str = ""
    first_abuse: datetime | None = None
    last_abuse: datetime | None = None
    cause: str = ""
    changed: Sequence[str] = ()
    prevents: Sequence[str] = ()
    bounce_sample: str = ""


def request_text(listing: Listing, facts: Facts, *, ours: bool = True) -> str:
    """Return the text for the list's own form, in the first person of the domain's or address's user.

    Of what is not ``ours`` nothing is said but that it is listed: what it is to us stays a blank.
    """
    subject = visible(listing.subject.value, 255)
    thing = "domain" if listing.subject.kind is SubjectKind.DOMAIN else "IP address"
    if not ours:
        return "\n".join(
            (
                f"The {thing} {subject} is listed on {listing.zone.title} ({listing.zone.name}).",
                f"It belongs to [whose it is]; we are {_or_blank(facts.organisation, 'organisation')} and ask because "
                "[what it has to do with our mail].",
                "",
                *_evidence(listing, facts),
                f"Contact: {_or_blank(facts.contact, 'name and mail address')}.",
                "",
            )
        )
    lines = [
        f"Please remove the {thing} {subject} from {listing.zone.title} ({listing.zone.name}).",
        "",
        f"We are {_or_blank(facts.organisation, 'organisation')} and {_use(listing, thing)}. "
        f"Contact: {_or_blank(facts.contact, 'name and mail address at the same domain')}.",
        "",
        f"What happened: {_cause(facts)}",
        f"From {_moment(facts.first_abuse)} to {_moment(facts.last_abuse)}.",
        "",
        *_list("What was changed:", facts.changed, "what was changed, and when"),
        *_list("What keeps it from happening again:", facts.prevents, "what prevents a repeat"),
        *_evidence(listing, facts),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _use(listing: Listing, thing: str) -> str:
    if listing.subject.role is Role.LINK_DOMAIN:
        return f"link to this {thing} in mail we send through Mailgun"
    return f"use this {thing} to send mail through Mailgun"


def vendor_message(listing: Listing, facts: Facts, *, still_open: Sequence[str] = ()) -> str:
    """Return the message to Mailgun Support for an address that only they can ask for.

    ``still_open`` names what is not closed yet: it is said, as the message need not wait for it.
    """
    subject = visible(listing.subject.value, 255)
    shared = "" if listing.subject.shared is False else " It may be shared with other customers."
    lines = [
        f"Subject: sending IP {subject} is listed on {listing.zone.title}",
        "",
        f"The IP address {subject}, which our account sends from, is listed on {listing.zone.title} "
        f"({listing.zone.name}, {listing.zone.page or 'no look-up page'}).{shared}",
        "Please ask for its removal, or tell us whether you have done so already.",
        "",
        "Our account was compromised, so we may be the cause.",
        *(["Not closed yet: " + visible("; ".join(still_open), 300) + "."] if still_open else []),
        f"What happened: {_cause(facts)}",
        f"From {_moment(facts.first_abuse)} to {_moment(facts.last_abuse)}.",
        "",
        *_list("What was changed:", facts.changed, "what was changed, and when"),
        *_evidence(listing, facts),
        f"Contact: {_or_blank(facts.contact, 'name and mail address')}.",
    ]
    return "\n".join(lines).rstrip() + "\n"


def _cause(facts: Facts) -> str:
    cause = _or_blank(facts.cause, "the cause in one sentence")
    return cause if cause.endswith((".", "]")) else cause + "."


def _evidence(listing: Listing, facts: Facts) -> list[str]:
    lines = [
        f"Looked up {iso(listing.asked_at)}: {', '.join(listing.codes)} ({visible(listing.reason, 300)})."
    ]
    lines += [f"The list's own text: {text}" for text in listing.txt]
    if facts.bounce_sample:
        lines.append(f"A refusal: {visible(facts.bounce_sample, 400)}")
    return [*lines, ""]


def _list(title: str, items: Sequence[str], blank: str) -> list[str]:
    shown = [f"- {visible(item, 300)}" for item in items] or [f"- [{blank}]"]
    return [title, *shown, ""]


def _or_blank(text: str, blank: str) -> str:
    return visible(text, 400) if text.strip() else f"[{blank}]"


def _moment(moment: datetime | None) -> str:
    return iso(moment) if moment is not None else "[time in UTC]"
