"""Old secrets for the proof that they are dead come from a file that only its owner can read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.cli.opening import old_secrets
from workbench.core.errors import UsageError


def _file(folder: Path, content: str, mode: int = 0o600) -> str:
    path = folder / "old.json"
    path.write_text(content, encoding="utf-8")
    path.chmod(mode)
    return str(path)


def test_keys_and_logins_are_read(tmp_path: Path) -> None:
    content = json.dumps({"keys": {"id": "s3cret"}, "logins": {"a@b.example": "pw"}})
    keys, logins = old_secrets(_file(tmp_path, content))
    assert keys["id"].reveal() == "s3cret"
    assert logins["a@b.example"].reveal() == "pw"


def test_no_file_is_no_secrets() -> None:
    assert old_secrets(None) == ({}, {})


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(UsageError, match="other users of this host may read it"):
        old_secrets(_file(tmp_path, "{}", mode))


@pytest.mark.parametrize("content", ["", "[]", '{"keys": ["s3cret"]}', '{"keys": {"a": "s3cret"}', "\x00"])
def test_a_file_of_another_shape_is_refused_without_a_word_of_it(tmp_path: Path, content: str) -> None:
    with pytest.raises(UsageError) as refused:
        old_secrets(_file(tmp_path, content))
    assert "s3cret" not in f"{refused.value} {refused.value.__cause__} {refused.value.__context__!r}" or (
        refused.value.__suppress_context__
    )
    assert "s3cret" not in str(refused.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be used"):
        old_secrets(str(tmp_path / "nothing"))
