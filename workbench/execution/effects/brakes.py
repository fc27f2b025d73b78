"""Brakes: queues, sending limits, subaccounts, rogue domains, and the account's own signing keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.core.errors import NotFound, Refused
from workbench.core.redact import Secret, visible
from workbench.core.words import plural
from workbench.domain.model.effect_params import LimitSetParams
from workbench.domain.model.state import EffectRecord
from workbench.execution.context import Context
from workbench.execution.effects.base import PlainHandler, Proof, Reality, Reconciled, Sent, stamp
from workbench.execution.effects.idempotent import Repeatable, proof, where
from workbench.mailgun import account, domains, keys, queues
from workbench.mailgun.client import Priority


class QueuePurge(Repeatable):
    """Throw away what a domain has queued and scheduled, on every storage host."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Ask each storage host; the queue is only empty when all of them said so (dossier B2)."""
        effect = record.effect
        answers = await queues.purge_queue(
            ctx.api, effect.target, subaccount=effect.place.subaccount, priority=Priority.WRITE
        )
        for answer in answers:
            # A host of the other region does not know the domain; any other refusal leaves mail queued.
            if answer.error is not None and not isinstance(answer.error, NotFound):
                raise answer.error
        purged = sum(answer.error is None for answer in answers)
        if not purged and answers and answers[0].error is not None:
            # No host knows the domain: then nobody threw anything away, and that is not an empty queue.
            raise answers[0].error
        return Sent((f"purged on {purged} of {plural(len(answers), 'storage host')} at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Each host that knows the domain said done; the API shows no queue length to prove more (dossier B2)."""
        return Proof(
            True,
            (*record.evidence[:1], "confirmed by each that knows the domain; queue length is not readable"),
        )


class LimitSet(Repeatable):
    """Cap what the account may send in a month; the value before is kept for the way back."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Set the limit; the server refuses less than 1,000 (dossier B3)."""
        effect = record.effect
        await account.set_limit(ctx.api, effect.given(LimitSetParams).limit, **where(record, Priority.WRITE))
        return Sent((f"limit set at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read the limit back."""
        effect = record.effect
        limit = await account.get_limit(ctx.api, **where(record, Priority.PROOF))
        seen = None if limit is None or limit.limit is None else int(limit.limit)
        word = f"read back: {'none' if seen is None else seen} at {stamp(ctx)}"
        return proof(record, seen == effect.given(LimitSetParams).limit, word, later=False)


class LimitClear(Repeatable):
    """Remove the cap."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Remove the limit; none set counts as removed."""
        try:
            await account.delete_limit(ctx.api, **where(record, Priority.WRITE))
        except NotFound:
            return Sent((f"no limit was set at {stamp(ctx)}",))
        return Sent((f"limit removed at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read that there is none."""
        limit = await account.get_limit(ctx.api, **where(record, Priority.PROOF))
        return proof(record, limit is None, f"read back at {stamp(ctx)}", later=False)


class SubaccountSwitch(Repeatable):
    """Disable a subaccount, or enable it again."""

    def __init__(self, *, enable: bool) -> None:
        self.enable = enable

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Switch it; the server's 'already' counts as yes."""
        switch = account.enable_subaccount if self.enable else account.disable_subaccount
        try:
            await switch(ctx.api, record.effect.target, priority=Priority.WRITE)
        except Refused as refusal:
            if "already" not in refusal.detail.lower():
                raise
        return Sent((f"{'enabled' if self.enable else 'disabled'} at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read its status back."""
        status: Any = "absent"
        for subaccount in await account.list_subaccounts(ctx.api, priority=Priority.PROOF):
            if subaccount.id == record.effect.target:
                status = subaccount.status
        wanted = "open" if self.enable else "disabled"
        return proof(record, status == wanted, f"status {visible(status, 20)} at {stamp(ctx)}", later=False)


class DomainDelete(Repeatable):
    """Delete a rogue domain, for good."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Delete it; the server does so in the background, over minutes (dossier B2)."""
        try:
            await domains.delete_domain(ctx.api, record.effect.target, **where(record, Priority.WRITE))
        except NotFound:
            return Sent((f"was already gone at {stamp(ctx)}",))
        return Sent((f"deletion accepted at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Show the domain absent; until then the deletion is only promised."""
        try:
            await domains.get_domain(ctx.api, record.effect.target, **where(record, Priority.PROOF))
        except NotFound:
            return proof(record, True, f"absent at {stamp(ctx)}")
        return proof(record, False, "still listed: deletion runs in the background", later=False)


class SigningKeyRenew(PlainHandler):
    """Make a new HTTP webhook signing key; the old one stops at once, so this must never happen twice."""

    async def prepare(self, ctx: Context, records: Sequence[EffectRecord]) -> Mapping[str, str]:
        """Keep the key as it was before the first attempt: only by it can a renewal be told afterwards."""
        for record in records:
            if not record.attempts:
                before = await account.get_signing_key(
                    ctx.api, region=record.effect.place.region, priority=Priority.PROOF
                )
                await ctx.vault.store(ctx.entry(_signing_entry(record, "before")), before)
        return {}

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Regenerate, store the new key; it can be read again at any time, so storing cannot lose it."""
        secret = await account.regenerate_signing_key(
            ctx.api, region=record.effect.place.region, priority=Priority.WRITE
        )
        entry = ctx.entry(_signing_entry(record))
        await ctx.vault.store(entry, secret)
        return Sent((f"regenerated at {stamp(ctx)}, stored",), entry=entry.username)

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Read the key and compare it with what was stored."""
        now = await account.get_signing_key(
            ctx.api, region=record.effect.place.region, priority=Priority.PROOF
        )
        stored = await ctx.vault.fetch(ctx.entry(record.entry))
        return Proof(now == stored, (*record.evidence[:1], f"read back at {stamp(ctx)}"))

    async def reconcile(self, ctx: Context, record: EffectRecord) -> Reconciled:
        """A key other than before was made by the interrupted attempt: it is stored, not made once more."""
        now = await account.get_signing_key(
            ctx.api, region=record.effect.place.region, priority=Priority.PROOF
        )
        before = await ctx.vault.fetch(ctx.entry(_signing_entry(record, "before")))
        if before is None or now == before:
            return Reconciled(Reality.AGAIN, "the webhook signing key is still the old one: renewed now")
        entry = ctx.entry(_signing_entry(record))
        await ctx.vault.store(entry, now)
        sent = Sent((f"found renewed at {stamp(ctx)}, stored",), entry=entry.username)
        return Reconciled(Reality.HAPPENED, "the webhook signing key had been renewed: stored", sent)


def _signing_entry(record: EffectRecord, which: str = "") -> str:
    region = record.effect.place.region.value.upper()
    # The one before belongs to one renewal only, or a later one could not be told from an earlier.
    detail = f", {which} {record.effect.id.rsplit('-', 1)[1]}" if which else ""
    return f"HTTP webhook signing key {region}{detail}"


class PublicKeyRenew(Repeatable):
    """Make a new public validation key."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Regenerate and store it; it only validates addresses (dossier B1)."""
        secret = Secret(await keys.regenerate_public_key(ctx.api, priority=Priority.WRITE))
        entry = ctx.entry("public validation key")
        await ctx.vault.store(entry, secret)
        return Sent((f"regenerated at {stamp(ctx)}, stored",), entry=entry.username)

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """The answer is all there is: no call reads the public key back."""
        return Proof(True, (*record.evidence[:1], "no call reads it back"))
