"""The pictures in ``screenshots/`` show what the program shows now, and no secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import screenshots
from tests.screenshots import text_of, without_fonts
from workbench.core.redact import Secret
from workbench.core.secret_scanner import SecretScanner

README = Path(__file__).parents[2] / "README.md"


async def test_the_pictures_show_what_the_program_shows_now_and_no_secret(tmp_path: Path) -> None:
    taken, secrets = await screenshots.take(tmp_path)
    scanner = SecretScanner()
    assert len(secrets) > 60
    assert all(scanner.add(secret) for secret in secrets)
    kept = {path.name: path.read_text(encoding="utf-8") for path in screenshots.FOLDER.glob("*.svg")}
    # What is as it was kept is searched once.
    for svg, name in {svg: name for name, svg in [*taken.items(), *kept.items()]}.items():
        assert not scanner.found_in(svg), name
        assert not scanner.found_in("".join(text_of(svg))), name
        # Nothing is loaded from elsewhere when somebody looks at it.
        assert "url(http" not in svg, name
    assert set(kept) == set(taken), "make screenshots"
    # Whole: its words, their places and their colours. Nothing in a picture is of the moment or of the machine.
    stale = {name for name, svg in taken.items() if svg != kept[name]}
    if stale:
        # A stalled machine may show a moment earlier or later; what is stale is so the second time too.
        again, _ = await screenshots.take(tmp_path / "again")
        stale &= {name for name, svg in again.items() if svg != kept[name]}
    for name, word in {"alarm-120x40.svg": "ALARM", "contained-120x40.svg": "CONTAINED"}.items():
        assert word in "".join(text_of(taken[name])), name
    assert not stale, f"make screenshots: {sorted(stale)}"


def test_the_text_of_a_picture_is_read_in_its_order() -> None:
    svg = (
        '<text class="a" x="24.4" y="20" textLength="9">right</text><text class="b" x="0" y="20">left&#160;</text>'
        '<text class="a" x="0" y="44.4">&lt;next&gt;</text>'
    )
    assert text_of(svg) == ["left right", "<next>"]
    assert without_fonts("a@font-face {\n src: url(x) }\nb") == "ab"


def test_a_secret_in_a_picture_would_be_found() -> None:
    scanner = SecretScanner()
    scanner.add(Secret("0123456789abcdef-xyz"))
    assert scanner.found_in('<text class="a" x="0" y="1">0123456789abcdef-xyz</text>')


def test_the_readme_shows_pictures_that_exist() -> None:
    shown = re.findall(r"\((screenshots/[^)]+)\)", README.read_text(encoding="utf-8"))
    assert "screenshots/panes-120x40.svg" in shown
    for name in shown:
        assert (README.parent / name).exists(), f"{name}: make screenshots"


@pytest.mark.parametrize("name", ["panes-120x40.svg", "plan-120x40.svg", "runbook-80x24.svg"])
def test_the_main_states_are_there(name: str) -> None:
    assert len(text_of((screenshots.FOLDER / name).read_text(encoding="utf-8"))) > 20
