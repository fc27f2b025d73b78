"""What an intruder changed instead of adding is found by its harm, and no measure gets credit for it."""

from __future__ import annotations

from pathlib import Path

from tests.support.drills import opened, running_drill
from workbench.domain.detection.findings import findings
from workbench.domain.hardening import measures
from workbench.domain.settings_audit.audit import HIDDEN


async def test_the_sweep_finds_each_by_the_harm_in_its_value(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="quiet-changes", domains=4) as drill,
        opened(drill, tmp_path) as session,
    ):
        await session.connect()
        await session.read_inventory()
        await session.read_rate(whole=True)
        await session.investigation.sweep()
        found = {(f.kind, f.id): f for f in findings(session.situation())}
        for planted in drill.world.planted:
            assert (planted["kind"], planted["id"]) in found, planted
            finding = found[planted["kind"], planted["id"]]
            assert finding.severity in ("medium", "high"), finding
        # A route of the customer's that copies mail to an unseen host harms as much as a new one.
        route = next(p["id"] for p in drill.world.planted if p["kind"] == "route")
        assert found["route", route].severity == "high"
        assert any("organisation" in what for what, _ in HIDDEN)
        stands = {item.id: item for item in measures.items(session.situation())}
        assert stands["ip-allowlist"].standing is measures.Standing.OPEN
        assert "protects nothing" in stands["ip-allowlist"].evidence
        assert stands["sending-limit"].standing is measures.Standing.OPEN
        assert "stops no abuse" in stands["sending-limit"].evidence
