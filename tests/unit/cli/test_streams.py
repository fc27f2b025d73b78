"""Streams that are closed or hold no text: an answer in words, never a fault of the program."""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Callable

import pytest

from tests.support.sources import nodes
from workbench.cli import doctor, notice
from workbench.cli.streams import on_terminal, read_all, read_line
from workbench.core.errors import UsageError


@pytest.mark.parametrize("read", [read_line, read_all, lambda: notice._read("-")])
def test_what_is_closed_is_said(read: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UsageError, match="Standard input is closed"):
        read()


@pytest.mark.parametrize("encoding", [("utf-8", "surrogateescape"), ("utf-8", "strict")])
@pytest.mark.parametrize("read", [read_line, read_all])
def test_bytes_that_are_no_text_are_refused_whatever_the_locale_makes_of_them(
    read: Callable[[], object], encoding: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe\n"), *encoding))
    with pytest.raises(UsageError, match="not UTF-8 text"):
        read()


def test_a_notice_is_read_however_it_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"550 gesperrt f\xfcr heute\n"), "utf-8"))
    assert notice._read("-") == "550 gesperrt f\ufffdr heute\n"


def test_a_stream_that_is_closed_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not on_terminal(None)
    monkeypatch.setattr(sys, "stdout", None)
    assert next(doctor._terminal()).verdict == "ok"


def test_no_command_asks_a_stream_that_may_be_closed() -> None:
    asked = [
        f"{path.name}:{node.lineno}"
        for path, node in nodes(r"sys\.std(in|out|err)")
        if path.parent.name == "cli" and path.name not in ("streams.py", "output.py")
        if isinstance(node, ast.Attribute)
        if ast.unparse(node.value) in ("sys.stdin", "sys.stdout")
        and node.attr in ("isatty", "read", "readline")
    ]
    assert asked == []
