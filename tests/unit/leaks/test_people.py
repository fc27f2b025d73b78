"""Or a person: planted keys set against the panel's users; and what the search imports at its start."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

from workbench.leaks.people import PanelUser, PlantedKey, called, nameless, suspicions

WHEN = datetime(2026, 11, 18, 3, 41, tzinfo=UTC)
ANN = PanelUser("u1", "Ann", "ann@example.com", "admin", two_factor=False)
BEN = PanelUser("u2", "Ben", "ben@example.com", "developer", two_factor=True)
EVE = PanelUser("u3", "Eve", "eve@evil.example", "admin", known=False)


def test_keys_are_matched_to_people_by_requestor_or_name() -> None:
    keys = [
        PlantedKey("aaaaaaaa-00000001", WHEN, "web", requestor="ANN@example.com"),
        PlantedKey("aaaaaaaa-00000002", WHEN, "user", user_name="ann"),
        PlantedKey("aaaaaaaa-00000003", WHEN, "user", requestor="u2"),
        PlantedKey("aaaaaaaa-00000004", WHEN, "user", requestor="eve@evil.example"),
        PlantedKey("aaaaaaaa-00000005", None, "user"),
    ]
    first, second = suspicions(keys, [ANN, BEN, EVE])
    assert first.person is ANN
    assert first.keys == ("aaaaaaaa-00000001", "aaaaaaaa-00000002")
    assert any("panel session" in why for why in first.why)
    assert any("second factor" in why for why in first.why)
    assert "…0001" in first.questions[0]
    assert "2026-11-18 03:41 UTC" in first.questions[0]
    assert "before this person is given" in first.check
    assert second.person is BEN
    assert not any("second factor" in why for why in second.why)
    assert [key.id for key in nameless(keys, [ANN, BEN, EVE])] == ["aaaaaaaa-00000005"]


def test_a_stranger_who_goes_by_the_name_of_one_of_ours_throws_no_doubt_on_them() -> None:
    twin = PanelUser("u9", "Ann", "ann@evil.example", "admin", known=False)
    by_address = PlantedKey("aaaaaaaa-00000001", WHEN, "user", requestor="ann@evil.example", user_name="Ann")
    by_name = PlantedKey("aaaaaaaa-00000002", WHEN, "user", user_name="Ann")
    assert suspicions([by_address, by_name], [ANN, twin]) == ()
    assert called([ANN, twin], "ANN@evil.example", "ann") is twin
    assert called([ANN, twin], "ann") is None and called([ANN, BEN], "ann") is ANN
    assert called([ANN, BEN], "", None) is None


def test_the_search_of_a_tree_starts_light() -> None:
    program = (
        "import sys; from pathlib import Path; from workbench.leaks.command import LeakOptions, run;"
        "run(LeakOptions((sys.argv[1],)));"
        "print([name for name in ('httpx', 'textual', 'asyncio', 'rich', 'keyring', 'dns') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "styles"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
