"""A 402 or 403 to a change, in words: a role too low, a feature the plan lacks, a quota, a stopped account.

The server tells them apart only by its sentence (dossier A2, A5, C); what it says stays in the error.
"""

from __future__ import annotations

from workbench.core.errors import Forbidden, Reason, WorkbenchError
from workbench.core.redact import visible
from workbench.core.words import ended
from workbench.domain.model.effect_params import KeyCreateParams
from workbench.domain.model.mints import NO_ROOM

# How a replacement that the plan refuses for good can still be ended; a cut without an end helps nobody.
WAYS_OUT = (
    "End it in one of these ways: a role your plan has (contain --same-roles, or --grant ID=ROLE); delete the old key "
    "without a replacement, once nothing of yours needs it (--without-replacement ID); or ask Mailgun Support for a "
    "plan that has the feature, and run this again."
)
_PLAN = ("upgrade", "not in your plan", "not part of your plan", "feature", "subscription")
_STOPPED = ("disabled", "terminated", "inactivity", "probation")


def is_quota(refusal: Forbidden) -> bool:
    """Return whether the account has all the keys its plan allows (dossier A2)."""
    return refusal.reason is Reason.QUOTA or "limit" in refusal.detail.lower()


def no_room() -> WorkbenchError:
    """Return that a new key cannot be made, because no old one may be deleted first."""
    return WorkbenchError(
        NO_ROOM,
        "A replacement cannot be made while every key that is left must stay.",
        "Delete a key you can do without (API Security in the control panel), then run this again.",
    )


def of_new_key(refusal: Forbidden, wanted: KeyCreateParams) -> Forbidden:
    """Return the refusal of a new key in words that say what to do about it; ``wanted`` is what it was to be."""
    said = refusal.detail.lower()
    kind = "sending key" if wanted.kind == "domain" else f"key with the role {wanted.role}"
    lacks = refusal.reason is Reason.PLAN or any(word in said for word in _PLAN)
    if lacks or (refusal.status == 402 and refusal.reason not in (Reason.STOPPED, Reason.VERIFICATION)):
        todo = WAYS_OUT
        if wanted.lesser:
            todo = "Plan the replacement again: it is then proposed with the role the old key had."
        return _again(
            refusal, f"Your plan does not include a {visible(kind, 60)}", "The old key stays as it is.", todo
        )
    stopped = refusal.reason in (Reason.STOPPED, Reason.VERIFICATION)
    if stopped or any(word in said for word in _STOPPED):
        return _again(
            refusal,
            "Mailgun has stopped this account, and makes no new keys for it",
            "The old key stays: deleting it first would leave its programs with nothing.",
            "Delete what is stolen without a replacement, and ask Support to enable the account again.",
        )
    if not said or refusal.reason is Reason.PAGE:
        return _again(
            refusal,
            f"A {visible(kind, 60)} was refused without a word why",
            "A key that may not make others, a plan whose keys are used up, and whatever stands between here and "
            "Mailgun may answer so; the old key stays as it is.",
            "Run this again. If it stays so: look in the control panel (API Security) whether the workbench runs on an "
            "admin key, and how many keys the plan allows.",
        )
    return _again(
        refusal,
        f"The workbench's own key may not make a {visible(kind, 60)}",
        "Only an admin key can replace keys; the old one stays as it is.",
        "Make an admin key in the control panel (Profile menu, API Security) and start again with it.",
    )


def _again(refusal: Forbidden, what: str, means: str, todo: str) -> Forbidden:
    words = f" Mailgun says: {ended(visible(refusal.detail, 200))}" if refusal.detail else ""
    said = Forbidden(
        f"{what} ({refusal.status}).{words}",
        means,
        todo,
        status=refusal.status,
        where=refusal.where,
        detail=refusal.detail,
    )
    said.reason, said.own = refusal.reason, refusal.own
    return said
