"""What an intruder leaves in the settings: routes, webhooks, allowlist entries, a domain's own fields."""

from __future__ import annotations

from workbench.effects.base import Context, PlainHandler, Proof, Reality, Reconciled, Sent, stamp
from workbench.errors import NotFound, Refused
from workbench.incident.state import EffectRecord
from workbench.mailgun import account, domains, settings
from workbench.mailgun.client import Priority
from workbench.redact import visible


class _Repeatable(PlainHandler):
    async def reconcile(self, ctx: Context, record: EffectRecord) -> Reconciled:
        """Do it again: removing what is gone and setting what is set change nothing."""
        return Reconciled(
            Reality.AGAIN, f"{visible(record.effect.what or record.effect.target, 80)}: done again"
        )


class RouteDelete(_Repeatable):
    """Remove an inbound route."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Delete the route; one that is gone counts as deleted."""
        effect = record.effect
        try:
            await settings.delete_route(
                ctx.api,
                effect.target,
                region=effect.place.region,
                subaccount=effect.place.subaccount,
                priority=Priority.WRITE,
            )
        except NotFound:
            return Sent((f"was already gone at {stamp(ctx)}",))
        return Sent((f"deleted at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Show the route absent from the list."""
        effect = record.effect
        routes = await settings.list_routes(
            ctx.api, region=effect.place.region, subaccount=effect.place.subaccount, priority=Priority.PROOF
        )
        if any(route.id == effect.target for route in routes):
            return Proof(False, (*record.evidence[:1], f"still listed at {stamp(ctx)}"), later=True)
        return Proof(True, (*record.evidence[:1], f"absent from the routes at {stamp(ctx)}"))


class WebhookDelete(_Repeatable):
    """Remove one URL from all of a domain's webhooks; the target is ``domain|url``."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Delete by URL, which takes it out of every event type (dossier B4)."""
        effect = record.effect
        try:
            await settings.remove_webhook_address(
                ctx.api,
                effect.params["domain"],
                effect.params["url"],
                region=effect.place.region,
                subaccount=effect.place.subaccount,
                priority=Priority.WRITE,
            )
        except NotFound:
            return Sent((f"was already gone at {stamp(ctx)}",))
        return Sent((f"removed at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Show the URL absent from the domain's webhooks."""
        effect = record.effect
        hooks = await settings.domain_webhooks(
            ctx.api,
            effect.params["domain"],
            region=effect.place.region,
            subaccount=effect.place.subaccount,
            priority=Priority.PROOF,
        )
        there = any(url == effect.params["url"] for _, url in hooks.pairs())
        word = "still there" if there else "absent"
        return Proof(not there, (*record.evidence[:1], f"{word} at {stamp(ctx)}"), later=there)


class AccountWebhookDelete(_Repeatable):
    """Remove an account webhook (they are kept per region, dossier A1)."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Delete it; one that is gone counts as deleted. Changes may take ten minutes to act (dossier C)."""
        effect = record.effect
        try:
            await settings.delete_account_webhook(
                ctx.api,
                effect.target,
                region=effect.place.region,
                subaccount=effect.place.subaccount,
                priority=Priority.WRITE,
            )
        except NotFound:
            return Sent((f"was already gone at {stamp(ctx)}",))
        return Sent((f"deleted at {stamp(ctx)}, in force within 10 minutes",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Show it absent from the region's account webhooks."""
        effect = record.effect
        hooks = await settings.account_webhooks(
            ctx.api, region=effect.place.region, subaccount=effect.place.subaccount, priority=Priority.PROOF
        )
        there = any(hook.webhook_id == effect.target for hook in hooks)
        word = "still listed" if there else "absent"
        return Proof(not there, (*record.evidence[:1], f"{word} at {stamp(ctx)}"), later=there)


class AllowlistChange(_Repeatable):
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
                    str(effect.params.get("description", "")),
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
        return Proof(there is self.add, (*record.evidence[:1], f"{word} at {stamp(ctx)}"), later=True)


class DomainUpdate(_Repeatable):
    """Set fields of a domain back; the values before are in the plan for the way back."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Send the fields."""
        effect = record.effect
        await domains.update_domain(
            ctx.api,
            effect.target,
            region=effect.place.region,
            subaccount=effect.place.subaccount,
            priority=Priority.WRITE,
            **dict(effect.params["fields"]),
        )
        return Sent((f"set at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read the domain back; how some fields are cleared is not documented, so only this tells."""
        effect = record.effect
        domain = await domains.get_domain(
            ctx.api,
            effect.target,
            region=effect.place.region,
            subaccount=effect.place.subaccount,
            priority=Priority.PROOF,
        )
        wrong = [
            name
            for name, wanted in effect.params["fields"].items()
            if str(getattr(domain, name, None) or "").lower() != str(wanted or "").lower()
        ]
        if wrong:
            return Proof(
                False, (*record.evidence[:1], f"not taken over: {', '.join(sorted(wrong))}"), later=True
            )
        return Proof(True, (*record.evidence[:1], f"read back at {stamp(ctx)}"))
