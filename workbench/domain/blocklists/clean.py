"""Is anything of ours on a list that matters? A claim that rests on every list that matters having answered. Pure.

A list that is switched off was not asked, one that cannot be believed from here did not answer: neither is clean.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from workbench.blocklists.verdicts import Listing, ListingVerdict
from workbench.blocklists.zones import Tier
from workbench.core.clock import as_moment
from workbench.core.redact import visible
from workbench.core.words import listed, plural
from workbench.domain.blocklists.listings import ListingBook, Seen
from workbench.domain.runbook.claims import Claim, ClaimAnswer, Coverage, Reading, claim

SAID = "no listing that matters"
NAMED = 4
ELSEWHERE = (
    "No list answers from here, so it is this host's resolver or network: look up from another network, or name a "
    "resolver that asks for itself (--resolver HOST:PORT)"
)


def of_book(
    book: ListingBook, matter: Collection[Seen] | None = None, unseen: Iterable[Reading] = ()
) -> Claim:
    """Return the claim for the account's own addresses and domains, by the last look at each.

    ``matter`` are the listings that speak against it, all that stand where none are given, and ``unseen`` what of the
    account was never looked up (both: see ``ours``).
    """
    standing = book.mattering if matter is None else matter
    zones: dict[str, list[tuple[bool, str]]] = {}
    for seen in book.pairs.values():
        if seen.observations and (seen.last.tier <= Tier.SOME or seen.tier <= Tier.SOME):
            clear = seen.last.verdict is not ListingVerdict.CANNOT_TELL
            zones.setdefault(seen.zone, []).append((clear, seen.last.reason))
    told = _claim(not standing, zones, book.unasked, as_moment(book.last_round_at))
    return claim(SAID, not standing, [*unseen, *told.grounds])


def of_listings(listings: Iterable[Listing], unasked: Iterable[str], at: datetime) -> Claim:
    """Return the claim for what was just looked up, whosever it is."""
    found = list(listings)
    zones: dict[str, list[tuple[bool, str]]] = {}
    for one in found:
        if one.tier <= Tier.SOME:
            zones.setdefault(one.zone.name, []).append(
                (one.verdict is not ListingVerdict.CANNOT_TELL, one.reason)
            )
    matter = any(one.verdict is ListingVerdict.LISTED and one.tier <= Tier.SOME for one in found)
    return _claim(not matter, zones, unasked, at)


def words(said: Claim) -> str:
    """Return the claim as a sentence without a full stop: nothing is called clean that was not asked."""
    if said.answer is ClaimAnswer.YES:
        return f"{SAID}: {plural(len(said.grounds), 'list that matters', 'lists that matter')} answered"
    if said.answer is ClaimAnswer.NO:
        return "listed on a list that matters"
    return f"cannot tell whether anything is listed: {missing(said)}"


def missing(said: Claim) -> str:
    """Return which lists that matter did not answer or were not asked, those of one reason together, and what to do.

    Where several were asked and none answered, it is not the lists.
    """
    together: dict[tuple[Coverage, str], list[str]] = {}
    for reading in said.missing:
        together.setdefault((reading.coverage, reading.why), []).append(reading.what)
    told = [
        f"{listed(names, NAMED)}: {coverage.value}{f', {why}' if why else ''}"
        for (coverage, why), names in together.items()
    ]
    more = f"; and for {plural(len(told) - NAMED, 'more reason')}" if len(told) > NAMED else ""
    return "; ".join(told[:NAMED]) + more + (f". {ELSEWHERE}" if _nobody_answers(said) else "")


def _nobody_answers(said: Claim) -> bool:
    asked = [reading for reading in said.grounds if reading.coverage is not Coverage.NOT_ASKED]
    return len(asked) > 1 and not any(reading.answered for reading in asked)


def nothing_answered(said: Claim) -> bool:
    """Return whether no list that matters gave any answer at all."""
    return all(not reading.answered for reading in said.grounds)


def _claim(
    holds: bool, zones: Mapping[str, list[tuple[bool, str]]], unasked: Iterable[str], at: datetime | None
) -> Claim:
    return claim(SAID, holds, [*_grounds(zones, at), *(_off(title) for title in unasked)] or [_nothing()])


def _grounds(zones: Mapping[str, list[tuple[bool, str]]], at: datetime | None) -> Iterator[Reading]:
    for zone, looks in sorted(zones.items()):
        dark = [reason for clear, reason in looks if not clear]
        if not dark:
            yield Reading(zone, at)
        else:
            part = f"{len(dark)} of {len(looks)} look-ups cannot tell, " if len(dark) < len(looks) else ""
            why = part + visible(dark[0], 120)
            yield Reading(zone, at, Coverage.NOT_READABLE, why)


def _off(title: str) -> Reading:
    return Reading(visible(title, 60), None, Coverage.NOT_ASKED, "large receivers act on it")


def _nothing() -> Reading:
    return Reading("lists that matter", None, Coverage.NOT_ASKED)
