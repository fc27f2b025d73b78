"""No paper holds a sentence that was put together badly: counts of nothing, wrong plurals, stops that meet."""

from __future__ import annotations

import re

import pytest

from tests.support.situations import situation
from tests.unit.reports.test_nobody_named import everything
from workbench.core.words import clauses, estimated
from workbench.domain.model.inventory import Gap, Inventory
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.reports import render
from workbench.reports.report import Audience, Material, compose

BAD = re.compile(
    r"\b0 of 0\b|[.;:,] ?;|(?<!\.)\.\.(?!\.)|: \.|\bNone\b|\bat \d{1,2} (?:Nov|Dec)\b"
    # One thing is not told in the plural; "1 listings" begins no longer word, and "Step 1 does" is no count.
    r"|(?<![\w.,:-])1 (?:messages|keys|outcomes|hours|alarms|steps|users|people|senders|recipients|domains|logins)\b"
)


def _locked_out() -> Situation:
    inventory = Inventory()
    for name in ("keys", "users", "domains", "logins", "subaccounts"):
        inventory.gaps[name] = Gap(name, None, "The key is refused everywhere.")
    return Situation(inventory, State(incident="20261121-140000-abcd"), everything().now)


@pytest.mark.parametrize(
    "where", [_locked_out(), situation(), everything()], ids=["locked out", "calm", "all"]
)
@pytest.mark.parametrize("audience", Audience)
def test_no_paper_has_a_broken_sentence(audience: Audience, where: Situation) -> None:
    shown = " ".join(render.text(compose(audience, Material(where, (), "f" * 64))).split())
    found = BAD.search(shown)
    assert found is None, shown[max(0, found.start() - 80) : found.end() + 40]


@pytest.mark.parametrize(
    ("count", "exact", "said"),
    [(1, True, "1 key"), (5239, True, "5,239 keys"), (5239, False, "about 5,200 keys"), (1_234_567, False,
     "about 1,200,000 keys"), (300, False, "about 300 keys")],
)  # fmt: skip
def test_an_estimate_has_no_more_digits_than_it_is_good_for(count: int, exact: bool, said: str) -> None:
    assert estimated(count, "key", exact=exact) == said


def test_sentences_in_a_row_end_once() -> None:
    assert clauses(["It was served.", "", "close it", "Then wait."]) == "It was served; close it; Then wait"
