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

from workbench.cli.streams import on_terminal
from workbench.core.errors import OutputError, UsageError, WorkbenchError
from workbench.core.redact import json_escaped, masked, visible


class _Said:
    """What this command has told so far, apart from its result."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.documents = 0


_said = _Said()


def begin() -> None:
    """Forget what a command before this one told (tests run many in one process)."""
    global _said
    _said = _Said()


def wrote_a_document() -> bool:
    """Return whether a JSON document went out already."""
    return _said.documents > 0


def document(values: Mapping[str, Any]) -> None:
    """Write one JSON document and nothing else to standard output; raises OutputError, BrokenPipeError.

    What was warned of stands in it, so that no script reads a result without what it rests on.
    """
    whole = {**values, "warnings": list(_said.warnings)} if _said.warnings else values
    _write(_harmless(json.dumps(whole, ensure_ascii=False, indent=2)) + "\n")
    _said.documents += 1


def line(values: Mapping[str, Any]) -> None:
    """Write one JSON document on a line of its own to standard output; raises OutputError, BrokenPipeError."""
    _write(_harmless(json.dumps(values, ensure_ascii=False)) + "\n")
    _said.documents += 1


def warn(words: str) -> None:
    """Say once, before anything else, what the result must not be read without; documents carry it as well."""
    if words not in _said.warnings:
        _said.warnings.append(words)
        say(f"WARNING: {words}")


def warned() -> bool:
    """Return whether anything was warned of."""
    return bool(_said.warnings)


def failed(error: WorkbenchError, code: int) -> None:
    """Write the document of a command that has no result to write: what happened, what it means, what to do."""
    document(
        {
            "schema": "workbench.error/1",
            "incident": None,
            "exit": code,
            "error": {
                "kind": type(error).__name__,
                "what": visible(error.what, 2000),
                "means": visible(error.means, 2000),
                "todo": visible(error.todo, 2000),
            },
        }
    )


def _harmless(dumped: str) -> str:
    """Return JSON text whose strings hold the same values and draw nothing: what could hide is an escape in it.

    The last gate: outside text may hold a live key, whatever document it came in; what has its shape is masked.
    """
    return json_escaped(masked(dumped))


def text(lines: str) -> None:
    """Write the readable result to standard output; raises OutputError, BrokenPipeError."""
    _write(masked(lines if lines.endswith("\n") else lines + "\n"))


def write_exactly(value: str) -> None:
    """Write a value and nothing else (a line end on a terminal); raises OutputError where it did not get out."""
    try:
        _write(value + "\n" if on_terminal(sys.stdout) else value)
    except (BrokenPipeError, UnicodeEncodeError):
        raise OutputError("Whoever was to read it from standard output has gone.") from None


def refuse_terminal(reveal: bool, why: str) -> None:
    """Raise UsageError where what is handed out would stand on a terminal, unless --reveal asked for that."""
    if on_terminal(sys.stdout) and not reveal:
        raise UsageError(
            "Standard output is a terminal.", why, "Pipe it where it is needed, or add --reveal."
        )


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
