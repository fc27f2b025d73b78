"""DMARC records as receivers read them, and what each leaves to do."""

from __future__ import annotations

from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.blocklists.dmarc import DmarcState, read, unknown

S = DmarcState
RUA = "rua=mailto:dmarc@acme.example"


@pytest.mark.parametrize(
    ("found_at", "texts", "state", "change"),
    [
        ("mg.acme.example", [], S.ABSENT, 'publish one TXT _dmarc.acme.example: "v=DMARC1; p=none'),
        ("mg.acme.example", ["v=spf1 -all", "some text"], S.ABSENT, "publish"),
        ("mg.acme.example", [f"v=DMARC1; p=none; {RUA}"], S.WATCHING, "p=quarantine"),
        ("mg.acme.example", ["v=DMARC1; p=reject"], S.REJECT, "add rua"),
        ("mg.acme.example", [f"V=dmarc1 ;P=Reject; {RUA}"], S.REJECT, "nothing"),
        ("mg.acme.example", [f"v=DMARC1; p=quarantine; pct=20; {RUA}"], S.QUARANTINE, "pct=20"),
        ("mg.acme.example", [f"v=DMARC1; p=quarantine; pct=999; {RUA}"], S.QUARANTINE, "p=reject"),
        ("mg.acme.example", [f"v=DMARC1; p=rejekt; {RUA}"], S.WATCHING, "correct the policy"),
        ("mg.acme.example", ["v=DMARC1; p=rejekt"], S.BROKEN, "correct the policy"),
        ("mg.acme.example", ["v=DMARC1; p=none", "v=DMARC1; p=reject"], S.BROKEN, "keep one"),
        ("acme.example", [f"v=DMARC1; p=reject; sp=none; {RUA}"], S.WATCHING, "p=quarantine"),
        ("acme.example", [f"v=DMARC1; p=reject; {RUA}"], S.REJECT, "nothing"),
    ],
)
def test_what_receivers_read(found_at: str, texts: list[str], state: DmarcState, change: str) -> None:
    found = read("mg.acme.example", found_at, texts)
    assert found.state is state
    assert change in found.change
    assert found.state.protects == (state in (S.REJECT, S.QUARANTINE))


def test_no_answer_is_no_missing_record() -> None:
    found = unknown("acme.example", "timeout\x1b[2J")
    assert (found.state, found.state.protects) == (S.CANNOT_TELL, False)
    assert "\x1b" not in found.why


@settings(deadline=None)
@given(st.lists(st.text(max_size=80) | st.text(max_size=60).map(lambda t: "v=DMARC1;" + t), max_size=3))
def test_any_record_is_read_without_an_error(texts: list[str]) -> None:
    found = read("a.example", "a.example", texts)
    assert found.change
    assert not any(category(char).startswith("C") for char in found.record)
