"""Where a step is done by hand: an address of Mailgun's own to type, or none."""

from __future__ import annotations

import pytest

from tests.support.situations import situation
from workbench.domain.runbook.panel import API_SECURITY, SUPPORT, WARNING, address_of
from workbench.domain.runbook.runbook import steps


def test_every_step_has_an_address_of_mailguns_own_or_none() -> None:
    without = set()
    for view in steps(situation()):
        address, what = address_of(str(view.id))
        assert bool(address) is bool(what), view.id
        if not address:
            without.add(str(view.id))
            continue
        host = address.partition("/")[0]
        assert host == "mailgun.com" or host.endswith(".mailgun.com")
        assert "://" not in address, "it is typed"
    assert without == {"7", "10"}, "leak and hand-over need no page of Mailgun's"


@pytest.mark.parametrize(
    ("step", "address"), [("1", API_SECURITY), ("0", SUPPORT), ("12", SUPPORT), ("", ""), ("99", "")]
)
def test_a_step_that_is_none_has_no_address(step: str, address: str) -> None:
    assert address_of(step)[0] == address
    assert address_of("99") == ("", "") and "never follow it from a mail" in WARNING
