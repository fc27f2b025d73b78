"""The search for leaks on the screen: what to search, how it goes, what was found and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from workbench.core.redact import visible
from workbench.core.rows import reworded
from workbench.tui.screens.dialog import Dialog, title, words
from workbench.tui.screens.texts import TextScroll, plain
from workbench.tui.widgets.table import Cell, Column, KeyedTable, TableRow
from workbench.tui.widgets.table.telling import TellingTable

if TYPE_CHECKING:
    from workbench.domain.leaks.leaks import Leak

# What must be typed before a site is asked: asking somebody else's for such files is an attack.
MINE = "mine"
ROOMY = 100  # columns of a terminal on which the keys stand in whole words
KEYS = (
    "Enter the next one · c closed by hand · y stays, for a reason · r the same places again · n other places · "
    "p asks a person · t another service's secret was replaced · e copies what to look for elsewhere · "
    "Tab to the words · Esc leaves"
)
KEYS_SHORT = "c closed · y stays · r again · n new · p ask · t others' · e copy · Tab · Esc"
COLUMNS = (
    Column("severity", "severity", width=8, priority=3),
    Column("what", "what", flex=3, min_width=24),
    Column("state", "state", width=24, min_width=14),
    Column("where", "first place", flex=2, min_width=12, priority=2),
)


class Places(NamedTuple):
    """What to search, as typed: folders and repositories, access logs, sites confirmed as the operator's own."""

    targets: str = ""
    logs: str = ""
    sites: str = ""


class SearchScreen(Dialog[Places]):
    """Asks what to search. Sites are taken only with the word ``mine`` typed; Enter again goes on without them.

    ``own`` says that the proposed sites are known to be ours, as the drill's is: then the word stands there already.
    """

    def __init__(self, proposed: Places, *, own: bool = False) -> None:
        super().__init__(classes="ask-screen")
        self._own = own
        self._proposed = proposed
        self._warned = False

    def compose(self) -> ComposeResult:
        """One line for each kind of place, the confirmation, what is wrong."""
        with Vertical(classes="dialog-box -wide"):
            yield title("Find the leak: what to search")
            yield words("Only what is yours. Several are separated by spaces; quote a path that holds one.")
            yield words("Folders, files, repositories (their whole history)")
            yield self._line("targets", self._proposed.targets, "/var/www/shop git@git.example.com:shop.git")
            yield words("Web access logs, or their folder")
            yield self._line("logs", self._proposed.logs, "/var/log/nginx")
            yield words("Sites to ask for the files that leak most often, politely")
            yield self._line("sites", self._proposed.sites, "www.example.com")
            yield words(f"If every site named is your own, type “{MINE}”")
            # A placeholder that holds the word would look as if it were typed.
            yield self._line("mine", MINE if self._own else "", "not typed yet: the sites are left out")
            yield words("", classes="dialog-wrong", id="leak-wrong")
            yield words("Enter searches · Tab next line · Esc leaves it", classes="dialog-keys")

    def _line(self, name: str, start: str, hint: str) -> Input:
        return Input(start, placeholder=hint, id=f"leak-{name}", compact=True, max_length=4000)

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one("#leak-targets", Input).focus()

    @on(Input.Changed, "#leak-sites")
    def _changed(self, event: Input.Changed) -> None:
        if self._own and event.value.strip() != self._proposed.sites:
            # Another site is nobody's until it is said so.
            self._own = False
            self.query_one("#leak-mine", Input).value = ""

    @on(Input.Submitted)
    def _submitted(self) -> None:
        typed = {
            name: self.query_one(f"#leak-{name}", Input).value.strip()
            for name in ("targets", "logs", "sites", "mine")
        }
        wrong = ""
        if not (typed["targets"] or typed["logs"] or typed["sites"]):
            wrong = "Name at least one place."
        elif typed["sites"] and typed["mine"].lower() != MINE:
            if self._warned and (typed["targets"] or typed["logs"]):
                typed["sites"] = ""
            else:
                wrong = f"Type “{MINE}” if the sites are yours; else it is an attack. Enter leaves them out."
                self._warned = True
                self.query_one("#leak-mine", Input).focus()
        if wrong:
            self.query_one("#leak-wrong", Static).update(wrong)
            return
        self.dismiss(Places(typed["targets"], typed["logs"], typed["sites"]))


class Wish(NamedTuple):
    """What was asked for: ``closed`` or ``accept`` (with the rows' keys), ``again``, ``search``, ``person``,
    ``beside`` (another service's secret was replaced), ``copy`` (what to look for elsewhere)."""

    verb: str
    keys: tuple[str, ...] = ()


