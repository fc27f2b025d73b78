"""What is to be done now, and when nothing is: who is waited for, and until when. Pure.

The most urgent thing leads: an account that lets nobody in, an open alarm that something can be done about, a change
that was begun and is not over, then the steps in their order. A step that waits for somebody else stands back; only
when every step that is left does, waiting is what the guide says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from workbench.core.clock import as_moment
from workbench.core.redact import visible
from workbench.core.words import plural
from workbench.domain.detection import alarms
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import TRIES, Alarm, EffectRecord, interrupted
from workbench.domain.runbook.handover import Kept, kept
from workbench.domain.runbook.runbook import Order, StepView, Verdict

ALARMS, FINISH, END_KEPT, LOOK = "alarms.show", "finish", "handover.finish", "refresh"
# Alarms that no call ends: they belong to the steps 1b (the control panel) and 6 (somebody's judgement).
_BY_HAND = ("", "pane.users")
_AGAIN = "it is read again every minute"
_NOTHING = "Nothing is left for you to do now. Enter looks again."
# How long the guide goes on with other things where what was begun met the same trouble every time.
REST = timedelta(minutes=10)
_OF_SEVERAL = {"is": "are", "waits": "wait"}


class GuideKind(StrEnum):
    """What leads: a locked door, an alarm, something half-done, a step, waiting for others, or the end."""

    LOCKED = "locked out"
    ALARM = "alarm"
    FINISH = "finish"
    STEP = "step"
    WAIT = "wait"
    END = "end"


@dataclass(frozen=True, slots=True)
class Lead:
    """The one thing that is next. ``step`` is the id of the step it belongs to, ``""`` where it is no step.

    ``action`` is the catalogue's action that Enter does, ``title`` and ``happens`` say it in words. ``waits`` holds a
    sentence for each step that waits: whom for, until when. ``next_step`` is the step that comes after whatever leads.
    """

    kind: GuideKind
    step: str
    action: str
    title: str
    happens: str
    waits: tuple[str, ...] = ()
    next_step: str = ""

    @property
    def waiting(self) -> bool:
        """Return whether nothing is left for the operator now."""
        return self.kind in (GuideKind.LOCKED, GuideKind.WAIT)

    @property
    def waits_short(self) -> tuple[str, ...]:
        """Return each of ``waits`` as whom for and, where it has a moment, until when: ``step 4: 3 users until …``."""
        return tuple(_shortened(words) for words in self.waits)


def lead(
    situation: Situation, steps: Sequence[StepView], *, running: bool = False, refused: str = ""
) -> Lead:
    """Return what is next.

    ``running`` says that a plan runs now: what it has not reached yet is not half-done. ``refused`` is why nothing of
    the account can be read from here, in words, empty where it can.
    """
    found = _urgent(situation, steps, refused, running=running) or _of_steps(steps)
    if found.kind is GuideKind.END and (old := hardened_and_kept(situation)):
        found = _to_end(len(old), len(kept(situation)) - len(old))
    rests = resting(situation)
    if rests and found.kind is GuideKind.END:
        found = Lead(GuideKind.WAIT, "", LOOK, "Waiting for others", _NOTHING)
    waits = found.waits or (*([rests] if rests else ()), *waiting(steps))
    return replace(found, waits=waits, next_step=next_of(steps))


def _urgent(situation: Situation, steps: Sequence[StepView], refused: str, *, running: bool) -> Lead | None:
    """Return what is more urgent than any step, None where nothing is."""
    if refused:
        told = (f"Waiting for a way in: {visible(refused, 300)} It is tried again every minute.",)
        happens = "Nothing of the account can be read from here. Enter tries again, and says what it meets."
        return Lead(GuideKind.LOCKED, "", LOOK, "The account lets nobody in", happens, told)
    if not running and (inside := back_inside(situation)):
        works = "works" if len(inside) == 1 else "work"
        happens = (
            f"Something appeared after the cut, and {plural(len(inside), 'admin key')} of before still {works}: kept "
            "for the hand-over, and perhaps the way in. One plan ends what is kept; the replacements stand."
        )
        return Lead(GuideKind.ALARM, "", END_KEPT, "Somebody is back: end what was kept", happens)
    if urgent := actionable(situation):
        return _of_alarms(urgent, _strangers(situation, steps))
    if not running and (words := half_done(situation)):
        happens = f"{words} The account is asked what became of it, and the rest is done as it was confirmed."
        return Lead(GuideKind.FINISH, "", FINISH, "Finish what was begun", happens)
    return None


def _of_alarms(urgent: Sequence[Alarm], strangers: StepView | None) -> Lead:
    """Return what to do about open alarms: name the strangers first, then take away what they make meanwhile."""
    more = f", and {len(urgent) - 1} more" if len(urgent) > 1 else ""
    if strangers is not None and not strangers.idle:
        happens = (
            f"{plural(len(urgent), 'alarm')} will be followed by more while they are in. {strangers.happens}"
        )
        title = "Strangers out: they come back in"
        return Lead(GuideKind.ALARM, strangers.id, strangers.next_action, title, happens)
    if strangers is not None:
        happens = (
            f"{urgent[0].text}{more}. Only the control panel ends this (nobody can open it? ask Mailgun Support): "
            "until the strangers are deleted there, more will follow. Enter lists it all, to take it away in one plan "
            "meanwhile."
        )
        return Lead(GuideKind.ALARM, "", ALARMS, "Strangers are still inside, and make new ways in", happens)
    happens = f"{urgent[0].text}{more}. The list says what to do about each."
    return Lead(GuideKind.ALARM, "", ALARMS, f"{plural(len(urgent), 'alarm')} to act on", happens)


def _of_steps(steps: Sequence[StepView]) -> Lead:
    """Return the step that is next, or that nothing is left but waiting."""
    step = next((one for one in steps if one.id == next_of(steps)), None)
    if step is None:
        return Lead(GuideKind.END, "", LOOK, closed_words(steps), "Enter reads the account once more.")
    if step.idle or step.verdict is Verdict.BLOCKED:
        return Lead(GuideKind.WAIT, step.id, LOOK, "Waiting for others", _NOTHING)
    return Lead(GuideKind.STEP, step.id, step.next_action, step.title, step.happens)


def waiting(steps: Sequence[StepView]) -> tuple[str, ...]:
    """Return one sentence for each step that waits for others or cannot be judged: whom for, until when.

    Steps of which the same is said share a sentence.
    """
    said: dict[tuple[str, str], list[str]] = {}
    for step in steps:
        if step.verdict is Verdict.BLOCKED:
            why = step.evidence[0] if step.evidence else "it cannot be judged"
            words = ("is", f"blocked: {why}; {step.waits or _AGAIN}")
        elif step.verdict is Verdict.LATER or (step.idle and step.verdict.to_do):
            words = ("waits", f"for {step.waits or f'{step.who}; {_AGAIN}'}")
        else:
            continue
        said.setdefault(words, []).append(step.id)
    return tuple(_of_them(ids, verb, rest) for (verb, rest), ids in said.items())


def _of_them(ids: Sequence[str], verb: str, rest: str) -> str:
    """Return what is said of some steps: ``Steps 1, 2 and 6 wait for …``."""
    if len(ids) == 1:
        return f"Step {ids[0]} {verb} {rest}"
    return f"Steps {', '.join(ids[:-1])} and {ids[-1]} {_OF_SEVERAL[verb]} {rest}"


def _shortened(words: str) -> str:
    steps, *rest = re.split(" waits? for ", words, maxsplit=1)
    if not rest:
        return re.split("[:;,(]", words)[0].strip().removesuffix(".").removeprefix("Waiting for ")
    whom = rest[0]
    until = re.search(r"until \d\d \w{3}(?: \d\d:\d\dZ)?", whom)
    who = re.split("[:;,(]", whom)[0].strip()
    return f"{steps.lower()}: {who}" + (f" {until[0]}" if until is not None and until[0] not in who else "")


def closed_words(steps: Sequence[StepView]) -> str:
    """Return what can be said of the whole once no step needs anybody: what was left for later is not closed."""
    later = [step.id for step in steps if step.verdict is Verdict.LATER]
    return f"Every step is closed but {', '.join(later)}, left for later" if later else "Every step is closed"


def actionable(situation: Situation) -> list[Alarm]:
    """Return the open alarms about which something can be done here and now, the newest first.

    What only a person can judge or only the control panel can end belongs to the steps 1b and 6.
    """
    return [one for one in alarms.open_alarms(situation) if alarms.remedy(situation, one) not in _BY_HAND]


def _strangers(situation: Situation, steps: Sequence[StepView]) -> StepView | None:
    """Return the step that takes strangers out of the panel while any is in and access is cut, else None.

    Whoever may administer the account there makes the next thing while the last is being deleted: the alarms are what
    they do, not what lets them in. Once every stranger is named (the step is idle) it is the turn of who has the panel.
    """
    if not situation.state.first_cut_at:
        return None
    found = (one for one in steps if one.id == Order.STRANGERS and one.verdict.to_do)
    return next((one for one in found if one.next_action), None)


def back_inside(situation: Situation) -> list[Kept]:
    """Return the kept admin keys that may be how somebody came back after the cut; none while nobody did.

    Whatever appears after the cut was made by somebody who may administer the account, and a key that is kept for its
    hand-over is the likeliest way that is left.
    """
    holds = [item for item in kept(situation) if item.is_key and item.proven and not item.calm]
    keys = situation.inventory.keys
    # What could not be ended twice is for a person: the same plan would fail the same way (step 1 says so).
    vain = {r.effect.target for r in situation.state.of_kind(EffectKind.KEY_DELETE) if r.given_up}
    holds = [item for item in holds if item.target in keys and item.target not in vain]
    holds = [item for item in holds if keys[item.target].key.role in (None, "", "admin")]
    if not holds:
        return []
    since = min(item.since for item in holds)
    return holds if any(alarm.at > since for alarm in alarms.open_alarms(situation)) else []


def hardened_and_kept(situation: Situation) -> list[Kept]:
    """Return the old keys that hardening replaced by ones seen in use: they may do what the new ones no longer may.

    They hold no step open, because nobody stole them; that they end is the point of it all the same.
    """
    vain = {r.effect.target for r in situation.state.of_kind(EffectKind.KEY_DELETE) if r.given_up}
    return [one for one in kept(situation) if one.calm and one.adopted and one.target not in vain]


def _to_end(count: int, unseen: int) -> Lead:
    """Lead to the end of ``count`` old keys whose replacements are in use; ``unseen`` are kept whose are not yet."""
    one = count == 1
    seen = "the replacement is" if one else "the replacements are"
    more = (
        f" The plan holds {unseen} more whose {'replacement is' if unseen == 1 else 'replacements are'} not: space "
        "leaves out what a program still needs."
        if unseen
        else ""
    )
    happens = (
        f"{plural(count, 'old key')} still {'works' if one else 'work'} and may do more than what replaced "
        f"{'it' if one else 'them'}; {seen} seen in use. One plan ends what is kept.{more}"
    )
    return Lead(GuideKind.FINISH, "", END_KEPT, "End what hardening replaced", happens)


def half_done(situation: Situation) -> str:
    """Return where a run that ended before its time stands, empty where nothing waits to be gone on with.

    What is done and was looked at in vain is not half-done: going on would only look in vain again. What met a passing
    trouble as often as it is tried rests for a while (see ``resting``).
    """
    left = situation.state.half_done
    return interrupted(situation.state) if any(_rests_until(one, situation) is None for one in left) else ""


def resting(situation: Situation) -> str:
    """Return who is waited for where all that was begun met trouble twice, and until when; empty where it did not."""
    left = situation.state.half_done
    until = [_rests_until(one, situation) for one in left]
    ends = [moment for moment in until if moment is not None]
    if not ends or len(ends) < len(left):
        return ""
    why = visible(next((one.failure["what"] for one in left if one.failure.get("what")), "no answer"), 160)
    return (
        f"What was begun waits for Mailgun: {plural(len(left), 'change')} met trouble twice ({why}), until "
        f"{min(ends):%d %b %H:%M}Z; f tries at once"
    )


def _rests_until(record: EffectRecord, situation: Situation) -> datetime | None:
    troubled = as_moment(record.failed_at)
    if record.troubles < TRIES or troubled is None or troubled + REST <= situation.now:
        return None
    return troubled + REST


def next_of(steps: Sequence[StepView]) -> str:
    """Return the id of the step to do next: the first that needs the operator, then one that is waited for.

    A blocked step comes after the open ones, a step that waits for others after both.
    """
    mine = [step.id for step in steps if step.verdict.to_do and not step.idle]
    blocked = [step.id for step in steps if step.verdict is Verdict.BLOCKED and not step.idle]
    others = [step.id for step in steps if step.verdict.to_do and step.idle]
    return next(iter((*mine, *blocked, *others)), "")
