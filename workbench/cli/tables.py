"""Tables for the command line. Everything that came from outside is made harmless here."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence, Sized
from typing import TYPE_CHECKING, Any

from workbench.core.redact import key_tail, visible

if TYPE_CHECKING:
    # For annotations only: `leaks` prints a table too, and its start-up time counts.
    from workbench.domain.detection.findings import Finding
    from workbench.domain.forensics.abuse_window import HourSeen, Share
    from workbench.domain.forensics.senders import Sender
    from workbench.domain.model.inventory import Inventory
    from workbench.domain.model.plan import Plan
    from workbench.domain.model.situation import Situation
    from workbench.domain.model.state import EffectRecord
    from workbench.domain.runbook.runbook import StepView
    from workbench.domain.settings_audit.audit import Swept

_WIDTH = 70


def plan(planned: Plan) -> str:
    """Return a plan as a table: what, where, what breaks, how to take it back."""
    rows = [
        (number, visible(e.what, _WIDTH), str(e.place), visible(e.breaks, 50), visible(e.undo, 40))
        for number, e in enumerate(planned, 1)
    ]
    return _table(rows, ("", planned.title, "where", "breaks", "undo"))


def effects(records: Iterable[EffectRecord]) -> str:
    """Return effects with their state and the last evidence."""
    rows = [
        (r.state.value, visible(r.effect.what or r.effect.target, _WIDTH), str(r.effect.place), _last(r))
        for r in records
    ]
    return _table(rows, ("state", "effect", "where", "evidence"))


def steps(views: Sequence[StepView]) -> str:
    """Return the runbook with its verdicts."""
    rows = [
        (
            view.id,
            visible(view.title, 50),
            view.source,
            view.verdict.value,
            f"{view.progress[0]}/{view.progress[1]}" if view.progress else "",
            visible(view.evidence[0], _WIDTH) if view.evidence else "",
        )
        for view in views
    ]
    return _table(rows, ("", "step", "from", "verdict", "", "evidence"))


def findings(found: Sequence[Finding]) -> str:
    """Return the findings, the gravest first."""
    if not found:
        return "No findings to judge."
    rows = [
        (
            f.severity,
            f.kind,
            visible(f.title, _WIDTH),
            visible(f.why[0], 60) if f.why else "",
            f.decision or "open",
        )
        for f in found
    ]
    return _table(rows, ("severity", "kind", "finding", "why", "decision"))


def swept(items: Sequence[Swept]) -> str:
    """Return every setting the sweep looked at, with its verdict."""
    rows = [
        (item.judged.value, item.kind, visible(item.title, _WIDTH), visible("; ".join(item.why), 70))
        for item in sorted(items, key=lambda item: (-item.score, item.kind, item.title))
    ]
    return _table(rows, ("judged", "kind", "setting", "why"))


def questions(hidden: Sequence[tuple[str, str]]) -> str:
    """Return what the API cannot show, each with the question for Support."""
    return _table(list(hidden), ("not shown by the API", "question for Support"))


def hours(seen: Sequence[HourSeen]) -> str:
    """Return the hours with a bar each: accepted messages, what is usual, whether it is abnormal."""
    most = max((hour.accepted for hour in seen), default=0) or 1
    rows = [
        (
            f"{hour.start:%d %b %H:%M}Z",
            f"{hour.accepted:,}",
            f"{hour.usual:,.0f}",
            "█" * max(1 if hour.accepted else 0, round(30 * hour.accepted / most)),
            "abnormal" if hour.excess else "",
        )
        for hour in seen
    ]
    return _table(rows, ("hour", "accepted", "usual", "", ""))


def senders(found: Sequence[Sender]) -> str:
    """Return who sent what: credential, sender, addresses, volume, and what it looks like."""
    rows = [
        (
            sender.decision or sender.looks,
            visible(_credential(sender.credential), 34),
            visible(sender.sender, 34),
            visible(_listed(sender.addresses), 44),
            f"{sender.accepted:,}",
            f"{sender.failed / sender.accepted:.1%}" if sender.accepted else "",
            f"{sender.complained / sender.accepted:.2%}" if sender.accepted else "",
            visible("; ".join(sender.why[:2]), 90),
        )
        for sender in found
    ]
    return _table(rows, ("looks", "credential", "sender", "from", "sent", "refused", "complaints", "why"))


def shares(found: Sequence[Share]) -> str:
    """Return one breakdown of the window: value, messages, and as many hours of the usual pace."""
    rows = [(visible(s.value, _WIDTH), f"{s.accepted:,}", f"{s.usual:,.0f}") for s in found]
    return _table(rows, ("", "in the window", "usual"))


def secrets(service: str, entries: Sequence[str]) -> str:
    """Return the names of stored secrets."""
    if not entries:
        return "This incident has stored no secret yet."
    return _table([(visible(entry, 120),) for entry in entries], (visible(service, 120),))


def unnamed(service: str, entries: Sequence[str]) -> str:
    """Return the names of secrets in the vault that no incident of this home names."""
    rows = [(visible(entry, 120),) for entry in entries]
    return _table(rows, (f"{visible(service, 120)} (named by no incident of this home)",))


def checks(rows: Sequence[tuple[str, str, str, str]], width: int = 120) -> str:
    """Return what a check of the host found: verdict, what, found, and what to do in lines below it.

    Nothing of it is cut (it is what one comes for): it is wrapped to ``width`` columns. A further line of a row
    begins with blanks, so that no text from outside makes a row of its own.
    """
    names = [visible(name, 110) for _, name, _, _ in rows]
    wide = max(30, width - max(map(len, names), default=0) - 8)
    told = [
        (verdict, name, "\n".join([*_wrapped(found, wide), *(_wrapped(f"-> {todo}", wide) if todo else [])]))
        for name, (verdict, _, found, todo) in zip(names, rows, strict=True)
    ]
    return _table(told, ("", "what", "found, and -> what to do"))


def _wrapped(said: str, width: int) -> list[str]:
    return textwrap.wrap(visible(said, 2_000), width)


def leaks(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return what a search for leaks found, one row a secret, flaw or exposure."""
    if not rows:
        return "Nothing was found."
    return _table([tuple(visible(cell, _WIDTH) for cell in row) for row in rows], headers)


