"""What can be done with this key, from here: asked once at connect, told in plain words.

Only reads are made. Whether a key may write cannot be tried without writing, so it is inferred: from the
role of the key's own entry in the list, found by the id that answers name, and from which reads are refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from workbench.core.clock import TOLERANCE, off_by
from workbench.core.errors import (
    ApiError,
    Forbidden,
    Incomplete,
    NotAuthorised,
    Reason,
    Unreachable,
    UnreadableAnswer,
)
from workbench.core.redact import key_tail, visible
from workbench.mailgun.account import get_allowlist
from workbench.mailgun.client import Answer, Mailgun, Priority
from workbench.mailgun.endpoints import Region
from workbench.mailgun.keys import list_keys
from workbench.mailgun.models import Domain, Key
from workbench.mailgun.pagination import listed
from workbench.mailgun.requests import at

# Seconds before a region that refuses a key which another accepts is asked once more.
ASK_AGAIN = 1.0
_T = TypeVar("_T")


class RegionState(StrEnum):
    """What a region's API server answered to one read with this key."""

    OPEN = "open"
    REFUSED = "refused"
    LIMITED = "limited"
    UNREACHABLE = "unreachable"
    NOT_THE_API = "not the API"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True)
class RegionProbe:
    """One region: its state, the error behind it if any, and the domains of the first page."""

    region: Region
    state: RegionState
    error: ApiError | None = None
    domains: tuple[Domain, ...] = ()

    @property
    def alive(self) -> bool:
        """True where the key is accepted, even if its role is too low for the domain list."""
        return self.state in {RegionState.OPEN, RegionState.LIMITED}

    @property
    def disabled(self) -> tuple[Domain, ...]:
        """The domains that Mailgun has stopped."""
        return tuple(domain for domain in self.domains if domain.is_disabled or domain.state == "disabled")


@dataclass(frozen=True, slots=True)
class Ability:
    """Something the workbench needs: ``allowed`` True, False, or None where it could not be found out."""

    name: str
    allowed: bool | None
    error: ApiError | None = None


