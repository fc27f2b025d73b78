"""What ``workbench blocklists`` prints for people."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import UTC, timedelta

from workbench.blocklists.removal import Removal
from workbench.blocklists.verdicts import Listing, ListingVerdict
from workbench.blocklists.watch import strip
from workbench.blocklists.zones import Tier
from workbench.cli import tables
from workbench.core.redact import visible
from workbench.core.words import plural
from workbench.domain.blocklists import clean
from workbench.domain.blocklists.listings import request_word
from workbench.domain.blocklists.ours import unseen
from workbench.domain.blocklists.recorded import RefusalsRead
from workbench.domain.blocklists.refusals import kind_lines, reasons
from workbench.domain.model.state import State
from workbench.domain.runbook import days_after
from workbench.domain.runbook.blocklists import rate_lines, refusal_lines
from workbench.domain.runbook.claims import Claim
from workbench.session.blocklist_watch import BlocklistWatch, Round

_REASONS = 15


def page(
    watch: BlocklistWatch, state: State, made: Round, days: int, looked_up: Sequence[Listing] = ()
) -> str:
    """Return listings, removals, refusals and rates, and loudly what was not asked.

    ``looked_up`` is what was asked about by name: it need not be the account's.
    """
    if looked_up:
        said = clean.of_listings(looked_up, watch.unasked(), watch.now())
        return "\n\n".join(
            part for part in (_by_name(made, looked_up, said), switched_off(watch), _unclear(watch)) if part
        )
    parts = [_headline(watch, made), switched_off(watch), _listings(watch, days), _removals(watch.removals())]
    parts += [_unclear(watch), _monitoring(watch), _refusals(state)]
    parts += ["\n".join((*rate_lines(state), *refusal_lines(state)))]
    parts += ["\n".join(visible(line, 400) for line in days_after.lines(watch.host.situation()))]
    return "\n\n".join(part for part in parts if part)


def switched_off(watch: BlocklistWatch) -> str:
    """Return which lists were not asked and why, those that matter most by name."""
    off = watch.switched_off()
    unasked = watch.unasked()
    first = [zone for zone in off if zone.tier is Tier.MAJOR] if unasked else []
    rest = len(off) - len(first)
    if not off:
        return ""
    lines = []
    if first:
        lines.append(f"NOT ASKED, although large receivers act on them: {', '.join(unasked)}")
        lines += [f"  {zone.title} ({zone.name}): {zone.off_reason}" for zone in first]
        lines.append("  Not asked is not clean: look these up by hand, or enable them in config.toml.")
    if rest:
        lines.append(
            f"{plural(rest, 'more list')} of lower tiers are off; --json names them with the reason."
        )
    return "\n".join(visible(line, 400) for line in lines)


def _by_name(made: Round, looked_up: Sequence[Listing], said: Claim) -> str:
    listed = [one for one in looked_up if one.verdict is ListingVerdict.LISTED]
    unclear = sum(one.verdict is ListingVerdict.CANNOT_TELL for one in looked_up)
    head = (
        f"{made.asked} look-ups in {made.seconds:.1f} s: {plural(len(listed), 'listing')}, {unclear} cannot tell. "
        f"{_sentence(clean.words(said))}"
    )
    rows = [
        (
            visible(one.subject.value, 60),
            visible(one.zone.title, 40),
            f"{one.tier} {one.tier.word}",
            visible(one.reason, 60),
        )
        for one in listed
    ]
    return f"{head}\n\n{tables.table(rows, ('subject', 'list', 'tier', 'reason'))}" if rows else head


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _headline(watch: BlocklistWatch, made: Round) -> str:
    matter, listed = len(watch.book.mattering), len(watch.book.listed)
    return (
        f"{made.asked} look-ups in {made.seconds:.1f} s: {plural(listed, 'listing')}, {matter} of them matter, "
        f"{watch.book.unclear} cannot tell. {_sentence(clean.words(_of_account(watch)))}"
    )


def _of_account(watch: BlocklistWatch) -> Claim:
    return clean.of_book(watch.book, unseen=unseen(watch.host.situation()))


def _listings(watch: BlocklistWatch, days: int) -> str:
    now = watch.now()
    first = (now - timedelta(days=days - 1)).astimezone(UTC).date()
    rows = []
    for seen in sorted(
        (one for one in watch.book.pairs.values() if one.ever_listed),
        key=lambda one: (not one.listed, one.tier, one.zone, one.subject),
    ):
        since = f"{seen.since:%d %b %H:%M}Z" if seen.since is not None else ""
        rows.append(
            (
                "listed" if seen.listed else "gone",
                visible(seen.subject, 60),
                visible(str(seen.record.get("list", seen.zone)), 40),
                f"{seen.tier} {Tier(seen.tier).word}",
                since,
                strip(seen.history, first, days),
                request_word(seen, now),
                visible(str(seen.record.get("reason", "")), 60),
            )
        )
    if not rows:
        return "No listing." if _of_account(watch).good else ""
    return tables.table(
        rows, ("", "subject", "list", "tier", "since", f"last {days} days", "removal", "reason")
    )


def _removals(removals: Sequence[Removal]) -> str:
    rows = [
        (
            str(one.rank),
            visible(f"{one.listing.subject.value} on {one.listing.zone.title}", 70),
            one.whose.value,
            "ready" if one.ready else visible("; ".join(one.blocked_by), 90),
            visible(one.do_not_pay or one.ends, 70),
            visible(one.page, 80),
        )
        for one in removals
    ]
    if not rows:
        return ""
    return (
        tables.table(rows, ("", "the way off", "whose job", "request", "how it ends", "where"))
        + "\n--json holds the request texts."
    )


def _unclear(watch: BlocklistWatch) -> str:
    alike: dict[str, list[str]] = {}
    for zone, why in sorted(watch.health.items()):
        if why:
            alike.setdefault(why, []).append(visible(zone, 60))
    rows = [
        ("\n".join(textwrap.wrap(", ".join(names), 60)), visible(why, 200)) for why, names in alike.items()
    ]
    single = [
        one
        for one in watch.listings.values()
        if one.verdict is ListingVerdict.CANNOT_TELL and not watch.health.get(one.zone.name)
    ]
    if single:
        rows.append(("", f"and {plural(len(single), 'single look-up')}: {visible(single[0].reason, 90)}"))
    return tables.table(rows, ("cannot tell", "why")) if rows else ""


def _monitoring(watch: BlocklistWatch) -> str:
    gap = (
        visible(f"Mailgun's own monitoring cannot be read: {watch.vendor_gap}.", 200)
        if watch.vendor_gap
        else ""
    )
    rows = [
        (visible(one.subject, 60), visible(one.title, 40), one.agreement.value)
        for one in watch.beside()
        if one.vendor is not None
    ]
    shown = tables.table(rows, ("Mailgun's monitoring", "list", "")) if rows else ""
    return "\n".join(filter(None, (shown, gap)))


def _refusals(state: State) -> str:
    read = state.fact(RefusalsRead)
    shown = reasons(read)
    rows = [
        (
            visible(one.provider, 40),
            f"{one.count:,}",
            f"{one.first[5:13]}Z",
            f"{one.last[5:13]}Z",
            "yes" if one.is_listing else one.kind,
            visible(one.means, 110),
            visible(one.page, 60),
        )
        for one in shown[:_REASONS]
    ]
    more = len(shown) - _REASONS
    told = (
        tables.table(rows, ("refused by", "times", "from", "to", "blocks us", "means", "ask")) if rows else ""
    )
    rest = f"{plural(more, 'rarer reason')} more: --json names them." if more > 0 else ""
    return "\n".join(filter(None, (told, rest, *kind_lines(read))))
