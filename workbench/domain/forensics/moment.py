"""One moment of the timeline: when, where it is known from, what happened. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MomentKind(StrEnum):
    """Where a moment comes from; what a reader filters by."""

    ACCOUNT = "account"
    SETTING = "setting"
    LOG = "log"
    EXPOSURE = "exposure"
    LISTING = "listing"
    EFFECT = "effect"
    INCIDENT = "incident"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """Something that happened. ``text`` may quote hostile names, made harmless already.

    ``about`` names the finding a judgement of it is kept under, empty where nobody judges it.
    """

    at: datetime
    kind: MomentKind
    text: str
    suspicious: bool = False
    about: str = ""
