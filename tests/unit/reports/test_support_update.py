"""An update to Support tells what changed since the last one that was sent, and nothing twice."""

from __future__ import annotations

from msgspec.structs import replace

from tests.unit.documents.test_exports import told
from workbench.domain.forensics.recorded import RecordedAssessment
from workbench.reports import support_update


def test_the_first_is_whole_and_the_next_tells_the_difference() -> None:
    where = told()
    first = support_update.update(where)
    assert "What we know so far" in first and "203.0.113.9" in first
    where.state.learn(support_update.to_fact(where, "Ada"))
    assert "nothing changed" in support_update.update(where)
    assessed = where.state.known(RecordedAssessment)
    moved = replace(assessed.senders[0], addresses=("198.51.100.200",))
    where.state.learn(replace(assessed, senders=(moved, *assessed.senders[1:])))
    lines = support_update.update(where).splitlines()
    changed = [line for line in lines if line[:1] in "+-"]
    assert [line[0] for line in changed if line] == ["+", "-"]
    assert "198.51.100.200" in changed[0] or "198.51.100.200" in changed[1]
