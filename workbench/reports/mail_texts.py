"""Texts about the intruder's mail: to Mailgun, to host and registrar of the landing page; where names are looked up.

Nothing is sent: somebody reads, completes and sends them. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.blocklists.verdicts import ListingVerdict
from workbench.core.redact import visible
from workbench.core.registered_names import registrable
from workbench.core.words import listed, plural
from workbench.domain.forensics.since import abuse_began_text
from workbench.domain.mail import landing
from workbench.domain.mail.landing import Landing
from workbench.domain.mail.links import defanged_shape
from workbench.domain.mail.samples import KeptMail
from workbench.domain.model.situation import Situation
from workbench.reports.audiences import BLANK, no_mail

_MOST = 12
# Where a name is looked up by hand and where its removal or review is asked for. Nothing is asked by the program.
_BY_HAND = (
    (
        "Google Safe Browsing",
        "transparencyreport.google.com/safe-browsing/search",
        "review: Search Console, Security issues; or safebrowsing.google.com/safebrowsing/report_error",
    ),
    ("URIBL", "lookup.uribl.com", "removal is asked for on the same page"),
    ("SURBL", "surbl.org/surbl-analysis", "removal is asked for on the same page"),
)


def lookups(situation: Situation) -> list[str]:
    """Return, for tracking and sending domains, what lists of names said as far as asked, and where to look by hand."""
    abused = {domain for one in landing.landings(situation) for domain in one.domains if domain}
    names = [*landing.tracking_hosts(situation), *sorted(abused)]
    if not names:
        return []
    lines = [
        f"Tracking hosts in use: {listed(visible(n, 100) for n in landing.tracking_hosts(situation)) or 'none'}."
    ]
    lines += [_looked_up(situation, name) for name in names[:_MOST]]
    if len(names) > _MOST:
        lines.append(f"and {plural(len(names) - _MOST, 'name')} more")
    lines.append("By hand, each name above and its parent:")
    lines += [f"  {who}: {where}; {way}" for who, where, way in _BY_HAND]
    return lines


def _looked_up(situation: Situation, name: str) -> str:
    """Return what each list of names said of a host and the name it belongs to, the worst word of both."""
    told = []
    for zone in landing.NAME_LISTS:
        seen = [pair for pair in landing.listings(situation, name) if pair.zone == zone]
        if not seen:
            told.append(f"{zone} not asked")
        elif any(pair.listed for pair in seen):
            told.append(f"{zone} LISTED")
        else:
            unsure = [pair for pair in seen if pair.last.verdict is ListingVerdict.CANNOT_TELL]
            told.append(f"{zone} {(unsure or seen)[0].last.verdict.value}")
    return f"{visible(name, 100)}: {'; '.join(told)}"


def to_mailgun(situation: Situation) -> str:
    """Return the request to stop redirecting the links of the intruder's mail."""
    if none := no_mail(situation, "There is nothing to ask Mailgun to stop redirecting."):
        return none
    found = landing.landings(situation)
    stored = situation.state.known(KeptMail).stored
    clicks = sum(one.clicks for one in found)
    clicked = f" They were followed {plural(clicks, 'time')} so far." if clicks else ""
    hosts = ", ".join(landing.tracking_hosts(situation)) or BLANK
    lines = [
        "Subject: Compromised account: please stop redirecting links of the abuse",
        "",
        f"Mail that somebody else sent by way of our account ({visible(situation.state.name or BLANK, 60)}) holds "
        f"links that your tracking redirects to fraudulent pages.{clicked}",
        "Please make the tracked links of these messages lead nowhere, and keep the records.",
        "",
        f"Tracking hosts: {hosts}",
        "Landing addresses (# stands for what varies; written so that nobody follows them):",
        *_landing_lines(found),
        "Messages, by id and storage key:",
        *[f"- {visible(s.message_id, 200)}  {visible(s.storage_key, 400)}" for s in stored[:_MOST]],
        *([f"- and {len(stored) - _MOST} more, on request"] if len(stored) > _MOST else []),
        *([] if stored else [f"- {BLANK} (`workbench mail fetch`)"]),
        "",
        "We must not change click tracking ourselves for that: it would not undo links already sent.",
    ]
    return "\n".join(lines)


def _landing_lines(found: Sequence[Landing]) -> list[str]:
    lines = [f"- {defanged_shape(one.shape)} ({one.clicks:,} clicks)" for one in found[:_MOST]]
    if len(found) > _MOST:
        lines.append(f"- and {len(found) - _MOST} more")
    return lines or [f"- {BLANK}"]


def to_host(situation: Situation) -> str:
    """Return the abuse report to whoever hosts the landing pages."""
    return _abuse(
        situation,
        "The pages below, to which the links of that mail lead, are served from your network. Please take them down, "
        "keep the logs of who reached them, and tell us what was entered there, as far as you may.",
        "For the abuse contact of the network of each page's address:",
    )


def to_registrar(situation: Situation) -> str:
    """Return the abuse report to the registrar of the landing pages' names."""
    return _abuse(
        situation,
        "The links of that mail lead to the names above, which are registered with you. Please suspend them, and keep "
        "what you know of the registrant.",
        "For the abuse contact of the registrar of each name:",
    )


def _abuse(situation: Situation, wish: str, to: str) -> str:
    if none := no_mail(situation, "There is no page to report."):
        return none
    found = landing.landings(situation)
    names = sorted({registrable(one.host) for one in found})
    since = abuse_began_text(situation, BLANK)
    apes = sorted({one.alike for one in found if one.alike})
    stored = situation.state.known(KeptMail).stored
    lines = [
        f"{to} {', '.join(name.replace('.', '[.]') for name in names) or BLANK}",
        "Subject: Phishing page, please take down",
        "",
        f"Somebody misuses the mail account of {visible(situation.state.name or BLANK, 60)} since about {since} "
        f"to send phishing. {wish}",
        *([f"They are made to look like ours: {', '.join(visible(a, 80) for a in apes)}."] if apes else []),
        "",
        "Addresses (# stands for what varies from reader to reader; written so that nobody follows them):",
        *_landing_lines(found),
    ]
    for one in stored[:1]:
        lines += [
            "",
            f"One such message (sha256 {one.sha256}, sealed; we hand it out on request), without personal data:",
            f"Subject: {visible(one.subject, 120)}",
            *[f"> {line}" for line in one.excerpt.splitlines()],
        ]
    return "\n".join([*lines, "", f"Contact: {BLANK}"])
