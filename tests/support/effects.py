"""Effects for tests: what a kind cannot do without is filled in, the rest is what the test says."""

from __future__ import annotations

from typing import Any

import msgspec

from workbench.domain.model.effect_params import EffectParams
from workbench.domain.model.plan import PARAMS, Effect, EffectKind, Place
from workbench.mailgun.endpoints import Region

_NEEDED: dict[str, Any] = {
    "role": "admin",
    "kind": "user",
    "domain": "mg.acme.example",
    "limit": 1000,
    "fields": {},
    "url": "https://strange.example/in",
    "table": "bounces",
    "rule": {"metric": "complained_rate", "comparator": ">", "limit": "0.001"},
    "bits": 2048,
    "before": (),
    "tag": "v1",
    "headers": {},
    "book": "alerts/send",
}
_US = Place(Region.US)
_OWN = ("after", "rank", "what", "breaks", "undo", "why")


def params_of(kind: EffectKind, /, **given: Any) -> EffectParams:
    """Return the parameters of a kind, given as a row of the journal holds them."""
    fields = msgspec.structs.fields(PARAMS[kind])
    if strange := given.keys() - {field.name for field in fields}:
        raise TypeError(f"{kind} is not given {strange}")
    needed = {field.name: _NEEDED[field.name] for field in fields if field.required}
    return PARAMS[kind].from_body({**needed, **given})


def an_effect(kind: EffectKind, target: str, place: Place = _US, /, **more: Any) -> Effect:
    """Return an effect; ``after``, ``rank`` and its words are its own, the rest are its parameters."""
    own = {name: more.pop(name) for name in _OWN if name in more}
    return Effect(kind, target, place, params_of(kind, **more), **own)
