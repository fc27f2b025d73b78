"""Reading one table of the catalogue: every field is checked, and an unknown field is a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from workbench.blocklists.names import SubjectKind, canonical_domain
from workbench.blocklists.zones import (
    RFC_ENTRIES,
    AskedBy,
    Code,
    Owner,
    Retired,
    Terms,
    TestEntries,
    Tier,
    Zone,
    ZoneScope,
    is_code,
)
from workbench.core.errors import UsageError
from workbench.core.redact import visible

_Word = TypeVar("_Word", bound=StrEnum)
_STATES = {"dead", "merged", "never-existed", "closed", "not-a-list"}


class DataEntry:
    """One table, read field by field; ``done`` refuses whatever field nobody read."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self._table = dict(table)
        self._where = where

    def wrong(self, field: str, why: str) -> NoReturn:
        """Raise UsageError that names the table, the field and what is wrong with it."""
        raise UsageError(
            f"The blocklist catalogue is off: {visible(self._where, 80)}, field {field}: {why}.",
            todo="Correct the table; the fields are explained at the top of catalogue.toml.",
        )

    def has(self, field: str) -> bool:
        """Return whether the table still holds the field."""
        return field in self._table

    def text(self, field: str, default: str | None = None) -> str:
        """Take a text; without a default it must be there and not be empty."""
        value = self._table.pop(field, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            self.wrong(field, "a text is missing")
        return value

    def number(self, field: str) -> float:
        """Take a number greater than zero."""
        value = self._table.pop(field, None)
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            self.wrong(field, "a number greater than 0 is missing")
        return float(value)

    def flag(self, field: str) -> bool:
        """Take true or false; false where the field is absent."""
        value = self._table.pop(field, False)
        if not isinstance(value, bool):
            self.wrong(field, "it must be true or false")
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        """Take a list of texts."""
        value = self._table.pop(field, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            self.wrong(field, "it must be a list of texts")
        return tuple(value)

    def table(self, field: str) -> dict[str, Any]:
        """Take a table; an empty one where the field is absent."""
        value = self._table.pop(field, {})
        if not isinstance(value, dict):
            self.wrong(field, "it must be a table")
        return value

    def tables(self, field: str) -> list[DataEntry]:
        """Take a list of tables."""
        value = self._table.pop(field, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.wrong(field, "it must be a list of tables")
        return [DataEntry(item, f"{self._where}, {field}") for item in value]

    def word(self, field: str, words: type[_Word], default: _Word | None = None) -> _Word:
        """Take one of the words that ``words`` allows."""
        value = self._table.pop(field, default)
        allowed = [word.value for word in words]
        if value not in allowed:
            self.wrong(field, f"it must be one of {', '.join(allowed)}")
        return words(value)

    def domain(self, field: str) -> str:
        """Take a domain name in lower case."""
        try:
            return canonical_domain(self.text(field))
        except UsageError:
            self.wrong(field, "it is not a domain name")

    def tier(self, field: str) -> Tier:
        """Take a tier from 1 to 4."""
        value = self._table.pop(field, None)
        if isinstance(value, bool) or value not in {1, 2, 3, 4}:
            self.wrong(field, "it must be 1, 2, 3 or 4")
        return Tier(value)

    def done(self) -> None:
        """Refuse the table where fields are left that nobody knows: a misspelt field must not be ignored."""
        if self._table:
            self.wrong(visible(next(iter(self._table)), 40), "no such field")


def read_owner(name: str, entry: DataEntry) -> Owner:
    """Return the owner that a table under ``[owners]`` describes."""
    owner = Owner(
        name,
        entry.text("name"),
        entry.text("page", ""),
        entry.texts("asks"),
        entry.table("errors"),
        entry.text("terms_page", ""),
    )
    entry.done()
    return owner


def read_retired(entry: DataEntry) -> Retired:
    """Return the record of a zone that must never be asked."""
    retired = Retired(
        zone=entry.domain("zone"),
        below=entry.flag("below"),
        state=entry.text("state"),
        since=entry.text("since", ""),
        reason=entry.text("reason"),
        unsure=entry.text("unsure", ""),
    )
    if retired.state not in _STATES:
        entry.wrong("state", f"it must be one of {', '.join(sorted(_STATES))}")
    entry.done()
    return retired


def read_zone(entry: DataEntry, owners: Mapping[str, Owner], known: Mapping[str, Zone]) -> Zone:
    """Return the zone that a table describes. ``known`` are the zones read so far, for ``same_codes_as``."""
    name = entry.domain("zone")
    owner = owners.get(entry.text("owner"))
    if owner is None:
        entry.wrong("owner", "there is no such owner")
    terms = entry.word("terms", Terms)
    key_name = entry.text("key", "")
    if (terms is Terms.KEY) != bool(key_name):
        entry.wrong("key", "a zone with the terms “key” names its vault entry, and no other does")
    bits = _one_of(entry, "encoding", "values", "bits") == "bits"
    terms_note = entry.text("terms_note")
    off = entry.text("off", "") or _off_reason(terms, terms_note, key_name)
    codes, good = _codes(entry, bits, known)
    lists = _kinds(entry)
    zone = Zone(
        name=name,
        title=entry.text("title"),
        owner=owner,
        lists=lists,
        scope=entry.word("scope", ZoneScope),
        about=_one_of(entry, "about", "senders", "intruders"),
        tier=entry.tier("tier"),
        why=entry.text("why"),
        terms=terms,
        terms_note=terms_note,
        enabled=not off,
        off_reason=off,
        key_name=key_name,
        bits=bits,
        codes=codes,
        good=good,
        errors=_plain_codes(entry, "errors", {**owner.errors, **entry.table("errors")}),
        registered_form=_one_of(entry, "domain_form", "host", "registered") == "registered",
        page=entry.text("page", "") or owner.page,
        ends=entry.text("ends"),
        asked_by=entry.word("asked_by", AskedBy),
        wait_hours=entry.number("wait_hours"),
        recheck_minutes=int(entry.number("recheck_minutes")),
        health=_health(entry, lists),
        do_not_pay=entry.text("pay", ""),
        unsure=entry.text("unsure", ""),
    )
    entry.done()
    return zone


def _off_reason(terms: Terms, note: str, key_name: str) -> str:
    if terms.on_by_default:
        return ""
    if key_name:
        return f"needs a key: workbench secrets put {key_name} stores it, and the zone is asked from then on"
    return f"off until you turn it on ({terms.value}): {note}"


def _one_of(entry: DataEntry, field: str, default: str, other: str) -> str:
    value = entry.text(field, default)
    if value not in {default, other}:
        entry.wrong(field, f"it must be {default} or {other}")
    return value


def _kinds(entry: DataEntry) -> frozenset[SubjectKind]:
    words = entry.texts("lists")
    if not words or any(word not in {kind.value for kind in SubjectKind} for word in words):
        entry.wrong("lists", "it must name ip4, ip6 or domain")
    return frozenset(SubjectKind(word) for word in words)


def _codes(
    entry: DataEntry, bits: bool, known: Mapping[str, Zone]
) -> tuple[tuple[Code, ...], tuple[Code, ...]]:
    """Return the codes that are listings and those that are none."""
    same = entry.text("same_codes_as", "")
    if same:
        if same not in known:
            entry.wrong("same_codes_as", "that zone does not stand above this one")
        return known[same].codes, known[same].good
    codes = []
    for item in entry.tables("codes"):
        code = Code(
            pattern=item.text("code"),
            means=item.text("means"),
            part=item.text("part", ""),
            tier=item.tier("tier") if item.has("tier") else None,
            ends=item.text("ends") if item.has("ends") else None,
            asked_by=item.word("asked_by", AskedBy) if item.has("asked_by") else None,
            wait_hours=item.number("wait_hours") if item.has("wait_hours") else None,
        )
        item.done()
        if not is_code(code.pattern, bits=bits):
            entry.wrong("codes", f"{visible(code.pattern, 40)} cannot be an answer of this zone")
        codes.append(code)
    if not codes:
        entry.wrong("codes", "a zone needs at least one code that is a listing")
    if len({code.pattern for code in codes}) != len(codes):
        entry.wrong("codes", "a code is there twice")
    return tuple(codes), _plain_codes(entry, "good", entry.table("good"))


def _plain_codes(entry: DataEntry, field: str, table: Mapping[str, Any]) -> tuple[Code, ...]:
    codes = []
    for pattern, means in table.items():
        if not is_code(pattern, bits=False) or not isinstance(means, str) or not means:
            entry.wrong(field, f"{visible(pattern, 40)} needs to be an answer in 127/8 with its meaning")
        codes.append(Code(pattern, means))
    return tuple(codes)


def _health(entry: DataEntry, lists: frozenset[SubjectKind]) -> Mapping[SubjectKind, TestEntries]:
    own: dict[SubjectKind, TestEntries] = {}
    for kind, pair in entry.table("health").items():
        if kind not in {known.value for known in lists} or not isinstance(pair, dict):
            entry.wrong("health", f"{visible(kind, 20)} is not what this zone lists")
        if set(pair) != {"listed", "absent"} or not all(
            isinstance(item, str) and item for item in pair.values()
        ):
            entry.wrong("health", "it needs an entry that is listed and one that is absent")
        own[SubjectKind(kind)] = TestEntries(pair["listed"], pair["absent"])
    return {kind: own.get(kind, RFC_ENTRIES[kind]) for kind in sorted(lists)}
