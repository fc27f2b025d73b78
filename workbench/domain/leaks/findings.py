"""Leaks as findings: what lies where, whether it lives, whether it is still exposed, and what to do. Pure.

They belong to step 7 and are no stranger's things of the account, so step 6 does not count them.
"""

from __future__ import annotations

from workbench.domain.detection.findings import Finding
from workbench.domain.leaks.leaks import leaks
from workbench.domain.model.state import State


def leak_findings(state: State) -> list[Finding]:
    """Return one finding for each leaked secret, exposure and vulnerable plugin, what is open first."""
    return [
        Finding(
            key=one.key,
            id=one.id,
            kind="leak" if one.what == "secret" else one.what,
            title=one.title,
            where=one.where,
            severity=one.severity,
            why=(*one.why, one.todo),
            decision=one.decision or ("" if one.open else "closed"),
            remedy="leaks.judge" if one.open else "",
        )
        for one in leaks(state)
    ]
