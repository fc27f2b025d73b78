"""Shapes of answers hold types and names, never a value."""

from __future__ import annotations

import json

from tests.support.answers import SHAPES
from workbench.mailgun.models import Key
from workbench.readers.answer_shapes import shape_of, surprises


def test_no_value_is_in_a_shape() -> None:
    for shape in SHAPES:
        text = json.dumps(shape_of(shape.body))
        assert not any(word in text for word in ("acme", "192.0.2", "1a2b3c4d", "2025", "classic", "hooks."))


def test_names_that_are_data_are_hidden() -> None:
    assert shape_of({"credentials": {"a@acme.example": "x"}}) == {"credentials": {"*": "str"}}


def test_what_the_client_does_not_expect_is_named() -> None:
    body = {"items": [{"id": "k", "colour": 1}, "bare"]}
    assert surprises(body, "items", Key) == ["unknown field colour", "a text in the list"]
    assert surprises({"message": "ok"}, "items", Key) == ["no list under items"]
