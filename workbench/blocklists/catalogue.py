"""The catalogue of blocklists: one readable data file, checked when it is read, changed by the operator.

``load()`` returns the shipped catalogue. ``Catalogue.with_overrides`` returns another one with zones added,
dropped, ranked anew or switched on. A catalogue with a mistake is refused whole: a half-read catalogue
would look like a clean bill.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from workbench.blocklists.entries import DataEntry, read_owner, read_retired, read_zone
from workbench.blocklists.names import Subject
from workbench.blocklists.zones import Owner, Retired, Tier, Zone
from workbench.core.errors import UsageError
from workbench.core.redact import Secret, visible
from workbench.core.shipped import shipped_text

_KEY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
KeySource = Callable[[str], Secret | None]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every zone the workbench knows, by name, and the zones it must never ask."""

    revision: str
    owners: Mapping[str, Owner]
    zones: Mapping[str, Zone]
    retired: tuple[Retired, ...]

    def enabled(self) -> tuple[Zone, ...]:
        """Return the zones that are switched on, the ones that matter most first."""
        return tuple(sorted((z for z in self.zones.values() if z.enabled), key=lambda z: (z.tier, z.name)))

    def switched_off(self) -> tuple[Zone, ...]:
        """Return the zones that are off; each says why in ``off_reason``."""
        return tuple(
            sorted((z for z in self.zones.values() if not z.enabled), key=lambda z: (z.tier, z.name))
        )

    def zones_for(self, subject: Subject) -> tuple[Zone, ...]:
        """Return the zones that are on and may be asked about this subject."""
        return tuple(zone for zone in self.enabled() if zone.takes(subject.kind, subject.role))

    def retired_as(self, name: str) -> Retired | None:
        """Return the record of a zone that must not be asked, None where the name is not retired."""
        return next((entry for entry in self.retired if entry.covers(name.lower().rstrip("."))), None)

    def find(self, name: str) -> Zone | None:
        """Return the zone whose name (or a part below it, as others report it) is ``name``.

        ``sbl.spamhaus.org`` and ``cbl.abuseat.org`` have no entry of their own: they are parts of ZEN.
        """
        wanted = name.lower().rstrip(".")
        if wanted in self.zones:
            return self.zones[wanted]
        parts = {"sbl", "css", "sbl-xbl", "xbl", "pbl"}
        if wanted == "cbl.abuseat.org" or wanted.removesuffix(".spamhaus.org") in parts:
            return self.zones.get("zen.spamhaus.org")
        return None

    def with_overrides(
        self,
        *,
        enable: Iterable[str] = (),
        drop: Iterable[str] = (),
        rank: Mapping[str, int] | None = None,
        add: Sequence[Mapping[str, Any]] = (),
        key: KeySource | None = None,
    ) -> Catalogue:
        """Return the catalogue as the operator wants it.

        ``enable`` switches zones on whose terms the operator has read; ``drop`` takes zones out; ``rank``
        gives tiers 1 to 4; ``add`` takes tables with the fields of catalogue.toml; ``key`` is asked with
        a vault entry's name and gives the key or None. A zone that needs a key stays off without one. An
        unknown or retired name raises UsageError, as does a table with a mistake.
        """
        zones = dict(self.zones)
        for table in add:
            added = self._added(table, zones)
            zones[added.name] = added
        for name, tier in (rank or {}).items():
            zone = self._known(zones, name)
            if tier not in {1, 2, 3, 4}:
                raise UsageError(
                    f"The tier of {zone.name} is not 1, 2, 3 or 4.", todo="Correct the configuration."
                )
            zones[zone.name] = replace(zone, tier=Tier(tier), why=f"{zone.why} (ranked by you)")
        for name in enable:
            zone = self._known(zones, name)
            zones[zone.name] = _switched_on(zone, key)
        for name in drop:
            del zones[self._known(zones, name).name]
        return replace(self, zones=zones)

    def _known(self, zones: Mapping[str, Zone], name: str) -> Zone:
        wanted = name.lower().rstrip(".")
        retired = self.retired_as(wanted)
        if retired is not None:
            raise _retired_error(wanted, retired)
        if wanted not in zones:
            raise UsageError(
                f"No blocklist zone is called {visible(name, 80)}.",
                todo="Check the spelling, or add the zone with its fields in the configuration.",
            )
        return zones[wanted]

    def _added(self, table: Mapping[str, Any], zones: Mapping[str, Zone]) -> Zone:
        name = DataEntry(table, "an added zone").domain("zone")
        retired = self.retired_as(name)
        if retired is not None:
            raise _retired_error(name, retired)
        if name in zones:
            raise UsageError(
                f"The zone {name} is in the catalogue already.", todo="Rank or enable it instead."
            )
        owners = self.owners
        owner = str(table.get("owner") or name)
        if owner not in owners:
            # A private list has no entry among the owners: it is its own owner, with its own rate cap.
            owners = {**owners, owner: Owner(owner, owner, str(table.get("page", "")), (), {})}
        return read_zone(DataEntry({**table, "owner": owner}, f"added zone {name}"), owners, zones)


def is_key(secret: Secret) -> bool:
    """Return whether a value can be a list's key: one label of a query name."""
    return _KEY.fullmatch(secret.reveal()) is not None


def _switched_on(zone: Zone, key: KeySource | None) -> Zone:
    if not zone.key_name:
        return replace(zone, enabled=True, off_reason="")
    secret = key(zone.key_name) if key is not None else None
    if secret is None:
        return replace(
            zone, enabled=False, off_reason=f"needs a key: workbench secrets put {zone.key_name} stores it"
        )
    if not is_key(secret):
        raise UsageError(
            f"The vault entry {zone.key_name} cannot be a key for {zone.name}.",
            "A key is one label of a query name: letters, digits and hyphens, at most 63.",
            "Store the key again, without spaces or the zone's name.",
        )
    return replace(zone, enabled=True, off_reason="", key=secret)


def _retired_error(name: str, retired: Retired) -> UsageError:
    return UsageError(
        f"The zone {name} must not be asked: {retired.state}; {retired.reason}.",
        "Such zones answer nothing, or list everybody.",
        "Take it out of the configuration.",
    )


def parse(text: str) -> Catalogue:
    """Return the catalogue that a TOML text describes; raise UsageError naming the first mistake."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"The blocklist catalogue is not valid TOML: {error}.") from error
    owners = {
        name: read_owner(name, DataEntry(table, f"owner {name}"))
        for name, table in document["owners"].items()
    }
    zones: dict[str, Zone] = {}
    for table in document["zones"]:
        entry = DataEntry(table, f"zone {table.get('zone', '?')}")
        zone = read_zone(entry, owners, zones)
        if zone.name in zones:
            raise UsageError(f"The zone {zone.name} is in the catalogue twice.")
        zones[zone.name] = zone
    retired = tuple(
        read_retired(DataEntry(table, f"retired {table.get('zone', '?')}")) for table in document["retired"]
    )
    catalogue = Catalogue(str(document["revision"]), owners, zones, retired)
    for name in zones:
        again = catalogue.retired_as(name)
        if again is not None:
            raise _retired_error(name, again)
    return catalogue


@cache
def load() -> Catalogue:
    """Return the catalogue shipped with the package; read once, as nothing changes one."""
    return parse(shipped_text("workbench.blocklists", "catalogue.toml"))
