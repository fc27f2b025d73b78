"""What the account holds, as last read: keys, logins, users, domains, subaccounts and the brakes.

The inventory is filled by the reader slice by slice and compared slice by slice, so that panes fill live
and the watch can say what appeared. Items are keyed by what the API calls them, with their place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from workbench.domain.model.plan import Place
from workbench.mailgun.models import (
    AccountWebhook,
    AllowEntry,
    Domain,
    Ip,
    Key,
    Limit,
    Route,
    SmtpCredential,
    Subaccount,
    User,
)

# Lists may lag behind a write by some seconds: what was made or ended so lately raises no alarm by its absence.
LAG = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class KeyItem:
    """An API key; keys are global, so its place says only which (sub)account it belongs to."""

    key: Key
    place: Place

    @property
    def id(self) -> str:
        """Return the key's id, which for current keys is the tail of its secret (dossier A2)."""
        return self.key.id

    @property
    def name(self) -> str:
        """Return the description, or what else names the key."""
        return self.key.description or self.key.domain_name or self.key.user_name or "(no description)"

    @property
    def plain_name(self) -> str:
        """Return the name without the mark of the incident that made the key: it says nothing to a reader."""
        return self.name.partition(" [wb-")[0]


@dataclass(frozen=True, slots=True)
class LoginItem:
    """An SMTP login of a domain."""

    credential: SmtpCredential
    domain: str
    place: Place

    @property
    def login(self) -> str:
        """Return the full login, ``user@domain``."""
        login = self.credential.login
        return login if "@" in login else f"{login}@{self.domain}"

    @property
    def id(self) -> str:
        """Return the login; a domain exists in one region only, so it is unique in the account."""
        return self.login

    @property
    def is_postmaster(self) -> bool:
        """Return whether this is the system mailbox, which can be reset but never deleted (dossier B1)."""
        return self.login.partition("@")[0] == "postmaster"


@dataclass(frozen=True, slots=True)
class DomainItem:
    """A sending domain."""

    domain: Domain
    place: Place

    @property
    def name(self) -> str:
        """Return the domain's name."""
        return self.domain.name


