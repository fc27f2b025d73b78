"""Rows for the panes: what is known of keys, logins, domains, users and listings. Pure."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from workbench.core.clock import as_moment
from workbench.core.redact import key_tail, short_address
from workbench.core.rows import Cell, Row, TableRow
from workbench.presentation.cells import (
    FindingView,
    Look,
    dash,
    date_cell,
    hide_all_addresses,
    hide_people,
    people_of,
    state_cell,
)
from workbench.presentation.login_rows import LoginRow, login_row

if TYPE_CHECKING:
    from workbench.domain.model.inventory import DomainItem, Inventory, KeyItem, LoginItem, UserItem
    from workbench.domain.model.state import EffectRecord, State

_PHASES = {"storing secret": "storing"}
_CUTS = frozenset({"key.delete", "smtp.reset", "smtp.delete"})

# ── credentials ────────────────────────────────────────────────────────────────────────────────────────


# A login's row tells itself what it was made from; for a key's that stands before it: item, state word, note, people.
Cached = LoginRow | tuple[object, str, str, frozenset[str], TableRow]


class CredentialView:
    """The rows of the credentials pane, each computable alone, so that one moved effect costs one row.

    ``cache`` is kept by the pane for as long as the look is the same: a row whose account item, state and
    note did not change is handed out again, which makes 10,000 of them cheap.
    """

    def __init__(
        self,
        inventory: Inventory,
        state: State,
        findings: Iterable[FindingView],
        look: Look,
        phases: Mapping[str, str],
        cache: dict[str, Cached] | None = None,
        now: datetime | None = None,
    ) -> None:
        self._cache = cache if cache is not None else {}
        self._inventory = inventory
        self._state = state
        self._look = look
        self._phases = phases
        self._findings = _open(findings)
        self._people = people_of(inventory, state)
        self._cuts: dict[str, EffectRecord] = {}
        self._minted: dict[str, EffectRecord] = {}
        self._replaced: dict[str, EffectRecord] = {}
        # Here and not above: a screen without an incident shows its first frame before the records are loaded.
        from workbench.domain.runbook import old_and_new

        present = ChainMap[str, Any](inventory.keys, inventory.logins)
        self._known = old_and_new.Known(state, present, now or datetime.now(UTC))
        for record in state.effects.values():
            self._index(record)

    def _index(self, record: EffectRecord) -> str:
        """Remember a record under what it is about; returns that row's key, empty for no row."""
        kind = record.effect.kind.value
        if kind in _CUTS:
            self._cuts[record.effect.target] = record
            return record.effect.target
        if kind == "key.create":
            old = record.effect.params.replaces
            if old:
                self._replaced[old] = record
            new = record.result.key_id
            if new:
                self._minted[new] = record
            return new or old
        return ""

    def rows(self) -> list[Row]:
        """Return every row: keys, logins, and what this incident removed."""
        return list(self.each())

    def each(self) -> Iterator[Row]:
        """Yield the same one after the other, of the account as it was at the first, for who makes them in turns."""
        keys, logins, cuts = self._inventory.keys, self._inventory.logins, tuple(self._cuts.items())
        there: tuple[list[KeyItem], list[LoginItem]] = list(keys.values()), list(logins.values())
        yield from map(self._key_row, there[0])
        yield from map(self._login_row, there[1])
        for target, record in cuts:
            if target not in keys and target not in logins:
                yield self._gone_row(record)

    def is_login(self, key: str) -> bool:
        """Return whether the row of that key is a login's, also where it is gone; else it is an API key's."""
        record = self._cuts.get(key)
        return key in self._inventory.logins or (
            record is not None and record.effect.kind.value != "key.delete"
        )

    def moved(self, records: Iterable[EffectRecord]) -> list[Row]:
        """Return the rows that the given effects are about."""
        keys = set()
        for record in records:
            self._known.add(record)
            keys |= {self._index(record), record.effect.params.replaces}
        keys.discard("")
        return [row for key in keys if (row := self.row(key)) is not None]

    def row(self, key: str) -> Row | None:
        """Return the row of a key id or login, None when nothing is known of it."""
        if (item := self._inventory.keys.get(key)) is not None:
            return self._key_row(item)
        if (login := self._inventory.logins.get(key)) is not None:
            return self._login_row(login)
        record = self._cuts.get(key)
        return None if record is None else self._gone_row(record)

    def _state_of(self, target: str) -> tuple[str, str]:
        """Return (state word, note) of a key id or login."""
        record = self._cuts.get(target)
        if record is None and target in self._minted:
            made = self._minted[target]
            proven = made.state.value == "verified"
            return ("new" if proven else "proving"), _last(made.evidence, "made by this incident")
        if record is None and target in self._replaced:
            record = self._replaced[target]
        finding = self._findings.get(target)
        if record is not None:
            word, note = self._words_of(target, record)
            if finding is not None and record.state.value == "planned" and word == "open":
                return finding_words(finding)
            return word, note
        decision = self._decision(target)
        if decision:
            return decision, "judged by you"
        if finding is not None:
            return finding_words(finding)
        return "open", ""

    def _words_of(self, target: str, record: EffectRecord) -> tuple[str, str]:
        """Return (state word, note) of what was done about a credential: the old one's fate first."""
        word, note = record_words(record, self._phases)
        if word not in ("done", "verified"):
            return word, note
        known = self._known.of(target)
        return (word, note) if known is None else (known.old.value, known.words)

    def _decision(self, target: str) -> str:
        for kind in ("key", "login"):
            decision = self._state.decisions.get(f"{kind}:{target}")
            if decision is not None and decision.decision in ("ours", "intruder"):
                return decision.decision
        return ""

    def _cached(self, key: str, item: object, word: str, note: str) -> TableRow | None:
        found = self._cache.get(key)
        if not isinstance(found, tuple) or found[1:4] != (word, note, self._people) or found[0] != item:
            return None
        return found[4]

    def _kept(self, key: str, item: object, word: str, note: str, row: TableRow) -> TableRow:
        self._cache[key] = (item, word, note, self._people, row)
        return row

    def _key_row(self, item: KeyItem) -> TableRow:
        word, note = self._state_of(item.id)
        made = self._cached(item.id, item, word, note)
        return made or self._kept(item.id, item, word, note, self._make_key_row(item, word, note))

    def _make_key_row(self, item: KeyItem, word: str, note: str) -> TableRow:
        key, look = item.key, self._look
        # What this incident made bears its mark for the next start; people know it by the rest of its name.
        plain = item.plain_name if word == "new" else item.name
        name = f"{plain}  {key_tail(item.id)}" if not look.ascii else f"{plain}  ..{item.id[-4:]}"
        kind = key.kind or "key"
        return TableRow(
            item.id,
            (
                state_cell(word, look),
                Cell("key" if kind == "user" else f"key {kind[:3]}", "", f"key {kind}"),
                Cell(hide_people(name, self._people, look)),
                Cell(key.role or dash(look)),
                Cell(item.place.subaccount or "main"),
                date_cell(key.created_at, look),
                Cell(hide_people(note, self._people, look), "dim"),
            ),
            search=f"{item.id} {kind} {item.name}",
        )

    def _login_row(self, item: LoginItem) -> LoginRow:
        login = item.login
        word, note = self._state_of(login)
        made = self._cache.get(login)
        if not isinstance(made, LoginRow) or not made.made_from(item, word, note):
            self._cache[login] = made = login_row(item, word, note, self._look)
        return made

    def _gone_row(self, record: EffectRecord) -> TableRow:
        """A row for what this incident removed and the account no longer names: nothing is forgotten."""
        effect, look = record.effect, self._look
        word, note = self._words_of(effect.target, record)
        is_key = effect.kind.value == "key.delete"
        name = effect.params.name or "key"
        tail = f"..{effect.target[-4:]}" if look.ascii else key_tail(effect.target)
        text = f"{name}  {tail}" if is_key else effect.target
        return TableRow(
            effect.target,
            (
                state_cell(word, look),
                Cell("key" if is_key else "smtp"),
                Cell(text, "dim"),
                Cell("gone", "dim"),
                Cell(effect.place.subaccount or "main" if is_key else str(effect.place)),
                Cell(dash(look)),
                Cell(note, "dim"),
            ),
            markable=False,
            search=effect.target,
        )


