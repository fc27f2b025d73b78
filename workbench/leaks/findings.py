"""One finding per secret with all its places; whether it still lives; whether the baseline accepts it.

Liveness comes from the account's own listing and from proofs made elsewhere, handed in as facts: a scanner's
probe calls a live sending key dead (dossier fact 4), so nothing here ever sends a secret anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from workbench.core.redact import Secret
from workbench.leaks.gate import Gate
from workbench.leaks.model import LeakPlace, Match, SecretKind, key_id_of, masked

# Places shown for one secret; the rest is counted.
MOST_PLACES = 200


class Liveness(StrEnum):
    """Whether a secret still opens the account."""

    LIVE = "live"
    DEAD = "dead"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key of the account's listing: its id, ``kind`` (domain, user, web), role, description, state."""

    id: str
    kind: str = ""
    role: str = ""
    description: str = ""
    created_at: str = ""
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What the account shows, for matching found secrets offline.

    ``deleted_ids`` maps the ids of keys proven gone to when they were deleted (ISO 8601). ``proven`` maps
    fingerprints (``Secret.fingerprint`` with the incident's key) to what a proof with its positive control showed,
    ``said`` the same fingerprints to how.
    ``resets`` maps logins to when their new password was proven; ``current`` holds the fingerprints of those
    new passwords, None where the vault was not asked; ``gone`` maps logins proven deleted to when. ``read_at`` is
    when the listing was read.
    """

    keys: tuple[ListedKey, ...] = ()
    deleted_ids: Mapping[str, str] = field(default_factory=dict)
    logins: frozenset[str] = frozenset()
    proven: Mapping[str, Liveness] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    resets: Mapping[str, str] = field(default_factory=dict)
    current: frozenset[str] | None = None
    gone: Mapping[str, str] = field(default_factory=dict)
    read_at: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A found secret that a proof may be asked about: its fingerprint, kind, value, the logins beside it."""

    fingerprint: str
    kind: SecretKind
    secret: Secret
    logins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeakFinding:
    """One secret: what it is, whether it lives, where it lies. Holds no value, only the keyed fingerprint."""

    id: str
    kind: SecretKind
    fingerprint: str
    shown: str
    key_id: str
    known: str
    account: str
    liveness: Liveness
    why: str
    severity: str
    accepted: bool
    where: tuple[LeakPlace, ...]
    more_places: int = 0

    @property
    def open(self) -> bool:
        """Whether it still needs somebody: neither accepted by the baseline nor proven dead."""
        return not self.accepted and self.liveness is not Liveness.DEAD


@dataclass(slots=True)
class _Group:
    secret: Secret
    kind: SecretKind
    known: str
    places: dict[tuple[str, str, str, int, str, str], LeakPlace] = field(default_factory=dict)
    more: int = 0


# A place's own word on the kind beats the shape's: the more specific wins when places disagree.
_RANK = {
    SecretKind.UNKNOWN_50: 0,
    SecretKind.API_KEY: 1,
    SecretKind.SIGNING_KEY: 2,
    SecretKind.SENDING_KEY: 3,
    SecretKind.SMTP_PASSWORD: 3,
    SecretKind.PUBLIC_KEY: 4,
}


class Collector:
    """Gathers matches by secret. ``key`` is the HMAC key of the fingerprints."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._groups: dict[str, _Group] = {}

    def __call__(self, match: Match, place: LeakPlace) -> None:
        """Take one match with its place; the same secret at the same place counts once."""
        fingerprint = match.secret.fingerprint(self._key)
        group = self._groups.get(fingerprint)
        if group is None:
            group = self._groups[fingerprint] = _Group(match.secret, match.kind, match.known)
        if _RANK[match.kind] > _RANK[group.kind]:
            group.kind = match.kind
        if match.known and not group.known:
            group.known, group.kind = match.known, match.kind
        slot = (place.origin, place.root, place.path, place.line, place.inside, place.blob)
        if slot in group.places:
            return
        if len(group.places) >= MOST_PLACES:
            group.more += 1
        else:
            group.places[slot] = place

    def gate(self, known: Iterable[Secret] = ()) -> Gate:
        """Return the gate that every text beside the findings passes: all values found, and ``known`` ones."""
        return Gate(
            [*(group.secret.reveal() for group in self._groups.values()), *(one.reveal() for one in known)]
        )

    def fingerprints(self, key: bytes) -> dict[str, str]:
        """Return this collector's fingerprints mapped to those under another key (the baseline's)."""
        return {own: group.secret.fingerprint(key) for own, group in self._groups.items()}

    def candidates(self) -> list[Candidate]:
        """Return every found secret with its value, for a proof that was asked for."""
        return [
            Candidate(fingerprint, group.kind, group.secret, _logins(group))
            for fingerprint, group in self._groups.items()
        ]

    def findings(
        self, facts: AccountFacts | None = None, accepted: Callable[[Secret], bool] | None = None
    ) -> tuple[LeakFinding, ...]:
        """Return the findings: open before settled, grave before harmless, then by place."""
        gate = self.gate()
        found = [
            self._finding(fingerprint, group, facts or AccountFacts(), accepted, gate)
            for fingerprint, group in self._groups.items()
        ]
        order = {"critical": 0, "high": 1, "medium": 2, "low": 3}
        return tuple(
            sorted(
                found, key=lambda one: (not one.open, order[one.severity], one.where[0].path, one.fingerprint)
            )
        )

    def _finding(
        self,
        fingerprint: str,
        group: _Group,
        facts: AccountFacts,
        accepted: Callable[[Secret], bool] | None,
        gate: Gate,
    ) -> LeakFinding:
        key_id = key_id_of(group.secret.reveal())
        listed = next((key for key in facts.keys if key_id and key.id == key_id), None)
        kind = _kind(group.kind, listed)
        places = tuple(
            sorted(
                map(gate.place, group.places.values()),
                key=lambda one: (one.origin, one.root, one.path, one.line),
            )
        )
        logins = tuple(sorted({place.login for place in places} - {""}))
        liveness, why = _liveness(fingerprint, key_id, kind, listed, logins, facts)
        is_key = kind is not SecretKind.SMTP_PASSWORD
        return LeakFinding(
            # A thing of the account carries its own id; anything else the beginning of its fingerprint.
            id=listed.id if listed else f"leak-{fingerprint[:12]}",
            kind=kind,
            fingerprint=fingerprint,
            shown=masked(kind, group.secret),
            key_id=key_id if is_key else "",
            known=group.known,
            account=_account(listed, group, logins, facts),
            liveness=liveness,
            why=why,
            severity=_severity(kind, liveness),
            accepted=accepted(group.secret) if accepted else False,
            where=places,
            more_places=group.more,
        )


def _kind(kind: SecretKind, listed: ListedKey | None) -> SecretKind:
    if listed is None:
        return kind
    sending = listed.kind == "domain" or listed.role == "sending"
    return SecretKind.SENDING_KEY if sending else SecretKind.API_KEY


def _logins(group: _Group) -> tuple[str, ...]:
    return tuple(sorted({place.login for place in group.places.values()} - {""}))


def _liveness(
    fingerprint: str,
    key_id: str,
    kind: SecretKind,
    listed: ListedKey | None,
    logins: tuple[str, ...],
    facts: AccountFacts,
) -> tuple[Liveness, str]:
    proof = facts.proven.get(fingerprint)
    at = f" at {facts.read_at}" if facts.read_at else ""
    if proof is not None and proof is not Liveness.CANNOT_TELL:
        return proof, facts.said.get(fingerprint, "Proven against the account.")
    if listed is not None and not listed.disabled:
        return Liveness.LIVE, f"Its id stands in the account's key list{at}, enabled."
    if listed is not None:
        return Liveness.DEAD, f"Its id stands in the account's key list{at}, disabled."
    if key_id and key_id in facts.deleted_ids:
        return Liveness.DEAD, "A key with its id was deleted and its absence was shown."
    if listed is None and logins and all(login in facts.gone for login in logins):
        return Liveness.DEAD, f"The login was deleted, and its absence shown: {', '.join(logins)}."
    if listed is None and logins and all(login in facts.resets or login in facts.gone for login in logins):
        return _password(fingerprint, logins, facts)
    if proof is not None:
        return proof, facts.said.get(fingerprint, "A proof was tried and could not tell.")
    if kind is SecretKind.PUBLIC_KEY:
        return Liveness.CANNOT_TELL, "A public validation key: it cannot send mail and stands in no list."
    if key_id and facts.keys:
        return (
            Liveness.CANNOT_TELL,
            "Its tail is no id of the account's key list: an SMTP password of the same shape, a deleted "
            "key, or "
            "another account's.",
        )
    if facts.keys or facts.logins:
        return (
            Liveness.CANNOT_TELL,
            "A secret of this form has no id: only a proof with a live call can tell.",
        )
    return Liveness.CANNOT_TELL, "The account was not read, so nothing could be compared."


def _password(fingerprint: str, logins: tuple[str, ...], facts: AccountFacts) -> tuple[Liveness, str]:
    """A login has one password at a time: once it was reset, any other one is dead."""
    when = ", ".join(f"{login} at {facts.resets[login]}" for login in logins if login in facts.resets)
    if facts.current is None:
        return (
            Liveness.CANNOT_TELL,
            f"A new password was proven for {when}; only the open vault can tell whether this is an older one.",
        )
    if fingerprint in facts.current:
        return Liveness.LIVE, f"It is the new password proven for {when}."
    return Liveness.DEAD, f"Another password was set and proven for {when}."


def _account(listed: ListedKey | None, group: _Group, logins: tuple[str, ...], facts: AccountFacts) -> str:
    if listed is not None:
        return " ".join(
            part for part in ("key", listed.id, listed.kind, listed.role, listed.description) if part
        )
    ours = [login for login in logins if login in facts.logins]
    if ours:
        return f"login {', '.join(ours)}"
    return "not in this account" if facts.keys and key_id_of(group.secret.reveal()) else ""


def _severity(kind: SecretKind, liveness: Liveness) -> str:
    if liveness is Liveness.DEAD:
        return "low"
    if kind is SecretKind.PUBLIC_KEY:
        return "low"
    return "critical" if liveness is Liveness.LIVE else "high"


def exit_code(findings: Iterable[LeakFinding]) -> int:
    """Return 1 when any finding is neither accepted nor proven dead, else 0 (design, contracts)."""
    return 1 if any(finding.open for finding in findings) else 0
