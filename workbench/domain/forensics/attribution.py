"""Who used which credential, from where: the log of the window counted into groups, in constant memory. Pure.

A group is credential × originating address × method × sender × subject shape. Only *accepted* entries name
credential and address (dossier B5); what became of a message is joined to them by its message id, kept for a
while, then by sender and subject shape. Pages may come twice, out of order, from several slices at once. What
cannot be read, joined or held is counted and said.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from sys import intern
from typing import NamedTuple

from workbench.core.redact import masked
from workbench.core.words import plural
from workbench.domain.forensics.hyperloglog import Distinct
from workbench.domain.forensics.subjects import Shapes
from workbench.domain.mail.links import shape_of_link
from workbench.domain.model.credential_use import credential_of
from workbench.mailgun.log_entries import LogEntry, LogPage, moment_text, sortable

# Caps: an intruder who varies everything fills "other", not the memory.
MOST_GROUPS = 2000
MOST_SHAPES = 24
MOST_ADDRESSES = 300
MOST_NAMES = 40
OTHER = "(other)"
# Message ids held to join what became of a message, and entry ids held to notice a repeated page: two
# generations of each, so that forgetting costs nothing.
_HELD = 60_000

# What became of messages, in the order of a tally's counts.
KINDS = ("accepted", "delivered", "failed", "temporary", "opened", "clicked", "complained", "unsubscribed")
_INDEX: dict[str | None, int] = {name: number for number, name in enumerate(KINDS)}
_ACCEPTED, _DELIVERED, _CLICKED = _INDEX["accepted"], _INDEX["delivered"], _INDEX["clicked"]
_TEMPORARY = _INDEX["temporary"]


class GroupKey(NamedTuple):
    """What makes a group. ``credential`` is ``key:<id>`` or ``smtp:<sender>``; empty text where not told."""

    account: str
    domain: str
    credential: str
    address: str
    method: str
    sender: str
    shape: str


class StoredMessage(NamedTuple):
    """Where a message itself is kept by the vendor: when it was accepted, its id, its key, its address."""

    at: str
    message_id: str
    key: str
    url: str


@dataclass(slots=True, eq=False)
class Group:
    """The counts of one group; ``hours`` counts accepted messages by hour since the reading's start.

    ``first`` and ``last`` are moments of accepted messages as the log writes them. ``kept`` is the newest message that
    the vendor stores, ``links`` counts clicks by the shape of the landing address, ``lists`` what went to a member of a
    mailing list of the account, by its address.
    """

    key: GroupKey
    hours: array[int]
    counts: list[int] = field(default_factory=lambda: [0] * len(KINDS))
    first: str = ""
    last: str = ""
    providers: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    sending: Counter[str] = field(default_factory=Counter)
    example: str = ""
    scheduled: int = 0
    reached: Distinct = field(default_factory=Distinct)
    kept: StoredMessage | None = None
    links: Counter[str] = field(default_factory=Counter)
    lists: Counter[str] = field(default_factory=Counter)

    @property
    def accepted(self) -> int:
        """Return the messages accepted for sending."""
        return self.counts[_ACCEPTED]

    def count(self, kind: str) -> int:
        """Return how many events of a kind (one of ``KINDS``) the group has."""
        return self.counts[_INDEX[kind]]


@dataclass(slots=True)
class Attribution:
    """The growing table of groups. ``take`` adds a page; the rest reads.

    ``start`` and ``end`` are what is being read; entries outside are counted as ``outside`` (clock skew).
    ``repeated`` counts entries seen twice, ``unjoined`` events whose message was not seen, ``unreadable``
    entries that could not be read, ``shared`` the outcomes that fit several groups (those of one domain, sender
    and subject shape), ``odd`` entries with a field left out, ``undated`` entries without a moment. ``since`` is the
    journal's last row before the reading began: what was done later need not be in it.
    """

    start: datetime
    end: datetime
    groups: dict[GroupKey, Group] = field(default_factory=dict)
    entries: int = 0
    events: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    unjoined: Counter[str] = field(default_factory=Counter)
    shared: dict[tuple[str, str, str], Group] = field(default_factory=dict)
    unreadable: int = 0
    odd: int = 0
    undated: int = 0
    outside: int = 0
    gaps: list[str] = field(default_factory=list)
    oldest: str = ""
    newest: str = ""
    since: int | None = None
    _hour: dict[str, int] = field(default_factory=dict)
    _shapes: Shapes = field(default_factory=Shapes)
    _near: list[dict[str, Group]] = field(default_factory=lambda: [{}, {}])
    _seen: list[set[str]] = field(default_factory=lambda: [set(), set()])
    _raw: dict[tuple[str, ...], Group] = field(default_factory=dict)
    _held_shapes: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _addresses: dict[str, set[str]] = field(default_factory=dict)
    _by_content: dict[tuple[str, str, str], list[Group]] = field(default_factory=dict)
    _low: str = ""
    _high: str = ""

    def __post_init__(self) -> None:
        self._low = sortable(self.start - timedelta(hours=1))
        self._high = sortable(self.end + timedelta(hours=1))

    @property
    def size(self) -> int:
        """Return how many hours the reading spans."""
        return max(1, int((self.end - self.start).total_seconds() // 3600) + 3)

    def take(self, page: LogPage) -> None:
        """Add a page of the log."""
        self.unreadable += page.unreadable
        self.odd += page.odd
        self.entries += len(page.entries)
        near, older = self._near
        counts = [0] * len(KINDS)
        # What becomes of a message stands here and not in a method of its own: most entries are that, and the call
        # would cost as much as what it does.
        for entry in self._unseen(page.entries):
            kind = entry.event
            if kind == "accepted":
                counts[_ACCEPTED] += 1
                self._accepted(entry, near)
                continue
            number = _INDEX.get(kind) if kind != "failed" or entry.severity != "temporary" else _TEMPORARY
            if number is None:
                self.events[kind or "(none)"] += 1
                continue
            counts[number] += 1
            headers = entry.message.headers if entry.message is not None else None
            name = headers.message_id if headers is not None else None
            group = near.get(name) or older.get(name) if name else None
            if group is None:
                group = self._unnamed(entry)
                if group is None:
                    self.unjoined[KINDS[number]] += 1
                    continue
            group.counts[number] += 1
            if number == _DELIVERED:
                if entry.recipient:
                    group.reached.add(entry.recipient)
                if entry.recipient_provider:
                    _count(group.providers, entry.recipient_provider)
            elif number == _CLICKED and entry.url:
                _count(group.links, shape_of_link(entry.url) or "(no web address)")
        for number, count in enumerate(counts):
            if count:
                self.events[KINDS[number]] += count
        if len(self._seen[0]) > _HELD:
            self._seen = [set(), self._seen[0]]
        if len(near) > _HELD:
            self._near = [{}, near]

    def _unseen(self, entries: list[LogEntry]) -> list[LogEntry]:
        """Return the entries that came for the first time; an entry without an id always does."""
        seen, older = self._seen
        names = {entry.id for entry in entries if entry.id is not None}
        if len(names) == len(entries) and names.isdisjoint(seen) and names.isdisjoint(older):
            seen |= names
            return entries  # Nearly always.
        unseen = []
        for entry in entries:
            if entry.id is None:
                unseen.append(entry)
            elif entry.id in seen or entry.id in older:
                self.repeated += 1
            else:
                seen.add(entry.id)
                unseen.append(entry)
        return unseen

    def _accepted(self, entry: LogEntry, near: dict[str, Group]) -> None:
        at = moment_text(entry.at)
        account, domain, message, envelope = entry.account, entry.domain, entry.message, entry.envelope
        headers = message.headers if message is not None else None
        subject = headers.subject or "" if headers is not None else ""
        raw = (
            account.id or "" if account is not None else "",
            domain.name or "" if domain is not None else "",
            entry.api_key_id or "",
            entry.originating_ip or "",
            entry.method or "",
            envelope.sender or "" if envelope is not None else "",
            self._shapes.of(subject),
        )
        group = self._raw.get(raw) or self._new(raw)
        group.counts[_ACCEPTED] += 1
        if at:
            self._date(group, at)
        else:
            self.undated += 1
        if entry.tags:
            for tag in entry.tags:
                _count(group.tags, tag)
        if entry.mailing_list is not None and entry.mailing_list.address:
            _count(group.lists, entry.mailing_list.address.lower())
        if envelope is not None and envelope.sending_ip:
            _count(group.sending, envelope.sending_ip)
        if headers is not None:
            if headers.message_id:
                near[headers.message_id] = group
            storage = entry.storage
            if storage is not None and storage.key and (group.kept is None or at >= group.kept.at):
                # The newest is the last to be thrown away.
                group.kept = StoredMessage(at, headers.message_id or "", storage.key, storage.address)
            if not group.example:
                group.example = masked(subject)[:200]
        if message is not None and message.scheduled_for is not None:
            group.scheduled += 1

    def _date(self, group: Group, at: str) -> None:
        """Count a message of a group in its hour."""
        if not self._low <= at < self._high:
            self.outside += 1
        if at > group.last:
            group.last = at
            if not group.first:
                group.first = at
        elif at < group.first:
            group.first = at
        group.hours[self._hour_of(at)] += 1

    def _unnamed(self, entry: LogEntry) -> Group | None:
        """Return where an outcome counts that its message's id tells nothing of, None where nothing fits."""
        alike = self.alike_of(entry)
        return alike[0] if len(alike) == 1 else self._shared(entry)

    def group_of(self, entry: LogEntry) -> Group | None:
        """Return the group of the message that an entry is about, None where its acceptance was not seen.

        Where only sender and subject tell, they must leave one.
        """
        message = entry.message
        headers = message.headers if message is not None else None
        if headers is not None and headers.message_id:
            near, older = self._near
            group = near.get(headers.message_id) or older.get(headers.message_id)
            if group is not None:
                return group
        alike = self.alike_of(entry)
        return alike[0] if len(alike) == 1 else None

    def _content_of(self, entry: LogEntry) -> tuple[str, str, str] | None:
        """Return domain, sender and subject shape of a message, None where it tells no sender."""
        headers = entry.message.headers if entry.message is not None else None
        sender = entry.envelope.sender if entry.envelope is not None else None
        if headers is None or not sender:
            return None
        domain = entry.domain.name or "" if entry.domain else ""
        return domain, sender, self._shapes.of(headers.subject or "")

    def _shared(self, entry: LogEntry) -> Group | None:
        """Return the count of outcomes that belong to several groups alike, None where they belong to none."""
        content = self._content_of(entry)
        if content is None or content not in self._by_content:
            return None
        group = self.shared.get(content)
        if group is None:
            domain, sender, shape = content
            group = self.shared[content] = Group(GroupKey("", domain, "", "", "", sender, shape), array("L"))
        return group

    def alike_of(self, entry: LogEntry) -> list[Group]:
        """Return the groups that an entry's domain, sender and subject shape fit."""
        content = self._content_of(entry)
        return self.alike(content) if content is not None else []

    def alike(self, content: tuple[str, str, str]) -> list[Group]:
        """Return the groups of one domain, sender and subject shape."""
        return self._by_content.get(content, [])

    def _new(self, raw: tuple[str, ...]) -> Group:
        group = self._capped(raw)
        if len(self._raw) < 4 * MOST_GROUPS:
            # Texts that are the same object are the same without being read: every entry has its own copy of these.
            self._raw[tuple(map(intern, raw))] = group
        return group

    def _capped(self, raw: tuple[str, ...]) -> Group:
        account, domain, key_id, address, method, sender, shape = map(intern, raw)
        credential = credential_of(key_id, method, sender)
        known = self._addresses.setdefault(credential, set())
        if address not in known:
            if len(known) < MOST_ADDRESSES:
                known.add(address)
            else:
                address = OTHER
        place = (credential, address, sender)
        key = GroupKey(account, domain, credential, address, method, sender, shape)
        if key not in self.groups:
            held = self._held_shapes.get(place, 0)
            if held >= MOST_SHAPES:
                key = key._replace(shape=OTHER)
            else:
                self._held_shapes[place] = held + 1
        if key not in self.groups and len(self.groups) >= MOST_GROUPS:
            key = GroupKey(OTHER, OTHER, OTHER, OTHER, OTHER, OTHER, OTHER)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(key, array("L", bytes(array("L").itemsize * self.size)))
            self._by_content.setdefault((key.domain, key.sender, key.shape), []).append(group)
        return group

    def _hour_of(self, at: str) -> int:
        """Return the place of a moment's hour in a group's hours; what lies outside goes to the ends."""
        hour = at[:13]
        place = self._hour.get(hour)
        if place is None:
            try:
                moment = datetime.fromisoformat(f"{hour}:00:00+00:00")
            except ValueError:
                return 0
            place = self._hour[hour] = self.hour_at(moment)
        if not self.oldest or at < self.oldest:
            self.oldest = at
        if at > self.newest:
            self.newest = at
        return place

    def hour_at(self, moment: datetime) -> int:
        """Return the place of a moment in the groups' hours."""
        place = int((moment - self.start).total_seconds() // 3600) + 1
        return min(max(place, 0), self.size - 1)

    def rows(self) -> Iterator[Group]:
        """Yield the groups, the busiest first; the one that holds the rest comes last."""
        yield from sorted(self.groups.values(), key=lambda g: (g.key.credential == OTHER, -g.accepted, g.key))

    @property
    def other(self) -> int:
        """Return the messages counted as *other*, because the groups are capped."""
        return sum(g.accepted for g in self.groups.values() if OTHER in g.key)

    def words(self) -> list[str]:
        """Return what an operator must know about this reading: what is missing, and what was lumped."""
        lines: list[str] = list(self.gaps)
        entry, sent = ("log entry", "log entries"), ("accepted message", "accepted messages")
        unjoined = sum(self.unjoined.values())
        counted = (
            (self.unreadable, entry, "could not be read and not counted"),
            (self.odd, entry, "with a field of an unexpected kind, the rest of it counted"),
            (self.undated, sent, "with no readable time"),
            (self.outside, sent, "outside the hours asked for: a clock is off"),
            (self.repeated, ("entry", "entries"), "that came twice, counted once"),
            (unjoined, ("outcome", "outcomes"), "of messages whose acceptance was not seen"),
            (self.other, ("message", "messages"), "lumped as other: more groups than are held"),
        )
        lines += [f"{plural(count, *named)} {what}" for count, named, what in counted if count]
        if not self.entries:
            lines.append("the log holds nothing of this time (retention can be one day)")
        return lines


def _count(counter: Counter[str], name: str) -> None:
    held = counter.get(name)
    if held:
        counter[name] = held + 1
    elif len(counter) < MOST_NAMES:
        counter[intern(name)] = 1
    else:
        counter[OTHER] += 1
