"""402 and 403 in words: what the plan lacks, what the key may not do, what Support must lift."""

from __future__ import annotations

import pytest

from workbench.core.errors import Forbidden, Reason
from workbench.domain.model.effect_params import KeyCreateParams
from workbench.execution.effects.refusals import is_quota, of_new_key


def _refusal(status: int, detail: str) -> Forbidden:
    return Forbidden("refused", status=status, detail=detail, where="POST /v1/keys")


def test_a_full_quota_is_told_from_every_other_refusal() -> None:
    assert is_quota(_refusal(403, "could not create key, account limit reached"))
    assert not is_quota(_refusal(403, "Forbidden"))


@pytest.mark.parametrize(
    ("status", "detail", "lesser", "what", "todo"),
    [
        (
            402,
            "upgrade your account to use role based keys",
            True,
            "plan does not include",
            "role the old key had",
        ),
        (403, "This feature is not enabled", False, "plan does not include", "Support"),
        (403, "Account is disabled", False, "stopped this account", "enable"),
        (403, "Forbidden", False, "may not make", "admin key"),
        (403, "", False, "without a word why", "how many keys the plan allows"),
    ],
)
def test_the_words_say_what_to_do(status: int, detail: str, lesser: bool, what: str, todo: str) -> None:
    kind = "domain" if lesser else "user"
    error = of_new_key(_refusal(status, detail), KeyCreateParams(role="admin", kind=kind, lesser=lesser))
    assert what in error.what
    assert todo in error.todo
    assert error.means
    assert detail in error.what
    assert (error.status, error.where, error.exit_code) == (status, "POST /v1/keys", 3)


PLAN, STOPPED, KEY = (
    "Your plan does not include",
    "Mailgun has stopped this account",
    "The workbench's own key may not",
)


@pytest.mark.parametrize(
    ("status", "reason", "what"),
    [
        # 402 is about the plan, whatever its sentence, unless it is known to be about the account.
        (402, Reason.NONE, PLAN),
        (402, Reason.STOPPED, STOPPED),
        (402, Reason.VERIFICATION, STOPPED),
        (403, Reason.STOPPED, STOPPED),
        (403, Reason.VERIFICATION, STOPPED),
        (403, Reason.PLAN, PLAN),
        (403, Reason.NONE, KEY),
        (403, Reason.ROLE, KEY),
        # What some gateway's page says is no word of Mailgun's.
        (403, Reason.PAGE, "A key with the role admin was refused without a word why"),
    ],
)
def test_why_a_key_is_refused_is_told_by_status_and_reason(status: int, reason: Reason, what: str) -> None:
    refusal = _refusal(status, "Sorry")
    refusal.reason, refusal.own = reason, True
    error = of_new_key(refusal, KeyCreateParams(role="admin", kind="user"))
    assert error.what.startswith(what) and error.what.endswith(f"({status}). Mailgun says: Sorry.")
    assert (error.reason, error.own) == (reason, True), "what was read of it is not lost in the words"


def test_what_was_to_be_made_is_named_in_one_line() -> None:
    def said(role: str, kind: str, status: int, detail: str = "") -> str:
        return of_new_key(_refusal(status, detail), KeyCreateParams(role=role, kind=kind)).what

    assert said("sending", "domain", 402) == "Your plan does not include a sending key (402)."
    assert said("basic", "user", 402) == "Your plan does not include a key with the role basic (402)."
    assert said("admin", "user", 403) == "A key with the role admin was refused without a word why (403)."
    assert said("admin", "user", 403, "Forbidden") == (
        "The workbench's own key may not make a key with the role admin (403). Mailgun says: Forbidden."
    )
    for status in (402, 403):
        assert "r" * 42 in said("r" * 300, "user", status) and "r" * 43 not in said("r" * 300, "user", status)
    assert "d" * 200 in said("admin", "user", 403, "d" * 300)
    assert "d" * 201 not in said("admin", "user", 403, "d" * 300)


def test_a_quota_is_told_by_the_reason_too() -> None:
    refusal = _refusal(403, "no")
    refusal.reason = Reason.QUOTA
    assert is_quota(refusal)
