"""One answer of a site, and whether it is what the site answers to anything."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from workbench.leaks.proofs import is_page

# What changes from one answer to the next without meaning anything: numbers, ids, times.
_PASSING = re.compile(rb"[0-9a-fA-F]{6,}|\d+")
_WORD = re.compile(rb"[\w.-]{2,40}")
_COMPARED = 6000


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, media type, claimed length, beginning of the body (decoded), headers, the path asked for."""

    status: int
    kind: str
    length: int
    body: bytes
    headers: Mapping[str, str]
    path: str = ""


def plain_body(body: bytes, encoding: str, most: int) -> bytes:
    """Return a body as text although the server packs unasked; what cannot be unpacked stays as it is."""
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return body
    for window in (47, -15):
        try:
            return zlib.decompressobj(window).decompress(body, most)
        except zlib.error:
            continue
    return body


def is_usual(answer: Answer, usual: Iterable[Answer]) -> bool:
    """Return whether an answer is the site's page (or document) for everything, though parts of it may change."""
    return any(one.status in (200, 206) and one.kind == answer.kind and _alike(answer, one) for one in usual)


def _alike(answer: Answer, usual: Answer) -> bool:
    if usual.body[: len(answer.body)] == answer.body:
        return True
    if (
        is_page(usual.body)
        and is_page(answer.body)
        and abs(usual.length - answer.length) <= 32 + usual.length // 100
    ):
        return True
    one, other = _skeleton(answer), _skeleton(usual)
    if one == other:
        return True
    first, second = set(_WORD.findall(one)), set(_WORD.findall(other))
    return bool(first and second) and len(first & second) >= 0.9 * len(first | second)


def _skeleton(answer: Answer) -> bytes:
    """The body without what it echoes of the request and without what changes by itself."""
    body = answer.body[:_COMPARED]
    for part in {
        answer.path.encode(),
        answer.path.strip("/").encode(),
        answer.path.replace("/", "\\/").encode(),
    }:
        if len(part) > 2:
            body = body.replace(part, b"")
    return _PASSING.sub(b"", body)


def same_owner(site: str, target: str) -> SplitResult | None:
    """Return the parts of a redirect's target that stays with the owner of ``site``, None for one that leaves.

    The same host by another scheme, and the name with or without ``www.``; ports must be the schemes' own.
    """
    here, there = urlsplit(site), urlsplit(target)
    if (there.scheme, there.netloc) == (here.scheme, here.netloc):
        return there
    bare = (here.hostname or "").removeprefix("www.")
    if there.scheme != "https" or there.port not in (None, 443) or here.port not in (None, 80, 443):
        return None
    return there if (there.hostname or "").removeprefix("www.") == bare else None
