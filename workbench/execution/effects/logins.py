"""SMTP logins: a new password in the vault first, then at the server, then proven by AUTH.

The password is ours, so the same one can be sent again after a kill without asking anybody; that is why
the workbench chooses it instead of taking a generated one, which the server would show only once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.core.errors import NotFound, Refused
from workbench.core.redact import Secret, visible
from workbench.core.turns import in_turns
from workbench.domain.model.plan import EffectKind, effect_id
from workbench.domain.model.state import EffectRecord
from workbench.execution.context import Context, SecretMissing
from workbench.execution.effects.base import PlainHandler, Proof, Reality, Reconciled, Sent, stamp
from workbench.execution.effects.idempotent import where
from workbench.mailgun.client import Priority
from workbench.mailgun.credentials import (
    create_credential,
    delete_credential,
    iter_credentials,
    reset_credential,
)
from workbench.smtp.auth_probe import CANNOT_PROVE, AuthProof
from workbench.vault.vault import EntryName, new_smtp_password, smtp_entry

_PASSWORD_KINDS = (EffectKind.LOGIN_CREATE, EffectKind.LOGIN_RESET)


def entry_name(ctx: Context, record: EffectRecord) -> str:
    """Return the vault user name of a login's password: ``SMTP newsletter@mg.acme.example``."""
    login = record.effect.target
    plain = smtp_entry("", login).username
    # A hostile or over-long login is written shortened or escaped, and two such must never share an entry.
    # A login that this incident gave a password before keeps that one in the vault until the next is set.
    if plain == f"SMTP {login}" and not _used(ctx, record, plain):
        return plain
    return f"{plain} ({record.effect.id.rsplit('-', 1)[1]})"


def _used(ctx: Context, record: EffectRecord, entry: str) -> bool:
    place, target = record.effect.place, record.effect.target
    earlier = (ctx.state.effects.get(effect_id(kind, target, place)) for kind in _PASSWORD_KINDS)
    others = [r for r in earlier if r is not None and r.effect.id != record.effect.id]
    # A second reset in one incident is an effect of its own, told apart by its instance.
    return any(r.entry == entry for r in others) or record.effect.params.instance is not None


class _ChosenPassword:
    """What reset and create share: a password of ours, stored before the server is told."""

    async def prepare(self, ctx: Context, records: Sequence[EffectRecord]) -> Mapping[str, str]:
        """Store a password for each login, all of them by one durable replace where the vault can.

        A password that an earlier attempt stored is used again: the server may already know it.
        """
        names: dict[str, str] = {}
        new: dict[EntryName, Secret] = {}
        async for record in in_turns(records):
            effect_id = record.effect.id
            username = names[effect_id] = record.entry or entry_name(ctx, record)
            kept = await ctx.vault.fetch(ctx.entry(username)) if record.attempts else None
            if kept is None:
                # After a store that failed the same one again: a keyring that was only slow may still be
                # about to write it, and must not write it over another.
                kept = ctx.fresh.get(effect_id) or new_smtp_password()
                new[ctx.entry(username)] = kept
            ctx.fresh[effect_id] = kept
        if len(records) == 1 and new:
            [(entry, secret)] = new.items()
            await ctx.keep_safe(records[0].effect, entry, secret)
        elif new:
            await ctx.vault.store_many(new)
        return names

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """AUTH with the new password (235), and with the old one (535) where somebody supplied it."""
        password = await _password(ctx, record)
        effect = record.effect
        servers = ctx.api.endpoints.smtp.get(effect.place.region, ())
        evidence = list(record.evidence[:1])
        if not servers:
            evidence.append("cannot prove from here: no SMTP server is named for this region")
            return Proof(False, tuple(evidence))
        new = await ctx.prover.prove(servers, effect.target, password)
        evidence.append(f"new password: {_said(new)} at {stamp(ctx)}")
        if not new.accepted:
            # Refused: the reset did not arrive, whatever was answered. The next run sends the same password again.
            return Proof(False, (*evidence, _unproven(new)), later=new.refused, undone=new.refused)
        old = ctx.old_passwords.get(effect.target)
        if old is None:
            evidence.append("old password: not tested (nobody supplied it)")
        else:
            refused = await ctx.prover.prove(servers, effect.target, old)
            evidence.append(f"old password: {_said(refused)} at {stamp(ctx)}")
            if not refused.refused:
                return Proof(False, tuple(evidence), later=refused.accepted)
        ctx.fresh.pop(effect.id, None)
        return Proof(True, tuple(evidence))


