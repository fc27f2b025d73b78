"""Our own key answers 401: deleted, disabled, the wrong region, or an allowlist that excludes us. Pure.

A server says the same 401 for all of them (dossier A3). What tells them apart is other evidence: what this
incident did, what the account showed before, what other keys are answered from the same host. Where nothing
tells, it is said that nothing tells, and what would.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from workbench.core.errors import Forbidden
from workbench.core.redact import key_tail
from workbench.core.words import plural
from workbench.domain.model.plan import EffectKind, EffectState, Plan
from workbench.domain.model.state import State


class Cause(StrEnum):
    """Why a key may be refused."""

    REPLACED = "replaced by this incident"
    DELETED = "deleted"
    DISABLED = "disabled or expired"
    REGION = "wrong region"
    ALLOWLIST = "the IP allowlist excludes this host"
    ROLE = "the role is too low"
    UNREACHABLE = "not reached"
    MISTYPED = "not a key of this account"


class LockoutAnswer(StrEnum):
    """What one region, or one other key, answered."""

    YES = "accepted"
    REFUSED = "401"
    FORBIDDEN = "403"
    NONE = "no answer"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known when our key is refused.

    ``regions`` is what each region answered to our key; ``others`` what keys known here, besides ours, were
    answered from this host (by key id; those that should be alive). ``web`` is what a sign-in key was answered:
    those are exempt from the allowlist. ``key_id`` is the refused key's id where its secret has a tail.
    """

    regions: Mapping[str, LockoutAnswer]
    key_id: str = ""
    others: Mapping[str, LockoutAnswer] = field(default_factory=dict)
    web: LockoutAnswer | None = None
    admin: bool | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The likely causes, the likeliest first. ``sure`` is True where the evidence leaves only the first.

    ``what``, ``why`` (evidence in sentences) and ``back`` (the way back in, in steps) are for the screen.
    """

    causes: tuple[Cause, ...]
    sure: bool
    what: str
    why: tuple[str, ...]
    back: tuple[str, ...]

    def words(self) -> str:
        """Return why and the way back as one text, for an error's meaning and advice."""
        return " ".join((*self.why, *self.back))


_PANEL = "Sign in to the control panel as an admin: Profile menu, API Security."
_NEW_KEY = "Make a new admin key there, and start the workbench again with it; the same incident goes on."
_SUPPORT = "If nobody can sign in any more, write to Mailgun Support from the owner's address."


def diagnose(evidence: Evidence, state: State) -> Diagnosis | None:
    """Return what the evidence says about a refusal, None when the key is accepted everywhere.

    Raises nothing; an evidence of nothing leads to all causes with ``sure`` False.
    """
    answers = set(evidence.regions.values())
    if answers <= {LockoutAnswer.YES}:
        return _too_low(evidence) if evidence.admin is False else None
    if LockoutAnswer.REFUSED not in answers:
        return _without_401(evidence)
    if LockoutAnswer.YES in answers or LockoutAnswer.FORBIDDEN in answers:
        return _region(evidence)
    return _by_what_we_did(evidence, state) or _by_others(evidence) or _open(evidence, state)


def _too_low(evidence: Evidence) -> Diagnosis:
    return Diagnosis(
        (Cause.ROLE,),
        True,
        "The key works, but its role is too low to secure the account.",
        ("Only an admin key may replace keys, reset SMTP passwords and change the IP allowlist.",),
        (_PANEL, "Make a key with the role admin there, and start again with it."),
    )


# Only the role admin may do these; developers may write the rest (dossier, permissions of a role-bound key).
_ADMIN_ONLY = frozenset(
    kind for kind in EffectKind if kind.value.partition(".")[0] in ("key", "smtp", "allowlist", "limit")
)


def check_role(plan: Plan, admin: bool | None) -> None:
    """Raise Forbidden, with the way on, where the key is known not to be admin and the plan needs that role.

    Hundreds of refusals one after the other would say the same, and leave a journal full of failures.
    """
    if admin is not False or not any(effect.kind in _ADMIN_ONLY for effect in plan):
        return
    low = _too_low(Evidence({}))
    raise Forbidden(low.what, " ".join((*low.why, "Nothing was changed.")), " ".join(low.back), status=403)


def _without_401(evidence: Evidence) -> Diagnosis:
    if LockoutAnswer.FORBIDDEN in evidence.regions.values():
        return _too_low(evidence)
    return Diagnosis(
        (Cause.UNREACHABLE,),
        True,
        "No server of Mailgun answered.",
        ("No answer says nothing about the key: it is this host's network, name service or proxy.",),
        ("Check the network from this host (workbench doctor), or work from another one.",),
    )


def _region(evidence: Evidence) -> Diagnosis:
    good = [name.upper() for name, answer in evidence.regions.items() if answer is not LockoutAnswer.REFUSED]
    bad = [name.upper() for name, answer in evidence.regions.items() if answer is LockoutAnswer.REFUSED]
    return Diagnosis(
        (Cause.REGION,),
        True,
        f"The key is accepted in {', '.join(good)} and refused in {', '.join(bad)}.",
        (
            "So it is alive, and this host is not shut out: the account simply is not served in the other region.",
            "If the account does have domains there, they can be neither seen nor secured with this key.",
        ),
        ("Go on; check in the control panel whether there are domains in the other region.",),
    )


