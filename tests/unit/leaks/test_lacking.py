"""A bare install: what it cannot open is named, with the one command that brings the library."""

from __future__ import annotations

import importlib.util
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from workbench.leaks import packed
from workbench.leaks.accesslog import LogReader
from workbench.leaks.files import scan_tree
from workbench.leaks.logfiles import read_log
from workbench.leaks.model import Match, SearchCoverage
from workbench.leaks.patterns import Scanner
from workbench.leaks.webanswers import answered
from workbench.leaks.withheld import withheld

KEY = "c" * 6 + "0123f" * 5 + "a-12345678-9abcdef0"
HEADS = {
    "a.zst": b"\x28\xb5\x2f\xfd\x04\x00\x01\x00\x00",
    "d.js.br": b"\x8b\x02\x80hello\x03",
    "b.lz4": b"\x04\x22\x4d\x18\x64\x40\xa7\x00\x00\x00\x00",
    "c.7z": b"7z\xbc\xaf\x27\x1c\x00\x04" + b"\0" * 24,
}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the libraries of the archives extra unfindable."""
    real = importlib.util.find_spec
    gone = {"zstandard", "lz4", "brotli", "py7zr", "pypdf"}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in gone else real(name))
    packed.lacking.cache_clear()
    yield
    packed.lacking.cache_clear()


def searched(path: Path) -> tuple[list[Match], SearchCoverage]:
    found: list[Match] = []
    coverage = SearchCoverage()
    scan_tree(path, Scanner(), lambda match, place: found.append(match), coverage)
    return found, coverage


def _tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("name", HEADS)
def test_what_needs_a_library_is_named_with_the_way_to_it(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(HEADS[name])
    _, coverage = searched(tmp_path)
    assert not coverage.complete
    (reason,) = coverage.gaps
    assert "pip install 'mailgun-workbench[archives]'" in reason
    assert name in coverage.examples[reason]


@pytest.mark.usefixtures("bare")
def test_the_rest_of_an_archive_is_read_all_the_same(tmp_path: Path) -> None:
    text = f"MAILGUN_API_KEY={KEY}\n".encode()
    (tmp_path / "all.tar").write_bytes(_tar({"x.zst": HEADS["a.zst"], "y.7z": HEADS["c.7z"], "z/.env": text}))
    (tmp_path / "h.pdf").write_bytes(b"%PDF-1.4\n% " + text)
    found, coverage = searched(tmp_path)
    assert [match.secret.reveal() for match in found] == [KEY, KEY]
    assert len(coverage.gaps) == 3


@pytest.mark.usefixtures("bare")
def test_a_log_that_cannot_be_opened_is_no_empty_log(tmp_path: Path) -> None:
    path = tmp_path / "access.log.zst"
    path.write_bytes(HEADS["a.zst"])
    reader = LogReader()
    read_log(path, reader)
    assert not reader.coverage.complete


@pytest.mark.usefixtures("bare")
def test_a_site_s_answer_that_needs_a_library_is_named_with_the_way_to_it() -> None:
    response = httpx.Response(200, headers={"Content-Encoding": "br"})
    assert "not read: type" in withheld(answered("/.env", response, b"\x8b\x02\x80hello\x03", 4096), [])


def test_a_full_install_lacks_nothing() -> None:
    assert [how for how in ("zstd", "lz4", "brotli", "7z", "pdf") if packed.lacking(how)] == []
