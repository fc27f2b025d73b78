"""The allocator keeps what it begins with, and a C library that has no such setting is no error."""

from __future__ import annotations

import ctypes
import platform
import weakref
from types import SimpleNamespace
from typing import Any

import pytest

from workbench import cli
from workbench.__main__ import main
from workbench.cli import screen
from workbench.cli.parser import build_parser
from workbench.core import allocator
from workbench.execution.progress import PlanStarted
from workbench.session.events import Changed, Events


@pytest.fixture(autouse=True)
def asked_anew() -> None:
    """Forget that it was asked already."""
    allocator.keep_thresholds.cache_clear()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is glibc's")
def test_glibc_takes_the_threshold() -> None:
    assert allocator.keep_thresholds()


def test_a_c_library_without_it_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not allocator.keep_thresholds()


def test_it_is_asked_before_anything_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(allocator, "keep_thresholds", lambda: order.append("allocator"))
    monkeypatch.setattr(cli, "run", lambda arguments: order.append("run"))
    with pytest.raises(SystemExit):
        main()
    assert order == ["allocator", "run"]


async def test_what_is_there_at_the_start_and_before_every_cut_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left: list[str] = []
    events = Events()
    session: Any = SimpleNamespace(recorder=events)
    monkeypatch.setattr(screen, "leave_alone", lambda: left.append("alone"))

    async def open_session() -> Any:
        return session

    assert await screen._settled(open_session)() is session and left == ["alone"]
    events.tell(Changed("keys"))
    assert left == ["alone"]
    events.tell(PlanStarted("Cut all access", 3))
    assert left == ["alone", "alone"]


def test_giving_back_is_no_error_where_nothing_can_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    allocator.give_back()
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    allocator.give_back()


async def test_the_parser_is_let_go_before_all_that_is_there_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order: list[str] = []
    parser = weakref.ref(build_parser())
    monkeypatch.setattr(screen, "leave_alone", lambda: order.append("alone" if parser() is None else "kept"))

    async def open_session() -> Any:
        return SimpleNamespace(recorder=Events())

    await screen._settled(open_session)()
    assert order == ["alone"]
