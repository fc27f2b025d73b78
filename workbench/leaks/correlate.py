"""When was it taken, where from and by whom: log fetches set against the account's own record.

The strengths are the dossier's (5.4): equality of addresses is rare, because harvesting and abuse often run
from different machines, so the join is by key and by order in time. A fetch of a file in which the abused
key never stood is not the cause.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from workbench.core.redact import key_tail, visible
from workbench.core.words import plural
from workbench.leaks.logreport import Fetch, Served

Name = tuple[str, str]
"""A credential: the id of a key and ``""``, or ``""`` and an SMTP login."""


class Strength(IntEnum):
    """How surely the moment of theft is known; 1 is the strongest (dossier 5.4)."""

    SAME_ADDRESS = 1
    SAME_KEY = 2
    INTERVAL = 3
    NOTHING = 4


@dataclass(frozen=True, slots=True)
class ForeignUse:
    """The first use of a key (or login) by somebody unknown, from the account's log."""

    key_id: str
    address: str
    first_use: datetime
    login: str = ""

    @property
    def name(self) -> Name:
        """Which credential it is."""
        return self.key_id, self.login


@dataclass(frozen=True, slots=True)
class ReadablePlace:
    """A place where a secret could be read from outside: which key, at which path or commit, since when.

    ``path`` is the path a server serves (``/.env``); ``since`` bounds the exposure from below where known
    (push, deploy, plugin installation). ``key_ids`` are the keys that stood there, ``logins`` the SMTP logins;
    ``dead`` is when what stood there was seen to have ended: who fetched it from then on has nothing that works.
    """

    path: str
    key_ids: frozenset[str] = frozenset()
    logins: frozenset[str] = frozenset()
    since: datetime | None = None
    dead: datetime | None = None


@dataclass(frozen=True, slots=True)
class Theft:
    """The answer for one credential: how sure, by which fetch, and the sentence to say."""

    name: Name
    strength: Strength
    fetch: Fetch | None
    exposure: ReadablePlace | None
    not_before: datetime | None
    not_after: datetime | None
    sentence: str
    how_sure: str


def correlate(
    uses: Iterable[ForeignUse],
    fetches: Sequence[Fetch],
    exposures: Sequence[ReadablePlace] = (),
    *,
    created: dict[str, datetime] | None = None,
) -> tuple[Theft, ...]:
    """Return for each foreign use the most probable moment of theft, strongest first.

    Whoever only reads uses nothing that the log shows: what stood in a file that was fetched was taken all the same.
    ``created`` maps key ids to their creation: a key cannot have leaked earlier. Where it names any, keys beside them
    are another account's.
    """
    made = created or {}
    used = list(uses)
    thefts = [_theft(use, fetches, exposures, made.get(use.key_id)) for use in used]
    thefts += _unused({use.name for use in used}, fetches, exposures, made)
    return tuple(sorted(thefts, key=lambda one: (one.strength, one.not_after or _moment(one.fetch))))


def _unused(
    used: set[Name],
    fetches: Sequence[Fetch],
    exposures: Sequence[ReadablePlace],
    created: Mapping[str, datetime],
) -> list[Theft]:
    """Return the theft of each credential that stood in a fetched file and whose use nobody saw: its first fetch."""
    places: dict[Name, list[ReadablePlace]] = {}
    for exposure in exposures:
        for key_id in exposure.key_ids:
            if not created or key_id in created:
                places.setdefault((key_id, ""), []).append(exposure)
        for login in exposure.logins:
            places.setdefault(("", login), []).append(exposure)
    made = []
    for name, holding in places.items():
        fetched = [
            (fetch, place)
            for fetch in fetches
            if _may_hold(fetch, created.get(name[0])) and (place := _still_worth(fetch, holding))
        ]
        if name in used or not fetched:
            continue
        first, place = min(fetched, key=lambda pair: (-pair[0].served, _moment(pair[0])))
        sure, size = _how_served(first)
        sentence = (
            f"{_verb(first)} on {_on(_moment(first))} from {first.path} by {first.address}; no use of {_key(name)} by "
            "a stranger is known"
        )
        how = f"{sure}: {size}; the {'key' if name[0] else 'login'} stood in that file"
        made.append(Theft(name, Strength.SAME_KEY, first, place, first.time, None, sentence, how))
    return made


def _still_worth(fetch: Fetch, holding: Iterable[ReadablePlace]) -> ReadablePlace | None:
    """Return the place of those holding a credential that a fetch got it from while it worked, if any."""
    at = _moment(fetch)
    return next(
        (one for one in holding if one.path == fetch.path and (one.dead is None or at < one.dead)), None
    )


def _may_hold(fetch: Fetch, created: datetime | None) -> bool:
    """Return whether a fetch was served, at a known time, once the key was there."""
    return fetch.served >= Served.S2 and fetch.time is not None and (created is None or fetch.time >= created)


def _verb(fetch: Fetch) -> str:
    return "taken" if fetch.served is Served.S3 else "probably taken"


def _how_served(fetch: Fetch) -> tuple[str, str]:
    """Return how sure a fetch alone makes, and why."""
    if fetch.served is Served.S3:
        return "strong", "the body's size equals the file's"
    return "probable", "a body of its own was served"


