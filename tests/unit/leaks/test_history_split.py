"""A history read by two processes says what one says; where the second fails, all is read by the first."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.unit.leaks.corpus import Draw
from tests.unit.leaks.repositories import Repository
from workbench.core.redact import Secret
from workbench.leaks import history_split
from workbench.leaks.history import scan_history
from workbench.leaks.model import KnownValue, LeakPlace, SearchCoverage, SecretKind
from workbench.leaks.patterns import Scanner

DRAW = Draw(77)


def _large(tmp_path: Path) -> tuple[Path, set[str]]:
    """Return a repository of some hundred objects, among them damaged and packed ones, and its secrets."""
    repo = Repository(tmp_path / "shop")
    values = {DRAW.current() for _ in range(12)}
    with zipfile.ZipFile(repo.path / "backup.zip", "w") as archive:
        archive.writestr("app/.env", f"MAILGUN_SECRET={(packed := DRAW.current())}\nDB_PASSWORD=xq7uAzP2wd\n")
    for n, value in enumerate(sorted(values)):
        for filler in range(12):
            repo.commit(f"{n} {filler}", readme=f"text {n} {filler}\n")
        repo.commit("configure", __env=f"MAILGUN_SECRET={value}\nSTRIPE_SECRET=sk_live_{DRAW.hex(24)}\n")
    named = DRAW.current()
    (repo.path / f"{named}.txt").write_text("x")
    repo.commit("named", readme="last\n")
    return repo.path, {*values, packed, named}


def _search(path: Path, scanner: Scanner) -> tuple[set[tuple[str, LeakPlace]], SearchCoverage]:
    found: set[tuple[str, LeakPlace]] = set()
    coverage = SearchCoverage()
    assert scan_history(path, scanner, lambda m, place: found.add((m.secret.reveal(), place)), coverage)
    return found, coverage


def _unmarked(found: set[tuple[str, LeakPlace]]) -> set[tuple[object, ...]]:
    """Leave out the marks of values: each process draws its own."""
    return {
        (value, place.path, place.line, place.first_commit, place.last_commit, place.in_head, place.name,
         tuple((one.name, one.vendor) for one in place.neighbours))
        for value, place in found
    }  # fmt: skip


def test_two_processes_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, values = _large(tmp_path)
    assert not history_split.worth_it(path / ".git"), "a small store is read by one"
    alone, covered = _search(path, Scanner())
    monkeypatch.setattr(history_split, "worth_it", lambda folder: True)
    together, both = _search(path, Scanner())
    assert {value for value, _ in together} == values
    assert _unmarked(together) == _unmarked(alone)
    assert (both.files, both.bytes, both.skipped) == (covered.files, covered.bytes, covered.skipped)


def test_values_that_are_known_are_looked_for_by_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, values = _large(tmp_path)
    known = [KnownValue(f"n{n}", Secret(value), SecretKind.API_KEY) for n, value in enumerate(sorted(values))]
    monkeypatch.setattr(history_split, "worth_it", lambda folder: True)
    together, _ = _search(path, Scanner(known, shapes=False))
    assert {value for value, _ in together} == values


@pytest.mark.parametrize("how", ["cannot start", "ends at once", "saw another listing"])
def test_where_the_second_process_fails_nothing_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    path, _ = _large(tmp_path)
    alone, covered = _search(path, Scanner())
    monkeypatch.setattr(history_split, "worth_it", lambda folder: True)
    if how == "saw another listing":
        monkeypatch.setattr(history_split.Half, "mark", property(lambda half: "another"))
    else:
        program = "/nowhere/python" if how == "cannot start" else "/bin/false"
        monkeypatch.setattr("sys.executable", program)
    again, both = _search(path, Scanner())
    assert _unmarked(again) == _unmarked(alone)
    assert (both.files, both.bytes, both.skipped) == (covered.files, covered.bytes, covered.skipped)


def test_the_program_is_never_taken_from_the_folder_that_is_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, values = _large(tmp_path)
    hostile = path / "workbench" / "leaks"
    hostile.mkdir(parents=True)
    mark = tmp_path / "ran"
    for folder in (hostile.parent, hostile):
        (folder / "__init__.py").write_text(f"open({str(mark)!r}, 'w').close()\n")
    monkeypatch.chdir(path)
    monkeypatch.setattr(history_split, "worth_it", lambda folder: True)
    assert {value for value, _ in _search(path, Scanner())[0]} == values
    assert not mark.exists()
