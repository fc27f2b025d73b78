"""What measures are judged by, as the journal keeps it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from workbench.blocklists.dmarc import Dmarc
from workbench.domain.model.facts import RecordedFact


class ScoreBefore(RecordedFact, frozen=True, tag="hardening_before"):
    """The score before anything was changed, and how many keys each panel user had made, by user id."""

    percent: int | None = None
    reached: int = 0
    possible: int = 0
    key_makers: Mapping[str, int] = {}


class SeenDkimKey(msgspec.Struct, frozen=True):
    """A DKIM key that a sweep read; ``bytes`` is the length of its public part, 0 where it cannot be read."""

    domain: str = ""
    selector: str = ""
    active: bool = False
    valid: str = ""
    bytes: int = 0
    record: str = ""
    sandbox: bool = False


class SeenAlert(msgspec.Struct, frozen=True):
    """An alert rule that a sweep read."""

    place: str = ""
    name: str = ""
    metric: str = ""


class SettingsSeen(RecordedFact, frozen=True, tag="settings_seen"):
    """The DKIM keys and alert rules that the latest sweep read."""

    dkim: tuple[SeenDkimKey, ...] = ()
    alerts: tuple[SeenAlert, ...] = ()


class DmarcRead(RecordedFact, frozen=True, tag="dmarc"):
    """The latest reading of the DMARC records of the account's domains."""

    as_of: str = ""
    domains: tuple[Dmarc, ...] = ()
