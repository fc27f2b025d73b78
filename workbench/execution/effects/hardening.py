"""What makes the next leak matter less: alert rules, and DKIM keys made, switched on, rolled (dossier B2, B6)."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.core.redact import visible
from workbench.domain.model.effect_params import AlertCreateParams, DkimCreateParams, DkimRotateParams
from workbench.domain.model.state import EffectRecord
from workbench.execution.context import Context
from workbench.execution.effects.base import PlainHandler, Proof, Reality, Reconciled, Sent, stamp
from workbench.execution.effects.idempotent import Repeatable, proof, where
from workbench.mailgun import domains, thresholds
from workbench.mailgun.client import Priority
from workbench.mailgun.evidence_models import Book
from workbench.mailgun.models import DkimKey


class AlertCreate(PlainHandler):
    """Make an alert rule; the target is its name, which the account takes once only."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Make the rule."""
        rule = record.effect.given(AlertCreateParams).rule.called(record.effect.target)
        await thresholds.create_rule(ctx.api, Book.ALERT, rule, **where(record, Priority.WRITE))
        return Sent((f"made at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read the rules back."""
        held = await self._there(ctx, record)
        return proof(record, held, f"{'listed' if held else 'not listed'} at {stamp(ctx)}")

    async def reconcile(self, ctx: Context, record: EffectRecord) -> Reconciled:
        """A rule of this name and metric is the interrupted attempt's."""
        if await self._there(ctx, record):
            return Reconciled(
                Reality.HAPPENED, "the alert rule is there", Sent((f"found made at {stamp(ctx)}",))
            )
        return Reconciled(Reality.AGAIN, "the alert rule is not there: made now")

    async def _there(self, ctx: Context, record: EffectRecord) -> bool:
        rules = await thresholds.list_rules(ctx.api, Book.ALERT, **where(record, Priority.PROOF))
        wanted = record.effect.given(AlertCreateParams).rule.metric
        return any(rule.name == record.effect.target and rule.metric == wanted for rule in rules)


async def _keys(ctx: Context, record: EffectRecord) -> Sequence[DkimKey]:
    return await domains.domain_dkim_keys(
        ctx.api, record.effect.params.domain, **where(record, Priority.PROOF)
    )


def _found(keys: Sequence[DkimKey], selector: str) -> DkimKey | None:
    return next((key for key in keys if key.selector == selector), None)


def _active(key: DkimKey | None) -> bool:
    return key is not None and key.dns_record is not None and key.dns_record.is_active is True


class DkimCreate(PlainHandler):
    """Make a DKIM key at the vendor; the target is the selector. It signs nothing until it is switched on."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Make the key; the record to publish stands in the evidence."""
        given = record.effect.given(DkimCreateParams)
        key = await domains.create_dkim_key(
            ctx.api,
            given.domain,
            record.effect.target,
            bits=given.bits,
            **where(record, Priority.WRITE),
        )
        return Sent((f"made at {stamp(ctx)}; publish {_record(key)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Show it among the domain's keys."""
        there = _found(await _keys(ctx, record), record.effect.target) is not None
        return proof(record, there, f"{'listed' if there else 'not listed'} at {stamp(ctx)}")

    async def reconcile(self, ctx: Context, record: EffectRecord) -> Reconciled:
        """A key under this selector is the interrupted attempt's."""
        key = _found(await _keys(ctx, record), record.effect.target)
        if key is None:
            return Reconciled(Reality.AGAIN, "the DKIM key is not there: made now")
        sent = Sent((f"found made at {stamp(ctx)}; publish {_record(key)}",))
        return Reconciled(Reality.HAPPENED, "the DKIM key is there", sent)


def _record(key: DkimKey) -> str:
    record = key.dns_record
    if record is None:
        return "the record that the control panel shows"
    return f"TXT {visible(record.name or '', 120)} = {visible(record.value or '', 460)}"


class DkimActivate(Repeatable):
    """Sign with a DKIM key whose record is published; the target is the selector."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Switch it on."""
        await domains.set_dkim_active(
            ctx.api,
            record.effect.params.domain,
            record.effect.target,
            active=True,
            **where(record, Priority.WRITE),
        )
        return Sent((f"switched on at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read the domain's keys back."""
        on = _active(_found(await _keys(ctx, record), record.effect.target))
        return proof(record, on, f"{'active' if on else 'not active'} at {stamp(ctx)}")


class DkimRotate(PlainHandler):
    """Roll the key of a domain with automatic sender security: Mailgun publishes the new one itself."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Ask for the roll; refused within five days of the last one."""
        await domains.rotate_dkim(ctx.api, record.effect.target, **where(record, Priority.WRITE))
        return Sent((f"rolled at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Show an active key that was not there before."""
        new = await self._new(ctx, record)
        word = f"signs with {visible(new, 60)}" if new else "no new key signs yet"
        return proof(record, bool(new), f"{word} at {stamp(ctx)}")

    async def reconcile(self, ctx: Context, record: EffectRecord) -> Reconciled:
        """A new active key was made by the interrupted attempt: rolling again would be refused anyway."""
        if await self._new(ctx, record):
            return Reconciled(Reality.HAPPENED, "the DKIM key was rolled", Sent((f"found at {stamp(ctx)}",)))
        return Reconciled(Reality.AGAIN, "the DKIM key is still the old one: rolled now")

    async def _new(self, ctx: Context, record: EffectRecord) -> str:
        before = record.effect.given(DkimRotateParams).before
        keys = await _keys(ctx, record)
        return next((k.selector or "" for k in keys if _active(k) and k.selector not in before), "")
