"""Every document has a shipped schema that is one; what the commands print keeps to it (see ``Ran.document``)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

import workbench
from workbench.documents import exports

_HEADS = re.compile(r'\bhead\("([a-z-]+)"|"workbench\.([a-z-]+)/1"')
# Written to files of the workbench itself, or by the drill: no command prints them.
_INNER = {"snapshot", "stored-mail", "leaks-baseline", "drill-truth"}


def test_every_document_that_is_written_has_a_schema() -> None:
    package = Path(workbench.__file__).parent
    sources = [path.read_text("utf-8") for path in package.rglob("*.py")]
    written = {one or other for text in sources for one, other in _HEADS.findall(text)} - _INNER
    shipped = set(exports.SCHEMAS)
    assert written <= shipped, written - shipped
    files = {path.name.partition(".")[0] for path in (package / "documents" / "schemas").glob("*.json")}
    assert files == shipped


@pytest.mark.parametrize("name", exports.SCHEMAS)
def test_a_shipped_schema_is_a_schema_and_is_documented(name: str) -> None:
    schema = json.loads(exports.schema(name))
    jsonschema.Draft202012Validator.check_schema(schema)
    page = Path(__file__).parents[3] / "docs" / "json-documents.md"
    assert f"`{name}`" in page.read_text("utf-8")
