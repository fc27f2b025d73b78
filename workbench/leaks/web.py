"""Ask the operator's own sites, politely: what do they hand to anyone who asks?

GET only, the first kilobytes only, one request at a time, TLS verified, an honest user agent, no redirect to
another host. An answer counts as an exposure only with its proof marker, and never when it is what the site
answers to random paths. No payloads, no logins, no plugin endpoints (dossier 3.1).
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from workbench import __version__
from workbench.core import certificates
from workbench.core.clock import Clock, iso
from workbench.core.errors import UsageError
from workbench.core.network import Network, http_proxy
from workbench.core.redact import visible
from workbench.core.tunnel import refusal
from workbench.leaks import wordpress
from workbench.leaks.model import Found, Place
from workbench.leaks.patterns import Scanner
from workbench.leaks.proofs import DEBUG_PAGES, ON_PAGES, PROOFS, is_page
from workbench.leaks.signatures import OWN_AGENT
from workbench.leaks.webpaths import LARGE, SMALL, Probe, probes

# Seconds between two requests: two a second at most. On loopback nobody else is disturbed.
PACE, LOOPBACK_PACE = 0.5, 0.0
_TIMEOUT = 10.0
_MOST_FAULTS = 5
_MOST_BUNDLES = 10
_HOST = re.compile(
    r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)+|localhost"
)
_SCRIPT = re.compile(rb"(?i)<script[^>]{1,300}src=[\"']([^\"']{1,400})[\"']")
# One random path for each way a server may route: plain, folder, script, hidden file, static types.
_RANDOM = (
    "/{r}",
    "/{r}/",
    "/{r}.php",
    "/.{r}",
    "/{r}.sql",
    "/{r}.zip",
    "/{r}.log",
    "/{r}.js",
    "/{r}.json",
    "/{r}.yml",
)


@dataclass(frozen=True, slots=True)
class Site:
    """A site the operator confirmed as theirs: scheme, host, port, and whether it is this very host."""

    origin: str
    host: str
    loopback: bool


@dataclass(frozen=True, slots=True)
class Exposure:
    """Something a site hands out. ``grade`` is P3 (a known secret in the body), P2 (its marker) or P1 (an
    answer of its own that needs an eye); ``proof`` names markers, never values; ``digest`` is the SHA-256 of
    what was read, 16 hex digits; ``todo`` says what to do.
    """

    site: str
    path: str
    kind: str
    grade: str
    proof: tuple[str, ...]
    status: int
    length: int
    digest: str
    at: str
    todo: str


@dataclass(slots=True)
class SiteReport:
    """What one site showed: exposures, answers to look at by hand, WordPress versions, every request made."""

    site: str
    exposures: list[Exposure] = field(default_factory=list)
    by_hand: list[Exposure] = field(default_factory=list)
    installed: list[wordpress.Installed] = field(default_factory=list)
    vulnerable: list[wordpress.Vulnerable] = field(default_factory=list)
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    usual_sizes: set[int] = field(default_factory=set)
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    kind: str
    length: int
    body: bytes
    headers: httpx.Headers


class _StopProbing(Exception):
    """The site asked us to stop, or does not answer."""


def site(text: str) -> Site:
    """Return the site an operator names: ``example.com``, ``https://example.com:8443``, an IP address.

    Raises UsageError for wildcards, ranges, paths, credentials, and plain HTTP to anything but loopback.
    """
    parts = urlsplit(text if "://" in text else f"https://{text}")
    host = (parts.hostname or "").lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    loopback = host == "localhost" or (address is not None and address.is_loopback)
    named = address is not None or _HOST.fullmatch(host) is not None
    plain = parts.scheme == "http" and loopback
    if (
        not named
        or parts.username
        or parts.path not in ("", "/")
        or parts.query
        or not (plain or parts.scheme == "https")
    ):
        raise UsageError(
            f"{visible(text, 120)} is no site that can be asked.",
            "One host is asked at a time, over verified TLS; plain HTTP goes only to this machine.",
            "Give one host name such as www.example.com.",
        )
    shown = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    return Site(f"{parts.scheme}://{shown}{port}", host, loopback)


async def probe_sites(
    sites: Sequence[str],
    scanner: Scanner,
    found: Found,
    clock: Clock,
    *,
    confirmed: bool,
    contact: str = "",
    pace: float | None = None,
    folders: tuple[str, ...] = (),
    only: frozenset[str] | None = None,
    network: Network | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> list[SiteReport]:
    """Probe sites one after the other and return what each showed; secrets in bodies go to ``found``.

    ``confirmed`` says that the operator confirmed each site as their own: UsageError without. ``contact``
    is added to the user agent. ``pace`` is the pause between requests in seconds. ``folders`` are own
    subfolders that may hold an ``.env``. ``only`` limits the search to these paths: the check whether what was
    found is *still exposed*.
    """
    if not confirmed:
        raise UsageError(
            "The sites were not confirmed as your own.",
            "Asking somebody else's site for such files is an attack.",
            "Confirm that each host belongs to you.",
        )
    reports = []
    for one in [site(text) for text in sites]:
        rest = (LOOPBACK_PACE if one.loopback else PACE) if pace is None else pace
        way = network or Network()
        async with _client(one, contact, way, transport) as client:
            asker = _Asker(one, client, way, scanner, found, clock, rest, progress)
            await asker.run(folders, only)
        reports.append(asker.report)
    return reports


def _client(
    one: Site, contact: str, network: Network, transport: httpx.AsyncBaseTransport | None
) -> httpx.AsyncClient:
    agent = f"{OWN_AGENT}/{__version__} (leak check by this site's owner{'; ' + contact if contact else ''})"
    proxy = http_proxy(network, one.origin)
    return httpx.AsyncClient(
        base_url=one.origin,
        headers={"User-Agent": agent, "Accept": "*/*", "Accept-Encoding": "identity"},
        timeout=_TIMEOUT,
        follow_redirects=False,
        # Certificates are checked everywhere but on this very machine (the drill's own certificate).
        verify=False if one.loopback else network.trust.context(),
        proxy=httpx.Proxy(**proxy) if proxy is not None else None,
        trust_env=False,
        transport=transport,
    )


class _Asker:
    """One site being asked."""

    def __init__(
        self,
        one: Site,
        client: httpx.AsyncClient,
        network: Network,
        scanner: Scanner,
        found: Found,
        clock: Clock,
        pace: float,
        progress: Callable[[str, int], None] | None,
    ) -> None:
        self._site, self._client, self._network = one, client, network
        self._scanner, self._found = scanner, found
        self._clock, self._pace, self._progress = clock, pace, progress
        self._baseline: list[_Answer] = []
        self._faults = 0
        self.report = SiteReport(one.origin)

    async def run(self, folders: tuple[str, ...], only: frozenset[str] | None) -> None:
        """Take the baseline, then ask for every path; stop when the site asks for it or does not answer."""
        try:
            home = await self._take_baseline()
            for probe in probes(self._site.host, self._clock.now().year, folders):
                if only is not None and probe.path not in only:
                    continue
                answer = await self._get(probe.path, probe.most)
                if answer is not None:
                    self._judge(probe, answer)
            await self._bundles(home, only)
            if only is None:
                await self._wordpress(home)
        except _StopProbing as stop:
            self.report.stopped = str(stop)

    async def _take_baseline(self) -> _Answer | None:
        for form in _RANDOM:
            answer = await self._get(form.format(r=secrets.token_hex(8)), LARGE)
            if answer is not None:
                self._baseline.append(answer)
                self.report.usual_sizes.add(answer.length)
                for kind, words in DEBUG_PAGES:
                    if all(word in answer.body for word in words):
                        self._expose(Probe("(any path)", "debug page", "", LARGE), answer, "P2", (kind,))
        home = await self._get("/", LARGE)
        if home is not None:
            self._baseline.append(home)
            self.report.usual_sizes.add(home.length)
            if "/_profiler/" in home.headers.get("X-Debug-Token-Link", ""):
                self._expose(Probe("/", "debug page", "", LARGE), home, "P2", ("X-Debug-Token-Link",))
        return home

    async def _get(self, path: str, most: int, *, hops: int = 1) -> _Answer | None:
        """Return the beginning of an answer, None for a fault; follows one redirect within the origin."""
        if self.report.asked:
            await self._clock.sleep(self._pace)
        headers = {"Range": f"bytes=0-{most - 1}"}
        try:
            async with self._client.stream("GET", path, headers=headers) as response:
                body = b""
                async for piece in response.aiter_raw(SMALL):
                    body += piece
                    if len(body) >= most:
                        break
        except httpx.HTTPError as error:
            self._faults += 1
            self.report.asked.append((iso(self._clock.now()), path, 0))
            if (words := await self._untrusted(error)) or isinstance(error, httpx.ProxyError):
                raise _StopProbing(words or self._no_tunnel(error)) from error
            if self._faults >= _MOST_FAULTS:
                raise _StopProbing(
                    f"{_MOST_FAULTS} requests without an answer ({type(error).__name__})"
                ) from error
            return None
        self.report.asked.append((iso(self._clock.now()), path, response.status_code))
        if self._progress is not None:
            self._progress(self._site.origin, len(self.report.asked))
        if response.status_code in {429, 503}:
            raise _StopProbing(f"the site answered {response.status_code}: it asks for fewer requests")
        self._faults = 0
        if response.is_redirect and hops > 0 and (target := self._redirect(path, response)):
            return await self._get(target, most, hops=hops - 1)
        total = _total(response)
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return _Answer(
            response.status_code, kind, max(total, len(body[:most])), body[:most], response.headers
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

    def _redirect(self, path: str, response: httpx.Response) -> str:
        """Return the path to follow: same origin, and neither the home page nor a login."""
        target = urlsplit(urljoin(f"{self._site.origin}{path}", response.headers.get("Location", "")))
        if f"{target.scheme}://{target.netloc}" != self._site.origin:
            return ""
        if target.path in ("", "/") or re.search(r"(?i)login|signin|auth|account", target.path):
            return ""
        return f"{target.path}?{target.query}" if target.query else target.path

    def _judge(self, probe: Probe, answer: _Answer) -> None:
        if answer.status not in {200, 206} or not answer.body or self._is_baseline(answer):
            return
        page = is_page(answer.body) or answer.kind == "text/html"
        marks = () if page and probe.proof not in ON_PAGES else PROOFS[probe.proof](answer.body)
        known = self._search(probe, answer) if marks or not page else ()
        if known:
            self._expose(probe, answer, "P3", (*marks, *known))
        elif marks:
            self._expose(probe, answer, "P2", marks)
        elif not page:
            self._expose(probe, answer, "P1", ())

    def _is_baseline(self, answer: _Answer) -> bool:
        """Whether this is what the site answers to anything: same body, or same type and nearly same length."""
        for usual in self._baseline:
            if usual.status not in {200, 206} or usual.kind != answer.kind:
                continue
            if usual.body[: len(answer.body)] == answer.body or (
                is_page(usual.body) and abs(usual.length - answer.length) <= 32 + usual.length // 100
            ):
                return True
        return False

    def _search(self, probe: Probe, answer: _Answer) -> tuple[str, ...]:
        """Report secrets in a body; return what they are (for a known one its label), never what they say."""
        labels = []
        for match in self._scanner.scan(answer.body):
            place = Place("web", self._site.origin, probe.path, match.line + 1, match.placement, match.name)
            self._found(match, place)
            labels.append(f"holds {match.known}" if match.known else f"holds {match.kind.value}")
        return tuple(dict.fromkeys(labels))

    def _expose(self, probe: Probe, answer: _Answer, grade: str, proof: Iterable[str]) -> None:
        exposure = Exposure(
            self._site.origin,
            probe.path,
            probe.kind,
            grade,
            tuple(visible(mark, 80) for mark in proof),
            answer.status,
            answer.length,
            hashlib.sha256(answer.body).hexdigest()[:16],
            iso(self._clock.now()),
            _todo(probe),
        )
        listing = self.report.by_hand if grade == "P1" else self.report.exposures
        if not any(one.path == exposure.path and one.proof == exposure.proof for one in listing):
            listing.append(exposure)

    async def _bundles(self, home: _Answer | None, only: frozenset[str] | None) -> None:
        """Read the site's own scripts and their source maps: whatever is in them is public already."""
        sources = [source.decode("utf-8", "replace") for source in _SCRIPT.findall(home.body)] if home else []
        own = [parts.path for source in sources if (parts := self._own(source)) is not None]
        for path in list(dict.fromkeys(own))[:_MOST_BUNDLES]:
            for probe in (
                Probe(path, "script bundle", "script settings", LARGE),
                Probe(f"{path}.map", "source map", "source map", LARGE),
            ):
                if only is not None and probe.path not in only:
                    continue
                answer = await self._get(probe.path, probe.most)
                if answer is None or answer.status not in {200, 206} or self._is_baseline(answer):
                    continue
                known = self._search(probe, answer)
                marks = PROOFS["source map"](answer.body) if probe.kind == "source map" else ()
                if known or marks:
                    self._expose(probe, answer, "P3" if known else "P2", (*marks, *known))

    def _own(self, source: str) -> SplitResult | None:
        parts = urlsplit(urljoin(f"{self._site.origin}/", source))
        return parts if f"{parts.scheme}://{parts.netloc}" == self._site.origin else None

    async def _wordpress(self, home: _Answer | None) -> None:
        """Read versions from public text only: the home page, and the readme of plugins the list knows."""
        page = home.body.decode("utf-8", "replace") if home else ""
        if "wp-content" not in page and "wp-includes" not in page and not wordpress.core_version(page):
            return
        if version := wordpress.core_version(page):
            self.report.installed.append(wordpress.Installed("core", version, self._site.origin))
        for slug in wordpress.slugs():
            path = f"/wp-content/plugins/{slug}/readme.txt"
            answer = await self._get(path, SMALL)
            if answer is None or answer.status not in {200, 206} or self._is_baseline(answer):
                continue
            if version := wordpress.stable_tag(answer.body.decode("utf-8", "replace")):
                one = wordpress.Installed(slug, version, self._site.origin + path)
                self.report.installed.append(one)
                self.report.vulnerable += wordpress.vulnerable(one)


def _total(response: httpx.Response) -> int:
    """Return the full length an answer claims: of the file behind a range, or of the body; 0 if neither."""
    claimed = re.search(r"/(\d{1,15})$", response.headers.get("Content-Range", ""))
    if claimed:
        return int(claimed.group(1))
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else 0


_TODO = {
    "git repository": "Deny /.git/ in the server's configuration; treat the whole history as read.",
    "phpinfo page": "Delete the page; every value in its environment table was public.",
    "debug page": "Switch debugging off in production; every value such a page shows was public.",
    "script bundle": "Keep the key on the server; a key in a bundle is public the moment it is served.",
    "source map": "Do not publish source maps, or check that they hold nothing private.",
    "folder listing": "Switch folder listings off.",
    "source served instead of run": "The server shows PHP instead of running it: fix its handler at once.",
}


def _todo(probe: Probe) -> str:
    default = "Remove it from the web root and deny such names in the server's configuration."
    return f"{_TODO.get(probe.kind, default)} Then replace every secret it holds."
