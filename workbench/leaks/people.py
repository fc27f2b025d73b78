"""Or a person: a phished or stolen panel session leaves no file, only keys that somebody made.

The guidance names phishing, weak or reused passwords, malware and open Wi-Fi. What the account shows is who
made the planted keys and when; what only the person knows is asked, and the answer is attested.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from workbench.core.redact import key_tail, visible
from workbench.core.words import plural


@dataclass(frozen=True, slots=True)
class PlantedKey:
    """A key nobody on the team made: id, kind (``web`` is a panel session), when, under whose name.

    ``requestor`` and ``user_name`` are the listing's own fields, empty where it has none.
    """

    id: str
    created_at: datetime | None
    kind: str = ""
    requestor: str = ""
    user_name: str = ""


@dataclass(frozen=True, slots=True)
class PanelUser:
    """A user of the panel, as far as it matters here; ``known`` is False for a stranger."""

    id: str
    name: str
    email: str
    role: str = ""
    two_factor: bool | None = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class PersonSuspicion:
    """A person whose session or password was probably used: why, what to ask, what to check before trust."""

    person: PanelUser
    keys: tuple[str, ...]
    why: tuple[str, ...]
    questions: tuple[str, ...]
    check: str


@dataclass(frozen=True, slots=True)
class PersonAnswer:
    """What somebody said, attested: who, when, to which question. Never proof by itself."""

    person: str
    question: str
    text: str
    attested_by: str
    at: datetime


_SESSION = "a web key is a panel session: somebody was logged in as this person"
_QUESTIONS = (
    "Did you create the key {tail} on {when}?",
    "Were you logged in to Mailgun around {when}, and from which network (open Wi-Fi, hotel, home)?",
    "In the days before, did you follow a link in a mail about Mailgun, Sinch, billing or a suspended "
    "account?",
    "Is your Mailgun password used anywhere else, or was it ever sent in a chat or stored in a browser?",
    "Did your computer warn of malware, run unknown software, or show new browser extensions?",
)


def suspicions(keys: Iterable[PlantedKey], people: Iterable[PanelUser]) -> tuple[PersonSuspicion, ...]:
    """Return one suspicion for each known person under whose name keys were planted, most keys first.

    A stranger's own keys raise none: a stranger is removed, not asked. Keys without any name are left to
    ``nameless``.
    """
    users = list(people)
    by_person: dict[str, list[PlantedKey]] = {}
    for key in keys:
        owner = _owner(key, users)
        if owner is not None and owner.known:
            by_person.setdefault(owner.id, []).append(key)
    named = {person.id: person for person in users}
    found = [_suspicion(named[person_id], planted) for person_id, planted in by_person.items()]
    return tuple(sorted(found, key=lambda one: (-len(one.keys), one.person.email)))


def nameless(keys: Iterable[PlantedKey], people: Iterable[PanelUser]) -> tuple[PlantedKey, ...]:
    """Return the planted keys that no user of the panel can be named for."""
    users = list(people)
    return tuple(key for key in keys if _owner(key, users) is None)


def _owner(key: PlantedKey, people: list[PanelUser]) -> PanelUser | None:
    return called(people, key.requestor, key.user_name)


class Identified(Protocol):
    """What a text may name a person by."""

    @property
    def id(self) -> str:
        """The id that the account gives."""

    @property
    def email(self) -> str | None:
        """The address."""

    @property
    def name(self) -> str | None:
        """The name, which anybody may give themselves."""


_Person = TypeVar("_Person", bound=Identified)


def called(people: Iterable[_Person], *marks: str | None) -> _Person | None:
    """Return the person whom any of ``marks`` names: by id or address, or by a name that nobody else goes by."""
    wanted = {mark.strip().lower() for mark in marks if mark and mark.strip()}
    listed = list(people)
    for person in listed:
        if wanted & {person.id.lower(), (person.email or "").lower()}:
            return person
    alike = [person for person in listed if (person.name or "").strip().lower() in wanted]
    return alike[0] if len(alike) == 1 else None


def _suspicion(person: PanelUser, keys: list[PlantedKey]) -> PersonSuspicion:
    why = [f"{plural(len(keys), 'key')} nobody claims were created under this name"]
    if any(key.kind == "web" for key in keys):
        why.append(_SESSION)
    if person.two_factor is False:
        why.append("no second factor: a password alone was enough")
    dated = sorted((key for key in keys if key.created_at is not None), key=_created)
    first = dated[0] if dated else keys[0]
    when = first.created_at.strftime("%Y-%m-%d %H:%M UTC") if first.created_at else "an unknown day"
    questions = tuple(text.format(tail=key_tail(visible(first.id)), when=when) for text in _QUESTIONS)
    check = (
        f"The computer and phone of {visible(person.name or person.email)}: check them before this person is given "
        "any new secret, or the new ones leak the same way."
    )
    return PersonSuspicion(person, tuple(key.id for key in keys), tuple(why), questions, check)


def _created(key: PlantedKey) -> str:
    return key.created_at.isoformat() if key.created_at else ""
