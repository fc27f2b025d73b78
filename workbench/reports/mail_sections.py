"""The report's parts about the intruder's mail itself and its links. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.core.redact import visible
from workbench.core.words import plural
from workbench.domain.forensics.recorded import RecordedAssessment, RecordedTally
from workbench.domain.mail import landing
from workbench.domain.mail.samples import Fate, KeptMail, Sample
from workbench.domain.model.situation import Situation
from workbench.presentation.mail import LANDING_HEADERS, landing_rows
from workbench.reports import mail_texts
from workbench.reports.audiences import BLANK, no_mail
from workbench.reports.blocks import Block, Bullets, Section, Table, Text

_MESSAGES = 4  # different messages quoted
_LINKS = 15


def the_mail(situation: Situation) -> Section:
    """Return what the intruder wrote: each different message once, without addresses; what could not be fetched."""
    title = "The mail itself"
    fact = situation.state.known(KeptMail)
    held = fact.samples
    if not held:
        fetch = "No message of the abuse was fetched yet (`workbench mail fetch`)."
        return Section(title, (Text(no_mail(situation) or fetch),))
    stored = fact.stored
    different: dict[str, list[Sample]] = {}
    for one in stored:
        different.setdefault(one.content, []).append(one)
    texts = (
        f", of {len(different)} different texts"
        if len(different) > 1
        else ", all of one text"
        if stored
        else ""
    )
    told = (
        f"One message of each of {plural(len(held), 'group')} was asked for; sealed with a hash: {len(stored)}{texts}. "
        "Addresses, names in greetings and tokens are left out here (#)."
    )
    blocks: list[Block] = [Text(told)]
    ordered = sorted(different.values(), key=lambda group: -sum(one.accepted for one in group))
    for group in ordered[:_MESSAGES]:
        blocks += _quoted(group)
    if len(ordered) > _MESSAGES:
        blocks.append(Text(f"{len(ordered) - _MESSAGES} more different messages are in the evidence."))
    if missing := _missing(held, fact.left_out):
        blocks.append(Bullets(tuple(missing)))
    return Section(title, tuple(blocks))


def _quoted(group: list[Sample]) -> list[Block]:
    one = max(group, key=lambda sample: sample.accepted)
    count = sum(sample.accepted for sample in group)
    others = len({sample.subject for sample in group}) - 1
    under = f" and {plural(others, 'other subject')}" if others else ""
    head = (
        f"“{visible(one.subject, 100)}”{under}, sent by way of {visible(one.domain or 'no domain', 80)}: "
        f"{plural(count, 'message')}. "
        f"Message {visible(one.message_id, 120)}, sha256 {one.sha256}, fetched {one.fetched_at}."
    )
    lines = [f"> {line}" for line in one.excerpt.splitlines()] or ["> (no text)"]
    lines += [
        f"Attachment {visible(a.name, 80)}, {visible(a.type, 60)}, "
        f"{a.size:,} bytes, sha256 {a.sha256 or 'not fetched'}; not opened"
        for a in one.attachments[:5]
    ]
    lines += [f"A link that is no web page: {visible(link, 60)}" for link in one.other_links]
    lines += [f"Note: {visible(note, 160)}" for note in one.notes[:4]]
    return [Text(head), Bullets(tuple(lines))]


def _missing(held: Sequence[Sample], left_out: int) -> list[str]:
    """Return what could not be fetched, each reason once with how many groups it is true of."""
    reasons: dict[str, int] = {}
    for one in held:
        if one.fate != Fate.STORED:
            words = f"{one.fate}: {one.words}"
            reasons[words] = reasons.get(words, 0) + 1
    told = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    lines = [f"{plural(count, 'group')}, {visible(words, 300)}" for words, count in told[:8]]
    if rest := sum(count for _, count in told[8:]):
        lines.append(f"{plural(rest, 'more group')} with other reasons")
    if left_out:
        lines.append(f"{plural(left_out, 'smaller group')} not asked for")
    return lines


def links(situation: Situation) -> Section:
    """Return where the mail leads to, how often it was followed, and where the names are looked up."""
    found = landing.landings(situation)
    harm = situation.state.known(RecordedAssessment).damage.intruder or RecordedTally()
    if not found:
        unknown = "No landing address of the abuse is known yet."
        return Section("Where it leads to", (Text(no_mail(situation) or unknown),))
    beyond = harm.clicked - sum(one.clicks for one in found)
    rest = f", {beyond:,} of them on links that are not told here" if beyond > 0 else ""
    counts = (
        f"{plural(harm.delivered, 'message')} delivered, {plural(harm.clicked, 'click')}{rest}. Links are written so "
        "that nobody follows them by accident."
    )
    table = Table(LANDING_HEADERS, tuple(landing_rows(found[:_LINKS])))
    more = (f"{len(found) - _LINKS} more landing addresses.",) if len(found) > _LINKS else ()
    told = (*more, *(line.strip() for line in mail_texts.lookups(situation)))
    return Section("Where it leads to", (Text(counts), table, Bullets(told)))


def asked_of_police(situation: Situation) -> Section:
    """Return what is asked of the police, with blanks for what only the owner knows."""
    items = (
        f"Reported by: {BLANK}, for {visible(situation.state.name or BLANK, 60)}. Earlier report: {BLANK}.",
        "Evidence is kept sealed with hashes and an unbroken journal; an archive that can be checked on any machine is "
        "handed out on request (`workbench evidence export`).",
        "Please tell us what of it you need, and whether anything must not be changed or told meanwhile.",
        "Mailgun keeps the login history, the audit log and who sent from which address; logs and bodies are thrown "
        "away after days: please have them preserved soon.",
        "This is a description of facts, no legal advice.",
    )
    return Section("What we ask of you", (Bullets(items),))
