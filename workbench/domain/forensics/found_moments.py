"""The moments other searches know: how the secret got out, when it was taken, which list named us when. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.redact import visible
from workbench.core.words import plural
from workbench.domain.forensics.moment import Moment, MomentKind
from workbench.domain.leaks.recorded import FoundLeak, FoundPlace, LeaksFound
from workbench.domain.model.state import State
from workbench.mailgun.dates import parse_moment


def exposures(state: State) -> Iterator[Moment]:
    """Yield when a secret entered a repository, was found, was taken, and when its place was seen closed."""
    fact = state.known(LeaksFound)
    for row in fact.exposures:
        name = visible(row.shown or row.id, 80)
        for place in row.where:
            who = f" by {visible(place.author, 80)}" if place.author else ""
            text = f"{name} entered {visible(place.path, 100)}{who}"
            yield from _at(place.since or "", text, not row.accepted)
        yield from _at(row.seen, f"{name} found in {_place(row)}", not row.accepted)
    for closed in fact.closed:
        yield from _at(closed.at, f"closed: {visible(closed.title or closed.id, 200)}", False)
    for theft in fact.thefts:
        text = f"{visible(theft.sentence, 300)} (how sure: {visible(theft.how_sure, 60)})"
        yield from _at(theft.not_after or theft.not_before or "", text, True)


def _at(moment: str, text: str, odd: bool) -> Iterator[Moment]:
    at = parse_moment(moment or None)
    if at is not None:
        yield Moment(at, MomentKind.EXPOSURE, text, odd)


def _place(row: FoundLeak) -> str:
    first = row.where[0] if row.where else FoundPlace()
    more = f" and {plural(len(row.where) - 1, 'more place')}" if len(row.where) > 1 else ""
    return f"{visible(first.root + first.path, 160) or 'a place of its own'}{more}"


def listings(state: State) -> Iterator[Moment]:
    """Yield when a list began to name an address or domain of the account, stopped, and was asked to."""
    for change in state.listings.changes():
        reason = f" ({visible(change.reason, 120)})" if change.reason else ""
        text = f"{visible(change.subject, 80)} {change.kind.value} on {visible(change.zone, 80)}{reason}"
        yield Moment(change.at, MomentKind.LISTING, text, change.rings)
    for seen in state.listings.pairs.values():
        if seen.request.requested_at is not None:
            text = f"asked {visible(seen.zone, 80)} to remove {visible(seen.subject, 80)}"
            yield Moment(seen.request.requested_at, MomentKind.LISTING, text)
