"""The diagnostic log: private, small, and never with a secret or a person's whole address in it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.core import diagnostics
from workbench.core.errors import VaultError
from workbench.core.redact import Secret
from workbench.core.secret_scanner import SecretScanner


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    # What other tests of this process told it to guard is not known here.
    monkeypatch.setattr(diagnostics, "_known", SecretScanner())
    yield tmp_path
    log = logging.getLogger("workbench")
    for handler in list(log.handlers):
        log.removeHandler(handler)
        handler.close()


def test_an_error_is_kept_in_its_words_for_its_owner_only(folder: Path) -> None:
    diagnostics.note(folder, VaultError("The keyring is locked."), "storing a secret")
    path = folder / diagnostics.FILE_NAME
    assert path.stat().st_mode & 0o777 == 0o600
    (line,) = diagnostics.last_lines(folder)
    assert "VaultError: The keyring is locked. (storing a secret)" in line


def test_of_an_unexpected_error_only_its_kind_and_place_is_kept(folder: Path) -> None:
    try:
        raise ValueError("the password is hunter2hunter2")
    except ValueError as error:
        diagnostics.note(folder, error)
    (line,) = diagnostics.last_lines(folder)
    assert "ValueError at test_diagnostics.py:" in line
    assert "hunter2" not in line


@pytest.mark.parametrize(
    "text",
    [
        "key-0123456789abcdef0123456789abcdef was refused",
        "0123456789abcdef0123456789abcdef-01234567-89abcdef was refused",
        "password Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z refused",
    ],
)
def test_what_has_the_shape_of_a_secret_is_masked(folder: Path, text: str) -> None:
    diagnostics.note(folder, VaultError(text))
    (line,) = diagnostics.last_lines(folder)
    assert "refused" in line
    assert not any(word in line for word in text.split() if len(word) > 20)


def test_a_known_secret_of_any_shape_costs_the_line_and_addresses_are_shortened(folder: Path) -> None:
    diagnostics.guard(Secret("correct horse battery"))
    diagnostics.note(folder, VaultError("It was correct horse battery all along."))
    diagnostics.note(folder, VaultError("margaret@acme.example was asked."))
    first, second = diagnostics.last_lines(folder)
    assert "horse" not in first
    assert "ma…@acme.example" in second and "margaret" not in second


def test_it_stays_small_and_one_older_is_kept(folder: Path) -> None:
    for _ in range(400):
        diagnostics.note(folder, VaultError("x " * 900))
    files = sorted(path.name for path in folder.iterdir())
    assert files == ["workbench.log", "workbench.log.1"]
    assert all(path.stat().st_size <= diagnostics.LARGEST + 4096 for path in folder.iterdir())


def test_no_folder_is_made_for_it_and_a_link_in_its_place_is_not_written_through(folder: Path) -> None:
    diagnostics.note(folder / "none", VaultError("x"))
    assert list(folder.iterdir()) == []
    (folder / "victim").write_text("")
    (folder / diagnostics.FILE_NAME).symlink_to(folder / "victim")
    diagnostics.note(folder, VaultError("x"))
    assert (folder / "victim").read_text() == ""
