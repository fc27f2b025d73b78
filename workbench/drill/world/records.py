"""The state of the simulated account as plain records; everything here is written to ``state.json``.

Moments are epoch seconds in UTC (floats); the API turns them into whatever date format an endpoint uses.
"""

from __future__ import annotations

from typing import Any

import msgspec


class SimulatedKey(msgspec.Struct):
    """An API key (dossier A2). ``legacy`` secrets are ``key-`` plus 32 hex and have no tail."""

    id: str
    secret: str
    description: str
    kind: str
    role: str
    created: float
    updated: float
    requestor: str = ""
    user_name: str = ""
    user_id: str = ""
    domain: str = ""
    expires: float | None = None
    disabled: str = ""
    # Deleting a key right after it was made fails until this moment (dossier A2, recorded).
    settled_at: float = 0.0
    # Before this moment the secret is not known everywhere yet (the laggy scenario only).
    usable_at: float = 0.0


class SimulatedCredential(msgspec.Struct):
    """An SMTP login of a domain. ``system`` is the undeletable postmaster."""

    login: str
    password: str
    created: float
    system: bool = False
    # The password before, still taken until ``old_until`` (the laggy scenario only).
    old_password: str = ""
    old_until: float = 0.0


class SimulatedUser(msgspec.Struct):
    """A panel user (dossier B1): read-only by API."""

    id: str
    name: str
    email: str
    role: str
    method: str
    is_owner: bool = False
    is_disabled: bool = False
    tfa_enabled: bool = False
    tfa_active: bool = False
    tfa_created: float | None = None
    password_updated: float | None = None
    opened_ip: str = ""


class Allowed(msgspec.Struct):
    """An entry of the IP allowlist: an address or CIDR."""

    address: str
    description: str


class SimulatedDkimKey(msgspec.Struct):
    """A DKIM key of a domain; ``imported`` ones came in as PEM, so somebody else holds the private half."""

    selector: str
    value: str
    active: bool = True
    imported: bool = False


class SimulatedTracking(msgspec.Struct):
    """Tracking settings of a domain."""

    open_active: bool = True
    open_top: bool = False
    click_active: str = "true"
    unsubscribe_active: bool = False
    html_footer: str = '\n<br>\n<p><a href="%unsubscribe_url%">unsubscribe</a></p>\n'
    text_footer: str = "\n\nTo unsubscribe click: <%unsubscribe_url%>\n\n"


class Version(msgspec.Struct):
    """A template version: ``headers`` may override From, Subject and Reply-To."""

    tag: str
    id: str
    template: str
    created: float
    comment: str = ""
    engine: str = "handlebars"
    active: bool = False
    headers: dict[str, str] = msgspec.field(default_factory=dict)


class SimulatedTemplate(msgspec.Struct):
    """A stored template of a domain or of the account."""

    name: str
    id: str
    description: str
    created: float
    created_by: str = ""
    versions: dict[str, Version] = msgspec.field(default_factory=dict)


class SimulatedSuppression(msgspec.Struct):
    """A suppression entry; ``detail`` holds code and error, tags, or type and reason by table."""

    value: str
    created: float
    detail: dict[str, Any] = msgspec.field(default_factory=dict)


class SimulatedDomain(msgspec.Struct):
    """A sending domain with everything that hangs on it."""

    name: str
    id: str
    created: float
    type: str = "custom"
    state: str = "active"
    is_disabled: bool = False
    disabled: dict[str, Any] | None = None
    archive_to: str = ""
    wildcard: bool = False
    spam_action: str = "disabled"
    require_tls: bool = False
    skip_verification: bool = False
    encrypt_incoming: bool = False
    message_ttl: int = 259200
    web_prefix: str = "email"
    web_scheme: str = "https"
    mailfrom_host: str = ""
    automatic_security: bool = False
    dkim_authority: str = ""
    # Deletion runs in the background: the domain is listed until then (dossier B2).
    gone_at: float | None = None
    rotated_at: float = 0.0
    tracking: SimulatedTracking = msgspec.field(default_factory=SimulatedTracking)
    credentials: dict[str, SimulatedCredential] = msgspec.field(default_factory=dict)
    webhooks: dict[str, list[str]] = msgspec.field(default_factory=dict)
    templates: dict[str, SimulatedTemplate] = msgspec.field(default_factory=dict)
    dkim: list[SimulatedDkimKey] = msgspec.field(default_factory=list)
    bounces: dict[str, SimulatedSuppression] = msgspec.field(default_factory=dict)
    complaints: dict[str, SimulatedSuppression] = msgspec.field(default_factory=dict)
    unsubscribes: dict[str, SimulatedSuppression] = msgspec.field(default_factory=dict)
    whitelists: dict[str, SimulatedSuppression] = msgspec.field(default_factory=dict)
    # Storage host name -> moment of the last queue purge there.
    purged: dict[str, float] = msgspec.field(default_factory=dict)


class SimulatedRoute(msgspec.Struct):
    """An inbound route."""

    id: str
    priority: int
    description: str
    expression: str
    actions: list[str]
    created: float


class SimulatedAccountWebhook(msgspec.Struct):
    """A webhook of the whole account in one region."""

    id: str
    url: str
    event_types: list[str]
    created: float
    description: str = ""


class Member(msgspec.Struct):
    """A member of a mailing list."""

    address: str
    name: str = ""
    subscribed: bool = True
    vars: dict[str, Any] = msgspec.field(default_factory=dict)


