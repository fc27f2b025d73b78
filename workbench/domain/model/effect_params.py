"""What an effect is given beside its kind, target and place: a Struct for each kind, and its form in the journal. Pure.

``plan.PARAMS`` says which kind has which. ``body`` is the one place that encodes, ``from_body`` the one that decodes:
a row keeps the names and shapes it always had, what it holds beside the fields is left alone. A field without a default
is one that its handler cannot do without. None of them is ever a secret: neither form takes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import msgspec

from workbench.mailgun.endpoints import Region
from workbench.mailgun.evidence_models import Book


class ShownUse(msgspec.Struct, frozen=True):
    """How a credential was used when its effect was planned, as far as the plan shows it (see ``RecordedUse``)."""

    last_hour: int = 0
    last_used: str = ""
    addresses: tuple[str, ...] = ()
    more_addresses: int = 0
    strange: tuple[str, ...] = ()
    looks: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        made: dict[str, Any] = msgspec.to_builtins(self)
        return made


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An alert or limit rule by the API's own names; what is None is not written."""

    metric: str
    comparator: str
    limit: str
    dimension: str | None = None
    filters: tuple[Mapping[str, Any], ...] | None = None
    description: str | None = None
    period: str | None = None
    alert_channels: tuple[str, ...] | None = None

    def called(self, name: str) -> dict[str, Any]:
        """Return the rule under a name, as the API takes it."""
        return {"name": name, **msgspec.to_builtins(self)}


class EffectParams(msgspec.Struct, frozen=True, kw_only=True):
    """What any effect may be given, and all that one gets which needs no more than its target.

    ``instance`` tells apart effects of one kind on one target and goes into the id; ``about`` is the name of the
    finding that the effect takes care of. What only some kinds have and many ask for has an answer here: *none*.
    """

    instance: str | None = None
    about: str | None = None

    # Fields that the form leaves out while they are None, False or hold nothing.
    LEFT_OUT: ClassVar[tuple[str, ...]] = ("instance", "about")

    @property
    def name(self) -> str:
        """Return what the thing is called, in its owner's words."""
        return ""

    @property
    def domain(self) -> str:
        """Return the domain that the thing belongs to."""
        return ""

    @property
    def replaces(self) -> str:
        """Return the credential that a new one takes the place of: a key's id, a full login."""
        return ""

    @property
    def credential(self) -> str:
        """Return the credential it is about: ``key:<id>``, ``smtp:<login>``."""
        return ""

    @property
    def use(self) -> ShownUse | None:
        """Return the use of that credential when it was planned, None where none was known."""
        return None

    @property
    def cut(self) -> str:
        """Return how access is cut: ``now``, ``first``, ``own``."""
        return ""

    @property
    def own(self) -> bool:
        """Return whether it is about the workbench's own key or address."""
        return False

    @property
    def stranger(self) -> bool:
        """Return whether the credential is probably not ours."""
        return False

    @property
    def harden(self) -> bool:
        """Return whether it is one of step 11: what it replaces was never in the intruder's hands."""
        return False

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Self:
        """Return the parameters of a journal row; ValueError where a field is missing or holds what it cannot."""
        try:
            return msgspec.convert(body, cls)
        except msgspec.ValidationError as error:
            raise ValueError(f"{cls.__name__}: {error}") from None

    def body(self) -> dict[str, Any]:
        """Return them as plain JSON values; TypeError for a value that is none, a Secret above all."""
        body: dict[str, Any] = msgspec.to_builtins(self)
        for name in self.LEFT_OUT:
            if not body[name] and body[name] != "":
                del body[name]
        return body

    def once_more(self, instance: str) -> Self:
        """Return them for another effect of the same kind on the same target."""
        return msgspec.structs.replace(self, instance=instance)


# ── credentials ──────────────────────────────────────────────────────────────────────────────────────────


class CredentialParams(EffectParams, frozen=True, kw_only=True):
    """What every effect on a credential is given."""

    credential: str = ""
    use: ShownUse | None = None

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Self:
        """Return the parameters of a journal row, which has an empty object for a use that was not known."""
        known = body if body.get("use") else {**body, "use": None}
        return super().from_body(known)

    def body(self) -> dict[str, Any]:
        """Return them as plain JSON values."""
        body = super().body()
        if body["use"] is None:
            body["use"] = {}
        return body


class KeyCreateParams(CredentialParams, frozen=True, kw_only=True):
    """A replacement key: what it may do, and which key it replaces.

    ``kind`` is the API's (``user``, ``domain``); ``expiration`` is in seconds. ``asks`` says what is not known of the
    old key's rights, ``lesser`` that several sending keys replace one account key, ``harden`` that the old key was
    never in the intruder's hands.
    """

    role: str
    kind: str
    name: str = ""
    domain_name: str | None = None
    domain_region: Region | None = None
    expiration: int | None = None
    replaces: str = ""
    own: bool = False
    cut: str = ""
    asks: str | None = None
    lesser: bool = False
    harden: bool = False

    LEFT_OUT: ClassVar[tuple[str, ...]] = ("instance", "about", "asks", "lesser", "harden")

    def hardening(self) -> Self:
        """Return them for a replacement that step 11 makes, of a key that was never in the intruder's hands."""
        return msgspec.structs.replace(self, harden=True)

    def not_own(self) -> Self:
        """Return them as those of any key: its proof then does not make the workbench run on it."""
        return msgspec.structs.replace(self, own=False)


