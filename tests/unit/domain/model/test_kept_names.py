"""A journal is read by every later version: no name or value that one may hold goes away or is called otherwise.

``kept_names.json`` holds what was ever written, and only grows. A value that reads badly gets words of its own where
it is shown; the journal keeps what it has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from workbench.domain.model import fact_kinds
from workbench.domain.model.plan import EffectKind, EffectState

KEPT: Mapping[str, list[str]] = json.loads(Path(__file__).with_name("kept_names.json").read_text())


def _now() -> dict[str, list[str]]:
    """Return the fields of every fact and of what it holds, and the values of every enumeration in them."""
    _, parts = msgspec.json.schema_components(list(fact_kinds.KINDS.values()), ref_template="{name}")
    found = {name: sorted(part.get("enum", part.get("properties", ()))) for name, part in parts.items()}
    return found | {one.__name__: sorted(one) for one in (EffectKind, EffectState)}


@pytest.mark.parametrize("name", KEPT)
def test_what_a_journal_may_hold_is_still_known_by_its_name(name: str) -> None:
    gone = set(KEPT[name]) - set(_now().get(name, ()))
    assert not gone, f"{name}: journals hold {sorted(gone)}; keep them, and word them where they are shown"


def test_what_is_new_is_kept_from_now_on() -> None:
    new = {
        name: added for name, held in _now().items() if (added := sorted(set(held) - set(KEPT.get(name, ()))))
    }
    assert not new, f"write these into kept_names.json: journals hold them from now on: {new}"
