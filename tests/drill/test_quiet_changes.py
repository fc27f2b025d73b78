"""What an intruder changed instead of adding is found by its harm, and no measure gets credit for it."""

from __future__ import annotations

from pathlib import Path

from tests.support.drills import short_history
from tests.support.worlds import world
from workbench.domain.detection.findings import findings
from workbench.domain.hardening import measures
from workbench.domain.settings_audit.audit import HIDDEN
from workbench.drill.world.scenarios import QUIET_PLANTS

# What the sweep calls each plant, and how grave it is at least. What no call shows is asked of Support in words;
# what was sent is the assessment's (tests/drill/test_loot.py).
FOUND = {
    "allow-all": ("allowlist", ("high",)),
    "raised-limit": ("limit", ("medium", "high")),
    "edited-route": ("route", ("high",)),
    "wildcard": ("domain-setting", ("medium", "high")),
    "emptied-complaints": ("suppressions-emptied", ("medium", "high")),
    "silenced-victim": ("suppression", ("medium", "high")),
    "template-body": ("template", ("medium", "high")),
}
ASKED = {"renamed": "Was the organisation's name or contact address changed?"}
SENT = {"loot-mail", "list-spam"}


async def test_the_sweep_finds_each_by_the_harm_in_its_value(tmp_path: Path) -> None:
    assert {*FOUND, *ASKED, *SENT} == set(QUIET_PLANTS)
    with short_history():
        async with world(tmp_path, "quiet-changes", 1) as place, place.session() as session:
            await session.account.connect()
            await session.account.read_inventory()
            await session.account.read_rate(whole=True)
            await session.account.investigation.sweep()
            found = {(f.kind, f.id): f for f in findings(session.situation())}
            planted = {one["kind"]: one["id"] for one in place.drill.world.planted}
            for plant, (kind, severities) in FOUND.items():
                assert kind in planted, plant
                finding = found.get((kind, planted[kind]))
                assert finding is not None, plant
                assert finding.severity in severities, finding
            asked = {question for _, question in HIDDEN}
            assert all(question in asked for question in ASKED.values())
            stands = {item.id: item for item in measures.items(session.situation())}
            assert stands["ip-allowlist"].standing is measures.Standing.OPEN
            assert "protects nothing" in stands["ip-allowlist"].evidence
            assert stands["sending-limit"].standing is measures.Standing.OPEN
            assert "stops no abuse" in stands["sending-limit"].evidence
