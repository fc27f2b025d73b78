"""What appeared, vanished or changed in the account that no effect of ours explains (design, idea 6). Pure.

Many of these things carry no date (dossier F): only the baseline, taken before the first cut, can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from workbench.core.clock import as_moment, iso
from workbench.core.redact import key_tail, visible
from workbench.domain.detection import sender_changes, user_changes
from workbench.domain.detection.suspicion import exists_since
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.effect_params import DomainUpdateParams, LimitSetParams
from workbench.domain.model.inventory import LAG, Inventory, UserItem
from workbench.domain.model.mints import minting
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.settings import domain_fields
from workbench.domain.model.state import EffectRecord, State

# What a baseline keeps of each slice by id: enough to see that something is new, or gone.
SLICES = ("keys", "logins", "users", "domains", "subaccounts", "allowlist", "routes", "webhooks")
# The catalogue's action that a finding of each kind proposes.
REMEDIES = {
    "keys": "keys.delete",
    "logins": "logins.delete",
    "subaccounts": "subaccounts.disable",
    "domains": "domains.delete",
    "allowlist": "allowlist.remove",
    "routes": "leftovers.remove",
    "webhooks": "leftovers.remove",
    "domain-field": "leftovers.remove",
    "limits": "limit.set",
    "users": "pane.users",
}
# What of a region shows once its domains do: where those are not read, these may be short too.
_OF_A_REGION = ("logins", "routes", "webhooks")
T = TypeVar("T")
_REACHED = (EffectState.DONE, EffectState.VERIFIED)


@dataclass(frozen=True, slots=True)
class SettingChange:
    """Something that is not as it was. ``id`` names the change, ``target`` the thing as the API does."""

    id: str
    kind: str
    target: str
    text: str
    # Who asked for it, where the account says so: the way it came through.
    through: str = ""


def baseline(inventory: Inventory) -> AccountBaseline:
    """Return everything the inventory holds by id; lists that were not read are left out."""
    read = {name: tuple(sorted(getattr(inventory, name))) for name in SLICES if name in inventory.read_at}
    users, domains, routes, webhooks = (read.get(name) for name in ("users", "domains", "routes", "webhooks"))
    dark = {gap.slice for gap in inventory.missing}
    if "domains" in dark:
        dark.update(_OF_A_REGION)
    places = [str(place) for place in inventory.limits]
    return AccountBaseline(
        keys=read.get("keys"),
        logins=read.get("logins"),
        users=users,
        domains=domains,
        subaccounts=read.get("subaccounts"),
        allowlist=read.get("allowlist"),
        routes=routes,
        webhooks=webhooks,
        partial=tuple(sorted(dark & read.keys())),
        subaccount_status=_of_each(read.get("subaccounts"), lambda name: inventory.subaccounts[name].status),
        user_roles=_of_each(users, lambda name: user_changes.role(inventory, name)),
        user_addresses=_of_each(users, lambda name: user_changes.address(inventory, name)),
        # Who was there before the abuse shows by these dates alone, and the recovery renews every one of them.
        user_dates=_of_each(users, lambda name: _exists(inventory.users[name])),
        domain_fields=_of_each(domains, lambda name: _fields(inventory, name)),
        routes_content=_of_each(routes, lambda name: _content(inventory, "routes", name)),
        webhooks_content=_of_each(webhooks, lambda name: _content(inventory, "webhooks", name)),
        limits={place: _limit(inventory, place) for place in places} or None,
    )


def _of_each(names: tuple[str, ...] | None, told: Callable[[str], T]) -> dict[str, T] | None:
    """Return what is told of each thing of a list, None where the list was not read."""
    return None if names is None else {name: told(name) for name in names}


def missing(inventory: Inventory, known: AccountBaseline) -> AccountBaseline:
    """Return the parts of a baseline that the known one lacks: slices that are read now for the first time."""
    return baseline(inventory).beyond(known)


def unexplained(inventory: Inventory, state: State, began: datetime) -> list[SettingChange]:
    """Return what differs from the baseline beyond what this incident did, each change once.

    ``began`` is when the reading began: what this incident did since may not show in it yet.
    """
    since, settled = iso(began), iso(began - LAG)
    found = [
        *_appeared(inventory, state, settled),
        *_back(inventory, state, settled),
        *_gone(inventory, state, settled),
        *_reopened(inventory, state, settled),
        *_users(inventory, state),
        *_settings(inventory, state),
        *_edited(inventory, state),
        *_limits(inventory, state, since),
        *(SettingChange(*told) for told in sender_changes.told(inventory, state)),
    ]
    return [change for change in found if change.id not in state.alarms]


def _appeared(inventory: Inventory, state: State, since: str) -> Iterator[SettingChange]:
    explained = _made_here(state)
    for name, describe in _DESCRIBE.items():
        held = state.baseline.list_of(name)
        if held is None:
            continue
        before = set(held) | explained
        for target in sorted(set(getattr(inventory, name)) - before):
            if name == "keys" and minting(state, inventory.keys[target], since):
                continue
            if name in state.baseline.partial and _was_there(inventory, state, name, target):
                continue
            yield SettingChange(
                f"{name}:{target}", name, target, describe(inventory, target), _asker(inventory, name, target)
            )


def _was_there(inventory: Inventory, state: State, name: str, target: str) -> bool:
    """Return whether a date shows that something is older than the incident: it was unread, and did not appear."""
    item = getattr(inventory, name)[target]
    if name == "users":
        made = exists_since(item)
    else:
        record = next(
            (getattr(item, part) for part in ("key", "credential", "domain") if hasattr(item, part)), item
        )
        made = getattr(record, "created_at", None)
    opened = as_moment(state.opened_at)
    return made is not None and opened is not None and made < opened


def _asker(inventory: Inventory, name: str, target: str) -> str:
    """Return who asked for a key, as the account names them; it names nobody for anything else."""
    if name != "keys":
        return ""
    key = inventory.keys[target].key
    return (key.requestor or key.user_name or "").strip()


def _made_here(state: State) -> set[str]:
    made = {r.result.key_id for r in state.of_kind(EffectKind.KEY_CREATE) if r.result.key_id}
    made |= {r.effect.target for r in state.of_kind(EffectKind.LOGIN_CREATE, EffectKind.ALLOWLIST_ADD)}
    return made


_DELETES = {
    EffectKind.KEY_DELETE: "keys",
    EffectKind.LOGIN_DELETE: "logins",
    EffectKind.DOMAIN_DELETE: "domains",
    EffectKind.ROUTE_DELETE: "routes",
    EffectKind.ACCOUNT_WEBHOOK_DELETE: "webhooks",
    EffectKind.ALLOWLIST_REMOVE: "allowlist",
}


def _back(inventory: Inventory, state: State, since: str) -> Iterator[SettingChange]:
    """Something that this incident deleted, and proved gone, is there again."""
    for record in state.of_kind(*_DELETES):
        name, target = _DELETES[record.effect.kind], record.effect.target
        if record.state is not EffectState.VERIFIED or target not in getattr(inventory, name):
            continue
        if record.done_at < since and name in inventory.read_at:
            what = _DESCRIBE[name](inventory, target).replace(", not created here", "")
            text = f"{what} again; this incident had deleted it"
            yield SettingChange(f"back:{name}:{target}:{record.done_at}", name, target, text)


def _gone(inventory: Inventory, state: State, since: str) -> Iterator[SettingChange]:
    """Something of ours is gone from a list that was whole, and not by us: somebody else administers the account.

    Keys and logins of this incident's making, domains and allowlist entries of before.
    """
    dark = {gap.slice for gap in inventory.missing}
    whole = {name for name in SLICES if name in inventory.read_at and name not in dark}
    ended = {r.effect.target for r in state.of_kind(*_DELETES)}
    for key_id, record in state.created_keys.items() if "keys" in whole else ():
        if _was_proven(record, since) and key_id not in inventory.keys and key_id not in ended:
            name = visible(record.effect.params.name, 60)
            text = f"API key “{name}” {key_tail(key_id)}, made by this incident, is gone, not deleted here"
            yield SettingChange(f"gone:keys:{key_id}", "keys", key_id, text)
    for domain in (state.baseline.domains or ()) if "domains" in whole else ():
        if domain not in inventory.domains and domain not in ended and _would_show(inventory, state, domain):
            text = f"domain {visible(domain, 100)} is gone, not deleted here"
            yield SettingChange(f"gone:domains:{domain}", "domains", domain, text)
    for login, record in state.passwords.items() if {"domains", "logins"} <= whole else ():
        # The vendor deletes no postmaster (vendor-facts B1): a domain's list that lacks it is not the list.
        domain = login.rpartition("@")[2]
        believed = domain in inventory.domains and f"postmaster@{domain}" in inventory.logins
        there = login in inventory.logins or not believed
        if _was_proven(record, since) and not there and login not in ended:
            name = visible(login, 80)
            how = "made" if record.effect.kind is EffectKind.LOGIN_CREATE else "reset"
            text = f"SMTP login {name}, {how} by this incident, is gone, not deleted here: its sender is down"
            yield SettingChange(f"gone:logins:{login}:{record.done_at}", "logins", login, text)
    for entry in (state.baseline.allowlist or ()) if "allowlist" in whole else ():
        if entry not in inventory.allowlist and entry not in ended:
            text = f"IP allowlist entry {visible(entry, 60)} is gone, not removed here"
            yield SettingChange(f"gone:allowlist:{entry}", "allowlist", str(entry), text)


def _would_show(inventory: Inventory, state: State, domain: str) -> bool:
    """Return whether a domain would be listed if it were there: those of a subaccount that is closed are not."""
    if all(sub.status in (None, "open") for sub in inventory.subaccounts.values()):
        return True
    places = {
        record.effect.place for login, record in state.passwords.items() if login.endswith(f"@{domain}")
    }
    return bool(places) and all(place.subaccount is None for place in places)


def _was_proven(record: EffectRecord, since: str) -> bool:
    return record.state is EffectState.VERIFIED and record.done_at < since


def _reopened(inventory: Inventory, state: State, since: str) -> Iterator[SettingChange]:
    """A subaccount that this incident disabled is open again."""
    last: dict[str, EffectRecord] = {}
    for record in state.of_kind(EffectKind.SUBACCOUNT_DISABLE, EffectKind.SUBACCOUNT_ENABLE):
        known = last.get(record.effect.target)
        if record.state is EffectState.VERIFIED and (known is None or record.done_at >= known.done_at):
            last[record.effect.target] = record
    for target, record in last.items():
        sub = inventory.subaccounts.get(target)
        disabled = record.effect.kind is EffectKind.SUBACCOUNT_DISABLE and record.done_at < since
        if disabled and sub is not None and sub.status == "open":
            text = (
                f"subaccount {visible(sub.name or sub.id, 60)} is open again; this incident had disabled it"
            )
            yield SettingChange(f"subaccount-open:{sub.id}:{record.done_at}", "subaccounts", sub.id, text)


def _users(inventory: Inventory, state: State) -> Iterator[SettingChange]:
    """A user may do more than before, or has another mail address."""
    for name, user_id, text in user_changes.told(inventory, state):
        yield SettingChange(name, "users", user_id, text)


def _settings(inventory: Inventory, state: State) -> Iterator[SettingChange]:
    """A domain's own settings changed: copies of all mail to a stranger, a catch-all, another mail host."""
    ours = {
        (r.effect.target, name)
        for r in state.of_kind(EffectKind.DOMAIN_UPDATE)
        if r.state in _REACHED
        for name in r.effect.given(DomainUpdateParams).fields
    }
    for domain, before in (state.baseline.domain_fields or {}).items():
        if domain not in inventory.domains:
            continue
        now = _fields(inventory, domain)
        for name, value in now.items():
            if name in before and value != before[name] and (domain, name) not in ours:
                text = (
                    f"{visible(name, 40)} of domain {visible(domain, 100)} was changed, not by this incident"
                )
                yield SettingChange(f"domain-field:{domain}:{name}:{value}", "domain-field", domain, text)


