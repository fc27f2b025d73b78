"""What a run deleted is out of the inventory at once; what a later reading names all the same is not hidden."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.situations import NOW, Story, key, situation
from workbench.planning import keys
from workbench.session.session import Session


@pytest.mark.parametrize(
    ("read_after", "there"),
    [
        (timedelta(minutes=-5), False),
        # A list may lag behind the write.
        (timedelta(seconds=5), False),
        (timedelta(minutes=5), True),
    ],
)
def test_a_deleted_key_is_forgotten_by_readings_of_before_alone(read_after: timedelta, there: bool) -> None:
    deleted = keys.plan_delete(situation([key("prod")]), ["prod-id"])
    after = situation([key("prod")], state=Story().verified(deleted).state())
    after.inventory.read_at["keys"] = NOW + read_after
    session: Any = SimpleNamespace(state=after.state, inventory=after.inventory)
    Session._forget_deleted(session)
    assert ("prod-id" in after.inventory.keys) is there
