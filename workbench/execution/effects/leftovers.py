"""What else an intruder leaves: lists, signing keys, footers, recipients, never-suppress entries, suppressions."""

from __future__ import annotations

from workbench.core.errors import NotFound
from workbench.core.redact import visible
from workbench.domain.model.effect_params import SuppressionLiftParams
from workbench.domain.model.state import EffectRecord
from workbench.execution.context import Context
from workbench.execution.effects.base import Proof, Sent, stamp
from workbench.execution.effects.idempotent import RemovalEffect, Repeatable, proof, where
from workbench.mailgun import content, domains, settings
from workbench.mailgun.client import Priority


class ListClose(Repeatable):
    """Let nobody but the API write to a mailing list."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Set the access level; a list that is gone needs nothing."""
        try:
            await content.set_list_access(
                ctx.api, record.effect.target, "readonly", **where(record, Priority.WRITE)
            )
        except NotFound:
            return Sent((f"was already gone at {stamp(ctx)}",))
        return Sent((f"closed at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read the access level back."""
        try:
            held = await content.get_list(ctx.api, record.effect.target, **where(record, Priority.PROOF))
        except NotFound:
            return proof(record, True, f"gone at {stamp(ctx)}")
        level = held.access_level or "unknown"
        return proof(record, level == "readonly", f"access is {visible(level, 20)} at {stamp(ctx)}")


class DkimDeactivate(Repeatable):
    """Stop signing with a DKIM key; the target is the selector. Whoever holds its private half keeps it."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Deactivate it. Raises Refused where no active key would remain."""
        effect = record.effect
        try:
            await domains.set_dkim_active(
                ctx.api,
                effect.params.domain,
                effect.target,
                active=False,
                **where(record, Priority.WRITE),
            )
        except NotFound:
            return Sent((f"was already gone at {stamp(ctx)}",))
        return Sent((f"deactivated at {stamp(ctx)}; remove its DNS record too, or mail still verifies",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read the domain's keys back."""
        effect = record.effect
        held = await domains.domain_dkim_keys(ctx.api, effect.params.domain, **where(record, Priority.PROOF))
        found = next((key for key in held if key.selector == effect.target), None)
        if found is None:
            return proof(record, True, f"absent at {stamp(ctx)}")
        active = found.dns_record.is_active if found.dns_record is not None else None
        word = "its state is not told" if active is None else "still active" if active else "inactive"
        return proof(record, active is False, f"{word} at {stamp(ctx)}")


class TrackingFooter(Repeatable):
    """Clear a domain's unsubscribe footer; Mailgun then uses its own wording."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Set both footers to nothing."""
        await domains.set_tracking(
            ctx.api,
            record.effect.target,
            "unsubscribe",
            html_footer="",
            text_footer="",
            **where(record, Priority.WRITE),
        )
        return Sent((f"cleared at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read the footers back: no link of the intruder's may stand in them."""
        held = await domains.get_tracking(ctx.api, record.effect.target, **where(record, Priority.PROOF))
        footer = held.unsubscribe
        left = f"{footer.html_footer or ''}{footer.text_footer or ''}" if footer is not None else ""
        linked = "://" in left
        word = "still holds a link" if linked else "no link in it"
        return proof(record, not linked, f"{word} at {stamp(ctx)}")


class SandboxRecipientDelete(RemovalEffect):
    """Remove an address the sandbox may write to."""

    done = "removed"

    async def remove(self, ctx: Context, record: EffectRecord) -> None:
        """Delete it."""
        await settings.delete_sandbox_recipient(
            ctx.api, record.effect.target, **where(record, Priority.WRITE)
        )

    async def there(self, ctx: Context, record: EffectRecord) -> bool:
        """Return whether the recipients still hold it."""
        held = await settings.sandbox_recipients(ctx.api, **where(record, Priority.PROOF))
        return any(recipient.email == record.effect.target for recipient in held)


class SuppressionAllowDelete(RemovalEffect):
    """Remove a never-suppress entry, so that bounces and complaints count again."""

    done = "removed"

    async def remove(self, ctx: Context, record: EffectRecord) -> None:
        """Delete it."""
        effect = record.effect
        await content.delete_whitelist_entry(
            ctx.api, effect.params.domain, effect.target, **where(record, Priority.WRITE)
        )

    async def there(self, ctx: Context, record: EffectRecord) -> bool:
        """Return whether the domain's entries still hold it."""
        effect = record.effect
        pages = content.iter_whitelist(ctx.api, effect.params.domain, **where(record, Priority.PROOF))
        there = False
        async for page in pages:
            there = there or any(entry.value == effect.target for entry in page)
        return there


class SuppressionLift(RemovalEffect):
    """Take one address off a suppression table that the abuse put it on."""

    done = "lifted"

    async def remove(self, ctx: Context, record: EffectRecord) -> None:
        """Delete the entry."""
        given = record.effect.given(SuppressionLiftParams)
        await content.delete_suppression(
            ctx.api, given.domain, given.table, record.effect.target, **where(record, Priority.WRITE)
        )

    async def there(self, ctx: Context, record: EffectRecord) -> bool:
        """Ask for the entry by its address: 404 means that mail to it is tried again."""
        given = record.effect.given(SuppressionLiftParams)
        await content.get_suppression(
            ctx.api, given.domain, given.table, record.effect.target, **where(record, Priority.PROOF)
        )
        return True