def _by_what_we_did(evidence: Evidence, state: State) -> Diagnosis | None:
    """The journal knows: we deleted this key ourselves, or changed the allowlist."""
    for record in state.of_kind(EffectKind.KEY_DELETE):
        reached = record.state in (EffectState.DONE, EffectState.VERIFIED) or record.open
        if evidence.key_id and record.effect.target == evidence.key_id and reached:
            return Diagnosis(
                (Cause.REPLACED,),
                not record.open,
                f"This key ({key_tail(evidence.key_id)}) was replaced by this incident.",
                (
                    f"It was deleted here, {record.done_at or record.intent_at}; its replacement went into the vault.",
                ),
                (
                    f"Start again with the vault of this incident: it holds “{state.admin_entry}”."
                    if state.admin_entry
                    else "Use the replacement from the vault: workbench secrets list.",
                ),
            )
    changed = [
        r
        for r in state.of_kind(EffectKind.ALLOWLIST_ADD, EffectKind.ALLOWLIST_REMOVE)
        if r.state in (EffectState.DONE, EffectState.VERIFIED) or r.open
    ]
    if changed and changed[-1].intent_at > state.last_cut_at:
        return Diagnosis(
            (Cause.ALLOWLIST, Cause.DELETED),
            False,
            "The IP allowlist was changed here, and since then the key is refused.",
            (f"Last change: {changed[-1].effect.what}, {changed[-1].done_at or changed[-1].intent_at}.",),
            _allow(),
        )
    return None


def _by_others(evidence: Evidence) -> Diagnosis | None:
    """Another key's fate on the same host: alive, and only ours is dead; or all refused but the exempt one."""
    alive = [
        key
        for key, answer in evidence.others.items()
        if answer in (LockoutAnswer.YES, LockoutAnswer.FORBIDDEN)
    ]
    refused = [key for key, answer in evidence.others.items() if answer is LockoutAnswer.REFUSED]
    if alive:
        return Diagnosis(
            (Cause.DELETED, Cause.DISABLED),
            False,
            "Our key is refused, another key of the account is accepted from this host.",
            (
                f"Key {key_tail(alive[0])} answers here: the IP allowlist does not exclude this host.",
                "So our key was deleted, disabled, or has expired. The key list tells which, with any other admin key.",
            ),
            (
                _PANEL,
                _NEW_KEY,
                "If the intruder deleted it, an admin key or a stranger among the users is still theirs.",
            ),
        )
    if evidence.web in (LockoutAnswer.YES, LockoutAnswer.FORBIDDEN):
        return Diagnosis(
            (Cause.ALLOWLIST,),
            True,
            "Every key is refused from this host, except a sign-in key.",
            (
                "Sign-in keys are exempt from the IP allowlist, all others are bound by it: it excludes this host.",
            ),
            _allow(),
        )
    if refused:
        return Diagnosis(
            (Cause.ALLOWLIST, Cause.DELETED),
            False,
            "Our key is refused, and so are others that should be alive.",
            (
                f"401 from this host for {plural(len(refused), 'other key')} known here too: most likely the IP "
                "allowlist excludes it. Deleting all of them at once would look the same.",
            ),
            _allow(),
        )
    return None


def _open(evidence: Evidence, state: State) -> Diagnosis:
    """Only what the account showed before helps: whether its allowlist was in use, whether the key was in its list."""
    entries = state.baseline.allowlist
    known = evidence.key_id and evidence.key_id in {
        *(state.baseline.keys or ()),
        *state.created_keys,
    }
    shape = "" if evidence.key_id else "Its secret has no tail that names it, so it cannot be looked up. "
    if entries == ():
        return Diagnosis(
            (Cause.DELETED, Cause.DISABLED, Cause.ALLOWLIST),
            False,
            "The key is refused everywhere.",
            (
                "The IP allowlist was empty when last read: most likely the key was deleted, disabled, or has "
                "expired. An intruder may since have begun the list.",
            ),
            (_PANEL, _NEW_KEY, _allow()[1]),
        )
    if entries:
        return Diagnosis(
            (Cause.ALLOWLIST, Cause.DELETED, Cause.DISABLED),
            False,
            "The key is refused everywhere.",
            (
                f"The IP allowlist was in use when last read ({len(entries)} entries): a host that is not on it sees "
                "every key as dead. Whether the key also was deleted cannot be told from here.",
            ),
            _allow(),
        )
    causes: tuple[Cause, ...] = (Cause.DELETED, Cause.DISABLED, Cause.ALLOWLIST)
    if not known:
        causes = (Cause.MISTYPED, *causes)
    why: tuple[str, ...] = (
        f"{shape}Deleted, disabled, expired, never of this account, or shut out by the IP allowlist: a server says "
        "the same 401 to all of them.",
        "From an address that is on the allowlist (an office, a production server) the same key tells: accepted "
        "there, it is the allowlist.",
    )
    return Diagnosis(causes, False, "The key is refused everywhere.", why, (_PANEL, _NEW_KEY, *_allow()))


def _allow() -> tuple[str, ...]:
    return (
        "Find out this host's address as the world sees it: no call of the API tells it.",
        "In the control panel (IP Access Management) put that address on the list, or work from one that is on it; "
        "look for entries that are not yours.",
        _SUPPORT,
    )
