"""What is to be done now, and when nothing is: who is waited for, and until when. Pure.

The most urgent thing leads: an open alarm that something can be done about, a change that was begun and is not
over, then the steps in their order. A step that waits for somebody else stands back; only when every step that is
left does, waiting is what the guide says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from workbench.core.words import plural
from workbench.domain.detection import alarms
from workbench.domain.model import interruption
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Alarm
from workbench.domain.runbook.runbook import StepView, Verdict

ALARMS, FINISH, LOOK = "alarms.show", "finish", "refresh"
CLOSED = (Verdict.DONE, Verdict.ATTESTED, Verdict.NOT_APPLICABLE)
_WAITING = (Verdict.OPEN, Verdict.IN_PROGRESS)


class Kind(StrEnum):
    """What leads: an alarm, something half-done, a step, waiting for others, or the end."""

    ALARM = "alarm"
    FINISH = "finish"
    STEP = "step"
    WAIT = "wait"
    END = "end"


@dataclass(frozen=True, slots=True)
class Lead:
    """The one thing that is next. ``step`` is the id of the step it belongs to, ``""`` where it is no step.

    ``action`` is the catalogue's action that Enter does, ``title`` and ``happens`` say it in words. ``waits`` holds a
    sentence for each step that waits: whom for, until when.
    """

    kind: Kind
    step: str
    action: str
    title: str
    happens: str
    waits: tuple[str, ...] = ()


def lead(situation: Situation, steps: Sequence[StepView], *, running: bool = False) -> Lead:
    """Return what is next. ``running`` says that a plan runs now: what it has not reached yet is not half-done."""
    waits = waiting(steps)
    if urgent := actionable(situation):
        more = f", and {len(urgent) - 1} more" if len(urgent) > 1 else ""
        happens = f"{urgent[0].text}{more}. The list says what to do about each."
        return Lead(Kind.ALARM, "", ALARMS, f"{plural(len(urgent), 'alarm')} first", happens, waits)
    if not running and (words := half_done(situation)):
        happens = f"{words} The account is asked what became of it, and the rest is done as it was confirmed."
        return Lead(Kind.FINISH, "", FINISH, "Finish what was begun", happens, waits)
    step = next((one for one in steps if one.id == next_of(steps)), None)
    if step is None:
        return Lead(Kind.END, "", LOOK, "Every step is closed", "Enter reads the account once more.", waits)
    if step.idle or step.verdict is Verdict.BLOCKED:
        happens = "Nothing is left for you to do now. Enter looks again."
        return Lead(Kind.WAIT, step.id, LOOK, "Waiting for others", happens, waits)
    return Lead(Kind.STEP, step.id, step.next_action, step.title, step.happens, waits)


def waiting(steps: Sequence[StepView]) -> tuple[str, ...]:
    """Return one sentence for each step that waits for others or cannot be judged: whom for, until when."""
    told = []
    for step in steps:
        if step.verdict is Verdict.BLOCKED:
            why = step.evidence[0] if step.evidence else "it cannot be judged"
            told.append(f"Step {step.id} is blocked: {why}; it is read again every minute")
        elif step.idle and step.verdict in _WAITING:
            told.append(
                f"Step {step.id} waits for {step.waits or f'{step.who}; it is read again every minute'}"
            )
    return tuple(told)


def actionable(situation: Situation) -> list[Alarm]:
    """Return the open alarms about which something can be done here and now, the newest first.

    What only a person can judge or only the control panel can end belongs to the steps 1b and 6.
    """
    return [one for one in alarms.open_alarms(situation) if alarms.remedy(situation, one) not in _BY_HAND]


_BY_HAND = ("", "pane.users")


def half_done(situation: Situation) -> str:
    """Return where a run that ended before its time stands, empty where nothing waits to be gone on with.

    What is done and was looked at in vain is not half-done: going on would only look in vain again.
    """
    left = [r for r in situation.state.unfinished if r.open or r.attempts == 0 or not r.tried_at]
    return interruption.interrupted(situation.state) if left else ""


def next_of(steps: Sequence[StepView]) -> str:
    """Return the id of the step to do next: the first that needs the operator, then one that is waited for.

    A blocked step comes after the open ones, a step that waits for others after both.
    """
    for wanted, idle in ((_WAITING, False), ((Verdict.BLOCKED,), False), (_WAITING, True)):
        for step in steps:
            if step.verdict in wanted and step.idle is idle:
                return step.id
    return ""