def record_words(record: EffectRecord, phases: Mapping[str, str]) -> tuple[str, str]:
    """Return (state word, note) of an effect: its live phase while it runs, else what the journal says."""
    phase = phases.get(record.effect.id, "")
    if phase and phase not in ("verified", "failed", "skipped", "done"):
        return _PHASES.get(phase, phase), _last(record.evidence, record.effect.what)
    state = record.state.value
    if state == "failed":
        return "failed", record.failure.get("what", "")
    if state == "planned":
        return (
            ("open intent", "asked on the next run what happened") if record.open else ("waiting", "planned")
        )
    return state, _last(record.evidence, "")


def finding_words(finding: FindingView) -> tuple[str, str]:
    """Return (state word, note) of a finding nobody judged yet."""
    return ("judge" if finding.severity == "low" else "stranger?"), "; ".join(list(finding.why)[:2])


def _open(findings: Iterable[FindingView]) -> dict[str, FindingView]:
    return {finding.id: finding for finding in findings if not finding.decision}


def _last(lines: Sequence[str], default: str) -> str:
    return lines[-1] if lines else default


# ── domains, users, listings ───────────────────────────────────────────────────────────────────────────


def domain_rows(
    inventory: Inventory, state: State, findings: Iterable[FindingView], look: Look
) -> list[TableRow]:
    """Return the rows of the domains, each with how many of its logins are reset."""
    open_findings = _open(findings)
    settled = {
        r.effect.target
        for r in state.effects.values()
        if r.effect.kind.value in ("smtp.reset", "smtp.delete") and r.state.value in ("done", "verified")
    }
    totals: dict[str, list[int]] = {}
    for login in inventory.logins.values():
        count = totals.setdefault(login.domain, [0, 0])
        count[1] += 1
        count[0] += login.login in settled
    purged = {r.effect.target: r for r in state.effects.values() if r.effect.kind.value == "queue.purge"}
    rows = []
    for item in inventory.domains.values():
        done, total = totals.get(item.name, [0, 0])
        rows.append(
            _domain_row(item, state, open_findings.get(item.name), (done, total), purged.get(item.name), look)
        )
    return rows


