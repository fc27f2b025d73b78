"""What a report says, for whom. Pure: situation and journal in, sections out; renderers make the files.

Each audience gets its own sections from the same facts. No secret can be here, because none is in the
journal; people's addresses stay out of everything but what Support and the recipients' notice need.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from workbench.core.clock import iso
from workbench.core.redact import visible
from workbench.core.words import clauses, plural
from workbench.domain.detection import findings
from workbench.domain.forensics import timeline
from workbench.domain.leaks import leaks
from workbench.domain.leaks.common import common_causes
from workbench.domain.leaks.leaks import leak_findings
from workbench.domain.model.hash_chain import UNREADABLE
from workbench.domain.model.inventory import UserItem
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import JournalRow
from workbench.domain.runbook import coverage, runbook
from workbench.domain.runbook.containment_state import containment
from workbench.domain.runbook.sending import sending
from workbench.domain.runbook.users import sign_in
from workbench.presentation.activity_log import line_of
from workbench.reports import (
    audiences,
    closing,
    credential_sections,
    duties,
    mail_sections,
    production,
    support_page,
)
from workbench.reports.blocklists import asked_of_support, blocklists
from workbench.reports.blocks import Bullets, Section, Table, Text
from workbench.reports.readable import block_json, people_shortened, reworded

COLUMNS = 100  # of plain text: ticket boxes and mail break longer lines as they like


class Audience(StrEnum):
    """Who reads it."""

    SUPPORT = "support"
    HOST = "host"
    MANAGEMENT = "management"
    MARKETING = "marketing"
    RECIPIENTS = "recipients"
    TIMELINE = "timeline"
    SUPPORT_PAGE = "support-page"
    PRIVACY = "privacy"
    INSURER = "insurer"
    DECISIONS = "decisions"
    POLICE = "police"


@dataclass(frozen=True, slots=True)
class Report:
    """One audience's report. ``journal_seq`` and ``journal_hash`` say which state of the journal it tells."""

    audience: Audience
    title: str
    incident: str
    written_at: str
    journal_seq: int
    journal_hash: str
    sections: tuple[Section, ...] = field(default=())

    @property
    def width(self) -> int:
        """Return how many columns its plain text takes at most."""
        return support_page.WIDTH if self.audience is Audience.SUPPORT_PAGE else COLUMNS

    @property
    def seal(self) -> str:
        """Return the sentence that ties the report to the journal, honest about what it proves."""
        if self.audience is Audience.SUPPORT_PAGE:
            return f"Journal row {self.journal_seq} (`workbench report --verify`), hash {self.journal_hash}"
        return (
            f"Journal row {self.journal_seq}, hash {self.journal_hash}. `workbench report --verify` checks this "
            "report against the journal. Only a hash that already left this machine proves anything: whoever "
            "controls the machine could rewrite both."
        )


@dataclass(frozen=True, slots=True)
class Material:
    """What reports are made of."""

    situation: Situation
    rows: Sequence[JournalRow]
    journal_hash: str


def compose(audience: Audience, material: Material) -> Report:
    """Return the report for an audience, as the facts stand now."""
    situation = material.situation
    name = f": {visible(situation.state.name, 60)}" if situation.state.name else ""
    return Report(
        audience,
        f"{_TITLES[audience]}{name}",
        situation.state.incident,
        iso(situation.now),
        situation.state.last_seq,
        material.journal_hash,
        _readable(
            audience, situation, [*_ground(material), *(part(material) for part in _SECTIONS[audience])]
        ),
    )


def _readable(audience: Audience, situation: Situation, sections: Sequence[Section]) -> tuple[Section, ...]:
    """Return the sections as this audience may read them.

    Only Support needs the users' addresses whole; strangers are named whole where they are looked for. Places go by
    the folder that was searched, not by where it lies on the machine that searched.
    """
    plain = reworded(sections, lambda text: leaks.below_what_was_searched(situation.state, text))
    if audience is Audience.SUPPORT:
        return plain
    return people_shortened(situation, plain, strangers_too=audience not in _LOOKING_FOR_STRANGERS)


def _ground(material: Material) -> tuple[Section, ...]:
    """Return what must be read before everything else: a report rests on its journal."""
    state = material.situation.state
    said = [state.damage] if state.damage else []
    if state.unread_rows:
        said.append(
            f"{plural(len(state.unread_rows), 'journal row')} cannot be read; what they said is missing here."
        )
    if state.after.get("damage"):
        said.append(state.succeeds)
    return (Section("The record this rests on is damaged", (Bullets(tuple(said)),)),) if said else ()


# ── sections ─────────────────────────────────────────────────────────────────────────────────────────────


