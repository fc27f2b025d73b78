"""The look and the keys of the screen from config.toml: taken, or refused with what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.cli import screen
from workbench.core.config import ScreenConfig, parse
from workbench.core.errors import UsageError
from workbench.core.state_dir import Home
from workbench.tui.keymap import check_keys
from workbench.tui.themes import ascii_only, check_theme, theme_name


def test_it_is_read_whole() -> None:
    text = b'[screen]\ntheme = "light"\nascii = true\nmouse = false\n[keys]\n"pane.maximise" = "f11"\n'
    assert parse(text).screen == ScreenConfig("light", True, False, {"pane.maximise": "f11"})
    assert parse(b"").screen == ScreenConfig()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'[screen]\ntheme = "pink"', "one of dark, light"),
        (b'[screen]\nascii = "yes"', "true or false"),
        (b'[screen]\ncolour = "red"', "no setting colour"),
        (b'[keys]\n"quit" = 3', "keys must give a key"),
        (b'screen = "light"', "screen must be a table"),
    ],
)
def test_a_mistake_is_named(text: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(text)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"pane.maximize": "f11"}, "did you mean pane.maximise"),
        ({"quit": "enter"}, "keep their meaning"),
        ({"next.do": "n"}, "keep their meaning"),
        ({"pane.maximise": "s"}, "both"),
        ({"pane.maximise": "nokey"}, "no key nokey, wanted for pane.maximise"),
        ({"pane.maximise": "super+x+"}, "no key"),
        ({"pane.maximise": ""}, "no key"),
    ],
)
def test_keys_that_cannot_be_are_named(keys: dict[str, str], said: str) -> None:
    assert said in check_keys(keys)


def test_keys_may_change_places() -> None:
    assert check_keys({}) == "" and check_keys({"pane.maximise": "f11"}) == ""
    assert check_keys({"pane.maximise": "q", "quit": "z"}) == ""
    for key in ("+", "plus", "ctrl+t", "alt+x", "shift+f3", "number_sign", "pageup"):
        assert check_keys({"pane.maximise": key}) == "", key


def test_a_theme_of_the_environment_that_is_none_is_named() -> None:
    said = check_theme({"WORKBENCH_THEME": "drak"})
    assert said == "WORKBENCH_THEME names no theme: drak is none of dark, light, contrast, ansi."
    assert [check_theme({"WORKBENCH_THEME": name}) for name in ("", "Light", "ansi")] == ["", "", ""]
    assert check_theme({}) == ""


def test_the_environment_goes_before_the_file() -> None:
    term = {"TERM": "xterm-256color"}
    assert theme_name(term, "light") == "workbench-light"
    assert theme_name({**term, "WORKBENCH_THEME": "contrast"}, "light") == "workbench-contrast"
    assert ascii_only(term, "utf-8", True) and not ascii_only({**term, "WORKBENCH_ASCII": "0"}, "utf-8", True)


def test_the_platforms_folder_is_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBENCH_HOME", raising=False)
    monkeypatch.setattr("platformdirs.user_config_path", lambda name: tmp_path / name)
    home = Home(tmp_path / "home")
    assert home.screen_config_file == home.config_file
    (tmp_path / "mailgun-workbench").mkdir()
    file = tmp_path / "mailgun-workbench" / "config.toml"
    file.write_text('[screen]\ntheme = "contrast"\n[keys]\n"quitt" = "f9"\n')
    assert home.screen_config_file == file
    with pytest.raises(UsageError, match="did you mean quit"):
        screen._screen()
    file.write_text('[screen]\ntheme = "contrast"\n')
    assert screen._screen().theme == "contrast"
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    assert home.screen_config_file == home.config_file
