"""The question whether lists whose terms wait for a yes are asked: it names the terms, and only a yes asks."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from workbench.blocklists.catalogue import load
from workbench.blocklists.zones import Tier
from workbench.tui.controllers.blocklists import BlocklistsController
from workbench.tui.screens.choices import Picked

WAITING = tuple(zone for zone in load().switched_off() if zone.tier <= Tier.SOME and not zone.key_name)


class Asked:
    """A screen that shows one question, and a session that remembers what was accepted and asked."""

    def __init__(self) -> None:
        self.accepted: list[list[str]] = []
        self.rounds = 0
        self.work: list[Callable[[], Any]] = []
        self.screen: Any = None
        self.account = self
        work = SimpleNamespace(start=self._start)
        ui: Any = SimpleNamespace(push=self._push, safe=lambda words: words, work=work)
        unused: Any = None
        BlocklistsController(ui, unused, unused, unused).terms(cast(Any, self))

    @property
    def blocklists(self) -> Any:
        """Return the watch over listings."""
        return SimpleNamespace(acceptable=lambda: WAITING, accept=self._accept)

    async def check_blocklists(self) -> None:
        """Count the rounds."""
        self.rounds += 1

    async def answer(self, picked: Picked | None) -> None:
        """Answer the question, and let what it started run to its end."""
        self.answered(picked)
        for work in self.work:
            await work()

    async def _accept(self, names: list[str]) -> None:
        self.accepted.append(names)

    def _start(self, work: Callable[[], Any], **_: object) -> None:
        self.work.append(work)

    def _push(self, screen: Any, answered: Callable[[Picked | None], None]) -> None:
        self.screen, self.answered = screen, answered


def test_every_list_is_named_with_the_address_of_its_terms_and_the_first_answer_is_no() -> None:
    screen = Asked().screen
    assert WAITING
    for zone in WAITING:
        address = zone.owner.terms_page or zone.owner.page
        assert address.startswith("https://")
        assert f"{zone.title}: {zone.terms_note}. Terms: {address}" in screen._text
    assert [one.id for one in screen._choices] == ["no", "all", *(zone.name for zone in WAITING)]


@pytest.mark.parametrize("picked", [None, Picked("no")], ids=["Esc", "not now"])
async def test_without_a_yes_nothing_is_asked(picked: Picked | None) -> None:
    asked = Asked()
    await asked.answer(picked)
    assert (asked.accepted, asked.rounds) == ([], 0)


@pytest.mark.parametrize("only", [None, WAITING[0].name], ids=["all of them", "one"])
async def test_a_yes_is_recorded_before_the_lists_are_asked(only: str | None) -> None:
    asked = Asked()
    await asked.answer(Picked(only or "all"))
    assert asked.accepted == [[only] if only else [zone.name for zone in WAITING]]
    assert asked.rounds == 1
