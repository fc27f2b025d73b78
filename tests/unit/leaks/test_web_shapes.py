"""Sites of odd kinds: what they hand out is found, or the search says that it was not told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.unit.leaks.corpus import Draw
from tests.unit.leaks.test_web import ENV, Site, ask

KEY = Draw(29).current()
SETTINGS = f"APP_NAME=x\nMAILGUN_DOMAIN=mg.acme.example\nMAILGUN_SECRET={KEY}\n".encode()
HOME = (
    b"<html><head><title>Acme</title></head><body>" + b"<p>welcome to the shop</p>" * 30 + b"</body></html>"
)
SHELL = b"<!doctype html><html><head><title>Shop</title></head><body><div id=app></div></body></html>"

Answer = Callable[[httpx.Request], httpx.Response]


def page(body: bytes, status: int = 200, kind: str = "text/html") -> httpx.Response:
    return httpx.Response(status, content=body, headers={"Content-Type": kind})


def beside_a_shop(settings: httpx.Response) -> Answer:
    """A shop with a home page, a file of settings and nothing else."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/.env":
            return settings
        return page(HOME) if request.url.path == "/" else page(b"<html><body>not here</body></html>", 404)

    return answer


def knows_no_ranges(request: httpx.Request) -> httpx.Response:
    refused = request.url.path == "/.env" and "Range" in request.headers
    return page(b"", 416) if refused else beside_a_shop(page(SETTINGS, kind="text/plain"))(request)


def one_shell_of_the_files_length(request: httpx.Request) -> httpx.Response:
    return page(SETTINGS if request.url.path == "/.env" else SHELL.ljust(len(SETTINGS)))


@pytest.mark.parametrize(
    "answer",
    [
        knows_no_ranges,
        one_shell_of_the_files_length,
        beside_a_shop(page(b"<html><body><pre>" + SETTINGS + b"</pre></body></html>")),
        beside_a_shop(page(SETTINGS, 404, "text/plain")),
        beside_a_shop(page(SETTINGS, 203, "text/plain")),
        beside_a_shop(page(SETTINGS, 500, "text/plain")),
    ],
    ids=["no ranges", "a shell as long", "inside a page", "as not found", "through a proxy", "as a fault"],
)
async def test_a_file_is_found_however_it_is_handed_out(answer: Answer) -> None:
    report, found = await ask(Site({}, answer), only=ENV)
    assert {match.secret.reveal() for match, _ in found} == {KEY}
    assert [(one.path, one.grade) for one in report.exposures] == [("/.env", "P3")]


@pytest.mark.parametrize(
    "answer",
    [
        beside_a_shop(page(b"<h1>Bad Request</h1>", 400)),
        beside_a_shop(page(b"", 421)),
        lambda request: page(b"<h1>Method Not Allowed</h1>", 405),
        lambda request: page(b""),
        lambda request: page(b"<html><body>Please verify you are human</body></html>"),
        lambda request: page(b"<html><script src='//x.token.awswaf.com/challenge.js'></script></html>", 202),
    ],
    ids=["400", "421", "405 to all", "nothing at all", "a check for people", "202 and a check"],
)
async def test_an_answer_that_tells_nothing_is_no_clean_bill(answer: Answer) -> None:
    report, found = await ask(Site({}, answer), only=ENV)
    assert found == []
    assert "/.env" in {path for _, path in report.unread}
    assert report.read == 0


@pytest.mark.parametrize(
    "later", [page(b"<html>not here</html>", 404), page(b"<html><h1>Go away</h1></html>")]
)
async def test_a_site_that_begins_to_refuse_leaves_what_came_before_in_doubt(later: httpx.Response) -> None:
    counted = iter(range(10_000))

    def answer(request: httpx.Request) -> httpx.Response:
        return beside_a_shop(later)(request) if next(counted) < 30 else later

    report, _ = await ask(Site({}, answer))
    assert ("home page shown no longer, what was asked before it is in doubt", "/") in report.unread


def changing(pages: Iterator[bytes]) -> Answer:
    return lambda request: page(next(pages)) if request.url.path == "/" else page(b"<html>no</html>", 404)


async def test_a_home_page_that_changes_its_contents_is_the_same_page() -> None:
    pages = (HOME.replace(b"welcome", f"offer {number}".encode()) for number in range(9))
    report, _ = await ask(Site({}, changing(pages)))
    assert report.unread == []


async def test_a_key_on_the_page_that_every_name_gets_is_found_once() -> None:
    shown = page(b"<html><body>not here<!-- " + SETTINGS + b" --></body></html>", 404)
    report, found = await ask(Site({"/": page(HOME)}, lambda request: shown))
    assert [place.path for _, place in found] == ["(any path)"]
    assert {one.grade for one in report.exposures} == {"P3"}


async def test_scripts_on_the_owners_other_hosts_are_named_as_not_read() -> None:
    own, others = "https://static.example.com/app.1a2b3c.js?v=1", "//cdn.other.net/a.js"
    tags = f"<script src='{own}'></script><script src='{others}'></script>".encode()
    report, _ = await ask(Site({"/": page(HOME + tags)}))
    assert report.unread == [
        ("script on another host of the same domain", "static.example.com/app.1a2b3c.js")
    ]
