"""Several leaked places: a common cause is named where two different places share it, and never from one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.situations import know
from workbench.domain.leaks.common import common_causes
from workbench.domain.model.state import State


def _row(what: str, shown: str, *places: str) -> dict[str, Any]:
    where = [{"root": "", "path": place} for place in places]
    return {"id": f"{what} {shown} {places[0]}", "what": what, "kind": shown, "shown": shown, "where": where}


def _theft(address: str, path: str, hour: int) -> dict[str, Any]:
    return {"address": address, "path": path, "not_before": f"2026-11-20T{hour:02d}:10:00Z"}


def _causes(rows: list[dict[str, Any]], thefts: list[dict[str, Any]] | None = None) -> list[str]:
    return common_causes(know(State(), "leaks", {"exposures": rows, "thefts": thefts or []}))


@pytest.mark.parametrize(
    ("rows", "thefts", "said"),
    [
        (
            [_row("wordpress-plugin", "wp-mail-smtp 2.1", "https://a.example/x"),
             _row("wordpress-plugin", "wp-mail-smtp 2.1", "https://b.example/x")],
            [],
            "same plugin and version, wp-mail-smtp 2.1: a.example, b.example",
        ),
        (
            [_row("exposure", "env file", "https://a.example/.env"), _row("exposure", "env file", "https://b.example/.env")],
            [],
            "same kind of exposed file, env file",
        ),
        (
            [_row("exposure", "env file", "https://a.example/.env"), _row("secret", "key", "https://a.example/b.zip")],
            [],
            "same host: 2 leaks on a.example",
        ),
        ([], [_theft("203.0.113.5", "/a/.env", 3), _theft("203.0.113.5", "/b/.env", 9)], "same harvester's address"),
        ([], [_theft("203.0.113.5", "/a/.env", 3), _theft("203.0.113.6", "/b/.env", 3)], "same hour of theft"),
    ],
)  # fmt: skip
def test_what_two_places_share_is_named(
    rows: list[dict[str, Any]], thefts: list[dict[str, Any]], said: str
) -> None:
    assert any(said in one for one in _causes(rows, thefts))


def test_one_place_and_different_causes_share_nothing() -> None:
    rows = [
        _row("wordpress-plugin", "wp-mail-smtp 2.1", "https://a.example/x", "https://a.example/y"),
        _row("wordpress-plugin", "wp-mail-smtp 2.2", "https://b.example/x"),
    ]
    assert _causes(rows, [_theft("203.0.113.5", "/a/.env", 3)]) == []
    assert common_causes(State()) == []
