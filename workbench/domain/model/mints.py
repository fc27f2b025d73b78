"""What became of mints: keys that bear the mark of one, under way or left behind, and those without room. Pure."""

from __future__ import annotations

from workbench.core.state_dir import tag_of
from workbench.domain.model.inventory import KeyItem
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.state import EffectRecord, State

# Why a mint failed whose key the plan had no room for; journaled as it stands here.
NO_ROOM = "The account has all the keys its plan allows."


def has_room_now(state: State, record: EffectRecord) -> bool:
    """Return whether a mint failed for want of room and a key was deleted since: then it is worth another try."""
    if record.failure.get("what") != NO_ROOM:
        return False
    return any(r.done_at >= record.failed_at for r in state.of_kind(EffectKind.KEY_DELETE) if r.done_at)


def minting(state: State, item: KeyItem, since: str = "~") -> bool:
    """Return whether a key bears the mark of a mint of ours that is under way, or was at ``since``.

    What a lost answer told of is deleted once that is known, and a list that was asked for before still shows it. The
    mark alone proves nothing, for anybody can copy it.
    """
    record = _mint(state, item)
    return record is not None and (record.open or record.done_at >= since)


def left_behind(state: State, item: KeyItem) -> bool:
    """Return whether a key bears the mark of a mint that has made another one: nobody of ours has its secret.

    Whether its answer was lost or somebody copied the mark: it is ended, and nothing is made in its place.
    """
    record = _mint(state, item)
    return record is not None and not record.open and item.id not in state.created_keys


def _mint(state: State, item: KeyItem) -> EffectRecord | None:
    description, tag = item.key.description or "", tag_of(state.incident)
    if f"[{tag}-" not in description:
        return None
    mints = state.of_kind(EffectKind.KEY_CREATE)
    return next((r for r in mints if f"{tag}-{r.effect.id.rsplit('-', 1)[1]}]" in description), None)
