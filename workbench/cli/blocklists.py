"""``workbench blocklists``: which listings matter, the way off, and a watch that goes on for days."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from workbench.blocklists.names import Subject
from workbench.blocklists.verdicts import Listing
from workbench.cli import blocklist_words, notice
from workbench.cli.account_reading import read_account
from workbench.cli.opening import open_from, run_async
from workbench.cli.output import document, line, say, text
from workbench.cli.streams import on_terminal
from workbench.core.clock import iso
from workbench.core.errors import ApiError
from workbench.core.redact import visible
from workbench.documents import documents
from workbench.domain.blocklists import clean
from workbench.domain.blocklists.ours import unseen
from workbench.domain.runbook.claims import Claim
from workbench.session.blocklist_watch import BlocklistWatch, Round
from workbench.session.session import Session

# A watch sleeps until the next pair is due, and looks at the clock at least this often (seconds).
LONGEST_NAP = 600.0
# Nothing could be asked, or nothing answered (design, exit codes).
NOTHING_KNOWN = 3
DRILL_NAP = 2.0


def run(options: argparse.Namespace) -> int:
    """Run the command: 0 when no listing that matters stands, 1 when one does, 130 when a watch is stopped."""
    if options.notice is not None:
        return notice.run(options)
    return run_async(lambda: _blocklists(options))


async def _blocklists(options: argparse.Namespace) -> int:
    only = [Subject.parse(name) for name in (*options.ip, *options.domain)]
    session = await open_from(options)
    try:
        await read_account(session)
        watch = session.account.blocklists
        if options.requested or options.refused:
            return await _record(watch, options, session)
        made = await watch.check(only)
        await watch.read_aftermath()
        if options.watch:
            _report(session, options, made)
            return await _watch(session, options)
        if options.json:
            document(_document(session, made, only))
        else:
            text(blocklist_words.page(watch, session.state, made, options.days, _looked_up(watch, only)))
        return _code(session, only)
    finally:
        await session.aclose()


async def _watch(session: Session, options: argparse.Namespace) -> int:
    """Ask again whenever something is due, for so many days; prints what changes. Returns the exit code."""
    watch = session.account.blocklists
    began = watch.now()
    ends = began + timedelta(days=options.days)
    say(
        f"Watching until {iso(ends)}; a new listing rings. Ctrl-C stops; the next start goes on from the journal."
    )
    while watch.now() < ends:
        await session.clock.sleep(_nap(session, watch, ends))
        try:
            if session.drill or session.account.api.endpoints.dns is not None:
                # A drill's clock moves by jumps: one call tells where it stands.
                await session.account.read_rate()
            made = await watch.follow()
        except ApiError as error:
            say(f"The account could not be asked: {error.what} The lists are asked again later.")
            continue
        if made is not None:
            _report(session, options, made)
    return _code(session, ())


def _looked_up(watch: BlocklistWatch, only: Sequence[Subject]) -> list[Listing]:
    """Return what was just looked up by name, the account's own or not; nothing where all of it was."""
    wanted = {subject.value for subject in only}
    return [one for one in watch.listings.values() if one.subject.value in wanted]


def _claim(watch: BlocklistWatch, only: Sequence[Subject]) -> Claim:
    if only:
        return clean.of_listings(_looked_up(watch, only), watch.unasked(), watch.now())
    return clean.of_book(watch.book, unseen=unseen(watch.host.situation()))


def _code(session: Session, only: Sequence[Subject]) -> int:
    """Return 0 where every list that matters answered and none lists, 3 where none answered, 1 for all between."""
    said = _claim(session.account.blocklists, only)
    if clean.nothing_answered(said):
        return NOTHING_KNOWN
    return 0 if said.good and session.account.inventory_is_whole else 1


def _nap(session: Session, watch: BlocklistWatch, ends: datetime) -> float:
    due = min(watch.next_due(), ends)
    longest = DRILL_NAP if session.account.api.endpoints.dns is not None else LONGEST_NAP
    return max(1.0, min(longest, (due - watch.now()).total_seconds()))


def _report(session: Session, options: argparse.Namespace, made: Round) -> None:
    """Tell of a round of the watch: one JSON document a line, or one line a change; a new listing rings."""
    book = session.account.blocklists.book
    changes = [
        {
            "at": iso(change.at),
            "subject": change.subject,
            "zone": change.zone,
            "tier": change.tier,
            "change": change.kind.value,
            "reason": change.reason,
        }
        for change in made.changes
    ]
    if options.json:
        head = documents.head("blocklists-round", session.recorder.incident)
        body = {**head, "at": iso(made.at), "asked": made.asked, "changes": changes}
        line({**body, "listed": len(book.listed)})
        return
    if made.rings and on_terminal(sys.stderr):
        sys.stderr.write("\a")
    for change in changes:
        text(
            visible(
                f"{change['at']}  {change['change']}: {change['subject']} on {change['zone']} "
                f"(tier {change['tier']}): {change['reason']}",
                300,
            )
        )
    say(f"{iso(made.at)} asked {made.asked}, {len(book.listed)} listed, {len(book.mattering)} of them matter")


async def _record(watch: BlocklistWatch, options: argparse.Namespace, session: Session) -> int:
    """Record that a removal was asked for, or refused."""
    await watch.catalogue()
    if options.requested:
        subject, zone = options.requested
        request = await watch.requested(subject, zone)
        until = f", check again after {iso(request.wait_until)}" if request.wait_until else ""
        say(f"Recorded: removal of {visible(subject, 80)} from {visible(zone, 80)} requested{until}.")
    else:
        subject, zone, *note = options.refused
        await watch.refused(subject, zone, " ".join(note))
        say(f"Recorded: {visible(zone, 80)} refused to remove {visible(subject, 80)}.")
    if options.json:
        document(_document(session, None, ()))
    return 0


def _document(session: Session, made: Round | None, only: Sequence[Subject]) -> dict[str, Any]:
    from workbench.documents.listings import blocklists
    from workbench.domain.hardening.deliverability import policies

    watch = session.account.blocklists
    asked = {subject.value for subject in only}
    listings = [one for one in watch.listings.values() if not asked or one.subject.value in asked]
    return blocklists(
        incident=session.recorder.incident,
        book=watch.book,
        now=watch.now(),
        listings=listings,
        removals=watch.removals(),
        health=watch.health,
        switched_off=watch.switched_off(),
        beside=watch.beside(),
        vendor_gap=watch.vendor_gap,
        state=session.state,
        seconds=made.seconds if made is not None else None,
        due=watch.next_due(),
        claim=_claim(watch, only),
        policies=policies(session.situation()),
        gaps=session.inventory.missing,
    )
