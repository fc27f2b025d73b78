"""Every list of the API: read to its end, or left with a named gap (dossier B, column Page).

Four styles: ``skip`` and ``limit``; paging addresses whose end is an empty page, though ``next`` is always
there; a token inside a JSON body; none. A page shorter than asked is not the last one while a count, a paging
address or a round size says otherwise, for servers cap pages. Whatever ends a list before its end raises
``Incomplete`` after the last page that came: nothing already read is lost, and nobody takes it for the whole.
A server that never ends, repeats a page or points to another origin is not followed, so that neither a fault
nor an intruder in the middle can send the key elsewhere or keep the workbench reading for ever.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urljoin, urlsplit

from workbench.core.errors import ApiError, Incomplete, NotAuthorised, Refused, UnreadableAnswer, UsageError
from workbench.core.redact import visible
from workbench.core.turns import A_TURN, in_turns
from workbench.core.words import plural
from workbench.mailgun.client import Answer, Mailgun, Priority, Query
from workbench.mailgun.endpoints import Region, origin
from workbench.mailgun.records import R, read_records

# 10,000 pages of 1,000 are ten million items: more than any account holds of anything listed here.
MAX_PAGES = 10_000
# A page size refused with 400 is tried smaller, down to this.
LEAST_PAGE = 10
# A short page of a round size may be a server's cap: one more call tells. (Counts may count the page alone.)
ROUND = 50
T = TypeVar("T")


class ListScope(NamedTuple):
    """Where a list is read and how urgently: region, subaccount, priority."""

    region: Region | None = None
    subaccount: str | None = None
    priority: Priority = Priority.READ


class _Count:
    """How many distinct items of a list came, and how many its answers announced."""

    def __init__(self) -> None:
        self.told = 0
        self._seen: set[int] = set()

    @property
    def read(self) -> int:
        return len(self._seen)

    def fresh(self, answer: Answer, items: list[Any]) -> list[Any]:
        """Return those items that did not come before."""
        self.told = max(self.told, announced(answer))
        made = []
        for item in items:
            mark = hash(repr(item))
            if mark not in self._seen:
                self._seen.add(mark)
                made.append(item)
        return made

    def check(self, answer: Answer) -> None:
        """Raise Incomplete where more was announced than came."""
        if self.told > self.read:
            raise missing(answer, self.read, self.told)


async def skip_pages(
    client: Mailgun,
    path: str,
    scope: ListScope,
    *,
    name: str = "items",
    query: Query | None = None,
    size: int = 100,
) -> AsyncIterator[list[Any]]:
    """Yield the pages of a list read by ``skip`` and ``limit``, each item once; raise Incomplete at a false end."""
    skip, count = 0, _Count()
    for _ in range(MAX_PAGES):
        asked = {**(query or {}), "limit": size, "skip": skip}
        try:
            answer = await _get(client, path, scope, asked)
        except Refused as refusal:
            if skip or not _too_large(refusal, size):
                raise
            size = max(LEAST_PAGE, size // 10)
            continue
        items = items_of(answer, name)
        fresh = count.fresh(answer, items)
        if items and not fresh:
            if len(items) > size and count.told == count.read:
                return  # It ignores skip and limit, and its count says that this is all.
            raise endless(answer, "the same page came twice")
        if fresh:
            yield fresh
        if not items or not (
            len(items) >= size
            or len(items) % ROUND == 0
            or count.told > count.read
            or next_address(answer) is not None
        ):
            count.check(answer)
            return
        skip += len(items)
    raise endless(answer, f"it has more than {MAX_PAGES} pages")


async def url_pages(
    client: Mailgun,
    path: str,
    scope: ListScope,
    *,
    name: str = "items",
    query: Query | None = None,
    null_is_none: bool = False,
) -> AsyncIterator[list[Any]]:
    """Yield the pages of a list whose answers name the address of the next page; an empty page ends it.

    ``null_is_none``: see ``items_of``. Raises Incomplete where the addresses lead in a circle, to another server, or
    nowhere near the end.
    """
    seen: set[str] = set()
    firsts: set[int] = set()
    read = told = 0
    asked: Query | None = query
    for _ in range(MAX_PAGES):
        try:
            answer = await _get(client, path, scope, asked)
        except Refused as refusal:
            size = int(asked["limit"]) if asked and isinstance(asked.get("limit"), int) else 0  # type: ignore[arg-type]
            if asked is None or not _too_large(refusal, size):
                raise
            asked = {**asked, "limit": max(LEAST_PAGE, size // 10)}
            continue
        over = read and _only_paging(answer, name)
        items = [] if over else items_of(answer, name, null_is_none=null_is_none)
        told = max(told, announced(answer))
        following = next_address(answer)
        if items:
            first = hash(repr(items[0]))
            if first in firsts:
                raise endless(answer, "its pages point in a circle")
            firsts.add(first)
            read += len(items)
            yield items
        if not items or following is None:
            if told > read:
                raise missing(answer, read, told)
            return
        server = client.endpoints.api[scope.region or client.endpoints.home]
        path, asked = same_origin(server, following, answer), None
        if path in seen:
            raise endless(answer, "its pages point in a circle")
        seen.add(path)
    raise endless(answer, f"it has more than {MAX_PAGES} pages")


async def _get(client: Mailgun, path: str, scope: ListScope, query: Query | None) -> Answer:
    return await client.call(
        "GET", path, region=scope.region, subaccount=scope.subaccount, query=query, priority=scope.priority
    )


def _too_large(refusal: Refused, size: int) -> bool:
    """Return whether a smaller page may be taken where this one was refused (dossier B1: 400 names no number)."""
    return refusal.status == 400 and size > LEAST_PAGE


def _only_paging(answer: Answer, name: str) -> bool:
    """Return whether a further page leaves its empty list out and names addresses only."""
    document = answer.object()
    return name not in document and isinstance(document.get("paging"), dict)


async def records(kind: type[R], pages: AsyncIterator[list[Any]], where: str) -> AsyncIterator[list[R]]:
    """Yield pages of raw items as records; raise Incomplete at the end where elements could not be read."""
    lost: list[str] = []
    try:
        async for items in pages:
            rows: list[R] = []
            # A record of the log takes up to a millisecond to read, and a page holds a hundred.
            async for part in in_turns([items[at : at + A_TURN] for at in range(0, len(items), A_TURN)], 1):
                try:
                    rows += read_records(kind, part, where)
                except Incomplete as odd:
                    rows += odd.rows
                    lost += odd.lost
            yield rows
    except Incomplete as short:
        short.lost = (*short.lost, *lost)
        raise
    if lost:
        raise lost_elements(where, lost)


async def whole(pages: AsyncIterator[list[T]]) -> list[T]:
    """Return all rows of a list; raises Incomplete, with the rows that were read, where that is not all."""
    found: list[T] = []
    try:
        async for page in pages:
            found += page
    except Incomplete as short:
        short.rows = found
        raise
    except NotAuthorised:
        raise  # Who is shut out has nothing to go on with: that comes before what was read.
    except ApiError as fault:
        if not found:
            raise
        raise _ended_by(fault, found) from fault
    return found


def _ended_by(fault: ApiError, found: list[T]) -> Incomplete:
    """Return what a fault on a later page leaves: the rows that came before it, and why there are no more."""
    part = Incomplete(
        f"{fault.what.rstrip('.')}. {plural(len(found), 'row')} of the list came before that.",
        fault.means,
        fault.todo,
        status=fault.status,
        where=fault.where,
        rows=found,
    )
    part.reason = fault.reason
    return part


def listed(kind: type[R], answer: Answer, name: str, *, first_only: bool = False) -> list[R]:
    """Return the records of an answer that holds a whole list; raises Incomplete, with its rows, where it does not.

    ``first_only`` is for lists of which the first page is all that is wanted.
    """
    items = items_of(answer, name)
    lost: Sequence[str] = ()
    try:
        rows = read_records(kind, items, answer.where)
    except Incomplete as odd:
        rows, lost = list(odd.rows), odd.lost
    if not first_only and announced(answer) > len(items):
        short = missing(answer, len(items), announced(answer))
        short.rows, short.lost = rows, tuple(lost)
        raise short
    if lost:
        part = lost_elements(answer.where, lost)
        part.rows = rows
        raise part
    return rows


def items_of(answer: Answer, name: str, *, null_is_none: bool = False) -> list[Any]:
    """Return the list a document holds under a name.

    Raises UnreadableAnswer where there is no such list: a message in its place, or null, is no account without things.
    ``null_is_none`` is for the one family that is known to answer an empty list so (templates, dossier B4).
    """
    document = answer.object()
    found = document.get(name)
    if found is None and announced(answer):
        raise missing(answer, 0, announced(answer))
    if found is None and null_is_none and name in document:
        return []
    if not isinstance(found, list):
        raise no_list(answer)
    return found


def no_list(answer: Answer) -> UnreadableAnswer:
    """Return the error for an answer in which something else stands where its list belongs."""
    return UnreadableAnswer(
        f"The answer to {answer.where} has no list where one was expected.",
        "Either something changes the answers on the way, or the API has changed.",
        "Check the address and any proxy.",
        status=answer.status,
        where=answer.where,
    )


# What the count of a list is called, in small letters and without what stands between words.
_COUNTS = frozenset({"totalcount", "total", "count", "totalitems", "totalresults"})


def announced(answer: Answer) -> int:
    """Return how many items an answer says its list has (``total_count``, ``total``, ``pagination.total``), or 0.

    A count that came as text or with a fraction of nothing (``"12"``, ``12.0``) is one: what it says counts.
    """
    document = answer.object()
    held = [document, document.get("pagination"), document.get("paging")]
    told = [
        whole_number(value)
        for part in held
        if isinstance(part, dict)
        for name, value in part.items()
        if name.replace("_", "").replace("-", "").lower() in _COUNTS
    ]
    return max((number for number in told if number is not None), default=0)


def whole_number(value: object) -> int | None:
    """Return a count as the API may write it, a number or its text; None for what is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def next_address(answer: Answer) -> str | None:
    """Return the address of the next page (``paging.next`` or ``Next``), None where there is none."""
    paging = answer.object().get("paging")
    if not isinstance(paging, dict):
        return None
    following = paging.get("next") or paging.get("Next")
    return following if isinstance(following, str) and following else None


