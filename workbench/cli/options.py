"""What several commands take alike, and how a command is imported only when it runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module

Command = Callable[[argparse.Namespace], int]


def lazy(module: str) -> Command:
    """Return a command that imports its module only when it runs."""

    def command(options: argparse.Namespace) -> int:
        code: int = import_module(f"workbench.cli.{module}").run(options)
        return code

    return command


def named(text: str) -> str:
    """Return what an option names. Nothing is refused: ``--endpoints "$UNSET"`` must not mean the real Mailgun."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it names nothing")
    return text


def account_options(parser: argparse.ArgumentParser, *, first: bool = False) -> None:
    """Add what every command takes. It means the same before and after the command: only the ``first`` has defaults.

    A command's own default would overwrite what was said before it.
    """
    group = parser.add_argument_group("account and incident")
    group.add_argument(
        "--endpoints", metavar="FILE", type=named, help="servers to talk to, as JSON (default: Mailgun's own)"
    )
    group.add_argument(
        "--incident", metavar="ID", type=named, help="work on this incident instead of the latest"
    )
    group.add_argument("--new", action="store_true", help="open a new incident")
    group.add_argument("--key-stdin", action="store_true", help="read the admin key from standard input")
    group.add_argument(
        "--own-key", metavar="ID", default="", help="id of the key in use, where Mailgun does not say"
    )
    _network_options(group)
    group.add_argument(
        "--vault",
        choices=("file", "keyring"),
        help="where new secrets go (default: config.toml, else what is there)",
    )
    group.add_argument(
        "--resolver", metavar="HOST:PORT", type=named, help="name server for blocklist look-ups"
    )
    if not first:
        for action in group._group_actions:
            action.default = argparse.SUPPRESS


def _network_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--proxy",
        metavar="URL",
        type=named,
        help="HTTP proxy that tunnels, URL or HOST:PORT, or: direct (default: config.toml, HTTPS_PROXY, ALL_PROXY; "
        "NO_PROXY excepts)",
    )
    group.add_argument(
        "--ca-file",
        metavar="FILE",
        type=named,
        help="certificate authorities to believe beside the host's own store",
    )


def json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="one JSON document on standard output, nothing else"
    )
