"""What the incident tells the search for leaks: keys and logins, what is proven dead, who used what first.

Read from the journal's state alone, so that a search needs neither the account nor the vault; the sealed
snapshot adds when each key was made, where somebody opened it. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from workbench.core.clock import as_moment, iso
from workbench.domain.forensics.planted import planted
from workbench.domain.forensics.recorded import RecordedAssessment
from workbench.domain.model.effect_params import KeyCreateParams
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.state import EffectRecord, State
from workbench.leaks.correlate import ForeignUse
from workbench.leaks.findings import AccountFacts, ListedKey

if TYPE_CHECKING:
    from workbench.domain.model.inventory import Inventory
    from workbench.mailgun.models import Key

_REACHED = (EffectState.DONE, EffectState.VERIFIED)
_INTRUDER = "intruder"


def account_facts(
    state: State,
    snapshot: Mapping[str, Any] | None = None,
    *,
    current: frozenset[str] | None = None,
    lost: Collection[str] = (),
) -> AccountFacts:
    """Return what the journal says of the account, for matching found secrets offline.

    ``snapshot`` is the opened snapshot 0a, for the keys' kinds and roles; ``current`` the fingerprints of
    the passwords set by this incident, None where the vault stayed shut, and ``lost`` the entries of those that are
    not in it. A login whose password of today is not known is not compared with any: what was found may be that one.
    """
    deletes = state.of_kind(EffectKind.KEY_DELETE)
    gone = _ended(deletes)
    # What the server said is deleted but nobody saw absent is neither listed nor proven gone.
    cut = {r.effect.target for r in deletes if r.state in _REACHED}
    listed = [key for key in _keys(state, snapshot) if key.id not in cut]
    logins = set(state.baseline.logins or ())
    logins |= {r.effect.target for r in state.of_kind(EffectKind.LOGIN_RESET, EffectKind.LOGIN_CREATE)}
    resets = _ended(state.of_kind(EffectKind.LOGIN_RESET, EffectKind.LOGIN_CREATE))
    for login, record in state.passwords.items() if current is not None else ():
        if record.state is not EffectState.VERIFIED or not record.entry or record.entry in lost:
            resets.pop(login, None)
    return AccountFacts(
        keys=tuple(listed),
        deleted_ids=gone,
        logins=frozenset(logins),
        resets=resets,
        current=current,
        gone=_ended(state.of_kind(EffectKind.LOGIN_DELETE)),
        read_at=state.snapshots["0a"].at if "0a" in state.snapshots else "",
    )


def as_read(facts: AccountFacts, inventory: Inventory) -> AccountFacts:
    """Return the facts with keys and logins as the account shows them now, where they were read."""
    read = inventory.read_at.get("keys")
    if read is not None:
        keys = tuple(_fact_of(item.key) for item in inventory.keys.values())
        facts = replace(facts, keys=keys, read_at=iso(read))
    return replace(facts, logins=facts.logins | frozenset(inventory.logins))


def _fact_of(key: Key) -> ListedKey:
    made = iso(key.created_at) if key.created_at is not None else ""
    return ListedKey(key.id, key.kind or "", key.role or "", key.description or "", made, key.is_disabled)


def _keys(state: State, snapshot: Mapping[str, Any] | None) -> Iterator[ListedKey]:
    known = {str(row.get("id", "")): row for row in (snapshot or {}).get("keys", ())}
    for key_id in {*known, *(state.baseline.keys or ())}:
        row = known.get(key_id, {})
        yield ListedKey(
            key_id,
            str(row.get("kind") or ""),
            str(row.get("role") or ""),
            str(row.get("description") or ""),
            str(row.get("created_at") or ""),
            bool(row.get("is_disabled", False)),
        )
    for key_id, record in state.created_keys.items():
        new = record.effect.given(KeyCreateParams)
        if key_id not in known:
            yield ListedKey(key_id, new.kind, new.role, new.name)


def _ended(records: Iterable[EffectRecord]) -> dict[str, str]:
    """Return what verified effects ended (a key, a login, a login's old password), with when the server took it."""
    return {r.effect.target: r.done_at for r in records if r.state is EffectState.VERIFIED}


def resets_begun(state: State) -> frozenset[str]:
    """Return the logins that may have a password of this incident already: a reset of them was begun."""
    kinds = (EffectKind.LOGIN_RESET, EffectKind.LOGIN_CREATE)
    return frozenset(r.effect.target for r in state.of_kind(*kinds) if r.intent_at)


def password_entries(state: State) -> list[str]:
    """Return the vault entries of the passwords this incident set and proved."""
    return [r.entry for r in state.passwords.values() if r.state is EffectState.VERIFIED and r.entry]


def foreign_uses(state: State) -> tuple[ForeignUse, ...]:
    """Return the first use of each credential by somebody judged the intruder, from the assessment.

    Empty before the account's log was assessed: then nothing can be said about when a secret was taken. What the
    intruder made was never taken.
    """
    made = planted(state)
    first: dict[str, tuple[datetime, str]] = {}
    for row in state.known(RecordedAssessment).senders:
        moment = as_moment(row.first)
        if not row.is_the_intruders or moment is None or row.credential in made:
            continue
        address = next(iter(row.addresses), "")
        if row.credential not in first or moment < first[row.credential][0]:
            first[row.credential] = (moment, address)
    return tuple(
        ForeignUse(
            name.removeprefix("key:") if name.startswith("key:") else "",
            address,
            moment,
            name.removeprefix("smtp:") if name.startswith("smtp:") else "",
        )
        for name, (moment, address) in first.items()
        if name.startswith(("key:", "smtp:"))
    )


def created(snapshot: Mapping[str, Any] | None, keys: Iterable[ListedKey] = ()) -> dict[str, datetime]:
    """Return when each key was made, by id, from the opened snapshot 0a and the listing; a key cannot leak earlier."""
    listed = {key.id: moment for key in keys if (moment := as_moment(key.created_at)) is not None}
    return listed | {
        str(row["id"]): moment
        for row in (snapshot or {}).get("keys", ())
        if (moment := as_moment(row.get("created_at"))) is not None
    }
