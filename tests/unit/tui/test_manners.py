"""Keys first: what takes long waits while one is on its way, though whoever never stops pressing holds nothing up."""

from __future__ import annotations

from workbench.tui.panes.manners import AT_MOST, Manners


class Keys:
    """Keys and time as a test wants them."""

    def __init__(self) -> None:
        self.under_way = False
        self.now = 0.0
        self.manners = Manners(lambda: self.under_way, lambda: self.now)


def test_nothing_waits_where_no_key_is_on_its_way() -> None:
    assert not Keys().manners.after_you()


def test_a_key_goes_first() -> None:
    keys = Keys()
    keys.under_way = True
    assert keys.manners.after_you()
    keys.now, keys.under_way = 0.05, False
    assert not keys.manners.after_you()


def test_keys_without_end_hold_nothing_up_for_long_and_the_next_one_goes_first_again() -> None:
    keys = Keys()
    keys.under_way = True
    assert keys.manners.after_you()
    keys.now = AT_MOST - 0.01
    assert keys.manners.after_you()
    keys.now = AT_MOST
    assert not keys.manners.after_you()
    assert keys.manners.after_you()
