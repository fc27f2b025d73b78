"""The promise, checked: nothing lost, nothing orphaned, nothing destroyed too early, nothing done twice."""

from __future__ import annotations

from collections import Counter

from tests.support.ground import Ground
from workbench.core.state_dir import tag_of
from workbench.domain.model.plan import EffectKind
from workbench.session.session import Session


async def at_rest(place: Ground) -> list[str]:
    """Return what is broken right after a kill, before anything resumes; reads only files and the account."""
    async with place.session() as session:
        return await violations(place, session, finished=False)


async def violations(place: Ground, session: Session, *, finished: bool) -> list[str]:
    """Return every broken part of the promise, in words that begin with its name; empty when it holds."""
    wrong: list[str] = []
    if session.recorder.journal.broken_at:
        wrong.append(f"journal: chain broken at {session.recorder.journal.broken_at}")
    stored = await place.stored(session)
    tag = tag_of(session.recorder.incident)
    living = place.living_keys()
    ours = {i: k for i, k in living.items() if tag in k.description and i not in place.old_keys}
    for credential in place.credentials():
        old = place.old_passwords.get(credential.login)
        if credential.password != old and credential.password not in stored:
            wrong.append(f"lost secret: the password of {credential.login} is nowhere")
    if finished:
        wrong += [
            f"orphan: {k.description} has no secret here" for k in ours.values() if k.secret not in stored
        ]
        twins = Counter(k.description for k in ours.values())
        wrong += [f"orphan: {n} keys {name}" for name, n in twins.items() if n > 1]
    marks: dict[str, list[str]] = {}
    for record in session.state.of_kind(EffectKind.KEY_CREATE):
        # One that was refused may have been planned again in another form (a lesser role), which is another effect.
        mark = f"{tag}-{record.effect.id.rsplit('-', 1)[1]}"
        marks.setdefault(record.effect.params.replaces, []).append(mark)
    for replaced, forms in marks.items():
        safe = any(mark in k.description and k.secret in stored for mark in forms for k in ours.values())
        if replaced not in living and not safe:
            wrong.append(f"destroyed: {replaced} is dead and its replacement is not safe")
    return wrong + _twice(place)


def _twice(place: Ground) -> list[str]:
    """Return what the server was made to do twice."""
    deletes = Counter(
        (path, status)
        for method, path, status, _ in place.answered
        if method == "DELETE" and "/envelopes" not in path and (status < 300 or status == 404)
    )
    wrong = [
        f"double delete: {path} deleted {n} times"
        for (path, status), n in deletes.items()
        if n > 1 and status < 300
    ]
    if not place.faults:
        gone = {path for path, status in deletes if status == 404} & {p for p, s in deletes if s < 300}
        wrong += [f"double delete: {path} asked for again" for path in gone]
    bodies: dict[str, set[str]] = {}
    for method, path, status, body in place.answered:
        if method == "PUT" and "/credentials/" in path and status < 300:
            bodies.setdefault(path, set()).add(body)
    wrong += [
        f"double reset: {path} was given two passwords" for path, given in bodies.items() if len(given) > 1
    ]
    renewals = [
        method
        for method, path, status, _ in place.answered
        if path.endswith("http_signing_key") and method != "GET" and status < 300
    ]
    if len(renewals) > 1:
        wrong.append("double renewal: the signing key was made anew twice")
    return wrong
