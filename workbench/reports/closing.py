"""The report's parts about the end: hand-over, hardening, and a closing note of what is still open. Pure."""

from __future__ import annotations

from datetime import UTC

from workbench.core.redact import visible
from workbench.core.words import plural
from workbench.domain.hardening import measures as hardening
from workbench.domain.hardening.recorded import ScoreBefore
from workbench.domain.leaks import leaks
from workbench.domain.model.situation import Situation
from workbench.domain.runbook import adoption, runbook
from workbench.domain.runbook.blocklists import watch_until
from workbench.domain.runbook.deadlines import running
from workbench.reports.blocks import Bullets, Section, Table, Text

WATCH_DAYS = 7
_MOST = 60  # rows of a table; the rest is counted


def hand_over(situation: Situation) -> Section:
    """Return every replacement with its owner, its places, and whether it is in use."""
    made = adoption.replacements(situation)
    if not made:
        return Section("New credentials in the applications", (Text("No replacement is proven yet."),))
    settled = adoption.settled(situation)
    rows = tuple(
        (
            one.name,
            _standing(one, settled),
            ", ".join(one.seen_from[:3]),
            visible(one.owner, 60) or "not noted",
            visible(leaks.below_what_was_searched(situation.state, "; ".join(one.places[:3])), 120),
        )
        for one in made[:_MOST]
    )
    text = f"{plural(len(made), 'replacement')}; {adoption.down_words(situation, made)}."
    if len(made) > _MOST:
        text += f" The first {_MOST} are listed."
    if any(one.used_before is False for one in made):
        text += " Programs that only read send no mail: whether one of them is down is not in the log."
    headers = ("credential", "state", "seen from", "owner", "places")
    return Section("New credentials in the applications", (Text(text), Table(headers, rows)))


def _standing(one: adoption.Replacement, settled: bool) -> str:
    if one.in_use:
        return "in use"
    if one.down:
        return "not seen in use; attested to be settled" if settled else "DOWN"
    if one.waits:
        return "the old one still works"
    return "not needed any more, as attested" if one.unneeded else "no mail with the old one seen"


def measures(situation: Situation) -> Section:
    """Return the measures with the score before and after; people are counted in them, not named."""
    items = hardening.items(situation)
    now = hardening.score(items)
    before = situation.state.known(ScoreBefore).percent
    text = f"Score {now.percent} %" + (
        f", before anything was changed {before} %." if before is not None else "."
    )
    rows = tuple((i.title, i.standing.value, i.protects, i.breaks) for i in items)
    headers = ("measure", "stands", "protects against", "might break")
    return Section("Hardening", (Text(text), Table(headers, rows)))


def still_open(situation: Situation) -> Section:
    """Return the closing note: open steps, measures left for later, deadlines, when the watch ends, re-enabling."""
    steps = [v for v in runbook.steps(situation) if not v.verdict.closed]
    lines = [f"{v.id} {v.title}: {v.verdict.value}" for v in steps] or ["Every step is closed."]
    later = [i for i in hardening.items(situation) if i.standing is hardening.Standing.LATER]
    lines += [f"Left for later: {i.title} ({i.evidence})" for i in later]
    lines += [f"Deadline {t.due:%Y-%m-%d %H:%M}Z: {visible(t.text, 200)}" for t in running(situation)[:20]]
    lines.append(_enabled(situation))
    until = watch_until(situation.state)
    ends = f"{until:%Y-%m-%d}" if until is not None else f"{WATCH_DAYS} days after containment"
    are = "were" if until is not None and until <= situation.now else "are"
    lines.append(f"Blocklists, complaint rates and the account itself {are} watched until {ends}.")
    return Section("Still open", (Bullets(tuple(lines)),))


def _enabled(situation: Situation) -> str:
    """Return whether the account may send again, by its own word: the domains as last read."""
    inventory = situation.inventory
    stopped = [i.name for i in inventory.domains.values() if i.domain.is_disabled]
    if "domains" not in inventory.read_at:
        return "Whether the account may send again was not read."
    if stopped:
        shown = ", ".join(visible(name, 80) for name in sorted(stopped)[:6])
        return f"Disabled by Mailgun: {shown}{' and others' if len(stopped) > 6 else ''}. Support re-enables them."
    read = inventory.read_at["domains"].astimezone(UTC)
    return f"No domain is disabled ({read:%Y-%m-%d %H:%M}Z)."
