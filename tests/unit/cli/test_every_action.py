"""Each action has a command, each command and paper an action; what one side has alone is named with the reason."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest

from workbench.cli.parser import build_parser
from workbench.planning.catalog import ACTIONS

BY_COMMAND = {
    "contain.all": "contain",
    "keys.replace": "contain --keys ID",
    "logins.reset": "contain --logins LOGIN",
    "logins.delete": "contain --remove-strangers",
    "queues.purge": "contain --purge all",
    "limit.set": "contain --limit 5000",
    "handover.finish": "contain --finish",
    "contain.prove": "contain --verify",
    "finish": "contain",
    "leftovers.sweep": "sweep",
    "damage.assess": "assess",
    "window.show": "assess",
    "suppressions.lift": "assess --lift-suppressions",
    "evidence.preserve": "contain --dry-run",
    "support.message": "message support",
    "people.message": "message users",
    "adoption.show": "message hand-over",
    "step.attest": "attest 4 done",
    "harden.show": "status",
    "finding.judge": "judge ID ours",
    "findings.judge": "judge ID intruder",
    "senders.judge": "judge ID intruder",
    "people.strangers": "judge ID intruder",
    "alarms.show": "status",
    "said.take_back": "undo",
    "timeline.show": "report --audience timeline",
    "report.write": "report",
    "export.write": "export stix --to FILE",
    "lost.show": "lost",
    "support.update": "message support-update --sent",
    "billing.dispute": "message billing",
    "mail.fetch": "mail fetch",
    "mail.show": "mail show",
    "mail.links": "mail links",
    "mail.clicked": "mail clicked --to FILE",
    "support.questions": "report",
    "blocklists.check": "blocklists",
    "blocklists.removal": "blocklists",
    "blocklists.overview": "blocklists",
    "blocklists.requested": "blocklists --requested S Z",
    "blocklists.refused": "blocklists --refused S Z no",
    "leaks.search": "leaks PATH",
    "leaks.judge": "leaks",
    "leaks.recheck": "leaks --recheck",
    "secret.reveal": "secrets get NAME",
    "refresh": "status",
    "help": "help",
}
_VIEW = "moves or redraws the screen"
_TYPED = "deletes or disables one thing for good, after its plan was seen on the screen"
_PLAN = "a plan with rows to leave out one by one; `status` names what it would do"
SCREEN_ONLY = {
    **dict.fromkeys([name for name in ACTIONS if name.startswith("pane.")], _VIEW),
    **dict.fromkeys(
        [name for name in ACTIONS if name.startswith("drill.")], "plays a part of the drill's guide"
    ),
    **dict.fromkeys(
        ("redraw", "palette", "quit", "share.toggle", "local.toggle", "tour", "mouse.toggle"), _VIEW
    ),
    "panel.address": "copies a text to the terminal's clipboard; the guide shows it",
    "next.do": "the guide is the screen's; `status` names the next action of each step",
    "stop": "a signal stops a command",
    **dict.fromkeys(("keys.delete", "domains.delete", "subaccounts.disable", "subaccounts.enable"), _TYPED),
    **dict.fromkeys(("leftovers.remove", "stop.all", "harden.apply", "limit.restore"), _PLAN),
    **dict.fromkeys(("signing_key.renew", "public_key.renew", "allowlist.add", "allowlist.remove"), _PLAN),
    "blocklists.terms": "accepts a list's terms, read on the screen; `config.toml` enables it without one",
    "leaks.person": "a talk with somebody, whose answer `attest` records",
}


def test_every_action_is_in_one_of_the_two() -> None:
    assert set(BY_COMMAND) | set(SCREEN_ONLY) == set(ACTIONS)
    assert not set(BY_COMMAND) & set(SCREEN_ONLY)


@pytest.mark.parametrize("action", sorted(BY_COMMAND))
def test_the_command_is_taken(action: str) -> None:
    assert callable(build_parser().parse_args(BY_COMMAND[action].split()).run)


_OTHERS = "hands files to somebody else: where to, for whom and why are typed, and reports name the command"
_VAULT = "works on the vault before or without an incident; the screen shows and reveals what it holds"
# Papers of a command that an action shows beside its own one.
SHOWN_BY = {
    "message support-update": "support.update",
    "message links": "mail.links",
    "message abuse-host": "mail.links",
    "message abuse-registrar": "mail.links",
    **dict.fromkeys(
        [
            f"report --audience {one}"
            for one in (
                "support", "host", "management", "marketing", "recipients", "support-page", "privacy", "insurer",
                "decisions", "police",
            )
        ],
        "report.write",
    ),
    **dict.fromkeys(
        [f"export {one}" for one in ("timeline-jsonl", "timeline-csv", "indicators-csv", "indicators", "findings")],
        "export.write",
    ),
}  # fmt: skip
COMMAND_ONLY = {
    **dict.fromkeys(("evidence list", "evidence show", "evidence export", "evidence verify"), _OTHERS),
    **dict.fromkeys(("secrets list", "secrets put", "secrets recover", "secrets passphrase"), _VAULT),
    "purge": "ends an incident's evidence for good, after everything else, on a machine of one's own",
    "export schema": "is for programs that read the documents",
    "doctor": "tells why the screen or the vault does not come up",
    "drill": "starts the screen on a simulated account",
    "completions": "is for the shell",
    "man": "is for the shell",
}


def _leaves(parser: argparse.ArgumentParser, before: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield every command of a parser with its sub-commands, and one for each paper it can be asked for."""
    subs = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    if subs:
        for name, one in subs[0].choices.items():
            yield from _leaves(one, (*before, name))
        return
    name = " ".join(before)
    papers = {"message": "to", "export": "what", "report": "audience"}.get(name)
    if papers is None:
        yield name
        return
    (chosen,) = (one for one in parser._actions if one.dest == papers)
    option = f"{chosen.option_strings[0]} " if chosen.option_strings else ""
    yield from (f"{name} {option}{one}" for one in chosen.choices or ())


COMMANDS = tuple(_leaves(build_parser()))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_paper_is_on_the_screen_or_says_why_not(command: str) -> None:
    on_screen = any(said == command or said.startswith(f"{command} ") for said in BY_COMMAND.values())
    on_screen |= SHOWN_BY.get(command) in ACTIONS
    assert on_screen is not (command in COMMAND_ONLY)


def test_nothing_is_named_that_no_command_takes() -> None:
    assert {*SHOWN_BY, *COMMAND_ONLY} <= set(COMMANDS)
