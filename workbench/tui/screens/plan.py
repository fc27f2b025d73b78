"""The plan screen: what will change, where, what breaks, what cannot be undone. Opens on Cancel.

Confirming means typing the number of things that will change and Enter in that field; digits typed
anywhere on the screen go there. A bare Enter cancels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from workbench.core.redact import visible
from workbench.core.rows import reworded
from workbench.core.words import listed, together
from workbench.tui.screens.dialog import Dialog, button, title, words
from workbench.tui.screens.plan_groups import Folded, PlanGroup, group_row
from workbench.tui.screens.plan_rows import (
    bounded,
    columns,
    counted,
    credential_of,
    detail,
    effect_row,
    without_orphans,
    worst_first,
)
from workbench.tui.widgets.table import KeyedTable
from workbench.tui.widgets.table.telling import TellingTable

if TYPE_CHECKING:
    from workbench.domain.model.plan import Effect, Plan
    from workbench.planning.choices import Choices


LEAST_NOTES = 5  # lines of what is to know about a plan, however long its list is
LOW = 22  # lines of a terminal below which what is to know gives way
ROOMY = 70  # columns from which the question has room for all its words beside the field
LEAST_TABLE = 4  # lines of the effects with their heads
DETAIL = 9  # lines of the highlighted effect at most, with the line above it
END_OF_NOTES = "there is no more that way"
NAMED = 6  # effects of a group whose names stand below the table


class PlanTable(TellingTable):
    """The effects. Enter on a group unfolds it; on an effect it does nothing: it must not look like a confirmation."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.unfold", "Unfold", show=False),
        Binding("tab", "app.focus_next", "Next", show=False),
    ]


