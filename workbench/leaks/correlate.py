"""When was it taken, where from and by whom: log fetches set against the account's own record.

The strengths are the dossier's (5.4): equality of addresses is rare, because harvesting and abuse often run
from different machines, so the join is by key and by order in time. A fetch of a file in which the abused
key never stood is not the cause.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from workbench.core.redact import key_tail, visible
from workbench.core.words import plural
from workbench.leaks.logreport import Fetch, Served


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


@dataclass(frozen=True, slots=True)
class ReadablePlace:
    """A place where a secret could be read from outside: which key, at which path or commit, since when.

    ``path`` is the path a server serves (``/.env``); ``since`` bounds the exposure from below where known
    (push, deploy, plugin installation). ``key_ids`` are the keys that stood there, ``logins`` the SMTP logins.
    """

    path: str
    key_ids: frozenset[str] = frozenset()
    logins: frozenset[str] = frozenset()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Theft:
    """The answer for one foreign use: how sure, by which fetch, and the sentence to say."""

    use: ForeignUse
    strength: Strength
    fetch: Fetch | None
    exposure: ReadablePlace | None
    not_before: datetime | None
    not_after: datetime
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

    ``created`` maps key ids to their creation: a key cannot have leaked earlier.
    """
    thefts = [_theft(use, fetches, exposures, (created or {}).get(use.key_id)) for use in uses]
    return tuple(sorted(thefts, key=lambda one: (one.strength, one.use.first_use)))


def _theft(
    use: ForeignUse, fetches: Sequence[Fetch], exposures: Sequence[ReadablePlace], created: datetime | None
) -> Theft:
    holding = [exposure for exposure in exposures if _holds(exposure, use)]
    paths = {exposure.path: exposure for exposure in holding}
    earlier = [
        fetch
        for fetch in fetches
        if fetch.served >= Served.S2
        and fetch.time is not None
        and fetch.time <= use.first_use
        and (created is None or fetch.time >= created)
    ]
    of_key = [fetch for fetch in earlier if fetch.path in paths]
    # Whole files before probable ones, then the latest before the first use.
    best = max(of_key, key=lambda fetch: (fetch.served, _near(fetch, use), _moment(fetch)), default=None)
    if best is not None:
        same = best.served is Served.S3 and _near(best, use)
        strength = Strength.SAME_ADDRESS if same else Strength.SAME_KEY
        return _taken(use, strength, best, paths[best.path], len(holding), len(of_key))
    unknown = [fetch for fetch in earlier if not exposures and fetch.served is Served.S3]
    if unknown:
        return _likely(use, max(unknown, key=_moment))
    start = min((one.since for one in holding if one.since is not None), default=created)
    if holding or start is not None:
        return _interval(use, holding[0] if holding else None, start)
    return Theft(
        use,
        Strength.NOTHING,
        None,
        None,
        None,
        use.first_use,
        f"when and where {_key(use)} was taken is not known; first used by a stranger at {_on(use.first_use)}",
        "nothing found: no fetch in the logs read, no exposed place that held it",
    )


def _holds(exposure: ReadablePlace, use: ForeignUse) -> bool:
    return (bool(use.key_id) and use.key_id in exposure.key_ids) or (
        bool(use.login) and use.login in exposure.logins
    )


def _taken(
    use: ForeignUse, strength: Strength, fetch: Fetch, exposure: ReadablePlace, places: int, count: int
) -> Theft:
    verb = "taken" if fetch.served is Served.S3 else "probably taken"
    sentence = (
        f"{verb} on {_on(_moment(fetch))} from {fetch.path} by {fetch.address}, {_key(use)} first used by a "
        f"stranger at {_later(use.first_use, _moment(fetch))}"
    )
    size = (
        "the body's size equals the file's" if fetch.served is Served.S3 else "a body of its own was served"
    )
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
    return Theft(use, strength, fetch, exposure, fetch.time, use.first_use, sentence, f"{sure}: {how}")


def _moment(fetch: Fetch) -> datetime:
    """When a fetch was; one whose time was not logged never comes this far."""
    return fetch.time or datetime.min.replace(tzinfo=UTC)


def _likely(use: ForeignUse, fetch: Fetch) -> Theft:
    sentence = (
        f"possibly taken on {_on(_moment(fetch))} from {fetch.path} by {fetch.address}, {_key(use)} first used by a "
        f"stranger at {_later(use.first_use, _moment(fetch))}"
    )
    how = "weak: the file was served before the first use, but whether it held this key was not checked"
    return Theft(use, Strength.INTERVAL, fetch, None, fetch.time, use.first_use, sentence, how)


def _interval(use: ForeignUse, exposure: ReadablePlace | None, start: datetime | None) -> Theft:
    where = f" from {visible(exposure.path, 300)}" if exposure else ""
    since = f"between {_on(start)} and {_on(use.first_use)}" if start else f"before {_on(use.first_use)}"
    reason = (
        "no fetch in the logs read" if exposure else "no exposed place found; the key's creation bounds it"
    )
    return Theft(
        use,
        Strength.INTERVAL,
        None,
        exposure,
        start,
        use.first_use,
        f"taken {since}{where}, {_key(use)} first used by a stranger at {_on(use.first_use)}",
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


def _key(use: ForeignUse) -> str:
    return f"key {key_tail(visible(use.key_id))}" if use.key_id else f"login {visible(use.login)}"


def _on(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    # Built by hand: strftime's month follows the locale, and a report for Support must not.
    month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][
        utc.month - 1
    ]
    return f"{utc.day} {month} {utc:%H:%M} UTC"


def _later(moment: datetime, start: datetime) -> str:
    """The clock time alone on the same day, with its date otherwise."""
    same = moment.astimezone(UTC).date() == start.astimezone(UTC).date()
    return f"{moment.astimezone(UTC):%H:%M}" if same else _on(moment)
