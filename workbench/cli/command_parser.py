"""A parser of commands: options mean the same before and after a command, and what is mistyped is answered."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from workbench.core.redact import visible

_TOLD = 400  # characters of what is wrong with a command line: it quotes what was typed
_LONGEST = 40  # characters of a word that may be a mistyped one of ours


class Parser(argparse.ArgumentParser):
    """A parser that takes a command's options also before the command, and says what was probably meant."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse as argparse does, once the options that stand before a command and are its own stand behind it."""
        return super().parse_known_args(args if args is None else self._behind(list(args)), namespace)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and what is near to it, then leave with 2."""
        near = self._near(message)
        super().error(f"{visible(message, _TOLD)}{f'. Did you mean {near}?' if near else ''}")

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

        found = get_close_matches(said, [*options, *choices], 1, 0.6)
        return found[0] if found else ""


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
