"""Standard input, output and error as commands use them: each may be closed (``<&-``), and Python then holds None."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TextIO

from workbench.core.errors import UsageError


def on_terminal(stream: TextIO | None) -> bool:
    """Return whether a stream is there and is a terminal."""
    return stream is not None and stream.isatty()


def read_line() -> str:
    """Return one line of standard input without blanks around it; raises UsageError as ``read_all``."""
    return _text(lambda stream: stream.readline()).strip()


def read_all() -> str:
    """Return what standard input holds; UsageError where it is closed or no text.

    Bytes that are no text come as lone surrogates where the locale is C or POSIX: no vault and no header takes them.
    """
    return _text(lambda stream: stream.read())


def read_whatever(limit: int) -> str:
    """Return at most ``limit`` characters however they are encoded: what is no UTF-8 is replaced, as in a file."""
    stream = _there()
    raw = getattr(stream, "buffer", None)
    return raw.read(limit).decode("utf-8", "replace") if raw is not None else stream.read(limit)


def _there() -> TextIO:
    if sys.stdin is None:
        raise UsageError("Standard input is closed.", "Nothing can be read from it.", "Pipe the value to it.")
    return sys.stdin


def _text(read: Callable[[TextIO], str]) -> str:
    try:
        found = read(_there())
        found.encode()
    except UnicodeError:
        raise UsageError(
            "Standard input is not UTF-8 text.", "Nothing was taken from it.", "Copy the value again."
        ) from None
    return found
