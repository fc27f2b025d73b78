"""A plan on the terminal: shown whole, and confirmed by its size."""

from __future__ import annotations

import sys

from workbench.cli import tables
from workbench.cli.output import say
from workbench.cli.streams import on_terminal, read_line
from workbench.core.errors import UsageError
from workbench.core.words import together
from workbench.domain.model.plan import Plan


def confirm(planned: Plan, begun: int = 0) -> None:
    """Show the plan and have its size typed; raises UsageError without a terminal or with another answer."""
    if not on_terminal(sys.stdin):
        raise UsageError(
            "This changes the account and there is no terminal to confirm on.",
            "Nothing was done.",
            "Add --yes to do it, or --dry-run to see the plan.",
        )
    for shown in tables.plan(planned).splitlines():
        say(shown)
    for effect in sorted(planned, key=lambda e: -e.rank)[:10]:
        if effect.params.use is not None:
            say(f"- {effect.what}: {effect.why}")
    for note in (*planned.notes, *together(planned.left_out)):
        say(f"- {note}")
    count = len(planned.effects) + begun
    say(
        f"{len(planned.irreversible)} of these cannot be undone. Type {count} to do it, anything else to leave."
    )
    if read_line() != str(count):
        raise UsageError("Not confirmed.", "Nothing was done.", "")
