"""Step 9's figures in words, and that no list is asked while a step before it is open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.support.situations import know, situation
from workbench.domain.model.state import State
from workbench.domain.runbook import blocklists, runbook
from workbench.domain.runbook.runbook import StepView
from workbench.domain.runbook.verdict import Verdict

PANEL = "which no call shows here, so look in Postmaster Tools (postmaster.google.com)"


def health(*days: tuple[int, int, int], gmail: Any = ()) -> State:
    """Return a state that knows of these days: delivered, complaints, bounced; the first is the 14th."""
    rows = [
        {"day": date(2026, 11, 14 + n).isoformat(), "delivered": d, "complaints": c, "bounced": b}
        for n, (d, c, b) in enumerate(days)
    ]
    state = know(State(), "sending_health", {"days": rows})
    if gmail:
        told = [{"domain": domain, "day": day, "spam": spam} for domain, day, spam in gmail]
        know(state, "gmail_rates", {"days": told})
    return state


def quiet(words: str, gmail: str = PANEL) -> str:
    """Return the line that says how long it was quiet."""
    return (
        f"{words} in a row with enough mail stayed below 0.3% complaints by Mailgun's count; Gmail asks for 7 by its "
        f"own: {gmail}"
    )


LOW = "complaint and bounce rates were low on the {} with enough mail to tell"


@pytest.mark.parametrize(
    ("days", "lines"),
    [
        ((), ()),
        (
            ((0, 0, 0), (0, 0, 0)),
            ("nothing was sent in the last 2 days: complaint and bounce rates say nothing",),
        ),
        (((1000, 0, 0),), (LOW.format("1 day"), quiet("1 day"))),
        (((1000, 0, 0), (0, 0, 0), (1000, 0, 0)), (LOW.format("2 days"), quiet("2 days"))),
        (
            ((50, 0, 0), (60, 1, 0)),
            ("too little was sent on every day to tell complaint and bounce rates", quiet("0 days")),
        ),
        (
            ((1000, 5, 10), (1000, 1, 0), (1000, 9, 1)),
            ("16 Nov: 0.90% complaints, 0.1% bounces (alarm)", quiet("0 days")),
        ),
        # Next to nothing, and of that much refused or complained about: few, and not fine.
        (
            ((1000, 0, 0), (10, 2, 0), (3, 0, 4)),
            ("16 Nov: 0 complaints and 4 refused of 7 messages: few, and not fine", quiet("1 day")),
        ),
        (
            ((1000, 0, 0), (10, 2, 1)),
            ("15 Nov: 2 complaints and 1 refused of 11 messages: few, and not fine", quiet("1 day")),
        ),
        (((1000, 0, 0), (10, 1, 10)), (LOW.format("1 day"), quiet("1 day"))),
        # Half of it refused is not nothing sent.
        (
            ((5, 0, 5),),
            ("too little was sent on every day to tell complaint and bounce rates", quiet("0 days")),
        ),
    ],
)
def test_each_day_says_as_much_as_its_mail_can(
    days: tuple[tuple[int, int, int], ...], lines: tuple[str, ...]
) -> None:
    assert blocklists.rate_lines(health(*days)) == lines


def test_gmails_own_figure_is_the_worst_domain_of_each_day() -> None:
    gmail = [
        ("a.example", "2026-11-13", 0.009),
        ("a.example", "2026-11-14", 0.0001),
        ("b.example", "2026-11-14", 0.001),
        ("a.example", "2026-11-15", 0.0029),
        ("b.example", "2026-11-15", 0.0),
    ]
    words = (
        "by Postmaster Tools, as Mailgun reads it, the worst domain had 0.29% on 2026-11-15, the last day told, and 2 "
        "days of 3 up to it stayed below 0.3%"
    )
    assert blocklists.rate_lines(health((1000, 0, 0), gmail=gmail))[-1] == quiet("1 day", words)
    at_alarm = blocklists.rate_lines(health((1000, 0, 0), gmail=[("a.example", "2026-11-15", 0.003)]))[-1]
    assert "0 days of 1 up to it" in at_alarm


def test_who_refuses_the_mail_is_told_with_what_could_not_be_read() -> None:
    assert blocklists.refusal_lines(State()) == ()
    state = know(
        State(),
        "refusals",
        {
            "since": "2026-11-14",
            "providers": {name: 1000 * n for n, name in enumerate("abcdef", start=1)},
            "not_understood": [{"provider": "x", "count": 1, "samples": ["odd"]}],
            "gaps": ["503", "timeout", "third"],
        },
    )
    assert blocklists.refusal_lines(state) == (
        "refused as listed or blocked since 2026-11-14: a 1,000, b 2,000, c 3,000, d 4,000, e 5,000",
        "1 refusal by x not understood: “odd”",
        "refused mail could not be read: 503",
        "refused mail could not be read: timeout",
    )


# ── no list is asked too early ───────────────────────────────────────────────────────────────────────────


def views(*closed: str) -> list[StepView]:
    """Return the steps of an account, all open but these."""
    return [
        replace(view, verdict=Verdict.DONE if view.id in closed else Verdict.OPEN)
        for view in runbook.steps(situation())
    ]


def asking(view: StepView) -> StepView:
    """Return the step of the blocklists as it proposes to ask for a removal."""
    return replace(
        view, verdict=Verdict.IN_PROGRESS, next_action=blocklists.REMOVE, idle=False, waits="", happens="h"
    )


@pytest.mark.parametrize("left", [1, 2, len(runbook.GATE)])
def test_a_removal_waits_for_every_step_of_the_gate(left: int) -> None:
    gate = [view.id for view in views() if view.id in runbook.GATE]
    open_, closed = gate[:left], gate[left:]
    there = views(*closed)
    step = asking(next(view for view in there if view.id == "9"))
    word = "steps" if left > 1 else "step"
    assert runbook._gated(step, there) == replace(
        step,
        idle=True,
        waits=f"{word} {', '.join(open_)}: no list is asked before they are closed",
        next_action=blocklists.CHECK,
    )


def test_a_removal_is_offered_once_the_gate_is_closed_and_nothing_else_waits_for_it() -> None:
    there = views(*runbook.GATE)
    step = asking(next(view for view in there if view.id == "9"))
    assert runbook._gated(step, there) == step
    open_ = views()
    for other in (
        replace(step, next_action=blocklists.CHECK),
        replace(step, idle=True, waits="w"),
        replace(step, verdict=Verdict.OPEN),
    ):
        assert runbook._gated(other, open_) == other


def test_a_step_is_shown_with_its_own_words_and_what_the_evidence_adds() -> None:
    by_id = {view.id: view for view in runbook.steps(situation())}
    assert list(by_id) == [step.value for step in runbook.Order]
    first = by_id["0"]
    assert (first.title, first.next_action) == ("Preserve evidence, tell Support", "evidence.preserve")
    assert (first.who, first.takes, first.source) == ("you", "seconds", "A intro")
    assert first.breaks == "nothing: it only reads"
    assert first.why.startswith("Deleting a key destroys") and first.happens.startswith("The account's keys")
    stop = by_id["3"]
    assert stop.idle and stop.waits.startswith("the sending figures") and stop.next_action == "refresh"
