"""The runbook: every step with its verdict, and a guide that always says what Enter will do now.

The guide and the cursor follow the next step until the cursor is moved by hand; then both stay with that
step until it is closed, or until Esc goes back to what is next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from workbench.core.redact import visible
from workbench.core.rows import Cell, TableRow
from workbench.domain.runbook.panel import address_of
from workbench.planning.catalog import ACTIONS, Pane
from workbench.presentation.cells import share_safe
from workbench.tui.keymap import bindings, pane_actions
from workbench.tui.messages import ActionRequested
from workbench.tui.panes.base import WorkPane
from workbench.tui.widgets.table import Column, KeyedTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.domain.model.state import EffectRecord
    from workbench.domain.runbook.guide import Lead
    from workbench.domain.runbook.runbook import StepView
    from workbench.tui.incident_port import Incident
    from workbench.tui.panes.store import Store

# verdict -> (sign, ASCII sign, tone)
_SIGNS = {
    "done": ("✓", "+", "ok"),
    "attested": ("✓", "+", "accent"),
    "in progress": ("◐", "~", "busy"),
    "blocked": ("✗", "x", "bad"),
    "open": ("·", ".", ""),
    "later": ("○", "o", ""),
    "not applicable": ("-", "-", "dim"),
}
_NEXT = ("▶", ">", "accent")
_WORDS = {"not applicable": "n/a", "in progress": "begun"}
KEY = "bold $text-accent"  # the one use of this colour beside the focus
EVIDENCE_SHOWN = 8  # lines; the rest is counted
TIMERS_SHOWN = 4


class Guide(VerticalScroll, can_focus=False):
    """The words beside the steps. Its keys are the pane's."""