def overview(title: str, incident: str, situation: Situation, vault: str) -> str:
    """Return the account in a few lines: what it holds and what it sends."""
    # Here and not above: `leaks` prints tables too, and its start-up time counts.
    from workbench.domain.runbook import old_and_new
    from workbench.domain.runbook.containment_state import containment
    from workbench.domain.runbook.sending import sending

    inventory, volume = situation.inventory, situation.volume
    state = situation.state
    rows = [("JOURNAL", visible(state.damage, 160))] if state.damage else []
    rows += [
        ("account", visible(title, 80)),
        ("incident", incident),
        ("vault", visible(vault, 400)),
        ("is it over?", visible(containment(situation).words, 400)),
        ("API keys", _count(inventory, "keys", inventory.keys)),
        (
            "SMTP logins",
            f"{len(inventory.logins)} on {_count(inventory, 'domains', inventory.domains)} domains",
        ),
        ("users", _count(inventory, "users", inventory.users)),
        ("subaccounts", _count(inventory, "subaccounts", inventory.subaccounts)),
    ]
    if was := old_and_new.counted(situation):
        rows.append(("old credentials", was))
    if volume is not None:
        rows.append(("sending", sending(volume, situation.state, situation.now).text))
        if volume.began is not None:
            rows.append(("abnormal since", f"{volume.began:%Y-%m-%d %H:%M}Z"))
    rows += [("not readable", visible(f"{gap.slice}: {gap.reason}", 400)) for gap in inventory.gaps.values()]
    return _drawn(rows, tablefmt="plain")


def _count(inventory: Inventory, part: str, held: Sized) -> str:
    """Return how many there are; what could not be read, or only in part, is not counted as if it were all."""
    gaps = [gap for gap in inventory.gaps.values() if gap.slice == part]
    if gaps and not len(held):
        return "not readable"
    places = ", ".join(str(gap.place) for gap in gaps if gap.place is not None)
    return f"{len(held)} ({places or 'some'} not readable)" if gaps else str(len(held))


def _credential(name: str) -> str:
    """Return a credential as people say it: ``key …4f2a``, ``smtp app@mg.acme.example``."""
    kind, _, rest = name.partition(":")
    return f"key {key_tail(rest)}" if kind == "key" else f"{kind} {rest}".strip()


def _listed(names: Iterable[str], limit: int = 2) -> str:
    held = [name or "(not told)" for name in names]
    more = f" and {len(held) - limit} more" if len(held) > limit else ""
    return ", ".join(held[:limit]) + more


def table(rows: Sequence[Sequence[object]], headers: Sequence[str]) -> str:
    """Return any rows as a table; the caller has made outside text harmless."""
    return _table(rows, headers)


def _last(record: EffectRecord) -> str:
    if record.failure:
        return visible(record.failure["what"], _WIDTH)
    # The first line is the server's yes, the second what the account itself showed.
    return visible(record.evidence[min(1, len(record.evidence) - 1)], _WIDTH) if record.evidence else ""


def _table(rows: Sequence[Sequence[object]], headers: Sequence[str]) -> str:
    return _drawn(rows, headers=list(headers), tablefmt="simple")


def _drawn(rows: Sequence[Sequence[object]], **look: Any) -> str:
    from tabulate import tabulate  # Loading it takes a tenth of a command's start; documents need none.

    # Numbers in names must stay as written: ids that look like floats would lose digits.
    return tabulate(rows, disable_numparse=True, **look)
