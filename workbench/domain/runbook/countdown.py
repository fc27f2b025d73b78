"""Running timers in words: whose, what for, how many minutes are left. Pure."""

from __future__ import annotations

from datetime import timedelta

from workbench.core.redact import short_address, visible
from workbench.core.words import listed, together
from workbench.domain.model.situation import Situation
from workbench.domain.runbook import claims, deadlines, user_actions
from workbench.domain.runbook.handover import Kept, kept

SOON = timedelta(hours=1)  # a later proof is no news for the top line
_NAMED = 3  # of the hand-overs with the same time left


def named(situation: Situation, timer: deadlines.Timer) -> str:
    """Return what a timer is of: ``hand-over of prod-web``, ``password link of a.b@…``, ``proof``."""
    if timer.kind == deadlines.HAND_OVER:
        return f"hand-over of {credential(situation, timer)}"
    if timer.kind in (user_actions.LINK, user_actions.TOLD):
        item = situation.inventory.users.get(timer.subject)
        who = short_address(item.user.email or item.user.name or item.id) if item is not None else "a user"
        what = "password link" if timer.kind == user_actions.LINK else "answer"
        return f"{what} of {visible(who, 40)}"
    return "proof that it stays dead" if timer.kind == deadlines.PROOF else visible(timer.text, 60)


def credential(situation: Situation, timer: deadlines.Timer) -> str:
    """Return what the credential that waits for its hand-over is called: ``prod-web``, ``app@mg.acme.example``."""
    kind, _, target = timer.subject.partition(":")
    key = situation.inventory.keys.get(target) if kind == "key" else None
    return visible(key.plain_name if key is not None else target, 40)


def lines(situation: Situation, found: list[deadlines.Timer]) -> tuple[str, ...]:
    """Return what runs, the next one due first; hand-overs with the same time left are one line that counts them."""
    told: dict[str, list[str]] = {}
    for timer in found:
        if timer.kind == deadlines.HAND_OVER:
            told.setdefault(left(timer), []).append(credential(situation, timer))
        else:
            told.setdefault(f"{named(situation, timer)}: {left(timer)}", [])
    return tuple(f"hand-over of {_counted(names)}: {said}" if names else said for said, names in told.items())


def _counted(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} ({listed(names, _NAMED)})"


def left(timer: deadlines.Timer) -> str:
    """Return how long a timer still runs (see ``claims.left``): ``24 min left``, ``time is up``."""
    span = claims.left(timer.left)
    return f"{span} left" if span else "time is up"


def short(situation: Situation, found: list[deadlines.Timer]) -> str:
    """Return the next timer for the top line and how many more there are, ``""`` where none is near."""
    near = [t for t in found if t.kind != deadlines.PROOF or t.left <= SOON]
    if not near:
        return ""
    more = f" (+{len(near) - 1})" if len(near) > 1 else ""
    return f"{named(situation, near[0])}: {left(near[0])}{more}"


def question(items: list[Kept], names: list[str]) -> str:
    """Return what is asked when the time of kept credentials is up; what is the same for several is said once."""
    lines = [
        f"- {line}"
        for line in together(f"{name}: {item.why}" for item, name in zip(items, names, strict=True))
    ]
    return "\n".join(
        (
            "Until they are ended the old credentials work, for the intruder too if they were stolen:",
            *lines[:8],
            *([f"- and {len(lines) - 8} more"] if len(lines) > 8 else []),
        )
    )


def due(situation: Situation, found: list[deadlines.Timer]) -> list[tuple[deadlines.Timer, Kept]]:
    """Return the hand-overs whose time is up, each with the credential that is kept for it."""
    held = {item.credential: item for item in kept(situation)}
    return [
        (timer, held[timer.subject])
        for timer in found
        if timer.kind == deadlines.HAND_OVER and timer.over and timer.subject in held
    ]
