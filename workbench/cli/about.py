"""What the command line tells of itself: help of a command, completions for a shell, the manual page."""

from __future__ import annotations

import argparse
import sys
from difflib import get_close_matches

from workbench.cli.command_parser import commands_of
from workbench.cli.help_texts import ENVIRONMENT, EXIT_CODES, KEYS
from workbench.cli.output import text
from workbench.cli.parser import build_parser
from workbench.core.errors import UsageError
from workbench.core.redact import visible


def run(options: argparse.Namespace) -> int:
    """Run the command; returns 0. Raises UsageError for a command that does not exist."""
    parser = build_parser()
    if options.about == "completions":
        # Only here: no other command pays for its import, and a bare install does without it.
        try:
            import shtab
        except ModuleNotFoundError:
            raise UsageError(
                "Completions need an extra that is not installed.",
                "Nothing else is missing.",
                f"Type: {sys.executable} -m pip install 'mailgun-workbench[completion]'",
            ) from None

        text(shtab.complete(parser, shell=options.shell))
    elif options.about == "man":
        text(manual(parser))
    elif options.command is None:
        text(parser.format_help())
    else:
        text(_of(parser, options.command).format_help())
    return 0


def _of(parser: argparse.ArgumentParser, name: str) -> argparse.ArgumentParser:
    commands = commands_of(parser)
    if name not in commands:
        near = get_close_matches(name, commands, 1)
        guess = f"Did you mean {near[0]}? " if near else ""
        raise UsageError(
            f"There is no command {visible(name, 60)}.",
            "",
            f"{guess}The commands are: {', '.join(commands)}.",
        )
    return commands[name]


def manual(parser: argparse.ArgumentParser) -> str:
    """Return the manual page (roff, section 1) of the program and all its commands."""
    lines = [
        '.TH WORKBENCH 1 "" "mailgun-workbench" "User Commands"',
        ".SH NAME",
        "workbench \\- take a compromised Mailgun account back",
        ".SH SYNOPSIS",
        ".B workbench",
        "[OPTIONS] [COMMAND] [OPTIONS]",
        ".SH DESCRIPTION",
        _roff(parser.description or ""),
        "Options mean the same before and after the command.",
        ".SH OPTIONS",
        *_options(parser),
        ".SH COMMANDS",
    ]
    lines += _commands(parser)
    lines += [
        ".SH EXIT STATUS",
        _roff(EXIT_CODES),
        ".SH KEYS OF THE FULL SCREEN",
        _roff(KEYS),
        ".SH ENVIRONMENT",
    ]
    for name, words in ENVIRONMENT.items():
        lines += _named(name, words)
    return "\n".join(lines) + "\n"


def _commands(parser: argparse.ArgumentParser, before: str = "") -> list[str]:
    """Return the part of the page about each command, with those below it."""
    lines: list[str] = []
    for name, command in commands_of(parser).items():
        whole = f"{before}{name}"
        told = command.description or _help_of(parser, name)
        lines += [f".SS {_roff(whole)}", _roff(told), *_options(command), *_commands(command, f"{whole} ")]
    return lines


def _named(name: str, words: str) -> list[str]:
    return [".TP", f".B {_roff(name)}", _roff(words)]


def _help_of(parser: argparse.ArgumentParser, name: str) -> str:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return next((str(one.help) for one in action._choices_actions if one.dest == name), "")
    return ""


def _options(parser: argparse.ArgumentParser) -> list[str]:
    lines: list[str] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction) or action.help == argparse.SUPPRESS:
            continue
        words = ", ".join(action.option_strings) or str(action.metavar or action.dest)
        lines += _named(words, str(action.help or "").replace("%%", "%"))
    return lines


def _roff(words: str) -> str:
    """Return text in which nothing is a roff request."""
    safe = words.replace("\\", "\\e").replace("-", "\\-").replace("\n", " ")
    return f"\\&{safe}" if safe.startswith((".", "'")) else safe
