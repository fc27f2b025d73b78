"""API keys: mint, store, prove, switch, delete, prove dead.

A minted key carries the incident's tag and the effect's own mark in its description. After a kill that
mark tells an orphan from everybody else's keys: an orphan whose secret reached the vault is kept, any
other is deleted and made again, because a secret that nobody holds is an open door (design, idea 3).
"""

from __future__ import annotations

from workbench.core.errors import (
    ApiError,
    Forbidden,
    Incomplete,
    NotAuthorised,
    NotFound,
    Refused,
    VaultError,
    WorkbenchError,
)
from workbench.core.redact import Secret, key_tail, visible
from workbench.core.words import plural
from workbench.domain.model.effect_params import KeyCreateParams
from workbench.domain.model.effect_result import EffectResult
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.state import EffectRecord
from workbench.execution.context import Context, Keeping, SecretMissing
from workbench.execution.effects.base import (
    HalfDone,
    PlainHandler,
    Proof,
    QuotaFull,
    Reality,
    Reconciled,
    Sent,
    stamp,
)
from workbench.execution.effects.key_proofs import alive, dead, refused
from workbench.execution.effects.refusals import is_quota, of_new_key
from workbench.mailgun.client import Priority
from workbench.mailgun.keys import UnknownSecret, create_key, delete_key, list_keys, tail_of
from workbench.mailgun.models import Key, NewKey

# How a proof says that a new key is not accepted.
REFUSED = "REFUSED (401)"
# A key that was just made refuses an early delete for a few seconds (dossier A2); so many waits of one second.
EARLY_DELETE_WAITS = 8


def mark(ctx: Context, record: EffectRecord) -> str:
    """Return what identifies this effect's key in the account: the incident's tag and the effect's digits."""
    return f"{ctx.tag}-{record.effect.id.rsplit('-', 1)[1]}"


def description(ctx: Context, record: EffectRecord) -> str:
    """Return the description of the new key: the old one's name and the mark in brackets."""
    name = visible(record.effect.params.name or "key", 60)
    return f"{name} [{mark(ctx, record)}]"


