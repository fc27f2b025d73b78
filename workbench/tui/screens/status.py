"""The top line: what account, how far, how fresh, what the intruder still sends. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from workbench.core.clock import as_moment
from workbench.presentation.cells import moment_text, share_safe
from workbench.tui.keymap import Hint
from workbench.tui.panes.store import STALE_AFTER, Store
from workbench.tui.widgets.cells import crop, width_of
from workbench.tui.widgets.progress import duration
from workbench.tui.widgets.sparkline import sparkline
from workbench.tui.widgets.statusline import Fact

if TYPE_CHECKING:
    from workbench.domain.runbook.containment_state import Containment
    from workbench.tui.incident_port import Incident
    from workbench.tui.messages import Funnel

SPARK = 10  # cells
KEPT_KEYS = ("help", "quit")  # a narrow footer drops everything else first

# What goes first where the top line is narrow, the largest number first of all. The three facts of priority 1
# stay at any width the app runs at: how far the cut is, how many alarms, what the intruder still sends.
MUST = 1
READ_ONLY, ERRORS, SHORT_TITLE = 2, 3, 4
SAFE_SIGN, LIVE_SIGN, SENDERS, COUNTDOWN = 5, 6, 7, 8
STALE, TITLE, STATE_WORDS, TIMER_NAME, ACCOUNT = 9, 10, 11, 12, 13
LIVE_WORD, SAFE_WORDS, BASELINE, OPENED, NAME, CALLS, DRAWN = 14, 15, 16, 17, 18, 19, 20


def status_facts(store: Store, funnel: Funnel, now: datetime | None) -> tuple[Fact, ...]:
    """Return the facts of the top line; ``now`` is the session's clock, None before there is a session."""
    plain = store.look.ascii
    session = store.session
    name = Fact("workbench", "strong", NAME)
    share = share_fact(store)
    if session is None:
        word = (
            Fact("not connected", "bad", MUST)
            if store.failed
            else Fact("opening the incident…", "busy", MUST)
        )
        return (name, word, share)
    opened = moment_text(session.state.opened_at, store.look, "%Y-%m-%d %H:%MZ")
    facts = [name, title_fact(session), Fact(f"incident {opened}", "", OPENED), state_fact(session, funnel)]
    if session.state.damage:
        told = "JOURNAL ALTERED: read-only, start with --new"
        facts.append(Fact(told, "bad", TITLE, shorter=(("JOURNAL ALTERED", MUST),)))
    elif session.recorder.read_only:
        writer = f"read-only, {session.recorder.following}: {session.recorder.holder_text} writes"
        short = ((f"read-only, {session.recorder.following}", TITLE), ("read-only", READ_ONLY))
        facts.append(Fact(writer, "bad", TITLE, shorter=short))
    facts += [freshness(store, now), share]
    if many := len(store.errors):
        facts.append(Fact(f"{many} error{'s' if many > 1 else ''}: 6", "bad", ERRORS))
    if store.alarms:
        facts.append(Fact(f"{store.alarms} ALARM{'S' if store.alarms > 1 else ''}: A", "bad", MUST))
    if store.countdown:
        facts.append(countdown_fact(share_safe(store.countdown, session, store.look)))
    if store.senders_down:
        down = store.senders_down
        words = f"{down} sender{'s' if down > 1 else ''} down: H"
        facts.append(Fact(words, "warn", STALE, shorter=((f"{down} down: H", SENDERS),)))
    facts += rate_facts(session, plain)
    facts.append(Fact(f"api {session.account.calls_per_second:.0f}/s", "dim", CALLS, "right"))
    return tuple(facts)


def countdown_fact(words: str) -> Fact:
    """Return the next deadline; where it is narrow only what kind it is: ``hand-over: 24 min left``."""
    name, _, left = words.rpartition(": ")
    kind = name.partition(" of ")[0].partition(" that ")[0]
    return Fact(words, "warn", TIMER_NAME, shorter=((f"{crop(kind, 20)}: {left}", COUNTDOWN),))


def share_fact(store: Store) -> Fact:
    """Return whether share-safe is on: a sign is enough while it is, words say that it is not."""
    sign = "*" if store.look.ascii else "◉"
    if store.look.share_safe:
        return Fact(f"{sign} share-safe", "", SAFE_WORDS, shorter=((sign, SAFE_SIGN),))
    return Fact("! SHARE-SAFE OFF", "bad", SAFE_WORDS, shorter=(("! SHOWN", READ_ONLY),))


def title_fact(session: Incident) -> Fact:
    """Return whose account it is; that it is only the drill stays longer than the account's name."""
    if not session.drill:
        short = session.account.title.partition(" (")[0]
        return Fact(session.account.title, "accent", ACCOUNT, shorter=((crop(short, 14), SHORT_TITLE),))
    forms = ((f"DRILL {crop(session.account.title.partition(' (')[0], 14)}", TITLE), ("DRILL", READ_ONLY))
    return Fact(f"DRILL {session.account.title}", "warn", ACCOUNT, shorter=forms)


