"""The operator's configuration: taken whole or refused with words, and what it does to the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.core import config
from workbench.core.errors import UsageError
from workbench.core.redact import Secret
from workbench.readers.blocklist_targets import read_catalogue
from workbench.vault.entries import WORKBENCH_SERVICE, EntryName

KEY = "a1b2c3d4e5f6g7h8i9j0k1l2m3"


class Keys:
    """A vault with one key."""

    def __init__(self, **entries: str) -> None:
        self.entries = entries

    async def fetch(self, name: EntryName) -> Secret | None:
        """Return the key under the workbench's own service."""
        value = self.entries.get(name.username) if name.service == WORKBENCH_SERVICE else None
        return Secret(value) if value else None


def test_no_file_is_the_defaults(tmp_path: Path) -> None:
    assert config.load(tmp_path / "config.toml") == config.Config()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[blocklist]\nenable = []", "blocklist"),
        ("[blocklists]\nenabled = []", "enabled"),
        ('[blocklists]\nenable = "zen.spamhaus.org"', "enable"),
        ('[blocklists]\nrank = { "psbl.surriel.com" = true }', "rank"),
        ("[blocklists]\nkeys = { a = 1 }", "never the key itself"),
        ("[blocklists]\nadd = {}", "add"),
        ("[blocklists", "TOML"),
        ("blocklists = 3", "table"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_taken(text: str, named: str) -> None:
    with pytest.raises(UsageError, match="configuration") as caught:
        config.parse(text.encode())
    assert named in caught.value.what


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(UsageError):
        config.parse(b"\xff\xfe[blocklists]")


async def test_zones_are_enabled_dropped_ranked_and_added(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        """
        [blocklists]
        enable = ["zen.spamhaus.org"]
        drop = ["dnsbl.dronebl.org"]
        rank = { "psbl.surriel.com" = 3 }
        [[blocklists.add]]
        zone = "bl.internal.example"
        title = "Ours"
        owner = "us"
        lists = ["ip4"]
        scope = "address"
        tier = 2
        why = "our own gateways ask it"
        terms = "open"
        terms_note = "ours"
        codes = [{ code = "any", means = "listed by us" }]
        ends = "when we remove it"
        asked_by = "anyone"
        wait_hours = 1
        recheck_minutes = 30
        """
    )
    made = await read_catalogue(path, None)
    assert made.zones["zen.spamhaus.org"].enabled
    assert "dnsbl.dronebl.org" not in made.zones
    assert made.zones["psbl.surriel.com"].tier == 3
    assert made.zones["bl.internal.example"].enabled


async def test_a_key_comes_from_the_vault_and_never_shows(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[blocklists]\nenable = ["zen.dq.spamhaus.net"]\n')
    without = (await read_catalogue(path, Keys())).zones["zen.dq.spamhaus.net"]
    assert not without.enabled and "blocklists/spamhaus-dqs" in without.off_reason
    keyed = (await read_catalogue(path, Keys(**{"blocklists/spamhaus-dqs": KEY}))).zones[
        "zen.dq.spamhaus.net"
    ]
    assert keyed.enabled and keyed.suffix() == f"{KEY}.zen.dq.spamhaus.net"
    assert KEY not in repr(keyed)
    path.write_text(
        '[blocklists]\nenable = ["zen.dq.spamhaus.net"]\n[blocklists.keys]\n"blocklists/spamhaus-dqs" = "dqs"\n'
    )
    renamed = (await read_catalogue(path, Keys(dqs=KEY))).zones["zen.dq.spamhaus.net"]
    assert renamed.enabled


async def test_a_dead_zone_is_not_added_back(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[blocklists]\nenable = ["dnsbl.sorbs.net"]\n')
    with pytest.raises(UsageError, match="must not be asked"):
        await read_catalogue(path, None)
