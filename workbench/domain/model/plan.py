"""What an action proposes: a plan of effects, each one external write (design, idea 2).

A plan is data. It is shown, confirmed, journaled and run by the executor; nothing here touches a network.
Effect ids are derived from what the effect does, so the same wish planned twice is the same effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Self, TypeVar

from workbench.domain.model.effect_params import (
    AlertCreateParams,
    AllowlistAddParams,
    AllowlistRemoveParams,
    DkimCreateParams,
    DkimDeactivateParams,
    DkimRotateParams,
    DomainDeleteParams,
    DomainParams,
    DomainUpdateParams,
    EffectParams,
    KeyCreateParams,
    KeyDeleteParams,
    LimitClearParams,
    LimitSetParams,
    ListCloseParams,
    LoginCreateParams,
    LoginDeleteParams,
    LoginResetParams,
    RouteDeleteParams,
    RuleDeleteParams,
    RuleSetParams,
    SuppressionLiftParams,
    TemplateActivateParams,
    TemplateHeadersParams,
    TemplateParams,
    WebhookDeleteParams,
)
from workbench.mailgun.endpoints import Region

Params = TypeVar("Params", bound=EffectParams)

# Effects ranked above this end something that sends abuse now; its volume of the last hour is added.
RANK_ABUSE = 1000


class EffectKind(StrEnum):
    """Every kind of write the executor knows."""

    KEY_CREATE = "key.create"
    KEY_DELETE = "key.delete"
    LOGIN_CREATE = "smtp.create"
    LOGIN_RESET = "smtp.reset"
    LOGIN_DELETE = "smtp.delete"
    QUEUE_PURGE = "queue.purge"
    LIMIT_SET = "limit.set"
    LIMIT_CLEAR = "limit.clear"
    SUBACCOUNT_DISABLE = "subaccount.disable"
    SUBACCOUNT_ENABLE = "subaccount.enable"
    DOMAIN_DELETE = "domain.delete"
    DOMAIN_UPDATE = "domain.update"
    SIGNING_KEY_RENEW = "signing_key.renew"
    PUBLIC_KEY_RENEW = "public_key.renew"
    ROUTE_DELETE = "route.delete"
    WEBHOOK_DELETE = "webhook.delete"
    ACCOUNT_WEBHOOK_DELETE = "account_webhook.delete"
    ALLOWLIST_ADD = "allowlist.add"
    ALLOWLIST_REMOVE = "allowlist.remove"
    LIST_CLOSE = "list.close"
    DKIM_DEACTIVATE = "dkim.deactivate"
    TRACKING_FOOTER = "tracking.footer"
    SANDBOX_RECIPIENT_DELETE = "sandbox_recipient.delete"
    SUPPRESSION_ALLOW_DELETE = "suppression_allow.delete"
    SUPPRESSION_LIFT = "suppression.lift"
    ALERT_CREATE = "alert.create"
    DKIM_CREATE = "dkim.create"
    DKIM_ACTIVATE = "dkim.activate"
    DKIM_ROTATE = "dkim.rotate"
    TEMPLATE_DELETE = "template.delete"
    TEMPLATE_ACTIVATE = "template.activate"
    TEMPLATE_HEADERS = "template.headers"
    RULE_DELETE = "rule.delete"
    RULE_SET = "rule.set"


# What an effect of each kind is given beside its target and place.
PARAMS: Mapping[EffectKind, type[EffectParams]] = MappingProxyType(
    {
        EffectKind.KEY_CREATE: KeyCreateParams,
        EffectKind.KEY_DELETE: KeyDeleteParams,
        EffectKind.LOGIN_CREATE: LoginCreateParams,
        EffectKind.LOGIN_RESET: LoginResetParams,
        EffectKind.LOGIN_DELETE: LoginDeleteParams,
        EffectKind.QUEUE_PURGE: EffectParams,
        EffectKind.LIMIT_SET: LimitSetParams,
        EffectKind.LIMIT_CLEAR: LimitClearParams,
        EffectKind.SUBACCOUNT_DISABLE: EffectParams,
        EffectKind.SUBACCOUNT_ENABLE: EffectParams,
        EffectKind.DOMAIN_DELETE: DomainDeleteParams,
        EffectKind.DOMAIN_UPDATE: DomainUpdateParams,
        EffectKind.SIGNING_KEY_RENEW: EffectParams,
        EffectKind.PUBLIC_KEY_RENEW: EffectParams,
        EffectKind.ROUTE_DELETE: RouteDeleteParams,
        EffectKind.WEBHOOK_DELETE: WebhookDeleteParams,
        EffectKind.ACCOUNT_WEBHOOK_DELETE: EffectParams,
        EffectKind.ALLOWLIST_ADD: AllowlistAddParams,
        EffectKind.ALLOWLIST_REMOVE: AllowlistRemoveParams,
        EffectKind.LIST_CLOSE: ListCloseParams,
        EffectKind.DKIM_DEACTIVATE: DkimDeactivateParams,
        EffectKind.TRACKING_FOOTER: DomainParams,
        EffectKind.SANDBOX_RECIPIENT_DELETE: EffectParams,
        EffectKind.SUPPRESSION_ALLOW_DELETE: DomainParams,
        EffectKind.SUPPRESSION_LIFT: SuppressionLiftParams,
        EffectKind.ALERT_CREATE: AlertCreateParams,
        EffectKind.DKIM_CREATE: DkimCreateParams,
        EffectKind.DKIM_ACTIVATE: DomainParams,
        EffectKind.DKIM_ROTATE: DkimRotateParams,
        EffectKind.TEMPLATE_DELETE: TemplateParams,
        EffectKind.TEMPLATE_ACTIVATE: TemplateActivateParams,
        EffectKind.TEMPLATE_HEADERS: TemplateHeadersParams,
        EffectKind.RULE_DELETE: RuleDeleteParams,
        EffectKind.RULE_SET: RuleSetParams,
    }
)


class EffectState(StrEnum):
    """How far an effect is. ``done`` is the server's word, ``verified`` is the account's own evidence."""

    PLANNED = "planned"
    DONE = "done"
    VERIFIED = "verified"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def settled(self) -> bool:
        """Return whether nothing more will happen to the effect by itself."""
        return self in (EffectState.VERIFIED, EffectState.SKIPPED)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in the account a thing lives: a region, and a subaccount when it is not the main account."""

    region: Region
    subaccount: str | None = None

    def __str__(self) -> str:
        name = self.region.value.upper()
        return f"{name}/{self.subaccount}" if self.subaccount else name


