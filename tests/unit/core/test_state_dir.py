"""Where the state stands, who may read it, and ids that can be trusted as folder names."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.errors import HostError, UsageError
from workbench.core.state_dir import Home, new_incident_id, tag_of

NOW = datetime(2026, 11, 21, 14, 2, 7, tzinfo=UTC)


def test_the_environment_moves_it_and_a_home_of_its_own_is_the_default(tmp_path: Path) -> None:
    assert Home.find({"WORKBENCH_HOME": str(tmp_path)}).path == tmp_path
    assert Home.find({"WORKBENCH_HOME": "~/x"}).path == Path("~/x").expanduser()
    assert Home.find({}).path.name == "mailgun-workbench"


def test_looking_makes_nothing_and_ensuring_makes_it_private(tmp_path: Path) -> None:
    home = Home(tmp_path / "state")
    assert home.latest() is None
    assert not home.path.exists()
    home.ensure()
    assert {path.stat().st_mode & 0o777 for path in (home.path, home.incidents)} == {0o700}


def test_a_folder_that_cannot_be_looked_into_is_not_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "state")
    assert home.journals() == [] and not home.has_vault()
    home.ensure()
    # Root may look everywhere, so the host's answer is played.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != home.incidents)
    assert not home.has_vault()
    for look in (home.journals, home.latest):
        with pytest.raises(HostError, match="cannot be read") as caught:
            look()
        assert f"chmod 700 {home.incidents}" in caught.value.todo
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != home.path)
    with pytest.raises(HostError, match="cannot be read"):
        home.has_vault()


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o711, 0o700])
def test_a_folder_that_exists_is_used_and_left_as_it_is(tmp_path: Path, mode: int) -> None:
    home = Home(tmp_path / "state")
    home.path.mkdir()
    home.path.chmod(mode)
    home.ensure()
    assert home.path.stat().st_mode & 0o777 == mode
    assert home.incidents.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o775, 0o777, 0o770, 0o1777, 0o757])
@pytest.mark.parametrize("which", ["path", "incidents"])
def test_a_folder_others_can_write_into_is_refused_with_the_command_and_left_as_it_is(
    tmp_path: Path, mode: int, which: str
) -> None:
    home = Home(tmp_path / "a shared folder")
    home.ensure()
    folder: Path = getattr(home, which)
    folder.chmod(mode)
    with pytest.raises(HostError, match="write into") as caught:
        home.ensure()
    assert f"chmod 700 '{folder}'" in caught.value.todo
    assert "WORKBENCH_HOME" in caught.value.todo
    assert folder.stat().st_mode & 0o7777 == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, -1)
    with pytest.raises(HostError, match="belongs to another user"):
        Home(tmp_path).ensure()


def test_no_folder_but_ours_is_to_be_closed_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is told to change the mode of a shared folder, or of /dev/null, closes it to everybody else."""
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(HostError, match="file is not a folder") as caught:
        Home(file / "state").free_space()
    assert caught.value.todo == "Set WORKBENCH_HOME to a folder you can write to."
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(HostError, match="cannot be written to") as caught:
        Home(tmp_path / "state").free_space()
    assert caught.value.todo == "Set WORKBENCH_HOME to a folder you can write to."
    own = Home(tmp_path)
    tmp_path.chmod(0o700)
    with pytest.raises(HostError, match="cannot be written to") as caught:
        own.free_space()
    assert (
        caught.value.todo == f"Run: chmod 700 {tmp_path}, or set WORKBENCH_HOME to a folder you can write to."
    )


def test_the_latest_is_the_last_by_time_that_has_a_journal(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for name in ("20261121-140207-3f2a", "20261122-000000-0000", "20271121-140207-ffff"):
        home.folder(name).mkdir(parents=True)
    for name in ("20261121-140207-3f2a", "20261122-000000-0000"):
        (home.folder(name) / "journal.sqlite").touch()
    assert home.latest() == "20261122-000000-0000"
    assert home.existing("20261121-140207-3f2a") == "20261121-140207-3f2a"
    with pytest.raises(UsageError, match="no incident"):
        home.existing("20271121-140207-ffff")


@pytest.mark.parametrize("name", ["", "..", ".", "../x", "a/b", "/etc", ".hidden"])
def test_an_id_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="not an incident"):
        Home(tmp_path).folder(name)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)),
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)),
)
def test_ids_sort_by_time(one: datetime, two: datetime) -> None:
    first, second = sorted((one, two))
    if second.replace(microsecond=0) > first.replace(microsecond=0):
        assert new_incident_id(first) < new_incident_id(second)


def test_the_tag_of_what_an_incident_makes_is_short_and_its_own() -> None:
    assert tag_of("20261121-140207-3f2a") == "wb-3f2a21140207"
    assert tag_of(new_incident_id(NOW)).startswith("wb-")


def test_the_drill_has_a_home_of_its_own(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.drill().incidents != home.incidents
    assert home.drill().vault_file != home.vault_file
