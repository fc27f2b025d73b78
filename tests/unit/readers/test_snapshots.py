"""What is sealed of the account: the same account gives the same document, whichever answer arrived first."""

from __future__ import annotations

from tests.support.situations import NOW, key
from workbench.core.clock import ManualClock
from workbench.domain.model.inventory import Gap, Inventory
from workbench.readers.snapshots import document


def test_the_order_in_which_answers_arrived_is_no_part_of_what_is_sealed() -> None:
    names = ("alpha", "beta", "gamma")
    made = []
    for order in (names, names[::-1], ("beta", "gamma", "alpha")):
        inventory = Inventory(keys={one.id: one for one in map(key, order)})
        inventory.gaps = {name: Gap(name, None, "not read") for name in order}
        made.append(document(inventory, "20261121-140207-3f2a", "0a", ManualClock(NOW)))
    assert made[0] == made[1] == made[2]
    assert len(made[0]["keys"]) == 3
