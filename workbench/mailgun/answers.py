"""What a server answered: read as the API's own, or turned into the one error that says what happened.

Real error bodies come in half a dozen shapes, and a real 401 is the plain text ``Forbidden`` (dossier C), so
the status decides and the body only explains.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from workbench.core.errors import (
    ApiError,
    Forbidden,
    NotAuthorised,
    NotFound,
    RateLimited,
    Reason,
    Refused,
    Unreachable,
    UnreadableAnswer,
    Untrusted,
    VendorFault,
)
from workbench.core.json_text import kind_of, read_json
from workbench.core.redact import MASK, Secret, visible
from workbench.core.words import ended
from workbench.mailgun.refusals import REMEDIES, reason_of

_DETAIL = 300
_UNREAD = object()


class CutShort(UnreadableAnswer):
    """An answer that ended before its end; a repeat may well succeed where a repeat is safe."""


class Answer:
    """An answer with a 2xx status: ``status``, raw header pairs, ``body`` bytes, and the call it answers."""

    __slots__ = ("_document", "body", "raw_headers", "status", "where")

    def __init__(
        self, status: int, raw_headers: Sequence[tuple[bytes, bytes]], body: bytes, where: str
    ) -> None:
        self.status = status
        self.raw_headers = raw_headers
        self.body = body
        self.where = where
        self._document: Any = _UNREAD

    def header(self, name: str) -> str | None:
        """Return the first header of that name (lower case), None if there is none."""
        wanted = name.encode("latin-1")
        for key, value in self.raw_headers:
            if key.lower() == wanted:
                return value.decode("latin-1")
        return None

    @property
    def headers(self) -> dict[str, str]:
        """All headers, names in lower case."""
        return {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in self.raw_headers}

    def document(self) -> Any:
        """Return the JSON document; raise UnreadableAnswer where the body is not one."""
        if self._document is _UNREAD:
            try:
                self._document = read_json(self.body, msgspec.json.decode)
            except ValueError as wrong:
                raise _not_json(self, str(wrong)) from None
        return self._document

    def object(self) -> dict[str, Any]:
        """Return the JSON object; raise UnreadableAnswer for a body that is none. An empty body is ``{}``."""
        if not self.body.strip():
            return {}
        found = self.document()
        if not isinstance(found, dict):
            raise _not_json(self, f"{kind_of(found)} instead of an object")
        return found


def looks_like_html(content_type: str, body: bytes) -> bool:
    """True for a page made for people: by its first character, or its content type with a tag in it.

    A recorded 401 of the API is the bare word Forbidden under ``text/html``: that is no page.
    """
    start = body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start[:1] == b"<" or ("html" in content_type.lower() and b"<" in start)


def _not_json(answer: Answer, detail: str) -> UnreadableAnswer:
    if looks_like_html(answer.header("content-type") or "", answer.body):
        return captive_portal(answer.where, answer.status)
    return CutShort(
        f"The answer to {answer.where} is not readable.",
        f"It was cut short or altered on the way ({visible(detail, 120)}).",
        "Try again; if it stays so, look for a proxy between this host and Mailgun.",
        status=answer.status,
        where=answer.where,
        detail=visible(detail, _DETAIL),
    )


def captive_portal(where: str, status: int) -> UnreadableAnswer:
    """Return the error for a web page where the API should have answered."""
    error = UnreadableAnswer(
        f"A web page answered {where} instead of the API.",
        *REMEDIES[Reason.PAGE],
        status=status,
        where=where,
        detail="text/html",
    )
    error.reason = Reason.PAGE
    return error


def is_own(answer: Answer) -> bool:
    """True for a refusal whose body is the API's own: a JSON object with one of the fields it explains itself in.

    Only that, or the plain 401 on record, proves that the API itself answered.
    """
    try:
        found = read_json(answer.body, msgspec.json.decode)
    except ValueError:
        return False
    return isinstance(found, dict) and any(name in found for name in (*_WORDS, "Field"))


_WORDS = ("message", "Message", "Reason", "Description", "Error", "error", "errors", "detail")


def explain(body: bytes) -> str:
    """Return the server's own words from an error body of any known shape, one harmless line; never of a page."""
    if looks_like_html("", body):
        return ""
    try:
        found = read_json(body, msgspec.json.decode)
    except ValueError:
        text = body[:2000].decode("utf-8", "replace").strip()
        return visible(text.splitlines()[0] if text else "", _DETAIL)
    if isinstance(found, dict):
        parts = [found[name] for name in _WORDS if name in found]
        if "Field" in found:
            parts.append(f"{found['Field']}: {found.get('Value', '')}")
        if parts:
            return visible("; ".join(_text(part) for part in parts), _DETAIL)
    return visible(_text(found), _DETAIL)


def _text(part: object) -> str:
    """Return a part of a document as it is read: text without quotes, all else as JSON."""
    return part if isinstance(part, str) else msgspec.json.encode(part).decode()


def without(secrets: Iterable[Secret], text: str) -> str:
    """Return text with every given secret masked: a server may echo what it was sent."""
    for secret in secrets:
        text = text.replace(secret.reveal(), MASK)
    return text