ONLY_ADMINS = 3  # the first abilities asked for are those that only the admin role has


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this key can do from this host, and everything odd that was noticed while asking."""

    regions: Mapping[Region, RegionProbe]
    abilities: tuple[Ability, ...]
    key_id: str | None
    own_key: Key | None
    clock_offset: float | None
    allowlist_in_use: bool | None = None

    @property
    def usable(self) -> bool:
        """True if at least one region accepts the key."""
        return any(probe.alive for probe in self.regions.values())

    @property
    def home(self) -> Region | None:
        """The first region that accepts the key: ask it for what is global. None if there is none."""
        return next((region for region, probe in self.regions.items() if probe.alive), None)

    @property
    def admin(self) -> bool | None:
        """Whether the key has the admin role, which every containment write needs; None if unknown."""
        if self.own_key is not None and self.own_key.role is not None:
            return self.own_key.role == "admin"
        # One 403 may be a passing fault or the plan; an admin is not refused all that only admins may see.
        asked = self.abilities[:ONLY_ADMINS]
        refused = [ability for ability in asked if ability.allowed is False and not _not_the_role(ability)]
        return False if len(refused) > 1 and len(refused) == len(asked) else None

    @property
    def stopped(self) -> ApiError | None:
        """The refusal by which Mailgun says that it stopped the account or waits for a verification; None without."""
        errors = [probe.error for probe in self.regions.values()]
        errors += [ability.error for ability in self.abilities]
        return next((error for error in errors if error is not None and error.reason in _STOPPED), None)

    @property
    def elsewhere(self) -> tuple[Region, ...]:
        """The regions that refuse a key which another region accepts: this account is not served there."""
        refused = [region for region, item in self.regions.items() if item.state is RegionState.REFUSED]
        return tuple(refused) if self.usable else ()

    @property
    def clock_is_off(self) -> bool:
        """True if this host's clock and the server's differ by more than chance."""
        return self.clock_offset is not None and abs(self.clock_offset) > TOLERANCE

    def failure(self) -> ApiError | None:
        """Return the error to show where nothing can be done with this key from here; None if something can."""
        if self.usable:
            return None
        errors = [probe.error for probe in self.regions.values() if probe.error is not None]
        # A refusal tells more than silence: it names the key, silence only the network.
        for kind in (NotAuthorised, UnreadableAnswer, Unreachable, ApiError):
            for error in errors:
                if isinstance(error, kind):
                    return error
        return None

    def words(self) -> list[str]:
        """Return what the operator should know, in plain sentences, most important first."""
        failure = self.failure()
        if failure is not None:
            return [str(failure)]
        first = [str(self.stopped)] if self.stopped is not None else []
        return [
            *first,
            *self._about_regions(),
            *self._about_role(),
            *self._about_account(),
            *self._about_clock(),
        ]

    def _about_regions(self) -> list[str]:
        alive = [region for region, probe in self.regions.items() if probe.alive]
        said = []
        for region, probe in self.regions.items():
            name = region.upper()
            if probe.state is RegionState.REFUSED:
                said.append(
                    f"Only {' and '.join(place.upper() for place in alive)} accepts this key; {name} answers 401. "
                    f"Domains, logins and logs in {name} can be neither seen nor secured with it."
                )
            elif probe.state is RegionState.LIMITED:
                if probe.error is None or probe.error.reason is Reason.ROLE:
                    said.append(f"{name} accepts the key but does not show it the domains (403).")
                elif probe.error.reason not in _STOPPED:
                    said.append(f"{name} accepts the key but does not show it the domains: {probe.error}")
            elif probe.error is not None:
                said.append(f"{name}: {probe.error}")
        return said

    def _about_role(self) -> list[str]:
        said = []
        key = self.own_key
        if self.admin is False:
            role = (
                f"This key has the role {visible(key.role, 40)}, not admin"
                if key is not None and key.role not in {None, "admin"}
                else "By what it is refused, this key is not admin"
            )
            said.append(
                f"{role}: it cannot replace keys, reset SMTP passwords or manage the IP allowlist. Make an admin key "
                "in the control panel (API Security)."
            )
        refused = [ability.name for ability in self.abilities if ability.allowed is False]
        if refused:
            said.append(f"With this key the workbench cannot {'; '.join(refused)}.")
        unknown = [ability.name for ability in self.abilities if ability.allowed is None]
        if unknown:
            said.append(f"It could not be found out whether the workbench can {'; '.join(unknown)}.")
        if key is not None and key.expires_at is not None:
            said.append(f"This key ({key_tail(key.id)}) expires {key.expires_at:%Y-%m-%d %H:%M}Z.")
        if self.key_id is None:
            said.append(
                "Answers do not say which key this is: the workbench will ask before it deletes any key."
            )
        return said

    def _about_account(self) -> list[str]:
        said = []
        domains = [domain for probe in self.regions.values() for domain in probe.domains]
        stopped = [domain for probe in self.regions.values() for domain in probe.disabled]
        if stopped:
            names = ", ".join(visible(domain.name, 60) for domain in stopped[:3])
            more = f" and {len(stopped) - 3} more" if len(stopped) > 3 else ""
            reason = next((d.disabled.reason for d in stopped if d.disabled and d.disabled.reason), None)
            said.append(
                f"Mailgun has disabled {names}{more}"
                + (f" ({visible(reason, 120)})." if reason else ".")
                + " Some writes may be refused until Mailgun Support enables the account again."
            )
        if not domains and all(probe.state is RegionState.OPEN for probe in self.regions.values()):
            said.append("No region lists a domain of this account.")
        if self.allowlist_in_use:
            said.append(
                "The account's IP allowlist is in use: a host that is not on it sees every key as dead (401)."
            )
        return said

    def _about_clock(self) -> list[str]:
        if not self.clock_is_off or self.clock_offset is None:
            return []
        return [
            f"This host's clock is {off_by(self.clock_offset)} Mailgun's. All times here are Mailgun's; "
            "certificates are judged by this host's: set the clock (date -u)."
        ]


async def probe(client: Mailgun) -> Capabilities:
    """Ask each region, and then the account, what this key may do; never raises for what a server answers."""
    found = await asyncio.gather(*(_probe_region(client, region) for region in client.endpoints.regions))
    regions = {item.region: item for item in found}
    if any(item.alive for item in found):
        # An account is taken for one of a single region on this: a passing 401 must not decide that.
        again = [item.region for item in found if item.state is RegionState.REFUSED]
        if again:
            await client.clock.sleep(ASK_AGAIN)
        regions.update({region: await _probe_region(client, region) for region in again})
        found = list(regions.values())
    home = next((item.region for item in found if item.alive), None)
    if home is None:
        return Capabilities(regions, (), client.key_id, None, client.clock_offset)
    keys, users, allowlist, logins, logs = await asyncio.gather(
        _tried(lambda: list_keys(client, region=home, priority=Priority.PROOF)),
        _tried(lambda: _read(client, home, "/v5/users", {"limit": 1})),
        _tried(lambda: get_allowlist(client, region=home, priority=Priority.PROOF)),
        _tried(lambda: _a_login(client, regions)),
        _tried(lambda: _read(client, home, "/v3/stats/total", {"event": "accepted", "duration": "1h"})),
    )
    held = keys[1].rows if isinstance(keys[1], Incomplete) else keys[0] or ()
    own = next((key for key in held if key.id == client.key_id), None)
    abilities = (
        Ability("see the API keys", _allowed(keys[1]), keys[1]),
        Ability("see who can sign in", _allowed(users[1]), users[1]),
        Ability("see the IP allowlist", _allowed(allowlist[1]), allowlist[1]),
        Ability("see the SMTP logins", _allowed(logins[1]), logins[1]),
        Ability("see how much was sent", _allowed(logs[1]), logs[1]),
    )
    in_use = bool(allowlist[0]) if allowlist[0] is not None else None
    return Capabilities(regions, abilities, client.key_id, own, client.clock_offset, in_use)


async def _probe_region(client: Mailgun, region: Region) -> RegionProbe:
    try:
        answer = await client.call(
            "GET", "/v4/domains", region=region, query={"limit": 100, "skip": 0}, priority=Priority.PROOF
        )
        domains = _domains(answer)
    except NotAuthorised as error:
        return RegionProbe(region, RegionState.REFUSED, error)
    except Forbidden as error:
        return RegionProbe(region, RegionState.LIMITED, error)
    except Unreachable as error:
        return RegionProbe(region, RegionState.UNREACHABLE, error)
    except UnreadableAnswer as error:
        return await _without_domains(client, region, RegionState.NOT_THE_API, error)
    except ApiError as error:
        return await _without_domains(client, region, RegionState.FAULTY, error)
    return RegionProbe(region, RegionState.OPEN, None, tuple(domains))


async def _without_domains(
    client: Mailgun, region: Region, state: RegionState, error: ApiError
) -> RegionProbe:
    """Return what a region is whose domains cannot be read: one that shows its keys accepts ours all the same."""
    _, odd = await _tried(lambda: list_keys(client, kind="user", region=region, priority=Priority.PROOF))
    shown = odd is None or isinstance(odd, Incomplete)
    return RegionProbe(region, RegionState.LIMITED if shown else state, error)


def _domains(answer: Answer) -> list[Domain]:
    """Return the domains of the first page, without those that cannot be read: the inventory names them."""
    try:
        return listed(Domain, answer, "items", first_only=True)
    except Incomplete as part:
        return list(part.rows)


async def _tried(ask: Callable[[], Awaitable[_T]]) -> tuple[_T | None, ApiError | None]:
    """Return what a question brought, or the error it met."""
    try:
        return await ask(), None
    except ApiError as error:
        return None, error


_STOPPED = (Reason.STOPPED, Reason.VERIFICATION)


def _not_the_role(ability: Ability) -> bool:
    """Return whether an ability is refused for another reason than a role too small."""
    reason = ability.error.reason if ability.error is not None else Reason.NONE
    return reason not in (Reason.NONE, Reason.ROLE, Reason.KEY)


def _allowed(error: ApiError | None) -> bool | None:
    if error is None or isinstance(error, Incomplete):
        return True
    # A key that another call proved alive and is refused here lacks the right, whichever way it is said.
    return False if isinstance(error, Forbidden | NotAuthorised) else None


async def _read(client: Mailgun, region: Region, path: str, query: dict[str, Any]) -> None:
    answer = await client.call("GET", path, region=region, query=query, priority=Priority.PROOF)
    answer.object()


async def _a_login(client: Mailgun, regions: Mapping[Region, RegionProbe]) -> None:
    """Read the logins of some domain; an account without domains has none to refuse."""
    for region, item in regions.items():
        if item.domains:
            path = at("/v3/domains/{}/credentials", item.domains[0].name)
            await _read(client, region, path, {"limit": 1})
            return
