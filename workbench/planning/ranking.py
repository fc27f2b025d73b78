"""What several actions share: how the worst is cut first, and the words of a plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import count
from typing import TypeVar

from workbench.core.errors import UsageError
from workbench.core.words import listed, plural
from workbench.domain.model.credential_use import PRODUCTION, CredentialUses
from workbench.domain.model.effect_params import ShownUse
from workbench.domain.model.plan import RANK_ABUSE, Effect, EffectState
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.domain.runbook.handover import use_words, uses

# Ranks: the executor cuts the highest first. What sends abuse is above what could send it.
RANK_STRANGER = 800
RANK_OWN = 700
RANK_ADMIN = 500
RANK_KEY = 400
RANK_LOGIN = 300
RANK_PURGE = 100
RANK_LIMIT = 90

# What is said where everything an action does is done already.
NOTHING_LEFT = "There is nothing left to do here."

__all__ = [
    "NOTHING_LEFT",
    "NothingToDo",
    "came_back",
    "chosen",
    "harm",
    "listed",
    "once_more",
    "plural",
    "rank_of",
    "seen",
    "used",
]

T = TypeVar("T")


class NothingToDo(UsageError):
    """Everything that was asked for is done already; ``left_out`` says what was left as it is, and why."""

    def __init__(self, what: str, means: str = "", todo: str = "", *, left_out: Iterable[str] = ()) -> None:
        super().__init__(what, means, todo)
        self.left_out = tuple(left_out)


def once_more(state: State, effect: Effect) -> Effect:
    """Return the effect as one of its own where this incident carried the same out already.

    An effect that is begun and not over is returned as it is: planning it twice must not do it twice.
    """
    # What told the effect apart from others on the same target goes on doing so.
    base = f"{effect.params.instance} " if effect.params.instance else ""
    for turn in count(2):
        known = state.effects.get(effect.id)
        if known is None or known.state not in (EffectState.DONE, EffectState.VERIFIED):
            return effect
        effect = replace(effect, params=effect.params.once_more(f"{base}{turn}"))
    raise AssertionError("count() does not end")


def came_back(state: State, effect: Effect, kind: str) -> bool:
    """Return whether what an effect deleted is there again; the watch said so (``kind`` is its slice)."""
    known = state.effects.get(effect.id)
    return known is not None and f"back:{kind}:{effect.target}:{known.done_at}" in state.alarms


def chosen(marked: Collection[str], held: dict[str, T], what: str) -> list[T]:
    """Return the marked items of a kind, or all of them when nothing is marked.

    Raises UsageError when marks exist but none of them is of this kind.
    """
    if not marked:
        return list(held.values())
    found = [held[item] for item in marked if item in held]
    if not found:
        raise UsageError(
            f"Nothing selected is {what}.",
            "This action works on the selected rows, or on all when none is selected.",
            "Select rows with space, or clear the selection with a.",
        )
    return found


def harm(situation: Situation, credential: str) -> int:
    """Return how many messages a credential sent in the last hour, by the logs read so far; 0 when unknown.

    What looks like production alone counts as none: it is cut in its turn, not before what sends abuse.
    """
    use = uses(situation.state).get(credential)
    return 0 if use is None or use.looks == PRODUCTION else use.last_hour


def used(situation: Situation, credential: str) -> ShownUse | None:
    """Return the use of a credential for the plan screen, None where none is known."""
    use = uses(situation.state).get(credential)
    if use is None:
        return None
    return ShownUse(
        last_hour=use.last_hour,
        last_used=use.last_used,
        addresses=use.addresses,
        more_addresses=use.more_addresses,
        strange=use.strange,
        looks=use.looks,
    )


def seen(situation: Situation, credential: str) -> str:
    """Return the use of a credential in one sentence, or that nobody has read it yet."""
    if situation.state.fact(CredentialUses) is None:
        return "who sends is not read yet"
    return use_words(uses(situation.state).get(credential))


def rank_of(base: int, volume: int) -> int:
    """Return the rank of a credential: what sends most now is cut first, whatever it is."""
    return RANK_ABUSE + volume if volume > 0 else base
