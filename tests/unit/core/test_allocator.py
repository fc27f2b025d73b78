"""The allocator keeps what it begins with, and a C library that has no such setting is no error."""

from __future__ import annotations

import ctypes
import platform

import pytest

from workbench import cli
from workbench.__main__ import main
from workbench.core import allocator


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
