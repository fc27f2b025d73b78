"""Words put together from what others said."""

from __future__ import annotations

import pytest

from workbench.core.words import ended


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
