"""A host whose clock is off by hours or years: said, and nothing is dated, ordered or ticked by it from then on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.commands import Commands, threaded_drill
from workbench.core import clock as clocks
from workbench.core.clock import as_moment
from workbench.domain.leaks.recorded import LeaksFound
from workbench.journal.journal import read_rows

HOURS = 3_600.0


class _Off:
    """What the host's clock shows beside the time it is."""

    seconds = 0.0


@pytest.fixture
def off(monkeypatch: pytest.MonkeyPatch) -> type[_Off]:
    _Off.seconds = 0.0

    def wrong(_self: clocks.SystemClock) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=_Off.seconds)

    monkeypatch.setattr(clocks.SystemClock, "now", wrong)
    return _Off


@pytest.mark.parametrize("behind", [3 * HOURS, 10 * 365 * 24 * HOURS])
def test_a_password_from_before_the_cut_is_none_after_it_however_far_the_host_is_behind(
    commands: Commands, tmp_path: Path, off: type[_Off], behind: float
) -> None:
    off.seconds = -behind
    with threaded_drill(tmp_path) as served:
        commands.use(served.document)
        account = served.drill.account
        who = next(user for user in account.main.users.values() if user.is_owner)
        changed = served.call(account.now)
        served.call(lambda: setattr(who, "password_updated", changed))
        served.call(lambda: served.drill.clock.advance(HOURS))
        commands("contain", "--yes")
        state = commands.state()
        cut = as_moment(state.people_cut_at)
        assert cut is not None and cut.timestamp() > changed, "the cut is dated by the account's clock"
        document = commands("status", "--json").document
        (step,) = [one for one in document["steps"] if one["id"] == "4"]
        assert any("forgot password" in line for line in step["evidence"]), step
        assert not any("set 20" in line and who.email[:2] in line for line in step["evidence"]), step
        assert any("behind Mailgun's" in note for note in document["notes"])


def test_a_host_clock_set_right_in_the_middle_keeps_the_journal_in_order(
    commands: Commands, tmp_path: Path, off: type[_Off]
) -> None:
    with threaded_drill(tmp_path) as served:
        commands.use(served.document)
        for seconds in (10 * 365 * 24 * HOURS, 0.0, -5 * HOURS, 2 * HOURS):
            off.seconds = seconds
            commands("contain", "--yes")
            assert commands("status", "--json").code in (0, 1)
        incident = commands.home.latest()
        assert incident is not None
        rows = list(read_rows(commands.home.folder(incident) / "journal.sqlite"))
        # The opening is written before anybody was asked what time it is.
        times = [row.at for row in rows if row.kind not in ("journal", "incident.opened")]
        now = datetime.now(UTC)
        assert all(abs((as_moment(at) or now) - now) < timedelta(minutes=10) for at in times)
        assert abs((as_moment(commands.state().opened_at) or now) - now) < timedelta(minutes=10)


def test_what_a_search_sees_now_is_never_dated_before_what_was_said_of_it(
    commands: Commands, tmp_path: Path, off: type[_Off]
) -> None:
    searched = tmp_path / "searched"
    searched.mkdir()
    (searched / "empty.txt").write_text("nothing\n")
    with threaded_drill(tmp_path) as served:
        commands.use(served.document)
        commands("attest", "7", "the leak was looked for by hand")
        off.seconds = -5 * HOURS
        commands("leaks", str(searched))
        fact = commands.state().fact(LeaksFound)
        said = commands.state().attestations[-1].at
        assert fact is not None and fact.at > said
