"""An archive encrypted by the installed tool: in a pipe, for recipients that are checked, refused in words."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from workbench.core.errors import HostError, UsageError
from workbench.session import evidence_export
from workbench.session.encryption import encrypted, tool_for

AGE = "age1" + "q" * 58
PGP = "0123456789ABCDEF0123456789ABCDEF01234567"


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put tools on the path that write their arguments and their input as it came."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("age", "gpg"):
        path = folder / name
        path.write_text('#!/bin/sh\nprintf "%s " "$@"\ncat\n')
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.mark.parametrize(
    "wrong", ["-o/etc/passwd", "", "nobody", "age1short", "a b@c", "--recipient@x.example"]
)
def test_what_is_no_recipient_is_refused_before_anything_runs(wrong: str) -> None:
    with pytest.raises(UsageError):
        tool_for([wrong])


def test_recipients_of_two_kinds_are_refused() -> None:
    with pytest.raises(UsageError):
        tool_for([AGE, PGP])


def test_the_tool_gets_the_archive_by_a_pipe_and_the_file_holds_what_it_gave_back(
    tools: Path, tmp_path: Path
) -> None:
    made = encrypted(b"abc", [AGE])
    assert made.split() == [b"--encrypt", b"--recipient", AGE.encode(), b"abc"]
    sure, unsure = encrypted(b"abc", [PGP]), encrypted(b"abc", ["police@x.example"])
    assert b"--trust-model always" in sure and b"--trust-model" not in unsure
    target = tmp_path / "e.zip.age"
    digest = evidence_export.write(target, [], {"a": b"plain words"}, {}, [AGE])
    assert len(digest) == 64 and stat.S_IMODE(target.stat().st_mode) == 0o600
    assert target.read_bytes().startswith(b"--encrypt") and [
        p.name for p in tmp_path.iterdir() if p.is_file()
    ] == ["e.zip.age"]
    with pytest.raises(FileExistsError):
        evidence_export.write(target, [], {}, {}, [AGE])


def test_a_tool_that_is_missing_or_refuses_writes_nothing(tools: Path, tmp_path: Path) -> None:
    (tools / "age").write_text("#!/bin/sh\necho 'no such key' >&2\nexit 2\n")
    with pytest.raises(HostError, match="no such key"):
        evidence_export.write(tmp_path / "x", [], {}, {}, [AGE])
    (tools / "age").unlink()
    with pytest.raises(HostError, match="not installed"):
        evidence_export.write(tmp_path / "x", [], {}, {}, [AGE])
    assert not (tmp_path / "x").exists()