def _theft(
    use: ForeignUse, fetches: Sequence[Fetch], exposures: Sequence[ReadablePlace], created: datetime | None
) -> Theft:
    holding = [exposure for exposure in exposures if _holds(exposure, use)]
    paths = {exposure.path: exposure for exposure in holding}
    earlier = [fetch for fetch in fetches if _may_hold(fetch, created) and _moment(fetch) <= use.first_use]
    of_key = [fetch for fetch in earlier if fetch.path in paths]
    # Whole files before probable ones, then the latest before the first use.
    best = max(of_key, key=lambda fetch: (fetch.served, _near(fetch, use), _moment(fetch)), default=None)
    if best is not None:
        same = best.served is Served.S3 and _near(best, use)
        strength = Strength.SAME_ADDRESS if same else Strength.SAME_KEY
        return _taken(use, strength, best, paths[best.path], (len(holding), len(of_key)))
    unknown = [fetch for fetch in earlier if not exposures and fetch.served is Served.S3]
    if unknown:
        return _likely(use, max(unknown, key=_moment))
    start = min((one.since for one in holding if one.since is not None), default=created)
    if start is not None and start > use.first_use:
        start = None  # Clocks that disagree bound nothing.
    if holding or start is not None:
        return _interval(use, holding[0] if holding else None, start)
    return Theft(
        use.name,
        Strength.NOTHING,
        None,
        None,
        None,
        use.first_use,
        f"when and where {_key(use.name)} was taken is not known; first used by a stranger on {_on(use.first_use)}",
        "nothing found: no fetch in the logs read, no exposed place that held it",
    )


def _holds(exposure: ReadablePlace, use: ForeignUse) -> bool:
    return (bool(use.key_id) and use.key_id in exposure.key_ids) or (
        bool(use.login) and use.login in exposure.logins
    )


def _taken(
    use: ForeignUse,
    strength: Strength,
    fetch: Fetch,
    exposure: ReadablePlace,
    counts: tuple[int, int],
) -> Theft:
    """``counts``: places that held the credential, fetches of them before its use."""
    places, count = counts
    sentence = (
        f"{_verb(fetch)} on {_on(_moment(fetch))} from {fetch.path} by {fetch.address}, {_key(use.name)} first used "
        f"by a stranger {_later(use.first_use, _moment(fetch))}"
    )
    _, size = _how_served(fetch)
    how = f"{size}; the key stood in that file; the use came after it"
    if strength is Strength.SAME_ADDRESS:
        how += "; the first use came from the same address or network"
    if places > 1:
        how += f"; {plural(places - 1, 'more place')} held the same key"
    if count > 1:
        how += f"; {plural(count - 1, 'other fetch', 'other fetches')} of such a file came before the use as well"
    sure = (
        "certain as logs can be"
        if strength is Strength.SAME_ADDRESS
        else "strong"
        if places == 1
        else "probable"
    )
    return Theft(use.name, strength, fetch, exposure, fetch.time, use.first_use, sentence, f"{sure}: {how}")


def _moment(fetch: Fetch | None) -> datetime:
    """When a fetch was; one whose time was not logged never comes this far."""
    return fetch.time if fetch is not None and fetch.time else datetime.min.replace(tzinfo=UTC)


def _likely(use: ForeignUse, fetch: Fetch) -> Theft:
    sentence = (
        f"possibly taken on {_on(_moment(fetch))} from {fetch.path} by {fetch.address}, {_key(use.name)} first used "
        f"by a stranger {_later(use.first_use, _moment(fetch))}"
    )
    how = "weak: the file was served before the first use, but whether it held this key was not checked"
    return Theft(use.name, Strength.INTERVAL, fetch, None, fetch.time, use.first_use, sentence, how)


def _interval(use: ForeignUse, exposure: ReadablePlace | None, start: datetime | None) -> Theft:
    where = f" from {visible(exposure.path, 300)}" if exposure else ""
    since = f"between {_on(start)} and {_on(use.first_use)}" if start else f"before {_on(use.first_use)}"
    reason = (
        "no fetch in the logs read" if exposure else "no exposed place found; the key's creation bounds it"
    )
    return Theft(
        use.name,
        Strength.INTERVAL,
        None,
        exposure,
        start,
        use.first_use,
        f"taken {since}{where}, {_key(use.name)} first used by a stranger on {_on(use.first_use)}",
        f"an interval only: {reason}",
    )


def _near(fetch: Fetch, use: ForeignUse) -> bool:
    """Same address, or same network: /24 for IPv4, /48 for IPv6."""
    try:
        one, other = ipaddress.ip_address(fetch.address), ipaddress.ip_address(use.address)
    except ValueError:
        return False
    if one.version != other.version:
        return False
    width = 24 if one.version == 4 else 48
    return other in ipaddress.ip_network(f"{one}/{width}", strict=False)


def _key(name: Name) -> str:
    key_id, login = name
    return f"key {key_tail(visible(key_id))}" if key_id else f"login {visible(login)}"


def _on(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    # Built by hand: strftime's month follows the locale, and a report for Support must not.
    month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][
        utc.month - 1
    ]
    return f"{utc.day} {month} {utc:%H:%M} UTC"


def _later(moment: datetime, start: datetime) -> str:
    """``at`` the clock time alone on the same day, ``on`` its date otherwise."""
    same = moment.astimezone(UTC).date() == start.astimezone(UTC).date()
    return f"at {moment.astimezone(UTC):%H:%M}" if same else f"on {_on(moment)}"
