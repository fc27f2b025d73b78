"""What the guide names can be done: in any situation its plan can be made, or it says whom it waits for.

The situations are put together at random from what an incident leaves behind: strangers there and gone, alarms of every
kind, cuts that are planned, half-way, done, proven, failed once or for good, kept keys, judgements, attestations, a
sweep. A plan that the guide offers and that cannot be made is offered for ever.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, US, Story, key, situation
from workbench.core.clock import iso
from workbench.core.errors import UsageError
from workbench.domain.detection import alarms
from workbench.domain.detection.changes import REMEDIES
from workbench.domain.detection.findings import findings
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.inventory import UserItem
from workbench.domain.model.plan import Effect, EffectKind, EffectState, Plan
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import TRIES, Decision, EffectRecord
from workbench.domain.runbook import guide, runbook
from workbench.domain.runbook.guide import GuideKind, Lead
from workbench.domain.settings_audit.audit import JudgedAge, Swept
from workbench.domain.settings_audit.recorded import SweepRead
from workbench.mailgun.models import Domain, Subaccount, User
from workbench.planning import registry
from workbench.planning.catalog import ACTIONS
from workbench.planning.choices import WITH_WAYS, Choices

KEYS = ("prod", "ci", "stranger")
LOGINS = ("app@mg.acme.example", "postmaster@mg.acme.example", "spam@rogue.example")
ENTRIES = ("127.0.0.0/8", "203.0.113.9")
SITUATIONS = int(os.environ.get("WORKBENCH_GUIDE_SITUATIONS", "150"))
MOST_OFFERS = 40
YOUNG = NOW - timedelta(hours=2)


def ended(rng: random.Random, story: Story, effect: Effect) -> None:
    """Continue a journal with a change and what became of it."""
    story.add("plan.confirmed", title="t", effects=[effect.to_json()])
    how = rng.choice(
        ("planned", "open", "troubled", "failed", "failed twice", "done", "unproven", "verified")
    )
    for _ in range(2 if how in ("failed twice", "troubled") else how != "planned"):
        story.add("effect.intent", id=effect.id, entry="e")
        if how in ("troubled", "failed", "failed twice"):
            said = {"what": "the server answers 403", "means": "", "todo": ""}
            story.add("effect.failed", id=effect.id, unknown=how == "troubled", **said)
    if how in ("done", "unproven", "verified"):
        result = {"key_id": f"new-{effect.target}"} if effect.kind is EffectKind.KEY_CREATE else {}
        story.add("effect.done", id=effect.id, evidence=["yes"], result=result)
    if how in ("unproven", "verified"):
        story.add(f"effect.{how}", id=effect.id, evidence=["looked"])


def change(rng: random.Random) -> Effect:
    """Return a change to something of the account."""
    target = rng.choice((*(f"{name}-id" for name in KEYS), "gone-id"))
    login, first = rng.choice(LOGINS), rng.choice(({"cut": "first"}, {}))
    makers = (
        an_effect(EffectKind.KEY_DELETE, target, US),
        an_effect(EffectKind.KEY_CREATE, target, US, replaces=target, **first),
        an_effect(EffectKind.LOGIN_RESET, login, US),
        an_effect(EffectKind.LOGIN_DELETE, login, US),
        an_effect(EffectKind.DOMAIN_DELETE, "rogue.example", US),
        an_effect(EffectKind.ALLOWLIST_REMOVE, rng.choice(ENTRIES), US),
        an_effect(EffectKind.SUBACCOUNT_DISABLE, "sub-1", US),
        an_effect(EffectKind.ROUTE_DELETE, "r1", US),
    )
    return rng.choice(makers)


def rang(rng: random.Random, story: Story) -> None:
    """Continue a journal with an alarm of some kind."""
    kind = rng.choice((*REMEDIES, "proof"))
    targets = {
        "keys": (*(f"{name}-id" for name in KEYS), "gone-id"),
        "logins": LOGINS,
        "users": ("u1", "gone"),
        "domains": ("rogue.example", "mg.acme.example", "gone.example"),
        "subaccounts": ("sub-1", "gone"),
        "allowlist": (*ENTRIES, "198.51.100.1"),
        "limits": ("US",),
        "webhooks": ("w1",),
        "domain-field": ("mg.acme.example",),
        "proof": ("stranger-id", "gone-id", LOGINS[0]),
    }
    target = rng.choice(targets.get(kind, ("r1", "mg.acme.example")))
    form = rng.choice(("{kind}:{target}", "gone:{kind}:{target}"))
    if kind in ("keys", "logins") and rng.random() < 0.4:
        form = f"sends:{'key' if kind == 'keys' else 'smtp'}:{{target}}:"
    name = form.format(kind=kind, target=target)
    story.add("alarm.raised", id=name, kind=kind, target=target, text=f"{name} appeared")


def told(rng: random.Random) -> Story:
    """Return the journal of some incident."""
    story = Story(at=NOW - timedelta(hours=1))
    for _ in range(rng.randint(0, 5)):
        ended(rng, story, change(rng))
    for _ in range(rng.randint(0, 3)):
        story.at += timedelta(minutes=rng.choice((0, 1, 12)))
        rang(rng, story)
    if rng.random() < 0.3:
        ended(rng, story, change(rng))
    if rng.random() < 0.4:
        story.add("contained")
    for step in rng.sample(("1", "2", "3", "4", "5", "7", "8", "9", "10", "11", "12"), rng.randint(0, 4)):
        story.add("attested", step=step, who="Ada", text="done", subject="")
    return story


def made(seed: int) -> Situation:
    """Return a situation put together at random."""
    rng = random.Random(seed)
    state = told(rng).state()
    if rng.random() < 0.7:
        state.baseline = AccountBaseline(keys=("prod-id", "ci-id"), logins=tuple(LOGINS[:2]), users=("u0",))
    held = [
        key(
            name, **({"created_at": YOUNG, "requestor": "mallory@evil.example"} if name == "stranger" else {})
        )
        for name in KEYS
        if rng.random() < 0.7
    ]
    entries = [one for one in ENTRIES if rng.random() < 0.6]
    there = situation(
        held,
        [login for login in LOGINS if rng.random() < 0.7],
        state=state,
        allowlist=rng.choice((entries, entries, None)),
        subaccounts=[
            Subaccount(id="sub-1", name="new", status=rng.choice(("open", "disabled")), created_at=YOUNG)
        ],
        domains=[Domain(name="rogue.example", created_at=YOUNG)] if rng.random() < 0.5 else [],
    )
    for user, role in (("u0", "admin"), ("u1", "admin")):
        if rng.random() < 0.7:
            there.inventory.users[user] = UserItem(User(id=user, email=f"{user}@acme.example", role=role), US)
    if rng.random() < 0.7:
        kinds = (("route", "r1", "route.delete"), ("allowlist", rng.choice(ENTRIES), "allowlist.remove"))
        items = [
            Swept(kind, name, name, ("account",), JudgedAge.INSIDE, 2, ("new",), remedy)
            for kind, name, remedy in (*kinds, ("setting", "by-hand", ""))
            if rng.random() < 0.6
        ]
        state.learn(SweepRead(items=tuple(items), at=iso(NOW)))
    for one in findings(there):
        if rng.random() < 0.7:
            said = rng.choice(("intruder", "intruder", "ours", "removed"))
            state.decisions[one.key] = Decision(one.key, said, "judged", "Ada", iso(NOW))
    return there


def planned(there: Situation, action: str, marked: list[str]) -> Plan:
    """Return the plan of an action as its default dialogs would make it; UsageError where there is none."""
    options = Choices.proposed(there, action).options() if action in WITH_WAYS else {}
    if action == "allowlist.remove":
        options = {"own_address": "127.0.0.1"}
    if action == "domains.delete":
        judged = [f.id for f in findings(there) if f.kind == "domain" and f.decision == "intruder"]
        marked = marked or judged[:1]
        options = {"typed": marked[0]}
    if action == "logins.reset" and marked:
        options["again"] = True
    if action in ("keys.delete", "logins.delete") and marked:
        held = there.inventory.keys.get(marked[0])
        options["typed"] = held.name if held is not None else marked[0]
    return registry.build(action, there, marked, **options)


def followed(there: Situation, lead: Lead) -> Plan | None:
    """Return the plan of what leads, None where it asks or shows something; UsageError where none can be made."""
    if lead.action == guide.ALARMS:
        one = guide.actionable(there)[0]
        action = alarms.remedy(there, one)
        known = {f.id for f in findings(there) if not f.key.startswith("alarm:") and f.decision != "removed"}
        if action == "leftovers.remove" and one.target not in known:
            return None  # it is swept first
        return planned(there, action, [one.target]) if ACTIONS[action].plans else None
    if lead.action in ACTIONS and ACTIONS[lead.action].plans:
        return planned(there, lead.action, [])
    return None


def refused(there: Situation, effects: Iterable[Effect]) -> None:
    """Have the account refuse some changes for good."""
    for effect in effects:
        record = there.state.effects.setdefault(effect.id, EffectRecord(effect))
        record.state, record.open, record.failures = EffectState.FAILED, False, record.failures + 1
        record.failure, record.failed_at = {"what": "the server answers 403"}, iso(NOW)


@pytest.mark.parametrize("slice_", range(3))
def test_what_the_guide_names_can_be_planned_or_it_says_whom_it_waits_for(slice_: int) -> None:
    wrong = []
    for seed in range(slice_, SITUATIONS, 3):
        there = made(seed)
        lead = guide.lead(there, runbook.steps(there))
        try:
            followed(there, lead)
        except UsageError as error:
            wrong.append(f"{seed}: {lead.kind.value} {lead.step} {lead.action}: {error.what} {error.means}")
        if lead.kind is GuideKind.WAIT and not lead.waits:
            wrong.append(f"{seed}: it waits, and says for nobody")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("slice_", range(3))
def test_no_plan_is_offered_for_ever_on_an_account_that_refuses_every_change(slice_: int) -> None:
    wrong = []
    for seed in range(slice_, SITUATIONS, 3):
        there = made(seed)
        offered: Counter[tuple[str, ...]] = Counter()
        while offered.total() < MOST_OFFERS:
            lead = guide.lead(there, runbook.steps(there))
            plan = followed(there, lead)
            if lead.kind is GuideKind.FINISH:
                effects = [record.effect for record in there.state.half_done]
            elif plan is not None:
                effects = list(plan)
            else:
                break
            offered[(lead.action, *sorted(effect.id for effect in effects))] += 1
            refused(there, effects)
        if offered and max(offered.values()) > TRIES:
            wrong.append(f"{seed}: {offered.most_common(1)}")
    assert not wrong, "\n".join(wrong)
