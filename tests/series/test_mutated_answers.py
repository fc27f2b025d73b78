"""A small seeded slice of the spoiled answers; thousands behind ``make mutated-answers``."""

from __future__ import annotations

from tests.mutated_answers import Server, ask, run
from tests.support.answers import SHAPES


async def test_no_spoiled_answer_breaks_or_hides_anything() -> None:
    asked, wrong = await run(1500, 20261121)
    assert wrong == []
    assert sum(asked.values()) == 1500
    assert len(asked) == len(SHAPES)


async def test_every_answer_as_recorded_is_read_whole() -> None:
    import json

    server = Server()
    for shape in SHAPES:
        value, error = await ask(server, shape, json.dumps(shape.body).encode())
        assert error is None, shape.endpoint
        if shape.rows:
            assert len(value) == 2, shape.endpoint
            assert not any(getattr(row, "unreadable", ()) for row in value), shape.endpoint
