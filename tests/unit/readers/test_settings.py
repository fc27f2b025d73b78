"""The settings of an account whose answers hold odd elements: each costs itself alone, and is a gap."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.unit.mailgun.fakes import START, fake_client, reply
from workbench.domain.model.inventory import DomainItem, Inventory
from workbench.domain.model.plan import Place
from workbench.domain.model.settings import Settings
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain
from workbench.readers.settings import SettingsReader

D = "mg.acme.example"
US = Place(Region.US)
# The list of each endpoint, one good element of it, and where the reader keeps it.
LISTS: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    ("/v3/routes", "items", {"id": "r1", "actions": ["stop()"]}, "routes"),
    ("/v1/webhooks", "webhooks", {"webhook_id": "w1", "url": "https://a.example"}, "webhooks"),
    ("/v3/lists/pages", "items", {"address": f"l@{D}"}, "lists"),
    ("/v1/thresholds/alerts/send", "items", {"name": "a1"}, "alerts"),
    ("/v1/thresholds/limits", "items", {"name": "a2"}, "limit_rules"),
    ("/v4/templates", "items", {"name": "t1"}, "templates"),
)


async def read(answers: dict[str, Any]) -> Settings:
    """Return what the reader makes of an account with one domain; every other path is an empty list."""

    def answer(request: httpx.Request) -> httpx.Response:
        empty: dict[str, list[Any]] = {
            name: [] for name in ("items", "webhooks", "addresses", "recipients", "ip_pools")
        }
        return reply(answers.get(request.url.path, empty))

    client, _ = fake_client(answer)
    inventory = Inventory()
    inventory.domains[D] = DomainItem(Domain(name=D), US)
    return await SettingsReader(client, inventory, b"k", START).read(START)


@pytest.mark.parametrize("odd", [None, 7, {}])
async def test_an_odd_element_costs_itself_alone(odd: Any) -> None:
    found = await read({path: {name: [good, odd]} for path, name, good, _ in LISTS})
    assert {kept: len(getattr(found.places[US], kept)) for *_, kept in LISTS} == {
        kept: 1 for *_, kept in LISTS
    }
    assert len([g for g in found.gaps.values() if g.place == US and "1 element" in g.reason]) == len(LISTS)


async def test_an_event_type_that_cannot_be_read_is_a_gap_beside_the_others() -> None:
    hooks = {"clicked": {"urls": ["https://a.example"]}, "opened": None}
    found = await read({f"/v3/domains/{D}/webhooks": {"webhooks": hooks}})
    assert found.domains[D].webhooks == {"clicked": ["https://a.example"]}
    assert "opened" in found.gaps[f"webhooks of {D} {US}"].reason


async def test_content_that_cannot_be_read_costs_its_template_alone() -> None:
    answers = {
        "/v4/templates": {"items": [{"name": "good"}, {"name": "odd"}]},
        "/v4/templates/good": {"template": {"name": "good", "version": {"tag": "v1", "template": "hello"}}},
        "/v4/templates/odd": {"template": 7},
    }
    found = await read(answers)
    assert [t.name for t in found.places[US].templates if t.version is not None] == ["good"]
    assert "odd" in found.gaps[f"account templates {US}"].reason
