"""Documents nested without end: refused, and nothing of somebody else's runs at their bottom."""

from __future__ import annotations

import gc
import json
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from workbench.core.json_text import read_json

NESTED = b"[" * 50_000


class _Loop:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def eager_collector() -> Iterator[list[object]]:
    """The collector at every allocation; yields what went wrong where nobody could catch it."""
    failed: list[object] = []
    before, hook = gc.get_threshold(), sys.unraisablehook
    sys.unraisablehook = lambda args: failed.append(args.exc_type)
    gc.collect()
    gc.set_threshold(1, 1, 1)
    yield failed
    gc.set_threshold(*before)
    sys.unraisablehook = hook


def test_no_finalizer_runs_at_the_bottom_of_a_document_without_end(eager_collector: list[object]) -> None:
    ended: list[int] = []

    def down(level: int) -> object:
        """What a decoder does with such a document, and others' garbage falling due meanwhile."""
        weakref.finalize(_Loop(), ended.append, level)
        return [down(level + 1)]

    with pytest.raises(ValueError, match="nested too deep"):
        read_json(NESTED, lambda _: down(0))
    gc.collect()
    assert eager_collector == []
    assert len(ended) > 100
    assert gc.isenabled()


@pytest.mark.parametrize("decode", [msgspec.json.decode, json.loads])
def test_a_document_nested_without_end_is_refused(decode: Callable[[Any], Any]) -> None:
    with pytest.raises(ValueError, match="nested too deep"):
        read_json(NESTED, decode)


def test_a_document_is_read_and_what_is_none_is_refused() -> None:
    assert read_json(b'{"a": [1, 2]}') == {"a": [1, 2]}
    assert read_json(b'{"a": 1}', msgspec.json.Decoder(dict[str, int]).decode) == {"a": 1}
    for text in (b"", b"{", b"\xff"):
        with pytest.raises(ValueError):
            read_json(text)


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        read_json(b"[]")
        assert not gc.isenabled()
    finally:
        gc.enable()
