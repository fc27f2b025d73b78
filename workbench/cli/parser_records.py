"""The options of what is recorded and handed out: judgements, attestations, messages, reports, evidence."""

from __future__ import annotations

import argparse

from workbench.cli.options import account_options, json_option, lazy, named


def report(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("report", help="write the reports; check one against the journal")
    account_options(parser)
    json_option(parser)
    parser.add_argument(
        "--audience",
        default="support",
        choices=(
            "support",
            "host",
            "management",
            "marketing",
            "recipients",
            "timeline",
            "support-page",
            "privacy",
            "insurer",
            "decisions",
            "police",
        ),
        help="which one to print (all are written)",
    )
    parser.add_argument(
        "--aware", metavar="TIME", help="since when the company is aware: the 72 hours count from it"
    )
    parser.add_argument("--format", default="txt", choices=("txt", "md", "html"), help="how to print it")
    parser.add_argument(
        "--verify", nargs="?", const="", metavar="FILE", help="check FILE (or the latest) against the journal"
    )
    parser.set_defaults(run=lazy("report"))


def evidence(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("evidence", help="what was preserved: list, open, check, hand to others")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    show_all = actions.add_parser("list", help="what was stored, when, and what it holds")
    show = actions.add_parser("show", help="write one snapshot or log chunk, opened, to a pipe")
    show.add_argument(
        "name", metavar="NAME", help="a name of the list, or its part: 0a, 0b, logs (the latest)"
    )
    show.add_argument("--reveal", action="store_true", help="write it although standard output is a terminal")
    export = actions.add_parser("export", help="one archive that can be checked on any machine")
    export.add_argument(
        "--to", metavar="FILE.zip", type=named, required=True, help="a file that is not there yet"
    )
    export.add_argument(
        "--encrypt-to",
        action="append",
        default=[],
        metavar="RECIPIENT",
        type=named,
        help="encrypt it by the installed age or gpg: age1…, an SSH key, or a PGP fingerprint (repeatable)",
    )
    export.add_argument("--why", metavar="TEXT", required=True, help="for whom and why; it is journaled")
    verify = actions.add_parser("verify", help="check an archive, or the sealed evidence of this incident")
    verify.add_argument("file", nargs="?", metavar="FILE", type=named, help="an archive that export wrote")
    for name, action in (("list", show_all), ("show", show), ("export", export), ("verify", verify)):
        account_options(action)
        action.set_defaults(run=lazy("evidence"), action=name, json=False)
        if name != "show":
            json_option(action)


def purge(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "purge", help="remove an incident's snapshots and logs; journal and reports stay"
    )
    account_options(parser)
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    json_option(parser)
    parser.set_defaults(run=lazy("purge"))


def judge(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("judge", help="say of a finding whose it is: ours, intruder, keep")
    parser.add_argument(
        "finding", metavar="FINDING", help="how its title begins, as `sweep` lists it, or its id (`--json`)"
    )
    parser.add_argument("decision", choices=("ours", "intruder", "keep", "removed"))
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the report")
    account_options(parser)
    json_option(parser)
    parser.set_defaults(run=lazy("record"), record="judge")


def attest(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("attest", help="record what you know and the account cannot show")
    parser.add_argument("step", metavar="STEP", help="the step of the runbook: 0, 1b, 4 …")
    parser.add_argument("text", metavar="TEXT", help="who did what, and what was seen")
    parser.add_argument(
        "--subject", default="", metavar="ID", help="the user or measure it is about; later:ID defers"
    )
    account_options(parser)
    json_option(parser)
    parser.set_defaults(run=lazy("record"), record="attest")


def undo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("undo", help="take back a judgement, an attestation, a deferral")
    parser.add_argument(
        "row", nargs="?", type=int, metavar="ROW", help="its journal row (default: the latest)"
    )
    account_options(parser)
    json_option(parser)
    parser.set_defaults(run=lazy("record"), record="undo")


def message(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "message", help="the texts to send: to Support, to the users, for the hand-over"
    )
    parser.add_argument(
        "to",
        choices=(
            "support",
            "support-update",
            "users",
            "hand-over",
            "links",
            "abuse-host",
            "abuse-registrar",
            "billing",
        ),
        help="whom for; links: Mailgun, to stop redirecting; abuse-…: of the landing page; billing: the dispute",
    )
    parser.add_argument(
        "--sent",
        action="store_true",
        help="record that this support-update was sent: the next one tells what changed",
    )
    account_options(parser)
    json_option(parser)
    parser.set_defaults(run=lazy("record"), record="message")
