"""``workbench sweep`` and ``workbench assess`` as scripts use them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from tests.support.assessing import let_in, truth_of
from tests.support.commands import Commands, threaded_drill
from tests.support.drills import AFTERNOON, SMALL, opened, running_drill
from workbench.cli import run as main
from workbench.cli.assess import lift
from workbench.cli.parser import build_parser
from workbench.core.errors import UsageError
from workbench.domain.forensics.abuse_window import AbuseWindow
from workbench.domain.forensics.assessment import Assessment
from workbench.domain.forensics.attribution import Attribution
from workbench.domain.forensics.damage import Damage
from workbench.domain.model.suppressions import Added
from workbench.drill.world.records import SimulatedSuppression


def test_sweep_prints_one_document_with_every_planted_thing(commands: Commands, tmp_path: Path) -> None:
    with threaded_drill(tmp_path, start=AFTERNOON, **SMALL) as served:
        commands.use(served.document)
        ran = commands("sweep", "--json")
        document = ran.document
        assert ran.code == 1, ran.err
        assert document["schema"] == "workbench.sweep/1"
        found = {(f["kind"], f["id"]) for f in document["findings"]}
        assert {(p["kind"], p["id"]) for p in served.drill.world.planted} <= found
        for finding in document["findings"]:
            assert {"kind", "id", "where", "severity", "why", "decision"} <= set(finding)
            assert isinstance(finding["where"], list)
            assert finding["decision"] is None
        assert document["ask_support"]
        assert sum(document["counts"].values()) == document["looked_at"] == len(document["settings"])
        ran = commands("sweep")
        assert ran.code == 1
        assert "collect.mx-audit.example" in ran.out
        assert "ask Support" in ran.out


def test_assess_prints_one_document_and_is_open_while_senders_are_not_judged(
    commands: Commands, tmp_path: Path
) -> None:
    with threaded_drill(tmp_path, start=AFTERNOON, scenario="stolen-login", traffic=1.0, **SMALL) as served:
        commands.use(served.document)
        listing = tmp_path / "people.csv"
        ran = commands("assess", "--json", "--recipients", str(listing))
        document = ran.document
        assert ran.code == 1, ran.err
        assert document["schema"] == "workbench.assess/1"
        login = served.drill.story.stolen_login
        assert login is not None
        assert {f["credential"] for f in document["findings"]} == {f"smtp:{login.login}"}
        assert document["window"]["from"]
        assert document["damage"]["intruder"]["accepted"] > 100
        assert document["not_counted"]["unreadable"] == 0
        assert listing.read_text(encoding="utf-8").count("\n") > 100
        ran = commands("assess", "--json", "--recipients", str(listing))
        assert ran.code == 2
        assert "does not exist yet" in ran.err


def test_an_account_that_cannot_be_read_is_exit_three(commands: Commands, tmp_path: Path) -> None:
    with threaded_drill(tmp_path, start=AFTERNOON, scenario="lockout") as served:
        commands.use(served.document)
        ran = commands("assess", "--json")
        assert ran.code == 3
        assert "allowlist" in ran.err
        document = ran.document
        assert (document["schema"], document["exit"]) == ("workbench.error/1", 3)
        assert "allowlist" in document["error"]["means"]
        assert not {"damage", "findings"} & set(document), "numbers about mail that could not be read"
        # The sweep says area by area what it could not look at, and what to ask instead.
        ran = commands("sweep", "--json")
        assert ran.code == 3
        assert "allowlist" in ran.err
        document = ran.document
        assert document["looked_at"] == 0
        areas = {row["area"] for row in document["unread"]}
        assert {"API keys", "SMTP logins", "users", "allowlist", "routes", "templates", "DKIM keys"} <= areas
        assert all("allowlist" in row["reason"] and row["question"] for row in document["unread"])
        assert any("IP Access Management" in line for line in document["way_back"])
        # Let in by the panel, it reports everything that was planted, the allowlist's entry too.
        served.call(lambda: let_in(served.drill))
        ran = commands("sweep", "--json")
        assert ran.code == 1, ran.err
        reported = {finding["id"] for finding in ran.document["findings"]}
        planted = {(thing["kind"], thing["id"]) for thing in truth_of(served.drill)["planted"]}
        assert "allowlist" in {kind for kind, _ in planted}
        assert {name for _, name in planted} <= reported
        assert ran.document["unread"] == []


async def test_assess_lifts_what_the_abuse_added_once_confirmed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def options(*more: str) -> argparse.Namespace:
        return build_parser().parse_args(["assess", "--lift-suppressions", *more])

    async with running_drill(tmp_path, scenario="no-domains") as drill, opened(drill, tmp_path) as session:
        await session.account.connect()
        await session.account.read_inventory()
        # Nothing was added: said, and no error.
        assert (await lift(session, options("--yes"))).code == 0
        assert "No suppression is known" in capsys.readouterr().err
        assert (await lift(session, options("--dry-run"))).code == 0
        assert json.loads(capsys.readouterr().out)["effects"] == []
    async with (
        running_drill(tmp_path, scenario="stolen-login", **SMALL) as drill,
        opened(drill, tmp_path) as session,
    ):
        await session.account.connect()
        await session.account.read_inventory()
        assert drill.story.stolen_login is not None
        name = drill.story.stolen_login.domain
        [domain] = [
            d for a in drill.account.main.regions.values() for d in a.domains.values() if d.name == name
        ]
        domain.bounces["real@inbox.example"] = SimulatedSuppression(
            "real@inbox.example", drill.account.now(), {}
        )
        before = set(domain.bounces)
        now = session.clock.now()
        added = Added(name, "bounces", "real@inbox.example", now, "refused for reputation")
        empty = Attribution(now, now)
        session.account.investigation.assessment = Assessment(
            AbuseWindow(), empty, [], [], Damage(added=[added])
        )
        await lift(session, options("--dry-run"))
        [planned] = json.loads(capsys.readouterr().out)["effects"]
        assert (planned["target"], planned["state"]) == ("real@inbox.example", "planned")
        with pytest.raises(UsageError, match="no terminal to confirm"):
            await lift(session, options())
        assert set(domain.bounces) == before, "a plan writes nothing"
        lifted = await lift(session, options("--yes"))
        assert lifted.code == 0
        assert [record.state.value for record in lifted.records] == ["verified"]
        assert set(domain.bounces) == before - {"real@inbox.example"}


def test_yes_without_anything_to_write_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assess", "--yes"]) == 2
    assert "nothing to confirm" in capsys.readouterr().err
