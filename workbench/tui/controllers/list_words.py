"""The words above a list of findings and what its keys do: what is judged, and what only a person can take away."""

from __future__ import annotations

from workbench.core.words import plural
from workbench.tui.screens.lists import Verb


def to_judge(count: int) -> tuple[str, tuple[Verb, ...]]:
    """Return the words and the verbs of a list of findings that nobody judged yet."""
    return (
        f"{plural(count, 'finding')} to judge. Those that probably are the intruder's are selected; what speaks for it "
        "stands below. Judging changes nothing: a plan that you confirm removes things.",
        (
            Verb("enter", "on", "reads on"),
            Verb("i", "intruder", "the intruder's", judges=True),
            Verb("y", "ours", "yours", judges=True),
            Verb("h", "removed", "removed or repaired by hand", judges=True),
            Verb("d", "one", "judge one, with a reason"),
        ),
    )


def to_repair(count: int) -> tuple[str, tuple[Verb, ...]]:
    """Return the words and the verbs of a list of what only somebody in the control panel can take away."""
    return (
        f"{plural(count, 'thing')} of the intruder's that no call removes or repairs. The reason says what to do in "
        "the control panel; say so here when it is done. Your name and the time are recorded.",
        (
            Verb("enter", "on", "reads on"),
            Verb("h", "removed", "removed or repaired by hand", judges=True),
            Verb("y", "ours", "yours after all", judges=True),
        ),
    )
