"""What else an intruder leaves: lists, signing keys, footers, recipients, never-suppress entries, suppressions."""

from __future__ import annotations

from typing import Any

from workbench.effects.base import Context, PlainHandler, Proof, Reality, Reconciled, Sent, stamp
from workbench.errors import NotFound
from workbench.incident.state import EffectRecord
from workbench.mailgun import content, domains, settings
from workbench.mailgun.client import Priority
from workbench.redact import visible


def _where(record: EffectRecord, priority: Priority) -> dict[str, Any]:
    place = record.effect.place
    return {"region": place.region, "subaccount": place.subaccount, "priority": priority}


class _Repeatable(PlainHandler):
    async def reconcile(self, ctx: Context, record: EffectRecord) -> Reconciled:
        """Do it again: removing what is gone and setting what is set change nothing."""
        return Reconciled(
            Reality.AGAIN, f"{visible(record.effect.what or record.effect.target, 80)}: done again"
        )


def _proof(record: EffectRecord, sure: bool, text: str) -> Proof:
    return Proof(sure, (*record.evidence[:1], text), later=not sure)


class ListClose(_Repeatable):
    """Let nobody but the API write to a mailing list."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Set the access level; a list that is gone needs nothing."""
        try:
            await content.set_list_access(
                ctx.api, record.effect.target, "readonly", **_where(record, Priority.WRITE)
            )
        except NotFound:
            return Sent((f"was already gone at {stamp(ctx)}",))
        return Sent((f"closed at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read the access level back."""
        try:
            held = await content.get_list(ctx.api, record.effect.target, **_where(record, Priority.PROOF))
        except NotFound:
            return _proof(record, True, f"gone at {stamp(ctx)}")
        level = held.access_level or "unknown"
        return _proof(record, level == "readonly", f"access is {visible(level, 20)} at {stamp(ctx)}")


class DkimDeactivate(_Repeatable):
    """Stop signing with a DKIM key; the target is the selector. Whoever holds its private half keeps it."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Deactivate it. Raises Refused where no active key would remain."""
        effect = record.effect
        try:
            await domains.set_dkim_active(
                ctx.api,
                effect.params["domain"],
                effect.target,
                active=False,
                **_where(record, Priority.WRITE),
            )
        except NotFound:
            return Sent((f"was already gone at {stamp(ctx)}",))
        return Sent((f"deactivated at {stamp(ctx)}; remove its DNS record too, or mail still verifies",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read the domain's keys back."""
        effect = record.effect
        held = await domains.domain_dkim_keys(
            ctx.api, effect.params["domain"], **_where(record, Priority.PROOF)
        )
        found = next((key for key in held if key.selector == effect.target), None)
        if found is None:
            return _proof(record, True, f"absent at {stamp(ctx)}")
        active = found.dns_record.is_active if found.dns_record is not None else None
        word = "its state is not told" if active is None else "still active" if active else "inactive"
        return _proof(record, active is False, f"{word} at {stamp(ctx)}")


class TrackingFooter(_Repeatable):
    """Clear a domain's unsubscribe footer; Mailgun then uses its own wording."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Set both footers to nothing."""
        await domains.set_tracking(
            ctx.api,
            record.effect.target,
            "unsubscribe",
            html_footer="",
            text_footer="",
            **_where(record, Priority.WRITE),
        )
        return Sent((f"cleared at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read the footers back: no link of the intruder's may stand in them."""
        held = await domains.get_tracking(ctx.api, record.effect.target, **_where(record, Priority.PROOF))
        footer = held.unsubscribe
        left = f"{footer.html_footer or ''}{footer.text_footer or ''}" if footer is not None else ""
        linked = "://" in left
        word = "still holds a link" if linked else "no link in it"
        return _proof(record, not linked, f"{word} at {stamp(ctx)}")


class SandboxRecipientDelete(_Repeatable):
    """Remove an address the sandbox may write to."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Delete it; one that is gone counts as deleted."""
        try:
            await settings.delete_sandbox_recipient(
                ctx.api, record.effect.target, **_where(record, Priority.WRITE)
            )
        except NotFound:
            return Sent((f"was already gone at {stamp(ctx)}",))
        return Sent((f"removed at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Show it absent from the recipients."""
        held = await settings.sandbox_recipients(ctx.api, **_where(record, Priority.PROOF))
        there = any(recipient.email == record.effect.target for recipient in held)
        return _proof(record, not there, f"{'still listed' if there else 'absent'} at {stamp(ctx)}")


class SuppressionAllowDelete(_Repeatable):
    """Remove a never-suppress entry, so that bounces and complaints count again."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Delete it; one that is gone counts as deleted."""
        effect = record.effect
        try:
            await content.delete_whitelist_entry(
                ctx.api, effect.params["domain"], effect.target, **_where(record, Priority.WRITE)
            )
        except NotFound:
            return Sent((f"was already gone at {stamp(ctx)}",))
        return Sent((f"removed at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Show it absent from the domain's entries."""
        effect = record.effect
        there = False
        async for page in content.iter_whitelist(
            ctx.api, effect.params["domain"], **_where(record, Priority.PROOF)
        ):
            there = there or any(entry.value == effect.target for entry in page)
        return _proof(record, not there, f"{'still listed' if there else 'absent'} at {stamp(ctx)}")


class SuppressionLift(_Repeatable):
    """Take one address off a suppression table that the abuse put it on."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Delete the entry; one that is gone counts as deleted."""
        effect = record.effect
        try:
            await content.delete_suppression(
                ctx.api,
                effect.params["domain"],
                effect.params["table"],
                effect.target,
                **_where(record, Priority.WRITE),
            )
        except NotFound:
            return Sent((f"was already gone at {stamp(ctx)}",))
        return Sent((f"lifted at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Ask for the entry by its address: 404 means that mail to it is tried again."""
        effect = record.effect
        try:
            await content.get_suppression(
                ctx.api,
                effect.params["domain"],
                effect.params["table"],
                effect.target,
                **_where(record, Priority.PROOF),
            )
        except NotFound:
            return _proof(record, True, f"absent at {stamp(ctx)}")
        return _proof(record, False, f"still listed at {stamp(ctx)}")