@dataclass(frozen=True, slots=True)
class UserItem:
    """A person (or a stranger) who can log in to the control panel."""

    user: User
    place: Place

    @property
    def id(self) -> str:
        """Return the user's id."""
        return self.user.id


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of the account that could not be read, and why: shown, never guessed over.

    ``passing`` says that the reason was a fault, not a refusal: another reading may well succeed. ``note`` marks
    what hides no credential (a row with an unreadable field, a feature the plan lacks): told, but it keeps nothing
    from being cut or called done.
    """

    slice: str
    place: Place | None
    reason: str
    passing: bool = False
    note: bool = False


@dataclass(slots=True)
class Inventory:
    """Everything read so far. ``read_at`` says when each slice was last complete; ``gaps`` what is missing.

    ``parts`` says when each part of a slice was read last, by the name its gap would have: ``keys us/sub1``.
    """

    keys: dict[str, KeyItem] = field(default_factory=dict)
    logins: dict[str, LoginItem] = field(default_factory=dict)
    domains: dict[str, DomainItem] = field(default_factory=dict)
    users: dict[str, UserItem] = field(default_factory=dict)
    subaccounts: dict[str, Subaccount] = field(default_factory=dict)
    allowlist: dict[str, AllowEntry] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)
    webhooks: dict[str, AccountWebhook] = field(default_factory=dict)
    homes: dict[str, Place] = field(default_factory=dict)
    ips: dict[str, Ip] = field(default_factory=dict)
    limits: dict[Place, Limit | None] = field(default_factory=dict)
    read_at: dict[str, datetime] = field(default_factory=dict)
    parts: dict[str, datetime] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)
    places: tuple[Place, ...] = ()
    # Keys made a moment ago: a list that lags behind the write may not name them yet.
    settling: frozenset[str] = frozenset()

    @property
    def missing(self) -> list[Gap]:
        """Return what could not be read, without the notes, which hide nothing."""
        return [gap for gap in self.gaps.values() if not gap.note]

    def date(self, slice_name: str, parts: Iterable[str]) -> None:
        """Let a slice be as old as the oldest of its parts; one that could not be read is a gap, and counts there."""
        read = [self.parts[part] for part in parts if part in self.parts and part not in self.gaps]
        if read:
            self.read_at[slice_name] = min(read)

    def logins_of(self, domain: str) -> list[LoginItem]:
        """Return a domain's logins, postmaster first, then by name."""
        found = [item for item in self.logins.values() if item.domain == domain]
        return sorted(found, key=lambda item: (not item.is_postmaster, item.login))

    def replace_keys(self, place: Place, items: Iterable[KeyItem], *, whole: bool = True) -> None:
        """Take a key list of one (sub)account in: what a ``whole`` one no longer names is gone.

        Where a subaccount answers with its parent's list, a key is the parent's.
        """
        fresh = [item for item in items if not _belongs_above(self.keys, item.id, place)]
        _replace(self.keys, fresh, lambda item: item.place.subaccount == place.subaccount, whole=whole)

    def replace_logins(self, domain: str, items: Iterable[LoginItem], *, whole: bool = True) -> None:
        """Take the logins of one domain in; what a ``whole`` list no longer names is gone."""
        _replace(self.logins, items, lambda item: item.domain == domain, whole=whole)

    def replace_domains(self, place: Place, items: Iterable[DomainItem], *, whole: bool = True) -> None:
        """Take the domains of one place in, and forget the logins of those that a ``whole`` list no longer names."""
        fresh = [item for item in items if not _belongs_above(self.domains, item.name, place)]
        names = {item.name for item in fresh}
        if not whole:
            names |= set(self.domains)
        before = {n for n, item in self.domains.items() if item.place == place}
        for name in before - names:
            del self.domains[name]
            self.replace_logins(name, ())
        for item in fresh:
            self.domains[item.name] = item

    @property
    def below(self) -> set[str]:
        """Return the ids of the subaccounts of which anything is known, or could not be read."""
        return {place.subaccount for place in self._places_known() if place.subaccount is not None}

    def forget_subaccount(self, subaccount: str) -> None:
        """Forget what was in a subaccount that is closed or deleted: nobody sends or signs in there any more."""
        for place in [place for place in self._places_known() if place.subaccount == subaccount]:
            self.replace_domains(place, ())
            self.replace_keys(place, ())
            self.replace_users(place, ())
        self.limits = {place: limit for place, limit in self.limits.items() if place.subaccount != subaccount}
        ended = [name for name, gap in self.gaps.items() if gap.place and gap.place.subaccount == subaccount]
        for name in ended:
            del self.gaps[name]

    def _places_known(self) -> set[Place]:
        known = {key.place for key in self.keys.values()} | {user.place for user in self.users.values()}
        known |= {domain.place for domain in self.domains.values()}
        return known | {gap.place for gap in self.gaps.values() if gap.place is not None}

    def replace_users(self, place: Place, items: Iterable[UserItem], *, whole: bool = True) -> None:
        """Take the users of one (sub)account in; what a ``whole`` list no longer names is gone."""
        fresh = [item for item in items if not _belongs_above(self.users, item.id, place)]
        _replace(self.users, fresh, lambda item: item.place.subaccount == place.subaccount, whole=whole)

    def replace_settings(
        self,
        name: str,
        place: Place,
        found: Mapping[str, Route] | Mapping[str, AccountWebhook],
        *,
        whole: bool = True,
    ) -> None:
        """Take the ``routes`` or ``webhooks`` of one place in; ``homes`` keeps where each lives."""
        held = getattr(self, name)
        items = {
            item: value
            for item, value in found.items()
            if not place.subaccount or not (home := self.homes.get(f"{name}:{item}")) or home.subaccount
        }
        for item in (
            ()
            if not whole
            else [i for i in held if self.homes.get(f"{name}:{i}") == place and i not in items]
        ):
            del held[item]
        held.update(items)
        self.homes.update({f"{name}:{item}": place for item in items})


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


_Item = TypeVar("_Item", bound=_Identified)


class _Placed(Protocol):
    @property
    def place(self) -> Place: ...


def _belongs_above(held: Mapping[str, _Placed], item_id: str, place: Place) -> bool:
    """Return whether a thing that a subaccount's list names is known as the parent's: acted on there, and once."""
    known = held.get(item_id)
    return place.subaccount is not None and known is not None and known.place.subaccount is None


def _replace(
    held: dict[str, _Item], items: Iterable[_Item], same_slice: Callable[[_Item], bool], *, whole: bool
) -> None:
    """Replace the items of one slice; those of other slices stay, and of an incomplete list those it lacks."""
    fresh = {item.id: item for item in items}
    for item_id in [i for i, item in held.items() if whole and same_slice(item) and i not in fresh]:
        del held[item_id]
    held.update(fresh)
