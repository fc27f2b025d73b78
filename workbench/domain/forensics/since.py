"""Since when somebody else sent, and with which credentials: one answer for judgements and papers. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from workbench.core.clock import as_moment
from workbench.domain.forensics.attribution import OTHER
from workbench.domain.forensics.planted import planted
from workbench.domain.forensics.recorded import RecordedAssessment
from workbench.domain.forensics.senders import MOST
from workbench.domain.leaks.recorded import ClosedLeak, FoundLeak, FoundTheft, LeaksFound
from workbench.domain.model.credential_use import BOTH, INTRUDER, CredentialUses
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State


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


def first_sign(situation: Situation) -> tuple[datetime, str] | None:
    """Return the earliest moment at which somebody else shows, and what shows them; None where nothing does.

    A secret is fetched, and things are made in the account, before any mail goes out.
    """
    thefts = situation.state.known(LeaksFound).thefts
    signs = [
        *((as_moment(one.not_before), "a secret was fetched") for one in thefts if one.fetched_by),
        *((at, "something was made that may not be ours") for at in planted(situation.state).values()),
        (abuse_began(situation), "mail that is not ours"),
    ]
    return min(((at, what) for at, what in signs if at is not None), default=None)


def stolen(situation: Situation) -> dict[str, str]:
    """Return the credentials that are known to have been in the intruder's hands, each with since when.

    Credentials are named as in the log (``key:<id>``, ``smtp:<login>``), moments to the minute, ``""`` where unknown.
    Grounds: it sent with them in the last hour, or in the log as it was assessed and judged, or a file in which they
    stood was fetched; the earliest counts.
    """
    thefts = situation.state.known(LeaksFound).thefts
    seen = [*_used(situation.state), *(_taken(one) for one in thefts if one.key_id or one.login)]
    first: dict[str, str] = {}
    for name, at in seen:
        moment = as_moment(at)
        text = f"{moment:%Y-%m-%d %H:%M}Z" if moment is not None else ""
        first[name] = min(filter(None, (first.get(name, ""), text)), default="")
    return first


def used_by_the_intruder(situation: Situation) -> frozenset[str]:
    """Return the credentials that the intruder was seen to send with, as the log names them."""
    return frozenset(name for name, _ in _used(situation.state))


def _used(state: State) -> Iterator[tuple[str, str]]:
    """Yield what the intruder sent with, by the last hour and by the log as it was judged, and since when if told."""
    for name, use in state.known(CredentialUses).by_credential.items():
        if use.looks in (INTRUDER, BOTH):
            yield name, ""
    for one in state.known(RecordedAssessment).senders:
        if one.is_the_intruders:
            yield one.credential, one.first


def through_own_server(situation: Situation) -> bool:
    """Return whether all the intruder's mail came from where the customer's own comes from: a form or server of theirs.

    False before the log was assessed, and where it does not tell every address: one that is not named is not ours.
    Then no credential needs to have been stolen.
    """
    senders = situation.state.known(RecordedAssessment).senders
    strange = [one for one in senders if one.is_the_intruders]
    theirs = {address for one in strange for address in one.addresses}
    own = {address for one in senders if one.is_ours for address in one.addresses} - {"", OTHER}
    # Of a sender with many addresses only the busiest are kept.
    return bool(theirs) and theirs <= own and all(len(one.addresses) < MOST for one in strange)


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
