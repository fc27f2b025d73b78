"""What proves a key: that a new one is accepted, that nobody can use a refused one, that an old one is dead."""

from __future__ import annotations

import re

from workbench.core.errors import (
    ApiError,
    Forbidden,
    NotAuthorised,
    NotFound,
    RateLimited,
    Refused,
    UnreadableAnswer,
)
from workbench.core.redact import Secret, key_tail
from workbench.domain.model.effect_params import KeyCreateParams, KeyDeleteParams
from workbench.domain.model.state import EffectRecord
from workbench.execution.context import Context
from workbench.execution.effects.base import Proof, stamp
from workbench.mailgun.client import Answer, Mailgun, Priority
from workbench.mailgun.endpoints import Region
from workbench.mailgun.keys import tail_of
from workbench.mailgun.requests import at

_READ = "GET", "/v4/domains"
# A limit that is kept by account or domain was looked up by the key.
_OF_ACCOUNT = re.compile(r"account|domain|recipient", re.IGNORECASE)


def _probe_path(record: EffectRecord) -> tuple[str, str]:
    """Return method and path of a harmless call that this kind of key may make.

    A sending key may only reach its domain's send endpoint: an empty message is refused with 400 after
    the key was accepted, 401 otherwise (dossier D). Other keys read one domain.
    """
    given = record.effect.given(KeyCreateParams)
    return _empty_message(given.domain_name or "") if given.kind == "domain" else _READ


def _empty_message(domain: str) -> tuple[str, str]:
    return "POST", at("/v3/{}/messages", domain)


async def alive(ctx: Context, secret: Secret, record: EffectRecord) -> str:
    """Return in words what a new key was answered, which proves it accepted.

    Raises NotAuthorised where it is refused or answers as another key, and ApiError where nothing can be told.
    """
    client = ctx.api.with_key(secret)
    method, path = _probe_path(record)
    region = record.effect.given(KeyCreateParams).domain_region or record.effect.place.region
    try:
        status = await _asked(client, method, path, region)
    except (Refused, Forbidden, NotFound, RateLimited) as answer:
        # 400, 403 and 404 come after the key was accepted: it is alive (dossier D). So does a 429 that names the
        # account or the domain. But only the API's own answer says so: a filter on the way has its 403, too.
        if not answer.own or (isinstance(answer, RateLimited) and not _of_account(answer)):
            raise
        status = answer.status
    seen = client.key_id
    if seen is not None and record.result.key_id not in ("", seen):
        raise NotAuthorised(
            f"The new key answers as {key_tail(seen)}, not as {key_tail(record.result.key_id)}.",
            "What was stored is not what was made.",
            "The old key stays; plan the replacement again.",
            status=status,
        )
    return f"new key answered {status} at {stamp(ctx)}"


async def _asked(client: Mailgun, method: str, path: str, region: Region) -> int:
    """Make the call that proves a key and return its status; raises what it was refused with.

    Where the calls of its kind are to wait longer than a proof may, it is made all the same, once: whatever comes,
    a 429 included, tells whether the key was accepted, and that is all that is asked.
    """
    for family in (None, f"proof {tail_of(client.key) or path}"):
        try:
            answer = await client.call(
                method,
                path,
                region=region,
                query={"limit": 1} if method == "GET" else None,
                form={} if method == "POST" else None,
                priority=Priority.PROOF,
                family=family,
                settled_by=_of_account,
            )
        except RateLimited as busy:
            if busy.own or family is not None:
                raise
        else:
            _check_own(answer, method)
            break
    return 200


def _check_own(answer: Answer, method: str) -> None:
    """Raise UnreadableAnswer for a 200 that does not hold what the call answers: whatever gave it proves no key."""
    held = answer.object()
    if not isinstance(held.get("items"), list) if method == "GET" else "id" not in held:
        raise UnreadableAnswer(
            f"{answer.where} was answered with another document (200).",
            "It is not what this call answers, so it proves nothing about the key.",
            "Check the address and any proxy, then run the same command again.",
            status=answer.status,
            where=answer.where,
        )


def _of_account(busy: RateLimited) -> bool:
    """Return whether a 429 shows that the key was accepted: its limit is kept by account or domain."""
    return busy.own and bool(_OF_ACCOUNT.search(busy.detail))


async def refused(ctx: Context, secret: Secret, record: EffectRecord) -> bool:
    """Return whether a stored secret is refused (401) while ours is accepted: then nobody can use its key."""
    try:
        await alive(ctx, secret, record)
    except NotAuthorised as refusal:
        if refusal.status != 401:
            return False  # Accepted, and it answers as another key than the one that was asked for.
    except ApiError:
        return False
    else:
        return False
    if ctx.api.key == secret:
        return False
    try:
        await read_once(ctx.api)
    except ApiError:
        return False
    return True


async def dead(ctx: Context, secret: Secret, record: EffectRecord, evidence: list[str]) -> Proof:
    """Old one refused and new one accepted, same host, same minute: anything less proves nothing.

    A key that may be a sending key is refused wherever it is asked but at its own domain, alive or dead. Where that
    cannot be asked its absence from the key list, seen before, is all there is, and the evidence says so.
    """
    given = record.effect.given(KeyDeleteParams)
    if given.kind == "domain" and not given.domain_name:
        untried = "the old key is not tried: a sending key answers at its own domain only, which is not known"
        return Proof(True, (*evidence, untried))
    try:
        await _ask_old(ctx.api.with_key(secret), record)
    except NotAuthorised:
        pass
    except (Forbidden, NotFound, Refused) as answer:
        if not answer.own:
            said = "cannot prove from here: not the API's own answer"
            return Proof(False, (said, *evidence), later=True, untold=True)
        return _still_alive(evidence, answer.status)
    except RateLimited:
        return Proof(False, ("left for later: Mailgun asks for fewer calls", *evidence))
    else:
        return _still_alive(evidence, 200)
    try:
        await read_once(ctx.api)
    except NotAuthorised:
        return Proof(
            False,
            (*evidence, "old key answers 401, but so does ours: the IP allowlist may exclude this host"),
        )
    if given.kind is None and not given.domain_name:
        alike = "a read with the old key is refused (401), as it would be with a sending key that works"
        return Proof(True, (*evidence, alike))
    return Proof(True, (*evidence, f"old key answers 401, ours 200, same host, {stamp(ctx)}"))


def _still_alive(evidence: list[str], status: int) -> Proof:
    """Return the proof that a deleted key works on: the word that decides comes first, and it is not done."""
    said = f"ALIVE: the old key still answers {status}"
    return Proof(False, (said, *evidence), later=True, undone=True)


async def _ask_old(client: Mailgun, record: EffectRecord) -> None:
    """Make the harmless call that an old key could make if it lived; raises what the API answers."""
    given = record.effect.given(KeyDeleteParams)
    if not given.domain_name:
        await read_once(client)
        return
    method, path = _empty_message(given.domain_name)
    region = given.domain_region or record.effect.place.region
    answer = await client.call(method, path, region=region, form={}, priority=Priority.PROOF)
    _check_own(answer, method)


async def read_once(api: Mailgun) -> None:
    """Make the harmless read used as proof and as positive control; raises what the API answers."""
    method, path = _READ
    answer = await api.call(method, path, query={"limit": 1}, priority=Priority.PROOF)
    _check_own(answer, method)
