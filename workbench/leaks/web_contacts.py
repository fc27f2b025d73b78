"""Abuse contacts of somebody else's name or address by RDAP (RFC 9082, 9083): asked only on request, only named.

Nothing is sent to them, and nothing of the incident is in the question but the name itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import httpx

from workbench import __version__
from workbench.core.json_text import read_json
from workbench.core.network import Network, http_proxy, why
from workbench.core.proxies import is_loopback
from workbench.core.redact import visible
from workbench.core.registered_names import registrable

# Knows which registry answers for what, and says it by a redirect (RFC 7484).
BOOTSTRAP = "https://rdap.org"
_LARGEST = 512 * 1024
_REDIRECTS = 4
_DEEP = 6  # entities inside entities
_MOST = 6


@dataclass(frozen=True, slots=True)
class Contact:
    """Who answers for abuse of ``name``: mail addresses and the organisation, or why nobody is named."""

    name: str
    mails: tuple[str, ...] = ()
    who: str = ""
    why_not: str = ""


async def abuse_contact(
    host: str, network: Network, *, base: str = BOOTSTRAP, transport: httpx.AsyncBaseTransport | None = None
) -> Contact:
    """Return who answers for abuse of a host: its registrar for a name, its network for an address.

    No error is raised: what could not be asked stands in ``why_not``.
    """
    bare = host.strip("[]")
    try:
        name, path = str(ipaddress.ip_address(bare)), f"/ip/{ipaddress.ip_address(bare)}"
    except ValueError:
        name = registrable(bare)
        path = f"/domain/{quote(name, safe='')}"
    proxy = http_proxy(network, base)
    client = httpx.AsyncClient(
        verify=False if is_loopback(urlsplit(base).hostname or "") else network.trust.context(),
        proxy=httpx.Proxy(**proxy) if proxy is not None else None,
        trust_env=False,
        timeout=15.0,
        headers={
            "user-agent": f"workbench/{__version__}",
            "accept": "application/rdap+json, application/json",
        },
        transport=transport,
    )
    async with client:
        try:
            document = await _fetched(client, f"{base}{path}")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return Contact(name, why_not=visible(f"not answered: {why(error)}", 160))
    return _contact(name, document)


async def _fetched(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    for _ in range(_REDIRECTS):
        async with client.stream("GET", url, follow_redirects=False) as answer:
            target = answer.headers.get("location")
            if answer.is_redirect and target:
                following = urljoin(url, target)
                if urlsplit(following).scheme != urlsplit(url).scheme:
                    raise ValueError("it sends on to an address that is not encrypted")
                url = following
                continue
            if answer.status_code != 200:
                raise ValueError(f"status {answer.status_code}")
            body = b""
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > _LARGEST:
                    raise ValueError("the answer is too large")
        document = read_json(body)
        if not isinstance(document, dict):
            raise ValueError("the answer is no RDAP object")
        return document
    raise ValueError("it sends on and on")


def _contact(name: str, document: dict[str, Any]) -> Contact:
    mails: list[str] = []
    who = ""
    for entity in _entities(document, 0):
        roles = entity.get("roles")
        roles = roles if isinstance(roles, list) else []
        card = dict(_card(entity))
        if "abuse" in roles and "email" in card:
            mails.append(card["email"])
        if not who and {"registrar", "registrant"} & {str(role) for role in roles}:
            who = card.get("fn", "")
    found = tuple(dict.fromkeys(mails))[:_MOST]
    return Contact(name, found, who, "" if found else "RDAP names no abuse contact")


def _entities(document: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    held = document.get("entities")
    for entity in held[:100] if isinstance(held, list) and depth < _DEEP else ():
        if isinstance(entity, dict):
            yield entity
            yield from _entities(entity, depth + 1)


def _card(entity: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield name and text of the properties of a jCard (RFC 7095)."""
    card = entity.get("vcardArray")
    rows = card[1] if isinstance(card, list) and len(card) > 1 and isinstance(card[1], list) else []
    for row in rows[:50]:
        if isinstance(row, list) and len(row) > 3 and isinstance(row[3], str):
            yield str(row[0]).lower(), visible(row[3], 160)
