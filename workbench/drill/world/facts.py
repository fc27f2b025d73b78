"""The facts a drill's story is made of, and the pseudo-random numbers that everything follows from."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Owner = Literal["production", "intruder", "operator", "idle"]
PRIMARY = "us"


@dataclass(frozen=True)
class CustomerHost:
    """A machine of the customer's: its address is what the logs show as ``originating-ip``."""

    name: str
    ip: str
    role: str


@dataclass(frozen=True)
class DomainFact:
    """A sending domain. ``kind`` is ``custom`` or ``sandbox``; ``created`` is in UTC."""

    region: str
    name: str
    kind: str
    created: datetime


@dataclass(frozen=True)
class LoginFact:
    """An SMTP login with its password. ``owner`` says who uses it; a ``stolen`` one the intruder has too."""

    region: str
    domain: str
    login: str
    password: str = field(repr=False)
    created: datetime = field(compare=False)
    owner: Owner = "idle"
    planted: bool = False
    stolen: bool = False


@dataclass(frozen=True)
class PlantedKeyFact:
    """An API key. ``domain`` is set for sending keys; ``planted`` means the intruder made it."""

    name: str
    id: str
    secret: str = field(repr=False)
    kind: str
    role: str
    created: datetime
    owner: Owner
    domain: str = ""
    region: str = PRIMARY
    requestor: str = ""
    user_name: str = ""
    planted: bool = False
    stolen: bool = False


@dataclass(frozen=True)
class UserFact:
    """A panel user. ``planted`` is a stranger; ``method`` is how they log in (classic, sinch, saml)."""

    id: str
    name: str
    email: str
    role: str
    method: str
    is_owner: bool
    two_factor: bool
    password_set: datetime
    planted: bool = False


@dataclass(frozen=True)
class LeakFact:
    """What got out. ``kind`` as in Scenario.leak; ``ref`` is the key id or login; ``path`` is on the web."""

    kind: str
    ref: str
    secret: str = field(repr=False)
    path: str
    taken_at: datetime
    taken_from: str
    first_use: datetime


def digest(*parts: object) -> int:
    """Return a 64-bit number that depends on every part: the seed of everything pseudo-random here."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def hexes(rng: random.Random, size: int) -> str:
    """Return ``size`` random hex digits."""
    return f"{rng.getrandbits(size * 4):0{size}x}"


def current_secret(rng: random.Random) -> str:
    """Return a secret in the current 32-8-8 form (API keys and generated SMTP passwords, dossier A2)."""
    return f"{hexes(rng, 32)}-{hexes(rng, 8)}-{hexes(rng, 8)}"
