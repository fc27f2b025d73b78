"""The shapes of the drill's own answers hold nothing that the client does not expect."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.drills import opened, running_drill
from workbench.readers.answer_shapes import record


async def test_the_drills_answers_are_no_surprise(tmp_path: Path) -> None:
    async with running_drill(tmp_path, domains=2, credentials=4) as drill, opened(drill, tmp_path) as session:
        found = await record(session.account.api)
        assert [row for row in found if row["surprises"]] == []
        assert any("credentials" in row["endpoint"] for row in found)
        text = json.dumps(found)
        assert not any(name in text for name in session.inventory.domains)
        assert drill.api_key not in text