class PlanScreen(Dialog["Plan"]):
    """Shows one plan; dismisses with the confirmed (maybe reduced) plan, or None.

    With ``choices`` the way of each credential, and what its replacement may do, can be switched: ``again`` is
    called with the new choices, and ``renew`` shows the plan that was built from them. ``safe`` hides people.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+e", "to_table", "Effects", id="plan.effects", show=False),
        Binding("w", "switch(False)", "Other way", id="plan.way", show=False),
        Binding("W", "switch(True)", "Other way for all", id="plan.way_all", show=False),
        Binding("e", "rights", "Other rights", id="plan.rights", show=False),
        Binding("ctrl+f,right_square_bracket", "notes(3)", "Notes down", id="plan.notes_down", show=False),
        Binding("ctrl+b,left_square_bracket", "notes(-3)", "Notes up", id="plan.notes_up", show=False),
    ]

    def __init__(
        self,
        plan: Plan,
        account: str,
        *,
        ascii_mode: bool = False,
        stale: str = "",
        choices: Choices | None = None,
        again: Callable[[Choices], None] | None = None,
        safe: Callable[[str], str] = str,
    ) -> None:
        super().__init__(classes="plan-screen")
        self._account = account
        self._safe = safe
        self._stale = stale
        self._choices = choices
        self._again = again
        self._take_plan(plan)
        self._placed = columns(plan, ways=choices is not None)
        self._table = PlanTable(self._placed, ascii_mode=ascii_mode, id="plan-table")

    def _take_plan(self, plan: Plan) -> None:
        self._plan = plan
        self._effects = worst_first(plan)
        self._by_id = {effect.id: effect for effect in self._effects}
        self._chosen: set[str] = set(self._by_id)
        self._folded = Folded(self._effects)
        # Of thousands of lines each is looked at once, however often the plan is told anew.
        self._known = [*plan.notes, *(f"Left out: {line}" for line in together(plan.left_out))]
        self._said = ""

    @property
    def count(self) -> int:
        """Return how many effects would be run now."""
        return len(self._chosen)

    @property
    def choices(self) -> Choices | None:
        """Return the ways this plan was built with, None where it has none."""
        return self._choices

    def compose(self) -> ComposeResult:
        """Title and counts, what to know, the effects, the one under the cursor, the keys, the question."""
        with Vertical(id="plan-box", classes="dialog-box -tall"):
            yield title(self._safe(f"{visible(self._plan.title)}  on  {visible(self._account, 80)}"))
            yield Static(id="plan-summary", classes="dialog-words", markup=False)
            with VerticalScroll(id="plan-notes", can_focus=False):
                self._said = self._sentences()
                yield words(self._said, id="plan-sentences")
            yield self._table
            with VerticalScroll(id="plan-detail-box", can_focus=False):
                yield Static(id="plan-detail", classes="dialog-words", markup=False)
            ways = "w the other way · W all · e rights · " if self._choices is not None else ""
            # First what reads on: on a narrow terminal the end of the line is cut off.
            yield words(f"] notes · ^e effects · {ways}space leaves out", id="plan-keys")
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
        self._fill()
        self.query_one("#cancel").focus()

    def _fill(self) -> None:
        """Write the rows, a long plan's in groups, with what is left out unselected."""
        cells = len(self._placed)
        ascii_mode, out = self._table.ascii_mode, self._folded.out
        rows = (
            group_row(one, cells, ascii_mode=ascii_mode, left=sum(e.id in out for e in one.effects))
            if isinstance(one, PlanGroup)
            else effect_row(one, self._choices)
            for one in self._folded.rows()
        )
        self._table.set_rows(reworded(row, self._safe) for row in rows)
        self._table.set_marks(self._folded.marks())
        self._chosen = without_orphans(self._plan, set(self._folded.kept()))
        self._tell()
        self._share_room()

    def action_unfold(self) -> None:
        """Unfold the group under the cursor, or fold it again."""
        group = self._folded.group(self._table.cursor_key)
        if group is None:
            self.app.bell()
            self.say("Enter unfolds groups alone; what confirms is the number below")
            return
        group.unfolded = not group.unfolded
        self._fill()

    def on_resize(self) -> None:
        """Share the room anew, once it is known how many lines the summary takes at this width."""
        self.call_after_refresh(self._share_room)

    def _share_room(self) -> None:
        """Give what is to know the lines that a short list leaves free: nobody has to scroll beside empty rows."""
        height = self.app.size.height
        summary = self.query_one("#plan-summary").outer_size.height or 2
        # Frame (two), title, heads of the columns, keys and question; and the highlighted effect at its longest.
        left = height - 6 - summary - DETAIL - len(self._table.model)
        least = LEAST_NOTES if height >= LOW else 2
        notes = max(least, left)
        self.query_one("#plan-notes").styles.max_height = notes
        # On a low terminal the effect gives way as well, never the question; both are read on with a key.
        left = height - 5 - summary - notes - LEAST_TABLE
        self.query_one("#plan-detail-box").styles.max_height = max(2, min(DETAIL - 1, left))

    def _sentences(self) -> str:
        sentences = [self._stale, *self._known] if self._stale else list(self._known)
        if sentences and len(self._chosen) < len(self._plan):
            sentences.insert(0, "About the whole plan, with what is left out of it:")
        return self._safe(bounded(sentences))

    # Ways

    def renew(self, plan: Plan, choices: Choices) -> None:
        """Show the same plan built another way; what was left out stays left out, a typed number is gone."""
        marked = set(self._folded.kept())
        held = {credential_of(effect) for effect in self._effects if effect.id in marked}
        before, out = set(self._by_id), set(self._by_id) - marked
        gone = {credential_of(self._by_id[i]) for i in out} - held - {""}
        under = self._highlighted_effect()
        unfolded = {group.key for group in self._folded.groups if group.unfolded}
        self._choices = choices
        self._take_plan(plan)
        for group in self._folded.groups:
            group.unfolded = group.key in unfolded
        self._folded.out = {
            e.id for e in self._effects if e.id in out or (e.id not in before and credential_of(e) in gone)
        }
        self._fill()
        if under is not None:
            same = [e.id for e in self._effects if credential_of(e) == credential_of(under)]
            if same:
                self._table.move_cursor(same[0])
                self._write_detail(self._by_id[same[0]])
        self.query_one("#plan-count", Input).value = ""

    def _highlighted_effect(self) -> Effect | None:
        return self._by_id.get(self._table.cursor_key or "")

    def action_switch(self, every: bool) -> None:
        """Ask for the plan with the highlighted credential, or all, cut the other way."""
        if self._choices is None or self._again is None:
            return
        if every:
            # Also those whose rows are gone because they only wait for their hand-over stay out of this.
            names = list(dict.fromkeys(c for e in self._effects if (c := credential_of(e))))
            free = [name for name in names if not self._choices.fixed(name)]
        else:
            under = self._highlighted_effect()
            free = [credential_of(under)] if under is not None else []
            if (
                reason := self._choices.fixed(free[0])
                if free
                else self._no_one_of("W switches all of the plan")
            ):
                self.say(reason)
                return
        if free:
            self._again(self._choices.switched(free))

    def _no_one_of(self, else_: str) -> str:
        """Return why a key that is about one effect does nothing where none is under the cursor."""
        if self._folded.group(self._table.cursor_key) is not None:
            return f"A group: Enter unfolds it, then move to one; {else_}."
        return "Nothing is highlighted."

    def action_notes(self, lines: int) -> None:
        """Move what is to know, and at its end what is to know of the highlighted effect."""
        notes, effect = self.query_one("#plan-notes"), self.query_one("#plan-detail-box")
        for part in (notes, effect) if lines > 0 else (effect, notes):
            if 0 <= part.scroll_target_y + (1 if lines > 0 else -1) <= part.max_scroll_y:
                part.scroll_relative(y=lines, animate=False)
                return
        self.say("it stands here whole" if not (notes.max_scroll_y or effect.max_scroll_y) else END_OF_NOTES)

    def action_rights(self) -> None:
        """Ask for the plan with the highlighted key's replacement having the rights of before, or the least."""
        under = self._highlighted_effect()
        if self._choices is None or self._again is None:
            return
        if under is None:
            self.say(self._no_one_of("e is about one key"))
            return
        credential = credential_of(under)
        if self._choices.rights(credential)[1]:
            self._again(self._choices.rights_switched(credential))
        else:
            self.say("Its replacement may do what the old one could: no less is known to do.")

    @on(KeyedTable.MarksChanged)
    def _marks_changed(self) -> None:
        if self._folded.take(set(self._table.marked_keys)):
            self._fill()
            return
        self._chosen = without_orphans(self._plan, set(self._folded.kept()))
        self._tell()

    @on(KeyedTable.Highlighted)
    def _highlighted(self, event: KeyedTable.Highlighted) -> None:
        effect, group = self._by_id.get(event.key or ""), self._folded.group(event.key)
        if effect is not None:
            self._write_detail(effect)
        elif group is not None:
            whats = (self._safe(e.what or e.target) for e in group.effects)
            names = list(dict.fromkeys(visible(what, 80) for what in whats))
            pieces = [(f"{group.title}. ", "bold"), ("Enter unfolds, space leaves all of them out.\n", "")]
            if group.never:
                pieces.insert(1, (f"{group.never} of {len(group.effects)} cannot be undone. ", "$text-error"))
            pieces.append((listed(names, NAMED), ""))
            self.query_one("#plan-detail", Static).update(Content.assemble(*pieces))

    def _write_detail(self, effect: Effect) -> None:
        pieces: list[tuple[str, str]] = []
        for label, text in detail(effect, self._choices):
            if label and text:
                pieces += [(f"{label}: ", "bold"), (visible(self._safe(text), 400) + "\n", "")]
        self.query_one("#plan-detail", Static).update(Content.assemble(*pieces))
        self.query_one("#plan-detail-box").scroll_home(animate=False)

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
            orphans = len(self._folded.kept()) - len(chosen)
            pieces.append((f" {left:,} left out", "$text-warning"))
            pieces.append((f", {orphans} of them since they need one left out." if orphans > 0 else ".", ""))
        self.query_one("#plan-summary", Static).update(Content.assemble(*pieces))
        self._say(self._sentences())
        self._ask(f"  To go ahead type {len(chosen)} and Enter: " if chosen else "  Nothing is selected. ")

    def _say(self, sentences: str) -> None:
        # Two hundred lines laid out anew take as long as a key may wait: only where they changed.
        if sentences != self._said:
            self._said = sentences
            self.query_one("#plan-sentences", Static).update(Content(sentences))

    def _ask(self, words: str) -> None:
        self.query_one("#plan-ask", Static).update(Content(words))

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
        typed = event.value.strip()
        self.query_one("#plan-count", Input).value = ""
        self.app.bell()
        # Beside the field, never over it: whoever confirms reads here, and it leaves the field in sight at 80 columns.
        said = f"{typed} is not {self.count}" if typed else "Nothing typed"
        nothing = ", nothing done" if self.app.size.width >= ROOMY else ""
        self._ask(f"  {said}{nothing}. Type {self.count}: ")