class KeyDeleteParams(CredentialParams, frozen=True, kw_only=True):
    """The end of a key; ``role`` and ``kind`` are what it opened, None where the account told nothing.

    A sending key opens ``domain_name`` alone, and only there shows whether it is dead.
    """

    name: str = ""
    role: str | None = None
    kind: str | None = None
    domain_name: str | None = None
    domain_region: Region | None = None
    own: bool = False
    cut: str = ""

    LEFT_OUT: ClassVar[tuple[str, ...]] = ("instance", "about", "domain_name", "domain_region")


class LoginCreateParams(CredentialParams, frozen=True, kw_only=True):
    """A second SMTP login beside the one that it replaces."""

    domain: str
    replaces: str = ""
    cut: str = ""


class LoginResetParams(CredentialParams, frozen=True, kw_only=True):
    """A new password; ``stranger`` says that the login is probably not ours."""

    domain: str
    stranger: bool = False
    cut: str = ""


class LoginDeleteParams(CredentialParams, frozen=True, kw_only=True):
    """The end of an SMTP login."""

    domain: str


# ── brakes and the account ───────────────────────────────────────────────────────────────────────────────


class LimitSetParams(EffectParams, frozen=True, kw_only=True):
    """A month's most messages, and how many it was before: None where there was none, or nobody knows (``unread``)."""

    limit: int
    previous: int | None = None
    unread: bool = False

    LEFT_OUT: ClassVar[tuple[str, ...]] = ("instance", "about", "unread")


class LimitClearParams(EffectParams, frozen=True, kw_only=True):
    """The end of a limit: there is none afterwards."""

    limit: None = None
    previous: int | None = None


class DomainDeleteParams(EffectParams, frozen=True, kw_only=True):
    """The end of a domain; ``typed`` says that its name was asked for."""

    typed: bool = True


class AllowlistAddParams(EffectParams, frozen=True, kw_only=True):
    """An address to let in, with its description."""

    description: str = ""
    own: bool = False


class AllowlistRemoveParams(EffectParams, frozen=True, kw_only=True):
    """An address to let in no more, with the description it had."""

    description: str = ""


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────


class DomainParams(EffectParams, frozen=True, kw_only=True):
    """What needs no more than its target and the domain that holds it."""

    domain: str


class DomainUpdateParams(EffectParams, frozen=True, kw_only=True):
    """Settings of a domain by the API's own names, with what each is set to."""

    fields: Mapping[str, str | bool]


class RouteDeleteParams(EffectParams, frozen=True, kw_only=True):
    """An inbound route: whose mail it took (its ``expression``), and the ``hosts`` that it gave it to."""

    expression: str | None = None
    hosts: tuple[str, ...] = ()

    LEFT_OUT: ClassVar[tuple[str, ...]] = ("instance", "about", "expression", "hosts")


class WebhookDeleteParams(DomainParams, frozen=True, kw_only=True):
    """An address that gets a domain's events no more."""

    url: str


class ListCloseParams(EffectParams, frozen=True, kw_only=True):
    """A mailing list to close; ``access_level`` is who could write to it before."""

    access_level: str | None = None


class SuppressionLiftParams(DomainParams, frozen=True, kw_only=True):
    """An address to send to again; ``table`` is the one of the API that holds it."""

    table: str


# ── hardening ────────────────────────────────────────────────────────────────────────────────────────────


class AlertCreateParams(EffectParams, frozen=True, kw_only=True):
    """A rule to make under the target's name."""

    rule: Rule


class DkimDeactivateParams(DomainParams, frozen=True, kw_only=True):
    """A DKIM key that is to sign no more."""

    selector: str = ""


class DkimCreateParams(DomainParams, frozen=True, kw_only=True):
    """A DKIM key of so many bits."""

    bits: int


class DkimRotateParams(DomainParams, frozen=True, kw_only=True):
    """A roll of a domain's key; ``before`` are the selectors it has now."""

    before: tuple[str, ...]


# ── content ──────────────────────────────────────────────────────────────────────────────────────────────


class TemplateParams(DomainParams, frozen=True, kw_only=True):
    """A template by its name; ``domain`` is empty for one of the account."""

    name: str = ""


class TemplateActivateParams(TemplateParams, frozen=True, kw_only=True):
    """The version ``tag`` to send again, ``instead`` of the one that is sent now."""

    tag: str
    instead: str = ""


class TemplateHeadersParams(TemplateParams, frozen=True, kw_only=True):
    """The headers that stay in the version ``tag``, and the names of those ``taken`` out."""

    tag: str
    headers: Mapping[str, str]
    taken: tuple[str, ...] = ()


class RuleDeleteParams(EffectParams, frozen=True, kw_only=True):
    """A rule to delete, and the book that holds it."""

    book: Book


class RuleSetParams(RuleDeleteParams, frozen=True, kw_only=True):
    """A rule to write over one of the same name; ``was`` says in words what it was."""

    rule: Rule
    was: str = ""
