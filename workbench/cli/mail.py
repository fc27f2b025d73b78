"""``workbench mail``: the intruder's mail itself, where it leads to, and who followed it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from workbench.cli import tables
from workbench.cli.account_reading import read_account
from workbench.cli.incident_records import checked_with_sealer, named_incident
from workbench.cli.opening import network_of, open_from, run_async
from workbench.cli.output import document, refuse_terminal, say, text, warn
from workbench.cli.streams import on_terminal, read_line
from workbench.core.errors import UsageError, VaultError
from workbench.core.redact import visible
from workbench.core.registered_names import registrable
from workbench.core.state_dir import Home
from workbench.core.words import ended, plural
from workbench.documents import documents
from workbench.domain.forensics.recorded import RecordedAssessment
from workbench.domain.mail import landing
from workbench.domain.mail.links import defanged, defanged_shape
from workbench.domain.mail.samples import Fate, KeptMail
from workbench.presentation import mail as shown
from workbench.readers.recipients import RecipientList
from workbench.reports import mail_texts
from workbench.session.mail import opened
from workbench.session.session import Session

if TYPE_CHECKING:
    from workbench.leaks.web_contacts import Contact


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit code."""
    work: dict[str, Callable[[argparse.Namespace], Awaitable[int]]] = {
        "fetch": _opened(fetch),
        "show": _show,
        "links": _opened(links),
        "clicked": _opened(_clicked),
    }
    if options.action == "clicked" and Path(options.to).exists():
        raise UsageError(
            f"{visible(options.to, 200)} is there already.", "Nothing was read.", "Name a new file."
        )
    return run_async(lambda: work[options.action](options))


def _opened(
    work: Callable[[Session, argparse.Namespace], Awaitable[int]],
) -> Callable[[argparse.Namespace], Awaitable[int]]:
    """Return a command that does its work in a session of its own."""

    async def command(options: argparse.Namespace) -> int:
        session = await open_from(options)
        try:
            return await work(session, options)
        finally:
            await session.aclose()

    return command


async def fetch(session: Session, options: argparse.Namespace) -> int:
    """Fetch and seal one message of each intruder group; 0 when each is stored and the log was read, 1 otherwise."""
    session.recorder.check_writable()
    await read_account(session)
    await session.account.investigation.assess()
    found = session.account.investigation.mail.samples
    if options.json:
        rows = [msgspec.to_builtins(one) for one in found]
        known = documents.known(session.situation())
        document({**documents.head("mail", session.recorder.incident), **known, "messages": rows})
    elif found:
        text(tables.table(shown.sample_rows(found), shown.SAMPLE_HEADERS))
    else:
        say("No group of the log is judged the intruder's: there is no message to fetch.")
    unread = say_unread(session, "mail that was sent there is not among these")
    missing = [one for one in found if one.fate != Fate.STORED]
    if found:
        say(
            f"{len(found) - len(missing)} of {len(found)} messages are sealed; `workbench mail show` opens them."
        )
    return 1 if missing or unread else 0


def say_unread(session: Session, means: str, gaps: Iterable[str] = ()) -> bool:
    """Say what of the log could not be read, and what that means; return whether there is any.

    That is what the latest assessment misses, and the ``gaps`` of a reading of its own after it.
    """
    unread = tuple(dict.fromkeys((*session.state.known(RecordedAssessment).missing, *gaps)))
    for line in unread[:_MOST_UNREAD]:
        say(f"Not read: {ended(line)}")
    if unread:
        more = len(unread) - _MOST_UNREAD
        say(f"{f'And {more} more. ' if more > 0 else ''}{means[:1].upper()}{means[1:]}.")
    return bool(unread)


async def _show(options: argparse.Namespace) -> int:
    """Show the sealed messages as plain text; needs no account."""
    refuse_terminal(
        options.reveal, "Messages hold names and addresses of people, and whatever an intruder wrote."
    )
    home, incident = named_incident(options)
    (rows, _, _), sealer = await checked_with_sealer(home, incident)
    found, broken = await asyncio.to_thread(opened, home.folder(incident), rows, sealer)
    if broken and not found:
        raise VaultError(broken[0], "It is no evidence any more.", "Look for a copy of the state folder.")
    for words in broken:
        warn(f"{words} It is no evidence any more; look for a copy of the state folder.")
    if options.message is not None:
        if not 1 <= options.message <= len(found):
            raise UsageError(f"There are {plural(len(found), 'message')}.", "", "Count them from 1.")
        found = [found[options.message - 1]]
    if options.json:
        messages = [
            {
                **{name: message.get(name) for name in _META},
                **msgspec.to_builtins(read),
                "links": [defanged(link) for link in read.links],
            }
            for message, read in found
        ]
        document({**documents.head("mail-shown", incident), "messages": messages})
        return 1 if broken else 0
    if not found:
        say("No message is stored: `workbench mail fetch` asks for them.")
        return 1
    text("\n\n".join(f"{n}. {shown.message_text(*one)}" for n, one in enumerate(found, options.message or 1)))
    return 1 if broken else 0


