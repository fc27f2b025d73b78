"""The wheel holds the manual page and the completions as the parser says them, where man and the shells look."""

from __future__ import annotations

import tomllib

import pytest

from tests.shipped_pages import PLACES, SHARE, pages


@pytest.mark.parametrize("place", PLACES)
def test_what_is_shipped_is_what_the_parser_says(place: str) -> None:
    assert (SHARE / place).read_text("utf-8") == pages()[place], "run `make pages`"


def test_the_packages_bring_all_of_it_and_nothing_else() -> None:
    build = tomllib.loads((SHARE.parent / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"][
        "targets"
    ]
    assert build["wheel"]["shared-data"] == {"share": "share"}
    assert "share" in build["sdist"]["include"]
    assert {str(path.relative_to(SHARE)) for path in SHARE.rglob("*") if path.is_file()} == set(PLACES)
