"""Records of what an account holds, as the API names it (dossier B). Values are verbatim and may be hostile.

Show them through ``workbench.core.redact.visible``; never format them into markup, a shell or a spreadsheet.
All moments are aware and in UTC; None means the account does not say.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from workbench.core.redact import Secret
from workbench.mailgun.records import Record


class Key(Record, frozen=True, kw_only=True):
    """An API key: ``kind`` user, domain or web; ``role`` admin, basic, developer, support or sending."""

    id: str
    description: str | None = None
    kind: str | None = None
    role: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    expires_at: datetime | None = None
    is_disabled: bool = False
    disabled_reason: str | None = None
    domain_name: str | None = None
    requestor: str | None = None
    user_name: str | None = None


class NewKey(Struct, frozen=True, kw_only=True):
    """A key just created, with the secret that the API shows this once."""

    key: Key
    secret: Secret


class SmtpCredential(Record, frozen=True, kw_only=True):
    """An SMTP login. A reset leaves no date (dossier F); ``mailbox`` repeats the login."""

    login: str
    mailbox: str | None = None
    created_at: datetime | None = None


class NewPassword(Struct, frozen=True, kw_only=True):
    """The answer to creating or resetting a login; ``password`` only where the server chose it."""

    login: str
    password: Secret | None = None
    message: str = ""


class SignIn(Struct, frozen=True, kw_only=True):
    """How a user signs in: ``method`` is ``sinch`` for a Sinch ID (dossier A4)."""

    method: str | None = None
    prior_method: str | None = None


class User(Record, frozen=True, kw_only=True):
    """A person who can sign in to the control panel. The API has neither creation nor last sign-in date."""

    id: str
    email: str | None = None
    name: str | None = None
    role: str | None = None
    activated: bool | None = None
    is_disabled: bool = False
    is_master: bool = False
    opened_ip: str | None = None
    tfa_enabled: bool | None = None
    tfa_active: bool | None = None
    tfa_created_at: datetime | None = None
    password_updated_at: datetime | None = None
    auth: SignIn | None = None
    github_user_id: Any = None
    salesforce_user_id: Any = None
    migration_status: str | None = None
    account_id: str | None = None


class Disabled(Struct, frozen=True, kw_only=True):
    """Why and until when a domain or queue is stopped; ``until`` as the API writes it."""

    code: str | None = None
    reason: str | None = None
    note: str | None = None
    permanently: bool | None = None
    until: str | None = None


class DnsRecord(Struct, frozen=True, kw_only=True):
    """A DNS record the vendor expects, and whether it found it (``valid``: valid, unknown, invalid)."""

    name: str | None = None
    record_type: str | None = None
    value: str | None = None
    valid: str | None = None
    is_active: bool | None = None
    priority: str | int | None = None
    cached: tuple[str, ...] = ()


class Domain(Record, frozen=True, kw_only=True):
    """A sending domain, with the settings an intruder may have changed (dossier F)."""

    name: str
    id: str | None = None
    state: str | None = None
    type: str | None = None
    created_at: datetime | None = None
    is_disabled: bool = False
    disabled: Disabled | None = None
    smtp_login: str | None = None
    subaccount_id: str | None = None
    archive_to: str | None = None
    tracking_host: str | None = None
    web_prefix: str | None = None
    web_scheme: str | None = None
    wildcard: bool | None = None
    spam_action: str | None = None
    require_tls: bool | None = None
    skip_verification: bool | None = None
    encrypt_incoming_message: bool | None = None
    message_ttl: int | None = None
    mailfrom_host: str | None = None
    use_automatic_sender_security: bool | None = None
    sending_dns_records: tuple[DnsRecord, ...] = ()
    receiving_dns_records: tuple[DnsRecord, ...] = ()

    @property
    def is_sandbox(self) -> bool:
        """True for the account's sandbox domain, which cannot be deleted (dossier A4)."""
        return self.type == "sandbox" or (
            self.name.startswith("sandbox") and self.name.endswith(".mailgun.org")
        )


class QueueState(Struct, frozen=True, kw_only=True):
    """Whether one sending queue is stopped."""

    is_disabled: bool = False
    disabled: Disabled | None = None


class SendingQueues(Record, frozen=True, kw_only=True):
    """The state of a domain's two queues; the API tells no length."""

    regular: QueueState = QueueState()
    scheduled: QueueState = QueueState()


class TrackingSwitch(Struct, frozen=True, kw_only=True):
    """One kind of tracking; ``active`` is true, false or (clicks) ``htmlonly``."""

    active: bool | str | None = None
    html_footer: str | None = None
    text_footer: str | None = None
    place_at_the_top: bool | None = None


