"""The vault file's format and cryptography: no file handling, no keyring.

One JSON document, entry names in clear (they are what a person looks for), values each sealed on its own::

    passphrase ─scrypt→ wrapping key ─AES-256-GCM→ master key (random, made once)
    master key ─HKDF("entries")→ entry key ─AES-256-GCM, name bound in→ each value
    master key ─HKDF(purpose)→ keys for snapshots and logs

So the slow derivation is paid once per unlock, whatever the number of entries, and a new passphrase
re-wraps 32 bytes instead of everything.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import unicodedata

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from workbench.core.errors import VaultError
from workbench.core.json_text import read_json
from workbench.core.process import LockedKey
from workbench.core.redact import Secret
from workbench.vault.entries import EntryName

SCHEMA = "workbench.vault.vault/1"
KEY_BYTES = 32
# The first bytes of a file hold schema, vault and revision.
HEAD_BYTES = 128
_NONCE_BYTES = 12
_SALT_BYTES = 16


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """scrypt's cost: ``n`` blocks, ``r`` block size, ``p`` passes; 128·n·r bytes of memory.

    The default takes 32 MB and about 0.3 s on a small host (twice OWASP's minimum for this memory).
    """

    n: int = 2**15
    r: int = 8
    p: int = 6

    def refuse_absurd(self) -> None:
        """VaultError where a file asks for a cost that is no protection, or one that would kill this host."""
        sound = self.n >= 2**10 and self.n & (self.n - 1) == 0 and self.r >= 1 and self.p >= 1
        if not sound or self.n * self.r > 2**23 or self.p > 64:
            raise VaultError(
                "The vault file asks for key-derivation settings the workbench never writes.",
                "The file was altered or belongs to another program.",
                "Restore it from a copy.",
            )


class _Key(msgspec.Struct, forbid_unknown_fields=True):
    name: str  # of the key derivation
    cost: Cost
    salt: bytes
    nonce: bytes
    sealed: bytes


class SealedEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry as it stands in the file."""

    service: str
    username: str
    nonce: bytes
    sealed: bytes


class Document(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The whole file."""

    schema: str
    vault: str  # random id of this vault, bound into everything sealed
    revision: str  # random, new with every replace: tells whether the file is still the one last read
    key: _Key
    entries: list[SealedEntry]
    # HMAC over all of the above under a key of the vault. Without it a damaged head would be believed, and
    # written back. Files of 0.1 have none.
    seal: bytes = b""


Entries = dict[EntryName, SealedEntry]


class Lockbox:
    """The master key of one unlocked vault, its wrapped form, and what is done with it."""

    def __init__(self, vault: str, master: bytes | LockedKey, wrapped: _Key) -> None:
        self.vault = vault
        self._master = master if isinstance(master, LockedKey) else LockedKey(master)
        self._wrapped = wrapped

    def __repr__(self) -> str:
        return f"Lockbox({self.vault}, ••••)"

    @classmethod
    def new(cls, passphrase: Secret, cost: Cost) -> Lockbox:
        """Return a lockbox with a fresh master key under ``passphrase`` (runs scrypt: slow on purpose)."""
        vault, master = os.urandom(16).hex(), os.urandom(KEY_BYTES)
        return cls(vault, master, _wrap(vault, master, passphrase, cost))

    @classmethod
    def unlock(cls, document: Document, passphrase: Secret) -> Lockbox:
        """Return the lockbox of ``document``; VaultError where the passphrase is wrong. Runs scrypt."""
        key = document.key
        try:
            wrapping = _wrapping_key(passphrase, key.cost, key.salt)
            master = AESGCM(wrapping).decrypt(key.nonce, key.sealed, _wrap_context(document.vault, key))
        except (InvalidTag, ValueError):
            raise VaultError(
                "The passphrase does not open the vault.",
                "It was mistyped, or the file's head was altered.",
                "Type it again; nobody can recover a forgotten one.",
            ) from None
        return cls(document.vault, master, key)

    def with_passphrase(self, passphrase: Secret, cost: Cost) -> Lockbox:
        """Return the same vault under a new passphrase (runs scrypt)."""
        return Lockbox(self.vault, self._master, _wrap(self.vault, self._master.value(), passphrase, cost))

    def rewrapped(self, document: Document) -> Lockbox:
        """Return this lockbox carrying the wrapped key found in ``document`` (changed by another process)."""
        return Lockbox(self.vault, self._master, document.key)

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes derived from the master key for ``purpose``."""
        return derive_key(self._master.value(), purpose, self.vault)

    def cipher(self) -> AESGCM:
        """Return the cipher of the entries, made anew: it holds a key in ordinary memory, so keep it for one batch."""
        return AESGCM(self.derive("entries"))

    def vouches_for(self, document: Document) -> bool:
        """Return whether ``document`` is, from its head to its last entry, what a holder of this key wrote.

        A file without a seal (of version 0.1) is believed as long as its head is the one already proven.
        """
        if document.vault != self.vault:
            return False
        if not document.seal:
            return document.key == self._wrapped
        return hmac.compare_digest(document.seal, self._seal(document))

    def salvage(self, document: Document) -> Entries:
        """Return those entries of a damaged ``document`` that open one by one under this vault's key."""
        if document.vault != self.vault:
            return {}
        sound: Entries = {}
        for entry in document.entries:
            name = EntryName(entry.service, entry.username)
            with contextlib.suppress(VaultError):
                self.open(name, entry)
                sound[name] = entry
        return sound

    def _seal(self, document: Document) -> bytes:
        key = document.key
        parts = [document.revision, key.name, f"{key.cost.n},{key.cost.r},{key.cost.p}"]
        bound = [_bind(SCHEMA, "file", self.vault, *parts), key.salt, key.nonce, key.sealed]
        for entry in document.entries:
            bound += (_bind(entry.service, entry.username), entry.nonce, entry.sealed)
        joined = b"".join(len(part).to_bytes(4, "big") + part for part in bound)
        return hmac.digest(self.derive("file"), joined, "sha256")

    def seal(self, name: EntryName, value: str, cipher: AESGCM | None = None) -> SealedEntry:
        """Return ``value`` sealed for ``name``; ``cipher`` is the one of a batch."""
        nonce = os.urandom(_NONCE_BYTES)
        data = value.encode("utf-8", "surrogatepass")
        sealed = (cipher or self.cipher()).encrypt(nonce, data, _entry_context(self.vault, name))
        return SealedEntry(name.service, name.username, nonce, sealed)

    def open(self, name: EntryName, entry: SealedEntry, cipher: AESGCM | None = None) -> str:
        """Return the value of ``entry``; VaultError naming it where it was altered or moved.

        ``cipher`` is the one of a batch.
        """
        try:
            data = (cipher or self.cipher()).decrypt(
                entry.nonce, entry.sealed, _entry_context(self.vault, name)
            )
        except (InvalidTag, ValueError):
            raise VaultError(
                f"The vault entry '{name}' was altered.",
                "Its content no longer matches its name and key: the file was tampered with or damaged.",
                "Do not use it; restore the vault file from a copy, or replace this credential again.",
            ) from None
        return data.decode("utf-8", "surrogatepass")

    def encode(self, entries: Entries) -> bytes:
        """Return the whole file."""
        revision = os.urandom(16).hex()
        document = Document(SCHEMA, self.vault, revision, self._wrapped, list(entries.values()))
        document.seal = self._seal(document)
        return msgspec.json.encode(document)


def derive_key(master: bytes, purpose: str, salt: str) -> bytes:
    """Return 32 bytes by HKDF-SHA-256 (RFC 5869) from ``master`` for ``purpose``."""
    info = b"workbench.vault/1 " + purpose.encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt.encode(), info=info).derive(master)


def decode(data: bytes) -> tuple[Document, Entries]:
    """Return the document and its entries by name; VaultError where it is not a whole vault file."""
    try:
        document: Document = read_json(data, msgspec.json.Decoder(Document).decode)
    except ValueError:
        raise VaultError(
            "The vault file is not readable as one.",
            "It was cut short or damaged, or it is another program's file.",
            "Restore it from a copy.",
        ) from None
    if document.schema != SCHEMA or document.key.name != "scrypt":
        raise VaultError(
            "The vault file has a format this version does not know.",
            "A newer workbench may have written it.",
            "Open it with the version that wrote it.",
        )
    document.key.cost.refuse_absurd()
    return document, {EntryName(entry.service, entry.username): entry for entry in document.entries}


def _wrap(vault: str, master: bytes, passphrase: Secret, cost: Cost) -> _Key:
    cost.refuse_absurd()
    key = _Key("scrypt", cost, os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES), b"")
    wrapping = _wrapping_key(passphrase, cost, key.salt)
    key.sealed = AESGCM(wrapping).encrypt(key.nonce, master, _wrap_context(vault, key))
    return key


def _wrapping_key(passphrase: Secret, cost: Cost, salt: bytes) -> bytes:
    # Composed and decomposed accents are the same passphrase to the person who types it.
    text = unicodedata.normalize("NFC", passphrase.reveal()).encode("utf-8", "surrogatepass")
    return Scrypt(salt=salt, length=KEY_BYTES, n=cost.n, r=cost.r, p=cost.p).derive(text)


def _wrap_context(vault: str, key: _Key) -> bytes:
    return _bind(SCHEMA, "master", vault, key.name, f"{key.cost.n},{key.cost.r},{key.cost.p}", key.salt.hex())


def _entry_context(vault: str, name: EntryName) -> bytes:
    return _bind(SCHEMA, "entry", vault, name.service, name.username)


def _bind(*parts: str) -> bytes:
    """Join so that no two different lists give the same bytes (each part behind its length)."""
    encoded = (part.encode("utf-8", "surrogatepass") for part in parts)
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