class LeaksScreen(Dialog[Wish]):
    """Shows how it leaked: the sentences, every leak as it stands now, what to do about the one highlighted.

    ``safe`` hides people.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "wish('closed')", "Closed by hand", id="leaks.closed", show=False),
        Binding("n", "wish('search')", "Search", id="leaks.new", show=False),
        Binding("r", "wish('again')", "Search again", id="leaks.again", show=False),
        Binding("y", "wish('accept')", "Accept", id="leaks.accept", show=False),
        Binding("p", "wish('person')", "Ask a person", id="leaks.ask", show=False),
        Binding("t", "wish('beside')", "Another's secret was replaced", id="leaks.beside", show=False),
        Binding("e", "wish('copy')", "Copy what to look for", id="leaks.copy", show=False),
    ]

    def __init__(
        self,
        found: Sequence[Leak],
        told: Sequence[str],
        *,
        ascii_mode: bool = False,
        safe: Callable[[str], str] = str,
    ) -> None:
        super().__init__(classes="leaks-screen")
        self._safe = safe
        self._found = {one.key: one for one in found}
        self._told = told
        self._status = words("", id="leaks-status")
        self._table = TellingTable(COLUMNS, ascii_mode=ascii_mode, id="leaks-table")
        self._detail = words("", id="leaks-detail")

    def compose(self) -> ComposeResult:
        """Sentences, progress, table, the highlighted leak, keys."""
        with Vertical(classes="dialog-box -tall -wide"):
            yield title("How it leaked")
            with TextScroll(classes="dialog-scroll"):
                yield words(
                    plain(self._safe("\n".join(self._told)) or "Nothing was searched yet: n searches."),
                    id="leaks-told",
                )
            yield self._status
            yield self._table
            with TextScroll(classes="dialog-scroll"):
                yield self._detail
            yield words(self._keys(), classes="dialog-keys", id="leaks-keys")

    def on_mount(self) -> None:
        """Fill the table."""
        self._fill()
        self._table.focus()

    def _keys(self) -> str:
        """Return what the keys do: in whole words where there is room for them."""
        return KEYS if self.app.size.width >= ROOMY else KEYS_SHORT

    def on_resize(self) -> None:
        """Say the keys in as many words as there is room for."""
        self.query_one("#leaks-keys", Static).update(self._keys())

    def show(self, found: Sequence[Leak], told: Sequence[str]) -> None:
        """Show newer results."""
        self._found = {one.key: one for one in found}
        self._told = told
        self.query_one("#leaks-told", Static).update(plain(self._safe("\n".join(told))))
        self._status.update("")
        self._fill()

    def progress(self, line: str) -> None:
        """Show how a search goes."""
        self._status.update(visible(self._safe(line), 200))

    def _fill(self) -> None:
        # Half of a short screen belongs to the words: what to do is more than that something was found.
        self._table.styles.height = min(len(self._found), max(4, self.app.size.height // 4)) + 1
        self._table.set_rows(reworded(_row(one), self._safe) for one in self._found.values())
        self._write(self._table.cursor_key)

    @on(KeyedTable.Highlighted)
    def _highlighted(self, event: KeyedTable.Highlighted) -> None:
        self._write(event.key)

    def _write(self, key: str | None) -> None:
        one = self._found.get(key or "")
        if one is None:
            self._detail.update("")
            return
        lines = [one.title, *one.why, *(f"at {place}" for place in one.where), f"To do: {one.todo}"]
        self._detail.update(plain(self._safe("\n".join(lines))))

    @on(KeyedTable.Opened)
    def _opened(self) -> None:
        # Enter never says that something is closed: it goes on to the next one.
        keys = list(self._found)
        here = keys.index(self._table.cursor_key) if self._table.cursor_key in keys else -1
        if keys:
            self._table.move_cursor(keys[(here + 1) % len(keys)])

    def action_wish(self, verb: str) -> None:
        """Leave with what was asked for: of the selected rows, else of the one under the cursor."""
        keys = tuple(self._table.chosen_keys)
        if verb in ("accept", "closed") and not keys:
            self.app.bell()
            self.say("no leak to say it of: n searches")
            return
        self.dismiss(Wish(verb, keys))


def _ending(place: str) -> str:
    """Return a place by what tells it from others: its last folder and file. The whole stands below the table."""
    path = place.partition(" (commit ")[0]
    cut, *ending = path.rsplit("/", 2)
    return f"…/{'/'.join(ending)}" if cut and len(ending) == 2 else path


def _row(one: Leak) -> TableRow:
    words_ = [one.live, "still exposed" if one.exposed else "", one.decision]
    state = ", ".join(word for word in words_ if word) or "open"
    tone = "ok" if not one.open else "bad" if one.severity == "high" else "warn"
    return TableRow(
        one.key,
        (
            Cell(one.severity, "bad" if one.severity == "high" and one.open else "dim"),
            Cell(one.name),
            Cell(state, tone),
            Cell(_ending(one.where[0]) if one.where else "", "dim"),
        ),
        markable=one.open,
    )
