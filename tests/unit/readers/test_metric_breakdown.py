"""Why receivers refuse mail, where some of the rows cannot be read: each is named, and counts for nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.mailgun.fakes import START, fake_client, reply
from workbench.mailgun.endpoints import MAILGUN, Region
from workbench.readers.metric_breakdown import read_bounces

GOOD = {"entity-name": "Gmail", "metrics": {"critical_bounce_count": 12}}


@pytest.mark.parametrize(
    "odd",
    [
        None,
        7,
        "Yahoo",
        {"entity-name": "Yahoo", "metrics": {"critical_bounce_count": "many"}},
        {"metrics": []},
    ],
)
async def test_a_row_that_cannot_be_read_is_named_beside_the_others(odd: Any) -> None:
    client, _ = fake_client(
        lambda request: reply({"items": [odd, GOOD]}), endpoints=MAILGUN.only([Region.US])
    )
    words: list[str] = []
    found = await read_bounces(client, START, words)
    assert [row.metrics for row in found if row.metrics] == [{"critical_bounce_count": 12.0}]
    assert len(words) == 1 and words[0].startswith("US: "), words
