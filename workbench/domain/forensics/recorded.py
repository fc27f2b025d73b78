"""What was found out about the abuse, as the journal and the documents keep it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from workbench.domain.forensics.moment import MomentKind
from workbench.domain.model.credential_use import INTRUDER, PRODUCTION
from workbench.domain.model.facts import RecordedFact


class RecordedSender(msgspec.Struct, frozen=True):
    """What one credential sent under one sender's name (see ``Sender``); addresses and subjects busiest first."""

    kind: str = "sender"
    id: str = ""
    key: str = ""
    where: tuple[str, ...] = ()
    severity: str = ""
    looks: str = ""
    why: tuple[str, ...] = ()
    decision: str | None = None
    credential: str = ""
    sender: str = ""
    method: str = ""
    accepted: int = 0
    failed: int = 0
    complained: int = 0
    scheduled: int = 0
    first: str = ""
    last: str = ""
    addresses: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()

    @property
    def is_the_intruders(self) -> bool:
        """Return whether it was judged the intruder's, or looks so and nobody judged it."""
        return (self.decision or self.looks) == INTRUDER

    @property
    def is_ours(self) -> bool:
        """Return whether it was judged the customer's own, or looks so and nobody judged it."""
        return (self.decision or self.looks) in (PRODUCTION, "ours")

    @property
    def is_unclear(self) -> bool:
        """Return whether nobody can tell yet whose it is: it looks like neither, and nobody judged it."""
        return not self.decision and self.looks not in (INTRUDER, PRODUCTION)


class RecordedTally(msgspec.Struct, frozen=True):
    """What became of some messages (see ``Tally``); ``by_provider`` counts those delivered."""

    accepted: int = 0
    delivered: int = 0
    failed: int = 0
    temporary: int = 0
    opened: int = 0
    clicked: int = 0
    complained: int = 0
    unsubscribed: int = 0
    recipients: int = 0
    recipients_exact: bool = False
    by_provider: Mapping[str, int] = {}


class AddedSuppressions(msgspec.Struct, frozen=True):
    """How many suppressions of a domain the abuse added, by table."""

    domain: str = ""
    table: str = ""
    count: int = 0


class HealthSign(msgspec.Struct, frozen=True):
    """One sign of how the account stands: ``bad`` where it is beyond a limit."""

    subject: str = ""
    what: str = ""
    bad: bool = False


class ListMailed(msgspec.Struct, frozen=True):
    """A mailing list of the account that the intruder wrote to: messages accepted, members where they were read."""

    address: str = ""
    accepted: int = 0
    members: int | None = None


class RecordedDamage(msgspec.Struct, frozen=True):
    """What the abuse did (see ``Damage``); a tally is None where nothing was counted."""

    intruder: RecordedTally | None = None
    intruder_and_unclear: RecordedTally | None = None
    suppressions_added: tuple[AddedSuppressions, ...] = ()
    complaints_kept: int = 0
    health: tuple[HealthSign, ...] = ()
    lists_mailed: tuple[ListMailed, ...] = ()
    notes: tuple[str, ...] = ()


class RecordedHour(msgspec.Struct, frozen=True):
    """One hour of a window (see ``HourSeen``); ``bar`` None where an older version kept only ``abnormal``."""

    start: str = ""
    accepted: int = 0
    usual: float = 0.0
    bar: float | None = None
    abnormal: bool = False


class RecordedShare(msgspec.Struct, frozen=True):
    """One value of a window's breakdown (see ``Share``)."""

    value: str = ""
    accepted: int = 0
    usual: float = 0.0


class RecordedWindow(msgspec.Struct, frozen=True, rename={"began": "from", "ended": "to"}):
    """The window of the abuse (see ``AbuseWindow``); moments in ISO 8601 UTC, None where there is none."""

    began: str | None = None
    ended: str | None = None
    as_of: str | None = None
    last: str | None = None
    source: str = ""
    accepted: int = 0
    above_usual: int = 0
    explained: str = ""
    by: Mapping[str, tuple[RecordedShare, ...]] = {}
    hours: tuple[RecordedHour, ...] = ()
    notes: tuple[str, ...] = ()


class Loot(msgspec.Struct, frozen=True):
    """Messages of a sender whose subject has the shape of a secret."""

    key: str = ""
    credential: str = ""
    sender: str = ""
    addresses: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()


class FollowedLink(msgspec.Struct, frozen=True):
    """How often a link of the intruder's mail, by its shape, was followed, by the domain it was sent for."""

    link: str = ""
    domain: str = ""
    clicks: int = 0


class RecordedAssessment(RecordedFact, frozen=True, tag="assessment"):
    """What happened, in sentences and figures (see ``Assessment``); ``missing`` names what could not be read.

    ``since`` is the journal's last row before the log was read, None in older journals.
    """

    lines: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    loot: tuple[Loot, ...] = ()
    window: RecordedWindow | None = None
    damage: RecordedDamage = RecordedDamage()
    senders: tuple[RecordedSender, ...] = ()
    abused_domains: tuple[str, ...] = ()
    cleared_domains: tuple[str, ...] = ()
    links: tuple[FollowedLink, ...] = ()
    entries: int = 0
    since: int | None = None


class KeptMoment(msgspec.Struct, frozen=True):
    """A date of the account that outlives the thing it belonged to (see ``Moment``)."""

    at: str = ""
    kind: MomentKind = MomentKind.ACCOUNT
    text: str = ""
    odd: bool = False
    about: str = ""


class KeptMoments(RecordedFact, frozen=True, tag="moments"):
    """The account's own dates that are kept, oldest first."""

    moments: tuple[KeptMoment, ...] = ()


class LostMail(RecordedFact, frozen=True, tag="lost"):
    """How much own mail was lost since a moment: by reason, and by kind of message what is worth sending again.

    ``never_accepted`` is about how many messages fewer than usual were accepted, None where nobody can tell;
    ``missing`` names what of the log could not be read for it.
    """

    since: str = ""
    as_of: str = ""
    why: Mapping[str, int] = {}
    templates: Mapping[str, int] = {}
    again: int = 0
    people: int = 0
    never_accepted: int | None = None
    missing: tuple[str, ...] = ()
