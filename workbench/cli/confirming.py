"""A plan on the terminal: shown whole, and confirmed by its size."""

from __future__ import annotations

import sys

from workbench.cli import tables
from workbench.cli.output import say
from workbench.cli.streams import on_terminal, read_line
from workbench.core.errors import UsageError
from workbench.core.words import plural, together
from workbench.domain.model.plan import Plan


def confirm_what_is_new(planned: Plan, before: Plan) -> None:
    """Have a plan that was made anew confirmed again where it holds what the one ``before`` did not.

    What an earlier run left is gone on with first, and may leave more to do than was shown.
    """
    known = {effect.id for effect in before}
    if new := [effect for effect in planned if effect.id not in known]:
        count = plural(len(new), "change was", "changes were")
        say(f"The account is not as it was when you confirmed: {count} not in that plan.")
        confirm(planned, means="What had been confirmed and was done by then stays done.")


def confirm(planned: Plan, begun: int = 0, means: str = "Nothing was done.") -> None:
    """Show the plan and have its size typed; raises UsageError without a terminal or with another answer."""
    if not on_terminal(sys.stdin):
        raise UsageError(
            "This changes the account and there is no terminal to confirm on.",
            means,
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
        raise UsageError("Not confirmed.", means, "")
