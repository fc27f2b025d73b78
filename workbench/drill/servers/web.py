"""The customer's web site, served on loopback: an Apache-like server over the drill's web root.

It serves what lies below the root at the moment of the request (so that a file the operator removed is
gone), *executes* the few PHP pages it knows, and writes its access log like any other server. With
``soft_404`` a missing page answers 200 with a page of the theme, as many sites do.
"""

from __future__ import annotations

import asyncio
import html
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from workbench.drill.servers.site import WORDPRESS
from workbench.drill.servers.wire import HttpMessage, WireError, read_request

SERVER = "Apache/2.4.62 (Debian)"
REASONS = {200: "OK", 206: "Partial Content", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}
LISTED = frozenset({"wp-content/uploads"})  # folders with directory listing on
# A real phpinfo page is tens of kilobytes, and its environment comes after the modules: whoever reads only
# the first 4 kB sees the version and no secret (leak dossier 3.1, 5.2).
_MODULES = "".join(
    f'<h2><a name="module_{name}">{name}</a></h2><table>'
    + "".join(
        f'<tr><td class="e">{name}.option_{n} </td><td class="v">{n * 8} </td><td class="v">{n * 8} </td></tr>'
        for n in range(26)
    )
    + "</table>"
    for name in (
        "bcmath",
        "core",
        "ctype",
        "curl",
        "date",
        "dom",
        "gd",
        "hash",
        "json",
        "mysqli",
        "openssl",
        "pcre",
    )
)


@dataclass(frozen=True)
class Page:
    """What a request is answered with."""

    status: int
    body: bytes
    kind: str = "text/html; charset=UTF-8"


class DrillSite:
    """The pages of the site below ``root``; knows nothing of sockets."""

    def __init__(self, root: Path, title: str, host: str, *, soft_404: bool = False) -> None:
        self.root = root
        self.title = title
        self.host = host
        self.soft_404 = soft_404

    def get(self, target: str) -> Page:
        """Return the page for a path with its query, as GET sees it."""
        path = unquote(urlsplit(target).path, errors="replace")
        parts = [part for part in path.split("/") if part not in {"", "."}]
        if ".." in parts or "\0" in path:
            return self._error(403)
        relative = "/".join(parts)
        if not relative:
            return self._home()
        file = self.root / relative
        if file.is_dir() and not file.is_symlink():
            return self._folder(relative, file)
        # Never out of the root, whatever links somebody put below it.
        if not file.is_file() or not file.resolve().is_relative_to(self.root.resolve()):
            return self._missing(path)
        if file.suffix == ".php":
            return self._run(relative)
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return Page(200, file.read_bytes(), "text/plain" if file.suffix == ".log" else kind)

    def _home(self) -> Page:
        return self._themed(
            200,
            f'<meta name="generator" content="WordPress {WORDPRESS}">',
            f'<h1>{self.title}</h1><script src="/wp-content/themes/shop/app.js?ver={WORDPRESS}"></script>'
            '<form method="post" action="/wp-admin/admin-ajax.php"><input name="email"></form>',
        )

    def _folder(self, relative: str, folder: Path) -> Page:
        if relative not in LISTED:
            return self._error(403)
        rows = "".join(
            f'<li><a href="{html.escape(entry.name)}">{html.escape(entry.name)}</a></li>'
            for entry in sorted(folder.iterdir())
        )
        title = f"Index of /{html.escape(relative)}"
        return Page(200, f"<html><head><title>{title}</title></head><h1>{title}</h1><ul>{rows}</ul>".encode())

    def _run(self, relative: str) -> Page:
        if relative == "index.php":
            return self._home()
        if relative == "phpinfo.php":
            return self._phpinfo()
        if relative == "wp-login.php":
            return self._themed(200, "", '<form name="loginform"><input name="log"><input name="pwd"></form>')
        return Page(200, b"")

    def _phpinfo(self) -> Page:
        """Render phpinfo(): the environment it shows is the .env file of this very moment."""
        rows = ["<tr><td>SERVER_SOFTWARE</td><td>Apache</td></tr>"]
        env = self.root / ".env"
        for line in env.read_text().splitlines() if env.is_file() else ():
            name, equals, value = line.partition("=")
            if equals:
                rows.append(
                    f'<tr><td class="e">{html.escape(name)} </td>'
                    f'<td class="v">{html.escape(value.strip(chr(34)))} </td></tr>'
                )
        body = (
            "<!DOCTYPE html><html><head><title>PHP 8.2.24 - phpinfo()</title></head><body>"
            '<h1 class="p">PHP Version 8.2.24</h1><table>'
            '<tr><td class="e">PHP API </td><td class="v">20220829 </td></tr>'
            '<tr><td class="e">PHP Extension </td><td class="v">20220829 </td></tr></table>'
            f"{_MODULES}<h2>Environment</h2><table><tr><th>Variable</th><th>Value</th></tr>{''.join(rows)}</table>"
            "<h2>PHP License</h2></body></html>\n"
        )
        return Page(200, body.encode())

    def _missing(self, path: str) -> Page:
        if not self.soft_404:
            return self._error(404)
        return self._themed(200, "", f"<h1>Nothing here</h1><p>We found no page {html.escape(path)}</p>")

    def _error(self, status: int) -> Page:
        reason = REASONS[status]
        text = (
            '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n'
            f"<html><head>\n<title>{status} {reason}</title>\n</head><body>\n<h1>{reason}</h1>\n<hr>\n"
            f"<address>{SERVER} at {self.host}</address>\n</body></html>\n"
        )
        return Page(status, text.encode(), "text/html; charset=iso-8859-1")

    def _themed(self, status: int, head: str, body: str) -> Page:
        text = (
            f"<!DOCTYPE html><html><head><title>{html.escape(self.title)}</title>{head}</head>"
            f"<body><header>{html.escape(self.title)}</header>{body}</body></html>\n"
        )
        return Page(status, text.encode())


