"""What a comment points to exists: every *dossier* number and *design* heading has its anchor under docs/."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FACTS = re.compile(
    r"\bdossier(?:'s)?\b[^.\n]{0,40}?(?<!days )\b([A-H]\d?|\d(?:\.\d|[a-e])?)\b(?!\s*(?:KB|MB|%))"
)
DESIGN = re.compile(r"\bdesign, (idea \d|contracts|limits|the runbook|runbook|words)")
HEADINGS = {
    "contracts": "Contracts",
    "limits": "Limits",
    "the runbook": "The runbook",
    "runbook": "The runbook",
    "words": "Words",
}


@cache
def _headings(page: str) -> str:
    lines = (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if line.startswith("#"))


def _page(path: Path, anchor: str) -> str:
    """Return the page a number means where it stands: letters are the vendor's, numbers the neighbour's."""
    if anchor[0].isalpha():
        return "vendor-facts.md"
    place = path.relative_to(ROOT).as_posix()
    return "blocklist-facts.md" if "blocklist" in place or "bounces" in place else "leak-facts.md"


def _sources() -> list[Path]:
    found = [p for folder in ("workbench", "tests") for p in (ROOT / folder).rglob("*")]
    return sorted(p for p in found if p.suffix in (".py", ".toml") and p != Path(__file__))


def test_every_reference_has_its_anchor() -> None:
    missing = []
    seen = 0
    for path in _sources():
        text = path.read_text(encoding="utf-8")
        for found in FACTS.finditer(text):
            seen += 1
            page = _page(path, found[1])
            if not re.search(rf"^#+ {re.escape(found[1])}[. ]", _headings(page), re.M):
                missing.append(f"{path.relative_to(ROOT)}: {found[0]!r} is not in docs/{page}")
        for found in DESIGN.finditer(text):
            seen += 1
            heading = HEADINGS.get(found[1], found[1].capitalize())
            if not re.search(rf"^## {heading}\b", _headings("design.md"), re.M):
                missing.append(f"{path.relative_to(ROOT)}: {found[0]!r} is not in docs/design.md")
    assert missing == []
    assert seen > 150


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
    ],
)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    source = ROOT / page
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", source.read_text(encoding="utf-8"))
    assert [link for link in links if not (source.parent / link).exists()] == []
