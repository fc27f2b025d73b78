"""One request at a time to one site: bounded in bytes and in time, patient where it is asked to be."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import httpx

from workbench.core import certificates
from workbench.core.clock import Clock, iso
from workbench.core.network import Network
from workbench.core.tunnel import refusal
from workbench.leaks.webanswers import Answer, plain_body, same_owner
from workbench.leaks.webpaths import SMALL
from workbench.leaks.webreport import Site, SiteReport

_MOST_FAULTS = 5
# So long may one request take, however slowly it drips; so often is the same asked again, after so long at most.
_MOST_SECONDS = 30.0
_MOST_WAITS, _LONGEST_WAIT = 3, 60.0


class StopProbing(Exception):
    """The site asked us to stop, or does not answer."""


class Getter:
    """Asks one site and keeps account of it in ``report``."""

    def __init__(
        self,
        one: Site,
        client: httpx.AsyncClient,
        network: Network,
        clock: Clock,
        pace: float,
        progress: Callable[[str, int], None] | None,
    ) -> None:
        self._site, self._client, self._network = one, client, network
        self._clock, self._pace, self._progress = clock, pace, progress
        self._faults = self._refused = 0
        self.report = SiteReport(one.origin)

    async def _get(self, path: str, most: int, *, hops: int = 2, waits: int = 0) -> Answer | None:
        """Return the beginning of an answer, None for a fault; follows redirects that stay with the owner."""
        if self.report.asked:
            await self._clock.sleep(self._pace)
        headers = {"Range": f"bytes=0-{most - 1}"}
        try:
            async with (
                asyncio.timeout(_MOST_SECONDS),
                self._client.stream("GET", path, headers=headers) as response,
            ):
                body = b""
                async for piece in response.aiter_raw(SMALL):
                    body += piece
                    if len(body) >= most:
                        break
        except (httpx.HTTPError, TimeoutError) as error:
            await self._fault(path, error)
            return None
        self.report.asked.append((iso(self._clock.now()), path, response.status_code))
        if self._progress is not None:
            self._progress(self._site.origin, len(self.report.asked))
        if response.status_code in {429, 503}:
            if waits >= _MOST_WAITS:
                raise StopProbing(
                    f"the site answered {response.status_code} again and again: it asks for fewer requests"
                )
            await self._clock.sleep(_wait(response))
            return await self._get(path, most, hops=hops, waits=waits + 1)
        self._faults = 0
        if response.is_redirect and hops > 0 and (target := self._redirect(path, response)):
            return await self._get(target, most, hops=hops - 1)
        self._count(response)
        total = _total(response)
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        body = plain_body(body[:most], response.headers.get("Content-Encoding", ""), most)
        return Answer(response.status_code, kind, max(total, len(body)), body, response.headers, path)

    async def _fault(self, path: str, error: httpx.HTTPError | TimeoutError) -> None:
        self._faults += 1
        self.report.asked.append((iso(self._clock.now()), path, 0))
        self.report.unread["request without a whole answer"] += 1
        if isinstance(error, httpx.HTTPError) and (
            (words := await self._untrusted(error)) or isinstance(error, httpx.ProxyError)
        ):
            raise StopProbing(words or self._no_tunnel(error)) from error
        if self._faults >= _MOST_FAULTS:
            raise StopProbing(
                f"{_MOST_FAULTS} requests without an answer ({type(error).__name__})"
            ) from error

    def _count(self, response: httpx.Response) -> None:
        """Keep what cannot be told from an answer: refused by a filter or a login, or led elsewhere."""
        if response.status_code in {401, 403, 407, 451}:
            self._refused += 1
        if response.is_redirect and same_owner(self._site.origin, self._led_to(response)) is None:
            self.report.unread["redirect to another origin, not followed"] += 1

    def _led_to(self, response: httpx.Response) -> str:
        return str(urljoin(str(response.request.url), response.headers.get("Location", "")))

    def _redirect(self, path: str, response: httpx.Response) -> str:
        """Return what to follow: with the same owner, and neither the home page nor a login; from ``/`` any page."""
        target = same_owner(self._site.origin, self._led_to(response))
        if target is None:
            return ""
        asked = urlsplit(path).path
        moved = f"{target.scheme}://{target.netloc}" != self._site.origin
        if (target.path in ("", "/") and not (moved and asked == "/")) or re.search(
            r"(?i)login|signin|auth|account", target.path
        ):
            return ""
        return (
            target.geturl() if moved else (f"{target.path}?{target.query}" if target.query else target.path)
        )

    async def _untrusted(self, error: httpx.HTTPError) -> str:
        """Return why the site's certificate is not believed, ``""`` where the fault is another one."""
        verification = certificates.failure(error)
        if verification is None:
            return ""
        host, port = self._site.host, urlsplit(self._site.origin).port or 443
        proxy = self._network.routes.to(host, port)
        shown = await certificates.presented(host, port, proxy)
        told = certificates.explain(host, verification, shown, proxy)
        return f"{told.what} {told.means} {told.todo}"

    def _no_tunnel(self, error: httpx.HTTPError) -> str:
        host, port = self._site.host, urlsplit(self._site.origin).port or 443
        proxy = self._network.routes.to(host, port)
        return refusal(proxy, str(error), f"{host}:{port}") if proxy is not None else type(error).__name__


def _wait(response: httpx.Response) -> float:
    """Seconds to wait before the same is asked again: what the answer says, else five."""
    said = response.headers.get("Retry-After", "")
    return min(float(said), _LONGEST_WAIT) if said.isdigit() else 5.0


def _total(response: httpx.Response) -> int:
    """Return the full length an answer claims: of the file behind a range, or of the body; 0 if neither."""
    claimed = re.search(r"/(\d{1,15})$", response.headers.get("Content-Range", ""))
    if claimed:
        return int(claimed.group(1))
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else 0
