"""An assessment tells of the moment it was read at, whenever it is judged anew and however old its figures are."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.situations import situation
from tests.unit.domain.logs import START, accepted, page
from workbench.core.errors import Unreachable
from workbench.domain.forensics.assessment import Assessment
from workbench.domain.forensics.attribution import Attribution
from workbench.domain.model.credential_use import CredentialUses
from workbench.domain.model.sending_volume import AcceptedHour, Volume, judge
from workbench.mailgun.endpoints import Region
from workbench.readers.recipients import WrittenList
from workbench.session import investigation
from workbench.session.investigation import Investigation

HOUR = timedelta(hours=1)
# Five days of a calm account, then a burst that goes on at the last reading.
BEGAN = START + 120 * HOUR
READ = BEGAN + 2.5 * HOUR


class FakeDesk:
    """What an investigation asks of its desk, without an account."""

    def __init__(self, now: datetime) -> None:
        self.at = now
        self.fails = False
        self.learnt: list[Any] = []
        self.clock = SimpleNamespace(now=lambda: self.at)
        self.api = SimpleNamespace(clock_offset=0.0)
        self.inventory = situation().inventory
        self.metering = SimpleNamespace(volume=volume(READ), read=self._read)
        self.recorder = SimpleNamespace(learn=self._learn)

    def situation(self) -> Any:
        return situation()

    async def _read(self, **_: Any) -> None:
        if self.fails:
            raise Unreachable("The server is down.")

    async def _learn(self, fact: Any) -> None:
        self.learnt.append(fact)


def volume(at: datetime, unread: tuple[Region, ...] = ()) -> Volume:
    """Return the figures as they stood at a moment of the burst."""
    whole = at.replace(minute=0)
    hours = [AcceptedHour(START + n * HOUR, 20) for n in range(120)]
    hours += [AcceptedHour(BEGAN + n * HOUR, 900) for n in range(9) if BEGAN + n * HOUR < whole]
    return judge(hours, at, unread=unread)


def table(end: datetime, sent_until: datetime) -> Attribution:
    """Return a log in which the intruder sends from the beginning of the burst on."""
    made = Attribution(START, end)
    for hour in range(120):
        made.take(page(*(accepted(START + hour * HOUR + timedelta(minutes=n)) for n in range(20))))
    at = BEGAN
    while at < sent_until:
        more = {
            "key": "stolen",
            "address": "198.51.100.7",
            "sender": "win@acme.example",
            "subject": "You won",
        }
        made.take(page(*(accepted(at + timedelta(seconds=n), **more) for n in range(60))))
        at += timedelta(minutes=5)
    return made


def assessed(desk: FakeDesk) -> tuple[Investigation, Assessment]:
    """Return an investigation with the assessment made at the desk's present moment."""
    made = Investigation(desk)  # type: ignore[arg-type]
    log = table(desk.at, desk.at)
    first = made._judged(made._figures(desk.at), log, desk.at)
    made.assessment = first
    return made, first


async def test_judged_anew_hours_later_the_abuse_has_not_ended_and_the_last_hour_is_that_of_the_reading() -> (
    None
):
    desk = FakeDesk(READ)
    made, first = assessed(desk)
    assert first.window.began == BEGAN and first.window.ended is None
    desk.at = READ + 5 * HOUR
    again = await made.judge_again()
    assert again is not None and again.window.ended is None
    assert again.window.as_of == first.window.as_of
    use = next(fact for fact in desk.learnt if isinstance(fact, CredentialUses)).by_credential["key:stolen"]
    assert use.last_hour > 100


async def test_what_is_judged_anew_is_the_assessment_that_was_under_way_not_the_one_before() -> None:
    desk = FakeDesk(READ)
    made, _ = assessed(desk)
    await made._log_lock.acquire()
    asked = asyncio.ensure_future(made.judge_again())
    await asyncio.sleep(0)
    _, newer = assessed(desk)
    made.assessment = newer
    made._log_lock.release()
    again = await asked
    assert again is not None and again.table is newer.table


async def test_figures_that_cannot_be_read_again_end_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = FakeDesk(READ + 6 * HOUR)
    desk.fails = True
    made = Investigation(desk)  # type: ignore[arg-type]
    silent = Attribution(START, desk.at)
    silent.gaps.append("US: the log could not be read")
    found = await _assess(made, silent, monkeypatch)
    assert found.window.began == BEGAN and found.window.ended is None
    assert "the sending figures could not be read" in found.missing()[0]


async def test_a_region_whose_figures_were_not_read_clears_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = FakeDesk(START + 100 * HOUR)
    desk.metering.volume = volume(desk.at, unread=(Region.EU,))
    made = Investigation(desk)  # type: ignore[arg-type]
    calm = Attribution(START, desk.at)
    for hour in range(100):
        calm.take(page(*(accepted(START + hour * HOUR + timedelta(minutes=n)) for n in range(20))))
    found = await _assess(made, calm, monkeypatch)
    assert "neither metrics nor log show abuse" not in found.lines()[0]
    assert "the sending figures of EU could not be read" in found.missing()[0]


async def _assess(made: Investigation, log: Attribution, monkeypatch: pytest.MonkeyPatch) -> Assessment:
    async def read() -> Attribution:
        return log

    async def nothing(*_: Any) -> list[Any]:
        return []

    monkeypatch.setattr(investigation, "read_breakdowns", nothing)
    monkeypatch.setattr(investigation, "read_bounces", nothing)
    made.log = SimpleNamespace(read=read)  # type: ignore[assignment]
    made.mail = SimpleNamespace(preserve=nothing)  # type: ignore[assignment]
    return await made.assess()


async def test_a_list_of_recipients_is_journaled_so_that_a_purge_can_name_it(tmp_path: Path) -> None:
    desk = FakeDesk(READ)
    rows: list[tuple[str, dict[str, Any]]] = []

    async def record(kind: str, body: dict[str, Any]) -> None:
        rows.append((kind, body))

    async def write(*_: Any) -> WrittenList:
        return WrittenList(3)

    vars(desk.recorder).update(record=record, read_only=False, operator="ines")
    made, _ = assessed(desk)
    made.log = SimpleNamespace(write_recipients=write)  # type: ignore[assignment]
    assert await made.write_recipients(tmp_path / "reached.csv") == (3, ())
    assert rows == [
        ("list.written", {"list": "recipients", "file": "reached.csv", "people": 3, "who": "ines"})
    ]
