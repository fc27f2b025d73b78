"""Trees, bad input first: nothing outside the root, nothing unbounded, everything left out is counted."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import brotli
import lz4.frame
import py7zr
import pytest
import zstandard

from tests.unit.leaks.corpus import Draw
from workbench.leaks import packed, texts
from workbench.leaks.files import SearchLimits, scan_tree
from workbench.leaks.model import LeakError, LeakPlace, Match, SearchCoverage
from workbench.leaks.patterns import Scanner

DRAW = Draw(31)


def line(value: str) -> str:
    return f"MAILGUN_SECRET={value}\n"


class Found:
    """Collects what a search reports."""

    def __init__(self) -> None:
        self.all: list[tuple[Match, LeakPlace]] = []
        self.coverage = SearchCoverage()

    def __call__(self, match: Match, place: LeakPlace) -> None:
        self.all.append((match, place))

    def search(self, root: Path, limits: SearchLimits | None = None) -> Found:
        scan_tree(root, Scanner(), self, self.coverage, limits=limits)
        return self

    @property
    def paths(self) -> list[tuple[str, int]]:
        return sorted((place.path, place.line) for _, place in self.all)


def test_a_tree_gives_relative_paths_lines_and_dates(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / ".env").write_text("A=1\n" + line(DRAW.current()))
    (tmp_path / "x.txt").write_text("nothing here\n")
    os.utime(tmp_path / "sub" / ".env", (1_700_000_000, 1_700_000_000))
    found = Found().search(tmp_path)
    ((match, place),) = found.all
    assert (place.path, place.line, place.name) == ("sub/.env", 2, "MAILGUN_SECRET")
    assert place.modified == "2023-11-14T22:13:20Z"
    assert place.root == str(tmp_path)
    assert match.secret.reveal() not in repr(match)
    assert found.coverage.files == 2
    assert found.coverage.complete


def test_links_are_counted_and_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.env").write_text(line(DRAW.current()))
    root = tmp_path / "root"
    root.mkdir()
    (root / "loop").symlink_to(root)
    (root / "up").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret.env")
    (root / "dangling").symlink_to(root / "nowhere")
    found = Found().search(root)
    assert found.all == []
    assert found.coverage.skipped["symbolic link, not followed"] == 4


def test_a_root_that_is_a_link_is_followed_because_it_was_named(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "a.env").write_text(line(DRAW.current()))
    (tmp_path / "link").symlink_to(real)
    assert Found().search(tmp_path / "link").paths == [("a.env", 1)]


def test_pipes_and_sockets_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a.env").write_text(line(DRAW.current()))
    found = Found().search(tmp_path)
    assert found.paths == [("a.env", 1)]
    assert found.coverage.skipped["not a regular file"] == 1


def test_a_pipe_named_as_the_root_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    found = Found().search(tmp_path / "pipe")
    assert found.coverage.skipped["not a regular file"] == 1


def test_what_cannot_be_read_is_a_gap_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Permissions do not bind root, who may run the tests: the refusal is simulated at the system call.
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed.env").write_text("x")
    (tmp_path / "open.env").write_text(line(DRAW.current()))
    real_scandir, real_open = os.scandir, os.open

    def scandir(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return real_scandir(path)

    def opened(path: str, flags: int, *rest: int) -> int:
        if str(path).endswith("closed.env"):
            raise PermissionError(13, "Permission denied", path)
        return real_open(path, flags, *rest)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os, "open", opened)
    found = Found().search(tmp_path)
    assert found.paths == [("open.env", 1)]
    assert found.coverage.skipped["folder not readable: Permission denied"] == 1
    assert found.coverage.skipped["file not readable: Permission denied"] == 1
    assert found.coverage.examples["file not readable: Permission denied"] == "closed.env"
    assert not found.coverage.complete


def test_a_missing_root_says_so(tmp_path: Path) -> None:
    with pytest.raises(LeakError, match="cannot be searched"):
        Found().search(tmp_path / "nowhere")


def test_an_enormous_sparse_file_is_skipped_with_its_reason(tmp_path: Path) -> None:
    with (tmp_path / "disk.img").open("wb") as file:
        file.truncate(1 << 40)
    found = Found().search(tmp_path)
    assert found.coverage.skipped["larger than the limit"] == 1


def test_a_file_of_many_blocks_gives_the_right_lines(tmp_path: Path) -> None:
    value, other = DRAW.current(), DRAW.legacy()
    with (tmp_path / "dump.sql").open("w") as file:
        file.write("-- dump\n" * 700_000 + line(value) + "-- dump\n" * 700_000 + line(other))
    assert Found().search(tmp_path).paths == [("dump.sql", 700_001), ("dump.sql", 1_400_002)]


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, bz2.compress, lzma.compress, zstandard.compress, lz4.frame.compress],  # type: ignore[attr-defined]
    ids=["gzip", "bzip2", "xz", "zstd", "lz4"],
)
def test_compressed_files_are_searched(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    text = ("x\n" * 10 + line(DRAW.current())).encode()
    (tmp_path / "old.log.1").write_bytes(pack(text) + pack(text))
    found = Found().search(tmp_path)
    assert found.paths == [("old.log.1", 11), ("old.log.1", 22)]
    assert {place.inside for _, place in found.all} <= {"gzip", "bzip2", "xz", "zstd", "lz4"}


def test_brotli_is_told_by_its_name(tmp_path: Path) -> None:
    text = line(DRAW.current()) + "y\n" * 10 + line(DRAW.current())
    packed: bytes = brotli.compress(text.encode())  # type: ignore[no-untyped-call]
    (tmp_path / "site.js.br").write_bytes(packed)
    (tmp_path / "hello.br").write_text("Demat d'an holl\n" + line(DRAW.current()))
    (tmp_path / "cut.js.br").write_bytes(packed[:-8])
    with zipfile.ZipFile(tmp_path / "site.zip", "w") as archive:
        archive.writestr("app.js.br", packed)
    found = Found().search(tmp_path)
    assert sorted(set(found.paths)) == [
        ("hello.br", 2),
        ("site.js.br", 1),
        ("site.js.br", 12),
        ("site.zip", 1),
        ("site.zip", 12),
    ]
    assert {place.inside for _, place in found.all} == {"", "brotli", "app.js"}
    assert found.coverage.gaps == {"compressed file damaged, cut short or encrypted"}


def test_zip_members_are_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "site.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app/.env", line(DRAW.current()))
        archive.writestr("readme", "nothing")
    ((_, place),) = Found().search(tmp_path).all
    assert (place.path, place.inside, place.line) == ("site.zip", "app/.env", 1)


def seven_zip(path: Path, files: dict[str, str], password: str | None = None) -> Path:
    with py7zr.SevenZipFile(path, "w", password=password) as archive:
        for name, text in files.items():
            archive.writestr(text, name)
    return path


def test_7z_archives_are_searched_inside_others_too(tmp_path: Path) -> None:
    value = DRAW.current()
    inner = seven_zip(tmp_path / "site.7z", {"app/.env": line(value), "readme": "nothing"})
    with tarfile.open(tmp_path / "all.tar.gz", "w:gz") as archive:
        archive.add(inner, "backup/site.7z")
    assert [place.inside for _, place in Found().search(tmp_path).all] == [
        "gzip/backup/site.7z/app/.env",
        "app/.env",
    ]


def test_a_7z_archive_that_cannot_be_opened_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seven_zip(tmp_path / "locked.7z", {".env": line(DRAW.current())}, password="x1")
    assert not Found().search(tmp_path).coverage.complete
    (tmp_path / "locked.7z").unlink()
    seven_zip(tmp_path / "large.7z", {".env": line(DRAW.current())})
    monkeypatch.setattr(texts, "_MOST_7Z", 10)
    assert Found().search(tmp_path).coverage.gaps == {"7z archive that unpacks to more than is held"}


@pytest.mark.parametrize(
    "pack", [gzip.compress, zstandard.compress, brotli.compress], ids=["gzip", "zstd", "brotli"]
)
def test_a_bomb_of_one_stream_stops_at_the_ratio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(packed, "FREE_OUTPUT", 4 << 20)
    (tmp_path / "bomb.br").write_bytes(pack(b"\0" * (8 << 20)))
    found = Found().search(tmp_path)
    assert found.coverage.skipped["unpacks to more than any plausible size"] == 1
    assert not found.coverage.complete


def test_a_zip_bomb_of_many_members_shares_one_budget(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6):
            archive.writestr(f"{number}", b"\0" * (16 << 20))
    found = Found().search(tmp_path)
    assert found.coverage.skipped["unpacks to more than any plausible size"] == 1


@pytest.mark.parametrize("head", [b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00", b"PK\x03\x04"])
def test_damaged_archives_are_counted(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "broken").write_bytes(head + b"garbage" * 50)
    found = Found().search(tmp_path)
    assert found.coverage.skipped["compressed file damaged, cut short or encrypted"] == 1


def test_a_gzip_cut_short_is_searched_up_to_the_cut(tmp_path: Path) -> None:
    text = (line(DRAW.current()) + "".join(DRAW.hex(60) + "\n" for _ in range(20_000))).encode()
    (tmp_path / "cut.gz").write_bytes(gzip.compress(text)[:-2000])
    found = Found().search(tmp_path)
    assert found.paths == [("cut.gz", 1)]
    assert found.coverage.skipped["compressed file damaged, cut short or encrypted"] == 1
    assert found.coverage.files == 1


def test_hostile_names_are_made_visible(tmp_path: Path) -> None:
    name = os.fsencode("a\x1b[31m\n") + b"\xff.env"
    with open(os.path.join(os.fsencode(tmp_path), name), "w") as file:  # noqa: PTH118, PTH123 -- bytes path
        file.write(line(DRAW.current()))
    ((_, place),) = Found().search(tmp_path).all
    assert "\x1b" not in place.path
    assert "\n" not in place.path
    assert "\\xff" in place.path


def test_utf_16_and_invalid_utf_8_are_searched(tmp_path: Path) -> None:
    (tmp_path / "wide.txt").write_bytes(("x\n" + line(DRAW.current())).encode("utf-16"))
    (tmp_path / "latin.txt").write_bytes(b"\xff\xfe\xe9\n\xc3(\n" + line(DRAW.legacy()).encode())
    assert Found().search(tmp_path).paths == [("latin.txt", 3), ("wide.txt", 2)]


def test_git_objects_are_left_to_the_history_but_its_configuration_is_read(tmp_path: Path) -> None:
    git = tmp_path / ".git"
    (git / "objects" / "aa").mkdir(parents=True)
    (git / "refs").mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "config").write_text(f"[remote]\n url = https://api:{DRAW.current()}@api.mailgun.net/v3\n")
    (git / "objects" / "aa" / "bb").write_text(line(DRAW.current()))
    assert Found().search(tmp_path).paths == [(".git/config", 2)]


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="this system shows no peak memory of a process"
)
def test_memory_stays_bounded_over_a_large_file(tmp_path: Path) -> None:
    with (tmp_path / "big.log").open("wb") as file:
        for _ in range(60):
            file.write(b"GET /index.html mailgun 200\n" * 2000 + b"GET /favicon.ico 200\n" * 50_000)
    program = (
        "import sys; from pathlib import Path; from workbench.leaks.files import scan_tree;"
        "from workbench.leaks.patterns import Scanner; from workbench.leaks.model import SearchCoverage;"
        "scan_tree(Path(sys.argv[1]), Scanner(), lambda m, p: None, SearchCoverage());"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 100 * 1024
