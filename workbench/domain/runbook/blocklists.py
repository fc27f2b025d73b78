"""Step 9, blocklists: what stands now, what was asked for, and whether the days after are over. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from workbench.blocklists.monitoring import keyed
from workbench.blocklists.rates import COMPLAINTS_ALARM, QUIET_DAYS, RateDay, RateLevel, quiet_days
from workbench.blocklists.removal import RequestState
from workbench.blocklists.verdicts import ListingVerdict
from workbench.core.clock import as_moment
from workbench.core.redact import visible
from workbench.core.words import listed, plural
from workbench.domain.blocklists import clean
from workbench.domain.blocklists.listings import ListingBook, Seen, settled
from workbench.domain.blocklists.ours import deleted, hidden_by_fault, mattering, unseen
from workbench.domain.blocklists.recorded import GmailRates, RefusalsRead, SendingHealth, VendorMonitoring
from workbench.domain.blocklists.refusals import partial_line, remainder_lines
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.domain.runbook.containment_state import Containment, containment
from workbench.domain.runbook.verdict import Found, Verdict, attested

# Listings come days after the abuse (drill and dossier: days 0, 1 and 3); a week covers them.
WATCH_DAYS = 7
CHECK, REMOVE, SHOW = "blocklists.check", "blocklists.removal", "pane.blocklists"
FEW = 3  # ways that are open, or cannot be told to be shut: so many are named, of more the steps tell
_VENDORS = 4  # subjects that Mailgun's own monitoring is quoted for
_BEFORE = "steps 1 to 3 and 10: no list is asked before access is proven cut"


def blocklists(situation: Situation) -> Found:
    """Step 9: no listing that matters, or its removal requested; looked at again for a week after containment."""
    state, book = situation.state, situation.state.listings
    said = attested(state, "9")
    if not book.rounds and _nothing_to_look_up(situation):
        why = "no domain of the account sends, and no sending address is known: nothing can be looked up"
        return said or Found(Verdict.NOT_APPLICABLE, (why,))
    if not book.rounds:
        return said or Found(Verdict.OPEN, ("not looked up yet",), action=CHECK)
    matter = mattering(situation)
    now = datetime.fromisoformat(book.last_round_at)
    waiting = [seen for seen in matter if not settled(seen, now)]
    lines = (_summary(book), *_theirs(situation), *_details(book), *vendor_lines(state))
    lines += (*rate_lines(state), *refusal_lines(state))
    if waiting:
        return said or _to_ask(situation, waiting, len(matter), lines)
    if said is not None:
        return said
    claim = clean.of_book(book, matter, unseen(situation))
    # Not asked, or not answered, is not clean: whoever looks those up by hand says so.
    dark = () if claim.good or matter else (f"{clean.words(claim)}; look these up by hand, then attest (t)",)
    until = watch_until(state)
    if until is None or now < until or matter:
        return _watching(situation, matter, until, dark, lines)
    if dark and hidden_by_fault(situation.inventory):
        waits = "the next look, which reads what could not be read; or whoever looks them up by hand and attests it (t)"
        return Found(Verdict.IN_PROGRESS, (*dark, *lines), action=CHECK, idle=True, waits=waits)
    if dark:
        waits = "whoever looks these lists up by hand and attests it (t), or enables them in config.toml"
        return Found(Verdict.IN_PROGRESS, (*dark, *lines), action=SHOW, idle=True, waits=waits)
    return Found(Verdict.DONE, (f"no listing that matters, watched until {until:%d %b}", *lines))


def _to_ask(situation: Situation, waiting: list[Seen], matter: int, lines: tuple[str, ...]) -> Found:
    """Name the listings whose removal is to be asked for; before the account is seen to be shut they wait for that.

    Who asks too early is listed again at once. The word for it is the one that the removal itself goes by.
    """
    over = containment(situation)
    first = "" if over.contained else "ask for removal only once access is cut: "
    shown = "; ".join(f"{seen.subject} on {seen.zone}" for seen in waiting[:4])
    more = f" and {len(waiting) - 4} more" if len(waiting) > 4 else ""
    found = Found(
        Verdict.IN_PROGRESS,
        (f"{first}{shown}{more}", *lines),
        (matter - len(waiting), matter),
        action=REMOVE,
    )
    if over.contained:
        return found
    few = situation.state.first_cut_at and len(over.ways) <= FEW
    unread = (situation.state.contained_at or few) and not over.known_open
    waits = (
        f"a fresh reading ({over.words}); Enter reads the account again"
        if unread
        else _before(situation, over)
    )
    return replace(found, action=CHECK, idle=True, waits=waits)


def _before(situation: Situation, over: Containment) -> str:
    """Return what no list is asked before: the steps, and once they leave little open, the very ways that are."""
    if situation.state.first_cut_at and len(over.ways) <= FEW:
        return f"proof that access is cut ({over.words}): no list is asked before"
    return _BEFORE


def _watching(
    situation: Situation,
    matter: list[Seen],
    until: datetime | None,
    dark: tuple[str, ...],
    lines: tuple[str, ...],
) -> Found:
    """Say what the lists are watched for, and until when; a day that has passed is not waited for any more."""
    now = situation.now
    if until is None or now < until:
        day = f"until {until:%d %b}" if until is not None else f"for {WATCH_DAYS} days after containment"
        words = f"watched {day}: a listing can come days after the abuse"
        waits = f"the lists, {day}; what is due is asked again by itself"
    elif matter:
        still = "; ".join(_awaited(seen, now) for seen in matter[:4])
        more = f"; and {len(matter) - 4} more" if len(matter) > 4 else ""
        words = f"the days of the watch are over ({until:%d %b}), and these are still listed: {still}{more}"
        waits = f"the lists that still hold {still}{more}; what is due is asked again by itself"
    else:
        words = f"the days of the watch are over ({until:%d %b}): one last look closes this"
        return Found(Verdict.IN_PROGRESS, (*dark, *lines[:1], words, *lines[1:]), action=CHECK)
    evidence = (*dark, *lines[:1], words, *lines[1:])
    return Found(Verdict.IN_PROGRESS, evidence, action=CHECK, idle=True, waits=waits)


def _awaited(seen: Seen, now: datetime) -> str:
    """Return a listing with the moment that its list needs, where that is still to come."""
    due = seen.request.wait_until
    when = f", which answers until {due:%d %b %H:%M}Z" if due is not None and due > now else ""
    return f"{seen.subject} on {seen.zone}{when}"


def _nothing_to_look_up(situation: Situation) -> bool:
    inventory = situation.inventory
    sends = any(not item.domain.is_sandbox for item in inventory.domains.values())
    return "domains" in inventory.read_at and not sends and not inventory.ips and not inventory.gaps


def watch_until(state: State) -> datetime | None:
    """Return until when the lists are looked at again, None while access is not cut."""
    cut = as_moment(state.contained_at or state.last_cut_at)
    return None if cut is None else cut + timedelta(days=WATCH_DAYS)


def rate_days(state: State) -> list[RateDay]:
    """Return the days of the journaled rates, oldest first."""
    return [
        RateDay(one.day, one.delivered, one.complaints, one.bounced)
        for one in state.known(SendingHealth).days
    ]


def rate_lines(state: State) -> tuple[str, ...]:
    """Return complaint and bounce rates in words, each day as far as it tells anything.

    A day on which next to nothing was sent is neither fine nor quiet. Gmail sends no complaints, so no figure here
    says what Gmail sees.
    """
    days = rate_days(state)
    if not days:
        return ()
    sent = [day for day in days if day.delivered + day.bounced]
    if not sent:
        return (f"nothing was sent in the last {len(days)} days: complaint and bounce rates say nothing",)
    lines = []
    told = [day for day in sent if day.level in (RateLevel.WATCH, RateLevel.ALARM)]
    few = [day for day in sent if day.level is RateLevel.TOO_FEW]
    for worst in [max(told, key=lambda day: (day.complaint_rate, day.bounce_rate))] if told else []:
        lines.append(
            f"{worst.day:%d %b}: {worst.complaint_rate:.2%} complaints, {worst.bounce_rate:.1%} bounces "
            f"({worst.level.value})"
        )
    bad = [day for day in few if day.complaints > 1 or day.bounced > day.delivered]
    for one in bad[-1:]:
        lines.append(
            f"{one.day:%d %b}: {plural(one.complaints, 'complaint')} and {one.bounced} refused of "
            f"{one.delivered + one.bounced} messages: few, and not fine"
        )
    told_days = len(sent) - len(few)
    if not lines:
        if told_days:
            lines.append(
                f"complaint and bounce rates were low on the {plural(told_days, 'day')} with enough mail to tell"
            )
        else:
            lines.append("too little was sent on every day to tell complaint and bounce rates")
    quiet = quiet_days(days)
    lines.append(
        f"{plural(quiet, 'day')} in a row with enough mail stayed below {COMPLAINTS_ALARM:.1%} complaints by Mailgun's "
        f"count; Gmail asks for {QUIET_DAYS} by its own: {_gmails_own(state)}"
    )
    return tuple(lines)


def _gmails_own(state: State) -> str:
    """Return Gmail's own figure where Mailgun reads it from Postmaster Tools, else where somebody looks it up."""
    days = state.known(GmailRates).days
    if not days:
        return "which no call shows here, so look in Postmaster Tools (postmaster.google.com)"
    worst: dict[str, float] = {}
    for one in days:
        worst[one.day] = max(worst.get(one.day, 0.0), one.spam)
    latest, quiet = max(worst), 0
    for day in sorted(worst, reverse=True):
        if worst[day] >= COMPLAINTS_ALARM:
            break
        quiet += 1
    return (
        f"by Postmaster Tools, as Mailgun reads it, the worst domain had {worst[latest]:.2%} on {latest}, the last day "
        f"told, and {plural(quiet, 'day')} of {len(worst)} up to it stayed below {COMPLAINTS_ALARM:.1%}"
    )


