"""Replace API keys, delete strangers' keys (runbook step 1).

Default for every key: mint, store, prove, delete at once (*cut now*): production is handed the new key
afterwards. A sign-in (``web``) key and a stranger's key are deleted and never replaced. The key the
workbench itself runs on is always replaced first and deleted only when the new one is proven.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from workbench.actions.common import (
    RANK_ADMIN,
    RANK_KEY,
    RANK_OWN,
    RANK_STRANGER,
    chosen,
    harm,
    plural,
    rank_of,
)
from workbench.errors import UsageError
from workbench.incident.inventory import KeyItem
from workbench.incident.plan import Effect, EffectKind, EffectState, Plan
from workbench.incident.situation import Situation
from workbench.redact import key_tail, visible


def plan_replace(
    situation: Situation, marked: Collection[str] = (), *, replace_first: Collection[str] = ()
) -> Plan:
    """Return the plan that replaces the marked keys, or every key not made by this incident.

    ``replace_first`` names keys (by id or description) whose delete waits for the hand-over. Raises
    UsageError when there is nothing to replace.
    """
    if not situation.own_key_id:
        raise UsageError(
            "It is not known which of these keys the workbench itself runs on.",
            "Deleting it without a replacement would lock the workbench out.",
            "Say which one it is: --own-key ID (the last two blocks of your key).",
        )
    state, notes, left_out = situation.state, [], []
    effects: list[Effect] = []
    for item in chosen(marked, situation.inventory.keys, "an API key"):
        if situation.minted_here(item.id):
            if marked:
                left_out.append(f"{item.name} {key_tail(item.id)}: made by this incident, it stays")
            continue
        wait = item.id in replace_first or item.name in replace_first
        effects += _replacement(situation, item, wait=wait)
        if wait:
            left_out.append(f"{item.name} {key_tail(item.id)}: kept until its replacement is in use")
    if not effects:
        raise UsageError(
            "No key needs replacing.",
            "Every key in the account was made by this incident."
            if state.created_keys
            else "There are no keys.",
            "Nothing to do here; go on with the next step.",
        )
    if any(effect.params.get("own") for effect in effects):
        notes.append(
            "The workbench's own key is replaced too: it switches to the new one before the old one dies."
        )
    created = sum(effect.kind is EffectKind.KEY_CREATE for effect in effects)
    deleted = sum(effect.kind is EffectKind.KEY_DELETE for effect in effects)
    notes.append(
        f"{plural(created, 'new key')} to mint and store, {plural(deleted, 'key')} to delete. "
        "Programs that use an old key stop sending until they get the new one."
    )
    return Plan("Replace API keys", tuple(effects), tuple(left_out), tuple(notes))


def plan_delete(situation: Situation, marked: Collection[str]) -> Plan:
    """Return the plan that deletes the marked keys without a replacement. Raises UsageError without marks."""
    if not marked:
        raise UsageError(
            "No key is selected.",
            "Deleting without a replacement is for keys that nobody of yours made.",
            "Select the keys with space first.",
        )
    effects, left_out = [], []
    for item in chosen(marked, situation.inventory.keys, "an API key"):
        if item.id == situation.own_key_id:
            left_out.append(f"{item.name} {key_tail(item.id)}: the workbench runs on it; replace it instead")
        elif situation.minted_here(item.id):
            left_out.append(f"{item.name} {key_tail(item.id)}: made by this incident, it stays")
        else:
            effects.append(_delete(situation, item, why="selected as a stranger's"))
    if not effects:
        raise UsageError("None of the selected keys may be deleted.", " ".join(left_out), "Select others.")
    return Plan("Delete stranger keys", tuple(effects), tuple(left_out))


def _replacement(situation: Situation, item: KeyItem, *, wait: bool) -> Iterable[Effect]:
    """Yield the mint and the delete of one key; only the delete for what is never replaced."""
    suspicion = situation.of_key(item)
    if item.key.kind == "web":
        yield _delete(situation, item, why="a control-panel session: ends with its key, never replaced")
        return
    own = item.id == situation.own_key_id
    if suspicion.likely and not own:
        yield _delete(situation, item, why=f"not replaced: {'; '.join(suspicion.why)}")
        return
    mint = _mint(situation, item, own=own)
    yield mint
    if not wait:
        yield _delete(situation, item, why=mint.why, after=mint, own=own)


def _mint(situation: Situation, item: KeyItem, *, own: bool) -> Effect:
    key = item.key
    tail = key_tail(item.id)
    domain = visible(key.domain_name or "", 200)
    kind = "domain" if key.kind == "domain" and domain else "user"
    return Effect(
        EffectKind.KEY_CREATE,
        target=item.id,
        place=item.place,
        params={
            "name": visible(_plain_name(item), 60),
            "role": key.role or ("sending" if kind == "domain" else "admin"),
            "kind": kind,
            "domain_name": domain or None,
            "domain_region": _region_of(situation, domain),
            "replaces": item.id,
            "own": own,
            "cut": "own" if own else "now",
        },
        rank=rank_of(_base_rank(item, own=own), harm(situation, f"key:{item.id}")) + 1,
        what=f"mint a replacement for {visible(item.name, 60)} {tail}",
        breaks="nothing",
        undo="delete the new key",
        why="every key could have been exposed",
    )


def _delete(
    situation: Situation, item: KeyItem, *, why: str, after: Effect | None = None, own: bool = False
) -> Effect:
    stranger = situation.of_key(item).likely
    base = RANK_STRANGER if stranger else _base_rank(item, own=own)
    return Effect(
        EffectKind.KEY_DELETE,
        target=item.id,
        place=item.place,
        params={"name": visible(_plain_name(item), 60), "own": own, "cut": "own" if own else "now"},
        after=(after.id,) if after is not None else (),
        rank=rank_of(base, harm(situation, f"key:{item.id}")),
        what=f"delete {visible(item.name, 60)} {key_tail(item.id)}",
        breaks=_breaks(item, own=own),
        undo="cannot be undone: a deleted key never comes back",
        why=why,
    )


def _region_of(situation: Situation, domain: str) -> str | None:
    """Return the region where a sending key's domain lives: only there can the key be proven."""
    item = situation.inventory.domains.get(domain)
    return item.place.region.value if item is not None else None


def _plain_name(item: KeyItem) -> str:
    """Return the key's name without the mark of an earlier replacement."""
    return item.name.split(" [wb-")[0]


def _breaks(item: KeyItem, *, own: bool) -> str:
    if own:
        return "other users of the workbench's old key"
    if item.key.kind == "web":
        return "that control-panel session"
    if item.key.kind == "domain":
        return f"programs that send for {visible(item.key.domain_name or 'its domain', 80)} with it"
    return "programs that use it, until they get the new one"


def _base_rank(item: KeyItem, *, own: bool) -> int:
    if own:
        return RANK_OWN
    return RANK_ADMIN if item.key.role == "admin" else RANK_KEY


def settled_key(situation: Situation, key_id: str) -> bool:
    """Return whether this incident has verified the delete of a key."""
    return any(
        r.effect.target == key_id and r.state is EffectState.VERIFIED
        for r in situation.state.of_kind(EffectKind.KEY_DELETE)
    )
