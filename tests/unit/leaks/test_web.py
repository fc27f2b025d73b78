"""Probing one's own sites: polite, bounded, proof or silence. A small server in the test answers."""

from __future__ import annotations

import asyncio
import gzip
import socket
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import brotli
import httpx
import pytest
import zstandard

from tests.unit.leaks.corpus import Draw
from workbench.core.clock import ManualClock
from workbench.core.errors import UsageError
from workbench.core.redact import Secret
from workbench.leaks import web
from workbench.leaks.accesslog import LogReader
from workbench.leaks.command import LeakOptions, run
from workbench.leaks.document import document as leaks_document
from workbench.leaks.model import KnownValue, LeakPlace, Match, SecretKind
from workbench.leaks.patterns import Scanner
from workbench.leaks.proofs import PROOFS
from workbench.leaks.signatures import OWN_AGENT
from workbench.leaks.sites import SiteReport, site
from workbench.leaks.web import PACE, probe_sites
from workbench.leaks.webanswers import answered, sent_on
from workbench.leaks.webpaths import LARGE, SMALL, probes
from workbench.leaks.withheld import DENIED, withheld

DRAW = Draw(61)
START = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
ENV = frozenset({"/.env"})
Body = bytes | tuple[int, bytes] | httpx.Response


class OneBody(httpx.AsyncByteStream):
    """A body given in pieces of a kilobyte."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self.body), 1024):
            yield self.body[at : at + 1024]


class Endless(httpx.AsyncByteStream):
    """A body without end that counts what was taken of it."""

    def __init__(self) -> None:
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.taken += 1024
            yield b"API_KEY=" + b"x" * 1015 + b"\n"


class Site:
    """Answers from a table; everything else is a 404 page, or whatever ``default`` gives."""

    def __init__(
        self, pages: dict[str, Body], default: Callable[[httpx.Request], httpx.Response] | None = None
    ) -> None:
        self.pages = pages
        self.default = default or (
            lambda request: httpx.Response(404, html="<html><body>not here</body></html>")
        )
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = self.answer(request)
        if isinstance(answer.stream, Endless):
            return answer
        # As from a socket: the body is still to be read.
        return httpx.Response(answer.status_code, headers=answer.headers, stream=OneBody(answer.content))

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        found = self.pages.get(request.url.raw_path.decode())
        if found is None:
            return self.default(request)
        if isinstance(found, httpx.Response):
            return found
        status, body = found if isinstance(found, tuple) else (200, found)
        return httpx.Response(status, content=body, headers={"Content-Type": "text/plain"})


async def ask(
    server: Site,
    *known: KnownValue,
    host: str = "https://www.example.com",
    clock: ManualClock | None = None,
    only: frozenset[str] | None = None,
) -> tuple[SiteReport, list[tuple[Match, LeakPlace]]]:
    found: list[tuple[Match, LeakPlace]] = []
    (report,) = await probe_sites(
        [host],
        Scanner(known),
        lambda match, place: found.append((match, place)),
        clock or ManualClock(START),
        confirmed=True,
        only=only,
        transport=httpx.MockTransport(server),
    )
    return report, found


async def test_an_environment_file_is_proven_by_its_names_and_its_secret_found() -> None:
    value = DRAW.current()
    server = Site(
        {
            "/.env": f"APP_KEY=base64:x\nMAILGUN_SECRET={value}\n".encode(),
            "/.git/HEAD": b"ref: refs/heads/main\n",
        }
    )
    report, found = await ask(server, KnownValue("vault: prod", Secret(value), SecretKind.API_KEY))
    exposed = {one.path: one for one in report.exposures}
    assert exposed["/.env"].grade == "P3"
    assert "holds vault: prod" in exposed["/.env"].proof
    assert "MAILGUN_SECRET" in exposed["/.env"].proof
    assert exposed["/.git/HEAD"].grade == "P2"
    assert set(exposed) == {"/.env", "/.git/HEAD"}
    assert value not in repr(report)
    ((match, place),) = found
    assert (place.origin, place.path, place.line, match.known) == ("web", "/.env", 2, "vault: prod")


async def test_only_polite_requests_are_made() -> None:
    server = Site({})
    clock = ManualClock(START)
    report, _ = await ask(server, clock=clock)
    assert report.exposures == []
    assert report.by_hand == []
    for request in server.requests:
        assert request.method == "GET"
        assert request.headers["User-Agent"].startswith(OWN_AGENT)
        assert "Cookie" not in request.headers
        assert "Authorization" not in request.headers
        assert request.headers["Range"] in {f"bytes=0-{SMALL - 1}", f"bytes=0-{LARGE - 1}"}
        assert request.url.host == "www.example.com"
    assert len(server.requests) == len(report.asked) > 200
    assert clock.monotonic() >= (len(server.requests) - 1) * PACE


async def test_no_plugin_endpoint_or_exploit_is_ever_asked_for() -> None:
    home = httpx.Response(200, html='<html><script src="/wp-includes/js/x.js"></script></html>')
    server = Site({"/": home})
    await ask(server)
    paths = [request.url.raw_path.decode() for request in server.requests]
    for forbidden in (
        "eval-stdin",
        "execute-solution",
        "cgi-bin",
        "wp-json",
        "rest_route",
        "admin-ajax",
        "wp-login",
        "..",
    ):
        assert not any(forbidden in path for path in paths)


async def test_a_catch_all_site_exposes_nothing() -> None:
    server = Site(
        {},
        default=lambda request: httpx.Response(
            200, html="<html><body>KEY=1 DB_NAME DB_PASSWORD</body></html>"
        ),
    )
    report, _ = await ask(server)
    assert report.exposures == []
    assert report.by_hand == []


async def test_a_catch_all_that_echoes_the_path_in_plain_text_is_not_proof() -> None:
    server = Site({}, default=lambda request: httpx.Response(200, text=f"no route for {request.url.path}"))
    report, _ = await ask(server)
    assert report.exposures == []


async def test_an_answer_without_its_marker_is_only_worth_a_look() -> None:
    report, _ = await ask(Site({"/.env": b"hello there\n"}))
    assert report.exposures == []
    assert [one.path for one in report.by_hand] == ["/.env"]


@pytest.mark.parametrize("status", [401, 403, 404, 500])
async def test_a_refused_path_is_no_exposure(status: int) -> None:
    report, _ = await ask(Site({"/.env": (status, b"MAILGUN_SECRET=abcdefgh\n")}), only=ENV)
    assert report.exposures == []


def reasons(report: SiteReport, path: str) -> list[str]:
    return [reason for reason, where in report.unread if where == path]


@pytest.mark.parametrize("status", [401, 403, 406, 451, 500, 502])
async def test_a_path_that_is_kept_back_is_not_read(status: int) -> None:
    report, _ = await ask(Site({"/.env": (status, b"no")}), only=ENV)
    (reason,) = reasons(report, "/.env")
    assert str(status) in reason


async def test_a_rule_that_denies_every_hidden_name_is_as_it_should_be() -> None:
    def denying(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403 if "/." in request.url.path else 404, html="<html>no</html>")

    report, _ = await ask(Site({"/": b"<html>shop</html>"}, default=denying), only=ENV)
    assert report.denied == ["/.env"]
    assert report.unread == []


@pytest.mark.parametrize(
    "refusal",
    [
        httpx.Response(401, headers={"WWW-Authenticate": "Basic"}),
        httpx.Response(403, html="<html>Forbidden</html>"),
        httpx.Response(200, html="<title>Just a moment...</title><script src=/cf-chl></script>"),
        httpx.Response(200, html="x", headers={"CF-Mitigated": "challenge"}),
        httpx.Response(403, html="<TITLE>Access Denied</TITLE> Reference&#32;&#35;18.x"),
        httpx.Response(302, headers={"Location": "/login?next=x"}),
        httpx.Response(500, html="<h1>Server Error</h1>"),
    ],
)
async def test_a_site_that_shows_this_program_nothing_was_not_read(refusal: httpx.Response) -> None:
    report, _ = await ask(Site({}, default=lambda request: refusal), only=ENV)
    assert report.read == 0
    assert reasons(report, "/")
    assert reasons(report, "/.env")


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        # What every server answers for a folder of which it shows no list is nothing that was kept back.
        ("/wp-includes/", 403, DENIED),
        ("/backup/", 403, DENIED),
        ("/backup/", 406, "refused by its name (406): a filter in front may hide it"),
        ("/.env", 403, "refused by its name (403): a filter in front may hide it"),
        ("/", 403, "refused to this program, as the home page is (403)"),
    ],
)
def test_a_folder_whose_list_is_not_shown_is_as_it_should_be(path: str, status: int, reason: str) -> None:
    answer = answered(f"https://shop.example{path}", httpx.Response(status), b"<html>Forbidden</html>", 4096)
    assert withheld(answer, []) == reason
    home = answered("https://shop.example/", httpx.Response(403), b"<html>Forbidden</html>", 4096)
    assert withheld(answer, [home]).startswith("refused to this program"), (
        "whoever refuses all tells of no folder"
    )


async def test_an_answer_packed_in_a_way_nothing_here_opens_is_named() -> None:
    packed = httpx.Response(200, content=b"\x8b\x02\x80\xff", headers={"Content-Encoding": "compress"})
    report, _ = await ask(Site({"/.env": packed}), only=ENV)
    assert reasons(report, "/.env") == ["answer packed as compress, not read"]
    damaged = answered("/.env", httpx.Response(200, headers={"Content-Encoding": "br"}), b"\xff" * 9, 4096)
    assert withheld(damaged, []) == "answer packed as br, not read"


def test_a_body_is_unpacked_as_it_was_packed() -> None:
    plain = b"MAILGUN_SECRET=x\n" * 20
    raw = zlib.compressobj(wbits=-15)
    for encoding, body in {
        "gzip": gzip.compress(plain),
        "deflate": zlib.compress(plain),
        "Deflate": raw.compress(plain) + raw.flush(),
        "zstd": zstandard.compress(plain),
        "br": brotli.compress(plain),  # type: ignore[no-untyped-call]
        "BR": plain,
    }.items():
        response = httpx.Response(200, headers={"Content-Encoding": encoding})
        assert answered("/.env", response, body, 4096).body == plain


async def test_redirects_to_other_hosts_and_to_logins_are_not_followed() -> None:
    def away(location: str) -> httpx.Response:
        return httpx.Response(302, headers={"Location": location})

    server = Site(
        {
            "/.env": away("https://evil.example.net/.env"),
            "/.env.bak": away("//evil.example.net/x"),
            "/.env.old": away("/wp-login.php"),
            "/.env.save": away("http://www.example.com/.env.save"),
            "/.env.local": away("/real/.env"),
            "/real/.env": b"API_KEY=abcdefgh\n",
        }
    )
    report, _ = await ask(server)
    assert {request.url.host for request in server.requests} == {"www.example.com"}
    assert [one.path for one in report.exposures] == ["/.env.local"]
    assert not any(request.url.path == "/wp-login.php" for request in server.requests)


async def test_an_endless_body_is_read_no_further_than_allowed() -> None:
    body = Endless()
    server = Site({"/.env": httpx.Response(200, stream=body, headers={"Content-Type": "text/plain"})})
    report, _ = await ask(server)
    assert body.taken <= 3 * SMALL
    assert report.exposures[0].path == "/.env"


@pytest.mark.parametrize("status", [429, 503])
async def test_a_site_that_asks_for_fewer_requests_is_left_alone(status: int) -> None:
    server = Site({}, default=lambda request: httpx.Response(status))
    report, _ = await ask(server)
    assert len(server.requests) == 3
    assert "fewer requests" in report.stopped


@pytest.mark.parametrize("status", [429, 503])
async def test_one_request_to_slow_down_is_waited_for_and_not_the_end(status: int) -> None:
    value, refusals = DRAW.current(), iter([httpx.Response(status, headers={"Retry-After": "40"})])
    server = Site({"/.env": f"MAILGUN_SECRET={value}\n".encode()})
    usual = server.answer
    server.answer = lambda request: (  # type: ignore[method-assign]
        next(refusals, None) or usual(request) if request.url.path == "/.env" else usual(request)
    )
    clock = ManualClock(START)
    report, _ = await ask(server, clock=clock)
    assert not report.stopped
    assert [one.path for one in report.exposures] == ["/.env"]
    assert clock.monotonic() >= (len(server.requests) - 1) * PACE + 40


async def test_a_file_sent_as_a_page_or_packed_is_still_a_file() -> None:
    one, two = DRAW.current(), DRAW.current()
    packed = gzip.compress(f"A=1\nMAILGUN_SECRET={two}\n".encode())
    server = Site({"/.env": httpx.Response(200, html=f"APP_ENV=x\nMAILGUN_SECRET={one}\n")})

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/.env.bak":
            return server(request)
        return httpx.Response(200, stream=OneBody(packed), headers={"Content-Encoding": "gzip"})

    found: list[str] = []
    (report,) = await probe_sites(
        ["www.example.com"],
        Scanner(),
        lambda match, place: found.append(match.secret.reveal()),
        ManualClock(START),
        confirmed=True,
        transport=httpx.MockTransport(answer),
    )
    assert set(found) == {one, two}
    assert {exposure.path for exposure in report.exposures} == {"/.env", "/.env.bak"}


async def test_keys_on_the_home_page_and_far_down_are_found_and_a_cut_is_named() -> None:
    one, two = DRAW.current(), DRAW.current()
    home = b"<html><body>" + b"x " * 40_000 + f"<script>mailgun = '{one}'</script></body></html>".encode()
    long = b"APP_ENV=x\n" + b"# filler filler\n" * 6_000 + f"MAILGUN_SECRET={two}\n".encode()
    endless = b"DB_PASSWORD=abc12345\n" + b"# filler filler\n" * 140_000

    def ranged(body: bytes, kind: str) -> Callable[[httpx.Request], httpx.Response]:
        def give(request: httpx.Request) -> httpx.Response:
            last = int(request.headers["Range"].rpartition("-")[2])
            headers = {"Content-Type": kind, "Content-Range": f"bytes 0-{last}/{len(body)}"}
            return httpx.Response(206, content=body[: last + 1], headers=headers)

        return give

    gives = {
        "/": ranged(home, "text/html"),
        "/.env": ranged(long, "text/plain"),
        "/.env.bak": ranged(endless, "text/plain"),
    }
    server = Site({})
    usual = server.answer
    server.answer = lambda request: gives.get(request.url.path, usual)(request)  # type: ignore[method-assign]
    report, found = await ask(server)
    assert {match.secret.reveal() for match, _ in found} == {one, two}
    assert {exposure.path for exposure in report.exposures} == {"/", "/.env", "/.env.bak"}
    assert report.unread == [("answer of a site longer than is read", "/.env.bak")]


async def test_a_catch_all_that_answers_json_or_changes_its_body_exposes_nothing() -> None:
    count = iter(range(10_000))

    def json_of(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200,
            json={"path": request.url.path, "id": f"{next(count):032x}", "token": "none", "password": None},
        )

    def text_of(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=f"API_KEY=unknown for {request.url.path} at 12:00:{next(count)}\n")

    for default in (json_of, text_of):
        report, found = await ask(Site({}, default=default))
        assert report.exposures == []
        assert report.by_hand == []
        assert found == []


async def test_redirects_to_the_same_owners_other_name_are_followed() -> None:
    value = DRAW.current()
    pages = {"/": b"<html>home</html>", "/.env": f"MAILGUN_SECRET={value}\n".encode()}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "example.com":
            location = f"https://www.example.com{request.url.path}"
            return httpx.Response(301, headers={"Location": location}, stream=OneBody(b""))
        return Site(pages)(request)  # type: ignore[arg-type]

    requests: list[str] = []

    def counted(request: httpx.Request) -> httpx.Response:
        requests.append(request.url.host)
        return answer(request)

    found: list[str] = []
    (report,) = await probe_sites(
        ["example.com"],
        Scanner(),
        lambda match, place: found.append(match.secret.reveal()),
        ManualClock(START),
        confirmed=True,
        transport=httpx.MockTransport(counted),
    )
    assert found == [value]
    assert [one.path for one in report.exposures] == ["/.env"]
    assert requests.count("example.com") == 1, "after the first answer the site is asked under its own name"


@pytest.mark.parametrize(
    ("origin", "path", "location", "followed"),
    [
        ("https://example.com", "/.env", "https://www.example.com/.env", "https://www.example.com/.env"),
        ("https://www.example.com", "/.env", "https://example.com/.env?x=1", "https://example.com/.env?x=1"),
        ("https://example.com", "/.env", "/a/.env", "/a/.env"),
        ("https://example.com", "/", "https://www.example.com/", "https://www.example.com/"),
        ("https://example.com", "/.env", "http://www.example.com/.env", ""),
        ("https://example.com", "/.env", "https://www.example.com/", ""),
        ("https://example.com", "/.env", "https://shop.example.com/.env", ""),
        ("https://example.com", "/.env", "https://www.example.com:8443/.env", ""),
        ("https://example.com", "/.env", "https://a@www.example.com/.env", ""),
        ("https://example.com:8443", "/.env", "https://www.example.com/.env", ""),
        ("https://example.com", "/.env", "https://www.example.com/login", ""),
    ],
)
def test_where_a_redirect_leads(origin: str, path: str, location: str, followed: str) -> None:
    assert sent_on(origin, path, location) == followed


async def test_a_tarpit_holds_no_request_longer_than_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tarpit(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"A"
            await asyncio.Event().wait()

    monkeypatch.setattr(web, "_LONGEST", 0.01)
    (report,) = await probe_sites(
        ["www.example.com"],
        Scanner(),
        lambda match, place: None,
        ManualClock(START),
        confirmed=True,
        transport=httpx.MockTransport(lambda request: httpx.Response(200, stream=Tarpit())),
    )
    assert "no answer in time" in report.stopped
    assert report.unread


async def test_a_dead_site_is_given_up_after_five_faults() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("") from socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    server = Site({}, default=broken)
    report, _ = await ask(server)
    assert len(report.asked) == 5
    assert "without an answer (the name does not resolve)" in report.stopped


async def test_debug_pages_show_on_random_paths() -> None:
    page = "<html>URLconf defined ... Django tried these URL patterns</html>"
    report, _ = await ask(Site({}, default=lambda request: httpx.Response(404, html=page)))
    assert [one.proof for one in report.exposures] == [("Django debug page",)]


async def test_bundles_and_source_maps_of_the_site_itself_are_read() -> None:
    value = DRAW.legacy()
    home = httpx.Response(
        200,
        html='<html><script src="/js/app.js"></script><script src="https://cdn.example.net/x.js"></script></html>',
    )
    server = Site(
        {
            "/": home,
            "/js/app.js": b'var a={mailgun:{apiKey:"' + value.encode() + b'"}};',
            "/js/app.js.map": b'{"version":3,"sources":["a.js"]}',
        }
    )
    report, found = await ask(server)
    assert [(one.path, one.grade) for one in report.exposures] == [
        ("/js/app.js", "P3"),
        ("/js/app.js.map", "P2"),
    ]
    assert [match.secret.reveal() for match, _ in found] == [value]
    assert {request.url.host for request in server.requests} == {"www.example.com"}


async def test_pieces_that_only_a_script_names_are_read_and_asked_again_alone() -> None:
    value = DRAW.legacy()
    server = Site(
        {
            "/": httpx.Response(
                200, html='<html><script src="/_next/static/chunks/main-1a2b3c.js"></script></html>'
            ),
            "/_next/static/chunks/main-1a2b3c.js": b'a.u=e=>"static/chunks/"+e+"."+{7:"9f8e7d6c"}[e]+".js"',
            "/_next/static/chunks/7.9f8e7d6c.js": b'import("./admin-4d5e6f70.js")',
            "/_next/static/chunks/admin-4d5e6f70.js": b'x={mailgunKey:"' + value.encode() + b'"}',
        }
    )
    report, found = await ask(server)
    last = "/_next/static/chunks/admin-4d5e6f70.js"
    assert [one.path for one in report.exposures] == [last]
    assert [match.secret.reveal() for match, _ in found] == [value]
    again, _ = await ask(server, only=frozenset({last}))
    assert [one.path for one in again.exposures] == [last]


async def test_wordpress_versions_come_from_public_text() -> None:
    home = httpx.Response(
        200,
        html='<html><meta name="generator" content="WordPress 6.7.1" /><link href="/wp-content/x.css"></html>',
    )
    readme = b"=== Mailgun ===\nStable tag: 2.2.0\n"
    server = Site({"/": home, "/wp-content/plugins/mailgun/readme.txt": readme})
    report, _ = await ask(server)
    assert [(one.slug, one.version) for one in report.installed] == [("core", "6.7.1"), ("mailgun", "2.2.0")]
    assert [one.flaw.cve for one in report.vulnerable] == ["CVE-2026-78003", "CVE-2026-14834"]
    assert report.vulnerable[0].flaw.how == "itself"
    assert "2.2.1" in report.vulnerable[0].todo


async def test_a_site_is_asked_again_for_the_versions_of_its_plugins() -> None:
    home = httpx.Response(200, html='<html><link href="/wp-content/x.css"></html>')
    where = "/wp-content/plugins/mailgun/readme.txt"
    server = Site({"/": home, where: b"=== Mailgun ===\nStable tag: 2.2.0\n"})
    for version, flaws in (("2.2.0", 2), ("2.2.1", 0)):
        server.pages[where] = f"=== Mailgun ===\nStable tag: {version}\n".encode()
        report, _ = await ask(server, only=frozenset({"/.env"}))
        assert [(one.slug, one.version) for one in report.installed] == [("mailgun", version)]
        assert len(report.vulnerable) == flaws
    del server.pages[where]
    report, _ = await ask(server, only=frozenset({"/.env"}))
    assert f"{report.site}{where}" in {one.where for one in report.not_installed}
    # A fault says nothing of what is installed.
    server.pages[where] = httpx.Response(503)
    report, _ = await ask(server, only=frozenset({"/.env"}))
    assert f"{report.site}{where}" not in {one.where for one in (*report.installed, *report.not_installed)}


async def test_loopback_may_be_asked_in_plain_http() -> None:
    clock = ManualClock(START)
    report, _ = await ask(Site({}), host="http://127.0.0.1:8080", clock=clock)
    assert report.site == "http://127.0.0.1:8080"
    assert clock.monotonic() == 0


async def test_what_was_found_is_asked_again_alone() -> None:
    server = Site({"/.env": b"API_KEY=abcdefgh\n", "/.git/HEAD": b"ref: refs/heads/main\n"})
    found: list[tuple[Match, LeakPlace]] = []
    for expected in (["/.env"], []):
        server.requests.clear()
        (report,) = await probe_sites(
            ["www.example.com"],
            Scanner(),
            lambda match, place: found.append((match, place)),
            ManualClock(START),
            confirmed=True,
            only=frozenset({"/.env"}),
            transport=httpx.MockTransport(server),
        )
        assert [one.path for one in report.exposures] == expected
        assert len(server.requests) < 15
        server.pages.pop("/.env", None)


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve on loopback while the block runs; gives the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Closed(BaseHTTPRequestHandler):
    """A site that asks everybody for a login."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
        """Say nothing."""


