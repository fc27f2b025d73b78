"""The senders of the log as rows: whose, with what, as whom, how much, and how it was taken."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.core.redact import visible
from workbench.core.rows import Cell, TableRow
from workbench.domain.forensics.recorded import RecordedSender
from workbench.domain.forensics.senders import credential_name, why_of
from workbench.domain.model.credential_use import INTRUDER, PRODUCTION, UNCLEAR

_TONES = {INTRUDER: "bad", UNCLEAR: "warn", PRODUCTION: "ok"}
_DECIDED = {"ours": ("ours", "ok"), "intruder": ("intruder's", "bad")}


def rows(found: Iterable[RecordedSender]) -> list[TableRow]:
    """Return the senders of the documents as rows: whose, with what, as whom, how much, how it was taken."""
    made: list[TableRow] = []
    for sender in found:
        looks = sender.looks or UNCLEAR
        whose, tone = _DECIDED.get(sender.decision or "", (f"{looks}?", _TONES.get(looks, "warn")))
        first = visible(sender.addresses[0], 45) if sender.addresses else ""
        more = f" +{len(sender.addresses) - 1}" if len(sender.addresses) > 1 else ""
        cells = (
            Cell(whose, tone),
            Cell(credential_name(sender)),
            Cell(visible(sender.sender, 80)),
            Cell(f"{sender.accepted:,}", tone, sender.accepted),
            _share(sender.failed, sender.accepted),
            _share(sender.complained, sender.accepted),
            Cell(f"{first}{more}", "dim"),
        )
        made.append(TableRow(sender.key, cells, search=why_of(sender)))
    return made


def _share(count: int, accepted: int) -> Cell:
    share = count / accepted if accepted else 0.0
    return Cell(f"{share:.1%}" if share else "", "dim", share)
