"""Files shipped beside the modules are found in a folder and in an archive."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from workbench.blocklists import catalogue
from workbench.core.shipped import shipped_text


def test_a_shipped_file_is_its_text() -> None:
    file = Path(catalogue.__file__).with_name("catalogue.toml")
    assert shipped_text("workbench.blocklists", "catalogue.toml") == file.read_text("utf-8")


def test_what_is_not_shipped_is_said() -> None:
    with pytest.raises(FileNotFoundError):
        shipped_text("workbench.blocklists", "nothing.toml")


def test_a_package_in_an_archive_has_its_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "one.pyz"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("shipped_for_a_test/__init__.py", "")
        packed.writestr("shipped_for_a_test/words.txt", "ä word")
    monkeypatch.syspath_prepend(str(archive))
    try:
        assert shipped_text("shipped_for_a_test", "words.txt") == "ä word"
    finally:
        sys.modules.pop("shipped_for_a_test", None)
