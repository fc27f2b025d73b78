"""The document of a search carries what every document does: whether it is whole, and what could not be read."""

from __future__ import annotations

from workbench.leaks.document import document
from workbench.leaks.report import LeakReport


def test_what_was_left_out_is_named_and_the_document_is_not_complete() -> None:
    report = LeakReport(None)
    assert (document(report)["complete"], document(report)["not_read"]) == (True, [])
    report.coverage.skip("encrypted archive", "backup.zip")
    report.coverage.skip("a picture", "logo.png", gap=False)
    assert not document(report)["complete"]
    assert document(report)["not_read"] == [{"what": "backup.zip", "where": None, "why": "encrypted archive"}]
