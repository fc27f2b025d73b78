"""Every command and option of the command line, in one place; light, so that ``--help`` is instant."""

from __future__ import annotations

import argparse
import gc
from functools import cache

from workbench import __version__
from workbench.cli import parser_mail as mail
from workbench.cli import parser_records as records
from workbench.cli.command_parser import Parser
from workbench.cli.help_texts import Paragraphs, epilog
from workbench.cli.options import account_options, json_option, lazy, named


@cache
def build_parser() -> argparse.ArgumentParser:
    """Return the parser, made once a process; each command's function stands in ``run``."""
    parser: argparse.ArgumentParser = Parser(
        prog="workbench",
        description="Take a compromised Mailgun account back. Without a command: the full screen.",
        epilog=epilog(),
        formatter_class=Paragraphs,
    )
    parser.add_argument("--version", action="version", version=f"workbench {__version__}")
    account_options(parser, first=True)
    parser.set_defaults(run=lazy("screen"))
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _drill(commands)
    _status(commands)
    _contain(commands)
    _sweep(commands)
    _assess(commands)
    _leaks(commands)
    _blocklists(commands)
    _secrets(commands)
    records.report(commands)
    records.evidence(commands)
    mail.mail(commands)
    mail.export(commands)
    mail.lost(commands)
    records.purge(commands)
    _doctor(commands)
    records.judge(commands)
    records.attest(commands)
    records.undo(commands)
    records.message(commands)
    _about(commands)
    return parser


def let_go() -> None:
    """Forget the parser, 1.8 MB, where the command goes on for long.

    Its parts hold each other: what goes on looks for such things once, now, while there is little to look through (some
    20 ms behind the first frame), for what is there once a session is open is left alone for good.
    """
    build_parser.cache_clear()
    gc.collect()