class LoginReset(_ChosenPassword):
    """Give a login a new password."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Tell the server; 'same as the old one' means an earlier attempt of ours arrived (dossier B1)."""
        password = await _password(ctx, record)
        effect = record.effect
        try:
            await reset_credential(
                ctx.api,
                effect.params.domain,
                effect.target,
                password,
                **where(record, Priority.WRITE),
            )
        except Refused as refusal:
            if "same as old" not in refusal.detail.lower():
                raise
            return Sent((f"the server already had the new password at {stamp(ctx)}",), entry=record.entry)
        return Sent((f"password replaced at {stamp(ctx)}",), entry=record.entry)

    async def reconcile(self, ctx: Context, record: EffectRecord) -> Reconciled:
        """The stored password is sent again, the same one: harmless whether or not it had arrived."""
        return Reconciled(
            Reality.AGAIN,
            f"{visible(record.effect.target, 80)}: the stored password is sent, once more if it was",
        )


class LoginCreate(_ChosenPassword):
    """Make a second login, so that production can move before the old one dies."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Create the login with our password; one that exists already gets our password."""
        password = await _password(ctx, record)
        effect = record.effect
        try:
            await create_credential(
                ctx.api,
                effect.params.domain,
                effect.target,
                password,
                **where(record, Priority.WRITE),
            )
        except Refused as refusal:
            if "exist" not in refusal.detail.lower() or record.attempts < 2:
                raise
            # Ours from an attempt whose answer was lost: the plan only makes logins that were absent.
            return await LoginReset().send(ctx, record)
        return Sent((f"login created at {stamp(ctx)}",), entry=record.entry)

    async def reconcile(self, ctx: Context, record: EffectRecord) -> Reconciled:
        """Create again; where it had arrived, our stored password is set once more."""
        return Reconciled(
            Reality.AGAIN, f"{visible(record.effect.target, 80)}: created with the stored password"
        )


class LoginDelete(PlainHandler):
    """Remove a login that is not ours."""

    async def send(self, ctx: Context, record: EffectRecord) -> Sent:
        """Delete the login; one that is already gone counts as deleted. ``postmaster`` is never planned here."""
        effect = record.effect
        try:
            await delete_credential(
                ctx.api, effect.params.domain, effect.target, **where(record, Priority.WRITE)
            )
        except NotFound:
            return Sent((f"was already gone at {stamp(ctx)}",))
        return Sent((f"deleted at {stamp(ctx)}",))

    async def prove(self, ctx: Context, record: EffectRecord) -> Proof:
        """Show the login absent from its domain's list."""
        evidence = record.evidence[:1]
        if await _listed(ctx, record):
            return Proof(False, (*evidence, f"still listed at {stamp(ctx)}"), later=True, undone=True)
        return Proof(True, (*evidence, f"absent from its domain's logins at {stamp(ctx)}"))

    async def reconcile(self, ctx: Context, record: EffectRecord) -> Reconciled:
        """A delete is confirmed by absence."""
        name = visible(record.effect.target, 80)
        if await _listed(ctx, record):
            return Reconciled(Reality.AGAIN, f"{name} is still there: deleted now")
        return Reconciled(Reality.HAPPENED, f"{name} is gone", Sent((f"found deleted at {stamp(ctx)}",)))


async def _listed(ctx: Context, record: EffectRecord) -> bool:
    effect = record.effect
    try:
        async for page in iter_credentials(ctx.api, effect.params.domain, **where(record, Priority.PROOF)):
            if any(full_login(c.login, effect.params.domain) == effect.target for c in page):
                return True
    except NotFound:
        return False  # The whole domain is gone, and its logins with it.
    return False


def full_login(login: str, domain: str) -> str:
    """Return a login as a full address; some answers name the local part only (dossier B1)."""
    return login if "@" in login else f"{login}@{domain}"


async def _password(ctx: Context, record: EffectRecord) -> Secret:
    known = ctx.fresh.get(record.effect.id)
    if known is None:
        known = await ctx.vault.fetch(ctx.entry(record.entry or entry_name(ctx, record)))
    if known is None:
        raise SecretMissing(
            f"The new password of {visible(record.effect.target, 80)} is not in the vault.",
            "Without it the login cannot be proven or used.",
            "Run this again: a new password is stored first, then set.",
            record.effect.id,
        )
    ctx.fresh[record.effect.id] = known
    return known


def _said(proof: AuthProof) -> str:
    """Return what the server answered, in a few words."""
    if proof.accepted or proof.refused:
        return f"{proof.code} from {proof.server}"
    return f"no verdict ({visible(proof.reason, 120)})"


def _unproven(proof: AuthProof) -> str:
    if proof.refused:
        return "NOT in force yet, or this host is not on the IP allowlist (both look alike)"
    return CANNOT_PROVE
