"""Words put together from what others said."""

from __future__ import annotations

import pytest

from workbench.core.words import ended, together


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("Forbidden", "Forbidden."),
        ("Forbidden. ", "Forbidden."),
        ("Why?", "Why?"),
        ("cut off…", "cut off…"),
        ("", ""),
    ],
)
def test_what_somebody_else_said_ends_as_a_sentence(said: str, sentence: str) -> None:
    assert ended(said) == sentence


def test_names_that_share_a_reason_stand_together_and_none_is_left_out() -> None:
    names = [f"login-{number}@mg.acme.example" for number in range(27)]
    lines = ["users: not read", *(f"{name}: kept" for name in names), "3 logins reset already"]
    told = together(lines)
    assert told[0] == "users: not read" and told[-1] == "3 logins reset already"
    assert len(told) == 4 and all(one.startswith("kept: ") and len(one) < 420 for one in told[1:-1])
    assert [name for one in told[1:-1] for name in one.removeprefix("kept: ").split(", ")] == names


@pytest.mark.parametrize(
    "lines", [[], ["a: x"], ["a: x", "b: x"], ["all", "all", "all"], ["a: x", "b: y", "c: z"]]
)
def test_lines_that_share_little_stay_as_they_are(lines: list[str]) -> None:
    assert together(lines) == lines
