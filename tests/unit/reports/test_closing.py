"""The report's end: hand-over, measures, what is still open, and one timeline of account and journal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.support.situations import know
from tests.unit.domain.runbook.test_adoption import Row, key_made, use
from workbench.domain.hardening.measures import LATER_MARK
from workbench.domain.model.inventory import DomainItem, Inventory, KeyItem
from workbench.domain.model.plan import Place
from workbench.domain.model.replay import fold
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Attestation
from workbench.domain.runbook.recovery import report
from workbench.domain.runbook.verdict import Verdict
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain, Key
from workbench.reports import closing
from workbench.reports.blocks import Bullets, Section, Table
from workbench.reports.render import text
from workbench.reports.report import Audience, Material, compose

NOW = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
PLACE = Place(Region.US)


def situation(*rows: Any, disabled: bool = False) -> Situation:
    inventory = Inventory()
    inventory.domains["mg.acme.example"] = DomainItem(
        Domain(name="mg.acme.example", is_disabled=disabled), PLACE
    )
    inventory.read_at["domains"] = NOW
    return Situation(inventory, fold(rows), NOW)


def bullets(section: Section) -> str:
    return "\n".join(line for block in section.blocks if isinstance(block, Bullets) for line in block.items)


def sent(found: Situation) -> Situation:
    found.state.attestations.append(Attestation("12", "ann", "2026-11-21T15:50:00Z", "sent to Support"))
    return found


def test_the_closing_note_lists_steps_measures_deadlines_and_the_end_of_the_watch() -> None:
    found = situation()
    found.state.contained_at = "2026-11-21T14:30:00Z"
    later = Attestation("11", "ann", "2026-11-21T15:00:00Z", "later", f"{LATER_MARK}ip-allowlist")
    found.state.attestations.append(later)
    note = bullets(closing.still_open(found))
    assert "7 Find the leak: open" in note
    assert "Left for later: IP allowlist" in note
    assert "watched until 2026-11-28" in note
    assert "No domain is disabled" in note


def test_an_account_is_enabled_again_by_its_own_word_only() -> None:
    assert report(sent(situation())).verdict is Verdict.ATTESTED
    waiting = report(sent(situation(disabled=True)))
    assert (waiting.verdict, waiting.idle) == (Verdict.IN_PROGRESS, True)
    assert "still disabled: mg.acme.example" in waiting.evidence
    assert "Disabled by Mailgun: mg.acme.example" in bullets(closing.still_open(situation(disabled=True)))


def test_who_is_down_is_named_without_any_secret() -> None:
    found = situation(use("2026-11-21T14:00:00Z", "key:aaaaaaaa-11111111"))
    key_made(found.state)
    section = closing.hand_over(found)
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert table.rows == (("key prod-web …2222", "DOWN", "", "not noted", ""),)


def test_the_timeline_is_one_in_the_order_of_time() -> None:
    rows = [
        Row(1, "2026-11-21T14:02:00Z", "incident.opened", {"incident": "x"}),
        Row(
            2, "2026-11-21T15:00:00Z", "attested", {"step": "7", "who": "ann", "text": "asked", "subject": ""}
        ),
    ]
    found = situation(*rows)
    theft = {"not_after": "2026-11-20T02:58:00Z", "sentence": "taken from /.env", "how_sure": "certain"}
    know(found.state, "leaks", {"thefts": [theft], "at": "2026-11-21T15:00:00Z"})
    planted = Key(
        id="cccccccc-dddddddd",
        description="relay",
        created_at=datetime(2026, 11, 21, 11, 4, tzinfo=UTC),
        requestor="mallory@evil.example",
    )
    found.inventory.keys[planted.id] = KeyItem(planted, PLACE)
    report = compose(Audience.TIMELINE, Material(found, rows, "f" * 64))
    table = next(block for block in report.sections[-1].blocks if isinstance(block, Table))
    assert [row[1] for row in table.rows] == ["exposure", "account", "1", "2"]
    assert [row[0] for row in table.rows] == sorted(row[0] for row in table.rows)
    assert "relay” …dddd made" in table.rows[1][2]
    whole = text(report)
    assert whole.index("taken from /.env") < whole.index("incident x opened")
