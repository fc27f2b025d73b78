"""An update to Support: what changed since the last one was sent, in the words of the one page. Pure."""

from __future__ import annotations

from workbench.core.clock import iso
from workbench.core.redact import visible
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.recorded import SupportUpdateSent
from workbench.reports import support_page
from workbench.reports.audiences import BLANK
from workbench.reports.blocks import Bullets, Table


def told(situation: Situation) -> list[str]:
    """Return what the one page says now, line by line, without the asking."""
    lines: list[str] = []
    for section in (
        support_page.cause(situation),
        support_page.article(situation),
        support_page.traces(situation),
    ):
        for block in section.blocks:
            if isinstance(block, Bullets):
                lines += block.items
            elif isinstance(block, Table):
                lines += [f"{number} {what}: {stands}" for number, what, stands in block.rows]
    return lines


def to_fact(situation: Situation, who: str) -> SupportUpdateSent:
    """Return the fact that an update was sent: what it said, by whom and when."""
    return SupportUpdateSent(lines=tuple(told(situation)), who=who, sent_at=iso(situation.now))


def update(situation: Situation) -> str:
    """Return the update to send: new lines with ``+``, what no longer holds with ``-``; at first the whole page."""
    last = situation.state.known(SupportUpdateSent)
    before = last.lines
    now = told(situation)
    head = [
        f"Subject: Update, compromised account {visible(situation.state.name or BLANK, 60)}, ticket {BLANK}",
        "",
    ]
    if not before:
        return "\n".join([*head, "What we know so far:", *(f"  {line}" for line in now)])
    since = f"Since our message of {visible(last.sent_at, 30)}:"
    fresh = [f"+ {line}" for line in now if line not in before]
    gone = [f"- {line}" for line in before if line not in now]
    if not fresh and not gone:
        return "\n".join([*head, since, "  nothing changed."])
    note = "(+ is new or changed, - no longer holds)"
    return "\n".join([*head, f"{since} {note}", *fresh, *gone])
