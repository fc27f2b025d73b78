"""Replace API keys, delete strangers' keys (runbook step 1).

*Cut now*: mint, store, prove, delete at once, and production is handed the new key afterwards. *Replace
first*: mint, store, prove, hand over; the delete waits (``actions.handover``). A sign-in (``web``) key and a
stranger's key are deleted and never replaced. The key the workbench itself runs on is always replaced first
and deleted only when the new one is proven.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from workbench.core.errors import UsageError
from workbench.core.redact import key_tail, visible
from workbench.core.state_dir import tag_of
from workbench.domain.detection.alarms import leaked_again, vanished
from workbench.domain.model.effect_params import KeyCreateParams, KeyDeleteParams
from workbench.domain.model.inventory import KeyItem
from workbench.domain.model.mints import left_behind
from workbench.domain.model.plan import Effect, EffectKind, EffectState, Plan
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.handover import FIRST, NOW, OWN
from workbench.mailgun.endpoints import Region
from workbench.planning.cut_order import PROPOSED as PROPOSED_WAYS
from workbench.planning.cut_order import Choice, Ways
from workbench.planning.grants import PROPOSED, SAME, Grant, Grants, granted, ungrantable, unknown
from workbench.planning.ranking import (
    RANK_ADMIN,
    RANK_KEY,
    RANK_OWN,
    RANK_STRANGER,
    NothingToDo,
    came_back,
    chosen,
    harm,
    once_more,
    plural,
    rank_of,
    seen,
    used,
)

# How a line of what is left out begins where the scope asked for it: the cut is then not done (exit code 1).
NOT_CUT = "NOT CUT:"


def plan_replace(
    situation: Situation,
    marked: Collection[str] = (),
    *,
    replace_first: Collection[str] = (),
    ways: Choice = NOW,
    grants: Grants = PROPOSED,
) -> Plan:
    """Return the plan that replaces the marked keys, or every key not made by this incident.

    ``ways`` and ``replace_first`` say which are cut now and which are kept until the hand-over, ``grants`` what
    the replacements may do. Raises UsageError when there is nothing to replace.
    """
    left_out: list[str] = []
    way = Ways(situation, ways, replace_first)
    effects = list(replacements(situation, marked, way, grants, left_out))
    if not effects:
        raise _nothing(situation, left_out)
    return Plan("Replace API keys", tuple(effects), tuple(left_out), tuple(_notes(effects)))


def replacements(
    situation: Situation, marked: Collection[str], way: Ways, grants: Grants, left_out: list[str]
) -> Iterator[Effect]:
    """Yield the effects that replace the marked keys, or every key not made by this incident.

    ``left_out`` gets a line for each that is left as it is. Raises UsageError before the first effect while it is
    not known which key the workbench runs on.
    """
    if not situation.own_key_id and situation.inventory.keys:
        raise UsageError(
            "It is not known which of these keys the workbench itself runs on.",
            "Deleting it without a replacement would lock the workbench out.",
            "Say which one it is: --own-key ID (the last two blocks of your key).",
        )
    deleted = vanished(situation)
    made, planned = _made(situation, deleted), set[str]()
    for item in chosen(marked, situation.inventory.keys, "an API key"):
        if situation.minted_here(item.id) and item.id not in leaked_again(situation):
            if marked:
                left_out.append(f"{item.name} {key_tail(item.id)}: made by this incident, it stays")
            continue
        if (stands := _left_alone(situation, item, marked, grants)) is not None:
            left_out.append(f"{visible(item.name, 60)} {key_tail(item.id)}: {stands}")
            continue
        effects = list(_replacement(situation, item, way, grants, made, deleted))
        planned.add(item.id)
        if way.of_key(item) == FIRST and all(e.kind is not EffectKind.KEY_DELETE for e in effects):
            left_out.append(f"{item.name} {key_tail(item.id)}: kept until its replacement is in use")
        yield from effects
    if not marked:
        yield from _never_made(situation, made, deleted, planned)


def why_nothing_to_replace(situation: Situation, marked: Collection[str] = ()) -> str:
    """Return why no key can be replaced now, ``""`` when one can; it looks no further than the first that can."""
    found = replacements(situation, marked, Ways(situation, PROPOSED_WAYS), PROPOSED, [])
    try:
        return "" if next(found, None) is not None else _nothing(situation, ()).what
    except UsageError as error:
        return error.what


def _nothing(situation: Situation, left_out: Collection[str]) -> NothingToDo:
    """Return that no key needs replacing, in words."""
    made = (
        "Every key in the account was made by this incident."
        if situation.state.created_keys
        else "There are no keys."
    )
    return NothingToDo(
        "No key needs replacing.",
        " ".join(left_out) or made,
        "Nothing to do here; go on with the next step.",
        left_out=left_out,
    )


def _left_alone(situation: Situation, item: KeyItem, marked: Collection[str], grants: Grants) -> str | None:
    """Return why a key is neither replaced nor deleted unasked, None where it is."""
    if item.id not in marked and situation.of_another_workbench(item):
        before = str(situation.state.after.get("incident") or "")
        if before and f"[{tag_of(before)}-" in (item.key.description or ""):
            return (
                f"{NOT_CUT} it bears the mark of {visible(before, 40)}, the incident that this one goes on from; leave "
                "it where its secret in the vault is what production uses, or name the key (--keys) to replace it too"
            )
        return (
            f"{NOT_CUT} it bears the mark of another workbench that is at work on this account now; ask whoever runs "
            "it, or name the key (--keys) to cut it all the same"
        )
    needs_none = situation.of_key(item).disposable or left_behind(situation.state, item)
    if needs_none or item.key.kind == "web":
        return None
    if missing := ungrantable(situation, item, grants):
        return (
            f"{NOT_CUT} {missing}, so no replacement is made; say what it may do (--grant ID=ROLE, or "
            "--grant ID=sending:DOMAIN), or delete it without a replacement (--without-replacement ID)"
        )
    return None


def _notes(effects: Collection[Effect]) -> Iterable[str]:
    if any(effect.params.own for effect in effects):
        yield "The workbench's own key is replaced too: it switches to the new one before the old one dies."
    mints = [e.given(KeyCreateParams) for e in effects if e.kind is EffectKind.KEY_CREATE]
    deleted = sum(e.kind is EffectKind.KEY_DELETE for e in effects)
    ends = "stop sending until they get the new one" if mints else "stop sending, and get no new one"
    yield (
        f"{plural(len(mints), 'new key')} to mint and store, {plural(deleted, 'key')} to delete. "
        f"Programs that use a deleted key {ends}."
    )
    waiting = {mint.replaces for mint in mints if mint.cut == FIRST}
    if waiting:
        yield (
            f"{plural(len(waiting), 'key')} replaced first: the old ones go on working, for the intruder too if "
            "they were stolen, until their hand-over is seen or you end them. You are asked after 30 minutes."
        )
    if asks := [mint for mint in mints if mint.asks]:
        names = "; ".join(f"{mint.name} ({mint.asks})" for mint in asks[:4])
        yield (
            f"{plural(len(asks), 'key')} with rights that are not known: {names}. The least rights are proposed; say "
            "what they need if programs of yours depend on them (--grant ID=ROLE)."
        )
    lesser = {mint.replaces for mint in mints if mint.lesser}
    if lesser:
        get = "gets a sending key, which" if len(lesser) == 1 else "get sending keys, which"
        yield f"{plural(len(lesser), 'key')} that only sent {get} can do nothing else."


def plan_delete(situation: Situation, marked: Collection[str], *, why: str = "") -> Plan:
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
            signs = "; ".join(situation.of_key(item).why) or "yours by all signs; its name was typed"
            effects.append(_delete(situation, item, why=why or signs))
    if not effects:
        raise UsageError("None of the selected keys may be deleted.", " ".join(left_out), "Select others.")
    return Plan("Delete stranger keys", tuple(effects), tuple(left_out))


def kept_until_used(situation: Situation, item: KeyItem, grant: Grant) -> list[Effect]:
    """Return the mints that replace a key by what a grant says; the key itself works on until its hand-over."""
    return _mints(situation, item, FIRST, {item.id: grant})


def deletion(situation: Situation, item: KeyItem, *, why: str) -> Effect:
    """Return the effect that deletes a key whose replacement stands, or that needs none."""
    return _delete(situation, item, why=why)


def _replacement(
    situation: Situation,
    item: KeyItem,
    way: Ways,
    grants: Grants,
    made: Collection[str],
    deleted: Collection[str],
) -> Iterable[Effect]:
    """Yield the mints and the delete of one key; only the delete for what is never replaced, or is ``made`` already.

    A mint whose key somebody ``deleted`` is one of its own once more.
    """
    suspicion = situation.of_key(item)
    if item.key.kind == "web":
        yield _delete(situation, item, why="a control-panel session: ends with its key, never replaced")
        return
    if left_behind(situation.state, item):
        why = "it bears the mark of a key that was made here, and nobody has its secret: ended, not replaced"
        yield _delete(situation, item, why=why)
        return
    chosen_way = way.of_key(item)
    if suspicion.disposable and chosen_way != OWN and not way.named(item):
        yield _delete(situation, item, why=f"not replaced: {'; '.join(suspicion.why)}")
        return
    mints = [] if item.id in made else _mints(situation, item, chosen_way, grants)
    lost = {r.effect.id for e in mints if (r := situation.state.record(e.id)) and r.result.key_id in deleted}
    mints = [once_more(situation.state, e) if e.id in lost else e for e in mints]
    yield from mints
    if chosen_way != FIRST:
        why = _why(situation, item) if mints else "its replacement stands"
        yield _delete(situation, item, why=why, after=mints, way=chosen_way)


def _why(situation: Situation, item: KeyItem) -> str:
    if item.id in leaked_again(situation):
        return "made by this incident, and somebody else uses it already: find where it is read (step 7)"
    return "every key could have been exposed"


def _made(situation: Situation, deleted: Collection[str]) -> set[str]:
    """Return the ids of the keys for which this incident holds everything that replaces them.

    What somebody ``deleted`` since replaces nothing.
    """
    proven: dict[str, bool] = {}
    for record in situation.state.of_kind(EffectKind.KEY_CREATE):
        if record.result.key_id in deleted:
            continue
        if (key_id := record.effect.params.replaces) and record.state is not EffectState.SKIPPED:
            proven[key_id] = proven.get(key_id, True) and record.state is EffectState.VERIFIED
    return {key_id for key_id, whole in proven.items() if whole}


def _never_made(
    situation: Situation, made: Collection[str], deleted: Collection[str], planned: Collection[str]
) -> Iterator[Effect]:
    """Yield the mints whose key nobody has: they failed and the old one is gone, or somebody deleted what was made.

    Those of the old keys in ``planned`` are planned already, each with its end, which waits for them.
    """
    for record in situation.state.of_kind(EffectKind.KEY_CREATE):
        mint = record.effect.given(KeyCreateParams)
        old = mint.replaces
        failed = record.state is EffectState.FAILED and not record.open and not mint.harden
        if failed and old and old not in made and old not in situation.inventory.keys:
            yield record.effect
        elif record.result.key_id in deleted and not mint.own and old not in planned:
            yield once_more(situation.state, record.effect)


def _mints(situation: Situation, item: KeyItem, way: str, grants: Grants) -> list[Effect]:
    """Return the mints of one old key: one account key, or a sending key for each domain it sent for."""
    said = not isinstance(grants, str) and item.id in grants
    grant = granted(situation, item, SAME if way == OWN and not said else grants)
    if not grant.domains:
        return [_mint(situation, item, grant, way)]
    lesser = item.key.kind != "domain"
    return [_mint(situation, item, grant, way, domain=name, lesser=lesser) for name in grant.domains]


def _mint(
    situation: Situation, item: KeyItem, grant: Grant, way: str, *, domain: str = "", lesser: bool = False
) -> Effect:
    own = way == OWN
    name = visible(item.plain_name, 60)
    shown = visible(domain, 80)
    params = KeyCreateParams(
        name=f"{name} for {shown}" if lesser else name,
        role=grant.role,
        kind="domain" if domain else "user",
        domain_name=domain or None,
        domain_region=_region_of(situation, domain),
        expiration=grant.expiration,
        replaces=item.id,
        own=own,
        cut=way,
        credential=f"key:{item.id}",
        use=used(situation, f"key:{item.id}"),
        asks=unknown(item) or None,
        lesser=lesser,
        # Several keys replace one: the domain tells their effects apart.
        instance=domain if lesser else None,
    )
    what = f"a sending key for {shown} to replace" if lesser else "a replacement for"
    return Effect(
        EffectKind.KEY_CREATE,
        target=item.id,
        place=item.place,
        params=params,
        rank=rank_of(_base_rank(item, own=own), harm(situation, f"key:{item.id}")) + 1,
        what=f"mint {what} {visible(item.plain_name, 60)} {key_tail(item.id)}",
        breaks="nothing: the old key goes on working until it is ended" if way == FIRST else "nothing",
        undo="delete the new key",
        why="; ".join((seen(situation, f"key:{item.id}"), grant.why)),
    )


def _delete(
    situation: Situation, item: KeyItem, *, why: str, after: Collection[Effect] = (), way: str = NOW
) -> Effect:
    own = way == OWN
    stranger = situation.of_key(item).likely
    base = RANK_STRANGER if stranger else _base_rank(item, own=own)
    effect = Effect(
        EffectKind.KEY_DELETE,
        target=item.id,
        place=item.place,
        params=KeyDeleteParams(
            name=visible(item.plain_name, 60),
            # What it opened is asked when it is gone.
            role=item.key.role,
            kind=item.key.kind,
            domain_name=item.key.domain_name,
            domain_region=_region_of(situation, item.key.domain_name or ""),
            own=own,
            cut=OWN if own else NOW,
            credential=f"key:{item.id}",
            use=used(situation, f"key:{item.id}"),
        ),
        after=tuple(effect.id for effect in after),
        rank=rank_of(base, harm(situation, f"key:{item.id}")),
        what=f"delete {visible(item.plain_name, 60)} {key_tail(item.id)}",
        breaks=_breaks(item, own=own),
        undo="cannot be undone: a deleted key never comes back",
        why=f"{seen(situation, f'key:{item.id}')}; {why}",
    )
    return once_more(situation.state, effect) if came_back(situation.state, effect, "keys") else effect


def _region_of(situation: Situation, domain: str) -> Region | None:
    """Return the region where a sending key's domain lives: only there can the key be proven."""
    item = situation.inventory.domains.get(domain)
    return item.place.region if item is not None else None


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