def test_a_site_that_could_not_be_read_at_all_ends_with_3_and_is_no_clean_bill() -> None:
    with serving(Closed) as address:
        report = run(LeakOptions(sites=(address,), confirmed=True, only_paths=ENV))
    assert report.exit_code == 3
    assert leaks_document(report)["complete"] is False
    assert "says nothing" in report.verdict


def test_a_real_server_on_loopback_is_asked_and_its_own_log_leaves_the_probes_out(tmp_path: Path) -> None:
    value = DRAW.current()
    (tmp_path / ".env").write_text(f"MAILGUN_SECRET={value}\n")
    (tmp_path / "index.html").write_text("<html><body>shop</body></html>")
    log: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
            agent = self.headers.get("User-Agent", "")
            log.append(
                f'127.0.0.1 - - [21/Nov/2026:14:00:00 +0000] "{self.requestline}" {args[1]} 70 "-" "{agent}"\n'
            )

    with serving(partial(Handler, directory=str(tmp_path))) as address:
        report = run(LeakOptions(sites=(address,), confirmed=True))
    document = leaks_document(report)
    assert report.exit_code == 1
    assert {row["kind"] for row in document["findings"]} == {"api-key", "exposure"}
    assert [row["where"][0]["path"] for row in document["findings"]] == ["/.env", "/.env"]
    reader = LogReader()
    reader.read(["".join(log).encode()], "access.log")
    assert reader.report().fetches == ()
    assert reader.report().own > 50


