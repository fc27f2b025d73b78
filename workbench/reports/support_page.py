"""One page for Support at 80 columns: cause, since when, closed how, the six steps, what only Support can do. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.core.clock import iso
from workbench.core.redact import key_tail, visible
from workbench.core.words import listed
from workbench.domain.forensics.planted import planted
from workbench.domain.forensics.recorded import RecordedAssessment
from workbench.domain.forensics.since import abuse_began_text, first_sign, used_by_the_intruder
from workbench.domain.leaks import leaks
from workbench.domain.leaks.common import common_causes
from workbench.domain.leaks.recorded import EXPOSURE, PLUGIN, FoundLeak, LeaksFound
from workbench.domain.mail import landing
from workbench.domain.mail.links import defanged_shape
from workbench.domain.mail.samples import KeptMail
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.domain.runbook import panel, runbook
from workbench.domain.runbook.containment_state import containment
from workbench.reports.audiences import nothing_sent, unjudged
from workbench.reports.blocks import Bullets, Section, Table, Text

WIDTH = 80
_MESSAGES = 3  # by id and storage key
_PLACES = 2  # of each kind that Support's article asks for
_SHOWN = 3  # of addresses, ids and messages; the rest is counted
# Support's own numbers, and the steps of ours that answer them.
_ARTICLE = (
    ("A1", "investigate", ("7",)),
    ("A2", "API keys deleted, new ones made", ("1",)),
    ("A3", "SMTP passwords reset on every domain", ("2",)),
    ("A4", "strangers out, new passwords", ("1b", "4")),
    ("A5", "two-factor for every user", ("5",)),
    ("A6", "told you, host, repositories", ("12",)),
)
_PANEL = (panel.API_SECURITY, panel.SUPPORT)


def cause(situation: Situation) -> Section:
    """Return the cause in one sentence, since when, and whether it is over."""
    state = situation.state
    lines = [
        f"Cause: {visible(_cause(state), 200)}",
        *(f"Common to several places: {visible(one, 90)}" for one in common_causes(state)[:1]),
        *interests(state),
        f"Abuse since: {abuse_began_text(situation) or _no_beginning(situation)}",
        f"State: {visible(containment(situation).words, 200)}.",
        f"Access cut: {f'{state.first_cut_at} to {state.last_cut_at}' if state.first_cut_at else 'not yet'}",
    ]
    return Section("Cause and state", (Bullets(tuple(lines)),))


def _cause(state: State) -> str:
    """Return how it came about as far as is known: what was taken, or else who was probably signed in as one of us."""
    found = state.fact(LeaksFound)
    if found is None:
        return "Not searched yet."
    if found.thefts:
        return f"{found.thefts[0].sentence} (how sure: {_first_clause(found.thefts[0].how_sure)})"
    if found.people:
        return f"Probably a person's sign-in, and no file: {leaks.suspicion(found.people[0])}"
    return "Not found so far; searched: see the full report."


def interests(state: State) -> tuple[str, str]:
    """Return what was found of the two kinds of places that Support's article asks for by name."""
    rows = state.known(LeaksFound).exposures
    plugins = [row for row in rows if row.what == PLUGIN]
    configurations = [row for row in rows if row.what == EXPOSURE]
    served = dict.fromkeys(
        f"{one.path} (served to {one.address})"
        for one in state.known(LeaksFound).thefts
        if one.path and one.address
    )
    nothing = "none found in what was searched" if state.fact(LeaksFound) is not None else "not searched yet"

    def at(found: Sequence[FoundLeak]) -> list[str]:
        places = (f"{row.shown} at {leaks.spot(row.where[0])}" for row in found if row.where)
        return [leaks.below_what_was_searched(state, place) for place in places]

    def told(places: Sequence[str]) -> str:
        return listed((visible(one, 62) for one in places), _PLACES) or nothing

    return (
        f"Vulnerable WordPress sites: {told(at(plugins))}.",
        f"Exposed environments (Apache, Laravel, NodeJS or similar): {told([*served, *at(configurations)])}.",
    )


