"""``workbench export``: what sweep and assessment did not look at is missing in it, and is said."""

from __future__ import annotations

import pytest

from tests.support.situations import Story, situation
from workbench.cli.export import _known
from workbench.domain.model.situation import Situation

ASSESSED = {"name": "assessment", "lines": []}
SWEPT = {"name": "sweep"}
ROW = {"area": "routes", "where": "US", "reason": "refused (403)", "question": "Which routes are there?"}


def _after(*facts: dict[str, object]) -> Situation:
    story = Story()
    for body in facts:
        story.add("fact", **body)
    return situation(state=story.state())


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        ((), ["settings", "the log"]),
        ((SWEPT,), ["the log"]),
        ((SWEPT, {**ASSESSED, "missing": ["the log of US"]}), ["the log of US"]),
        (({**SWEPT, "gaps": ["webhooks of a.example"]}, ASSESSED), ["webhooks of a.example"]),
        (({**SWEPT, "unread": [ROW]}, ASSESSED), ["routes"]),
        ((SWEPT, ASSESSED), []),
    ],
)
def test_an_export_is_complete_only_where_settings_and_log_were_read(
    facts: tuple[dict[str, object], ...], missing: list[str]
) -> None:
    known = _known(_after(*facts))
    assert [
        row["what"] for row in known["not_read"] if row["what"] in (*missing, "settings", "the log")
    ] == missing
    assert not (missing and known["complete"])
