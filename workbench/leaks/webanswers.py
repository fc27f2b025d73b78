"""What a site answered: how much of it was read, whether it answers so to anything, and where it sends one on."""

from __future__ import annotations

import difflib
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx

from workbench.core.json_text import read_json
from workbench.leaks.model import UnpackError
from workbench.leaks.packed import lacking, unpacked
from workbench.leaks.proofs import is_page

_LOGIN = re.compile(r"(?i)login|signin|auth|account")
_CHANGING = re.compile(rb"[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,}){0,4}|[A-Za-z0-9+/_-]{20,}={0,2}|\d+")
# Two texts this much alike are one answer with another time or number in it.
_ALIKE = 0.9
# Below this likeness a page is another one: what changes on a home page leaves its head as it was.
_ANOTHER = 0.4
_COMPARED = 1200
# Encodings that need a library of their own, by their names on the web.
LIBRARIED = {"zstd": "zstd", "br": "brotli"}


@dataclass(frozen=True, slots=True)
class SiteAnswer:
    """One answer: ``length`` is the whole body's as far as it is known, ``cut`` whether there is more than was read.

    ``packed`` names the encoding of a body that nothing here opens; the body is then empty.
    """

    path: str
    status: int
    kind: str
    length: int
    body: bytes
    headers: httpx.Headers
    cut: bool = False
    packed: str = ""

    @property
    def given(self) -> bool:
        """Whether something was handed out."""
        return self.status in {200, 203, 206} and bool(self.body)


def answered(path: str, response: httpx.Response, raw: bytes, most: int) -> SiteAnswer:
    """Return the beginning of an answer of which ``raw`` was taken, unpacked where the server packed it unasked."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    body, packed = _unpacked(raw[:most], response.headers.get("Content-Encoding", ""), most)
    length = max(_total(response), len(body))
    return SiteAnswer(
        path,
        response.status_code,
        kind,
        length,
        body,
        response.headers,
        len(raw) >= most or length > len(body),
        packed,
    )


def _unpacked(raw: bytes, encoding: str, most: int) -> tuple[bytes, str]:
    """Return the body as it was before it was packed, else nothing and the name of the encoding."""
    name = encoding.strip().lower()
    if name in {"", "identity"} or not raw:
        return raw, ""
    try:
        if name in {"gzip", "x-gzip", "deflate"}:
            # A cut-off stream gives what came before the cut; raw deflate has no header of its own.
            window = 47 if name != "deflate" or raw[0] & 0x0F == 8 else -15
            return zlib.decompressobj(window).decompress(raw, most), ""
        how = LIBRARIED.get(name, "")
        if how and not lacking(how) and (body := _first(unpacked((raw,), how), most)):
            return body, ""
    except zlib.error:
        # Some servers name an encoding and send the plain file.
        return raw, ""
    return (b"", name) if not raw.isascii() else (raw, "")


def _first(blocks: Iterable[bytes], most: int) -> bytes:
    """Return the first ``most`` bytes of a stream that may be cut off or damaged behind them."""
    out = b""
    try:
        for block in blocks:
            out += block
            if len(out) >= most:
                break
    except UnpackError:
        return out
    return out[:most]


def _total(response: httpx.Response) -> int:
    """Return the full length an answer claims: of the file behind a range, or of the body; 0 if neither."""
    claimed = re.search(r"/(\d{1,15})$", response.headers.get("Content-Range", ""))
    if claimed:
        return int(claimed.group(1))
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() and "Content-Encoding" not in response.headers else 0


def is_usual(answer: SiteAnswer, baseline: Iterable[SiteAnswer]) -> bool:
    """Return whether this is what the site answers to anything: the same but for the path, times and numbers."""
    for usual in baseline:
        if usual.given != answer.given or usual.kind != answer.kind:
            continue
        if usual.body[: len(answer.body)] == answer.body:
            return True
        if is_page(usual.body):
            if is_page(answer.body) and abs(usual.length - answer.length) <= 32 + usual.length // 100:
                return True
        elif _same_but_for_values(usual, answer):
            return True
    return False


def another_page(home: SiteAnswer, again: SiteAnswer) -> bool:
    """Return whether a second look at the home page shows something else than the page with other contents."""
    if home.given != again.given:
        return True
    one, other = (_skeleton(each)[:_COMPARED] for each in (home, again))
    return difflib.SequenceMatcher(None, one, other).ratio() < _ANOTHER


def _same_but_for_values(usual: SiteAnswer, answer: SiteAnswer) -> bool:
    one, other = (_skeleton(each) for each in (usual, answer))
    if one == other:
        return True
    keys = [_keys(each.body) for each in (usual, answer)]
    if keys[0] is not None or keys[1] is not None:
        return keys[0] == keys[1]
    return (
        abs(len(one) - len(other)) <= max(len(one), len(other)) // 5
        and difflib.SequenceMatcher(None, one[:_COMPARED], other[:_COMPARED]).ratio() > _ALIKE
    )


def _skeleton(answer: SiteAnswer) -> bytes:
    text = answer.body
    plain = answer.path.partition("?")[0]
    for own in (answer.path.encode(), plain.encode(), plain.rpartition("/")[2].encode()):
        text = text.replace(own, b"/") if len(own) > 1 else text
    return b" ".join(_CHANGING.sub(b"#", text[:8192]).split())


def _keys(body: bytes) -> frozenset[str] | None:
    """Return the names of a JSON object, None for anything else."""
    try:
        record = read_json(body)
    except ValueError:
        return None
    return frozenset(record) if isinstance(record, dict) else None


def sent_on(origin: str, path: str, location: str) -> str:
    """Return the address to follow, ``""`` for none: the same origin, its ``www`` or bare name, https; no login.

    A path comes back for the same origin, a whole address for another one of the same owner.
    """
    target, own = urlsplit(urljoin(f"{origin}{path}", location)), urlsplit(origin)
    if _LOGIN.search(target.path) or (target.path in ("", "/") and path != "/"):
        return ""
    rest = f"{target.path or '/'}?{target.query}" if target.query else target.path or "/"
    if f"{target.scheme}://{target.netloc}" == origin:
        return rest
    if target.scheme != "https" or target.username or target.port not in (None, 443):
        return ""
    same = (target.hostname or "").removeprefix("www.") == (own.hostname or "").removeprefix("www.")
    return f"https://{target.hostname}{rest}" if same and own.port in (None, 80, 443) else ""


def pause_asked(response: httpx.Response) -> float:
    """Return how long a site that is asked too much is given, in seconds: what it says, a minute at most."""
    said = response.headers.get("Retry-After", "")
    return min(float(said), 60.0) if said.isdigit() else 10.0