def article(situation: Situation) -> Section:
    """Return the six steps of the article, each done only where every step of ours behind it is."""
    views = {view.id: view for view in runbook.steps(situation)}
    rows = []
    for number, title, ours in _ARTICLE:
        verdicts = [views[step].verdict for step in ours if step in views]
        closed = {runbook.Verdict.DONE, runbook.Verdict.NOT_APPLICABLE}
        if verdicts and all(one in closed for one in verdicts):
            said = "done"
        elif verdicts and all(one in {*closed, runbook.Verdict.ATTESTED} for one in verdicts):
            said = "attested"
        else:
            said = next((one.value for one in verdicts if one not in closed), "not known")
        rows.append((number, title, said))
    return Section("Your article, step by step", (Table(("step", "what", "stands"), tuple(rows)),))


def traces(situation: Situation) -> Section:
    """Return what Support can look up: key ids by their tails, the window, addresses, subjects."""
    state = situation.state
    theirs = {*used_by_the_intruder(situation), *planted(state)}
    ended = [r for r in state.of_kind(EffectKind.KEY_DELETE) if r.state is EffectState.VERIFIED]
    # What the intruder had comes first: the rest is counted.
    ended.sort(key=lambda record: f"key:{record.effect.target}" not in theirs)
    deleted = [f"{key_tail(r.effect.target)} ({r.done_at[11:16]}Z)" for r in ended]
    fact = state.known(RecordedAssessment)
    senders = [one for one in fact.senders if one.is_the_intruders]
    addresses = list(dict.fromkeys(a for one in senders for a in one.addresses))
    fetchers = list(dict.fromkeys(one.fetched_by for one in state.known(LeaksFound).thefts if one.fetched_by))
    subjects = list(dict.fromkeys(s for one in senders for s in one.subjects))
    stored = state.known(KeptMail).stored
    ids = [f"{one.message_id} (storage key {one.storage_key})" for one in stored[:_MESSAGES]]
    pages = [defanged_shape(one.shape) for one in landing.landings(situation)]
    lines = (
        f"Keys deleted, by the end of their id: {_some(deleted)}",
        f"Window (UTC): {_window(situation)}",
        f"Intruder's addresses: {_some(addresses)}",
        *([f"Fetched a leaked secret: {_some(fetchers)}"] if fetchers else []),
        f"Subjects: {_some([f'“{visible(one, 36)}”' for one in subjects])}",
        f"Landing pages: {_some(pages, 90, _PLACES)}",
        f"Messages: {_some(ids, 320)}",
    )
    return Section("To look up", (Bullets(lines),))


def asked(situation: Situation) -> Section:
    """Return what only Support can do, and where we stand in the panel."""
    items = (
        "End all panel sessions; send login history and audit log since it began.",
        "Tell us which key ids called which endpoints, also reads, in the window above.",
        "Confirm the steps above and re-enable the account.",
    )
    return Section("What we ask", (Bullets(items), Text(f"Panel: {', '.join(_PANEL)}")))


def _no_beginning(situation: Situation) -> str:
    if nothing_sent(situation):
        return "no sending by the intruder was seen; whether somebody only read cannot be told"
    if waiting := unjudged(situation):
        return f"cannot tell yet: {waiting}"
    return "cannot tell from the metrics; the log tells once it is assessed"


def _window(situation: Situation) -> str:
    """Return from when to when Support should look: from the first sign of somebody else, often before the mail."""
    window = situation.state.known(RecordedAssessment).window
    if window is None:
        return "not assessed yet"
    first = first_sign(situation)
    if first is None:
        return "no abuse in the metrics or the log"
    return f"{iso(first[0])} ({first[1]}) to {window.ended or 'now: no end of it was seen'}"


def _first_clause(words: object) -> str:
    """Return how sure something is, without its grounds: the full report has them."""
    return str(words).partition(":")[0].partition(";")[0]


def _some(found: Sequence[object], most: int = 60, shown: int = _SHOWN) -> str:
    """Return a few of what was found, each at most so many characters: what is looked up by is never cut."""
    return listed((visible(str(one), most) for one in found), shown) or "none known"