def _domain_row(
    item: DomainItem,
    state: State,
    finding: FindingView | None,
    logins: tuple[int, int],
    purge: EffectRecord | None,
    look: Look,
) -> TableRow:
    domain = item.domain
    decision = state.decisions.get(f"domain:{item.name}")
    if decision is not None and decision.decision in ("ours", "intruder"):
        word = decision.decision
    elif finding is not None:
        word = finding_words(finding)[0]
    elif domain.is_disabled:
        word = "disabled"
    else:
        word = "active" if domain.state in (None, "active") else "unverified"
    notes = []
    if purge is not None:
        notes.append(f"queue purge {record_words(purge, {})[0]}")
    if domain.disabled is not None and domain.disabled.reason:
        notes.append(domain.disabled.reason)
    if finding is not None:
        notes.append(finding_words(finding)[1])
    done, total = logins
    return TableRow(
        item.name,
        (
            state_cell(word, look),
            Cell(item.name),
            Cell(str(item.place)),
            Cell(f"{done}/{total}", "ok" if total and done == total else "", total - done),
            date_cell(domain.created_at, look),
            Cell("; ".join(notes), "dim"),
        ),
    )


def user_rows(
    inventory: Inventory,
    state: State,
    findings: Iterable[FindingView],
    look: Look,
    people: Mapping[str, tuple[bool, str]] | None = None,
) -> list[TableRow]:
    """Return the rows of the panel's users; with share-safe on, their addresses are shortened.

    ``people`` says by user id whether something is still to be done and what the list notes of it (see
    ``incident.people``): what was attested, who was told, how long a mailed link still lives.
    """
    open_findings, told = _open(findings), people or {}
    return [
        _user_row(item, state, open_findings.get(item.id), look, told.get(item.id))
        for item in inventory.users.values()
    ]


def _user_row(
    item: UserItem, state: State, finding: FindingView | None, look: Look, told: tuple[bool, str] | None
) -> TableRow:
    user = item.user
    changed = password_changed(item, state)
    decision = state.decisions.get(f"user:{item.id}")
    if decision is not None and decision.decision == "intruder":
        word = "intruder"
    elif finding is not None:
        word = finding_words(finding)[0]
    elif user.is_disabled:
        word = "disabled"
    else:
        word = "secure" if changed and user.tfa_active else "open"
        if word == "open" and told is not None and not told[0]:
            word = "attested"
    two_factor = {True: ("on", "ok"), False: ("off", "warn")}.get(bool(user.tfa_active))
    if user.tfa_active is None:
        two_factor = (dash(look), "dim")
    address = user.email or dash(look)
    notes = [told[1]] if told is not None and told[1] else []
    notes += [finding_words(finding)[1]] if finding is not None else []
    notes += [f"in {item.place.subaccount}"] if item.place.subaccount else []
    notes += [f"moving: {user.migration_status}"] if user.migration_status not in (None, "", "done") else []
    note = "; ".join(notes)
    role = f"{user.role or dash(look)}{' owner' if user.is_master else ''}"
    return TableRow(
        item.id,
        (
            state_cell(word, look),
            Cell(short_address(address) if look.share_safe else address),
            Cell(hide_all_addresses(user.name or dash(look), look)),
            Cell(role),
            Cell(*(two_factor or (dash(look), "dim"))),
            date_cell(user.password_updated_at, look)._replace(style="ok" if changed else ""),
            Cell((user.auth.method if user.auth else None) or dash(look)),
            Cell(hide_all_addresses(note, look), "dim"),
        ),
    )


def password_changed(item: UserItem, state: State) -> bool:
    """Return whether the account shows a password set after access was cut."""
    cut, updated = as_moment(state.people_cut_at), as_moment(item.user.password_updated_at)
    return cut is not None and updated is not None and updated > cut
