"""402 and 403 in words: what the plan lacks, what the key may not do, what Support must lift."""

from __future__ import annotations

import pytest

from workbench.core.errors import Forbidden
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
        (403, "", False, "may not make", "admin key"),
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
