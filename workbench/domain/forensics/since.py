"""Since when somebody else sent, and with which credentials: one answer for judgements and papers. Pure."""

from __future__ import annotations

from datetime import datetime

from workbench.core.clock import as_moment
from workbench.domain.forensics.recorded import RecordedAssessment
from workbench.domain.leaks.recorded import ClosedLeak, FoundLeak, FoundTheft, LeaksFound
from workbench.domain.model.credential_use import BOTH, INTRUDER, CredentialUses
from workbench.domain.model.situation import Situation


def abuse_began(situation: Situation) -> datetime | None:
    """Return since when the abuse goes on: by the log where it was assessed, else by the hourly figures.

    None where neither tells: a quiet sender shows in the log alone, and who only reads in neither.
    """
    window = situation.state.known(RecordedAssessment).window
    said = as_moment(window.began) if window is not None else None
    return said or (situation.volume.began if situation.volume is not None else None)


def abuse_began_text(situation: Situation, unknown: str = "") -> str:
    """Return the same to the minute, UTC; ``unknown`` where nobody can tell."""
    began = abuse_began(situation)
    return f"{began:%Y-%m-%d %H:%M}Z" if began is not None else unknown


def stolen(situation: Situation) -> dict[str, str]:
    """Return the credentials that are known to have been in the intruder's hands, each with since when.

    Credentials are named as in the log (``key:<id>``, ``smtp:<login>``), moments to the minute, ``""`` where unknown.
    Grounds: it sent with them in the last hour, or in the log as it was assessed and judged, or a file in which they
    stood was fetched; the earliest counts.
    """
    state = situation.state
    seen = [
        *(
            (name, "")
            for name, use in state.known(CredentialUses).by_credential.items()
            if _theirs(use.looks)
        ),
        *(_taken(one) for one in state.known(LeaksFound).thefts),
        *(
            (one.credential, one.first)
            for one in state.known(RecordedAssessment).senders
            if one.is_the_intruders
        ),
    ]
    first: dict[str, str] = {}
    for name, at in seen:
        moment = as_moment(at)
        text = f"{moment:%Y-%m-%d %H:%M}Z" if moment is not None else ""
        first[name] = min(filter(None, (first.get(name, ""), text)), default="")
    return first


def through_own_server(situation: Situation) -> bool:
    """Return whether all the intruder's mail came from where the customer's own comes from: a form or server of theirs.

    False before the log was assessed. Then no credential needs to have been stolen.
    """
    senders = situation.state.known(RecordedAssessment).senders
    theirs = {address for one in senders if one.is_the_intruders for address in one.addresses}
    own = {address for one in senders if one.is_ours for address in one.addresses}
    return bool(theirs) and theirs <= own


def exposed(situation: Situation) -> frozenset[str]:
    """Return the credentials that anybody could fetch, now or until a later search found the place closed."""
    found = situation.state.known(LeaksFound)
    rows: list[FoundLeak | ClosedLeak] = [row for row in found.exposures if row.exposed and not row.accepted]
    rows += found.closed
    keys = {f"key:{row.key_id}" for row in rows if row.key_id}
    return frozenset(keys | {f"smtp:{login}" for row in rows for login in row.logins})


def _taken(theft: FoundTheft) -> tuple[str, str]:
    """Return the credential and when it was taken; where no fetch is sure, its first use is the latest moment."""
    name = f"key:{theft.key_id}" if theft.key_id else f"smtp:{theft.login}"
    return name, (theft.not_before if theft.fetched_by else theft.not_after) or ""


def _theirs(looks: str) -> bool:
    return looks in (INTRUDER, BOTH)
