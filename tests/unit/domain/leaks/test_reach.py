"""What a search could not see, and what else a leaked file gave away, as the screen says it."""

from __future__ import annotations

from workbench.domain.leaks.leaks import beside


def test_the_verdict_the_neighbours_and_the_search_strings_are_said() -> None:
    body = {
        "verdict": "Nothing was found in what was read. 2 thing(s) were not read.",
        "neighbours": [{"root": "/srv", "path": ".env", "name": "DB_PASSWORD", "vendor": "database"}],
        "search_elsewhere": ['"0c1d2e3f-5a6b7c8d"'],
    }
    said = list(beside(body))
    assert said[0] == body["verdict"]
    assert "DB_PASSWORD (database)" in said[1]
    assert '"0c1d2e3f-5a6b7c8d"' in said[2]
    assert list(beside({})) == []
