"""Several leaked places: what they have in common, where there is something. Pure.

A cause is named only where at least two different places share it; nothing is concluded from one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from workbench.core.redact import visible
from workbench.domain.leaks.recorded import EXPOSURE, PLUGIN, FoundLeak, FoundPlace, FoundTheft, LeaksFound
from workbench.domain.model.state import State

_SHOWN = 4


def common_causes(state: State) -> list[str]:
    """Return what several leaked places share, in sentences: plugin, kind of file, host, harvester, hour."""
    body = state.known(LeaksFound)
    rows = body.exposures
    return [
        *_shared(_plugins(rows), "The same plugin and version"),
        *_shared(_kinds(rows), "The same kind of exposed file"),
        *_hosts(rows),
        *_shared(_harvesters(body.thefts), "The same harvester's address"),
        *_shared(_hours(body.thefts), "The same hour of theft"),
    ]


def _site(place: FoundPlace) -> str:
    """Return the site or tree of a place: the host of an address, else the root that was searched."""
    for text in (place.path, place.root):
        if "://" in text:
            return urlsplit(text).hostname or text
    return place.root or place.path


def _plugins(rows: Iterable[FoundLeak]) -> Iterator[tuple[str, str]]:
    for row in rows:
        if row.what == PLUGIN:
            for place in row.where:
                yield row.shown, _site(place)


def _kinds(rows: Iterable[FoundLeak]) -> Iterator[tuple[str, str]]:
    for row in rows:
        if row.what == EXPOSURE:
            for place in row.where:
                yield row.shown or row.kind, _site(place)


def _harvesters(thefts: Iterable[FoundTheft]) -> Iterator[tuple[str, str]]:
    for one in thefts:
        if one.address and one.path:
            yield one.address, one.path


def _hours(thefts: Iterable[FoundTheft]) -> Iterator[tuple[str, str]]:
    for one in thefts:
        if one.not_before and one.path:
            yield f"{one.not_before[:13]}h UTC", one.path


def _hosts(rows: Iterable[FoundLeak]) -> Iterator[str]:
    """Several different leaks on one host: whoever was on it could read all of them."""
    held: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for place in row.where:
            if "://" in place.path + place.root:
                held[_site(place)].add(row.id)
    for site, found in sorted(held.items()):
        if len(found) > 1:
            yield f"The same host: {len(found)} leaks on {visible(site, 100)}."


def _shared(pairs: Iterable[tuple[str, str]], words: str) -> Iterator[str]:
    held: dict[str, set[str]] = defaultdict(set)
    for cause, place in pairs:
        if cause and place:
            held[cause].add(place)
    for cause, places in sorted(held.items()):
        if len(places) > 1:
            shown = ", ".join(visible(place, 80) for place in sorted(places)[:_SHOWN])
            more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
            yield f"{words}, {visible(cause, 120)}: {shown}{more}."
