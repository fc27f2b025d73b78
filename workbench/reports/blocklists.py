"""What the reports say of blocklists: the table with its days, and what Support is asked for. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from workbench.blocklists.names import Role
from workbench.blocklists.watch import ASCII_MARKS, strip
from workbench.blocklists.zones import AskedBy, Tier
from workbench.core.redact import visible
from workbench.domain.blocklists import clean
from workbench.domain.blocklists.listings import ListingBook, Seen, request_word
from workbench.domain.blocklists.ours import unseen
from workbench.domain.model.situation import Situation
from workbench.domain.runbook import days_after
from workbench.domain.runbook.blocklists import rate_lines, refusal_lines, vendor_lines
from workbench.reports.blocks import Block, Bullets, Section, Table, Text

_DAYS = 10
_MOST = 40


def blocklists(situation: Situation) -> Section:
    """Return the section: what was and is listed, who refuses mail, how many complain."""
    book = situation.state.listings
    state = situation.state
    told = (*vendor_lines(state), *rate_lines(state), *refusal_lines(state), *days_after.lines(situation))
    extra: tuple[Block, ...] = (Bullets(told),) if told else ()
    if not book.rounds:
        return Section("Blocklists", (Text("The blocklists have not been asked yet."), *extra))
    now = datetime.fromisoformat(book.last_round_at)
    ever = [seen for seen in book.pairs.values() if seen.ever_listed]
    ever.sort(key=lambda seen: (not seen.listed, seen.tier, seen.zone, seen.subject))
    words = (
        f"Looked up {len(book.pairs)} pairs of address or domain and list, last at {book.last_round_at}: "
        f"{len(book.listed)} listed, {len(book.mattering)} of them on lists that matter, {book.unclear} cannot tell "
        "(which is not clean). Days: # listed, . not listed, ? cannot tell."
    )
    said = clean.of_book(book, unseen=unseen(situation))
    if not ever:
        none = (
            "Nothing of the account was listed" if said.good else "No listing was seen, but that is not all"
        )
        return Section("Blocklists", (Text(words), Text(f"{none}: {clean.words(said)}."), *extra))
    if said.missing:
        extra = (Text(f"Not answered or not asked, so not clean: {clean.missing(said)}."), *extra)
    headers = ("now", "address or domain", "list", "tier", "since", f"last {_DAYS} days", "removal", "reason")
    rows = tuple(_row(seen, now) for seen in ever[:_MOST])
    more = (Text(f"And {len(ever) - _MOST} more."),) if len(ever) > _MOST else ()
    return Section("Blocklists", (Text(words), Table(headers, rows), *more, *extra))


def asked_of_support(book: ListingBook) -> tuple[str, ...]:
    """Return what only Mailgun can do about listings: its shared addresses, and lists that hear only the owner."""
    theirs = [seen for seen in book.listed if _vendors_job(book, seen)]
    if not theirs:
        return (
            "Please tell us if any shared sending address of this account was listed because of the abuse.",
        )
    lines = []
    for seen in theirs[:8]:
        shared = book.subjects.get(seen.subject, {}).get("shared")
        kind = "your shared address" if shared is not False else "our dedicated address, whose owner you are,"
        said = "; ".join(str(text) for text in seen.record.get("text", ()))
        lines.append(
            visible(
                f"Please ask for the removal of {seen.subject} ({kind}) from {seen.record.get('list', seen.zone)} "
                f"({seen.zone}), listed since {_since(seen)}{f': {said}' if said else ''}, or tell us that you have.",
                500,
            )
        )
    if len(theirs) > 8:
        lines.append(f"And {len(theirs) - 8} more listings of your addresses, in the table above.")
    return tuple(lines)


def _vendors_job(book: ListingBook, seen: Seen) -> bool:
    subject = book.subjects.get(seen.subject, {})
    if subject.get("role") != Role.SENDING_IP or seen.tier > Tier.SOME:
        return False
    asked_by = seen.record.get("asked_by")
    if asked_by == AskedBy.NOBODY:
        return False
    return subject.get("shared") is not False or asked_by == AskedBy.ADDRESS_OWNER


def _row(seen: Seen, now: datetime) -> tuple[str, ...]:
    first = (now - timedelta(days=_DAYS - 1)).astimezone(UTC).date()
    return (
        "listed" if seen.listed else seen.last.verdict.value,
        visible(seen.subject, 120),
        visible(str(seen.record.get("list", seen.zone)), 60),
        f"{seen.tier}",
        _since(seen) if seen.listed else "",
        strip(seen.history, first, _DAYS, ASCII_MARKS),
        request_word(seen, now),
        visible(str(seen.record.get("reason", "")), 120),
    )


def _since(seen: Seen) -> str:
    return f"{seen.since:%Y-%m-%d %H:%M}Z" if seen.since is not None else "unknown"
