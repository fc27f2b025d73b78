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
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from workbench import __version__
from workbench.core.clock import Clock, iso
from workbench.core.errors import UsageError
from workbench.core.network import Network, http_proxy
from workbench.core.redact import visible
from workbench.leaks import wordpress
from workbench.leaks.model import Found, Place
from workbench.leaks.patterns import Scanner
from workbench.leaks.proofs import DEBUG_PAGES, ON_PAGES, PROOFS, is_page
from workbench.leaks.signatures import OWN_AGENT
from workbench.leaks.webanswers import Answer, is_usual
from workbench.leaks.webget import Getter, StopProbing
from workbench.leaks.webpaths import LARGE, SMALL, Probe, probes
from workbench.leaks.webreport import Exposure, Site, SiteReport

# Seconds between two requests: two a second at most. On loopback nobody else is disturbed.
PACE, LOOPBACK_PACE = 0.5, 0.0
_TIMEOUT = 10.0
_MOST_FAULTS = 5
_MOST_BUNDLES = 60
# Of pages and scripts this much is read; and so long may one request take, however slowly it drips.
_HUGE, _MOST_SECONDS = 2 << 20, 30.0
_MOST_WAITS, _LONGEST_WAIT = 3, 60.0
_HOST = re.compile(
    r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)+|localhost"
)
_SCRIPT = re.compile(
    rb"(?i)<(?:script|link)[^>]{1,300}(?:src|href)=[\"']([^\"']{1,400}\.m?js(?:\?[^\"']{0,100})?)[\"']"
)
_CHUNK = re.compile(rb"[\"'](/?(?:_next/|static/|assets/|build/|js/|chunks/)[\w./~-]{1,160}\.m?js)[\"']")
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


class _Asker(Getter):
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
        super().__init__(one, client, network, clock, pace, progress)
        self._scanner, self._found = scanner, found
        self._baseline: list[Answer] = []

    async def run(self, folders: tuple[str, ...], only: frozenset[str] | None) -> None:
        """Take the baseline, then ask for every path; stop when the site asks for it or does not answer."""
        home: Answer | None = None
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
        except StopProbing as stop:
            self.report.stopped = str(stop)
        # A path or two refused is a server that denies it; most of them refused is a filter that knows us.
        if self._refused * 2 >= max(4, len(self.report.asked)) or (
            home is not None and home.status in {401, 403}
        ):
            self.report.unread["answered 401 or 403: a filter or a login stands before the site"] += (
                self._refused
            )

    async def _take_baseline(self) -> Answer | None:
        for form in _RANDOM:
            answer = await self._get(form.format(r=secrets.token_hex(8)), LARGE)
            if answer is not None:
                self._baseline.append(answer)
                self._seen_by_all(answer, "(any path)")
                self.report.usual_sizes.add(answer.length)
                for kind, words in DEBUG_PAGES:
                    if all(word in answer.body for word in words):
                        self._expose(Probe("(any path)", "debug page", "", LARGE), answer, "P2", (kind,))
        home = await self._get("/", _HUGE)
        if home is not None:
            self._seen_by_all(home, "/")
            self._baseline.append(home)
            self.report.usual_sizes.add(home.length)
            if "/_profiler/" in home.headers.get("X-Debug-Token-Link", ""):
                self._expose(Probe("/", "debug page", "", LARGE), home, "P2", ("X-Debug-Token-Link",))
        return home

    def _seen_by_all(self, answer: Answer, path: str) -> None:
        """Search a page that anybody sees: home page, error page, debug page."""
        probe = Probe(path, "public page", "", _HUGE)
        if known := self._search(probe, answer):
            self._expose(probe, answer, "P3", known)

    def _judge(self, probe: Probe, answer: Answer) -> None:
        if answer.status not in {200, 206} or not answer.body or self._is_baseline(answer):
            return
        # Its bytes decide, not its label: a server that knows no type sends an .env as text/html.
        page = is_page(answer.body)
        marks = () if page and probe.proof not in ON_PAGES else PROOFS[probe.proof](answer.body)
        known = self._search(probe, answer) if marks or not page else ()
        if known:
            self._expose(probe, answer, "P3", (*marks, *known))
        elif marks:
            self._expose(probe, answer, "P2", marks)
        elif not page:
            self._expose(probe, answer, "P1", ())

    def _is_baseline(self, answer: Answer) -> bool:
        """Whether this is what the site answers to anything, though parts of it may change from one to the next."""
        return is_usual(answer, self._baseline)

    def _search(self, probe: Probe, answer: Answer) -> tuple[str, ...]:
        """Report secrets in a body; return what they are (for a known one its label), never what they say."""
        labels = []
        for match in self._scanner.scan(answer.body):
            place = Place("web", self._site.origin, probe.path, match.line + 1, match.placement, match.name)
            self._found(match, place)
            labels.append(f"holds {match.known}" if match.known else f"holds {match.kind.value}")
        return tuple(dict.fromkeys(labels))

    def _expose(self, probe: Probe, answer: Answer, grade: str, proof: Iterable[str]) -> None:
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

    async def _bundles(self, home: Answer | None, only: frozenset[str] | None) -> None:
        """Read the site's own scripts and their source maps: whatever is in them is public already."""
        sources = [source.decode("utf-8", "replace") for source in _SCRIPT.findall(home.body)] if home else []
        own = [parts.path for source in sources if (parts := self._own(source)) is not None]
        waiting = list(dict.fromkeys(own))
        for number, path in enumerate(waiting):
            if number >= _MOST_BUNDLES:
                self.report.unread["script past the limit, not read"] += len(waiting) - number
                break
            for probe in (
                Probe(path, "script bundle", "script settings", _HUGE),
                Probe(f"{path}.map", "source map", "source map", _HUGE),
            ):
                if only is not None and probe.path not in only:
                    continue
                answer = await self._get(probe.path, probe.most)
                if answer is None or answer.status not in {200, 206} or self._is_baseline(answer):
                    continue
                if answer.length > len(answer.body) >= _HUGE:
                    self.report.unread["script or map longer than is read"] += 1
                waiting += [one for one in self._chunks(answer.body) if one not in waiting]
                known = self._search(probe, answer)
                marks = PROOFS["source map"](answer.body) if probe.kind == "source map" else ()
                if known or marks:
                    self._expose(probe, answer, "P3" if known else "P2", (*marks, *known))

    def _chunks(self, body: bytes) -> list[str]:
        """Return the further scripts that a script names: frameworks load most of theirs later."""
        named = [found.decode("ascii", "replace") for found in _CHUNK.findall(body)]
        roots = [
            "/_next/" if name.startswith(("static/", "chunks/")) and b"/_next/" in body else "/"
            for name in named
        ]
        return list(
            dict.fromkeys(
                name if name[0] == "/" else root + name for root, name in zip(roots, named, strict=True)
            )
        )

    def _own(self, source: str) -> SplitResult | None:
        parts = urlsplit(urljoin(f"{self._site.origin}/", source))
        return parts if f"{parts.scheme}://{parts.netloc}" == self._site.origin else None

    async def _wordpress(self, home: Answer | None) -> None:
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
