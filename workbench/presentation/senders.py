"""The senders of the log as rows: whose, with what, as whom, how much, and how it was taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from workbench.core.redact import visible
from workbench.domain.forensics.senders import credential_name, why_of
from workbench.domain.model.credential_use import INTRUDER, PRODUCTION, UNCLEAR
from workbench.presentation.cells import ViewCell, ViewRow

_TONES = {INTRUDER: "bad", UNCLEAR: "warn", PRODUCTION: "ok"}
_DECIDED = {"ours": ("ours", "ok"), "intruder": ("intruder's", "bad")}


def rows(found: Iterable[Mapping[str, Any]]) -> list[ViewRow]:
    """Return the senders of the documents as rows: whose, with what, as whom, how much, how it was taken."""
    made: list[ViewRow] = []
    for sender in found:
        looks = str(sender.get("looks", UNCLEAR))
        whose, tone = _DECIDED.get(
            str(sender.get("decision") or ""), (f"{looks}?", _TONES.get(looks, "warn"))
        )
        accepted = int(sender.get("accepted", 0))
        addresses = list(sender.get("addresses", ()))
        first = visible(addresses[0], 45) if addresses else ""
        more = f" +{len(addresses) - 1}" if len(addresses) > 1 else ""
        cells = (
            ViewCell(whose, tone),
            ViewCell(credential_name(sender)),
            ViewCell(visible(sender.get("sender", ""), 80)),
            ViewCell(f"{accepted:,}", tone, accepted),
            _share(sender, "failed", accepted),
            _share(sender, "complained", accepted),
            ViewCell(f"{first}{more}", "dim"),
        )
        made.append(ViewRow(str(sender["key"]), cells, search=why_of(sender)))
    return made


def _share(sender: Mapping[str, Any], name: str, accepted: int) -> ViewCell:
    share = int(sender.get(name, 0)) / accepted if accepted else 0.0
    return ViewCell(f"{share:.1%}" if share else "", "dim", share)