class RunbookPane(WorkPane):
    """What to do, in the order of urgency, and whether it is done."""

    PANE = Pane.RUNBOOK
    TITLE = "Runbook"
    SLICES = frozenset({"runbook", "keys", "logins", "users", "domains", "rate", "run", "look"})
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(pane_actions(Pane.RUNBOOK)),
        Binding("escape", "follow", "Back to the next step", id="runbook.follow", show=False),
        Binding(
            "ctrl+f,right_square_bracket", "scroll(4)", "Guide down", id="runbook.guide_down", show=False
        ),
        Binding("ctrl+b,left_square_bracket", "scroll(-4)", "Guide up", id="runbook.guide_up", show=False),
    ]
    HELP = (
        "The steps that take the account back, most urgent first. The guide below them always says what Enter "
        "will do: why, who must do it, how long it takes and what could go wrong. Whatever changes the account "
        "shows its plan first; nothing happens before you confirm it. Move to another step to read about it, "
        "Esc comes back to what is next; ] and [ move the guide. A step is done when the account shows it, not "
        "when somebody ticks it."
    )
    COLUMNS = (
        Column("sign", "", width=1, sortable=False),
        Column("step", "step", flex=1, min_width=14, sortable=False),
        Column("verdict", "state", width=8, align="right", sortable=False),
    )

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._steps: dict[str, StepView] = {}
        self._judged: tuple[Incident, list[StepView]] | None = None
        self._lead: Lead | None = None
        self._shown = ""
        self._next = ""
        self._chosen = ""
        self._placed = ""
        self._guide_text = ""
        self._words = Static("", markup=False, id="guide-words")

    def compose(self) -> ComposeResult:
        """The steps above, the guide below."""
        yield self.table
        with Guide(id="guide"):
            yield self._words

    # Steps

    async def prepare(self, session: Incident) -> None:
        """Judge the steps, one in a turn."""
        self._judged = (session, await session.steps_in_turns())

    def let_go(self) -> None:
        """Forget the judged steps."""
        self._judged = None

    def view_rows(self, session: Incident) -> list[TableRow]:
        """Return the steps."""
        ready = self._judged
        steps = ready[1] if ready is not None and ready[0] is session else session.steps()
        self._steps = {step.id: step for step in steps}
        self._lead = session.lead(steps)
        self._next = self._lead.next_step
        return [self._row(step) for step in steps]

    def _row(self, step: StepView) -> TableRow:
        sign, plain, tone = _SIGNS.get(step.verdict.value, _SIGNS["open"])
        if step.id == self._next:
            sign, plain, tone = _NEXT
        return TableRow(
            step.id,
            (
                Cell(plain if self.store.look.ascii else sign, tone),
                Cell(f"{step.id} {step.title}", tone if tone != "ok" else ""),
                Cell(_state_word(step), tone),
            ),
            markable=False,
        )

    def moved_rows(self, records: Mapping[str, EffectRecord]) -> list[TableRow] | None:
        """Steps depend on everything."""
        return None

    def title_parts(self) -> list[str]:
        """Return how many steps are closed."""
        if not self._steps:
            return []
        done = sum(step.verdict.closed for step in self._steps.values())
        later = sum(step.verdict.value == "later" for step in self._steps.values())
        return [f"{done} of {len(self._steps)} done", *([f"{later} for later"] if later else [])]

    def why_empty(self) -> str:
        """Return why there is nothing to see."""
        return self.store.failed or ("Loading…" if self.store.session is None else "No steps.")

    def after_rows(self) -> None:
        """Keep the cursor on what is next until it is moved by hand; then it stays, whatever arrives."""
        if self._chosen == self._next:
            self._chosen, self._placed = "", self._next
        here = self.table.cursor_key
        # A press may have moved the cursor while its message is still on the way.
        moved = bool(self._placed) and here is not None and here != self._placed
        if not self._chosen and self._next and not moved:
            self._placed = self._next
            self.table.move_cursor(self._next)
        self._write_guide()

    # Guide

    @property
    def lead(self) -> Lead | None:
        """Return what is next, the most urgent first, as it was when the rows were last made."""
        return self._lead

    @property
    def current(self) -> StepView | None:
        """Return the step that the guide tells about and that Enter does."""
        return self._steps.get(self._chosen or self._next)

    @on(KeyedTable.Highlighted)
    def _moved_by_hand(self, event: KeyedTable.Highlighted) -> None:
        # The pane's own placing is no choice, and its messages arrive late; coming back to what is next ends one.
        if event.key is None or not self._placed or event.key != self.table.cursor_key:
            return
        self._chosen = "" if event.key == self._next else event.key
        self._placed = self._next
        self._write_guide()

    def action_follow(self) -> None:
        """Go back to the next step."""
        self._chosen = ""
        if self._next:
            self._placed = self._next
            self.table.move_cursor(self._next)
        self._write_guide()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let Esc through to the app unless there is something to come back from."""
        return bool(self._chosen) if action == "follow" else super().check_action(action, parameters)

    def action_scroll(self, lines: int) -> None:
        """Move the guide's text; at an end of it, say so."""
        guide = self.query_one(Guide)
        if guide.scroll_y >= guide.max_scroll_y if lines > 0 else guide.scroll_y <= 0:
            self.note("the guide ends here" if lines > 0 else "the guide begins here")
        guide.scroll_relative(y=lines, animate=False)

    def open_row(self, key: str) -> None:
        """Enter does what the guide says; on a step that is closed there is nothing, so it goes on."""
        step = self.current
        if self._chosen and step is not None and step.verdict.closed:
            self.action_follow()
        else:
            # What was shown when the key was pressed, whatever has arrived since.
            self.post_message(ActionRequested(self._shown or "next.do"))

    def _write_guide(self) -> None:
        step, lead = self.current, self._lead
        self._shown = ""
        if not self._steps or lead is None:
            content = Content(self.why_empty())
        elif not self._chosen and (lead.kind.value != "step" or step is None):
            content = Content.assemble(*self._led(lead))
        else:
            content = Content.assemble(*self._guide(step)) if step is not None else Content("")
        # A repaint only when the words changed: this runs with every batch of news.
        if content.plain != self._guide_text:
            # Whoever scrolled reads on where only the evidence moved, and from its beginning what is another thing.
            if content.plain.split("\n", 1)[0] != self._guide_text.split("\n", 1)[0]:
                self.query_one(Guide).scroll_home(animate=False)
            self._guide_text = content.plain
            self._words.update(content)

    def _led(self, lead: Lead) -> list[tuple[str, str]]:
        """Return the words for what is more urgent than any step, or for waiting, as (text, style) pieces."""
        self._shown = lead.action
        ascii_ = self.store.look.ascii
        calm = lead.waiting or lead.kind.value == "end"
        style = "bold $text-primary" if calm else "bold $text-error"
        pieces = [
            (f"{'>' if ascii_ else '▶'} {'Now' if calm else 'First'}: {self._hidden(lead.title)}\n", style)
        ]
        pieces += [("[Enter] ", KEY), (f"{ACTIONS[lead.action].title}\n", "bold")]
        then = " You see the plan first." if ACTIONS[lead.action].plans else ""
        pieces.append((f"{self._hidden(lead.happens)}{then}\n", ""))
        if lead.waits:
            pieces.append(
                ("Who is waited for, and until when:\n" if calm else "Waiting meanwhile:\n", "bold")
            )
            pieces += [(f"{'-' if ascii_ else '·'} {self._hidden(line)}\n", "") for line in lead.waits]
        return pieces + self._deadlines_shown()

    def _hidden(self, text: str) -> str:
        return share_safe(visible(text, 600), self.store.session, self.store.look)

    def _guide(self, step: StepView) -> list[tuple[str, str]]:
        """Return the guide's words as (text, style) pieces."""
        closed = step.verdict.closed
        action = None if closed and self._chosen else ACTIONS.get(step.next_action)
        self._shown = action.id if action is not None else ""
        arrow = ">" if self.store.look.ascii else "▶"
        lead = "Next" if not self._chosen else "Step"
        pieces = [(f"{arrow} {lead}: {step.id} {visible(step.title)}\n", "bold $text-primary")]
        if action is not None:
            then = " You see the plan first." if action.plans else ""
            happens = self._hidden(step.happens) or action.does
            pieces += [("[Enter] ", KEY), (f"{action.title}\n", "bold"), (f"{happens}{then}\n", "")]
        elif closed:
            pieces.append((f"This step is {step.verdict.value}.\n", "$text-success"))
            pieces += [("[Enter] ", KEY), ("to what is next\n", "")] if self._chosen else []
        else:
            pieces.append((f"{self._hidden(step.happens)}\n", ""))
            pieces += [("[t] ", KEY), ("Nothing to run from here: do it, then attest it.\n", "")]
        if self._chosen and not closed:
            pieces += [("[Esc] ", KEY), ("back to what is next\n", "")]
        for label, text in (
            ("Why", step.why),
            ("Who", step.who),
            ("Takes", step.takes),
            ("Could go wrong", step.breaks),
        ):
            if text:
                pieces += [(f"{label}: ", "bold"), (self._hidden(text) + "\n", "")]
        address, what = address_of(step.id)
        if address:
            # Typed, not followed: a link in a mail may be the intruder's.
            pieces += [
                ("By hand: ", "bold"),
                (f"{address} ({what}) ", ""),
                ("[c] ", KEY),
                ("copies it\n", ""),
            ]
        if step.idle and step.waits:
            pieces += [("Waits for: ", "bold"), (self._hidden(step.waits) + "\n", "")]
        return pieces + self._deadlines_shown() + self._evidence(step.evidence)

    def _deadlines_shown(self) -> list[tuple[str, str]]:
        """Return the timers that run, the next one due first."""
        timers = self.store.timers
        if not timers or self.store.session is None:
            return []
        shown = [self._hidden(line) for line in timers[:TIMERS_SHOWN]]
        if len(timers) > TIMERS_SHOWN:
            shown.append(f"and {len(timers) - TIMERS_SHOWN} more")
        return [("Running: ", "bold"), ("; ".join(shown) + "\n", "$text-warning")]

    def _evidence(self, evidence: Sequence[str]) -> list[tuple[str, str]]:
        pieces = [("Evidence:\n", "bold")] if evidence else []
        bullet = "-" if self.store.look.ascii else "·"
        for line in evidence[:EVIDENCE_SHOWN]:
            pieces.append((f"{bullet} {self._hidden(line)}\n", "$text-muted"))
        if len(evidence) > EVIDENCE_SHOWN:
            pieces.append((f"{bullet} and {len(evidence) - EVIDENCE_SHOWN} more\n", "$text-muted"))
        return pieces


def _state_word(step: StepView) -> str:
    """Return how far a step is, in a word or as how many of how many."""
    if step.progress is None or step.verdict.closed:
        return _WORDS.get(step.verdict.value, step.verdict.value)
    done, total = step.progress
    return f"{total - done} later" if step.verdict.value == "later" else f"{done}/{total}"