def _summary(material: Material) -> Section:
    situation = material.situation
    state, volume = situation.state, situation.volume
    lines = [f"Incident {state.incident}, opened {state.opened_at}. All times UTC."]
    if not_read := coverage.summary(situation.inventory):
        lines.append(not_read)
    lines += audiences.since_when(situation)
    if state.first_cut_at:
        whole = state.first_cut_at == state.last_cut_at
        when = (
            f"at {state.first_cut_at}" if whole else f"between {state.first_cut_at} and {state.last_cut_at}"
        )
        lines.append(f"Access was cut {when}.")
    lines.append(f"Is it over? {audiences.sentence(containment(situation).words)}")
    lines.append(audiences.sentence(sending(volume, state, situation.now).text))
    lines += [
        f"{event.at}: {'contained' if event.contained else 'no longer contained'}"
        + (f", open through {'; '.join(event.through[:4])}" if event.through else "")
        for event in state.containment
    ]
    if not containment(situation).contained:
        lines.append("Containment is NOT complete; see the open steps.")
    return Section("Summary", (Bullets(tuple(lines)),))


def _steps(material: Material) -> Section:
    views = runbook.steps(material.situation)
    rows = tuple(
        (
            view.id,
            view.title,
            view.source,
            view.verdict.value,
            f"{view.progress[0]}/{view.progress[1]}" if view.progress else "",
            visible(view.evidence[0], 160) if view.evidence else "",
        )
        for view in views
    )
    note = "Sources: A1–A6 are the steps of your compromised-account article, G1–G4 those of the guide."
    return Section(
        "Steps with evidence",
        (Text(note), Table(("step", "what", "from", "verdict", "done", "evidence"), rows)),
    )


def _people(material: Material) -> Section:
    situation = material.situation
    rows = tuple(
        (
            visible(item.user.email or item.user.name or item.id, 80),
            visible(item.user.role or "", 20),
            sign_in(item),
            f"{item.user.password_updated_at:%Y-%m-%d %H:%M}Z"
            if item.user.password_updated_at
            else "not shown",
            "active" if item.user.tfa_active else "NOT active",
            _judged(situation, item),
        )
        for item in situation.inventory.users.values()
    )
    headers = ("user", "role", "signs in by", "password changed", "two-factor", "judged")
    gaps = coverage.unread(situation.inventory, ("users",))
    said = tuple(Text(audiences.sentence(coverage.said(gap))) for gap in gaps)
    if not rows:
        return Section("Users", said or (Text("The account shows no users."),))
    return Section("Users", (Table(headers, rows), *said))


def _found(material: Material) -> Section:
    state = material.situation.state
    rows = tuple(
        (
            f.severity,
            f.kind,
            visible(leaks.below_what_was_searched(state, f.title), 100),
            visible(leaks.below_what_was_searched(state, clauses(f.why)), 160),
            f.decision or "not judged yet",
        )
        for f in (*findings.findings(material.situation), *leak_findings(material.situation.state))
    )
    if not rows:
        where = "In what could be read nothing" if material.situation.inventory.gaps else "Nothing"
        return Section("Findings", (Text(f"{where} was found that needs judging."),))
    return Section("Findings", (Table(("severity", "kind", "what", "why", "decision"), rows),))


def _investigation(material: Material) -> Section:
    state = material.situation.state
    lines = [*common_causes(state), *leaks.lines(state)]
    lines += [f"{a.text} ({a.who}, {a.at})" for a in state.attestations if a.step == "7"]
    if not lines:
        lines = ["How the credential leaked is not established yet; we will report it separately."]
    return Section("How it leaked", (Bullets(tuple(visible(line, 500) for line in lines)),))


def _asked_of_support(material: Material) -> Section:
    items = (
        "Please confirm that every step of the compromised-account article is satisfied, and re-enable the account.",
        "Please end all control-panel sessions, and send the login history and the audit log since the abuse began.",
        *asked_of_support(material.situation.state.listings),
    )
    return Section("What we ask", (Bullets(items),))


def _of(section: Callable[[Situation], Section]) -> Callable[[Material], Section]:
    """Return a section that needs only the situation as one of a report."""
    return lambda material: section(material.situation)


