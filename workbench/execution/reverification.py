"""Proof that lasts: what was proven dead is asked again, what was made must still live. Writes nothing to the account.

An hour after the cut, 48 hours after it (a key revoked by the vendor's old reset button lived that long,
dossier A2), and from another host where this one could not reach SMTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from workbench.core.clock import iso
from workbench.core.errors import ApiError, NotAuthorised, VaultError
from workbench.domain.model.effect_params import KeyCreateParams
from workbench.domain.model.plan import Effect, EffectKind, EffectState
from workbench.domain.model.state import EffectRecord, State
from workbench.domain.runbook.recorded import ProvenAgain
from workbench.execution.context import Context
from workbench.execution.effects.base import Proof
from workbench.execution.effects.registry import HANDLERS
from workbench.journal.ledger import Ledger

# So many proofs at once: SMTP handshakes wait on the server, not on this host.
AT_ONCE = 30
_KINDS = (
    EffectKind.KEY_DELETE,
    EffectKind.KEY_CREATE,
    EffectKind.LOGIN_RESET,
    EffectKind.LOGIN_CREATE,
    EffectKind.LOGIN_DELETE,
)
_PASSWORDS = (EffectKind.LOGIN_RESET, EffectKind.LOGIN_CREATE)
_REACHED = (EffectState.DONE, EffectState.VERIFIED)


@dataclass(slots=True)
class Reproof:
    """What proving again showed. ``against`` holds sentences about what is not as it was proven before."""

    checked: int = 0
    sure: int = 0
    untold: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)

    def line(self) -> str:
        """Return it in one sentence."""
        parts = [f"{self.sure} of {self.checked} proven again"]
        if self.untold:
            parts.append(f"{len(self.untold)} cannot be proven from here")
        if self.against:
            parts.append(f"{len(self.against)} are NOT as they were")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the account showed of one effect, whether that is against it, and the last row before it was asked."""

    proof: Proof
    against: bool
    since: int


def lasting(state: State) -> list[EffectRecord]:
    """Return the effects whose outcome must still hold: those that a later effect of ours undid are left out."""
    reached = [r for r in state.of_kind(*_KINDS) if r.state in _REACHED]
    gone = {
        r.effect.target for r in reached if r.effect.kind in (EffectKind.KEY_DELETE, EffectKind.LOGIN_DELETE)
    }
    # A deleted domain takes its logins and its sending keys with it, without an effect for each.
    domains = {
        r.effect.target
        for r in state.of_kind(EffectKind.DOMAIN_DELETE)
        if r.state in (EffectState.DONE, EffectState.VERIFIED)
    }
    passwords = {record.effect.id for record in state.passwords.values()}
    # A password that was replaced once more is refused, as it should be.
    reached = [r for r in reached if r.effect.kind not in _PASSWORDS or r.effect.id in passwords]
    return [
        r
        for r in reached
        if r.effect.kind in (EffectKind.KEY_DELETE, EffectKind.LOGIN_DELETE)
        or ((r.result.key_id or r.effect.target) not in gone and _domain(r.effect) not in domains)
    ]


def _domain(effect: Effect) -> str:
    """Return the domain that takes a credential with it when it is deleted, ``""`` for none."""
    if isinstance(effect.params, KeyCreateParams):
        return effect.params.domain_name or ""
    return effect.params.domain


async def prove_again(ctx: Context, ledger: Ledger, only: Collection[EffectRecord] | None = None) -> Reproof:
    """Ask the account about every lasting effect, or ``only`` some; journals what it shows, returns the sum of it.

    Connect first: where our own key is refused nothing that looks dead proves anything, and every answer here
    would be *cannot prove*. Raises JournalError when the record cannot be made durable.
    """
    found = Reproof()
    gate = asyncio.Semaphore(AT_ONCE)
    records = lasting(ledger.state) if only is None else only

    async def one(record: EffectRecord) -> None:
        async with gate:
            since = ledger.state.last_seq
            answer = _Answer(*await _ask(ctx, record), since)
        await _keep(ctx, ledger, record, answer, found)

    await asyncio.gather(*(one(record) for record in records))
    looked = ProvenAgain(
        checked=found.checked,
        sure=found.sure,
        untold=len(found.untold),
        against=tuple(found.against[:50]),
    )
    await ledger.record("fact", looked.body())
    return found


async def _ask(ctx: Context, record: EffectRecord) -> tuple[Proof, bool]:
    """Return what the account shows of one effect now, and whether it contradicts what was proven."""
    effect = record.effect
    if effect.kind is EffectKind.KEY_CREATE:
        # Proving our own key for the first time also switches to it: that happened, and must not again.
        plain = replace(effect, params=effect.given(KeyCreateParams).not_own())
        record = replace(record, effect=plain)
    try:
        proof = await HANDLERS[effect.kind].prove(ctx, record)
    except (ApiError, VaultError) as error:
        if isinstance(error, NotAuthorised) and error.status != 401:
            return Proof(False, (f"what stands in the vault is not the new key: {error.what}",)), True
        # A 401 that is raised is one to our own key: that to the new one is a proof of its own.
        return Proof(False, (f"cannot prove from here: {error.what}",)), False
    fresh = tuple(line for line in proof.evidence if line not in record.evidence[:1])
    return Proof(proof.sure, fresh), not proof.sure and proof.later and not proof.untold


async def _keep(ctx: Context, ledger: Ledger, record: EffectRecord, answer: _Answer, found: Reproof) -> None:
    effect, proof, against = record.effect, answer.proof, answer.against
    now = iso(ctx.clock.now())
    evidence = [f"again {now}: {line}" for line in proof.evidence]
    body = {
        "id": effect.id,
        "sure": proof.sure,
        "against": against,
        "evidence": evidence,
        "since": answer.since,
    }
    await ledger.record("effect.reproven", body)
    found.checked += 1
    what = f"{effect.what or effect.target}: {'; '.join(proof.evidence)}"
    if proof.sure:
        found.sure += 1
    elif against:
        found.against.append(what)
        alarm = {"id": f"reproof:{effect.id}:{now}", "kind": "proof", "target": effect.target, "text": what}
        await ledger.record("alarm.raised", alarm)
    else:
        found.untold.append(what)
