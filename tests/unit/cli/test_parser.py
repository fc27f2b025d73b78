"""Every command of the contract is there, light to start, and takes what the contract says."""

from __future__ import annotations

import subprocess
import sys

import pytest

from workbench.cli.parser import build_parser


@pytest.mark.parametrize(
    "words",
    [
        ["status", "--json", "--incident", "x"],
        ["contain", "--yes", "--json", "--keys", "a", "b", "--logins", "c", "--domains", "d"],
        ["contain", "--dry-run", "--replace-first", "prod", "--finish"],
        ["contain", "--remove-strangers", "--purge", "all", "--limit", "5000"],
        ["secrets", "list", "--json"],
        ["secrets", "get", "NAME", "--reveal"],
        ["doctor", "--json"],
        ["drill", "--serve", "--scenario", "empty", "--seed", "2", "--domains", "1", "--credentials", "2"],
        [
            "drill",
            "--users",
            "3",
            "--latency-ms",
            "80",
            "--rate",
            "300",
            "--faults",
            "",
            "--speed",
            "2",
            "--port",
            "1",
        ],
        ["drill", "--list"],
        ["drill", "--fresh"],
    ],
)
def test_the_words_of_the_contract_are_taken(words: list[str]) -> None:
    assert callable(build_parser().parse_args(words).run)


@pytest.mark.parametrize(
    "words",
    [["contain", "--limit", "x"], ["secrets"], ["secrets", "get"], ["drill", "--users", "-1"], ["nothing"]],
)
def test_everything_else_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        build_parser().parse_args(words)
    assert left.value.code == 2
    assert capsys.readouterr().err


def test_a_secret_is_no_argument_of_any_command() -> None:
    help_text = subprocess.run(
        [sys.executable, "-m", "workbench", "contain", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert "--key " not in help_text
    assert "--password" not in help_text
    assert "--key-stdin" in help_text


def test_help_loads_neither_network_nor_screen() -> None:
    code = (
        "import sys; from workbench.cli.parser import build_parser; build_parser();"
        "print([m for m in ('httpx', 'textual', 'keyring', 'cryptography', 'starlette') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


ACCOUNT = [
    "--endpoints",
    "e.json",
    "--incident",
    "x",
    "--key-stdin",
    "--own-key",
    "k",
    "--resolver",
    "127.0.0.1:53",
]
COMMANDS = {
    "status": [],
    "contain": ["--dry-run"],
    "sweep": [],
    "assess": [],
    "leaks": [],
    "blocklists": [],
    "report": [],
    "evidence": ["list"],
    "mail": ["show"],
    "export": ["stix"],
    "lost": [],
    "purge": [],
    "doctor": [],
    "judge": ["id", "ours"],
    "attest": ["4", "done"],
    "undo": [],
    "message": ["support"],
    "help": [],
    "man": [],
    "completions": ["bash"],
    "drill": ["--serve"],
}


@pytest.mark.parametrize("command", [*COMMANDS, "secrets"])
def test_options_mean_the_same_before_and_after_the_command(command: str) -> None:
    words = [command, *(["list"] if command == "secrets" else COMMANDS[command])]
    before, after = (
        build_parser().parse_args([*ACCOUNT, *words]),
        build_parser().parse_args([*words, *ACCOUNT]),
    )
    plain = build_parser().parse_args(words)
    for name in ("endpoints", "incident", "key_stdin", "own_key", "resolver"):
        assert getattr(before, name) == getattr(after, name) != getattr(plain, name), name


def test_every_command_is_among_those_tried() -> None:
    from workbench.cli.about import commands_of

    assert {*COMMANDS, "secrets"} == set(commands_of(build_parser()))


@pytest.mark.parametrize(
    ("words", "meant"), [(["statsu"], "status"), (["status", "--jsn"], "--json"), (["contian"], "contain")]
)
def test_what_is_mistyped_is_answered_with_what_is_near(
    words: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        build_parser().parse_args(words)
    assert left.value.code == 2
    assert f"Did you mean {meant}?" in capsys.readouterr().err


def test_the_manual_names_every_command_and_option() -> None:
    from workbench.cli.about import commands_of, manual

    parser = build_parser()
    page = manual(parser)
    for name, command in commands_of(parser).items():
        assert f".SS {name}" in page
        for action in command._actions:
            for option in action.option_strings:
                assert option.replace("-", "\\-") in page, option


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_know_the_commands(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    from workbench.cli.about import run

    run(build_parser().parse_args(["completions", shell]))
    told = capsys.readouterr().out
    assert "contain" in told and "blocklists" in told


@pytest.mark.parametrize(
    "words",
    [
        ["status", "--endpoints", ""],
        ["contain", "--incident", " "],
        ["status", "--vault", ""],
        ["status", "--vault", "[" * 100_000],
        ["message", "\x1b]0;owned\x07"],
    ],
)
def test_what_names_nothing_or_is_hostile_is_refused_in_one_short_plain_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args(words)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert len(said) < 3000
    assert "\x1b" not in said
