"""A number has one place: whoever says how many are down, wait or are kept says the same, in generated states."""

from __future__ import annotations

import random
import re
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import Story, key, situation, use
from workbench.core.errors import WorkbenchError
from workbench.domain.model.inventory import Gap
from workbench.domain.model.plan import EffectKind, Place
from workbench.domain.model.situation import Situation
from workbench.domain.runbook import adoption, recovery
from workbench.domain.runbook.deadlines import running as counted_down
from workbench.domain.runbook.handover import kept
from workbench.mailgun.endpoints import Region
from workbench.planning.handover import plan_finish
from workbench.reports import audiences, closing, render
from workbench.reports.report import Audience, Report
from workbench.tui.controllers.monitor import senders_down as in_top_line

US = Place(Region.US)


def _life(seed: int) -> Situation:
    """Return a generated state: keys and logins replaced at once or first, some seen in use, some settled by hand."""
    rng = random.Random(f"counts {seed}")
    story, used, logins = Story(), {}, []
    effects = []
    for number in range(rng.randint(0, 5)):
        name = f"key-{number}"
        if rng.random() < 0.6:
            used[f"key:{name}"] = use("production", last_used="2026-11-21T13:59:00Z")
        first = {"cut": "first"} if rng.random() < 0.5 else {}
        effects.append(an_effect(EffectKind.KEY_CREATE, name, US, name=name, replaces=name, **first))
    for number in range(rng.randint(0, 4)):
        logins.append(f"app{number}@mg.acme.example")
        if rng.random() < 0.6:
            used[f"smtp:{logins[-1]}"] = use("production", last_used="2026-11-21T13:59:00Z")
        effects.append(an_effect(EffectKind.LOGIN_RESET, logins[-1], US, domain="mg.acme.example"))
    story.use(**used)
    story.verified(effects, **{e.target: {"key_id": f"new-{e.target}"} for e in effects})
    for effect in effects:
        if effect.kind is EffectKind.KEY_CREATE and rng.random() < 0.3:
            story.use(**{f"key:new-{effect.target}": use("production", last_used="2026-11-21T14:00:30Z")})
        if rng.random() < 0.2:
            story.add("adoption.noted", effect=effect.id, unneeded="ada")
    if rng.random() < 0.2:
        story.add("attested", step="10", text="all run again", who="ada", subject="")
    found = situation(keys=[key(f"key-{n}") for n in range(6)], logins=logins, state=story.state())
    if rng.random() < 0.2:
        found.inventory.gaps["who sends"] = Gap("who sends", None, "refused")
    return found


def _told(*sections: Any) -> str:
    return " ".join(render.text(Report(Audience.MANAGEMENT, "t", "i", "", 0, "", sections)).split())


@pytest.mark.parametrize("seed", range(60))
def test_who_is_down_is_one_number_everywhere(seed: int) -> None:
    found = _life(seed)
    down = adoption.senders_down(found)
    dark = adoption.log_unread(found) and not adoption.settled(found)
    assert in_top_line(SimpleNamespace(situation=lambda: found)) == down
    made = adoption.replacements(found)
    words = _told(closing.hand_over(found), audiences.where_we_stand(found))
    if made:
        listed = len(re.findall(r"\bDOWN\b", words))
        assert listed == down, words
    step = recovery.adoption(found)
    if dark and made:
        assert "cannot be told" in words and "no sender is down" not in words
        assert "cannot be told" in step.evidence[0]
        assert step.verdict.value != "done"
        return
    numbers = {
        int(n) for n in re.findall(r"(\d+) (?:senders?|programs?)(?: that sent mail)?(?: still)? down", words)
    }
    assert numbers <= {down}
    if down:
        assert numbers == {down} and step.evidence[0] == adoption.down_words(found)
    elif made:
        assert "no sender is down" in words


@pytest.mark.parametrize("seed", range(60))
def test_what_is_kept_and_who_waits_is_one_number_everywhere(seed: int) -> None:
    found = _life(seed)
    held = {item.target for item in kept(found)}
    waiting = [one for one in adoption.replacements(found) if one.waits]
    text = adoption.hand_over_list(waiting)
    assert text.count("workbench secrets get") == len(waiting)
    assert sum(one.old_works for one in waiting) <= len(held)
    try:
        planned = plan_finish(found)
    except WorkbenchError:
        assert not held
    else:
        assert {effect.target for effect in planned} | {
            line.split(":")[0] for line in planned.left_out
        } >= held
        assert len(planned.effects) + len(planned.left_out) == len(held)
    assert len(counted_down(found)) <= len(held)