class KeyCreate(PlainHandler):
    """Mint a key, have its secret safe in the vault, prove it with a live call."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Mint the key and store its secret; a secret that cannot be stored takes its key with it.

        Raises QuotaFull when the account has all the keys its plan allows, VaultError when the secret
        could not be stored anywhere (the key is then deleted again, so that nobody is left holding it),
        HalfDone when that delete failed too.
        """
        given = record.effect.given(KeyCreateParams)
        try:
            new = await create_key(
                ctx.api,
                role=given.role,
                kind=given.kind,
                description=description(ctx, record),
                domain=given.domain_name,
                expiration=given.expiration,
                subaccount=record.effect.place.subaccount,
                priority=Priority.WRITE,
            )
        except UnknownSecret as unknown:
            # Made, perhaps, with a secret that nobody holds: taken back before anything else goes.
            await _take_back(ctx, record, unknown)
            raise
        except Forbidden as refusal:
            if is_quota(refusal):
                raise QuotaFull(str(refusal)) from refusal
            raise of_new_key(refusal, given) from refusal
        key_id = await _listed_id(ctx, record, new)
        entry = ctx.entry(entry_name(record, key_id))
        try:
            keeping = await ctx.keep_safe(record.effect, entry, new.secret, minted=True)
        except VaultError as problem:
            try:
                await _delete_patiently(ctx, key_id, record.effect.place.subaccount)
            except ApiError as refusal:
                raise HalfDone(_left_behind(key_id, problem, refusal)) from refusal
            raise
        ctx.fresh[record.effect.id] = new.secret
        minted = f"minted {key_tail(key_id)} at {stamp(ctx)}"
        if keeping is Keeping.WRITTEN:
            said = f"{minted}, secret NOT stored: written down by hand (attested)"
            return Sent(evidence=(said,), result=EffectResult(key_id=key_id, written_down=True))
        return Sent(
            evidence=(f"{minted}, secret stored and read back",),
            result=EffectResult(key_id=key_id),
            entry=entry.username,
        )

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Make a live call with the new key; switch the workbench to it when it replaces our own."""
        secret = await self._secret(ctx, record)
        if secret is None and record.result.written_down:
            return Proof(
                False, (*record.evidence[:1], "cannot prove from here: its secret is not in the vault")
            )
        if secret is None:
            raise secret_missing(record)
        try:
            answered = await alive(ctx, secret, record)
        except NotAuthorised as refusal:
            if refusal.status != 401:
                raise
            # Refused, for all that was answered when it was made: garbled on the way, or not in force yet.
            said = f"{REFUSED}: the new key does not work, {stamp(ctx)}"
            return Proof(False, (said, *record.evidence[:1]), later=True, undone=True)
        evidence = (*record.evidence[:1], answered)
        if record.attempts > 1:
            evidence += await self._sweep(ctx, record)
        if record.effect.params.own and ctx.api.key != secret:
            await ctx.switch_key(secret, record.result.key_id, record.entry, record.effect.params.replaces)
            evidence += ("the workbench runs on it now",)
        ctx.fresh.pop(record.effect.id, None)
        return Proof(True, evidence)

    async def _secret(self, ctx: Context, record: EffectRecord) -> Secret | None:
        fresh = ctx.fresh.get(record.effect.id)
        if fresh is not None or not record.entry:
            return fresh
        return await ctx.vault.fetch(ctx.entry(record.entry))

    async def _sweep(self, ctx: Context, record: EffectRecord) -> tuple[str, ...]:
        """Delete what earlier attempts made and the key list did not show yet when they were reconciled."""
        others = [key for key in await _marked(ctx, record) if key.id != record.result.key_id]
        for key in others:
            await _delete_patiently(ctx, key.id, record.effect.place.subaccount)
        return (f"{plural(len(others), 'key')} of an interrupted attempt deleted",) if others else ()

    async def reconcile(self, ctx: Context, record: EffectRecord) -> Reconciled:
        """Keep a tagged key whose secret is in the vault; delete tagged keys whose secret is not."""
        keys = await _marked(ctx, record)
        kept: Reconciled | None = None
        deleted = unusable = 0
        for key in keys:
            entry = ctx.entry(entry_name(record, key.id))
            secret = await ctx.vault.fetch(entry)
            if secret is None and ctx.api.key.reveal().endswith(key.id):
                # We run on it, so its secret is at hand: deleting it would lock us out.
                secret = ctx.api.key
                await ctx.keep_safe(record.effect, entry, secret, minted=True)
            # Its proof said no. Still so, and ours accepted: nobody can use it, so it is made anew.
            asked = secret if REFUSED in record.failure.get("what", "") else None
            if asked is not None and await refused(ctx, asked, record):
                secret = None
                unusable += 1
            if kept is None and secret is not None and secret.reveal().endswith(key.id):
                ctx.fresh[record.effect.id] = secret
                kept = Reconciled(
                    Reality.HAPPENED,
                    f"key {key_tail(key.id)} had been made and its secret is in the vault: kept",
                    Sent(
                        (f"minted {key_tail(key.id)}, found again in account and vault at {stamp(ctx)}",),
                        EffectResult(key_id=key.id),
                        entry.username,
                    ),
                )
            else:
                await _delete_patiently(ctx, key.id, record.effect.place.subaccount)
                deleted += 1
        if kept is not None:
            return kept
        if deleted:
            return Reconciled(Reality.AGAIN, f"{_no_use(deleted - unusable, unusable)} deleted: made again")
        return Reconciled(Reality.AGAIN, "no key had been made: made now")


def _no_use(lost: int, unusable: int) -> str:
    """Return in words how many new keys nobody can use, and why: no secret in the vault, or refused by the API."""
    refusal = f"{'are' if unusable > 1 else 'is'} refused (401)"
    if not lost:
        return f"{plural(unusable, 'new key')} that {refusal}"
    words = f"{plural(lost, 'new key')} whose secret never reached the vault"
    return f"{words} and {unusable} that {refusal}" if unusable else words


class KeyDelete(PlainHandler):
    """Delete a key; prove it absent, and dead where its secret is known."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Delete the key; one that is already gone counts as deleted.

        Raises SecretMissing, and deletes nothing, where the replacement's secret left the vault meanwhile; and
        WorkbenchError for the key that the workbench runs on, whatever an answer said of which key that is.
        """
        # First, for it is what lets the next run make the replacement anew: the old key of a workbench that was
        # started again after the keyring had lost the new one is the one it runs on, and would stay for good.
        await _replacement_is_safe(ctx, record)
        if tail_of(ctx.api.key) == record.effect.target:
            raise WorkbenchError(
                f"The key {key_tail(record.effect.target)} is the one the workbench runs on.",
                "Deleted before the workbench has switched to its replacement it would lock the workbench out.",
                "Nothing was deleted. Run this again: its replacement goes first.",
            )
        gone = await _delete_patiently(ctx, record.effect.target, record.effect.place.subaccount)
        word = "deleted" if gone else "was already gone"
        return Sent((f"{word} at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Show the key absent from the list, and refused with a positive control where its secret is known."""
        key_id = record.effect.target
        evidence = list(record.evidence[:1])
        keys = await ctx.keys(record.effect.place, since=ctx.clock.monotonic())
        if any(key.id == key_id for key in keys):
            shown = f"still in the key list at {stamp(ctx)}"
            return Proof(False, (*evidence, shown), later=True, undone=True)
        evidence.append(f"absent from the key list at {stamp(ctx)}")
        secret = ctx.known.get(key_id)
        if secret is None and (mint := ctx.state.created_keys.get(key_id)) is not None and mint.entry:
            # One of ours, replaced by one that may do less: the vault still holds its secret.
            secret = await ctx.vault.fetch(ctx.entry(mint.entry))
        if secret is None:
            return Proof(True, tuple(evidence))
        return await dead(ctx, secret, record, evidence)

    async def reconcile(self, ctx: Context, record: EffectRecord) -> Reconciled:
        """A delete is confirmed by absence."""
        tail = key_tail(record.effect.target)
        try:
            keys = await list_keys(
                ctx.api, subaccount=record.effect.place.subaccount, priority=Priority.PROOF
            )
        except Incomplete:
            # A list with a hole proves no absence; a second delete of what is gone does no harm.
            return Reconciled(Reality.AGAIN, f"the key list is not whole: key {tail} is deleted once more")
        if any(key.id == record.effect.target for key in keys):
            return Reconciled(Reality.AGAIN, f"key {tail} is still there: deleted now")
        return Reconciled(Reality.HAPPENED, f"key {tail} is gone", Sent((f"found deleted at {stamp(ctx)}",)))