def same_origin(server: str, address: str, answer: Answer) -> str:
    """Return path and query of a paging address on this very server; raise Incomplete for another."""
    try:
        whole_address = urljoin(server + "/", address)
        same = origin(whole_address) == origin(server)
    except (UsageError, ValueError):
        same = False
    if not same:
        raise Incomplete(
            f"The next page of {answer.where} is on another server: {visible(address, 80)}.",
            "Following it would hand the key to that server; nothing was sent there. What came so far is kept.",
            "Check the address of the API and any proxy; if both are right, tell Mailgun Support.",
            status=answer.status,
            where=answer.where,
        )
    parts = urlsplit(whole_address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def endless(answer: Answer, reason: str) -> Incomplete:
    """Return the error for a list that never ends."""
    return Incomplete(
        f"The list {answer.where} does not end: {reason}.",
        "Reading on would never finish; what came so far is kept, and is not the whole list.",
        "Try again; if it stays so, tell Mailgun Support.",
        status=answer.status,
        where=answer.where,
    )


def missing(answer: Answer, read: int, told: int) -> Incomplete:
    """Return the error for a list that announced more than it gave."""
    return Incomplete(
        f"The list {answer.where} announced {told:,} and gave {read:,}.",
        "What came is kept; the rest was neither seen nor secured.",
        "Read it again; if it stays so, look for the rest in the control panel and tell Mailgun Support.",
        status=answer.status,
        where=answer.where,
    )


def lost_elements(where: str, lost: Sequence[str]) -> Incomplete:
    """Return the error for a list some of whose elements could not be read at all."""
    shown = "; ".join(visible(name, 100) for name in lost[:3])
    more = f"; and {len(lost) - 3} more" if len(lost) > 3 else ""
    return Incomplete(
        f"{plural(len(lost), 'element')} of {where or 'a list'} could not be read: {shown}{more}.",
        "The rest of the list is kept; these were neither judged nor secured.",
        "Look at them in the control panel; tell Mailgun Support if they stay so.",
        where=where,
        lost=lost,
        short=False,
    )