def _edited(inventory: Inventory, state: State) -> Iterator[SettingChange]:
    """A route or account webhook of before does something else now; editing leaves no date (dossier F)."""
    known = {"routes": state.baseline.routes_content, "webhooks": state.baseline.webhooks_content}
    for name, contents in known.items():
        for item, before in (contents or {}).items():
            if item in getattr(inventory, name) and (now := _content(inventory, name, item)) != before:
                what = _DESCRIBE[name](inventory, item).replace(" appeared, not created here", "")
                yield SettingChange(f"edited:{name}:{item}:{now}", name, item, f"{what} was changed")


def _limits(inventory: Inventory, state: State, since: str) -> Iterator[SettingChange]:
    """A sending limit was raised or removed: somebody wants to send more."""
    expected = dict(state.baseline.limits or {})
    for record in state.of_kind(EffectKind.LIMIT_SET, EffectKind.LIMIT_CLEAR):
        if record.state in _REACHED:
            if record.done_at >= since:
                # Ours changed while the account was read: the next reading tells.
                return
            cleared = record.effect.kind is EffectKind.LIMIT_CLEAR
            limit = None if cleared else record.effect.given(LimitSetParams).limit
            expected[str(record.effect.place)] = limit
    for place, before in expected.items():
        if before is None or not any(str(p) == place for p in inventory.limits):
            continue
        now = _limit(inventory, place)
        if now is None or now > before:
            shown = "removed" if now is None else f"raised to {now:,}"
            text = f"the sending limit of {place} was {shown}, it was {before:,}"
            yield SettingChange(f"limits:{place}:{now}", "limits", place, text)


