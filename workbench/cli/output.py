"""Standard output is for the result, standard error for everything else."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from workbench.errors import WorkbenchError
from workbench.redact import visible


def document(values: Mapping[str, Any]) -> None:
    """Write one JSON document and nothing else to standard output."""
    sys.stdout.write(json.dumps(values, ensure_ascii=False, indent=2))
    sys.stdout.write("\n")
    sys.stdout.flush()


def text(lines: str) -> None:
    """Write the readable result to standard output."""
    sys.stdout.write(lines if lines.endswith("\n") else lines + "\n")
    sys.stdout.flush()


def say(line: str) -> None:
    """Write one line of progress or a message to standard error."""
    sys.stderr.write(visible(line, 2000) + "\n")
    sys.stderr.flush()


def explain(error: WorkbenchError) -> None:
    """Write an error as its three sentences, each on a line of its own."""
    for part in (error.what, error.means, error.todo):
        if part:
            say(part)
