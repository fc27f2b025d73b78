"""What a run works with: the account, the vault, the state, and who is asked about a secret that cannot be stored."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from workbench.core.clock import Clock
from workbench.core.errors import Incomplete, VaultError
from workbench.core.redact import Secret
from workbench.domain.model.plan import Effect, Place
from workbench.domain.model.state import State
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.endpoints import HostPort
from workbench.mailgun.keys import list_keys
from workbench.mailgun.models import Key
from workbench.smtp.auth_probe import AuthProof
from workbench.vault.vault import EntryName


class VaultPort(Protocol):
    """The part of the vault that effects use; every write is read back before it returns."""

    async def store(self, name: EntryName, secret: Secret) -> None:
        """Store one secret durably; raises VaultError."""

    async def store_many(self, entries: Mapping[EntryName, Secret]) -> None:
        """Store many secrets, by one durable replace where the vault can; raises VaultError."""

    async def fetch(self, name: EntryName) -> Secret | None:
        """Return a stored secret, None when there is none; raises VaultError."""

    async def remove(self, name: EntryName) -> None:
        """Forget a secret; raises VaultError."""


class Prover(Protocol):
    """Proof of an SMTP login by AUTH, without sending mail."""

    async def prove(self, servers: Sequence[HostPort], login: str, password: Secret) -> AuthProof:
        """Return whether the server accepted, refused, or could not tell."""


class SecretMissing(VaultError):
    """A secret that was stored is no longer in the vault; ``effect_id`` names the effect that made it.

    That effect counts as undone: the next run asks the account, takes back what nobody can use, and does
    it again.
    """

    def __init__(self, what: str, means: str, todo: str, effect_id: str) -> None:
        super().__init__(what, means, todo)
        self.effect_id = effect_id


@dataclass(frozen=True, slots=True)
class Held:
    """A secret that could not be stored and is only in memory now: for what, where it belongs, and why not.

    ``minted`` says that it exists in the account already; ``paper`` that writing it down is a place for it
    (the workbench's own key is not kept by hand: it could not start again).
    """

    effect: Effect
    entry: EntryName
    secret: Secret
    error: VaultError
    minted: bool = False
    paper: bool = False


class Keeping(StrEnum):
    """What was decided about a held secret. The values stand in the journal."""

    AGAIN = "try to store it again"
    WRITTEN = "written down by hand"
    GIVE_UP = "given up"


@dataclass(slots=True)
class Context:
    """Everything a handler may touch, made once per run.

    ``known`` maps key ids to old secrets that are known here (our own key, leaked ones that were
    supplied), for the proof that they are dead. ``fresh`` holds secrets of this run until they are proven.
    ``held`` is asked, one secret at a time, when one could not be stored: whether storing is worth another try
    (the keyring was unlocked), whether somebody wrote it down, or whether it is given up. Without a screen there
    is nobody to ask and it is None. ``loud`` says something at once.
    """

    api: Mailgun
    vault: VaultPort
    state: State
    clock: Clock
    prover: Prover
    tag: str
    vault_service: str
    switch_key: Callable[[Secret, str, str, str], Awaitable[None]]
    known: dict[str, Secret] = field(default_factory=dict)
    old_passwords: dict[str, Secret] = field(default_factory=dict)
    fresh: dict[str, Secret] = field(default_factory=dict)
    held: Callable[[Held], Awaitable[Keeping]] | None = None
    loud: Callable[[str], None] = lambda text: None
    _holding: asyncio.Lock = field(default_factory=asyncio.Lock)
    _keys: dict[Place, tuple[float, list[Key]]] = field(default_factory=dict)
    _key_locks: dict[Place, asyncio.Lock] = field(default_factory=dict)

    def entry(self, username: str) -> EntryName:
        """Return the vault entry of this incident with the given name."""
        return EntryName(self.vault_service, username)

    async def keys(self, place: Place, *, since: float) -> list[Key]:
        """Return the key list of the account (or subaccount) as read after the monotonic moment ``since``.

        Many effects ask at once after their own deletes; one reading that began late enough serves all.
        """
        lock = self._key_locks.setdefault(place, asyncio.Lock())
        async with lock:
            cached = self._keys.get(place)
            if cached is not None and cached[0] >= since:
                return cached[1]
            began = self.clock.monotonic()
            try:
                keys = await list_keys(self.api, subaccount=place.subaccount, priority=Priority.PROOF)
            except Incomplete as part:
                if part.short:
                    raise
                keys = list(
                    part.rows
                )  # Whole but for an element without an id, which nobody can call absent.
            self._keys[place] = (began, keys)
            return keys

    async def keep_safe(
        self, effect: Effect, entry: EntryName, secret: Secret, *, minted: bool = False
    ) -> Keeping:
        """Store a secret and read it back; where that fails, hold it in memory and ask what to do with it.

        Returns ``AGAIN`` when it is stored (at last), ``WRITTEN`` when a person has written it down instead.
        Raises VaultError when nobody can be asked or whoever was asked gave up; the caller then takes back what
        the secret belongs to.
        """
        try:
            await self.vault.store(entry, secret)
            return Keeping.AGAIN
        except VaultError as error:
            problem = error
        again = self._holding.locked()
        async with self._holding:
            while self.held is not None:
                if again:
                    # Whoever was asked before us, or just now, may have found a place.
                    try:
                        await self.vault.store(entry, secret)
                        return Keeping.AGAIN
                    except VaultError as error:
                        problem = error
                again = True
                self.loud(
                    f"NOT STORED: the new secret of {describe(effect)} is only in memory. "
                    "Nothing that depends on it goes ahead. Offer it another place before you quit."
                )
                paper = minted and not effect.params.own
                answer = await self.held(Held(effect, entry, secret, problem, minted, paper))
                if answer is Keeping.WRITTEN and paper:
                    return answer
                if answer is not Keeping.AGAIN:
                    break
        raise problem


def describe(effect: Effect) -> str:
    """Return the effect's own sentence, or its kind and target."""
    return effect.what or f"{effect.kind.value} {effect.target}"
