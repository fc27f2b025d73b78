"""What is looked up: the organisational domain, linked hosts, and nothing of Mailgun's own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.unit.mailgun.fakes import fake_client, reply
from workbench.blocklists.names import Role
from workbench.core.errors import VaultError
from workbench.core.redact import Secret
from workbench.domain.model.inventory import DomainItem, Inventory
from workbench.domain.model.plan import Place
from workbench.domain.model.settings import DomainSettings, Settings
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain, Template, TemplateVersion
from workbench.readers.blocklist_targets import MOST_LINKS, read_catalogue, read_ips, subjects, template_hosts
from workbench.vault.entries import EntryName


def _inventory(*names: str) -> Inventory:
    inventory = Inventory()
    for name in names:
        inventory.domains[name] = DomainItem(Domain(name=name), Place(Region.US))
    return inventory


def test_the_organisational_domain_is_asked_by_the_public_suffix_list() -> None:
    found = subjects(_inventory("mg.acme.co.uk", "news.acme.co.uk", "shop.example"))
    roles = {one.value: one.role for one in found}
    assert roles["acme.co.uk"] is Role.ORGANISATION
    assert "co.uk" not in roles
    assert roles["shop.example"] is Role.DOMAIN


def test_linked_hosts_are_asked_as_such_and_the_vendors_own_are_not() -> None:
    links = [
        "landing.evil.example",
        "email.mg.acme.example",
        "track.mailgun.org",
        "mg.acme.example",
        "not a host",
    ]
    roles = {one.value: one.role for one in subjects(_inventory("mg.acme.example"), (), links)}
    assert roles["landing.evil.example"] is Role.LINK_DOMAIN
    assert roles["mg.acme.example"] is Role.DOMAIN
    assert "track.mailgun.org" not in roles
    many = subjects(_inventory(), (), [f"h{n}.example" for n in range(200)])
    assert len(many) == MOST_LINKS


def test_templates_tell_their_links() -> None:
    version = TemplateVersion(
        tag="v1", template='<a href="https://pay.evil.example/x?y=1">pay</a> http://[broken'
    )
    held = Settings(datetime(2026, 11, 28, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC))
    held.domains["a"] = DomainSettings(Domain(name="a"), Place(Region.US))
    held.domains["a"].templates = [Template(name="reset", version=version)]
    assert template_hosts(held) == ["pay.evil.example"]


class _Vault:
    """A vault with some keys; ``broken`` names fail."""

    def __init__(self, *names: str, broken: bool = False) -> None:
        self.names = names
        self.broken = broken

    async def fetch(self, name: EntryName) -> Secret | None:
        if self.broken:
            raise VaultError("The vault is locked.")
        return Secret("abcdefghijklmnopqrstuvwxyz") if name.username in self.names else None


async def test_a_key_in_the_vault_switches_its_zones_on(tmp_path: Path) -> None:
    none = tmp_path / "config.toml"
    plain = await read_catalogue(none, _Vault())
    assert not plain.zones["zen.dq.spamhaus.net"].enabled
    keyed = await read_catalogue(none, _Vault("blocklists/spamhaus-dqs"))
    for name in ("zen.dq.spamhaus.net", "dbl.dq.spamhaus.net", "zrd.dq.spamhaus.net"):
        assert keyed.zones[name].enabled
    assert not keyed.zones["combined.mail.abusix.zone"].enabled
    assert "abcdefghijklmnopqrstuvwxyz" not in repr(keyed)
    none.write_text('[blocklists]\ndrop = ["zrd.dq.spamhaus.net"]\n')
    dropped = await read_catalogue(none, _Vault("blocklists/spamhaus-dqs"))
    assert "zrd.dq.spamhaus.net" not in dropped.zones


async def test_a_vault_that_cannot_be_read_only_stops_what_the_configuration_needs(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    assert not (await read_catalogue(path, _Vault(broken=True))).zones["zen.dq.spamhaus.net"].enabled
    path.write_text('[blocklists]\nenable = ["zen.dq.spamhaus.net"]\n')
    with pytest.raises(VaultError):
        await read_catalogue(path, _Vault(broken=True))


async def test_accepted_terms_switch_a_list_on_for_this_incident(tmp_path: Path) -> None:
    made = await read_catalogue(tmp_path / "config.toml", None, ["zen.spamhaus.org", "no.such.zone"])
    assert made.zones["zen.spamhaus.org"].enabled
    assert not made.zones["dbl.spamhaus.org"].enabled


@pytest.mark.parametrize(
    ("answer", "passing"),
    [
        (reply({"message": "internal"}, 500), True),
        (httpx.Response(200, html="<html>sign in to the network</html>"), True),
        (reply({"message": "Forbidden"}, 403), False),
    ],
)
async def test_addresses_that_could_not_be_read_say_whether_asking_again_may_help(
    answer: httpx.Response, passing: bool
) -> None:
    def handle(_: httpx.Request) -> httpx.Response:
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    client, _ = fake_client(handle)
    inventory = Inventory()
    await read_ips(client, inventory)
    assert {gap.passing for gap in inventory.gaps.values()} == {passing} and not inventory.ips