def _content(inventory: Inventory, name: str, item: str) -> str:
    held = getattr(inventory, name)[item]
    parts = (held.expression, *held.actions) if name == "routes" else (held.url, *held.event_types)
    return sha256("|".join(str(part) for part in parts).encode()).hexdigest()[:12]


def _fields(inventory: Inventory, domain: str) -> dict[str, str]:
    held = domain_fields(inventory.domains[domain].domain)
    return {name: sha256(f"{name}|{value}".encode()).hexdigest()[:12] for name, value in held.items()}


def _exists(item: UserItem) -> str:
    since = exists_since(item)
    return iso(since) if since is not None else ""


def _limit(inventory: Inventory, place: str) -> int | None:
    for held, limit in inventory.limits.items():
        if str(held) == place and limit is not None and limit.limit is not None:
            return int(limit.limit)
    return None


def _key(inventory: Inventory, key_id: str) -> str:
    role = visible(inventory.keys[key_id].key.role or "", 20)
    return f"{sender_changes.called(inventory, key_id)} ({role}) appeared, not created here"


def _named(what: str) -> Callable[[Inventory, str], str]:
    return lambda _inventory, target: f"{what} {visible(target, 100)} appeared, not created here"


def _user(inventory: Inventory, user_id: str) -> str:
    user = inventory.users[user_id].user
    return f"user {visible(user.name or user_id, 60)} ({visible(user.role or '', 20)}) appeared"


def _route(inventory: Inventory, route_id: str) -> str:
    route = inventory.routes[route_id]
    what = visible(route.description or route.expression or route_id, 60)
    return f"inbound route “{what}” appeared, not created here"


def _webhook(inventory: Inventory, webhook_id: str) -> str:
    hook = inventory.webhooks[webhook_id]
    return f"account webhook “{visible(hook.description or webhook_id, 60)}” appeared, not created here"


_DESCRIBE: dict[str, Callable[[Inventory, str], str]] = {
    "keys": _key,
    "logins": _named("SMTP login"),
    "users": _user,
    "domains": _named("domain"),
    "subaccounts": _named("subaccount"),
    "allowlist": _named("IP allowlist entry"),
    "routes": _route,
    "webhooks": _webhook,
}