class Tracking(Record, frozen=True, kw_only=True):
    """A domain's tracking settings; footers can carry a phishing link (dossier B2)."""

    open: TrackingSwitch | None = None
    click: TrackingSwitch | None = None
    unsubscribe: TrackingSwitch | None = None
    web_scheme: str | None = None


class DkimKey(Record, frozen=True, kw_only=True):
    """A DKIM signing key of a domain. It has no age: only a baseline shows a stranger's."""

    signing_domain: str | None = None
    selector: str | None = None
    dns_record: DnsRecord | None = None


class Subaccount(Record, frozen=True, kw_only=True):
    """A subaccount: ``status`` open, disabled or closed. It repeats every hiding place of an account."""

    id: str
    name: str | None = None
    status: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class AllowEntry(Record, frozen=True, kw_only=True):
    """One address or network of the IP allowlist; no date, no author."""

    ip_address: str
    description: str | None = None


class Limit(Record, frozen=True, kw_only=True):
    """The custom monthly sending limit: messages allowed, messages used, period (``1m``)."""

    limit: float | None = None
    current: float | None = None
    period: str | None = None


class Route(Record, frozen=True, kw_only=True):
    """An inbound route; a changed route keeps its old date."""

    id: str
    priority: int | None = None
    description: str | None = None
    expression: str | None = None
    actions: tuple[str, ...] = ()
    created_at: datetime | None = None


class DomainWebhooks(Record, frozen=True, kw_only=True):
    """The addresses that get copies of a domain's events, by event type."""

    urls: dict[str, list[str]] = field(default_factory=dict)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield each event type with each of its addresses."""
        for kind, addresses in self.urls.items():
            for address in addresses:
                yield kind, address


class AccountWebhook(Record, frozen=True, kw_only=True):
    """A webhook of the whole account, per region."""

    webhook_id: str
    description: str | None = None
    url: str | None = None
    event_types: tuple[str, ...] = ()
    created_at: datetime | None = None


class TemplateVersion(Record, frozen=True, kw_only=True):
    """One version of a template; ``headers`` may override From, Subject and Reply-To (dossier B4)."""

    tag: str
    id: str | None = None
    template: str | None = None
    mjml: str | None = None
    engine: str | None = None
    created_at: datetime | None = field(default=None, name="createdAt")
    comment: str | None = None
    active: bool | None = None
    headers: dict[str, Any] = field(default_factory=dict)


class Template(Record, frozen=True, kw_only=True):
    """A stored template. ``created_by`` is free text and proves nothing."""

    name: str
    id: str | None = None
    description: str | None = None
    created_at: datetime | None = field(default=None, name="createdAt")
    created_by: str | None = field(default=None, name="createdBy")
    version: TemplateVersion | None = None
    versions: tuple[TemplateVersion, ...] = ()


class MailingList(Record, frozen=True, kw_only=True):
    """A mailing list; ``access_level`` everyone lets anybody write to it."""

    address: str
    name: str | None = None
    description: str | None = None
    access_level: str | None = None
    reply_preference: str | None = None
    created_at: datetime | None = None
    members_count: int | None = None


class ListMember(Record, frozen=True, kw_only=True):
    """A member of a mailing list."""

    address: str
    name: str | None = None
    subscribed: bool | None = None
    vars: Any = None


class Suppression(Record, frozen=True, kw_only=True):
    """A bounced, complaining or unsubscribed address."""

    address: str
    created_at: datetime | None = None
    code: str | int | None = None
    error: str | None = None
    tags: tuple[str, ...] = ()
    count: int | None = None


class WhitelistEntry(Record, frozen=True, kw_only=True):
    """An address or domain that is never suppressed."""

    value: str
    type: str | None = None
    reason: str | None = None
    created_at: datetime | None = field(default=None, name="createdAt")


class SandboxRecipient(Record, frozen=True, kw_only=True):
    """Somebody the sandbox domain may write to."""

    email: str
    activated: bool | None = None


class Ip(Record, frozen=True, kw_only=True):
    """A sending address of the account."""

    ip: str
    dedicated: bool | None = None
    is_on_warmup: bool | None = None


class IpPool(Record, frozen=True, kw_only=True):
    """A pool of dedicated addresses."""

    pool_id: str
    name: str | None = None
    description: str | None = None
    ips: tuple[str, ...] = ()
    is_linked: bool | None = None
    is_inherited: bool | None = None


class PoolMove(Record, frozen=True, kw_only=True):
    """A domain moved between the good and the poor shared pool."""

    id: str | None = None
    domain_name: str | None = None
    new_band: str | None = None
    prev_band: str | None = None
    reason: str | None = None
    bounce_rate: float | None = None
    complaint_rate: float | None = None
    initiated_by: str | None = None
    timestamp: datetime | None = None
