"""Sealed messages of which one file, or one message in a file, is damaged: it costs itself alone and is named."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from workbench.core.errors import VaultError
from workbench.domain.mail.samples import Fate, KeptMail
from workbench.session.mail import opened

GOOD = {"answer": {"subject": "Parcel", "body-plain": "hello"}}
SAMPLE = {
    "group": "g",
    "credential": "k",
    "sender": "s@a.example",
    "domain": "a.example",
    "subject": "x",
    "accepted": 3,
    "at": "2026-11-21T14:00:00Z",
    "fate": "stored",
}


class PlainSealer:
    """Opens what begins with ``ok``; what does not is altered."""

    def open(self, blob: bytes, *, context: str) -> bytes:
        if not blob.startswith(b"ok"):
            raise VaultError("no", "", "")
        return blob[2:]


def _stored(folder: Path, name: str, content: Any) -> Any:
    raw = json.dumps(content).encode()
    path = folder / "evidence" / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(b"ok" + raw)
    path.chmod(0o600)
    body = {"file": name, "part": "mail", "sha256": hashlib.sha256(raw).hexdigest(), "counts": {}}
    return SimpleNamespace(seq=1, at="2026-11-29T16:00:00Z", kind="snapshot.stored", body=body)


def test_a_damaged_file_or_message_costs_itself_alone(tmp_path: Path) -> None:
    rows = [
        _stored(tmp_path, "a.sealed", {"messages": [GOOD, 7, {"answer": None}]}),
        _stored(tmp_path, "b.sealed", {"messages": [GOOD]}),
        _stored(tmp_path, "c.sealed", {"messages": [GOOD]}),
    ]
    (tmp_path / "evidence" / "b.sealed").write_bytes(b"garbage")
    found = opened(tmp_path, rows, PlainSealer())  # type: ignore[arg-type]
    assert len(found.messages) == 2
    assert len(found.broken) == 3
    assert "b.sealed was altered" in found.broken[-1]


def test_a_journaled_sample_that_cannot_be_read_costs_itself_alone() -> None:
    odd = {**SAMPLE, "accepted": "many", "subject": "y"}
    fact = KeptMail.from_body({"name": "mail", "samples": [SAMPLE, odd, 7, {}]}, "2026-11-29T16:00:00Z")
    assert [one.fate for one in fact.samples] == [Fate.STORED, *[Fate.FAILED] * 3]
    assert fact.samples[1].subject == "y"
    assert all("cannot be read" in one.words for one in fact.samples[1:])