def refusal_lines(state: State) -> tuple[str, ...]:
    """Return who refuses the account's mail, in words."""
    fact = state.fact(RefusalsRead)
    if fact is None:
        return ()
    lines = []
    if fact.providers:
        shown = ", ".join(f"{name} {count:,}" for name, count in list(fact.providers.items())[:5])
        lines.append(f"refused as listed or blocked since {fact.since}: {shown}")
    if partial := partial_line(fact):
        lines.append(partial)
    lines += remainder_lines(fact)
    lines += [f"refused mail could not be read: {visible(gap, 120)}" for gap in fact.gaps[:2]]
    return tuple(lines)


def vendor_lines(state: State) -> tuple[str, ...]:
    """Return what Mailgun's own monitoring calls listed where no look-up of ours says whether it is, in words."""
    dark: dict[str, list[str]] = {}
    for one in state.known(VendorMonitoring).listed:
        asked = [state.listings.pairs.get((one.subject, zone)) for zone in (one.zone, keyed(one.zone))]
        told = [seen for seen in asked if seen is not None and seen.observations]
        if all(seen.last.verdict is ListingVerdict.CANNOT_TELL for seen in told):
            dark.setdefault(one.subject, []).append(one.title or one.zone)
    lines = [
        f"Mailgun's own monitoring lists {visible(subject, 80)} on {visible(listed(titles), 200)}; no look-up from "
        "here tells whether that is so"
        for subject, titles in dark.items()
    ]
    more = len(lines) - _VENDORS
    return (*lines[:_VENDORS], *([f"and {more} more of what it lists"] if more > 0 else []))


