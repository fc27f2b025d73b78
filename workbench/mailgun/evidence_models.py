"""Records of what an account did: log events, counts, alerts (dossier B5). Values may be hostile."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from workbench.mailgun.records import Record


class LogDomain(Struct, frozen=True, kw_only=True):
    """The domain of an event."""

    name: str | None = None


class LogAccount(Struct, frozen=True, kw_only=True):
    """The account or subaccount of an event."""

    id: str | None = None
    parent_id: str | None = field(default=None, name="parent-id")


class Envelope(Struct, frozen=True, kw_only=True):
    """The SMTP envelope of a message."""

    sender: str | None = None
    transport: str | None = None
    sending_ip: str | None = field(default=None, name="sending-ip")
    targets: str | None = None


class DeliveryStatus(Struct, frozen=True, kw_only=True):
    """What the receiving server said."""

    code: int | None = None
    message: str | None = None
    description: str | None = None
    attempt_no: int | None = field(default=None, name="attempt-no")
    bounce_type: str | None = field(default=None, name="bounce-type")
    enhanced_code: str | None = field(default=None, name="enhanced-code")
    mx_host: str | None = field(default=None, name="mx-host")
    retry_seconds: float | None = field(default=None, name="retry-seconds")
    tls: bool | None = None


class MessageHeaders(Struct, frozen=True, kw_only=True):
    """The few headers an event keeps."""

    to: str | None = None
    from_: str | None = field(default=None, name="from")
    subject: str | None = None
    message_id: str | None = field(default=None, name="message-id")


class LoggedMessage(Struct, frozen=True, kw_only=True):
    """The message of an event; ``scheduled_for`` as the API writes it (seconds or text)."""

    headers: MessageHeaders | None = None
    size: int | None = None
    scheduled_for: float | str | None = field(default=None, name="scheduled-for")


class MessageStorage(Struct, frozen=True, kw_only=True):
    """Where the message itself is kept, while it is."""

    region: str | None = None
    key: str | None = None
    url: str | list[str] | None = None


class Flags(Struct, frozen=True, kw_only=True):
    """What was special about a message."""

    is_authenticated: bool | None = field(default=None, name="is-authenticated")
    is_routed: bool | None = field(default=None, name="is-routed")
    is_test_mode: bool | None = field(default=None, name="is-test-mode")
    is_system_test: bool | None = field(default=None, name="is-system-test")


class LogTemplate(Struct, frozen=True, kw_only=True):
    """The stored template a message was made from."""

    name: str | None = None
    version: str | None = None


class LogEvent(Record, frozen=True, kw_only=True):
    """One line of the account's log. ``api_key_id`` and ``originating_ip`` stand on accepted events only.

    The nested records may be None; the properties below reach through them.
    """

    id: str | None = None
    event: str | None = None
    timestamp: datetime | None = field(default=None, name="@timestamp")
    method: str | None = None
    originating_ip: str | None = field(default=None, name="originating-ip")
    api_key_id: str | None = field(default=None, name="api-key-id")
    account: LogAccount | None = None
    domain: LogDomain | None = None
    recipient: str | None = None
    recipient_domain: str | None = field(default=None, name="recipient-domain")
    recipient_provider: str | None = field(default=None, name="recipient-provider")
    envelope: Envelope | None = None
    delivery_status: DeliveryStatus | None = field(default=None, name="delivery-status")
    message: LoggedMessage | None = None
    storage: MessageStorage | None = None
    flags: Flags | None = None
    template: LogTemplate | None = None
    tags: tuple[str, ...] = ()
    severity: str | None = None
    reason: str | None = None
    log_level: str | None = field(default=None, name="log-level")
    url: str | None = None
    routes: Any = None
    user_variables: str | None = field(default=None, name="user-variables")

    @property
    def domain_name(self) -> str | None:
        """The sending domain."""
        return self.domain.name if self.domain else None

    @property
    def sender(self) -> str | None:
        """The envelope sender: for SMTP the best sign of which login was used."""
        return self.envelope.sender if self.envelope else None

    @property
    def sending_ip(self) -> str | None:
        """The vendor's address the message left from."""
        return self.envelope.sending_ip if self.envelope else None

    @property
    def subject(self) -> str | None:
        """The subject line."""
        return self.message.headers.subject if self.message and self.message.headers else None

    @property
    def message_id(self) -> str | None:
        """The message id."""
        return self.message.headers.message_id if self.message and self.message.headers else None


class MetricRow(Struct, frozen=True, kw_only=True):
    """Counts of one combination of dimensions: ``dimensions`` name → value, ``metrics`` name → number.

    ``time`` is the start of the interval if that is a dimension. Rates come as text and are numbers here.
    """

    dimensions: dict[str, str]
    metrics: dict[str, float]
    time: datetime | None = None

    def count(self, metric: str) -> int:
        """Return a count, 0 where the account reports none."""
        return int(self.metrics.get(metric, 0))


class StatRow(Struct, frozen=True, kw_only=True):
    """One interval of the older statistics: event → kind (``total``, ``smtp``…) → count."""

    time: datetime | None
    counts: dict[str, dict[str, Any]]

    def total(self, event: str) -> int:
        """Return the total of an event, 0 where there is none."""
        value = self.counts.get(event, {}).get("total", 0)
        return int(value) if isinstance(value, int | float) else 0


class BounceClass(Record, frozen=True, kw_only=True):
    """Why mail is refused, by receiver: the dimension values verbatim, and the counts."""

    entity_name: str | None = field(default=None, name="entity-name")
    domain_name: str | None = field(default=None, name="domain.name")
    criticality: str | None = None
    sending_ip: str | None = field(default=None, name="envelope.sending-ip")
    metrics: dict[str, float] = field(default_factory=dict)


class Book(StrEnum):
    """The two kinds of threshold rules by their path."""

    ALERT = "alerts/send"
    LIMIT = "limits"


class Alert(Record, frozen=True, kw_only=True):
    """A threshold rule, or (with ``triggered``) a threshold that fired. A deleted rule leaves no trace."""

    name: str
    id: str | None = None
    metric: str | None = None
    comparator: str | None = None
    limit: str | float | None = None
    period: str | None = None
    dimension: str | None = None
    dimension_value: str | None = None
    description: str | None = None
    alert_channels: tuple[str, ...] = ()
    filters: tuple[dict[str, Any], ...] = ()
    subaccount_id: str | None = None
    triggered: bool | None = None
    latest_value: str | float | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    last_checked: datetime | None = None
    expires_at: datetime | None = None
