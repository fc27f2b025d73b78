"""The vendor's own monitoring: what cannot be read of it is said, and loses nothing that was."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.unit.mailgun.fakes import fake_client, reply
from workbench.mailgun.endpoints import Region
from workbench.readers.deliverability import read_monitoring

LISTED = {"list": "bl.example.org", "name": "Example", "comments": 7}


def _answers(addresses: Any, domain: Any = None, status: int = 200) -> Any:
    def answer(request: httpx.Request) -> httpx.Response:
        if "inboxready" in request.url.path:
            return reply(
                {"items": addresses} if request.url.host.startswith("api.mailgun") else {"items": []}
            )
        return reply({"blocklists": domain if domain is not None else []}, status)

    return answer


async def _read(answers: Any) -> tuple[str, list[Any]]:
    client, _ = fake_client(answers)
    return await read_monitoring(client, [("mg.acme.example", Region.US)])


async def test_whole_and_clean_leaves_no_gap() -> None:
    gap, listed = await _read(_answers([{"ip": "198.51.100.7", "listed": []}, {"ip": "198.51.100.8"}]))
    assert (gap, listed) == ("", [])


@pytest.mark.parametrize(
    "odd",
    [
        [7],
        [{"address": "198.51.100.7"}],
        [{"ip": "198.51.100.7", "listed": "yes"}],
        [{"ip": "198.51.100.7", "listed": None}],
        [{"ip": "198.51.100.7", "listed": [None]}],
        [{"ip": "198.51.100.7", "listed": [{"name": "a list without its zone"}]}],
    ],
)
async def test_an_odd_entry_is_no_clean_one(odd: list[Any]) -> None:
    gap, listed = await _read(_answers(odd))
    assert (gap, listed) == ("1 entry not understood", [])


async def test_an_odd_row_of_a_domain_is_named() -> None:
    gap, _ = await _read(_answers([], ["listed"]))
    assert gap == "1 entry not understood"


async def test_a_fault_later_keeps_what_was_read() -> None:
    whole, listed = await _read(_answers([{"ip": "198.51.100.7", "listed": [LISTED]}]))
    gap, kept = await _read(_answers([{"ip": "198.51.100.7", "listed": [LISTED]}], status=400))
    assert whole == "" and gap
    assert [one.zone for one in kept] == [one.zone for one in listed] == ["bl.example.org"]
