"""The web server's access logs: two weeks of them, rotated daily, in Apache's combined format.

Ordinary visitors, search robots, a monitor and the usual scanners, and among them, where the secret leaked
from the site, the one request that took it, at the story's second and from the story's address. Sizes are
those the drill's own server answers with, so that a served file can be told from a soft 404 by its size.
"""

from __future__ import annotations

import gzip
import os
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from workbench.drill.servers.site import FROM_THE_SITE
from workbench.drill.servers.web import DrillSite
from workbench.drill.world.story import Story

DAYS = 14
PLAIN = (
    2  # access.log and access.log.1 are plain, older ones gzipped, as logrotate's delaycompress leaves them
)
VISITS = 70  # visits a day, three or four requests each

_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
)
_HARVESTER = "python-requests/2.31.0"
_PAGES = (
    "/",
    "/wp-content/themes/shop/style.css",
    "/wp-content/themes/shop/app.js",
    "/robots.txt",
    "/favicon.ico",
    "/products/",
)
# What the intruder's tool asks for; besides /.env nothing of it is there (leak dossier 3.2, 5.3).
_HARVEST = (
    "/.env.bak",
    "/.env.old",
    "/.env.production",
    "/api/.env",
    "/app/.env",
    "/laravel/.env",
    "/.git/config",
    "/.aws/credentials",
    "/info.php",
    "/_profiler/phpinfo",
    "/config.json",
    "/wp-config.php.save",
    "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
)
_SCANS = (
    "/wp-json/wp/v2/users",
    "/xmlrpc.php",
    "/.git/HEAD",
    "/wp-json/gravitysmtp/v1/tests/mock-data",
    "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    "/cgi-bin/.%2e/.%2e/.%2e/bin/sh",
    "/admin.php",
    "/backup.zip",
)

Line = tuple[datetime, str]


class AccessLog:
    """One log file that the drill's web server goes on writing; ``now`` gives epoch seconds."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self.path = path
        self._now = now

    def append(self, peer: str, request: str, status: int, size: int, referer: str, agent: str) -> None:
        """Add one line for a request answered just now."""
        at = datetime.fromtimestamp(self._now(), UTC)
        with self.path.open("a", encoding="ascii") as file:
            file.write(combined(at, peer, request, status, size, referer, agent))


def combined(
    at: datetime, peer: str, request: str, status: int, size: int, referer: str = "-", agent: str = "-"
) -> str:
    """Return one line of Apache's combined format; what a client sent is escaped as Apache does it."""
    stamp = at.strftime("%d/%b/%Y:%H:%M:%S +0000")
    return (
        f'{peer} - - [{stamp}] "{_escaped(request)}" {status} {size or "-"} '
        f'"{_escaped(referer)}" "{_escaped(agent)}"\n'
    )


