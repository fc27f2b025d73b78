"""Ask the operator's own sites, politely: what do they hand to anyone who asks?

GET only, the first kilobytes only (more of what is proven to be open), one request at a time, TLS verified, an
honest user agent, no redirect to another owner's host. An answer counts as an exposure only with its proof marker,
and never when it is what the site answers to random paths. No payloads, no logins, no plugin endpoints (dossier 3.1).
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from workbench.core import certificates
from workbench.core.clock import Clock, iso
from workbench.core.errors import UsageError
from workbench.core.network import Network, why
from workbench.core.redact import visible
from workbench.core.tunnel import refusal
from workbench.leaks import scripts, wordpress
from workbench.leaks.model import Found, LeakPlace
from workbench.leaks.neighbours import neighbours
from workbench.leaks.patterns import Scanner
from workbench.leaks.proofs import DEBUG_PAGES, ON_PAGES, PROOFS, is_page
from workbench.leaks.sites import OwnSite, SiteExposure, SiteReport, site
from workbench.leaks.webanswers import SiteAnswer, another_page, answered, is_usual, pause_asked, sent_on
from workbench.leaks.webclient import client_for
from workbench.leaks.webpaths import LARGE, RANDOM, SMALL, Probe, probes, todo_of
from workbench.leaks.withheld import DENIED, withheld

# Seconds between two requests: two a second at most. On loopback nobody else is disturbed.
PACE, LOOPBACK_PACE = 0.5, 0.0
# Seconds for one request in all: a tarpit sends a byte now and then for ever.
_LONGEST = 30.0
_MOST_FAULTS = 5
_GONE = frozenset({404, 410})
_TRIES = 3
_MOST_BUNDLES = 60
# How much is read of what is handed out to anybody: pages, scripts, and files that proved to be what they are.
MORE = 2 << 20


class _StopProbing(Exception):
    """The site asked us to stop, or does not answer."""


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
        async with client_for(one, contact, way, transport) as client:
            asker = _Asker(one, client, way, scanner, found, clock, rest, progress)
            await asker.run(folders, only)
        reports.append(asker.report)
    return reports


class _Asker:
    """One site being asked."""

    def __init__(
        self,
        one: OwnSite,
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
        self._baseline: list[SiteAnswer] = []
        self._faults = 0
        # Where the site sends its own visitors to: from its bare name to www, say.
        self._origin = one.origin
        self.report = SiteReport(one.origin)

    async def run(self, folders: tuple[str, ...], only: frozenset[str] | None) -> None:
        """Take the baseline, then ask for every path; stop when the site asks for it or does not answer."""
        try:
            home = await self._take_baseline()
            for probe in probes(self._site.host, self._clock.now().year, folders):
                if only is not None and probe.path not in only:
                    continue
                answer = await self._ask(probe.path, probe.most)
                if answer is not None:
                    await self._judge(probe, answer)
            await self._bundles(home, only)
            # Versions are asked for again too: a plugin that was updated shows nowhere else.
            await self._wordpress(home)
            if only is None:
                await self._ask_home_again(home)
        except _StopProbing as stop:
            self.report.stopped = str(stop)

    async def _take_baseline(self) -> SiteAnswer | None:
        home = await self._get("/", LARGE)
        if home is not None and home.path.startswith("https://"):
            # Under this name the site answers its visitors: not every request need be sent on.
            parts = urlsplit(home.path)
            self._origin = f"{parts.scheme}://{parts.netloc}"
        for form in RANDOM:
            answer = await self._get(form.format(r=secrets.token_hex(8)), LARGE)
            if answer is not None:
                kinds = tuple(
                    kind for kind, words in DEBUG_PAGES if all(word in answer.body for word in words)
                )
                if kinds or not is_usual(answer, self._baseline):
                    self._open_page(Probe("(any path)", "debug page", "", LARGE), answer, kinds)
                self._baseline.append(answer)
                self.report.usual_sizes.add(answer.length)
        if home is not None:
            if reason := withheld(home, ()):
                self.report.unread.append((reason, "/"))
            if home.given:
                page = Probe("/", "home page", "", LARGE)
                self._open_page(page, await self._whole(page, home, known_end=False), ())
            self._baseline.append(home)
            self.report.usual_sizes.add(home.length)
            if "/_profiler/" in home.headers.get("X-Debug-Token-Link", ""):
                self._expose(Probe("/", "debug page", "", LARGE), home, "P2", ("X-Debug-Token-Link",))
        return home

    async def _ask_home_again(self, home: SiteAnswer | None) -> None:
        """Note where a site no longer shows its home page: it began to refuse, and *not found* may be no answer."""
        if home is None or not home.given:
            return
        again = await self._get("/", LARGE)
        if again is not None and (withheld(again, self._baseline) or another_page(home, again)):
            self.report.unread.append(
                ("home page shown no longer, what was asked before it is in doubt", "/")
            )

    async def _get(
        self, path: str, most: int, *, hops: int = 2, tries: int = _TRIES, whole: bool = False
    ) -> SiteAnswer | None:
        """Return the beginning of an answer, None for a fault; follows two redirects to the same owner.

        ``whole`` asks without naming a range, of a server that knows none: no more of it is read for that.
        """
        if self.report.asked:
            await self._clock.sleep(self._pace)
        address = path if path.startswith("https://") else f"{self._origin}{path}"
        try:
            async with asyncio.timeout(_LONGEST):
                response, raw = await self._read(address, most, whole=whole)
        except (httpx.HTTPError, TimeoutError) as error:
            self._faults += 1
            self.report.asked.append((iso(self._clock.now()), path, 0))
            words = await self._untrusted(error) if isinstance(error, httpx.HTTPError) else ""
            if words or isinstance(error, httpx.ProxyError):
                raise _StopProbing(words or self._no_tunnel(error)) from error
            if self._faults >= _MOST_FAULTS:
                raise _StopProbing(
                    f"{_MOST_FAULTS} requests without an answer ({visible(why(error), 120)})"
                ) from error
            self.report.unread.append(("site's path without an answer", path))
            return None
        self.report.asked.append((iso(self._clock.now()), path, response.status_code))
        if self._progress is not None:
            self._progress(self._site.origin, len(self.report.asked))
        if response.status_code in {429, 503}:
            if tries <= 1:
                raise _StopProbing(
                    f"the site answered {response.status_code} {_TRIES} times in a row: it asks for fewer requests"
                )
            await self._clock.sleep(pause_asked(response))
            return await self._get(path, most, hops=hops, tries=tries - 1, whole=whole)
        self._faults = 0
        if response.status_code == 416 and not whole:
            return await self._get(path, most, hops=hops, tries=tries, whole=True)
        if response.is_redirect and hops > 0:
            target = sent_on(self._origin, path, response.headers.get("Location", ""))
            if target:
                return await self._get(target, most, hops=hops - 1)
        return answered(path, response, raw, most)

    async def _ask(self, path: str, most: int) -> SiteAnswer | None:
        """Return an answer that tells something, None for one that does not: that is noted."""
        answer = await self._get(path, most)
        if answer is None:
            return None
        reason = withheld(answer, self._baseline)
        if not reason:
            self.report.read += 1
            return answer
        if not is_usual(answer, self._baseline):
            # A fault may show settings, a refusal the file itself.
            self._open_page(Probe(path, "answer of a fault or refusal", ""), answer, ())
        if reason == DENIED:
            self.report.denied.append(path)
        else:
            self.report.unread.append((reason, path))
        return None

    async def _read(self, address: str, most: int, *, whole: bool) -> tuple[httpx.Response, bytes]:
        headers = {} if whole else {"Range": f"bytes=0-{most - 1}"}
        async with self._client.stream("GET", address, headers=headers) as response:
            raw = b""
            async for piece in response.aiter_raw(SMALL):
                raw += piece
                if len(raw) >= most:
                    break
        return response, raw

    async def _whole(self, probe: Probe, answer: SiteAnswer, *, known_end: bool = True) -> SiteAnswer:
        """Return more of what a site hands out where its beginning was cut off: a key may stand further down."""
        if answer.length > len(answer.body) or (answer.cut and not known_end):
            # Only where an end is known: a body that may go on for ever is not asked for again.
            again = await self._get(probe.path, MORE)
            answer = again if again is not None and again.given else answer
        if answer.cut:
            self.report.unread.append(("answer of a site longer than is read", probe.path))
        return answer

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

    def _no_tunnel(self, error: Exception) -> str:
        host, port = self._site.host, urlsplit(self._site.origin).port or 443
        proxy = self._network.routes.to(host, port)
        return refusal(proxy, str(error), f"{host}:{port}") if proxy is not None else why(error)

    async def _judge(self, probe: Probe, answer: SiteAnswer) -> None:
        if is_usual(answer, self._baseline):
            return
        if not answer.given:
            # A file may come with the status of none.
            self._open_page(probe, answer, ())
            return
        # What the server calls a page may be none: many send a file of an unknown name as text/html.
        page = is_page(answer.body)
        marks = () if page and probe.proof not in ON_PAGES else PROOFS[probe.proof](answer.body)
        if b"\0" not in answer.body and (marks or not page):
            answer = await self._whole(probe, answer)
        known = self._search(probe, answer)
        if known:
            self._expose(probe, answer, "P3", (*marks, *known))
        elif marks:
            self._expose(probe, answer, "P2", marks)
        elif not page and answer.kind != "text/html":
            self._expose(probe, answer, "P1", ())

    def _open_page(self, probe: Probe, answer: SiteAnswer, marks: tuple[str, ...]) -> None:
        """Report a page that anybody sees: what is wrong with it, and the secrets on it."""
        known = self._search(probe, answer)
        if known or marks:
            self._expose(probe, answer, "P3" if known else "P2", (*marks, *known))

    def _search(self, probe: Probe, answer: SiteAnswer) -> tuple[str, ...]:
        """Report secrets in a body; return what they are (for a known one its label), never what they say."""
        labels = []
        matches = self._scanner.scan(answer.body)
        beside = neighbours(answer.body, [match.secret.reveal() for match in matches]) if matches else ()
        for match in matches:
            place = LeakPlace(
                "web",
                self._site.origin,
                probe.path,
                match.line + 1,
                match.placement,
                match.name,
                neighbours=beside,
            )
            self._found(match, place)
            labels.append(f"holds {match.known}" if match.known else f"holds {match.kind.value}")
        return tuple(dict.fromkeys(labels))

    def _expose(self, probe: Probe, answer: SiteAnswer, grade: str, proof: Iterable[str]) -> None:
        exposure = SiteExposure(
            self._site.origin,
            probe.path,
            probe.kind,
            grade,
            tuple(visible(mark, 80) for mark in proof),
            answer.status,
            answer.length,
            hashlib.sha256(answer.body).hexdigest()[:16],
            iso(self._clock.now()),
            todo_of(probe),
        )
        listing = self.report.by_hand if grade == "P1" else self.report.exposures
        if not any(one.path == exposure.path and one.proof == exposure.proof for one in listing):
            listing.append(exposure)

    async def _bundles(self, home: SiteAnswer | None, only: frozenset[str] | None) -> None:
        """Read the site's own scripts, what they name, and their source maps: all of it is public already."""
        sources = list(scripts.of_page(home.body)) if home else []
        own = [parts.path for source in sources if (parts := self._own(source)) is not None]
        if only is None:
            foreign = [source for source in sources if self._own(source) is None]
            reason = "script on another host of the same domain"
            self.report.unread += [(reason, one) for one in scripts.on_hosts_beside(foreign, self._origin)]
        # What is asked again alone may be named by a script that is not.
        waiting = list(dict.fromkeys([*own, *scripts.among(only or ())]))
        for at, path in enumerate(waiting):
            if at >= _MOST_BUNDLES:
                self.report.unread += [("script of a site past the limit", rest) for rest in waiting[at:]]
                return
            for probe in (
                Probe(path, "script bundle", "script settings", MORE),
                Probe(f"{path}.map", "source map", "source map", LARGE),
            ):
                if only is not None and probe.path not in only:
                    continue
                answer = await self._ask(probe.path, probe.most)
                if answer is None or not answer.given or is_usual(answer, self._baseline):
                    continue
                if answer.cut and probe.kind == "script bundle":
                    self.report.unread.append(
                        (f"answer of a site longer than {MORE >> 20} MB, its rest not read", path)
                    )
                if probe.kind == "script bundle" and only is None:
                    waiting += [
                        one
                        for one in dict.fromkeys(scripts.named_in(answer.body, path))
                        if one not in waiting
                    ]
                known = self._search(probe, answer)
                marks = PROOFS["source map"](answer.body) if probe.kind == "source map" else ()
                if known or marks:
                    self._expose(probe, answer, "P3" if known else "P2", (*marks, *known))

    def _own(self, source: str) -> SplitResult | None:
        parts = urlsplit(urljoin(f"{self._origin}/", source))
        return parts if f"{parts.scheme}://{parts.netloc}" in (self._origin, self._site.origin) else None

    async def _wordpress(self, home: SiteAnswer | None) -> None:
        """Read versions from public text only: the home page, and the readme of plugins the list knows."""
        page = home.body.decode("utf-8", "replace") if home else ""
        if "wp-content" not in page and "wp-includes" not in page and not wordpress.core_version(page):
            return
        if version := wordpress.core_version(page):
            self.report.installed.append(wordpress.Installed("core", version, self._site.origin))
        for slug in wordpress.slugs():
            path = f"/wp-content/plugins/{slug}/readme.txt"
            answer = await self._ask(path, SMALL)
            if answer is None:
                continue
            if answer.status in _GONE:
                self.report.not_installed.append(wordpress.Installed(slug, "", self._site.origin + path))
            if not answer.given or is_usual(answer, self._baseline):
                continue
            if version := wordpress.stable_tag(answer.body.decode("utf-8", "replace")):
                one = wordpress.Installed(slug, version, self._site.origin + path)
                self.report.installed.append(one)
                self.report.vulnerable += wordpress.vulnerable(one)
