"""Contained, and then not: without a screen the comeback is noticed, journaled, said first, and no exit code is 0."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.drills import short_history
from tests.support.worlds import World, world
from workbench.cli.account_reading import read_account
from workbench.cli.contain import contain
from workbench.cli.parser import build_parser
from workbench.domain.detection.alarms import open_alarms, remedy
from workbench.domain.runbook.containment_state import LASTS, Over, containment
from workbench.domain.runbook.verdict import Verdict
from workbench.reports import render
from workbench.reports.report import Audience, compose
from workbench.session.session import Session


async def _contain(session: Session) -> int:
    return await contain(session, build_parser().parse_args(["contain", "--yes", "--purge", "all"]))


async def test_a_second_contain_says_first_who_came_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with short_history():
        async with world(tmp_path, "panel-session", 1) as place:
            async with place.session() as session:
                # The stranger among the users is left: what was cut is cut, and this is not the end of it.
                assert await _contain(session) == 1
                assert containment(session.situation()).over is Over.OPEN
            _back(place)
            capsys.readouterr()
            async with place.session() as session:
                assert await _contain(session) == 1
                out, err = capsys.readouterr()
                first = (err + out).strip().splitlines()[0]
                assert "came back" in first or "appeared" in first, first
                assert [one for one in session.state.alarms.values() if one.kind == "keys"]
                report = render.text(compose(Audience.MANAGEMENT, session.report_material()))
                assert "came back 1 × through" in " ".join(report.split())
                assert "Why it is safe now" not in report


def _back(place: World) -> None:
    """Let the intruder use what was left, within some minutes."""
    for _ in range(40):
        place.pass_time(300.0)
        if place.drill.world.intruder.comebacks:
            return
    raise AssertionError("nobody came back")


async def test_a_password_that_a_stranger_set_after_the_cut_is_found_when_the_stranger_is_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # No list shows who set a password last: what was proven while the stranger was in the panel is proven again.
    with short_history():
        async with world(tmp_path, "panel-session", 1) as place:
            async with place.session() as session:
                await _contain(session)
            assert place.set_a_password()
            for done in ("strangers out", "routes out", "passwords", "two factors"):
                place.panel(done)
            assert all(way.startswith("password of") for way in place.truth().ways), place.truth().ways
            async with place.session() as session:
                assert await _contain(session) == 1
                said = containment(session.situation())
                assert not said.contained and said.known_open, said.words
                login = next(iter(place.chosen))
                assert login in session.state.passwords
                # The remedy is the same password once more; then everything is proven, and nothing is left.
                capsys.readouterr()
                for _ in range(2):
                    code = await _contain(session)
                assert code == 0, capsys.readouterr()
                assert containment(session.situation()).contained
            assert not place.truth().ways


async def test_a_second_workbench_follows_what_the_first_writes_and_says_how_far(tmp_path: Path) -> None:
    async with (
        world(tmp_path, "stolen-login", 1) as place,
        place.session() as writer,
        place.session() as reader,
    ):
        assert reader.recorder.read_only and not writer.recorder.read_only
        assert reader.recorder.following.startswith("not following yet, row ")
        await reader.recorder.follow()
        await writer.recorder.attest("4", "the ticket is open: 12345")
        assert reader.state.last_seq < writer.state.last_seq
        assert await reader.recorder.follow() == 1
        assert reader.state.attestations[-1].text == "the ticket is open: 12345"
        place.drill.clock.advance(2.0)
        assert reader.recorder.following == f"following, row {writer.state.last_seq}, 2 s ago"
        # It takes in, and writes nothing: the other one's next row follows its own.
        assert await reader.recorder.follow() == 0


async def test_contained_lasts_while_the_watch_reads_and_nobody_presses_a_key(tmp_path: Path) -> None:
    with short_history():
        async with world(tmp_path, "stolen-login", 3) as place:
            for done in ("strangers out", "routes out", "passwords", "two factors"):
                place.panel(done)
            async with place.session() as session:
                assert await _contain(session) == 0
                for minute in range(45):
                    place.drill.clock.advance(60.0)
                    await session.account.read_rate()
                    await session.account.watch()
                    said = containment(session.situation())
                    assert said.contained, (minute, said.words)
                # And without the watch it is not claimed for longer than a reading lasts; a host that slept takes
                # one turn to know again.
                place.drill.clock.advance(LASTS.total_seconds() + 60.0)
                assert not containment(session.situation()).contained
                place.drill.clock.advance(8 * 3600.0)
                await session.account.read_rate()
                await session.account.watch()
                said = containment(session.situation())
                assert said.contained, said.words
                # The same for a clock that is set back: what is dated after now is of no known age.
                for read in session.inventory.read_at:
                    session.inventory.read_at[read] += timedelta(hours=2)
                assert not containment(session.situation()).contained
                await session.account.watch()
                said = containment(session.situation())
                assert said.contained, said.words


@pytest.mark.parametrize(("scenario", "kind"), [("stolen-key", "key"), ("stolen-login", "login")])
async def test_a_new_credential_that_leaks_as_well_is_told_and_replaced_once_more(
    scenario: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The old secret was read where production keeps it, nobody closed that place, and the new one was put there too.
    with short_history():
        async with world(tmp_path, scenario, 3) as place:
            for done in ("strangers out", "routes out", "passwords", "two factors"):
                place.panel(done)
            async with place.session() as session:
                assert await _contain(session) == 0
                assert containment(session.situation()).contained
            taken = place.takes_a_new(kind)
            place.pass_time(1800.0)
            async with place.session() as session:
                await read_account(session)
                said = containment(session.situation())
                assert said.over is Over.BACK and "somebody else" in said.words, said.words
                ticked = {view.id for view in session.steps() if view.verdict is Verdict.DONE}
                assert {"key": "1", "login": "2"}[kind] not in ticked
                (alarm,) = [one for one in open_alarms(session.situation()) if one.target == taken]
                assert (
                    remedy(session.situation(), alarm)
                    == {"key": "keys.replace", "login": "logins.reset"}[kind]
                )
                await _contain(session)
                # Production's is replaced, never only deleted; and the queue that was filled anew is purged anew.
                assert not place.truth().sends
                assert await _contain(session) == 0, capsys.readouterr()
                assert containment(session.situation()).contained
                made = session.state.created_keys if kind == "key" else session.state.passwords
                assert any(record.effect.target == taken for record in made.values())
