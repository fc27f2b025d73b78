"""Tables of plain text: within their width, no name or moment broken while there is room, heads folded first."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.reports.blocks import Block, Section, Table
from workbench.reports.render import text
from workbench.reports.report import COLUMNS, Audience, Report

WORDS = st.text("abcdefgh0123456789.@-", min_size=1, max_size=24)
CELLS = st.lists(WORDS, min_size=0, max_size=20).map(" ".join)
TABLES = st.integers(1, 7).flatmap(
    lambda columns: st.tuples(
        st.lists(st.lists(WORDS, min_size=1, max_size=4).map(" ".join), min_size=columns, max_size=columns),
        st.lists(st.lists(CELLS, min_size=columns, max_size=columns), min_size=1, max_size=5),
    )
)


def _lines(block: Block) -> list[str]:
    report = Report(Audience.SUPPORT, "T", "i", "2026-11-21T14:00:00Z", 1, "ab", (Section("S", (block,)),))
    return text(report).splitlines()


@settings(deadline=None, max_examples=150)
@given(TABLES)
def test_no_table_is_wider_than_its_paper_and_no_word_is_lost(
    table: tuple[list[str], list[list[str]]],
) -> None:
    heads, rows = table
    lines = _lines(Table(tuple(heads), tuple(map(tuple, rows))))
    assert max(map(len, lines)) <= COLUMNS
    shown = "".join("".join(lines).split())
    for words in [*heads, *(cell for row in rows for cell in row)]:
        for letter in words.replace(" ", ""):
            assert letter in shown


def test_a_column_of_figures_gives_its_room_to_names_and_moments() -> None:
    heads = ("domain", "logins reset", "old passwords", "new ones proven by AUTH", "removed", "last at")
    rows = tuple(
        (f"{name}.acme.example", "3", "3 untested", "3", "none", "2026-11-30 12:03:06Z")
        for name in ("alerts", "billing", "support", "newsletter")
    )
    lines = _lines(Table(heads, rows))
    for row in rows:
        assert any(row[0] in line and row[-1] in line for line in lines), row[0]
    assert max(map(len, lines)) <= COLUMNS


def test_a_moment_is_folded_between_day_and_time_and_never_in_a_number() -> None:
    heads = ("key id ends", "description", "old one", "deleted at", "replaced by", "new one", "proof")
    proof = "absent from the key list at 10:59:33Z; old key answers 401, ours 200; again 2026-11-30T13:03:18Z: absent"
    row = (
        "…3278",
        "prod-web for mg.acme.example",
        "old one dead (401, ours accepted)",
        "2026-11-30 10:59:33Z",
    )
    lines = _lines(Table(heads, ((*row, "…05d3", "new one works (let in, then answered 400)", proof),)))
    told = "\n".join(lines)
    assert max(map(len, lines)) <= COLUMNS
    for whole in (
        "2026-11-30 ",
        "10:59:33Z ",
        "2026-11-30T13:03:18Z:",
        "mg.acme.example ",
        "(401,",
        "answered",
    ):
        assert whole in told, whole
