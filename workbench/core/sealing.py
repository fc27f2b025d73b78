"""Snapshots and logs at rest: sealed with AES-256-GCM under a key of the vault.

A sealed blob names its own format, and opens only under the context it was sealed for, so a snapshot of
one incident cannot be passed off as that of another.
"""

from __future__ import annotations

import os

from workbench.core.errors import VaultError

MAGIC = b"WBSEAL1\x00"
KEY_BYTES = 32
_NONCE_BYTES = 12


class Sealer:
    """Seals and opens bytes under one 32-byte key (see ``Vault.sealer``)."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError("a sealing key has 32 bytes")
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(key)

    def __repr__(self) -> str:
        return "Sealer(••••)"

    def seal(self, data: bytes, context: str) -> bytes:
        """Return ``data`` encrypted and authenticated together with ``context`` (not kept in the blob)."""
        nonce = os.urandom(_NONCE_BYTES)
        return MAGIC + nonce + self._cipher.encrypt(nonce, data, MAGIC + context.encode())

    def open(self, blob: bytes, context: str) -> bytes:
        """Return the bytes sealed in ``blob``; VaultError where altered, cut or of another context."""
        from cryptography.exceptions import InvalidTag

        start = len(MAGIC) + _NONCE_BYTES
        if not blob.startswith(MAGIC) or len(blob) < start:
            raise VaultError(
                "A stored file is not one the workbench sealed.",
                "It was cut short, or it is something else.",
                "Do not rely on it; look for a copy.",
            )
        try:
            return self._cipher.decrypt(blob[len(MAGIC) : start], blob[start:], MAGIC + context.encode())
        except InvalidTag:
            raise VaultError(
                f"The sealed file for {context} does not open.",
                "It was altered, or sealed with another vault's key.",
                "Unlock the vault it was made with; if you did, treat the file as tampered with.",
            ) from None
