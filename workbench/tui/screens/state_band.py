"""The focal point of a roomy screen: is it over, what still goes out, what is next, who is waited for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from workbench.presentation.cells import hide_all_addresses, share_safe
from workbench.tui.panes.store import Store
from workbench.tui.widgets.cells import clean, crop, width_of
from workbench.tui.widgets.empty import wrap
from workbench.tui.widgets.sparkline import sparkline
from workbench.tui.widgets.statusline import STATUS_STYLES

if TYPE_CHECKING:
    from workbench.domain.model.situation import Situation
    from workbench.domain.runbook.guide import Lead

HEIGHT = 5  # lines; the answer may take two of them
LEAST_HEIGHT, LEAST_WIDTH = 36, 100  # of the terminal: below that the top line alone says it
CHART = 24  # cells
LABEL = 9


class BandLine(NamedTuple):
    """One line: its label, its words, the tone of the words, and a chart that stands behind them.

    ``shorter`` are the words again, each time with less detail: what fits is taken, so that no verdict is cut.
    """

    label: str
    words: str
    tone: str = ""
    chart: str = ""
    shorter: tuple[str, ...] = ()


def said(store: Store, lead: Lead | None) -> tuple[BandLine, ...]:
    """Return what the band says; the first line is the answer to *is it over?*."""
    session = store.session
    if session is None:
        return (BandLine("Over?", store.failed or "opening the incident", "bad" if store.failed else "busy"),)
    situation = session.situation()

    def safe(text: str) -> str:
        return share_safe(text, session, store.look)

    lines = [_answer(store, situation), _sending(store, situation)]
    if lead is not None:
        lines.append(BandLine("Next", safe(lead.title), "strong"))
        lines.append(_waiting(lead, safe))
    return tuple(lines)


def _waiting(lead: Lead, safe: Callable[[str], str]) -> BandLine:
    """Say who is waited for: in whole sentences, else by name and moment, else the first of them and how many more."""
    if not lead.waits:
        return BandLine("Waiting", "for nobody", "dim")
    short = [safe(words) for words in lead.waits_short]
    fewer = (
        f"{'; '.join(short[:n])}; and {len(short) - n} more, see the guide"
        for n in range(len(short) - 1, 0, -1)
    )
    return BandLine("Waiting", safe("; ".join(lead.waits)), shorter=("; ".join(short), *fewer))


def _answer(store: Store, situation: Situation) -> BandLine:
    # Here and not above: the screen paints before the account's models are imported.
    from workbench.domain.runbook.containment_state import Over, containment

    found = containment(situation)
    tone = {Over.CONTAINED: "ok", Over.NOT_CONTAINED: "bad", Over.BACK: "bad"}.get(found.over, "warn")
    # A stranger that was deleted is in no list of people any more, and still somebody's address.
    words, *shorter = (
        hide_all_addresses(f"{form[:1].upper()}{form[1:]}", store.look) for form in found.forms
    )
    return BandLine("Over?", words, tone, shorter=tuple(shorter))


def _sending(store: Store, situation: Situation) -> BandLine:
    from workbench.domain.runbook.sending import sending

    told = sending(situation.volume, situation.state, situation.now)
    rate = store.session.account.rate if store.session is not None else None
    chart = sparkline(rate.series, CHART, ascii_only=store.look.ascii) if rate is not None else ""
    words, short = (f"{text[:1].upper()}{text[1:]}" for text in (told.text, told.short))
    return BandLine("Goes out", words, told.tone, chart, (short,))


def drawn(lines: Sequence[BandLine], width: int, *, ascii_only: bool) -> list[list[tuple[str, str]]]:
    """Return at most ``HEIGHT`` lines of (text, style) pieces, none wider than ``width`` cells."""
    bar = "|" if ascii_only else "▌"
    edge = STATUS_STYLES[lines[0].tone] if lines else ""
    room = max(10, width - LABEL - 3)
    rows: list[list[tuple[str, str]]] = []
    spare = HEIGHT - len(lines)
    for line in lines:
        style = STATUS_STYLES[line.tone]
        forms = [wrap(words, room) for words in (line.words, *line.shorter)]
        parts = next((form for form in forms if len(form) <= 1 + spare), forms[-1])
        if len(parts) > 1 + spare:
            parts = [*parts[:spare], crop(clean(" ".join(parts[spare:]), 600), room)]
        spare -= len(parts) - 1
        for number, part in enumerate(parts):
            label = line.label if number == 0 else ""
            pieces = [(f"{bar} ", edge), (f"{label:<{LABEL}}", STATUS_STYLES["dim"]), (part, style)]
            fits = width_of(part) + 2 + width_of(line.chart) <= room
            if line.chart and number == len(parts) - 1 and fits:
                pieces.append((f"  {line.chart}", style))
            rows.append(pieces)
    return rows[:HEIGHT]


class StateBand(Widget):
    """Draws the lines; nothing is repainted while they stay what they were."""

    DEFAULT_CSS = """
    StateBand { height: 5; width: 1fr; background: $panel; padding: 0 1; }
    """
    lines: reactive[tuple[BandLine, ...]] = reactive(())
    ascii_mode: reactive[bool] = reactive(False)

    def render(self) -> RenderResult:
        """Return the lines."""
        rows = drawn(self.lines, self.size.width, ascii_only=self.ascii_mode) if self.lines else []
        pieces: list[tuple[str, str]] = []
        for row in rows:
            pieces += [*row, ("\n", "")]
        return Content.assemble(*pieces[:-1]) if pieces else Content("")