async def _marked(ctx: Context, record: EffectRecord) -> list[Key]:
    """Return the keys in the account that carry this effect's mark. Raises Incomplete where some may be hidden."""
    wanted = mark(ctx, record)
    try:
        keys = await list_keys(ctx.api, subaccount=record.effect.place.subaccount, priority=Priority.PROOF)
    except Incomplete as part:
        if part.short:
            raise
        keys = list(part.rows)  # Whole but for an element without an id, which no mark of ours is on.
    return [key for key in keys if wanted in (key.description or "")]


async def _listed_id(ctx: Context, record: EffectRecord, new: NewKey) -> str:
    """Return the id under which the account lists a key that was just made.

    An answer whose id is not the tail of its secret may name another one, or another way of naming keys: the list
    decides, for what it calls the key is what deletes it.
    """
    tail = tail_of(new.secret)
    if tail == new.key.id:
        return tail
    try:
        listed = [key.id for key in await _marked(ctx, record)]
    except ApiError:
        return new.key.id
    if not listed or new.key.id in listed:
        return new.key.id
    return tail if tail in listed else listed[-1]


async def _replacement_is_safe(ctx: Context, record: EffectRecord) -> None:
    """Look once more, right before the old key dies: a keyring may have lost what it held a minute ago."""
    for mint in ctx.state.of_kind(EffectKind.KEY_CREATE):
        if mint.effect.params.replaces != record.effect.target:
            continue
        if mint.state not in (EffectState.DONE, EffectState.VERIFIED):
            continue
        if mint.result.written_down:
            continue  # A person said so, and the journal holds who.
        if await ctx.vault.fetch(ctx.entry(mint.entry)) is None:
            raise secret_missing(mint)


def secret_missing(mint: EffectRecord) -> SecretMissing:
    """Return the error for a replacement key whose secret is gone from the vault."""
    return SecretMissing(
        f"The secret of the new key {key_tail(mint.result.key_id)} is no longer in the vault.",
        "The key works, but nobody can use it. The key it replaces stays until there is another replacement.",
        "Run the replacement again: the key without a secret is deleted and made anew.",
        mint.effect.id,
    )


def _left_behind(key_id: str, problem: VaultError, refusal: ApiError) -> VaultError:
    return VaultError(
        f"{problem.what} The new key {key_tail(key_id)} could not be deleted again: {refusal.what}",
        "A key that nobody holds the secret of stands in the account; the old key is untouched.",
        f"{problem.todo} Then run this again: that key is found by its mark and deleted.",
    )


def entry_name(record: EffectRecord, key_id: str) -> str:
    """Return the vault user name of a new key, readable in a password manager."""
    given = record.effect.params
    name = visible(given.name or "key", 60)
    replaces = f", replaces {key_tail(given.replaces)}" if given.replaces else ""
    return f"API key {name} {key_tail(key_id)}{replaces} ({record.effect.id.rsplit('-', 1)[1]})"


async def _take_back(ctx: Context, record: EffectRecord, unknown: UnknownSecret) -> None:
    """Delete what a creation without a known secret may have made; raises HalfDone where that fails."""
    try:
        found = {unknown.key_id} - {""} or {key.id for key in await _marked(ctx, record)}
        for key_id in found:
            await _delete_patiently(ctx, key_id, record.effect.place.subaccount)
    except ApiError as refusal:
        raise HalfDone(unknown) from refusal


async def _delete_patiently(ctx: Context, key_id: str, subaccount: str | None) -> bool:
    """Delete a key, waiting out the refusal of a just-created one; False when it was gone before."""
    for attempt in range(EARLY_DELETE_WAITS + 1):
        try:
            await delete_key(ctx.api, key_id, subaccount=subaccount, priority=Priority.WRITE)
        except NotFound:
            return attempt > 0
        except Refused as refusal:
            early = refusal.status == 400 and "try again later" in refusal.detail.lower()
            if not early or attempt == EARLY_DELETE_WAITS:
                raise
            await ctx.clock.sleep(1.0)
        else:
            return True
    raise AssertionError("the loop returns or raises")
