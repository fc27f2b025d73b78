"""The log counted the plain way, one call for each thing an entry tells: what the table must come to."""

from __future__ import annotations

from collections import Counter

from workbench.core.redact import masked
from workbench.domain.forensics import attribution
from workbench.domain.forensics.attribution import KINDS, OTHER, Attribution, Group, StoredMessage
from workbench.domain.forensics.subjects import shape_of
from workbench.domain.mail.links import shape_of_link
from workbench.mailgun.log_entries import LogEntry, LogPage, moment_text


class PlainAttribution(Attribution):
    """The same table, taken in without a shortcut."""

    __slots__ = ()

    def take(self, page: LogPage) -> None:
        """Add a page of the log, entry by entry."""
        self.unreadable += page.unreadable
        self.odd += page.odd
        self.entries += len(page.entries)
        for entry in page.entries:
            if entry.id is not None:
                if any(entry.id in held for held in self._seen):
                    self.repeated += 1
                    continue
                self._seen[0].add(entry.id)
            kind = entry.event or "(none)"
            if kind == "failed" and entry.severity == "temporary":
                kind = "temporary"
            self.events[kind] += 1
            if kind == "accepted":
                self._message(entry)
            elif kind in KINDS:
                self._outcome(entry, kind)
        if len(self._seen[0]) > attribution._HELD:
            self._seen = [set(), self._seen[0]]
        if len(self._near[0]) > attribution._HELD:
            self._near = [{}, self._near[0]]

    def _message(self, entry: LogEntry) -> None:
        headers = entry.message.headers if entry.message else None
        subject = (headers.subject if headers else None) or ""
        raw = (
            (entry.account.id if entry.account else None) or "",
            (entry.domain.name if entry.domain else None) or "",
            entry.api_key_id or "",
            entry.originating_ip or "",
            entry.method or "",
            (entry.envelope.sender if entry.envelope else None) or "",
            shape_of(subject),
        )
        group = self._raw[raw] if raw in self._raw else self._capped(raw)
        if len(self._raw) < 4 * attribution.MOST_GROUPS:
            self._raw[raw] = group
        group.counts[0] += 1
        at = moment_text(entry.at)
        self._moment(group, at)
        for tag in entry.tags or ():
            _plus(group.tags, tag)
        if entry.mailing_list and entry.mailing_list.address:
            _plus(group.lists, entry.mailing_list.address.lower())
        if entry.envelope and entry.envelope.sending_ip:
            _plus(group.sending, entry.envelope.sending_ip)
        if headers:
            if headers.message_id:
                self._near[0][headers.message_id] = group
            held = entry.storage
            if held and held.key and (group.kept is None or at >= group.kept.at):
                group.kept = StoredMessage(at, headers.message_id or "", held.key, held.address)
            group.example = group.example or masked(subject)[:200]
        if entry.message and entry.message.scheduled_for is not None:
            group.scheduled += 1

    def _moment(self, group: Group, at: str) -> None:
        if not at:
            self.undated += 1
            return
        if at < self._low or at >= self._high:
            self.outside += 1
        group.first = min(group.first or at, at)
        group.last = max(group.last, at)
        group.hours[self._hour_of(at)] += 1

    def _outcome(self, entry: LogEntry, kind: str) -> None:
        group = self.group_of(entry) or self._shared(entry)
        if group is None:
            self.unjoined[kind] += 1
            return
        group.counts[KINDS.index(kind)] += 1
        if kind == "delivered" and entry.recipient:
            group.reached.add(entry.recipient)
        if kind == "delivered" and entry.recipient_provider:
            _plus(group.providers, entry.recipient_provider)
        if kind == "clicked" and entry.url:
            _plus(group.links, shape_of_link(entry.url) or "(no web address)")


def _plus(counter: Counter[str], name: str) -> None:
    counter[name if name in counter or len(counter) < attribution.MOST_NAMES else OTHER] += 1
