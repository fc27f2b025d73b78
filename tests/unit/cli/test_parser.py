"""Every command of the contract is there, light to start, and takes what the contract says."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from workbench.cli import help_texts
from workbench.cli.about import manual
from workbench.cli.command_parser import leaves
from workbench.cli.parser import build_parser

NAMES = Path(help_texts.__file__)
PACKAGE = NAMES.parents[1]


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


def test_help_and_manual_name_every_variable_that_the_program_reads() -> None:
    sources = "\n".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py") if path != NAMES)
    read = set(re.findall(r'"(WORKBENCH_[A-Z_]+|MAILGUN_API_KEY|NO_COLOR)"', sources))
    # The screen sets the one for the servers of the drill that it starts; the other is a name of this package's.
    ours = read - {"WORKBENCH_DRILL_LIFELINE", "WORKBENCH_SERVICE"}
    assert {"WORKBENCH_THEME", "WORKBENCH_ASCII", "WORKBENCH_HOME"} <= ours
    help_text, page = build_parser().format_help(), manual(build_parser())
    assert not [name for name in ours if name not in help_text or f".B {name}" not in page]
    # Exit codes, keys and environment each begin a line of their own.
    assert {"Exit", "Keys", "Environment:"} <= {line.split(" ")[0] for line in help_text.splitlines()}


def sample(action: argparse.Action) -> list[str]:
    """Return values that an option or an argument takes."""
    count = action.nargs if isinstance(action.nargs, int) else 1
    if action.choices is not None:
        return [str(list(action.choices)[-1])] * count
    for value in ("something", "29", "2026-11-21T14:00:00Z"):
        with suppress(ValueError, argparse.ArgumentTypeError):
            if not callable(action.type) or action.type(value) != action.default:
                return [value] * count
    raise AssertionError(f"nothing fits {action}")


def needed(parser: argparse.ArgumentParser) -> list[str]:
    """Return what a command does not run without: its arguments, then its required options."""
    wanted = [one for one in parser._actions if one.nargs not in ("?", "*")]
    arguments = [value for one in wanted if not one.option_strings for value in sample(one)]
    options = [
        w
        for one in wanted
        if one.option_strings and one.required
        for w in (one.option_strings[0], *sample(one))
    ]
    return [*arguments, *options]


PARSER = build_parser()
LEAVES = dict(leaves(PARSER))


@pytest.mark.parametrize("command", LEAVES, ids=" ".join)
def test_every_option_means_the_same_before_between_and_after_the_words_of_the_command(
    command: tuple[str, ...],
) -> None:
    rest = needed(LEAVES[command])
    plain = vars(PARSER.parse_args([*command, *rest]))
    options = [one for one in LEAVES[command]._actions if one.option_strings and one.dest != "help"]
    assert {"endpoints", "incident", "key_stdin", "vault", "proxy"} <= {one.dest for one in options}
    for option in options:
        for name in option.option_strings:
            words = [name, *sample(option)]
            after = vars(PARSER.parse_args([*command, *rest, *words]))
            assert after != plain or option.required, f"{name} changes nothing"
            for place in range(len(command)):
                mixed = [*command[:place], *words, *command[place:], *rest]
                assert vars(PARSER.parse_args(mixed)) == after, mixed
            if len(words) == 2 and option.nargs is None:
                assert vars(PARSER.parse_args([f"{name}={words[1]}", *command, *rest])) == after, name


@pytest.mark.parametrize(
    "words", [["--rate", "5", "status"], ["status", "--rate", "5"], ["--rate", "status"]]
)
def test_an_option_of_another_command_is_refused_wherever_it_stands(words: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        PARSER.parse_args(words)
    assert left.value.code == 2


def test_words_behind_two_dashes_stay_what_they_are() -> None:
    taken = PARSER.parse_args(["--json", "leaks", "--", "--yes", "status"])
    assert (taken.json, taken.places) == (True, ["--yes", "status"])
    # The value of an option may be the name of a command.
    assert PARSER.parse_args(["--incident", "status", "--json", "status"]).incident == "status"


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


@pytest.mark.parametrize(
    ("words", "what", "todo"),
    [
        (
            ["judge"],
            "workbench judge: FINDING and DECISION (ours, intruder, keep, removed) are missing.",
            "judge",
        ),
        (
            ["judge", "x", "mine"],
            "workbench judge: 'mine' is none of: ours, intruder, keep, removed.",
            "judge",
        ),
        (["attest", "7"], "workbench attest: TEXT is missing.", "attest"),
        (["completions"], "workbench completions: SHELL (bash, zsh, fish) is missing.", "completions"),
        (
            ["contain", "--limit", "many"],
            "workbench contain: --limit wants a whole number, not 'many'.",
            "contain",
        ),
        (["contain", "--limit"], "workbench contain: --limit wants a value behind it.", "contain"),
        (["contain", "--keys"], "workbench contain: --keys wants a value behind it.", "contain"),
        (["status", "--bogus"], "workbench status: this is not understood: --bogus.", "status"),
        (
            ["evidence", "list", "--bogus"],
            "workbench evidence list: this is not understood: --bogus.",
            "evidence",
        ),
    ],
)
def test_what_is_wrong_with_a_command_is_said_in_three_plain_sentences(
    words: list[str], what: str, todo: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        build_parser().parse_args(words)
    said = capsys.readouterr().err
    assert left.value.code == 2
    command, _, wrong = what.partition(": ")
    what = f"The command `{command}` cannot be run as typed: {wrong}"
    assert said.endswith(f"{what}\nNothing was done.\n`workbench help {todo}` says what it takes.\n"), said
    # The usage is that of the command, and what is near is looked for among what it takes.
    assert said.startswith(f"usage: {command} "), said


def test_a_document_says_too_what_is_wrong_with_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    from workbench.cli import run

    assert run(["judge", "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["what"].startswith("The command `workbench judge` cannot be run as typed: FINDING and")
    assert (error["means"], error["todo"]) == (
        "Nothing was done.",
        "`workbench help judge` says what it takes.",
    )


def test_the_manual_names_every_command_and_option() -> None:
    from workbench.cli.about import manual

    page = manual(PARSER)
    for name, command in LEAVES.items():
        assert f".SS {' '.join(name)}\n".replace("-", "\\-") in page
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


def test_help_of_a_mistyped_command_says_which_was_meant() -> None:
    from workbench.cli.about import run
    from workbench.core.errors import UsageError

    with pytest.raises(UsageError) as wrong:
        run(build_parser().parse_args(["help", "stauts"]))
    assert wrong.value.todo.startswith("Did you mean status? The commands are: drill, status,")
