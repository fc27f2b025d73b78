"""Rows and words of the blocklists pane: verdict, since when, a strip of days, how far the removal is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from workbench.core.rows import Cell, TableRow
from workbench.core.words import plural
from workbench.presentation.cells import Look, dash, moment_text, state_cell

if TYPE_CHECKING:
    from workbench.blocklists.removal import Removal
    from workbench.blocklists.verdicts import Listing
    from workbench.blocklists.zones import Zone
    from workbench.domain.blocklists.listings import ListingBook, Seen
    from workbench.domain.model.situation import Situation
    from workbench.domain.model.state import State

STRIP_DAYS = 10
_TONES = {"to do": "warn", "listed again": "bad", "check again": "accent", "refused": "bad", "gone": "ok"}


FINE = "fine"  # the key of the one line that stands for every pair that is simply not listed
FOLD_FROM = 4  # fewer rows than this are no crowd


def round_words(situation: Situation, at: datetime) -> str:
    """Return in a sentence what a round of look-ups that ended ``at`` left: what is listed, else what can be said."""
    from workbench.domain.blocklists import clean
    from workbench.domain.blocklists.ours import unseen

    book = situation.state.listings
    listed = f"{plural(len(book.listed), 'listing')} now; " if book.listed else ""
    return f"Blocklists looked up {at:%H:%M}Z: {listed}{clean.words(clean.of_book(book, unseen=unseen(situation)))}."


def listing_rows(
    listings: Mapping[str, Listing],
    book: ListingBook,
    now: datetime,
    look: Look,
    *,
    folded: bool | None = None,
) -> list[TableRow]:
    """Return the rows of the blocklist verdicts, keyed ``subject|zone``; ``now`` is the moment of the looks.

    ``folded`` makes one line, ``FINE``, of what is not listed and never was: only the rest asks for eyes. False has it
    before them, as the way to fold them again; None knows no such line.
    """
    fine = [key for key, one in listings.items() if _is_fine(one, book.pairs.get(one.pair), now)]
    many = folded is not None and len(fine) >= FOLD_FROM
    hidden = set(fine) if many and folded else set()
    rows = [
        _row(key, one, book.pairs.get(one.pair), now, look)
        for key, one in listings.items()
        if key not in hidden
    ]
    if not many:
        return rows
    line = _fine_row([listings[key] for key in fine], look, "Enter unfolds" if folded else "Enter folds")
    return [*rows, line] if folded else [line, *rows]


def _is_fine(one: Listing, seen: Seen | None, now: datetime) -> bool:
    from workbench.domain.blocklists.listings import request_word

    asked_off = seen is not None and (seen.ever_listed or bool(request_word(seen, now)))
    return one.verdict.value == "not listed" and not asked_off


def _fine_row(fine: list[Listing], look: Look, way: str) -> TableRow:
    lists = len({one.zone.name for one in fine})
    subjects = len({one.subject.value for one in fine})
    last = max(one.asked_at for one in fine)
    return TableRow(
        FINE,
        (
            state_cell("not listed", look),
            Cell(plural(subjects, "subject")),
            Cell(plural(lists, "list")),
            *(Cell(dash(look), "dim") for _ in range(5)),
            Cell(moment_text(last, look, "%H:%M:%S")),
            Cell(f"{plural(len(fine), 'look-up')}; {way}", "dim"),
        ),
        markable=False,
    )


def _row(key: str, one: Listing, seen: Seen | None, now: datetime, look: Look) -> TableRow:
    from workbench.domain.blocklists.listings import request_word

    tier = int(one.tier)
    removal = request_word(seen, now)
    since = seen.since if seen is not None else None
    return TableRow(
        key,
        (
            state_cell(one.verdict.value, look),
            Cell(one.subject.value),
            Cell(one.zone.title or one.zone.name),
            Cell(f"tier {tier}", "", tier),
            Cell(moment_text(since, look, "%d %b %H:%M") if since else dash(look), "", _stamp(since)),
            Cell(_strip(seen, now, look), "bad" if seen is not None and seen.listed else "dim"),
            Cell(removal or dash(look), _TONES.get(removal, "")),
            _wait(seen, now, look),
            Cell(moment_text(one.asked_at, look, "%H:%M:%S")),
            Cell("; ".join(part for part in (one.reason, *one.txt) if part), "dim"),
        ),
        search=one.zone.name,
    )


def _strip(seen: Seen | None, now: datetime, look: Look) -> str:
    from workbench.blocklists.watch import ASCII_MARKS, StripMarks, strip

    if seen is None or not seen.observations:
        return ""
    first = (now - timedelta(days=STRIP_DAYS - 1)).astimezone(UTC).date()
    return strip(seen.history, first, STRIP_DAYS, ASCII_MARKS if look.ascii else StripMarks())


def _wait(seen: Seen | None, now: datetime, look: Look) -> Cell:
    """Return how long the list still needs after a request."""
    until = seen.request.wait_until if seen is not None else None
    if seen is None or until is None or seen.request.at(now).state.value != "requested, cooling down":
        return Cell(dash(look), "dim")
    left = until - now
    hours, minutes = divmod(max(0, int(left.total_seconds() // 60)), 60)
    return Cell(f"{hours}h{minutes:02d}", "busy", left.total_seconds())


def _stamp(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment is not None else None


def removal_lines(one: Removal) -> Iterator[str]:
    """Yield everything about the way off one listing but the text to send."""
    yield one.what
    yield f"tier {int(one.tier)} ({one.tier.word}); {one.request.state.value}"
    if one.request.note:
        yield f"said: {one.request.note}"
    if one.do_not_pay:
        yield f"DO NOT PAY: {one.do_not_pay}"
    yield ""
    yield "Why it happened:"
    yield from (f"- {line}" for line in one.why or ("nothing in the account explains it yet",))
    yield ""
    yield "What must be true first:"
    yield from (f"- {line}" for line in one.first)
    yield ""
    yield f"Whose job: {one.whose.value}, {one.whose_why}"
    yield f"Where: {one.page or 'the list has no page'}"
    yield f"How it ends: {one.ends}"
    yield from (f"They ask: {line}" for line in one.asks)
    yield ""
    yield "Ready to be sent." if one.ready else f"NOT READY: {'; '.join(one.blocked_by)}"


def _not_asked(zones: Iterable[Zone]) -> Iterator[str]:
    """Yield a line for the lists of a tier that are off for the same reason, those that matter most first."""
    same: dict[tuple[int, str], list[str]] = {}
    for zone in zones:
        same.setdefault((int(zone.tier), zone.off_reason), []).append(f"{zone.title} ({zone.name})")
    yield from (f"- tier {tier} {', '.join(names)}: {why}" for (tier, why), names in same.items())


def overview_lines(
    off: Iterable[Zone],
    health: Mapping[str, str],
    beside: Iterable[Any],
    vendor_gap: str,
    state: State,
    days_after: Iterable[str] = (),
) -> Iterator[str]:
    """Yield what stands beside the verdicts: lists not asked, not believed, refusals, Mailgun's own monitoring."""
    from workbench.domain.blocklists.recorded import RefusalsRead, SendingHealth
    from workbench.domain.blocklists.refusals import kind_lines, partial_line, reasons, remainder_lines

    zones = list(off)
    yield "Not asked (not asked is not clean):"
    yield from _not_asked(zones)
    unbelieved = sorted((zone, why) for zone, why in health.items() if why)
    yield ""
    yield "Asked and not believed:" if unbelieved else "Every list that was asked passed its own check."
    yield from (f"- {zone}: {why}" for zone, why in unbelieved)
    yield ""
    yield f"Mailgun's own monitoring: {vendor_gap}" if vendor_gap else "Mailgun's own monitoring:"
    yield from (
        f"- {one.subject} on {one.title}: {one.agreement.value}" for one in beside if one.vendor is not None
    )
    yield ""
    refusals = state.fact(RefusalsRead)
    yield f"Refused mail since {refusals.since if refusals is not None else 'not read yet'}:"
    for one in reasons(refusals):
        blocks = "blocks us" if one.is_listing else f"no listing ({one.kind})"
        where = f", ask {one.page}" if one.page else ""
        when = f"{one.first[5:13]}Z to {one.last[5:13]}Z"
        yield f"- {one.provider} ×{one.count:,}, {when}: {blocks}: {one.means}{where}"
    if partial := partial_line(refusals):
        yield f"- {partial}"
    yield ""
    yield from kind_lines(refusals)
    yield from remainder_lines(refusals, most=12)
    yield ""
    yield "Complaints and bounces by day:"
    for day in state.known(SendingHealth).days:
        tried = day.delivered + day.bounced
        complaints = day.complaints / max(1, day.delivered)
        bounces = day.bounced / max(1, tried)
        yield f"- {day.day}: {tried:,} tried, {complaints:.2%} complaints, {bounces:.1%} bounces, {day.level}"
    yield ""
    yield "The days after:"
    yield from (f"- {line}" for line in days_after)