def _summary(book: ListingBook) -> str:
    listed = book.listed
    words = (
        f"looked up {book.last_round_at}: {plural(len(listed), 'listing')}, {len(book.mattering)} of them matter, "
        f"{book.unclear} cannot tell"
    )
    off = sum(1 for seen in book.pairs.values() if seen.request.state is RequestState.REMOVED)
    return words + (f", {off} gone" if off else "")


def _theirs(situation: Situation) -> list[str]:
    """Say whose listings nobody asks to be ended: those of the intruder's domains that are deleted."""
    names = sorted(deleted(situation) & {seen.subject for seen in situation.state.listings.mattering})
    shown = visible(", ".join(names[:4]), 200)
    return (
        [f"{shown}: the intruder's, deleted here; its listing is nobody's of yours to end"] if names else []
    )


def _details(book: ListingBook) -> list[str]:
    lines = [_line(seen) for seen in book.mattering[:6]]
    if book.unbelieved:
        zones = ", ".join(sorted(book.unbelieved)[:4])
        lines.append(f"{plural(len(book.unbelieved), 'list')} cannot be believed from here: {zones}")
    return lines


def _line(seen: Seen) -> str:
    since = f" since {seen.since:%d %b %H:%M}Z" if seen.since is not None else ""
    return (
        f"{seen.subject} on {seen.zone}{since}: {seen.record.get('reason', '')}; {seen.request.state.value}"
    )
