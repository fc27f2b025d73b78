"""What searches for leaks found, as the journal keeps it. No secret: fingerprints, ids, masked forms, places. Pure."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from workbench.domain.model.facts import RecordedFact

SECRET, EXPOSURE, PLUGIN = "secret", "exposure", "wordpress-plugin"


class FoundPlace(msgspec.Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """Where something lies; what follows ``line`` is told of a place in a history alone (dates ISO 8601)."""

    origin: str = ""
    root: str = ""
    path: str = ""
    line: int = 0
    commit: str | UnsetType = UNSET
    author: str | UnsetType = UNSET
    since: str | UnsetType = UNSET
    until: str | UnsetType = UNSET
    in_head: bool | UnsetType = UNSET


class FoundLeak(msgspec.Struct, frozen=True):
    """A secret, an exposure or a vulnerable plugin as the last search that looked there found it.

    ``reset`` names those of ``logins`` whose reset had begun by then, ``more`` counts places beyond ``where``.
    """

    id: str = ""
    what: str = SECRET
    kind: str = ""
    shown: str = ""
    key_id: str = ""
    logins: tuple[str, ...] = ()
    reset: tuple[str, ...] = ()
    account: str = ""
    state: str = ""
    why: str = ""
    severity: str = "low"
    accepted: bool = False
    exposed: bool = False
    todo: str = ""
    where: tuple[FoundPlace, ...] = ()
    more: int = 0
    seen: str = ""


class ClosedLeak(msgspec.Struct, frozen=True):
    """Something that a later search looked for where it was, and did not find.

    ``key_id`` and ``logins`` name what anybody could fetch there, until then.
    """

    id: str = ""
    title: str = ""
    at: str = ""
    key_id: str = ""
    logins: tuple[str, ...] = ()


class UnreadPlace(msgspec.Struct, frozen=True):
    """A place that was asked for and not read whole, with the reasons."""

    what: str = ""
    target: str = ""
    error: str = ""
    gaps: tuple[str, ...] = ()


class OldValuePlace(msgspec.Struct, frozen=True):
    """A file where an old value still sits: there the replacement has to go."""

    key_id: str = ""
    logins: tuple[str, ...] = ()
    place: str = ""


class FoundTheft(msgspec.Struct, frozen=True):
    """When and by whom a credential was taken, as far as logs and places tell; the lower ``strength``, the surer."""

    key_id: str | None = None
    login: str | None = None
    strength: int = 0
    sentence: str = ""
    how_sure: str = ""
    address: str | None = None
    agent: str | None = None
    path: str | None = None
    not_before: str | None = None
    not_after: str | None = None

    @property
    def fetched_by(self) -> str:
        """Return who fetched a file in which it stood, ``""`` where that is a guess or was not seen."""
        seen = self.strength <= _FETCH_SEEN
        return (self.address or "") if seen else ""


# The last strength that names a fetch of a file in which the credential stood (workbench.leaks.correlate.Strength).
_FETCH_SEEN = 2


class ReadLogs(msgspec.Struct, frozen=True):
    """What the web access logs told: their span, and what was taken, in sentences."""

    first: str | None = None
    last: str | None = None
    lines: int = 0
    taken: tuple[str, ...] = ()
    taken_count: int = 0


class SuspectedPerson(msgspec.Struct, frozen=True):
    """A panel user whose session or password was probably used (see ``PersonSuspicion``)."""

    user: str = ""
    name: str = ""
    keys: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    check: str = ""


class NeighbourSecret(msgspec.Struct, frozen=True):
    """Another service's secret in a leaked file, by name and vendor; ``also``: roots and paths where it stands too."""

    root: str = ""
    path: str = ""
    name: str = ""
    vendor: str = ""
    also: tuple[tuple[str, str], ...] = ()


class AskedPlaces(msgspec.Struct, frozen=True):
    """What all searches were asked to look at, for a re-check."""

    targets: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()


class LeaksFound(RecordedFact, frozen=True, tag="leaks"):
    """What is known of leaks after the latest search: its results, and older ones of places not searched since.

    ``places`` counts ``searched``, ``found`` the secrets among ``exposures``, ``open`` what somebody has to act on.
    """

    places: int = 0
    searched: tuple[str, ...] = ()
    unread: tuple[UnreadPlace, ...] = ()
    failed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    found: int = 0
    exposures: tuple[FoundLeak, ...] = ()
    closed: tuple[ClosedLeak, ...] = ()
    update_places: tuple[OldValuePlace, ...] = ()
    thefts: tuple[FoundTheft, ...] = ()
    logs: ReadLogs | None = None
    people: tuple[SuspectedPerson, ...] = ()
    neighbours: tuple[NeighbourSecret, ...] = ()
    search_elsewhere: tuple[str, ...] = ()
    verdict: str = ""
    asked: AskedPlaces = AskedPlaces()
    open: int = 0
    lines: tuple[str, ...] = ()
