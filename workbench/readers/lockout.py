"""Asks the few calls that tell why our key is refused: what other keys known here are answered from this host."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from workbench.core.errors import ApiError, Forbidden, NotAuthorised, VaultError
from workbench.core.redact import Secret
from workbench.domain.detection.lockout import Diagnosis, Evidence, LockoutAnswer, diagnose
from workbench.domain.model.effect_params import KeyCreateParams
from workbench.domain.model.plan import EffectState
from workbench.domain.model.state import State
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.probe import Capabilities, RegionState

# The id of a current key is the tail of its secret (dossier A2); legacy forms have none.
_CURRENT = re.compile(r"[0-9a-f]{32}-([0-9a-f]{8}-[0-9a-f]{8})")
# More keys than this say no more.
MOST_OTHERS = 3
_OF_REGION = {
    RegionState.OPEN: LockoutAnswer.YES,
    RegionState.LIMITED: LockoutAnswer.FORBIDDEN,
    RegionState.REFUSED: LockoutAnswer.REFUSED,
}
Fetch = Callable[[str], Awaitable[Secret | None]]


async def locked_out(api: Mailgun, found: Capabilities, state: State, fetch: Fetch) -> Diagnosis | None:
    """Return why this key is refused as far as evidence goes, None where it is not refused.

    ``fetch`` returns a secret of this incident by its vault entry. Other keys are asked one read each, only
    when ours is refused everywhere.
    """
    regions = {
        region.value: _OF_REGION.get(item.state, LockoutAnswer.NONE) for region, item in found.regions.items()
    }
    others = {}
    if LockoutAnswer.REFUSED in regions.values() and not found.usable:
        others = await _others(api, state, fetch)
    evidence = Evidence(regions, key_id=tail_of(api.key), others=others, admin=found.admin)
    return diagnose(evidence, state)


def explained(error: ApiError, diagnosis: Diagnosis | None) -> ApiError:
    """Return the refusal with what it means and the way back in; any other error as it is."""
    if diagnosis is None or not isinstance(error, NotAuthorised):
        return error
    return NotAuthorised(
        diagnosis.what,
        " ".join(diagnosis.why),
        " ".join(diagnosis.back),
        status=error.status,
        where=error.where,
        detail=error.detail,
    )


def tail_of(key: Secret) -> str:
    """Return the id a key's secret ends in, ``""`` for a form without one; the id is no secret."""
    match = _CURRENT.fullmatch(key.reveal())
    return match.group(1) if match else ""


async def _others(api: Mailgun, state: State, fetch: Fetch) -> dict[str, LockoutAnswer]:
    """Ask with other keys that this incident minted and holds: they should be alive."""
    answers: dict[str, LockoutAnswer] = {}
    ours = tail_of(api.key)
    for key_id, record in state.created_keys.items():
        plain = record.effect.given(KeyCreateParams).kind == "user" and record.state is EffectState.VERIFIED
        if len(answers) >= MOST_OTHERS or key_id == ours or not plain or not record.entry:
            continue
        try:
            secret = await fetch(record.entry)
        except VaultError:
            # Without the vault there is one witness less; the diagnosis says what is left.
            return answers
        if secret is not None:
            answers[key_id] = await _ask(api.with_key(secret))
    return answers


async def _ask(api: Mailgun) -> LockoutAnswer:
    try:
        await api.call(
            "GET", "/v4/domains", region=api.endpoints.home, query={"limit": 1}, priority=Priority.PROOF
        )
    except NotAuthorised:
        return LockoutAnswer.REFUSED
    except Forbidden:
        return LockoutAnswer.FORBIDDEN
    except ApiError:
        return LockoutAnswer.NONE
    return LockoutAnswer.YES