def check(answer: Answer, secrets: Iterable[Secret], retry_after: float | None) -> Answer:
    """Return an answer that is the API's and says yes; raise the error of its family otherwise."""
    status = answer.status
    content_type = answer.header("content-type") or ""
    if 200 <= status < 300:
        if answer.body and looks_like_html(content_type, answer.body):
            raise captive_portal(answer.where, status)
        if "json" in content_type and answer.body.strip():
            answer.document()  # Here, where a read that was cut short can still be repeated.
        return answer
    detail = without(secrets, explain(answer.body))
    raise _error(answer, detail, content_type, retry_after)


def _error(answer: Answer, detail: str, content_type: str, retry_after: float | None) -> ApiError:
    """Return the error of an answer that says no, with its reason and that reason's remedy."""
    status, where = answer.status, answer.where
    page = looks_like_html(content_type, answer.body)
    if status not in {401, 404, 429} and status < 500 and not page and _cut_off(answer.body):
        # What was refused, and why, decides what comes next: half a reason is none.
        return cut_short(where, status, "the reason of a refusal ends in the middle")
    reason = reason_of(status, detail, page=page)
    error = _of_family(answer, reason, "" if page else detail, retry_after, page=page)
    error.reason = reason
    error.own = is_own(answer)
    error.detail = "" if page else detail
    return error


_REASON_FIRST = (Reason.STOPPED, Reason.VERIFICATION, Reason.ALLOWLIST, Reason.PLAN, Reason.QUOTA)


def _of_family(
    answer: Answer, reason: Reason, detail: str, retry_after: float | None, *, page: bool
) -> ApiError:
    status, where = answer.status, answer.where
    means, todo = REMEDIES[reason]
    said = f" Mailgun says: {ended(detail)}" if detail and reason is not Reason.PROXY else ""
    more: dict[str, Any] = {"status": status, "where": where, "detail": detail}
    if status < 400:
        return UnreadableAnswer(
            f"{where} was answered with a redirect ({status}).",
            "The API does not redirect; the key was not sent on.",
            "Check the address, and whether the network asks you to sign in first.",
            **more,
        )
    if reason is Reason.PROXY:
        return UnreadableAnswer(f"A proxy refused {where} ({status}).", means, todo, **more)
    if status == 404 and not answer.body.lstrip().startswith((b"{", b"[")):
        return UnreadableAnswer(
            f"{where} is not known at this address (404 without the API's body).",
            "The server answers, but it is not the API, or it has no such call.",
            "Check the address of the API.",
            **more,
        )
    if page and status < 500:
        return UnreadableAnswer(
            f"A web page answered {where} instead of the API ({status}).", means, todo, **more
        )
    if status == 401:
        return NotAuthorised(f"{where} was refused: not authorised (401).{said}", means, todo, **more)
    if status == 429:
        return RateLimited(f"{where}: too many calls (429).{said}", retry_after=retry_after, where=where)
    if status >= 500:
        return VendorFault(f"{where} failed at Mailgun ({status}).{said}", means, todo, **more)
    if status in {402, 403} or reason is Reason.ROLE:
        word = reason.value if reason in _REASON_FIRST else "not allowed"
        return Forbidden(f"{where} was refused: {word} ({status}).{said}", means, todo, **more)
    if status == 404:
        return NotFound(f"{where}: not found.{said}", means, todo, **more)
    return Refused(f"{where} was refused ({status}).{said}", means, todo, **more)


def _cut_off(body: bytes) -> bool:
    """True for a body that begins as JSON and does not end as such."""
    if not body.lstrip().startswith((b"{", b"[")):
        return False
    try:
        read_json(body, msgspec.json.decode)
    except ValueError:
        return True
    return False


def unreachable(where: str, reason: str, *, sent: bool, host: str = "") -> Unreachable:
    """Return the error for a call without an answer; ``host`` is the server that was asked."""
    means = (
        "The call may or may not have been carried out."
        if sent
        else "The server could not be reached; nothing was sent."
    )
    return Unreachable(
        f"No answer{f' from {host}' if host else ''} to {where}: {visible(reason, 200)}.",
        means,
        "Check this host's network, DNS and proxy, and status.mailgun.com.",
        where=where,
        detail=visible(reason, _DETAIL),
        sent=sent,
    )


def untrusted(where: str, what: str, means: str, todo: str) -> Untrusted:
    """Return the error for a server whose certificate does not verify; nothing was sent to it."""
    return Untrusted(what, means, todo, where=where, detail=visible(what, _DETAIL), sent=False)


def put_off(where: str, seconds: float) -> RateLimited:
    """Return the error for a call that is not made, for it would have to wait longer than it may."""
    return RateLimited(
        f"{where} would have to wait {seconds:.0f} s: Mailgun asked for fewer calls.",
        retry_after=seconds,
        where=where,
    )


def cut_short(where: str, status: int, reason: str) -> CutShort:
    """Return the error for an answer that ended before its end."""
    return CutShort(
        f"The answer to {where} was cut short.",
        "The connection ended in the middle of the answer; the call itself may have been carried out.",
        "Try again; if it stays so, look at the network.",
        status=status,
        where=where,
        detail=visible(reason, _DETAIL),
    )


def too_large(where: str, status: int, limit: int) -> UnreadableAnswer:
    """Return the error for an answer beyond the size the workbench reads."""
    return UnreadableAnswer(
        f"The answer to {where} is larger than {limit // (1024 * 1024)} MB.",
        "No call of the API answers that much; something else may be answering.",
        "Check the address and any proxy.",
        status=status,
        where=where,
    )
