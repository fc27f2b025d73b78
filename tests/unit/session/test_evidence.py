"""What a list of sealed evidence says of each item, in words."""

from __future__ import annotations

from types import SimpleNamespace

from workbench.session.evidence import stored


def test_each_item_says_what_it_holds_one_of_a_kind_too() -> None:
    counts = {"subaccounts": 1, "keys": 10, "entries": 82818, "chunks": 1, "webhooks": 0}
    body = {"file": "0b.sealed", "part": "0b", "sha256": "00", "counts": counts}
    row = SimpleNamespace(seq=1, at="2026-11-29T16:00:00Z", kind="snapshot.stored", body=body)
    items, purged = stored([row])  # type: ignore[list-item]
    assert [item.counts for item in items] == ["1 subaccount, 10 keys, 82,818 entries, 1 chunk"]
    assert not purged
    body["counts"] = {"entries": 1}
    assert stored([row])[0][0].counts == "1 entry"  # type: ignore[list-item]


def test_what_was_purged_is_not_missing_because_something_was_stored_after_it() -> None:
    def row(number: int, kind: str, **body: object) -> SimpleNamespace:
        return SimpleNamespace(seq=number, at="2026-11-29T16:00:00Z", kind=kind, body=body)

    before = row(1, "snapshot.stored", file="0a.sealed", part="0a", sha256="00", counts={})
    gone = row(2, "purged", files=1)
    after = row(3, "snapshot.stored", file="mail.sealed", part="mail", sha256="00", counts={})
    assert stored([before, gone]) == ([], True)  # type: ignore[list-item]
    items, purged = stored([before, gone, after])  # type: ignore[list-item]
    assert [item.part for item in items] == ["mail"] and purged
