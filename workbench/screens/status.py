"""The top line: what account, how far, how fresh, what the intruder still sends. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from workbench.incident.cells import as_moment, hide_people, moment_text, people_of
from workbench.keymap import Hint
from workbench.panes.store import STALE_AFTER, Store
from workbench.widgets.cells import width_of
from workbench.widgets.progress import duration
from workbench.widgets.sparkline import sparkline
from workbench.widgets.statusline import Fact

if TYPE_CHECKING:
    from workbench.messages import Funnel
    from workbench.session import Session

SPARK = 10  # cells
ROOMY = 120  # columns from which the sending rate is told in full
KEPT_KEYS = ("help", "quit")  # a narrow footer drops everything else first


def status_facts(store: Store, funnel: Funnel, now: datetime | None, width: int) -> tuple[Fact, ...]:
    """Return the facts of the top line; ``now`` is the session's clock, None before there is a session."""
    plain = store.look.ascii
    session = store.session
    facts = [Fact("workbench", "strong", 9)]
    safe = store.look.share_safe
    share = Fact(
        ("* share-safe" if plain else "◉ share-safe") if safe else "! SHARE-SAFE OFF",
        "" if safe else "bad",
        3 if safe else 1,
    )
    if session is None:
        word = Fact("not connected", "bad", 1) if store.failed else Fact("opening the incident…", "busy", 1)
        return (*facts, word, share)
    if session.drill:
        facts.append(Fact(f"DRILL {session.title}", "warn", 2))
    else:
        facts.append(Fact(session.title, "accent", 2))
    facts.append(
        Fact(f"incident {moment_text(session.state.opened_at, store.look, '%Y-%m-%d %H:%MZ')}", "", 7)
    )
    facts.append(state_fact(session, funnel))
    if session.read_only:
        facts.append(Fact(f"read-only: {session.holder_text} writes", "bad", 1))
    facts.append(freshness(store, now))
    facts.append(share)
    if store.errors:
        facts.append(Fact(f"{store.errors} error{'s' if store.errors > 1 else ''}: 6", "bad", 3))
    if store.alarms:
        facts.append(Fact(f"{store.alarms} ALARM{'S' if store.alarms > 1 else ''}: A", "bad", 1))
    if store.countdown:
        people = people_of(session.inventory)
        facts.append(Fact(hide_people(store.countdown, people, store.look), "warn", 3))
    if store.senders_down:
        down = store.senders_down
        facts.append(Fact(f"{down} sender{'s' if down > 1 else ''} down: H", "warn", 4))
    if session.rate is not None:
        facts += rate_facts(session, plain, width)
    calls = session.calls_per_second
    facts.append(Fact(f"api {calls:.0f}/s", "dim", 8, "right"))
    return tuple(facts)


def state_fact(session: Session, funnel: Funnel) -> Fact:
    """Return how far the containment is, in words."""
    state = session.state
    opened, contained = as_moment(state.opened_at), as_moment(state.contained_at)
    if funnel.active and funnel.total:
        return Fact(f"WORKING {funnel.done}/{funnel.total}", "busy", 1)
    if contained is not None and opened is not None:
        return Fact(f"CONTAINED in {duration((contained - opened).total_seconds())}", "ok", 1)
    if any(r.open or r.state.value in ("planned", "failed") for r in state.effects.values()):
        return Fact("NOT FINISHED: f goes on", "warn", 1)
    return Fact(
        "PARTLY CUT" if state.first_cut_at else "NOT CONTAINED", "warn" if state.first_cut_at else "bad", 1
    )


def freshness(store: Store, now: datetime | None) -> Fact:
    """Return how fresh the shown account is; a loss of freshness is said in words."""
    read = store.read_at()
    plain = store.look.ascii
    if read is None:
        return Fact("reading…" if store.reading else "not read yet", "busy" if store.reading else "warn", 2)
    age = (now - read).total_seconds() if now is not None else 0.0
    if age <= STALE_AFTER:
        return Fact("* live" if plain else "● live", "ok", 2)
    return Fact(
        f"{'-' if plain else '○'} as of {moment_text(read, store.look, '%H:%M:%S')}, stale", "warn", 2
    )


def rate_facts(session: Session, plain: bool, width: int) -> list[Fact]:
    """Return the intruder's sending rate in words, with its last hours drawn beside it."""
    rate = session.rate
    if rate is None:
        return []
    short = f"intruder {rate.per_hour:,.0f}/h" if rate.per_hour > 0 else "intruder silent"
    told = f"sending {rate.text}" if rate.per_hour else rate.text
    words = told if width >= ROOMY else short
    facts = [Fact(words, "bad" if rate.per_hour > 0 else "ok", 3)]
    if rate.series:
        facts.append(Fact(sparkline(rate.series, SPARK, ascii_only=plain), "dim", 6))
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
