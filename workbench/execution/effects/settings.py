"""What an intruder leaves in the settings: routes, webhooks, allowlist entries, a domain's own fields."""

from __future__ import annotations

from workbench.core.errors import NotFound, Refused
from workbench.domain.model.effect_params import AllowlistAddParams, DomainUpdateParams, WebhookDeleteParams
from workbench.domain.model.state import EffectRecord
from workbench.execution.context import Context
from workbench.execution.effects.base import Proof, Sent, stamp
from workbench.execution.effects.idempotent import RemovalEffect, Repeatable, proof, where
from workbench.mailgun import account, domains, settings
from workbench.mailgun.client import Priority


class RouteDelete(RemovalEffect):
    """Remove an inbound route."""

    absent = "absent from the routes"

    async def remove(self, ctx: Context, record: EffectRecord) -> None:
        """Delete the route."""
        await settings.delete_route(ctx.api, record.effect.target, **where(record, Priority.WRITE))

    async def there(self, ctx: Context, record: EffectRecord) -> bool:
        """Return whether the routes still hold it."""
        routes = await settings.list_routes(ctx.api, **where(record, Priority.PROOF))
        return any(route.id == record.effect.target for route in routes)


class WebhookDelete(RemovalEffect):
    """Remove one URL from all of a domain's webhooks; the target is ``domain|url``."""

    done = "removed"
    present = "still there"

    async def remove(self, ctx: Context, record: EffectRecord) -> None:
        """Delete by URL, which takes it out of every event type (dossier B4)."""
        given = record.effect.given(WebhookDeleteParams)
        await settings.remove_webhook_address(
            ctx.api, given.domain, given.url, **where(record, Priority.WRITE)
        )

    async def there(self, ctx: Context, record: EffectRecord) -> bool:
        """Return whether the domain's webhooks still hold the URL."""
        given = record.effect.given(WebhookDeleteParams)
        hooks = await settings.domain_webhooks(ctx.api, given.domain, **where(record, Priority.PROOF))
        return any(url == given.url for _, url in hooks.pairs())


class AccountWebhookDelete(RemovalEffect):
    """Remove an account webhook (they are kept per region, dossier A1)."""

    # Changes may take ten minutes to act (dossier C).
    note = ", in force within 10 minutes"

    async def remove(self, ctx: Context, record: EffectRecord) -> None:
        """Delete it."""
        await settings.delete_account_webhook(ctx.api, record.effect.target, **where(record, Priority.WRITE))

    async def there(self, ctx: Context, record: EffectRecord) -> bool:
        """Return whether the region's account webhooks still hold it."""
        hooks = await settings.account_webhooks(ctx.api, **where(record, Priority.PROOF))
        return any(hook.webhook_id == record.effect.target for hook in hooks)


class AllowlistChange(Repeatable):
    """Add an address to the IP allowlist, or remove one."""

    def __init__(self, *, add: bool) -> None:
        self.add = add

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Change the list. The plan saw to it that an empty list gets no first entry during containment."""
        effect = record.effect
        if self.add:
            try:
                await account.add_allowed(
                    ctx.api,
                    effect.target,
                    effect.given(AllowlistAddParams).description,
                    region=effect.place.region,
                    priority=Priority.WRITE,
                )
            except Refused as refusal:
                # Ours from an attempt whose answer was lost, or somebody's: on the list it is.
                if "exist" not in refusal.detail.lower():
                    raise
                return Sent((f"was on the list already at {stamp(ctx)}",))
            return Sent((f"added at {stamp(ctx)}",))
        try:
            await account.remove_allowed(
                ctx.api, effect.target, region=effect.place.region, priority=Priority.WRITE
            )
        except NotFound:
            return Sent((f"was already gone at {stamp(ctx)}",))
        return Sent((f"removed at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read the list back."""
        entries = await account.get_allowlist(
            ctx.api, region=record.effect.place.region, priority=Priority.PROOF
        )
        there = any(entry.ip_address == record.effect.target for entry in entries)
        word = "on the list" if there else "not on the list"
        return proof(record, there is self.add, f"{word} at {stamp(ctx)}")


class DomainUpdate(Repeatable):
    """Set fields of a domain back; the values before are in the plan for the way back."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Send the fields."""
        effect = record.effect
        await domains.update_domain(
            ctx.api,
            effect.target,
            effect.given(DomainUpdateParams).fields,
            **where(record, Priority.WRITE),
        )
        return Sent((f"set at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read the domain back; how some fields are cleared is not documented, so only this tells."""
        effect = record.effect
        domain = await domains.get_domain(ctx.api, effect.target, **where(record, Priority.PROOF))
        wrong = [
            name
            for name, wanted in effect.given(DomainUpdateParams).fields.items()
            if str(getattr(domain, name, None) or "").lower() != str(wanted or "").lower()
        ]
        if wrong:
            return proof(record, False, f"not taken over: {', '.join(sorted(wrong))}")
        return proof(record, True, f"read back at {stamp(ctx)}")
