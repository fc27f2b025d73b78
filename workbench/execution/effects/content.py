"""What the intruder planted or changed in templates and rules: taken away, or set back (dossier F)."""

from __future__ import annotations

from typing import Any

from workbench.core.errors import NotFound
from workbench.core.redact import visible
from workbench.domain.model.effect_params import (
    RuleDeleteParams,
    RuleSetParams,
    TemplateActivateParams,
    TemplateHeadersParams,
)
from workbench.domain.model.state import EffectRecord
from workbench.execution.context import Context
from workbench.execution.effects.base import Proof, Sent, stamp
from workbench.execution.effects.idempotent import RemovalEffect, Repeatable, proof, where
from workbench.mailgun import content, templates, thresholds
from workbench.mailgun.client import Priority
from workbench.mailgun.evidence_models import Alert
from workbench.mailgun.models import Template


def _domain(record: EffectRecord) -> str | None:
    """Return the template's domain, None for one of the account."""
    return record.effect.params.domain or None


class TemplateDelete(RemovalEffect):
    """Delete a template that the intruder made, with all its versions; the target is its name."""

    present = "still stored"

    async def remove(self, ctx: Context, record: EffectRecord) -> None:
        """Delete it."""
        await templates.delete_template(
            ctx.api, _domain(record), record.effect.target, **where(record, Priority.WRITE)
        )

    async def there(self, ctx: Context, record: EffectRecord) -> bool:
        """Ask for it by its name: 404 means that nobody can send it."""
        await content.get_template(
            ctx.api, _domain(record), record.effect.target, **where(record, Priority.PROOF)
        )
        return True


async def _active(ctx: Context, record: EffectRecord) -> Template:
    return await content.get_template(
        ctx.api, _domain(record), record.effect.target, **where(record, Priority.PROOF)
    )


class TemplateActivate(Repeatable):
    """Send an earlier version of a template again; the one the intruder added stays, inactive."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Make the version the active one. Raises NotFound where it is gone: then nothing can be set back."""
        tag = record.effect.given(TemplateActivateParams).tag
        await templates.activate_version(
            ctx.api, _domain(record), record.effect.target, tag, **where(record, Priority.WRITE)
        )
        return Sent((f"version {visible(tag, 40)} made active at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read which version is sent."""
        held = (await _active(ctx, record)).version
        tag = held.tag if held is not None else ""
        sure = tag == record.effect.given(TemplateActivateParams).tag
        return proof(record, sure, f"version {visible(tag or 'unknown', 40)} is active at {stamp(ctx)}")


class TemplateHeaders(Repeatable):
    """Take foreign senders and answer addresses out of a template's version; its content stays."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Write the headers that stay; a template that is gone needs nothing."""
        given = record.effect.given(TemplateHeadersParams)
        try:
            await templates.set_version_headers(
                ctx.api,
                _domain(record),
                record.effect.target,
                given.tag,
                given.headers,
                **where(record, Priority.WRITE),
            )
        except NotFound:
            return Sent((f"was already gone at {stamp(ctx)}",))
        return Sent((f"headers set at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read the version's headers back: they must be those that stay, and no other."""
        given = record.effect.given(TemplateHeadersParams)
        try:
            held = await content.get_template(
                ctx.api,
                _domain(record),
                record.effect.target,
                version=given.tag,
                **where(record, Priority.PROOF),
            )
        except NotFound:
            return proof(record, True, f"gone at {stamp(ctx)}")
        there = _lowered(held.version.headers if held.version is not None else {})
        extra = sorted(set(there) - set(_lowered(given.headers)))
        sure = there == _lowered(given.headers)
        word = "as they should be" if sure else f"still hold {', '.join(extra)}" if extra else "differ"
        return proof(record, sure, f"its headers {visible(word, 80)} at {stamp(ctx)}")


def _lowered(headers: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers.items()}


class RuleDelete(RemovalEffect):
    """Delete an alert or limit rule that the intruder made; the target is its name."""

    async def remove(self, ctx: Context, record: EffectRecord) -> None:
        """Delete it."""
        await thresholds.delete_rule(
            ctx.api,
            record.effect.given(RuleDeleteParams).book,
            record.effect.target,
            **where(record, Priority.WRITE),
        )

    async def there(self, ctx: Context, record: EffectRecord) -> bool:
        """Ask for it by its name."""
        await _rule(ctx, record)
        return True


class RuleSet(Repeatable):
    """Set an alert or limit rule that was loosened to a limit that fires again; the target is its name."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Write the rule. Raises NotFound where it is gone: then it has to be made anew."""
        given = record.effect.given(RuleSetParams)
        rule = given.rule.called(record.effect.target)
        await thresholds.set_rule(ctx.api, given.book, rule, **where(record, Priority.WRITE))
        return Sent((f"set at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read the rule back."""
        held = await _rule(ctx, record)
        wanted = record.effect.given(RuleSetParams).rule
        sure = _plain(held.limit) == _plain(wanted.limit) and held.comparator == wanted.comparator
        shown = f"{held.comparator or ''} {_plain(held.limit)}".strip()
        return proof(record, sure, f"its limit is {visible(shown, 40)} at {stamp(ctx)}")


def _plain(limit: str | float | None) -> str:
    """Return a rule's limit as it was written, whether the account tells it as a text or as a number."""
    return f"{limit:g}" if isinstance(limit, float) else str(limit)


async def _rule(ctx: Context, record: EffectRecord) -> Alert:
    return await thresholds.get_rule(
        ctx.api,
        record.effect.given(RuleDeleteParams).book,
        record.effect.target,
        **where(record, Priority.PROOF),
    )