def write_logs(story: Story, site: DrillSite, folder: Path) -> Path:
    """Write ``access.log``, ``access.log.1``, ``access.log.2.gz`` … and return the path of the newest."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = _Pages(site)
    today = story.start.replace(hour=0, minute=0, second=0)
    special = sorted([*_theft(story, pages), *_form_abuse(story, pages)])
    for age in range(DAYS):
        first = today - timedelta(days=age)
        last = min(first + timedelta(days=1), story.start)
        lines = [line for line in _ordinary(story, pages, first) if line[0] < last]
        lines += [line for line in special if first <= line[0] < last]
        lines.sort(key=lambda line: line[0])
        text = "".join(line for _, line in lines).encode("ascii")
        name = "access.log" if age == 0 else f"access.log.{age}"
        path = folder / (name if age < PLAIN else f"{name}.gz")
        path.write_bytes(text if age < PLAIN else gzip.compress(text, mtime=0))
        os.utime(path, (last.timestamp(), last.timestamp()))
    return folder / "access.log"


class _Pages:
    """Answers of the site, remembered: the logs ask for the same few paths thousands of times."""

    def __init__(self, site: DrillSite) -> None:
        self._site = site
        self._known: dict[str, tuple[int, int]] = {}

    def line(self, at: datetime, peer: str, path: str, agent: str, *, method: str = "GET") -> Line:
        """Return (time, line) of a request answered as the site answers it."""
        if method == "POST":
            status, size = 200, 1
        else:
            if path not in self._known:
                page = self._site.get(path)
                self._known[path] = (page.status, len(page.body))
            status, size = self._known[path]
        if method == "HEAD":
            size = 0
        return at, combined(at, peer, f"{method} {path} HTTP/1.1", status, size, "-", agent)


def _theft(story: Story, pages: _Pages) -> Iterator[Line]:
    """The harvest: POST / and a burst of guesses, with /.env served at the very moment the story names."""
    leak = story.leak
    if leak.kind not in FROM_THE_SITE:
        return
    rng = story.rng("harvest")
    # Somebody looked five hours earlier, with HEAD: that took nothing.
    yield pages.line(
        leak.taken_at - timedelta(hours=5), story.intruder_ips[1], leak.path, "curl/8.5.0", method="HEAD"
    )
    yield pages.line(leak.taken_at - timedelta(seconds=2), leak.taken_from, "/", _HARVESTER, method="POST")
    yield pages.line(leak.taken_at, leak.taken_from, leak.path, _HARVESTER)
    for number, path in enumerate(rng.sample(_HARVEST, len(_HARVEST))):
        yield pages.line(
            leak.taken_at + timedelta(seconds=1 + number // 3), leak.taken_from, path, _HARVESTER
        )


def _form_abuse(story: Story, pages: _Pages) -> Iterator[Line]:
    """Where the site itself is the leak: bursts of POST admin-ajax from one stranger, every hour."""
    if story.leak.kind != "site":
        return
    at = story.leak.first_use
    while at < story.start:
        for number in range(20):
            yield pages.line(
                at + timedelta(seconds=7 * number),
                story.intruder_ips[0],
                "/wp-admin/admin-ajax.php",
                _BROWSERS[2],
                method="POST",
            )
        at += timedelta(hours=1)


def _ordinary(story: Story, pages: _Pages, day: datetime) -> Iterator[Line]:
    rng = story.rng(f"access {day.date()}")
    for _ in range(VISITS):
        at = day + timedelta(seconds=rng.randrange(86400))
        peer, agent = _visitor(rng), rng.choice(_BROWSERS)
        for page in _PAGES[:3] if rng.random() < 0.8 else _PAGES[3:]:
            yield pages.line(at, peer, page, agent)
            at += timedelta(seconds=rng.randrange(3))
    for hour in range(24):
        at = day + timedelta(hours=hour, minutes=7, seconds=rng.randrange(20))
        yield pages.line(at, "198.18.0.9", "/", "uptime-monitor/2.4")
    for _ in range(3):
        at, peer = day + timedelta(seconds=rng.randrange(86400)), _visitor(rng)
        for path in rng.sample(_SCANS, 5):
            yield pages.line(at, peer, path, "Go-http-client/1.1")
            at += timedelta(seconds=1)


# What a log writes otherwise than it is; nearly every line is without it, and thousands are written.
_UNUSUAL = re.compile(r"[^ !#-\[\]-~]")


def _visitor(rng: random.Random) -> str:
    # Addresses reserved for benchmarks and documentation: no visitor of the drill is anybody's.
    if rng.random() < 0.2:
        return f"2001:db8:{rng.randrange(1, 65536):x}::{rng.randrange(1, 65536):x}"
    return f"198.{rng.choice((18, 19))}.{rng.randrange(1, 255)}.{rng.randrange(1, 255)}"


def _escaped(text: str) -> str:
    if _UNUSUAL.search(text) is None:
        return text
    out: list[str] = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif " " <= char <= "~":
            out.append(char)
        else:
            out.extend(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))
    return "".join(out)
