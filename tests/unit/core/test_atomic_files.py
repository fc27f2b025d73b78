"""Owner-only files and folders, and the durable replace."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.core.atomic_files import (
    ensure_folder,
    how_to_write,
    read_plain,
    read_private,
    refused,
    replace_durably,
)
from workbench.core.errors import HostError


def test_missing_folders_are_made_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        ensure_folder(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (tmp_path / "a", tmp_path / "a" / "b")] == [
        0o700
    ] * 2


def test_an_existing_readable_folder_is_used_and_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    folder.chmod(0o755)
    assert ensure_folder(folder) == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_unusable_folders_are_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HostError, match="not a folder"):
        ensure_folder(tmp_path / "file")
    with pytest.raises(HostError, match="Not a directory") as caught:
        ensure_folder(tmp_path / "file" / "below")
    assert "WORKBENCH_HOME" in caught.value.todo
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o770)
    with pytest.raises(HostError, match="Other users") as caught:
        ensure_folder(shared)
    assert f"chmod 700 {shared}" in caught.value.todo


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "theirs"
    path.write_bytes(b"x")
    path.chmod(0o600)
    os.chown(path, 12345, -1)
    with pytest.raises(PermissionError, match="belongs to user id 12345"):
        read_private(path)


def test_a_replace_is_whole_private_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    info = replace_durably(path, b"new")
    assert read_private(path)[0] == b"new"
    assert info.st_ino == path.stat().st_ino
    assert stat.S_IMODE(info.st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_planted_draft_link_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"untouched")
    (tmp_path / ".file.new").symlink_to(victim)
    replace_durably(tmp_path / "file", b"secret")
    assert victim.read_bytes() == b"untouched"
    assert read_private(tmp_path / "file")[0] == b"secret"


def test_a_replace_that_fails_at_the_rename_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    replace_durably(path, b"old")

    def fail(self: Path, target: Path) -> Path:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="Input/output"):
        replace_durably(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def denied(number: int = errno.EACCES) -> PermissionError:
    """Return the error of a host that says no and not why."""
    return PermissionError(number, os.strerror(number))


def test_a_refusal_says_whose_it_is_or_which_mode_keeps_one_out(tmp_path: Path) -> None:
    path = tmp_path / "vault.json"
    path.write_bytes(b"x")
    path.chmod(0)
    assert refused(path, denied()).strerror == "its mode is 0000, so you may not open it"
    path.chmod(0o600)
    assert "lsattr" in (refused(path, denied(errno.EPERM)).strerror or "")
    path.unlink()
    tmp_path.chmod(0o500)
    assert refused(path, denied()).strerror == f"the folder {tmp_path} does not let you (mode 0500)"
    tmp_path.chmod(0o700)
    # What has its reason keeps it, and what is no refusal is left alone.
    for error in (PermissionError(errno.EACCES, "it is a symbolic link"), OSError(errno.ENOSPC, "full")):
        assert refused(path, error) is error


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_refusal_names_the_other_user(tmp_path: Path) -> None:
    path = tmp_path / "vault.json"
    path.write_bytes(b"x")
    os.chown(path, 12345, -1)
    assert refused(path, denied()).strerror == "it belongs to user id 12345, not to you"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "chmod u+rwx"),
        (errno.EPERM, "lsattr /srv/home/vault.json"),
        (errno.EROFS, "read-only"),
        (errno.ENOSPC, "Free space"),
    ],
)
def test_the_way_to_write_again_is_that_of_the_reason(number: int, words: str) -> None:
    assert words in how_to_write(Path("/srv/home/vault.json"), number)


@pytest.mark.parametrize("read", [read_private, read_plain])
def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    read: Callable[..., object], tmp_path: Path
) -> None:
    path = tmp_path / "hole"
    path.touch(mode=0o600)
    os.truncate(path, 1 << 40)  # takes no room, and nobody has the memory
    with pytest.raises(PermissionError, match="larger than") as caught:
        read(path, limit=1 << 39)
    assert caught.value.errno == errno.EFBIG
