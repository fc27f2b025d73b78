"""The plan screen: what will change, where, what breaks, what cannot be undone. Opens on Cancel.

Confirming means typing the number of things that will change and Enter in that field; digits typed
anywhere on the screen go there. A bare Enter cancels.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from workbench.redact import visible
from workbench.screens.dialog import Dialog, button, title, words
from workbench.widgets.table import Cell, Column, KeyedTable, Row

if TYPE_CHECKING:
    from workbench.incident.plan import Effect, Plan

# What an effect kind is called when effects are counted: (one, many).
_NOUNS = {
    "key.create": ("key minted", "keys minted"),
    "key.delete": ("key deleted", "keys deleted"),
    "smtp.create": ("SMTP login made", "SMTP logins made"),
    "smtp.reset": ("SMTP password reset", "SMTP passwords reset"),
    "smtp.delete": ("SMTP login deleted", "SMTP logins deleted"),
    "queue.purge": ("queue purged", "queues purged"),
    "limit.set": ("limit set", "limits set"),
    "limit.clear": ("limit removed", "limits removed"),
    "subaccount.disable": ("subaccount disabled", "subaccounts disabled"),
}
SENTENCES_SHOWN = 40

COLUMNS = (
    Column("what", "what", flex=3, min_width=34),
    Column("place", "where", width=9, min_width=3, priority=3),
    Column("undo", "undo", width=16, min_width=5, priority=4),
    Column("breaks", "what breaks", flex=2, min_width=16, priority=2),
)


def counted(effects: list[Effect]) -> str:
    """Return effects counted by kind, in words: ``5 keys minted, 5 keys deleted``."""
    kinds = Counter(effect.kind.value for effect in effects)
    parts = []
    for kind, count in kinds.items():
        one, many = _NOUNS.get(kind, (kind, kind))
        parts.append(f"{count:,} {one if count == 1 else many}")
    return ", ".join(parts)


def effect_row(effect: Effect) -> Row:
    """Return one effect as a row."""
    forever = effect.undo.startswith("cannot")
    return Row(
        effect.id,
        (
            Cell(effect.what or f"{effect.kind.value} {effect.target}"),
            Cell(str(effect.place)),
            Cell("never" if forever else effect.undo, "bad" if forever else ""),
            Cell(effect.breaks or "nothing", "" if effect.breaks else "dim"),
        ),
        search=effect.target,
    )


def without_orphans(plan: Plan, chosen: set[str]) -> set[str]:
    """Return the chosen effects minus those that need one which was left out.

    Deleting an old key waits for its replacement: without the replacement it must not happen either.
    """
    kept = set(chosen)
    while True:
        orphans = {e.id for e in plan if e.id in kept and any(a not in kept for a in e.after)}
        # Dependencies on effects outside this plan were met before; only those within it count.
        own = {e.id for e in plan}
        orphans = {e.id for e in plan if e.id in orphans and any(a in own and a not in kept for a in e.after)}
        if not orphans:
            return kept
        kept -= orphans


class PlanTable(KeyedTable):
    """The effects. Enter on a row does nothing here: it must not look like a confirmation."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "app.bell", "Nothing", show=False),
        Binding("tab", "app.focus_next", "Next", show=False),
    ]


