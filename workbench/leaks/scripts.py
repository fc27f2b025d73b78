"""Which scripts a page loads, and which further pieces a script names: a bundler's chunks. Pure.

A framework's page names a few scripts; the code of each view lies in pieces that only those scripts name, as whole
paths, beside themselves, or as a table of hashes that is put into a name when it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urljoin, urlsplit

_SCRIPT = re.compile(rb"(?i)<script[^>]{1,300}src=[\"']([^\"']{1,400})[\"']")
_PRELOADED = re.compile(
    rb"(?i)<link(?=[^>]{0,300}\brel=[\"']?(?:module)?preload\b)[^>]{1,300}?\bhref=[\"']([^\"']{1,400}\.m?js)[\"']"
)
_NAMED = re.compile(rb"[\"'`]((?:\.{1,2}/|/)?[\w@~+.-]{1,80}(?:/[\w@~+.\[\]-]{1,80}){0,8}\.m?js)[\"'`]")
# ``"static/js/" + id + "." + {7: "1a2b3c4d", …}[id] + ".chunk.js"``
_TABLE = re.compile(
    rb"[\"']([\w./-]{0,80})[\"']\s?\+\s?(?:\(\{([^{}]{0,20000})\}\[\w{1,3}\]\s?\|\|\s?\w{1,3}\)|\w{1,3})\s?\+\s?"
    rb"[\"']([.~_-])[\"']\s?\+\s?\{([^{}]{1,20000})\}\[\w{1,3}\]\s?\+\s?[\"']([\w.-]{0,24}\.m?js)[\"']"
)
_ENTRY = re.compile(rb"[\"']?([\w~-]{1,60})[\"']?\s?:\s?[\"']([\w~-]{1,60})[\"']")
# A bundler's mark in the name of a piece: a hash. Without one it may be any library's name or a module's.
_MARKED = re.compile(r"(?:^|/)chunk[-.][\w-]{4,}\.m?js$|[-.~_](?=[\w-]*(?:\d|[a-z][A-Z]))[\w-]{6,}\.m?js$")


def of_page(page: bytes) -> Iterator[str]:
    """Yield the addresses of the scripts that a page loads, as written."""
    for rule in (_SCRIPT, _PRELOADED):
        yield from (found.decode("utf-8", "replace") for found in rule.findall(page))


def on_hosts_beside(sources: Iterable[str], origin: str) -> tuple[str, ...]:
    """Return host and path of the scripts that lie on other hosts of the site's own registered domain."""
    from workbench.core.registered_names import registrable

    own = urlsplit(origin).hostname or ""
    parts = [urlsplit(urljoin(f"{origin}/", source)) for source in sources]
    hosts = [(one.hostname or "", one.path) for one in parts if one.scheme in ("http", "https")]
    return tuple(
        dict.fromkeys(
            f"{host}{path}" for host, path in hosts if host != own and registrable(host) == registrable(own)
        )
    )


def among(paths: Iterable[str]) -> list[str]:
    """Return the scripts among paths, a source map standing for its script."""
    plain = (path.removesuffix(".map") for path in sorted(paths))
    return [path for path in dict.fromkeys(plain) if path.endswith((".js", ".mjs"))]


def named_in(script: bytes, path: str) -> Iterator[str]:
    """Yield the paths of further scripts that the script at ``path`` names, on the same site."""
    for raw in _NAMED.findall(script):
        name = raw.decode("ascii")
        if _MARKED.search(name):
            yield _resolved(name, path)
    for before, names, mark, hashes, end in _TABLE.findall(script):
        called = dict(_ENTRY.findall(names))
        for one, digest in _ENTRY.findall(hashes):
            yield _resolved((before + called.get(one, one) + mark + digest + end).decode("ascii"), path)


def _resolved(name: str, path: str) -> str:
    """Return where a named piece lies: absolute, beside the script, or below the folder both paths share."""
    if name.startswith(("/", "./", "../")) or "/" not in name:
        return urlsplit(urljoin(path, name)).path
    shared = f"/{name.partition('/')[0]}/"
    at = path.find(shared)
    return f"{path[:at] if at >= 0 else ''}/{name}"
