"""Readings that overlap: what was begun before a cut never takes the place of what was read since."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.situations import NOW, Row, Story, situation
from workbench.core.clock import iso
from workbench.domain.model.credential_use import CredentialUses
from workbench.domain.model.replay import apply
from workbench.planning import logins
from workbench.readers import credential_use
from workbench.session.account import AccountReadings

LOGIN = "news@mg.acme.example"


async def test_a_reading_of_who_sends_that_began_before_the_cut_does_not_replace_one_of_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = Story().add("incident.opened", incident="i1")
    state = story.state()
    slow = asyncio.Event()

    async def read(*_: Any, calls: int, **__: Any) -> Any:
        if calls == 1:
            await slow.wait()
        return SimpleNamespace(fact=lambda since: CredentialUses(entries=calls, as_of=iso(NOW), since=since))

    async def learn(fact: CredentialUses) -> None:
        take("fact", **fact.body())

    def take(kind: str, **body: Any) -> None:
        apply(state, Row(state.last_seq + 1, iso(NOW), kind, body))

    monkeypatch.setattr(credential_use, "read_use", read)
    account: Any = SimpleNamespace(
        metering=SimpleNamespace(volume=None),
        api=SimpleNamespace(endpoints=SimpleNamespace(regions=()), clock_offset=0.0),
        clock=SimpleNamespace(now=lambda: NOW),
        recorder=SimpleNamespace(state=state, learn=learn),
        inventory=situation().inventory,
        _compare_readings=lambda: None,
    )
    early = asyncio.ensure_future(AccountReadings.read_use(account, calls=1))
    await asyncio.sleep(0)
    for row in Story().verified(logins.plan_reset(situation(logins=[LOGIN]), [LOGIN])).rows:
        take(row.kind, **row.body)
    await AccountReadings.read_use(account, calls=2)
    slow.set()
    await early
    known = state.known(CredentialUses)
    assert known.entries == 2 and state.after_cut(known, known.since)
