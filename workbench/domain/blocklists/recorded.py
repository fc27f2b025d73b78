"""What is read beside the look-ups of the blocklists, as the journal keeps it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from workbench.domain.model.facts import RecordedFact


class RefusalsOfAnHour(msgspec.Struct, frozen=True):
    """How often one provider refused for one reason within one hour (``hour`` is its beginning, ISO 8601 UTC)."""

    hour: str = ""
    provider: str = ""
    count: int = 0
    kind: str = ""
    is_listing: bool = False
    means: str = ""
    todo: str = ""
    page: str = ""
    zone: str = ""
    tier: int | None = None
    do_not_pay: str = ""
    addresses: tuple[str, ...] = ()
    sample: str = ""


class RefusalReason(msgspec.Struct, frozen=True):
    """How often one provider refused for one reason in all that was read, and its first and last hour (ISO, UTC)."""

    provider: str = ""
    count: int = 0
    kind: str = ""
    is_listing: bool = False
    means: str = ""
    todo: str = ""
    page: str = ""
    first: str = ""
    last: str = ""


class NotUnderstood(msgspec.Struct, frozen=True):
    """How many refusals of a provider nothing known fits, with some of their texts."""

    provider: str = ""
    count: int = 0
    samples: tuple[str, ...] = ()


class RefusalQuote(msgspec.Struct, frozen=True):
    """The text of a refusal that names a zone, and the address its mail left from."""

    zone: str = ""
    sent_from: str = ""
    text: str = ""


class RefusalsRead(RecordedFact, frozen=True, tag="refusals"):
    """Who refused mail of the last days and why (see ``refusals.refusals_read``), and what of the log was read.

    ``read`` counts log entries, ``whole`` says whether they were all, ``gaps`` what could not be read;
    ``from_domains`` are the From domains of refused mail that are none of the account's.
    """

    since: str = ""
    as_of: str = ""
    read: int = 0
    whole: bool = False
    gaps: tuple[str, ...] = ()
    kinds: Mapping[str, int] = {}
    providers: Mapping[str, int] = {}
    by_zone: Mapping[str, int] = {}
    counts: tuple[RefusalsOfAnHour, ...] = ()
    reasons: tuple[RefusalReason, ...] = ()
    not_understood: tuple[NotUnderstood, ...] = ()
    quotes: tuple[RefusalQuote, ...] = ()
    sample: str = ""
    from_domains: tuple[str, ...] = ()


class HealthDay(msgspec.Struct, frozen=True):
    """Messages of one day (UTC): delivered, complained about and bounced, and how bad that is in a word."""

    day: date
    delivered: int = 0
    complaints: int = 0
    bounced: int = 0
    level: str = ""


class SendingHealth(RecordedFact, frozen=True, tag="sending_health"):
    """Delivered, complaints and bounces of each of the last days, oldest first."""

    as_of: str = ""
    gaps: tuple[str, ...] = ()
    days: tuple[HealthDay, ...] = ()


class GmailSpamDay(msgspec.Struct, frozen=True):
    """The share of a domain's mail that Gmail's users called spam on one day (ISO date)."""

    domain: str = ""
    day: str = ""
    spam: float = 0.0


class GmailRates(RecordedFact, frozen=True, tag="gmail_rates"):
    """Gmail's own share of mail called spam; ``gap`` says why there is none."""

    as_of: str = ""
    gap: str = ""
    days: tuple[GmailSpamDay, ...] = ()


class LinkedHosts(RecordedFact, frozen=True, tag="linked_hosts"):
    """The hosts that recipients of the last days clicked on, the most clicked first."""

    as_of: str = ""
    hosts: tuple[str, ...] = ()
    whole: bool = False
    gaps: tuple[str, ...] = ()


class TemplateLinks(RecordedFact, frozen=True, tag="template_links"):
    """The hosts that stored templates link to."""

    hosts: tuple[str, ...] = ()


class AcceptedTerms(RecordedFact, frozen=True, tag="blocklist_terms"):
    """The zones of the lists whose terms the operator accepted in this incident."""

    zones: tuple[str, ...] = ()
    by: str = ""


class VendorsOwnListing(msgspec.Struct, frozen=True):
    """A listing that the vendor's own monitoring tells of."""

    subject: str = ""
    zone: str = ""
    title: str = ""
    first_seen: str | None = None


class VendorMonitoring(RecordedFact, frozen=True, tag="vendor_monitoring"):
    """What the vendor's own monitoring calls listed; ``gap`` says why it cannot be read."""

    listed: tuple[VendorsOwnListing, ...] = ()
    gap: str = ""

    def after(self, before: VendorMonitoring | None) -> VendorMonitoring:
        """Return it with what the reading ``before`` told, where this one could not be read whole."""
        if before is None or not self.gap:
            return self
        now = {(one.subject, one.zone) for one in self.listed}
        kept = tuple(one for one in before.listed if (one.subject, one.zone) not in now)
        return VendorMonitoring(listed=(*self.listed, *kept), gap=self.gap)
