"""The hours after the new credentials are deployed pass in one press, until every sender shows, or somebody is back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.situations import NOW
from workbench.core.clock import iso
from workbench.domain.model.state import State
from workbench.domain.runbook.recorded import DrillParts
from workbench.domain.runbook.role_play import DEPLOY, HOUR, MOST_HOURS, hours_left, with_part
from workbench.drill import role_play


class Played:
    """A drill in which ``down`` senders are down after each hour, and somebody comes back in hour ``back``."""

    def __init__(self, down: list[int], back: int = 0) -> None:
        self.down, self.back, self.hours = down, back, 1
        self.state = State()
        for part in (DEPLOY, HOUR):
            self.state.learn(with_part(self.state, part, iso(NOW)))
        self.account = self.recorder = self

    def situation(self) -> Any:
        return SimpleNamespace(state=self.state, now=NOW, played=self)

    async def learn(self, fact: DrillParts) -> None:
        self.state.learn(fact)

    async def play(self, action_id: str, situation: Any) -> str:
        assert action_id == HOUR
        self.hours += 1
        return ""

    async def watch(self, *, whole: bool = False) -> list[str]:
        return []

    async def read_use(self) -> None:
        pass


@pytest.mark.parametrize(
    ("down", "back", "hours", "words"),
    [
        ([0], 0, 1, "1 simulated hour has passed: no sender is down."),
        ([4, 1, 1, 0], 0, 4, "4 simulated hours have passed: no sender is down."),
        ([1] * 30, 0, MOST_HOURS, "24 simulated hours have passed: 1 sender still down."),
        ([2] * 9, 2, 2, "2 simulated hours have passed: 2 senders still down."),
    ],
)
async def test_hours_pass_until_every_sender_shows(
    monkeypatch: pytest.MonkeyPatch, down: list[int], back: int, hours: int, words: str
) -> None:
    def down_now(situation: Any) -> int:
        return int(situation.played.down[situation.played.hours - 1])

    def alarms(situation: Any) -> list[Any]:
        # One that only a person can judge was open before, and ends nothing.
        names = ["old", "back"] if situation.played.hours == back else ["old"]
        return [SimpleNamespace(id=name) for name in names]

    monkeypatch.setattr(role_play, "senders_down", down_now)
    monkeypatch.setattr("workbench.domain.runbook.role_play.senders_down", down_now)
    monkeypatch.setattr(role_play, "open_alarms", alarms)
    played: Any = Played(down, back)
    assert await role_play._wait_for_use(played, played) == words
    assert played.hours == hours


def test_no_hour_is_waited_for_where_nobody_deployed() -> None:
    assert not hours_left(SimpleNamespace(state=State(), now=NOW))  # type: ignore[arg-type]
