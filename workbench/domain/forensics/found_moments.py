"""The moments other searches know: how the secret got out, when it was taken, which list named us when. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.core.redact import visible
from workbench.domain.forensics.moment import Moment, MomentKind
from workbench.domain.model.state import State
from workbench.mailgun.dates import parse_moment


def exposures(state: State) -> Iterator[Moment]:
    """Yield when a secret entered a repository, was found, was taken, and when its place was seen closed."""
    fact = state.facts.get("leaks", {})
    for row in fact.get("exposures", ()):
        name = visible(row.get("shown") or row.get("id", ""), 80)
        for place in row.get("where", ()):
            committed = parse_moment(place.get("from") or None)
            if committed is not None:
                who = f" by {visible(place['author'], 80)}" if place.get("author") else ""
                text = f"{name} entered {visible(place.get('path', ''), 100)}{who}"
                yield Moment(committed, MomentKind.EXPOSURE, text, not row.get("accepted"))
        yield from _seen(row, "seen", f"{name} found in {_place(row)}", not row.get("accepted"))
    for row in fact.get("closed", ()):
        yield from _seen(row, "at", f"closed: {visible(row.get('title') or row.get('id', ''), 200)}", False)
    for theft in fact.get("thefts", ()):
        at = parse_moment(theft.get("not_after")) if isinstance(theft, Mapping) else None
        if at is not None:
            sure = visible(theft.get("how_sure", ""), 60)
            text = f"{visible(theft.get('sentence', ''), 300)} (how sure: {sure})"
            yield Moment(at, MomentKind.EXPOSURE, text, True)


def _seen(row: Mapping[str, Any], name: str, text: str, odd: bool) -> Iterator[Moment]:
    at = parse_moment(row.get(name) or None)
    if at is not None:
        yield Moment(at, MomentKind.EXPOSURE, text, odd)


def _place(row: Mapping[str, Any]) -> str:
    where = row.get("where", ())
    first = where[0] if where else {}
    more = f" and {len(where) - 1} more places" if len(where) > 1 else ""
    return f"{visible(str(first.get('root', '')) + str(first.get('path', '')), 160) or 'a place of its own'}{more}"


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
