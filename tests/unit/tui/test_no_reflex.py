"""Enter alone judges, attests and deletes nothing: every dialog that offers answers opens on one that changes nothing.

The dialogs are found in the source, so that a new one takes part: its first answer must be named here, and why.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import workbench.tui
from workbench.tui.screens.lists import Verb

# What a dialog may open on: it leaves all as it is, or goes on to a question or a plan that has a confirmation.
HARMLESS = {
    "later": "asked again",
    "no": "nothing happens",
    "on": "share-safe stays on",
    "keep": "not judged",
    "back": "closed first",
    "nothing": "nothing is recorded",
    "again": "tries again to store the same secret",
    "stay": "the program goes on",
    "other": "the address is asked next, then a plan",
}
# Verbs of lists that record somebody's word or take something away: named keys, counted where they are about several.
RECORDING = {"intruder", "ours", "removed", "done", "unneeded"}
SOURCES = sorted(Path(workbench.tui.__file__).parent.rglob("*.py"))


def calls(name: str) -> Iterator[tuple[str, list[ast.Call]]]:
    """Yield each tuple or list in the source whose first element makes a ``name``, with those elements."""
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        if f"{name}(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Tuple | ast.List):
                made = [e for e in node.elts if isinstance(e, ast.Call) and getattr(e.func, "id", "") == name]
                if made and made[0] is node.elts[0]:
                    yield f"{path.name}:{node.lineno}", made


def first(call: ast.Call, place: int = 0) -> str:
    """Return a literal argument of a call, empty where it is none."""
    found = call.args[place] if len(call.args) > place else None
    return found.value if isinstance(found, ast.Constant) and isinstance(found.value, str) else ""


def test_every_dialog_opens_on_an_answer_that_changes_nothing() -> None:
    asked = dict(calls("Choice"))
    assert len(asked) >= 9
    wrong = {where: first(made[0]) for where, made in asked.items() if first(made[0]) not in HARMLESS}
    assert not wrong, wrong


def test_no_list_records_anything_by_enter() -> None:
    lists = dict(calls("Verb"))
    assert len(lists) >= 5
    for where, made in lists.items():
        for one in made:
            judges = any(k.arg == "judges" and getattr(k.value, "value", False) is True for k in one.keywords)
            assert not (first(one) == "enter" and judges), where
            assert first(one, 1) not in RECORDING or judges, f"{where}: {first(one, 1)}"
    assert Verb("y", "ours", "yours", judges=True).judges


def test_enter_alone_leads_out_of_every_list() -> None:
    lists = dict(calls("Verb"))
    stuck = [where for where, made in lists.items() if first(made[0]) != "enter"]
    assert not stuck, f"Enter goes in a circle there: {stuck}"