class SimulatedMailingList(msgspec.Struct):
    """A mailing list; ``access_level`` everyone lets anybody mail it."""

    address: str
    name: str
    description: str
    created: float
    access_level: str = "readonly"
    reply_preference: str = "list"
    members: dict[str, Member] = msgspec.field(default_factory=dict)


class SimulatedRule(msgspec.Struct):
    """A send alert or limit rule (thresholds)."""

    id: str
    name: str
    metric: str
    comparator: str
    limit: str
    dimension: str
    created: float
    updated: float
    description: str = ""
    period: str = "1h"
    channels: list[str] = msgspec.field(default_factory=list)


class SimulatedRegion(msgspec.Struct):
    """What an account owns in one region."""

    domains: dict[str, SimulatedDomain] = msgspec.field(default_factory=dict)
    routes: dict[str, SimulatedRoute] = msgspec.field(default_factory=dict)
    webhooks: dict[str, SimulatedAccountWebhook] = msgspec.field(default_factory=dict)
    lists: dict[str, SimulatedMailingList] = msgspec.field(default_factory=dict)
    templates: dict[str, SimulatedTemplate] = msgspec.field(default_factory=dict)
    alerts: dict[str, SimulatedRule] = msgspec.field(default_factory=dict)
    limits: dict[str, SimulatedRule] = msgspec.field(default_factory=dict)
    custom_limit: int | None = None
    # The month (epoch seconds of its first moment) in which the custom limit stopped sending.
    stopped_month: float | None = None


class Tenant(msgspec.Struct):
    """The account itself, or one of its subaccounts."""

    id: str
    name: str
    created: float
    updated: float
    status: str = "open"
    disabled: str = ""
    parent: str = ""
    key_quota: int = 50
    signing_key: str = ""
    alert_signing_key: str = ""
    public_key: str = ""
    settings: dict[str, str] = msgspec.field(default_factory=dict)
    keys: dict[str, SimulatedKey] = msgspec.field(default_factory=dict)
    users: dict[str, SimulatedUser] = msgspec.field(default_factory=dict)
    allowlist: list[Allowed] = msgspec.field(default_factory=list)
    sandbox_recipients: dict[str, bool] = msgspec.field(default_factory=dict)
    features: list[str] = msgspec.field(default_factory=list)
    regions: dict[str, SimulatedRegion] = msgspec.field(default_factory=dict)


class Stream(msgspec.Struct):
    """Somebody who sends mail through a credential: the source of log entries and metrics.

    ``actor`` is ``production`` or ``intruder``. ``kind`` is ``key`` or ``login`` (or ``queue``: mail submitted
    earlier that needs no credential any more); ``ref`` is the key's id or the login, ``secret`` what it holds.
    ``spans`` are the times it could and did send: ``[from, to]`` with ``to`` None while it goes on. Rates are
    per accepted message, ``rate`` per hour.
    """

    id: str
    actor: str
    name: str
    tenant: str
    region: str
    domain: str
    kind: str
    ref: str
    secret: str
    ips: list[str]
    rate: float
    sender: str
    subjects: list[str]
    spans: list[list[float | None]]
    profile: str = "business"
    tag: str = ""
    template: str = ""
    audience: str = "customers"
    failed: float = 0.02
    complained: float = 0.0004
    opened: float = 0.3
    clicked: float = 0.05
    unsubscribed: float = 0.002
    method: str = "http"
    # A sender that waits for a better moment: the intruder's reserve, or production that lost its secret.
    asleep: bool = False
    # ``all`` of a message's life, or only its acceptance (scheduled mail) or only its delivery (the queue).
    stage: str = "all"
    # The abuse of the customer's own web form: it follows the site's credential wherever that goes.
    through_site: bool = False


class SubmittedMessage(msgspec.Struct):
    """A message really submitted to the drill by a client over HTTP or SMTP."""

    id: str
    tenant: str
    region: str
    domain: str
    at: float
    method: str
    ref: str
    ip: str
    sender: str
    recipients: list[str]
    subject: str
    test_mode: bool = False
    scheduled_for: float | None = None


class Comeback(msgspec.Struct):
    """Something the intruder did after the drill opened: what, where, through which way in."""

    at: float
    kind: str
    id: str
    where: str
    name: str
    through: str


class IntruderRecord(msgspec.Struct):
    """What the intruder is up to: when the next move is due and what was done since the drill opened."""

    next_move: float | None = None
    moves: int = 0
    comebacks: list[Comeback] = msgspec.field(default_factory=list)
    # Users whose password-reset mail reached the intruder: their panel session is the intruder's.
    sessions: list[str] = msgspec.field(default_factory=list)


class World(msgspec.Struct):
    """Everything that is persisted."""

    scenario: str
    seed: int
    start: float
    main: str
    sizes: list[int | None]
    version: int = 1
    elapsed: float = 0.0
    serial: int = 0
    tenants: dict[str, Tenant] = msgspec.field(default_factory=dict)
    streams: dict[str, Stream] = msgspec.field(default_factory=dict)
    sent: list[SubmittedMessage] = msgspec.field(default_factory=list)
    # Deleted keys that are still taken for a while: (tenant, key, until). The laggy scenario only.
    lingering: list[tuple[str, SimulatedKey, float]] = msgspec.field(default_factory=list)
    intruder: IntruderRecord = msgspec.field(default_factory=IntruderRecord)
    # "zone subject" -> moment a removal was asked for.
    removals: dict[str, float] = msgspec.field(default_factory=dict)
    planted: list[dict[str, Any]] = msgspec.field(default_factory=list)
    # The customer's own mailing list whose members a part of the spam goes to, empty for none.
    spammed_list: str = ""