class PlanScreen(Dialog["Plan"]):
    """Shows one plan; dismisses with the confirmed (maybe reduced) plan, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+e", "to_table", "Effects", id="plan.effects", show=False),
    ]

    def __init__(self, plan: Plan, account: str, *, ascii_mode: bool = False, stale: str = "") -> None:
        super().__init__(classes="plan-screen")
        self._plan = plan
        self._account = account
        self._stale = stale
        self._by_id = {effect.id: effect for effect in plan}
        self._chosen: set[str] = set(self._by_id)
        self._table = PlanTable(COLUMNS, ascii_mode=ascii_mode, id="plan-table")

    @property
    def count(self) -> int:
        """Return how many effects would be run now."""
        return len(self._chosen)

    def compose(self) -> ComposeResult:
        """Title and counts, what to know, the effects, the one under the cursor, the question."""
        with Vertical(id="plan-box", classes="dialog-box -tall"):
            yield title(f"{visible(self._plan.title)}  on  {visible(self._account, 80)}")
            yield Static(id="plan-summary", classes="dialog-words", markup=False)
            sentences = [*self._plan.notes, *(f"Left out: {line}" for line in self._plan.left_out)]
            if self._stale:
                sentences.insert(0, self._stale)
            if sentences:
                with VerticalScroll(id="plan-notes", can_focus=False):
                    yield words(_bounded(sentences))
            yield self._table
            yield Static(id="plan-detail", classes="dialog-words", markup=False)
            with Horizontal(id="plan-question"):
                yield button("Cancel (Esc)", "cancel")
                yield Static(id="plan-ask", markup=False)
                yield Input(
                    id="plan-count",
                    select_on_focus=False,
                    type="integer",
                    compact=True,
                    max_length=7,
                    placeholder="number",
                )

    def on_mount(self) -> None:
        """Everything is chosen; the focus is on Cancel."""
        self._table.set_rows(effect_row(effect) for effect in self._plan)
        self._table.set_marks(self._by_id)
        self._tell()
        self.query_one("#cancel").focus()

    @on(KeyedTable.MarksChanged)
    def _marks_changed(self) -> None:
        self._chosen = without_orphans(self._plan, set(self._table.marked_keys))
        self._tell()

    @on(KeyedTable.Highlighted)
    def _highlighted(self, event: KeyedTable.Highlighted) -> None:
        effect = self._by_id.get(event.key or "")
        if effect is not None:
            pieces: list[tuple[str, str]] = []
            for label, text in (
                ("What", f"{effect.what} ({effect.place})"),
                ("Breaks", effect.breaks or "nothing"),
                ("Undo", effect.undo),
                ("Why", effect.why),
            ):
                if text:
                    pieces += [(f"{label}: ", "bold"), (visible(text, 300) + "\n", "")]
            self.query_one("#plan-detail", Static).update(Content.assemble(*pieces))

    def _tell(self) -> None:
        chosen = [effect for effect in self._plan if effect.id in self._chosen]
        never = sum(effect.undo.startswith("cannot") for effect in chosen)
        pieces = [
            (f"{len(chosen):,} change{'' if len(chosen) == 1 else 's'}", "bold"),
            (f": {counted(chosen)}." if chosen else ".", ""),
        ]
        if never:
            pieces.append((f" {never:,} cannot be undone.", "bold $text-error"))
        left = len(self._plan) - len(chosen)
        if left:
            orphans = len(self._table.marked_keys) - len(chosen)
            pieces.append((f" {left:,} left out", "$text-warning"))
            pieces.append((f", {orphans} of them since they need one left out." if orphans > 0 else ".", ""))
        self.query_one("#plan-summary", Static).update(Content.assemble(*pieces))
        ask = f"  To go ahead type {len(chosen)} and Enter: " if chosen else "  Nothing is selected. "
        self.query_one("#plan-ask", Static).update(Content(ask))

    # Keys

    def on_key(self, event: events.Key) -> None:
        """Digits typed anywhere go into the number field."""
        field = self.query_one("#plan-count", Input)
        if event.character is not None and event.character.isdigit() and not field.has_focus:
            event.stop()
            event.prevent_default()
            field.focus()
            field.insert_text_at_cursor(event.character)

    def action_to_table(self) -> None:
        """Move to the effects."""
        self._table.focus()

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.dismiss(None)

    @on(Input.Submitted, "#plan-count")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._chosen and event.value.strip() == str(self.count):
            whole = len(self._chosen) == len(self._plan)
            self.dismiss(self._plan if whole else self._plan.only(self._chosen))
            return
        field = self.query_one("#plan-count", Input)
        field.value = ""
        self.app.bell()
        self.notify(
            f"Nothing was done. The number of changes is {self.count}; Esc cancels."
            if self._chosen
            else "Nothing is selected.",
            markup=False,
        )


def _bounded(sentences: list[str]) -> str:
    shown = [visible(line, 500) for line in sentences[:SENTENCES_SHOWN]]
    if len(sentences) > SENTENCES_SHOWN:
        shown.append(f"and {len(sentences) - SENTENCES_SHOWN} more")
    return "\n".join(shown)
