"""In the drill nobody sits at the control panel and nobody deploys: their parts are offered as the next thing.

A step that waits for others is passed over on a real account. On the drill the same step names the part to
play, so that somebody who only presses Enter gets to the end. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from workbench.core.clock import iso
from workbench.core.words import plural
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.domain.runbook.adoption import senders_down
from workbench.domain.runbook.blocklists import REMOVE, SHOW
from workbench.domain.runbook.guide import GuideKind, Lead
from workbench.domain.runbook.recorded import DrillParts
from workbench.domain.runbook.runbook import Order, StepView

PEOPLE, DEPLOY, HOUR = "drill.people", "drill.deploy", "drill.hour"
SUPPORT, LISTS = "drill.support", "drill.lists"
ALLOW, CLEAN, WATCH = "drill.allow", "drill.clean", "drill.watch"
_MADE = (EffectKind.KEY_CREATE, EffectKind.LOGIN_RESET, EffectKind.LOGIN_CREATE)
# Who sends once a day shows in the log within a day; whoever does not is asked about, not waited for.
MOST_HOURS = 24
_PEOPLE_STEPS = (Order.STRANGERS, Order.PASSWORDS, Order.TWO_FACTOR)
_LISTS_LAST = "the other steps: the drill writes to the lists once they are done"
_HAPPENS = {
    PEOPLE: "The drill plays the people: strangers deleted in the panel, passwords reset, two-factor on.",
    DEPLOY: "The drill plays your developers: every simulated application gets its new credential.",
    HOUR: "The drill lets hours pass until the log shows every sender with its new credential.",
    LISTS: "The drill writes to the blocklists for you: on a real account, the way off each listing stands in pane 5.",
    CLEAN: "The drill plays your developers: the secrets are taken out of site and history, then searched for again.",
    WATCH: (
        "The drill lets the days of the watch pass, says yes to terms that hold back a list, asks when it is due, and "
        "writes to who lists anew."
    ),
    SUPPORT: "The drill plays Mailgun Support: the account is re-enabled.",
}


def played(views: Sequence[StepView], state: State) -> list[StepView]:
    """Return the steps with the drill's part as the next action of each that waits for others."""
    made = [_with_part(view, state) for view in views]
    # Days pass only when nothing else is left: whoever waits for a credential does not wait for a blocklist. They write
    # to the lists too.
    busy = any(view.verdict.to_do and not view.idle and view.next_action != LISTS for view in made)
    if busy:
        return [
            replace(view, idle=True, waits=_LISTS_LAST) if view.next_action == LISTS else view
            for view in made
        ]
    return [_watched(view, state) for view in made]


def admitted(found: Lead) -> Lead:
    """Return the lead with the drill letting this host in where the account lets nobody in."""
    if found.kind is not GuideKind.LOCKED:
        return found
    happens = "The drill plays whoever has the control panel open: this host is put on the IP allowlist."
    return replace(found, action=ALLOW, happens=happens)


def _watched(view: StepView, state: State) -> StepView:
    # Once the days are over nothing more comes by waiting: what was not asked is looked up by hand.
    # And they are let pass once for each time that a list was written to, or that access was cut anew, with which the
    # watch begins again: what they did not close is waited for.
    passed = state.known(DrillParts).played.get(WATCH, "")
    asked = max((iso(at) for seen in state.listings.listed if (at := seen.request.requested_at)), default="")
    days = view.next_action != SHOW and bool(state.contained_at) and passed < max(asked, state.contained_at)
    waits = view.id == Order.BLOCKLISTS and view.verdict.to_do and days
    return _playing(view, WATCH) if waits else view


def _with_part(view: StepView, state: State) -> StepView:
    part = _part(view, state)
    if not part:
        return view
    shown = _playing(view, part)
    if part != HOUR:
        return shown
    # Each press says something new: an alarm ends the hours early, and they go on after it.
    most = plural(MOST_HOURS - _hours(state), "hour")
    return replace(shown, happens=f"{shown.happens} At most {most}; a new alarm ends the wait early.")


def _playing(view: StepView, part: str) -> StepView:
    return replace(
        view, next_action=part, happens=_HAPPENS[part], idle=False, breaks="nothing: it is the drill"
    )


def _part(view: StepView, state: State) -> str:
    if view.id == Order.BLOCKLISTS and view.next_action == REMOVE and view.verdict.to_do:
        return LISTS
    played = state.known(DrillParts).played
    if view.id == Order.LEAK and view.next_action == "leaks.judge" and view.verdict.to_do:
        return "" if CLEAN in played else CLEAN
    if not view.idle or not view.verdict.to_do:
        return ""
    if view.id in _PEOPLE_STEPS:
        if view.id != Order.STRANGERS and not state.people_cut_at:
            return ""
        # Played since the last news: whoever is left is none of the drill's people.
        return "" if played.get(PEOPLE, "") >= _news(state) else PEOPLE
    if view.id == Order.ADOPTION:
        if not any(r.entry for r in state.created_keys.values()) and not state.entries:
            return ""
        deployed = played.get(DEPLOY, "")
        # What was made in the very second in which the last ones were seen in use was not among them.
        if not deployed or deployed <= _newest(state):
            return DEPLOY
        return HOUR if _hours(state) < MOST_HOURS else ""
    return SUPPORT if view.id == Order.REPORT else ""


def _news(state: State) -> str:
    """Return when something last happened that gives the people of the drill something to do, ``~`` for never."""
    moments = [
        state.people_cut_at,
        *(d.at for name, d in state.decisions.items() if name.startswith("user:")),
    ]
    moments += [timer.at for timer in state.timers.values() if timer.kind in ("link", "told")]
    return max((one for one in moments if one), default="~")


def _newest(state: State) -> str:
    """Return when the newest credential was made that somebody is to be given: hardening cuts nothing.

    A new password of a login that has a second one beside it ends the old one, and no program is to have it.
    """
    moved = {r.effect.params.replaces for r in state.of_kind(EffectKind.LOGIN_CREATE) if r.entry}
    given = (r for r in state.of_kind(*_MADE) if r.entry and r.effect.target not in moved)
    return max((record.done_at for record in given if record.done_at), default="")


def _hours_since(deployed: str) -> str:
    return f"hours since {deployed}"


def _hours(state: State) -> int:
    """Return how many hours were let pass since the new credentials were deployed last."""
    played = state.known(DrillParts).played
    return int(played.get(_hours_since(played.get(DEPLOY, "")), "0"))


def hours_left(situation: Situation) -> bool:
    """Return whether another hour may show something: a sender has its new credential and was not seen with it.

    What is kept for its hand-over is waited for by nobody here: its own deadline asks about it.
    """
    deployed = DEPLOY in situation.state.known(DrillParts).played
    return deployed and _hours(situation.state) < MOST_HOURS and senders_down(situation) > 0


def with_part(state: State, part: str, at: str) -> DrillParts:
    """Return the fact of the parts played so far, with one more played at a moment."""
    before = dict(state.known(DrillParts).played)
    if part == HOUR and DEPLOY in before:
        name = _hours_since(before[DEPLOY])
        before[name] = str(int(before.get(name, "0")) + 1)
    return DrillParts(played={**before, part: at})