class LandingPage:
    """Where the links of the intruder's mail lead to: one page that asks for a password, and sends it nowhere."""

    def get(self, target: str) -> Page:
        """Return the page for any address below ``/track/``, a pixel for the one that only counts; 404 else."""
        path = urlsplit(target).path
        if path == "/o.gif":
            return Page(200, _PIXEL, "image/gif")
        if not path.startswith("/track/"):
            return Page(404, b"", "text/plain")
        return Page(200, _TRAP.encode())


_PIXEL = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
_TRAP = (
    "<!DOCTYPE html><html><head><title>Parcel service</title></head><body><h1>Your parcel is waiting</h1>"
    "<!-- a page of the drill: it keeps nothing of what is entered -->"
    '<form><label>Mailbox <input name="user"></label><label>Password <input name="pass" type="password"></label>'
    '<button type="button">Pay 1.99</button></form></body></html>\n'
)


class WebServer:
    """Serves a Site on loopback; ``log`` gets (peer, request line, status, body bytes, referer, agent)."""

    def __init__(
        self, site: DrillSite | LandingPage, log: Callable[[str, str, int, int, str, str], None]
    ) -> None:
        self.site = site
        self.port = 0
        self._log = log
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> int:
        """Listen on 127.0.0.1 and return the port. Raises OSError."""
        self._server = await asyncio.start_server(self._client, "127.0.0.1", port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self.port

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            self._server.close()
        for task in list(self._clients):
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine always runs in a task
        self._clients.add(task)
        peer = str(writer.get_extra_info("peername")[0])
        try:
            while (request := await read_request(reader)) is not None:
                writer.write(self._serve(request, peer))
                await writer.drain()
                if not request.keep_alive:
                    break
            writer.close()
        except (WireError, OSError, asyncio.CancelledError):
            # The visitor went away or spoke no HTTP, or the server closes: nobody is left to answer.
            writer.transport.abort()
        finally:
            self._clients.discard(task)

    def _serve(self, request: HttpMessage, peer: str) -> bytes:
        head_only = request.method == "HEAD"
        page = (
            self.site.get(request.target) if request.method in {"GET", "HEAD"} else _refused(request.method)
        )
        status, body, extra = page.status, page.body, ""
        wanted = _range(request.headers.get("range", ""), len(body))
        if status == 200 and wanted is not None and not _dynamic(request.target):
            first, last = wanted
            extra = f"Content-Range: bytes {first}-{last}/{len(body)}\r\n"
            status, body = 206, body[first : last + 1]
        head = (
            f"HTTP/1.1 {status} {REASONS.get(status, 'OK')}\r\nServer: {SERVER}\r\n"
            f"Content-Type: {page.kind}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
        )
        sent = 0 if head_only else len(body)
        headers = request.headers
        self._log(
            peer, request.start, status, sent, headers.get("referer", "-"), headers.get("user-agent", "-")
        )
        return head.encode("latin-1") + (b"" if head_only else body)


def _refused(method: str) -> Page:
    return Page(200, b"0") if method == "POST" else Page(405, b"", "text/plain")


def _dynamic(target: str) -> bool:
    """Return whether a path is run instead of read: such pages ignore Range (leak dossier 3.1)."""
    path = urlsplit(target).path
    return path.endswith((".php", "/"))


def _range(header: str, size: int) -> tuple[int, int] | None:
    """Return (first, last) of a single ``bytes=`` range that the content has, or None."""
    unit, equals, span = header.partition("=")
    first, dash, last = span.partition("-")
    if unit != "bytes" or not equals or not dash or not first.isdigit() or (last and not last.isdigit()):
        return None
    start, end = int(first), min(int(last) if last else size - 1, size - 1)
    return (start, end) if start <= end else None
