"""The log of the abuse as evidence: every page as it came, compressed, sealed in chunks, in constant memory."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.core.atomic_files import ensure_folder, read_private, replace_durably
from workbench.core.sealing import Sealer
from workbench.mailgun.endpoints import Region
from workbench.mailgun.log_entries import LogPage

# Pages are gathered to about this many bytes: 1,600 entries, 150 kB on disk.
CHUNK = 2 * 1024 * 1024


@dataclass(slots=True)
class _Buffer:
    pages: list[bytes] = field(default_factory=list)
    size: int = 0
    entries: int = 0


@dataclass(slots=True)
class LogExport:
    """Writes the log into ``folder``; give ``take`` to a reader as a sink, then ``close``.

    A chunk holds whole pages as the API sent them, each behind its length in four bytes; its hash is that of
    the plain bytes. Raises OSError when the disk is full.
    """

    folder: Path
    sealer: Sealer
    chunks: list[dict[str, Any]] = field(default_factory=list)
    entries: int = 0
    _buffers: dict[Region, _Buffer] = field(default_factory=dict)
    _order: int = 0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self, region: Region, page: LogPage, raw: bytes) -> None:
        """Add one page."""
        buffer = self._buffers.setdefault(region, _Buffer())
        buffer.pages.append(raw)
        buffer.size += len(raw)
        buffer.entries += len(page.entries) + page.unreadable
        if buffer.size >= CHUNK:
            self._buffers[region] = _Buffer()
            await self._write(region, buffer)

    async def close(self) -> dict[str, Any]:
        """Write what is left and return the manifest: every chunk's name, hash, size and entries."""
        for region, buffer in list(self._buffers.items()):
            if buffer.pages:
                self._buffers[region] = _Buffer()
                await self._write(region, buffer)
        return {"entries": self.entries, "chunks": list(self.chunks)}

    async def _write(self, region: Region, buffer: _Buffer) -> None:
        # One at a time: memory then holds a chunk and its sealed copy, however fast the log comes in.
        async with self._lock:
            self._order += 1
            name = f"log-{region.value}-{self._order:05d}.sealed"
            digest, size = await asyncio.to_thread(self._seal, name, buffer.pages)
            self.entries += buffer.entries
            self.chunks.append({"name": name, "sha256": digest, "bytes": size, "entries": buffer.entries})

    def _seal(self, name: str, pages: list[bytes]) -> tuple[str, int]:
        raw = b"".join(len(page).to_bytes(4, "big") + page for page in pages)
        ensure_folder(self.folder)
        replace_durably(self.folder / name, self.sealer.seal(zlib.compress(raw, 1), context=name))
        return hashlib.sha256(raw).hexdigest(), len(raw)


def pages_of(path: Path, sealer: Sealer) -> Iterator[bytes]:
    """Yield the pages of one chunk; raises VaultError when it was altered or belongs to another vault."""
    raw = zlib.decompress(sealer.open(read_private(path, limit=1 << 30)[0], context=path.name))
    start = 0
    while start < len(raw):
        size = int.from_bytes(raw[start : start + 4], "big")
        yield raw[start + 4 : start + 4 + size]
        start += 4 + size
