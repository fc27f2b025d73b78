"""Each action of the catalogue has a command, or is named here as the screen's alone, with the reason."""

from __future__ import annotations

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
