"""A test message with the loot in its subject: it is a finding, and the key leaves by no way out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.drills import LITTLE_MAIL
from tests.support.worlds import world
from workbench.cli.assess import assess
from workbench.cli.parser import build_parser


async def test_a_live_key_in_a_subject_is_a_finding_and_never_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with (
        world(tmp_path, "quiet-changes", 1, traffic=LITTLE_MAIL) as place,
        place.session() as session,
    ):
        drill = place.drill
        stolen = drill.story.stolen_key
        assert stolen is not None
        for form in (["--json"], []):
            await assess(session, build_parser().parse_args(["assess", *form]))
            out, err = capsys.readouterr()
            assert stolen.secret not in out + err
            if not form:
                assert "of the intruder went through your own mailing list team@" in out
            if form:
                assert "‹secret" in json.dumps(json.loads(out), ensure_ascii=False)
        found = [f for f in session.findings() if f.kind == "loot"]
        assert found and found[0].severity == "high"
        rows = session.recorder.journal.rows()
        assert not [row for row in rows if stolen.secret in row.text]
