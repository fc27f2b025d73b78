"""A reading that a key asks for says at once that it began, and a second press begins no second one."""

from __future__ import annotations

import ast
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import workbench.tui.controllers
from workbench.domain.runbook.put_off import LEFT
from workbench.tui.controllers.base import Controller

CONTROLLERS = sorted(Path(workbench.tui.controllers.__file__).parent.glob("*.py"))
# What is begun by a key elsewhere says so in words of its own, or is short and records what somebody just said.
READINGS = {
    "preserve",
    "blocklists.check",
    "mail.fetch",
    "mail.show",
    "mail.clicked",
    "mail.lost",
    "report",
    "people",
}


class Screen:
    """A screen that remembers what was said, begun and heard of its end."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.begun: list[Callable[[], Awaitable[object]]] = []
        self.groups: set[str] = set()
        self.work = SimpleNamespace(start=self._start, running=lambda group: group in self.groups)

    def tell(self, text: str) -> None:
        """Remember what was said."""
        self.told.append(text)

    def _start(self, work: Callable[[], Awaitable[object]], *, group: str, **_: object) -> None:
        self.begun.append(work)
        self.groups.add(group)


async def _reading() -> None:
    pass


def test_a_press_is_answered_at_once_and_a_second_one_begins_nothing() -> None:
    screen, unused = Screen(), SimpleNamespace()
    any_screen: Any = screen
    nobody: Any = unused
    controller = Controller(any_screen, nobody, nobody, nobody)
    for _ in range(3):
        controller.begin_reading(_reading, group="preserve", doing="preserving evidence")
    assert len(screen.begun) == 1
    again = "Preserving evidence: under way already; it says when it is done."
    assert screen.told == ["Preserving evidence…", again, again]
    screen.groups.clear()
    controller.begin_reading(_reading, group="preserve", doing="preserving evidence")
    assert len(screen.begun) == 2


def test_every_reading_that_a_key_asks_for_begins_that_way_in_a_group_of_its_own() -> None:
    groups = []
    for path in CONTROLLERS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "begin_reading":
                words = {keyword.arg: keyword.value for keyword in node.keywords}
                # What it came to is said by whoever asked for it.
                assert "then" in words, f"{path.name}:{node.lineno}"
                group = words["group"]
                assert isinstance(group, ast.Constant)
                groups.append(str(group.value))
    assert sorted(groups) == sorted(READINGS)


def test_what_can_be_put_off_has_words_for_what_is_left() -> None:
    asked = set()
    for path in CONTROLLERS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
            held = node.args[:1] if name == "SentQuestion" else node.args[1:2] if name == "put_off" else []
            asked |= {one.value for one in held if isinstance(one, ast.Constant)}
    assert {"support.update", "people.strangers", "support.message"} <= asked <= set(LEFT)