def state_fact(session: Incident, funnel: Funnel) -> Fact:
    """Return how far the containment is, in words.

    A confirmed plan of which something is left comes first while the account is not contained: whoever opens
    the incident again must know that f goes on. Once it is contained, an effect that was done and only
    cannot be proven from here asks for nothing; one that was not done does.
    """
    from workbench.domain.runbook.containment_state import Over, containment

    state = session.state
    if funnel.active and funnel.total:
        return Fact(f"WORKING {funnel.done}/{funnel.total}", "busy", MUST)
    found = containment(session.situation())
    match found.over:
        case Over.CONTAINED:
            return _contained_fact(session, found)
        case Over.BACK:
            name = found.ways[0].short if found.ways else "a way"
            words = f"NO LONGER CONTAINED: back through {name}"
            return Fact(words, "bad", STATE_WORDS, shorter=(("NO LONGER CONTAINED", MUST),))
    if state.half_done:
        return Fact("NOT FINISHED: f goes on", "warn", STATE_WORDS, shorter=(("NOT FINISHED: f", MUST),))
    failed = sum(1 for r in state.unsettled if r.state.value == "failed")
    if found.over is Over.NOT_CONTAINED:
        if not failed:
            return Fact("NOT CONTAINED", "bad", MUST)
        words = f"NOT CONTAINED, {failed} failed"
        return Fact(words, "bad", STATE_WORDS, shorter=(("NOT CONTAINED", MUST),))
    first = found.ways[0].short if found.ways else "a way"
    more = f" +{len(found.ways) - 1}" if len(found.ways) > 1 else ""
    words = f"CUT, BUT OPEN: {first}{more}{f', {failed} failed' if failed else ''}"
    return Fact(words, "warn", STATE_WORDS, shorter=(("CUT, BUT OPEN", MUST),))


def _contained_fact(session: Incident, found: Containment) -> Fact:
    """Return since when it is over, how long that took, and what of a confirmed plan is left."""
    state = session.state
    opened, contained = as_moment(state.opened_at), found.since
    words = "CONTAINED"
    if opened is not None and contained is not None:
        words = f"CONTAINED in {duration((contained - opened).total_seconds())}"
    left = sum(1 for r in state.unfinished if r.open or r.state.value != "done")
    if left:
        short = ((f"CONTAINED, {left} left: f", MUST),)
        return Fact(f"{words}, {left} left: f", "warn", STATE_WORDS, shorter=short)
    return Fact(words, "ok", STATE_WORDS, shorter=(("CONTAINED", MUST),))


def staleness(store: Store, now: datetime | None) -> str:
    """Return a warning for a plan that rests on what was read too long ago, else nothing."""
    read = store.read_at()
    if read is None or now is None or (now - read).total_seconds() <= STALE_AFTER:
        return ""
    shown = moment_text(read, store.look, "%H:%M:%S")
    return f"Careful: the account is shown as of {shown}, stale. F5 reads it again."


def freshness(store: Store, now: datetime | None) -> Fact:
    """Return how fresh the shown account is; a loss of freshness is said in words."""
    read = store.read_at()
    plain = store.look.ascii
    if read is None:
        return Fact(
            "reading…" if store.reading else "not read yet", "busy" if store.reading else "warn", STALE
        )
    age = (now - read).total_seconds() if now is not None else 0.0
    if age <= STALE_AFTER:
        sign = "*" if plain else "●"
        if store.reads:
            short = ((f"{sign} {store.reads}", STALE), (sign, LIVE_SIGN))
            return Fact(f"{sign} reading {store.reads}", "busy", LIVE_WORD, shorter=short)
        return Fact(f"{sign} live", "ok", LIVE_WORD, shorter=((sign, LIVE_SIGN),))
    sign = "-" if plain else "○"
    words = f"{sign} as of {moment_text(read, store.look, '%H:%M:%S')}, stale"
    return Fact(words, "warn", STALE, shorter=((f"{sign} stale", READ_ONLY),))


def rate_facts(session: Incident, plain: bool) -> list[Fact]:
    """Return the intruder's sending rate in words, with its last hours drawn beside it."""
    rate = session.account.rate
    if rate is None:
        return []
    # Here and not above: the screen paints before the account's models are imported.
    from workbench.domain.runbook.sending import sending

    situation = session.situation()
    told = sending(situation.volume, situation.state, situation.now)
    facts = [Fact(told.text, told.tone, BASELINE, shorter=((told.short, MUST),))]
    if rate.series:
        facts.append(Fact(sparkline(rate.series, SPARK, ascii_only=plain), "dim", DRAWN))
    return facts


class FooterLine(Widget):
    """One line of keys. It never wraps: what does not fit is left out, help and quit last of all."""

    DEFAULT_CSS = """
    FooterLine { height: 1; width: 1fr; background: $panel; color: $foreground; }
    """
    hints: reactive[tuple[Hint, ...]] = reactive(())

    def render(self) -> RenderResult:
        """Return the keys that fit."""
        pieces: list[tuple[str, str]] = []
        for hint in fitting(self.hints, self.size.width):
            if pieces:
                pieces.append(("  ", ""))
            pieces += [(hint.key, "bold $text-accent"), (f" {hint.words}", "")]
        return Content.assemble(" ", *pieces)


def fitting(hints: Sequence[Hint], width: int) -> list[Hint]:
    """Return the hints that fit into ``width`` cells, in their order."""
    kept = list(hints)

    def length() -> int:
        return 1 + sum(width_of(h.key) + 1 + width_of(h.words) + 2 for h in kept) - 2

    while kept and length() > width:
        loose = [h for h in kept if h.id not in KEPT_KEYS]
        kept.remove(loose[-1] if loose else kept[-1])
    return kept