# Given to an effect that needs no more than its target.
_NONE = EffectParams()


def effect_id(kind: EffectKind, target: str, place: Place, instance: str | None = None) -> str:
    """Return the id of an effect: its kind and ten hex digits of what it is done to, and the how-manieth time."""
    seed = f"{kind}|{place.region}|{place.subaccount or ''}|{target}|{instance or ''}"
    return f"{kind.value}-{sha256(seed.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


@dataclass(frozen=True, slots=True)
class Effect:
    """One external write, described so that a person can judge it and the executor can run it.

    ``target`` is the id the API uses (key id, full login, domain name, …). ``params`` is what its kind needs beside it
    (see ``PARAMS``), never a secret. ``after`` names effects that must be verified before this one may run.
    ``rank`` orders by harm: higher is cut sooner. ``undo`` says how to take it back, or that nobody can.
    """

    kind: EffectKind
    target: str
    place: Place
    params: EffectParams = _NONE
    after: tuple[str, ...] = ()
    rank: int = 0
    what: str = ""
    breaks: str = ""
    undo: str = "cannot be undone"
    why: str = ""
    # Asked for some thirty times an effect, so it is worked out once.
    _id: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if type(self.params) is not PARAMS[self.kind]:
            raise TypeError(f"{self.kind} is not given {type(self.params).__name__}")
        object.__setattr__(self, "_id", effect_id(self.kind, self.target, self.place, self.params.instance))

    @property
    def id(self) -> str:
        """Return the effect's stable id: its kind and ten hex digits of what it is done to."""
        return self._id

    def given(self, kind: type[Params]) -> Params:
        """Return its parameters as those of a kind; raises TypeError for an effect that was given others."""
        if isinstance(self.params, kind):
            return self.params
        raise TypeError(f"{self.kind} is not given {kind.__name__}")

    def to_json(self) -> dict[str, Any]:
        """Return the effect as plain JSON values, the form the journal keeps."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "target": self.target,
            "region": self.place.region.value,
            "subaccount": self.place.subaccount,
            "params": self.params.body(),
            "after": list(self.after),
            "rank": self.rank,
            "what": self.what,
            "breaks": self.breaks,
            "undo": self.undo,
            "why": self.why,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the effect that ``to_json`` wrote; raises KeyError or ValueError on anything else."""
        kind = EffectKind(document["kind"])
        return cls(
            kind=kind,
            target=document["target"],
            place=Place(Region(document["region"]), document["subaccount"]),
            params=PARAMS[kind].from_body(document["params"]),
            after=tuple(document["after"]),
            rank=document["rank"],
            what=document["what"],
            breaks=document["breaks"],
            undo=document["undo"],
            why=document["why"],
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """A list of effects to confirm as one. ``left_out`` and ``notes`` are sentences for the plan screen."""

    title: str
    effects: tuple[Effect, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.effects)

    def __iter__(self) -> Iterator[Effect]:
        return iter(self.effects)

    @property
    def id(self) -> str:
        """Return an id made from the effects' ids, so that the same plan has the same id."""
        return "plan-" + sha256("|".join(e.id for e in self.effects).encode()).hexdigest()[:10]

    @property
    def irreversible(self) -> tuple[Effect, ...]:
        """Return the effects that nobody can take back."""
        return tuple(e for e in self.effects if e.undo.startswith("cannot"))

    def joined(self, title: str, others: Iterable[Plan]) -> Plan:
        """Return one plan with the effects of this and the others, each effect and each line once, in order."""
        effects: dict[str, Effect] = {}
        left_out: dict[str, None] = {}
        notes: dict[str, None] = {}
        for plan in (self, *others):
            for effect in plan.effects:
                effects.setdefault(effect.id, effect)
            left_out |= dict.fromkeys(plan.left_out)
            notes |= dict.fromkeys(plan.notes)
        return Plan(title, tuple(effects.values()), tuple(left_out), tuple(notes))

    def only(self, ids: Iterable[str]) -> Plan:
        """Return the plan reduced to the given effect ids, without dangling dependencies."""
        keep = set(ids)
        effects = tuple(
            e if keep.issuperset(e.after) else replace(e, after=tuple(a for a in e.after if a in keep))
            for e in self.effects
            if e.id in keep
        )
        return replace(self, effects=effects)