def _drill(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from workbench.drill.world.options import add_arguments

    parser = commands.add_parser("drill", help="practise on a simulated compromised account")
    parser.add_argument(
        "--serve", action="store_true", help="only serve it; the first line says where, as JSON"
    )
    parser.add_argument("--list", action="store_true", help="list the scenarios")
    add_arguments(parser)
    account_options(parser)
    parser.set_defaults(run=lazy("drill"))


def _status(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("status", help="read the account and say how each step stands")
    account_options(parser)
    json_option(parser)
    parser.set_defaults(run=lazy("status"))


def _contain(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "contain",
        help="cut all access: replace the API keys, reset the SMTP logins",
        description="Deletes and replaces every API key and resets every SMTP login, the worst first. Evidence "
        "is stored before the first cut. Run again, it continues; it never does anything twice.",
    )
    account_options(parser)
    json_option(parser)
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.add_argument("--dry-run", action="store_true", help="print the plan as JSON and write nothing")
    parser.add_argument("--finish", action="store_true", help="also delete what --replace-first had kept")
    parser.add_argument(
        "--verify", action="store_true", help="change nothing: prove again what was cut and made"
    )
    parser.add_argument(
        "--old-secrets-file",
        metavar="FILE",
        type=named,
        help='old secrets to prove dead: JSON only you can read, {"keys": {ID: SECRET}, "logins": {LOGIN: PASSWORD}}',
    )
    parser.add_argument(
        "--grant",
        action="append",
        default=[],
        metavar="ID=ROLE",
        help="what the replacement of a key may do: a role, or sending:DOMAIN (repeatable)",
    )
    parser.add_argument(
        "--without-replacement",
        action="append",
        default=[],
        metavar="KEY",
        help="delete this key for good, without a replacement (repeatable)",
    )
    parser.add_argument(
        "--same-roles", action="store_true", help="give every new key what the old one had, not less"
    )
    _scope_of_contain(parser)
    _risky_of_contain(parser)
    parser.set_defaults(run=lazy("contain"))


def _scope_of_contain(parser: argparse.ArgumentParser) -> None:
    scope = parser.add_argument_group("scope (default: every key and every login of every domain)")
    scope.add_argument("--keys", nargs="+", metavar="ID", default=(), help="only these API keys")
    scope.add_argument("--logins", nargs="+", metavar="LOGIN", default=(), help="only these SMTP logins")
    scope.add_argument(
        "--domains",
        nargs="+",
        metavar="DOMAIN",
        type=named,
        default=(),
        help="only the logins of these domains",
    )
    scope.add_argument(
        "--replace-first",
        nargs="+",
        metavar="NAME",
        default=(),
        help="keep these until their replacement is used",
    )


def _risky_of_contain(parser: argparse.ArgumentParser) -> None:
    more = parser.add_argument_group("what cannot be undone or may stop production")
    more.add_argument(
        "--remove-strangers", action="store_true", help="delete logins that look like a stranger's"
    )
    more.add_argument(
        "--purge",
        nargs="+",
        metavar="DOMAIN",
        type=named,
        default=(),
        help="purge queued mail of these domains, or: all",
    )
    more.add_argument(
        "--limit", type=int, metavar="N", help="cap sending at N messages a month (1,000 at least)"
    )


def _sweep(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("sweep", help="look at every setting an intruder can hide in")
    account_options(parser)
    json_option(parser)
    parser.add_argument("--all", action="store_true", help="show what is not suspicious too")
    parser.set_defaults(run=lazy("sweep"))


def _assess(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("assess", help="who sent what with which credential, and the damage")
    account_options(parser)
    json_option(parser)
    parser.add_argument(
        "--settings", action="store_true", help="read the settings too, for suppressions and queues"
    )
    parser.add_argument(
        "--recipients",
        metavar="FILE",
        type=named,
        help="write whom the intruder's mail reached as CSV (personal data; only for those who must notify)",
    )
    lift = parser.add_argument_group("repair")
    lift.add_argument(
        "--lift-suppressions",
        action="store_true",
        help="take off the suppression lists what the abuse added for reputation, and nothing else",
    )
    lift.add_argument("--yes", action="store_true", help="do it without asking")
    lift.add_argument("--dry-run", action="store_true", help="print the plan as JSON, write nothing")
    parser.set_defaults(run=lazy("assess"))


def _leaks(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "leaks",
        help="where a credential leaked, and when it was taken",
        description="Searches folders and repositories (their whole history), access logs and your own sites. "
        "Needs no account; with an incident in this home it uses what is known and records what it finds.",
    )
    parser.add_argument(
        "places", nargs="*", metavar="PATH-OR-GIT-URL", type=named, help="what to search; name it first"
    )
    parser.add_argument(
        "--no-history", action="store_true", help="files only, not the history of repositories"
    )
    parser.add_argument(
        "--log",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        type=named,
        help="web access logs, or their folder",
    )
    parser.add_argument(
        "--proxy-address",
        nargs="+",
        action="extend",
        default=[],
        metavar="ADDRESS",
        type=named,
        help="your own proxies (addresses, ranges): never a client",
    )
    parser.add_argument(
        "--site",
        nargs="+",
        action="extend",
        default=[],
        metavar="HOST",
        type=named,
        help="sites of yours to ask, politely",
    )
    parser.add_argument("--mine", action="store_true", help="confirm that every --site is your own")
    parser.add_argument("--contact", default="", metavar="MAIL", help="named in the requests to the sites")
    parser.add_argument("--recheck", action="store_true", help="search again where this incident searched")
    exact = parser.add_argument_group("this very secret")
    exact.add_argument("--exact-stdin", action="store_true", help="values to look for, one a line of input")
    exact.add_argument("--from-vault", action="store_true", help="look for the secrets this incident stored")
    exact.add_argument(
        "--probe", action="store_true", help="ask the account whether what is found still lives"
    )
    judged = parser.add_argument_group("judged before")
    judged.add_argument(
        "--baseline", metavar="FILE", type=named, help="findings accepted before, by fingerprint"
    )
    judged.add_argument("--accept", action="store_true", help="write what is found into the baseline")
    judged.add_argument("--reason", default="", metavar="TEXT", help="why it is accepted")
    account_options(parser)
    json_option(parser)
    parser.set_defaults(run=lazy("leaks"))


def _blocklists(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "blocklists",
        help="which listings matter, the way off, and a watch for the days after",
        description="Looks up every sending address and domain of the account, reads who refuses its mail, and "
        "says what to do about each listing. Exit 1 while a listing that matters stands.",
    )
    account_options(parser)
    json_option(parser)
    parser.add_argument("--watch", action="store_true", help="go on for days; a new listing rings")
    parser.add_argument("--days", type=int, default=7, metavar="N", help="how long to watch (default: 7)")
    parser.add_argument(
        "--ip", nargs="+", metavar="IP", type=named, default=(), help="look up these addresses only"
    )
    parser.add_argument(
        "--domain", nargs="+", metavar="DOMAIN", type=named, default=(), help="look up these domains only"
    )
    parser.add_argument(
        "--notice",
        metavar="FILE",
        type=named,
        help="read a bounce or notice (- for standard input); asks nobody",
    )
    told = parser.add_argument_group("what came of a removal")
    told.add_argument(
        "--requested", nargs=2, metavar=("SUBJECT", "ZONE"), help="record that you asked for it"
    )
    told.add_argument(
        "--refused",
        nargs="+",
        metavar="WORD",
        help="record that the list said no: SUBJECT ZONE and its words",
    )
    parser.set_defaults(run=lazy("blocklists"))


def _secrets(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("secrets", help="names of what is stored; hand one secret to a pipe")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    show = actions.add_parser("list", help="names of what the incident and `put` stored, never their values")
    get = actions.add_parser("get", help="write one secret to a pipe")
    get.add_argument("name", metavar="NAME")
    get.add_argument("--reveal", action="store_true", help="write it although standard output is a terminal")
    put = actions.add_parser(
        "put", help="store a key that the workbench itself needs (a blocklist's), read from standard input"
    )
    put.add_argument(
        "name", metavar="NAME", help="as the catalogue names it, such as blocklists/spamhaus-dqs"
    )
    put.set_defaults(run=lazy("secrets"), action="put", json=False)
    recover = actions.add_parser("recover", help="names of what is in the vault and no incident here names")
    recover.set_defaults(run=lazy("secrets"), action="recover")
    json_option(recover)
    change = actions.add_parser("passphrase", help="put the workbench's own vault under a new passphrase")
    change.add_argument(
        "--new-file", metavar="FILE", type=named, help="read the new one from a file only you can read"
    )
    change.set_defaults(run=lazy("secrets"), action="passphrase", json=False)
    for action in (show, get, put, recover, change):
        account_options(action)
        action.set_defaults(run=lazy("secrets"))
    json_option(show)
    show.set_defaults(action="list")
    get.set_defaults(action="get", json=False)


def _doctor(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("doctor", help="what this host lacks: keyring, terminal, network, clock")
    account_options(parser)
    json_option(parser)
    parser.add_argument(
        "--bundle",
        metavar="FILE",
        type=named,
        help="write what a bug report needs: no secret, no address of a person",
    )
    parser.add_argument(
        "--record",
        metavar="FILE",
        type=named,
        help="read the account and write the shapes of its answers: types and field names, no value",
    )
    parser.set_defaults(run=lazy("doctor"))


def _about(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    helps = commands.add_parser("help", help="this help, or that of a command")
    helps.add_argument("command", nargs="?", metavar="COMMAND")
    complete = commands.add_parser("completions", help="completions for your shell, on standard output")
    complete.add_argument("shell", choices=("bash", "zsh", "fish"))
    manual = commands.add_parser("man", help="the manual page, on standard output: workbench man | man -l -")
    for parser, name in ((helps, "help"), (complete, "completions"), (manual, "man")):
        account_options(parser)
        parser.set_defaults(run=lazy("about"), about=name)
