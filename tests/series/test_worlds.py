"""A small seeded slice of the worlds: no surface says more than the account shows, and each says what it does.

The 2,000 are behind ``make worlds`` (see ``tests/support/worlds``).
"""

from __future__ import annotations

import pytest

from tests.support.worlds import QUICK, worlds

SLICE = 16


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_surface_claims_what_the_account_does_not_show() -> None:
    met = worlds(SLICE, seed=7, moments=8, also=QUICK)
    assert met.lies == []
    assert met.worlds == SLICE
