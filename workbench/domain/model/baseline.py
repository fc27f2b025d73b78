"""The account as it was before the first cut, by what the journal keeps of it, and its form there. Pure.

Many things carry no date (dossier F): only what was there then can tell that something is new, changed or gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import msgspec


class AccountBaseline(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What each list held, by id; None is a list that was not read, and proves nothing.

    ``partial`` names the lists of which it holds only what could be read. Contents of routes, webhooks, settings and
    fields of domains are short hashes: they may hold addresses and tokens. ``user_dates`` are since when users were
    seen to exist (ISO 8601 UTC, empty where nothing tells), ``limits`` the month's most messages by place, None where
    there was no limit. ``senders`` are the credentials that sent from strange addresses when that was first read.
    """

    keys: tuple[str, ...] | None = None
    logins: tuple[str, ...] | None = None
    users: tuple[str, ...] | None = None
    domains: tuple[str, ...] | None = None
    subaccounts: tuple[str, ...] | None = None
    allowlist: tuple[str, ...] | None = None
    routes: tuple[str, ...] | None = None
    webhooks: tuple[str, ...] | None = None
    partial: tuple[str, ...] = ()
    subaccount_status: Mapping[str, str | None] | None = None
    user_roles: Mapping[str, str] | None = None
    user_addresses: Mapping[str, str] | None = None
    user_dates: Mapping[str, str] | None = None
    domain_fields: Mapping[str, Mapping[str, str]] | None = None
    routes_content: Mapping[str, str] | None = None
    webhooks_content: Mapping[str, str] | None = None
    limits: Mapping[str, int | None] | None = None
    senders: tuple[str, ...] | None = None
    settings: Mapping[str, str] | None = None
    settings_unread: tuple[str, ...] | None = None

    def __bool__(self) -> bool:
        """Return whether anything is known of how it was."""
        return self != NO_BASELINE

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Self:
        """Return the baseline of a journal row; raises ValueError where a field holds what it cannot hold."""
        try:
            return msgspec.convert(body, cls)
        except msgspec.ValidationError as error:
            raise ValueError(f"{cls.__name__}: {error}") from None

    def body(self) -> dict[str, Any]:
        """Return it as plain JSON values, without what was not read."""
        body: dict[str, Any] = msgspec.to_builtins(self)
        return body

    def over(self, before: Self) -> Self:
        """Return this one with what only the one ``before`` it knows."""
        return self.from_body({**before.body(), **self.body()})

    def under(self, before: Self) -> Self:
        """Return the one ``before`` with what only this one knows; what is partial is this one's to say."""
        partial = {"partial": self.partial} if self.partial else {}
        return self.from_body({**self.body(), **before.body(), **partial})

    def beyond(self, known: Self) -> Self:
        """Return the parts of this that the ``known`` one lacks: what is read now for the first time."""
        held = known.body()
        added = {name: value for name, value in self.body().items() if name not in held and name != "partial"}
        partial = {*known.partial, *(name for name in self.partial if name in added)}
        return self.from_body({**added, "partial": sorted(partial)} if added and partial else added)

    def had_key(self, key_id: str) -> bool:
        """Return whether a key was there, or nobody read whether it was."""
        return self.keys is None or key_id in self.keys

    def had_login(self, login: str) -> bool:
        """Return whether an SMTP login was there, or nobody read whether it was."""
        return self.logins is None or login in self.logins

    def list_of(self, name: str) -> tuple[str, ...] | None:
        """Return the ids of a list by the inventory's name for it, None where it was not read."""
        held: tuple[str, ...] | None = getattr(self, name)
        return held


NO_BASELINE = AccountBaseline()
