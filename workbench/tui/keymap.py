"""Keys, all made from the table of actions: the ids are the actions' own, so a user's keymap can move them.

The footer, the help screen and the tests read the same functions, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from textual.binding import Binding, BindingType
from textual.events import Key

from workbench.core.redact import visible
from workbench.planning.catalog import ACTIONS, Action, Pane
from workbench.tui.widgets.table.keys import TABLE_BINDINGS

FOOTER_KEYS = 7
FIXED = frozenset({"enter", "escape"})
# Words for the footer where the palette's title is too long for it.
_SHORT = {
    "people.message": "message",
    "next.do": "do it",
    "keys.replace": "replace keys",
    "logins.reset": "reset logins",
    "queues.purge": "purge queues",
    "blocklists.check": "check now",
    "blocklists.removal": "way off",
    "share.toggle": "share-safe",
    "help": "help",
    "palette": "commands",
}
_KEY_NAMES = {
    "enter": "Enter",
    "escape": "Esc",
    "question_mark": "?",
    "slash": "/",
    "space": "space",
    "f1": "F1",
    "f2": "F2",
    "f5": "F5",
    "up": "↑",
    "down": "↓",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
}
# Bound by Textual itself under its own name; the catalogue's entry describes it.
BOUND_BY_TEXTUAL = frozenset({"palette"})


class Hint(NamedTuple):
    """A key and its short word, for the footer; ``id`` is the action's or the table binding's."""

    key: str
    words: str
    id: str


def key_name(key: str) -> str:
    """Return a key as people write it: ``ctrl+p`` is ``^p``, ``question_mark`` is ``?``."""
    if key.startswith("ctrl+"):
        return f"^{key.removeprefix('ctrl+')}"
    return _KEY_NAMES.get(key, key)


def pressed_name(key: Key) -> str:
    """Return a pressed key as people write it, a sign as itself."""
    return key_name(key.character if key.is_printable and key.character else key.key)


def elsewhere(key: Key) -> str:
    """Return what a key that means nothing in a pane means in others, in a few words for its title."""
    name = pressed_name(key)
    panes = [pane.value.capitalize() for a in ACTIONS.values() if a.key == key.key for pane in a.panes]
    if not panes:
        return f"{name} means nothing here; ? lists the keys"
    return f"{name} is a key of {' and '.join(panes)}"


def check_keys(wanted: Mapping[str, str]) -> str:
    """Return what is wrong with keys that somebody chose, ``""`` where nothing is.

    Enter and Escape keep their meaning, an action must exist, and no key may mean two things in one pane.
    """
    for name, key in wanted.items():
        if name not in ACTIONS or name in BOUND_BY_TEXTUAL:
            from difflib import get_close_matches  # only where something was mistyped

            near = get_close_matches(name, ACTIONS, 1)
            return f"there is no action {visible(name, 60)}{f' (did you mean {near[0]}?)' if near else ''}"
        if not _is_key(key):
            return f"there is no key {visible(key, 20)}, wanted for {name} (f11, ctrl+t, z, question_mark are some)"
        if key in FIXED or ACTIONS[name].key in FIXED:
            return f"{visible(key, 20)} for {name}: Enter and Escape keep their meaning"
    for pane in Pane:
        taken: dict[str, str] = {}
        for action in ACTIONS.values():
            key = wanted.get(action.id, action.key)
            if not key or not (action.everywhere or pane in action.panes):
                continue
            if key in taken:
                return f"{visible(key, 20)} would be both {taken[key]} and {action.id} in {pane.value}"
            taken[key] = action.id
    return ""


def _is_key(name: str) -> bool:
    """Return whether a terminal can send a key of that name, as the toolkit names keys: ``ctrl+t``, ``f11``."""
    from textual.keys import KEY_NAME_REPLACEMENTS, Keys, key_to_character  # only where keys were chosen

    key = name.rpartition("+")[2] if len(name) > 1 else name
    modifiers = name.split("+")[:-1] if len(name) > 1 else []
    named = {*(one.value for one in Keys), *KEY_NAME_REPLACEMENTS.values()}
    known = len(key) == 1 or key in named or key_to_character(key) is not None
    return bool(key) and known and set(modifiers) <= {"ctrl", "shift", "alt"}


def pane_actions(pane: Pane) -> list[Action]:
    """Return the actions whose key works in one pane only (or in a few, this one among them)."""
    return [a for a in ACTIONS.values() if pane in a.panes]


def global_actions() -> list[Action]:
    """Return the actions that work in every pane."""
    return [a for a in ACTIONS.values() if a.everywhere]


def bindings(actions: Iterable[Action]) -> list[BindingType]:
    """Return one binding for every action that has a key; its id is the action's."""
    return [
        Binding(a.key, f"app.do({a.id!r})", a.title, id=a.id, tooltip=a.does, show=False)
        for a in actions
        if a.key and a.id not in BOUND_BY_TEXTUAL
    ]


def table_hints() -> list[Hint]:
    """Return the keys that every table has."""
    hints = []
    for binding in TABLE_BINDINGS:
        if isinstance(binding, Binding) and binding.id:
            keys = " ".join(key_name(key) for key in binding.key.split(","))
            hints.append(Hint(keys, binding.tooltip or binding.description, binding.id))
    return hints


def footer_hints(pane: Pane, *, running: bool = False) -> list[Hint]:
    """Return at most seven keys for a pane, the pane's own first; the last ones matter least.

    While a plan runs, the key that stops it stands in front.
    """
    hints = [Hint(key_name("escape"), "stop", "stop")] if running else []
    hints += [_hint(a) for a in pane_actions(pane) if a.footer]
    table = [b for b in TABLE_BINDINGS if isinstance(b, Binding) and b.show and b.id]
    if pane not in (Pane.RUNBOOK, Pane.ACTIVITY):
        hints += [Hint(key_name(b.key), b.description.lower(), b.id or "") for b in table]
    common = ["help", "quit", "palette", "share.toggle"]
    hints += [_hint(ACTIONS[i]) for i in common]
    return hints[:FOOTER_KEYS]


def _hint(action: Action) -> Hint:
    words = _SHORT.get(action.id) or action.title.rpartition(": ")[2]
    return Hint(key_name(action.key), words, action.id)
