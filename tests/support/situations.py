"""Situations made by hand, for tests of plans and verdicts without an account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from workbench.core.clock import iso
from workbench.domain.model import fact_kinds
from workbench.domain.model.inventory import DomainItem, Inventory, KeyItem, LoginItem
from workbench.domain.model.plan import Effect, Place
from workbench.domain.model.replay import fold
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import AllowEntry, Domain, Key, Limit, SmtpCredential, Subaccount

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
US = Place(Region.US)
OWN = "0000aaaa-0000aaaa"
OLD = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """A journal row without a journal."""

    seq: int
    at: str
    kind: str
    body: Mapping[str, Any]


@dataclass
class Story:
    """Builds journal rows one after the other."""

    rows: list[Row] = field(default_factory=list)
    at: datetime = NOW

    def add(self, kind: str, /, **body: Any) -> Story:
        """Append a row."""
        self.rows.append(Row(len(self.rows) + 1, iso(self.at), kind, body))
        return self

    def verified(self, effects: Iterable[Effect], **results: Mapping[str, Any]) -> Story:
        """Confirm effects and take them to verified; ``results`` by effect target."""
        effects = list(effects)
        self.add("plan.confirmed", title="t", effects=[e.to_json() for e in effects])
        for effect in effects:
            result = dict(results.get(effect.target, {}))
            if effect.kind.value == "key.create":
                result.setdefault("key_id", f"new-{effect.id[-6:]}")
            entry = f"entry {effect.target}"
            self.add("effect.intent", id=effect.id, entry=entry)
            self.add("effect.done", id=effect.id, evidence=["done"], result=result)
            self.add("effect.verified", id=effect.id, evidence=["done", "proven"])
        return self

    def use(self, **by_credential: Mapping[str, Any]) -> Story:
        """Add the fact of who sends."""
        return self.add("fact", name="credential_use", by_credential=by_credential, as_of=iso(self.at))

    def assessed(self, *abused: str, cleared: Iterable[str] = (), missing: Iterable[str] = ()) -> Story:
        """Add the fact of a log read whole: the domains that a stranger sent for, and those that only ours did."""
        domains = {"abused_domains": list(abused), "cleared_domains": list(cleared)}
        return self.add("fact", name="assessment", missing=list(missing), lines=[], **domains)

    def state(self) -> State:
        """Return the fold of the rows."""
        return fold(self.rows)


def know(state: State, name: str, body: Mapping[str, Any]) -> State:
    """Have the state know a fact, as if the journal held a row with this body; return the state."""
    fact = fact_kinds.read({**body, "name": name}, str(body.get("at", iso(NOW))))
    assert fact is not None, name
    state.learn(fact)
    return state


def use(
    looks: str, last_hour: int = 100, *, domains: tuple[str, ...] = (), last_used: str = ""
) -> dict[str, Any]:
    """Return one credential's use as the fact keeps it."""
    return {
        "last_hour": last_hour,
        "last_used": last_used or iso(NOW),
        "addresses": ["192.0.2.1"],
        "more_addresses": 0,
        "strange": ["192.0.2.1"] if looks in ("intruder", "both") else [],
        "looks": looks,
        "why": "",
        "domains": list(domains),
        "more_domains": 0,
    }


def key(name: str, **more: Any) -> KeyItem:
    """Return an old admin key whose id is made of its name."""
    given = {"description": name, "kind": "user", "role": "admin", "created_at": OLD, **more}
    return KeyItem(Key(id=given.pop("id", f"{name}-id"), **given), US)


def situation(
    keys: Iterable[KeyItem] = (),
    logins: Iterable[str] = (),
    *,
    state: State | None = None,
    allowlist: Iterable[str] | None = (),
    subaccounts: Iterable[Subaccount] = (),
    limits: Mapping[Place, Limit | None] | None = None,
    domains: Iterable[Domain] = (),
) -> Situation:
    """Return a situation with our own key, the given keys and the logins with their domains."""
    inventory = Inventory(places=(US,))
    own = key("ops", id=OWN)
    inventory.keys = {item.id: item for item in (own, *keys)}
    for login in logins:
        domain = login.partition("@")[2]
        credential = SmtpCredential(login=login, created_at=OLD)
        inventory.logins[login] = LoginItem(credential, domain, US)
        inventory.domains.setdefault(domain, DomainItem(Domain(name=domain, created_at=OLD), US))
    for made in domains:
        inventory.domains[made.name] = DomainItem(made, US)
    inventory.subaccounts = {s.id: s for s in subaccounts}
    inventory.limits = dict(limits or {})
    if allowlist is not None:
        inventory.allowlist = {a: AllowEntry(ip_address=a) for a in allowlist}
    names = ["keys", "logins", "users", "domains", "subaccounts"]
    names += ["allowlist"] if allowlist is not None else []
    inventory.read_at = dict.fromkeys(names, NOW)
    return Situation(inventory, state or State(), NOW, OWN)