def _timeline(material: Material) -> Section:
    """What the account and the searches date, then every journal row that says something, by its number."""
    situation = material.situation
    whole = timeline.timeline(situation)
    # What the account dates is told from the abuse window on; how the secret got out may lie long before.
    dated = timeline.between(whole, situation.background.since, None, _DATED)
    dated += timeline.between(whole, None, None, (timeline.MomentKind.EXPOSURE, timeline.MomentKind.LISTING))
    rows = [(iso(moment.at), moment.kind.value, moment.text) for moment in dated]
    for row in material.rows:
        try:
            line = line_of(row, situation.state)
        except UNREADABLE:
            rows.append((row.at, str(row.seq), "this journal row cannot be read"))
            continue
        # What was put off for some minutes is news on the screen; to a reader of the report nothing happened.
        if line is not None and not (row.kind == "fact" and line.tone == "info"):
            rows.append((row.at, str(row.seq), line.text))
    return Section("Timeline", (Table(("at", "from", "what"), tuple(sorted(rows, key=lambda r: r[0]))),))


def _judged(situation: Situation, item: UserItem) -> str:
    decision = situation.state.decisions.get(f"user:{item.id}")
    if decision is not None:
        return decision.decision
    return "to be judged" if situation.of_user(item).likely else "ours"


# Who looks for the intruder, to whom a stranger's address is a trace; to anybody else it is somebody's address.
_LOOKING_FOR_STRANGERS = frozenset({Audience.SUPPORT_PAGE, Audience.POLICE, Audience.TIMELINE})
_DATED = (timeline.MomentKind.ACCOUNT, timeline.MomentKind.SETTING, timeline.MomentKind.LOG)
_TITLES = {
    Audience.SUPPORT: "Compromised account, report to Mailgun Support",
    Audience.HOST: "Compromised mail account, to our hosting provider",
    Audience.MANAGEMENT: "What happened to our mail account",
    Audience.MARKETING: "Mail abuse, for marketing and customer care",
    Audience.RECIPIENTS: "Notice to recipients, draft",
    Audience.TIMELINE: "Full timeline",
    Audience.SUPPORT_PAGE: "Compromised account, one page",
    Audience.PRIVACY: "For data protection: facts, hours, drafts",
    Audience.INSURER: "For the insurer",
    Audience.DECISIONS: "What was decided, by whom, when",
    Audience.POLICE: "For the police: misuse of a mail account",
}
_MAIL = (_of(mail_sections.the_mail), _of(mail_sections.links))
_SECTIONS: dict[Audience, tuple[Callable[[Material], Section], ...]] = {
    Audience.SUPPORT: (
        _summary,
        _steps,
        _investigation,
        lambda material: credential_sections.keys(material.situation),
        lambda material: credential_sections.logins(material.situation),
        _people,
        _found,
        _of(audiences.what_went_out),
        _of(audiences.sent),
        *_MAIL,
        _of(blocklists),
        _of(closing.measures),
        _asked_of_support,
        _of(closing.still_open),
    ),
    Audience.HOST: (_summary, _investigation, *_MAIL, _of(audiences.asked_of_host)),
    Audience.MANAGEMENT: (
        _summary,
        _of(audiences.where_we_stand),
        _of(audiences.safe_because),
        _of(audiences.what_went_out),
        _of(production.production_lost),
        _of(blocklists),
        _of(closing.hand_over),
        _of(closing.measures),
        _of(closing.still_open),
    ),
    Audience.MARKETING: (
        _of(audiences.sent),
        *_MAIL,
        _of(audiences.what_went_out),
        _of(production.production_lost),
        _of(blocklists),
        _of(audiences.to_say),
    ),
    Audience.RECIPIENTS: (_of(audiences.notice),),
    Audience.TIMELINE: (_summary, _timeline),
    Audience.SUPPORT_PAGE: (
        _of(support_page.cause),
        _of(support_page.article),
        _of(support_page.traces),
        _of(support_page.asked),
    ),
    Audience.PRIVACY: (
        _of(duties.clock),
        _of(duties.affected),
        _of(duties.what_could_be_read),
        _of(duties.notice_to_authority),
        _of(duties.letter_to_people),
        _of(duties.decision_log),
    ),
    Audience.INSURER: (
        _of(duties.insurer),
        _of(duties.affected),
        _of(production.production_lost),
        _of(closing.still_open),
    ),
    Audience.DECISIONS: (_of(duties.decision_log),),
    Audience.POLICE: (
        _summary,
        _investigation,
        _of(audiences.sent),
        *_MAIL,
        _of(duties.affected),
        _of(mail_sections.asked_of_police),
    ),
}


def to_json(report: Report) -> dict[str, Any]:
    """Return a report as plain JSON values."""
    return {
        "audience": report.audience.value,
        "title": report.title,
        "written_at": report.written_at,
        "journal": {"row": report.journal_seq, "hash": report.journal_hash},
        "sections": [
            {"title": section.title, "blocks": [block_json(block) for block in section.blocks]}
            for section in report.sections
        ],
    }
