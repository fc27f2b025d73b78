"""What keeps the mail of the days after deliverable: DMARC in DNS, and the receivers' own figures. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from workbench.blocklists.dmarc import Dmarc, DmarcState, told_once
from workbench.core.redact import visible
from workbench.core.words import listed, plural
from workbench.domain.hardening.item import HardeningItem, Standing
from workbench.domain.hardening.recorded import DmarcRead
from workbench.domain.model.situation import Situation

_NAMED = 6  # domains by name in one line; the documents hold them all

# (id, title, what it shows and protects against, what it might break, the steps). No call reads whether these are set
# up: they belong to the receivers, not to Mailgun. Facts: the receivers' postmaster pages (November 2026).
BY_HAND = (
    (
        "gmail-postmaster",
        "Gmail Postmaster Tools for every sending domain",
        "Gmail sends no complaints: only there does it show its own spam rate (stay below 0.1 %, never reach 0.3 %), "
        "which it judges you by, and whether it asks you to act",
        "nothing",
        "postmaster.google.com: add each sending domain, publish the TXT record it names, look at *Spam rate* daily "
        "for two weeks; 7 days in a row below 0.3 % make you eligible for help. Mailgun Optimize can show the same "
        "figures once it is connected there. Then attest it here",
    ),
    (
        "microsoft-snds",
        "Microsoft SNDS and JMRP for your dedicated addresses",
        "complaints and trap hits at Outlook.com by address, and a copy of each complaint; without it the first sign "
        "is a block",
        "nothing",
        "sendersupport.olc.protection.outlook.com/snds: request access for your dedicated addresses; the mail that "
        "confirms it goes to the owner of the address, which is Mailgun: ask Support to pass it on. There also join "
        "JMRP with an address that is read. For shared addresses only Mailgun can. Then attest it here",
    ),
    (
        "yahoo-loop",
        "Yahoo's complaint feedback loop and Sender Hub",
        "who at Yahoo, AOL and AT&T pressed *spam*, and why mail is deferred (TSS codes)",
        "nothing",
        "senders.yahooinc.com: make an account, verify each DKIM domain (TXT record or mail to postmaster@), enrol it "
        "in the Complaint Feedback Loop with an address that is read. Mailgun may be enrolled for its own domain: "
        "ask Support, and see complaints among the suppressions. Then attest it here",
    ),
)


def dmarc(situation: Situation) -> HardeningItem:
    """Return how far DMARC protects the account's domains; *cannot tell* where DNS gave no answer."""
    read = policies(situation)
    states = Counter(one.state.value for one in read)
    weak = [one for one in read if not one.state.protects]
    dark = states.get(DmarcState.CANNOT_TELL.value, 0)
    if not read or dark == len(read):
        standing = Standing.UNKNOWN
    elif len(weak) > dark:
        standing = Standing.OPEN
    else:
        standing = Standing.UNKNOWN if dark else Standing.GOOD
    evidence = ", ".join(f"{state} {count}" for state, count in states.most_common()) or "read with step 9"
    return HardeningItem(
        "dmarc",
        "DMARC keeps forged mail out (quarantine or reject)",
        standing,
        f"DNS, {plural(len(read), 'domain')}: {evidence}" if read else evidence,
        "mail in your name from anywhere; large receivers also ask bulk senders for it",
        "programs that send in your name without SPF or DKIM of yours: the reports show them first",
        "; ".join(_told(weak)) or "nothing",
        2,
    )


def dmarc_lines(situation: Situation) -> tuple[str, ...]:
    """Return what DMARC says and what to change, a line for all domains it is the same for; empty if not read."""
    return tuple(_told(policies(situation)))


def policies(situation: Situation) -> list[Dmarc]:
    """Return the readings of the domains that the account still has and that no sign calls a stranger's."""
    own = {
        item.name.lower()
        for item in situation.inventory.domains.values()
        if not situation.of_domain(item).likely
    }
    return [one for one in situation.state.known(DmarcRead).domains if one.domain in own]


def _told(found: Iterable[Dmarc]) -> Iterator[str]:
    """Yield each state with the domains it is that of, and the change: what is the same is said once."""
    for said, change, members in told_once(found):
        names = [
            f"{one.domain} (by {one.found_at})" if one.found_at not in ("", one.domain) else one.domain
            for one in members
        ]
        count = f"{plural(len(names), 'domain')}, " if len(names) > 1 else ""
        yield visible(f"{count}{listed(names, _NAMED)}: {said}{'; ' * bool(change)}{change}", 700)
