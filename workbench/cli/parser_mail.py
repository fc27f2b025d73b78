"""The options of the intruder's mail: what it says, where it leads, who followed it."""

from __future__ import annotations

import argparse

from workbench.cli.options import account_options, json_option, lazy, named


def mail(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``workbench mail``."""
    parser = commands.add_parser(
        "mail", help="the intruder's mail: fetch it, read it, its links, who clicked"
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    fetch = actions.add_parser(
        "fetch", help="seal one stored message of each intruder group, while it is kept"
    )
    show = actions.add_parser("show", help="read the sealed messages as plain text, links defanged")
    show.add_argument("message", nargs="?", type=int, metavar="N", help="one of them (default: all)")
    show.add_argument("--reveal", action="store_true", help="write it although standard output is a terminal")
    links = actions.add_parser("links", help="landing pages, clicks, tracking hosts, where to look them up")
    links.add_argument(
        "--contacts",
        action="store_true",
        help="ask RDAP who answers for abuse of each landing name; nothing is sent",
    )
    clicked = actions.add_parser("clicked", help="who followed a link, as CSV: they are warned first")
    clicked.add_argument(
        "--to", metavar="FILE.csv", type=named, required=True, help="a file that is not there yet"
    )
    clicked.add_argument(
        "--yes", action="store_true", help="write it without asking (it is shown all the same)"
    )
    for name, action in (("fetch", fetch), ("show", show), ("links", links), ("clicked", clicked)):
        account_options(action)
        json_option(action)
        action.set_defaults(run=lazy("mail"), action=name)


def export(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``workbench export``."""
    parser = commands.add_parser(
        "export",
        help="timeline, indicators, findings for other programs",
        description="Timesketch (JSON lines, CSV), indicators (CSV, JSON, STIX 2.1), findings with MITRE ATT&CK ids; "
        "`export schema NAME` prints a JSON schema.",
    )
    kinds = ("timeline-jsonl", "timeline-csv", "indicators-csv", "indicators", "stix", "findings", "schema")
    parser.add_argument("what", choices=kinds, help="what to export")
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="of a schema: status, findings …; none lists them",
    )
    parser.add_argument(
        "--to", metavar="FILE", type=named, help="a file that is not there yet (default: standard output)"
    )
    account_options(parser)
    json_option(parser)
    parser.set_defaults(run=lazy("export"))


def lost(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``workbench lost``."""
    parser = commands.add_parser(
        "lost", help="own mail that did not arrive since the abuse began, to send again"
    )
    parser.add_argument(
        "--to",
        metavar="FILE.csv",
        type=named,
        help="write whom to send again to, a file that is not there yet",
    )
    parser.add_argument(
        "--yes", action="store_true", help="write it without asking (it is shown all the same)"
    )
    account_options(parser)
    json_option(parser)
    parser.set_defaults(run=lazy("lost"))
