"""A parser of commands: options mean the same before and after a command, and what is mistyped is answered."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from workbench.core.errors import UsageError
from workbench.core.redact import visible

_TOLD = 400  # characters of what is wrong with a command line: it quotes what was typed
_NEAR = 0.7  # how much alike two words must be (of 1) for one to be the other, mistyped
_LONGEST = 40  # characters of a word that may be a mistyped one of ours


class Mistyped(SystemExit):
    """A command line that cannot be used: leaves with 2; ``told`` is what was said of it."""

    def __init__(self, told: UsageError) -> None:
        super().__init__(told.exit_code)
        self.told = told


class Parser(argparse.ArgumentParser):
    """A parser that takes a command's options also before the command, and says what was probably meant."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse as argparse does, once the options that stand before a command and are its own stand behind it."""
        return super().parse_known_args(args if args is None else self._behind(list(args)), namespace)

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> argparse.Namespace:
        """Parse everything; what is left over is answered by the command it was said to."""
        words = list(sys.argv[1:] if args is None else args)
        found, left = self.parse_known_args(words, namespace)
        if left:
            self._meant(words).error(f"unrecognized arguments: {' '.join(left)}")
        return found

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, what it means and what to do, then leave with 2."""
        near = self._near(message)
        self.print_usage(sys.stderr)
        way = f"workbench help {self.prog.split()[1]}" if " " in self.prog else "workbench help"
        todo = f"Did you mean {near}? " if near else ""
        wrong = visible(in_words(message, self), _TOLD).rstrip(".")
        what = f"The command `{self.prog}` cannot be run as typed: {wrong}."
        told = UsageError(what, "Nothing was done.", f"{todo}`{way}` says what it takes.")
        self._print_message(f"{told.what}\n{told.means}\n{told.todo}\n", sys.stderr)
        raise Mistyped(told)

    def _meant(self, words: Sequence[str]) -> argparse.ArgumentParser:
        """Return the parser of the command that these words name, this one where they name none."""
        found: argparse.ArgumentParser = self
        for word in words:
            found = commands_of(found).get(word, found)
        return found

    def _behind(self, words: list[str]) -> list[str]:
        """Return the words with the options that only the command knows moved behind everything else."""
        commands = commands_of(self)
        for place, word in enumerate(words):
            if word not in commands:
                continue
            split = _split(words[:place], _options(self), _options(commands[word], deep=True))
            if split is not None:
                kept, moved = split
                after = words[place + 1 :]
                end = after.index("--") if "--" in after else len(after)
                return [*kept, word, *after[:end], *moved, *after[end:]]
        return words

    def _near(self, message: str) -> str:
        typed = re.search(r"invalid choice: '([^']*)'|unrecognized arguments: (\S+)", message)
        said = next((word for word in typed.groups() if word), "") if typed is not None else ""
        options = _options(self, deep=True)
        if not said or len(said) > _LONGEST or said in options:
            return ""
        choices = [str(choice) for action in self._actions for choice in action.choices or ()]
        from difflib import get_close_matches  # only where something was mistyped

        found = get_close_matches(said, [*options, *choices], 1, _NEAR)
        return found[0] if found else ""


def in_words(message: str, parser: argparse.ArgumentParser) -> str:
    """Return what argparse says of a command line as a plain sentence without its full stop."""
    if missing := re.fullmatch(r"the following arguments are required: (.+)", message):
        wanted = [_shown(name, parser) for name in missing[1].split(", ")]
        return f"{' and '.join(wanted)} {'is' if len(wanted) == 1 else 'are'} missing"
    if wrong := re.fullmatch(
        r"argument (\S+): invalid choice: (.+?) \(choose from (.+)\)", message, re.DOTALL
    ):
        choices = wrong[3].replace("'", "")
        return f"{wrong[2]} is none of: {choices}"
    if typed := re.fullmatch(r"argument (\S+): invalid int value: (.+)", message, re.DOTALL):
        return f"{_shown(typed[1], parser)} wants a whole number, not {typed[2]}"
    if few := re.fullmatch(r"argument (\S+): expected (?:one|at least one|1) argument", message):
        return f"{_shown(few[1], parser)} wants a value behind it"
    if left := re.fullmatch(r"unrecognized arguments: (.+)", message, re.DOTALL):
        return f"this is not understood: {left[1]}"
    return message.removeprefix("argument ")


def _shown(name: str, parser: argparse.ArgumentParser) -> str:
    """Return how an argument is called in the help: by its place holder, or by what it is one of."""
    for action in parser._actions:
        if name == action.dest and not action.option_strings and action.choices is not None:
            return f"{name.upper()} ({', '.join(str(choice) for choice in action.choices)})"
    return name


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return a parser's commands by name, in the order they were added; empty for one without."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def leaves(
    parser: argparse.ArgumentParser, before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Yield every command that does something, by its words: ``("evidence", "list")``, with its parser."""
    commands = commands_of(parser)
    if not commands and before:
        yield before, parser
    for name, command in commands.items():
        yield from leaves(command, (*before, name))


def _options(parser: argparse.ArgumentParser, *, deep: bool = False) -> dict[str, argparse.Action]:
    """Return a parser's options by what is typed; ``deep`` with those of all commands below it."""
    below = (_options(one, deep=True) for one in commands_of(parser).values()) if deep else ()
    own = {option: action for action in parser._actions for option in action.option_strings}
    return {option: action for options in below for option, action in options.items()} | own


def _split(
    words: Sequence[str], own: dict[str, argparse.Action], theirs: dict[str, argparse.Action]
) -> tuple[list[str], list[str]] | None:
    """Return the options of ``own`` and of ``theirs`` with their values; None where the words are not just that."""
    kept: list[str] = []
    moved: list[str] = []
    place = 0
    while place < len(words):
        name, with_value, _ = words[place].partition("=")
        action = own.get(name) or theirs.get(name)
        if action is None:
            return None
        end = place + 1
        while not with_value and end < len(words) and words[end].partition("=")[0] not in {*own, *theirs}:
            end += 1
        if not with_value and not _takes(action, end - place - 1):
            return None
        (kept if name in own else moved).extend(words[place:end])
        place = end
    return kept, moved


def _takes(action: argparse.Action, count: int) -> bool:
    """Return whether an option may have so many values."""
    match action.nargs:
        case None:
            return count == 1
        case int(wanted):
            return count == wanted
        case "?":
            return count <= 1
        case "+":
            return count >= 1
    return True
