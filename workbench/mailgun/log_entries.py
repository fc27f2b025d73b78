"""The log as bytes: the few fields an attribution needs, decoded without making a record of every entry.

``evidence.iter_logs`` makes full records for whoever shows a handful of entries; this is for millions of
them. An entry with a field of an unexpected type keeps its other fields and is counted; an entry that is
none is counted and left out. Nothing is dropped silently.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, field

from workbench.core.json_text import read_json
from workbench.mailgun.dates import parse_moment
from workbench.mailgun.pagination import whole_number


class EntryDomain(Struct, gc=False):
    """The domain of an entry."""

    name: str | None = None


class EntryAccount(Struct, gc=False):
    """The account or subaccount of an entry; ``parent_id`` stands only on a subaccount's."""

    id: str | None = None
    parent_id: str | None = field(default=None, name="parent-id")


class EntryEnvelope(Struct, gc=False):
    """The envelope: the sender is the best sign of the SMTP login used (dossier B5)."""

    sender: str | None = None
    sending_ip: str | None = field(default=None, name="sending-ip")


class EntryHeaders(Struct, gc=False):
    """The headers an entry keeps."""

    subject: str | None = None
    from_: str | None = field(default=None, name="from")
    message_id: str | None = field(default=None, name="message-id")


class EntryMessage(Struct, gc=False):
    """The message of an entry; ``scheduled_for`` as the API writes it."""

    headers: EntryHeaders | None = None
    scheduled_for: float | str | None = field(default=None, name="scheduled-for")


class EntryStorage(Struct, gc=False):
    """Where the message itself is kept, while it is: one address in older answers, a list in newer ones."""

    key: str | None = None
    url: str | list[str] | None = None

    @property
    def address(self) -> str:
        """Return the first address, ``""`` where none is told."""
        if isinstance(self.url, list):
            return self.url[0] if self.url else ""
        return self.url or ""


class EntryTemplate(Struct, gc=False):
    """The stored template a message was made from."""

    name: str | None = None


class EntryList(Struct, gc=False):
    """The mailing list that a message went to one of the members of."""

    address: str | None = None


class LogEntry(Struct, gc=False):
    """One entry of the log. ``at`` is the API's own text, RFC 3339 with milliseconds and ``Z``."""

    event: str | None = None
    at: str | None = field(default=None, name="@timestamp")
    id: str | None = None
    method: str | None = None
    originating_ip: str | None = field(default=None, name="originating-ip")
    api_key_id: str | None = field(default=None, name="api-key-id")
    account: EntryAccount | None = None
    domain: EntryDomain | None = None
    envelope: EntryEnvelope | None = None
    message: EntryMessage | None = None
    recipient: str | None = None
    recipient_provider: str | None = field(default=None, name="recipient-provider")
    severity: str | None = None
    tags: list[str] | None = None
    url: str | None = None
    storage: EntryStorage | None = None
    reason: str | None = None
    template: EntryTemplate | None = None
    mailing_list: EntryList | None = field(default=None, name="mailing-list")


class LogPage(NamedTuple):
    """One page: its entries, where the next page is (``""`` for none), how many entries there are in all.

    ``odd`` counts entries kept without a field that could not be read, ``unreadable`` those left out;
    ``total`` is None where the API was not asked or does not say.
    """

    entries: list[LogEntry]
    next: str
    total: int | None
    odd: int = 0
    unreadable: int = 0


class _Paging(Struct, gc=False):
    next: str | None = None
    total: int | None = None


class _Page(Struct, gc=False):
    items: list[LogEntry] | msgspec.UnsetType | None = msgspec.UNSET
    pagination: _Paging | None = None


class _LoosePage(Struct, gc=False):
    items: list[msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET
    pagination: Any = None


_PAGES = msgspec.json.Decoder(_Page)
_LOOSE = msgspec.json.Decoder(_LoosePage)
_ENTRY = msgspec.json.Decoder(LogEntry)


def read_page(body: bytes) -> LogPage | None:
    """Return the page that an answer's bytes hold, None where they are no page of the log at all."""
    try:
        page: _Page = read_json(body, _PAGES.decode)
    except msgspec.ValidationError:
        return _read_loosely(body)
    except ValueError:
        return None
    if page.items is msgspec.UNSET:
        return None  # A message in place of the list is no log without entries.
    paging = page.pagination
    return LogPage(page.items or [], (paging.next or "") if paging else "", paging.total if paging else None)


def _read_loosely(body: bytes) -> LogPage | None:
    """Read entry by entry, and where need be field by field: one odd value must not hide a page."""
    try:
        page: _LoosePage = read_json(body, _LOOSE.decode)
    except ValueError:
        return None
    if page.items is msgspec.UNSET:
        return None
    entries: list[LogEntry] = []
    odd = unreadable = 0
    for raw in page.items or ():
        try:
            entries.append(read_json(raw, _ENTRY.decode))
            continue
        except ValueError:
            mended = _mend(raw)
        if mended is None:
            unreadable += 1
        else:
            odd += 1
            entries.append(mended)
    paging = page.pagination if isinstance(page.pagination, dict) else {}
    following = paging.get("next")
    return LogPage(
        entries,
        following if isinstance(following, str) else "",
        whole_number(paging.get("total")),
        odd,
        unreadable,
    )


def _mend(raw: msgspec.Raw) -> LogEntry | None:
    """Return an entry without the fields that have an unexpected type, None for what is no object."""
    try:
        values = read_json(raw, msgspec.json.decode)
    except ValueError:
        return None
    if not isinstance(values, dict):
        return None
    good: dict[str, Any] = {}
    for known in msgspec.structs.fields(LogEntry):
        if known.encode_name in values:
            try:
                good[known.name] = msgspec.convert(values[known.encode_name], known.type, strict=False)
            except msgspec.ValidationError:
                continue
    return LogEntry(**good)


def moment_text(at: str | None) -> str:
    """Return an entry's moment as ``2026-11-21T14:02:03.120Z``, which sorts as text; ``""`` if it has none."""
    if at is None:
        return ""
    if len(at) == 24 and at[23] == "Z" and at[10] == "T":
        return at
    moment = parse_moment(at)
    return "" if moment is None else sortable(moment)


def sortable(moment: datetime) -> str:
    """Return a moment in the form in which the log's own moments compare as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def moment_of(text: str) -> datetime | None:
    """Return the moment of a text made by ``moment_text``, None for an empty one."""
    return parse_moment(text) if text else None
