"""Which handler carries out which kind of effect."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from workbench.domain.model.plan import EffectKind
from workbench.execution.effects.base import Handler
from workbench.execution.effects.brakes import (
    DomainDelete,
    LimitClear,
    LimitSet,
    PublicKeyRenew,
    QueuePurge,
    SigningKeyRenew,
    SubaccountSwitch,
)
from workbench.execution.effects.content import (
    RuleDelete,
    RuleSet,
    TemplateActivate,
    TemplateDelete,
    TemplateHeaders,
)
from workbench.execution.effects.hardening import AlertCreate, DkimActivate, DkimCreate, DkimRotate
from workbench.execution.effects.keys import KeyCreate, KeyDelete
from workbench.execution.effects.leftovers import (
    DkimDeactivate,
    ListClose,
    SandboxRecipientDelete,
    SuppressionAllowDelete,
    SuppressionLift,
    TrackingFooter,
)
from workbench.execution.effects.logins import LoginCreate, LoginDelete, LoginReset
from workbench.execution.effects.settings import (
    AccountWebhookDelete,
    AllowlistChange,
    DomainUpdate,
    RouteDelete,
    WebhookDelete,
)

HANDLERS: Mapping[EffectKind, Handler] = MappingProxyType(
    {
        EffectKind.KEY_CREATE: KeyCreate(),
        EffectKind.KEY_DELETE: KeyDelete(),
        EffectKind.LOGIN_CREATE: LoginCreate(),
        EffectKind.LOGIN_RESET: LoginReset(),
        EffectKind.LOGIN_DELETE: LoginDelete(),
        EffectKind.QUEUE_PURGE: QueuePurge(),
        EffectKind.LIMIT_SET: LimitSet(),
        EffectKind.LIMIT_CLEAR: LimitClear(),
        EffectKind.SUBACCOUNT_DISABLE: SubaccountSwitch(enable=False),
        EffectKind.SUBACCOUNT_ENABLE: SubaccountSwitch(enable=True),
        EffectKind.DOMAIN_DELETE: DomainDelete(),
        EffectKind.DOMAIN_UPDATE: DomainUpdate(),
        EffectKind.SIGNING_KEY_RENEW: SigningKeyRenew(),
        EffectKind.PUBLIC_KEY_RENEW: PublicKeyRenew(),
        EffectKind.ROUTE_DELETE: RouteDelete(),
        EffectKind.WEBHOOK_DELETE: WebhookDelete(),
        EffectKind.ACCOUNT_WEBHOOK_DELETE: AccountWebhookDelete(),
        EffectKind.ALLOWLIST_ADD: AllowlistChange(add=True),
        EffectKind.ALLOWLIST_REMOVE: AllowlistChange(add=False),
        EffectKind.LIST_CLOSE: ListClose(),
        EffectKind.DKIM_DEACTIVATE: DkimDeactivate(),
        EffectKind.TRACKING_FOOTER: TrackingFooter(),
        EffectKind.SANDBOX_RECIPIENT_DELETE: SandboxRecipientDelete(),
        EffectKind.SUPPRESSION_ALLOW_DELETE: SuppressionAllowDelete(),
        EffectKind.SUPPRESSION_LIFT: SuppressionLift(),
        EffectKind.ALERT_CREATE: AlertCreate(),
        EffectKind.DKIM_CREATE: DkimCreate(),
        EffectKind.DKIM_ACTIVATE: DkimActivate(),
        EffectKind.DKIM_ROTATE: DkimRotate(),
        EffectKind.TEMPLATE_DELETE: TemplateDelete(),
        EffectKind.TEMPLATE_ACTIVATE: TemplateActivate(),
        EffectKind.TEMPLATE_HEADERS: TemplateHeaders(),
        EffectKind.RULE_DELETE: RuleDelete(),
        EffectKind.RULE_SET: RuleSet(),
    }
)