_MOST_ASKED = 20
_MOST_UNREAD = 4
_META = ("group", "message_id", "storage_key", "host", "sent_at", "fetched_at", "sha256")


async def links(session: Session, options: argparse.Namespace) -> int:
    """Show where the mail leads to and what to do about it; 0 only where mail was looked at and leads nowhere."""
    await read_account(session)
    situation = session.situation()
    found = landing.landings(situation)
    contacts = await _contacts([one.host for one in found], options) if options.contacts else []
    if options.json:
        named = {"contacts": [msgspec.to_builtins(one) for one in contacts]} if options.contacts else {}
        known = documents.known(situation)
        document({**documents.head("links", session.recorder.incident), **known, **_told(session), **named})
    else:
        if found:
            text(tables.table(shown.landing_rows(found), shown.LANDING_HEADERS))
        text("\n".join(mail_texts.lookups(situation)))
        for one in contacts:
            mails = ", ".join(one.mails) or one.why_not
            text(
                f"Abuse contact of {one.name.replace('.', '[.]')}: {mails}{f' ({one.who})' if one.who else ''}"
            )
    if not found:
        say("No landing address is known yet: `workbench mail fetch` and `workbench assess` find them.")
    unread = say_unread(session, "where mail of those hours leads is not known")
    # Mail that nobody looked at, or not all of, leads nobody knows where.
    looked = session.state.fact(KeptMail) is not None
    return 0 if looked and not found and not unread else 1


async def _contacts(hosts: Sequence[str], options: argparse.Namespace) -> list[Contact]:
    """Ask RDAP for the abuse contacts of the landing names, each once, one after the other."""
    from workbench.leaks.web_contacts import abuse_contact

    network = network_of(options, Home.find())
    names = list(dict.fromkeys(registrable(host) for host in hosts))[:_MOST_ASKED]
    return [await abuse_contact(name, network) for name in names]


def _told(session: Session) -> dict[str, Any]:
    situation = session.situation()
    rows = [
        {"link": defanged_shape(one.shape), "host": one.host, "clicks": one.clicks, "messages": one.messages,
         "domains": sorted(one.domains), "looks_like": one.alike or None}
        for one in landing.landings(situation)
    ]  # fmt: skip
    return {
        "links": rows,
        "tracking_hosts": landing.tracking_hosts(situation),
        "look_up": mail_texts.lookups(situation),
    }


async def _clicked(session: Session, options: argparse.Namespace) -> int:
    """Show, then write who followed a link of the intruder's mail; 0 once all that is known is written."""
    await read_account(session)
    made = await session.account.investigation.assess()
    collected = await session.account.investigation.mail.clicked(made.table, made.proposals)
    try:
        await write_shown(session, collected, options, "clicked")
    finally:
        collected.close()
    return int(say_unread(session, "who followed a link there is not in the list", collected.gaps))


async def write_shown(
    session: Session, collected: RecipientList, options: argparse.Namespace, what: str
) -> None:
    """Show what a list would hold, have it confirmed, write it (mode 0600), and say so."""
    seen = collected.preview()
    say(f"{seen.people:,} people; columns: {', '.join(seen.columns)}. The first of them, shortened:")
    for row in seen.rows:
        say("  " + " | ".join(row))
    if not options.yes:
        if not on_terminal(sys.stdin):
            raise UsageError(
                "There is no terminal to confirm on.",
                "Nothing was written.",
                "Look at the above, then add --yes.",
            )
        say(
            f"It is personal data. Type {seen.people} to write it to {visible(options.to, 200)}, else it is left."
        )
        if read_line() != str(seen.people):
            raise UsageError("Not confirmed.", "Nothing was written.", "")
    count = await session.account.investigation.mail.write(collected, Path(options.to), what)
    if options.json:
        head = documents.head("list", session.recorder.incident)
        document({**head, "list": what, "file": str(options.to), "people": count})
    say(
        f"{count:,} people written to {options.to}; readable by you alone (mode 0600). Remove it when they are told."
    )
