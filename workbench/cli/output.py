"""Standard output is for the result, standard error for everything else.

A result that cannot be written is an error that is said: a script that reads half a document must not go on.
What goes to standard error is help only; where nobody can read it any more, the work goes on without it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from workbench.core.errors import OutputError, WorkbenchError
from workbench.core.redact import visible


def document(values: Mapping[str, Any]) -> None:
    """Write one JSON document and nothing else to standard output; raises OutputError, BrokenPipeError."""
    _write(json.dumps(values, ensure_ascii=False, indent=2) + "\n")


def line(values: Mapping[str, Any]) -> None:
    """Write one JSON document on a line of its own to standard output; raises OutputError, BrokenPipeError."""
    _write(json.dumps(values, ensure_ascii=False) + "\n")


def text(lines: str) -> None:
    """Write the readable result to standard output; raises OutputError, BrokenPipeError."""
    _write(lines if lines.endswith("\n") else lines + "\n")


def say(line: str) -> None:
    """Write one line of progress or a message to standard error, where somebody can read it."""
    if sys.stderr is None:
        return
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(visible(line, 2000) + "\n")
        sys.stderr.flush()


def explain(error: WorkbenchError) -> None:
    """Write an error as its three sentences, each on a line of its own."""
    for part in (error.what, error.means, error.todo):
        if part:
            say(part)


def abandon() -> None:
    """Give standard output up: what is left in its buffer would fail once more when the process ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)


def _write(whole: str) -> None:
    if sys.stdout is None:
        raise OutputError("Standard output is closed.")
    try:
        sys.stdout.write(whole)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"Standard output cannot be written ({error.strerror}).") from None