@pytest.mark.parametrize(
    "text",
    ["http://example.com", "*.example.com", "192.0.2.0/24", "https://user:pw@example.com", "https://example.com/path",
     "ftp://example.com", "", "exa mple.com", "https://[2001:db8::/64]"],
)  # fmt: skip
def test_sites_that_may_not_be_asked_are_refused(text: str) -> None:
    with pytest.raises((UsageError, ValueError)):
        site(text)


async def test_ownership_must_be_confirmed() -> None:
    with pytest.raises(UsageError, match="confirmed"):
        await probe_sites(
            ["example.com"], Scanner(), lambda match, place: None, ManualClock(START), confirmed=False
        )


def test_every_path_has_a_proof_and_is_asked_once() -> None:
    listing = list(probes("www.example.com", 2026, ("shop",)))
    assert all(probe.proof in PROOFS for probe in listing)
    paths = [probe.path for probe in listing]
    assert len(paths) == len(set(paths))
    assert {
        "/.env",
        "/shop/.env",
        "/phpinfo.php",
        "/www.example.com.zip",
        "/example.tar.gz",
        "/2025.zip",
    } <= set(paths)
    assert all(probe.most in {SMALL, LARGE} for probe in listing)


@pytest.mark.parametrize(
    ("proof", "body"),
    [
        ("git config", b"[core]\n\tbare = false\n"),
        ("git log", b"0" * 40 + b" " + b"a" * 40 + b" Ann <a@b.c> 1 +0000\tclone"),
        ("phpinfo", b"<html>PHP Version 8.1 ... PHP Extension Build</html>"),
        ("wp-config", b"<?php define('DB_NAME','x'); define('DB_PASSWORD','y');"),
        ("sql", b"-- dump\nCREATE TABLE `wp_options` ("),
        ("archive", b"PK\x03\x04rest"),
        ("log", b"[2026-11-18 03:12:44] production.ERROR: boom"),
        ("shell", b"cd /srv\ngit pull\n"),
        ("json settings", b'{"mail": {"options": {"auth": {"pass": "x"}}}}'),
        ("clockwork", b'{"id": 1, "version": 1, "method": "GET"}'),
        ("ds_store", b"\0\0\0\1Bud1"),
        ("svn", b"12\n\ndir\n"),
        ("source map", b'{"version":3,"sources":[]}'),
        ("real settings", b"API_KEY=s3cr3tvalue\n"),
    ],
)
def test_proofs_see_their_marker_and_nothing_in_a_plain_page(proof: str, body: bytes) -> None:
    assert PROOFS[proof](body)
    assert not PROOFS[proof](b"<html><body>Welcome to our shop</body></html>")
    assert not PROOFS[proof](b"")


def test_a_sample_file_needs_a_real_value() -> None:
    assert not PROOFS["real settings"](
        b"API_KEY=\nMAIL_PASSWORD=null\nX_TOKEN=your-token\nMAIL_MAILER=mailgun\nMAILGUN_SECRET=key-xxxxxxxxxxxxxxxx\n"
        b"MAILGUN_DOMAIN=mg.example.com\n"
    )
