"""Templates and rules as rows of the sweep: what mail says, and what would have rung (dossier F). Pure.

The remedy depends on what the intruder did: a template or rule made inside the window is deleted, a version
added to an older template gives way to the one before it, foreign senders are taken out of a version edited in
place, a rule that was loosened gets a limit that fires. The content of a version edited in place cannot be set
back from here: the account keeps no earlier one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from workbench.domain.detection.hosts import CustomerNames, host_of, mail_domains_in, urls_in
from workbench.domain.model.effect_params import (
    EffectParams,
    Rule,
    RuleDeleteParams,
    RuleSetParams,
    TemplateActivateParams,
    TemplateHeadersParams,
    TemplateParams,
)
from workbench.domain.model.settings import PlaceSettings, template_content
from workbench.domain.settings_audit.row import AuditRow, doubts
from workbench.mailgun.evidence_models import Alert, Book
from workbench.mailgun.models import Template, TemplateVersion

# A template may link anywhere; only who the mail claims to be from and where answers go are judged by host.
_IDENTITY = ("from", "reply-to", "sender", "return-path", "errors-to")
# The limit a loosened rule gets where what it was before is not known: Gmail and Yahoo watch senders by the first
# (0.1 % complaints), senders' guides begin to worry at the second (5 % hard bounces).
SAFE_LIMITS = {"complained_rate": "0.001", "hard_bounce_rate": "0.05"}
# Clocks differ; a date further ahead is none.
SKEW = timedelta(days=1)
_FROM_SOURCE = "put the version from your source control back, in the control panel or by your deployment"


class _Repair(NamedTuple):
    """What one key does, with what; ``instruct`` where only a person can."""

    remedy: str = ""
    params: EffectParams | None = None
    instruct: str = ""


class Span(NamedTuple):
    """The time the intruder was in: dates after ``now`` are none (clocks differ by less than ``SKEW``)."""

    since: datetime
    now: datetime

    def holds(self, date: datetime | None) -> bool:
        """Return whether a date lies inside."""
        return date is not None and self.since <= date <= self.now + SKEW

    def latest(self, *dates: datetime | None) -> datetime | None:
        """Return the latest date that can be one; where all lie ahead, the latest of those."""
        there = [date for date in dates if date is not None]
        past = [date for date in there if date <= self.now + SKEW]
        return max(past or there, default=None)


def templates(
    held: list[Template], place: str, domain: str, home: CustomerNames, span: Span
) -> Iterator[AuditRow]:
    """Yield a row for every template of a domain, or of the account where ``domain`` is empty."""
    for template in held:
        version = template.version
        headers = {str(k).lower(): str(v) for k, v in version.headers.items()} if version else {}
        claims = [d for name in _IDENTITY for d in mail_domains_in(headers.get(name, ""))]
        score, signs, calming, foreign = doubts(claims, home)
        links = [host_of(url) for url in urls_in(template_content(template))]
        alike = [host for host in links if home.looks_like(host) and not home.owns(host)]
        # A stranger may be linked to; a stranger who gets the answers is another matter.
        score = score + 1 if score else 0
        signs = tuple(f"its From or Reply-To leads away: {text}" for text in signs)
        if alike:
            score, signs = max(score, 2), (*signs, f"links to {alike[0]}, which looks like a domain of yours")
        strange = [host for host in links if host and not home.owns(host) and host not in home.seen]
        if strange and _about_access(template):
            # Whoever clicks there types a password: no stranger's link belongs into such a mail.
            signs = (*signs, f"a mail about passwords or sign-in that links to {strange[0]}")
            score = max(score, 3)
        repair = _of_template(template, domain, home, span)
        yield AuditRow(
            "template",
            template.id or template.name,
            f"template “{template.name}”" + (f" of {domain}" if domain else " of the account"),
            (place, domain) if domain else (place,),
            dated=span.latest(template.created_at, version.created_at if version is not None else None),
            edits_undated=True,
            score=score,
            signs=signs,
            calming=calming,
            remedy=repair.remedy,
            params=repair.params,
            instruct=repair.instruct,
            hosts=(*foreign, *(host for host in links if host and not home.owns(host))),
        )


def _about_access(template: Template) -> bool:
    """Return whether a template is about passwords or signing in, by its name, subject and text."""
    version = template.version
    subject = (
        " ".join(str(v) for k, v in version.headers.items() if str(k).lower() == "subject") if version else ""
    )
    words = f"{template.name} {template.description or ''} {subject}".lower()
    return any(
        word in words for word in ("password", "reset", "sign-in", "signin", "login", "log-in", "verify")
    )


def _of_template(template: Template, domain: str, home: CustomerNames, span: Span) -> _Repair:
    name = template.name
    if span.holds(template.created_at):
        return _Repair("template.delete", TemplateParams(domain=domain, name=name))
    version = template.version
    if version is None:
        return _Repair(instruct=_FROM_SOURCE)
    before = _before(template, version, span)
    if before is not None:
        older = TemplateActivateParams(domain=domain, name=name, tag=before.tag, instead=version.tag)
        return _Repair("template.activate", older)
    kept = {
        str(header): str(value)
        for header, value in version.headers.items()
        if str(header).lower() not in _IDENTITY or not _leads_away(str(value), home)
    }
    if len(kept) < len(version.headers):
        taken = tuple(sorted(set(map(str, version.headers)) - set(kept)))
        clean = TemplateHeadersParams(domain=domain, name=name, tag=version.tag, headers=kept, taken=taken)
        return _Repair("template.headers", clean, _FROM_SOURCE)
    return _Repair(instruct=_FROM_SOURCE)


def _before(template: Template, active: TemplateVersion, span: Span) -> TemplateVersion | None:
    """Return the newest version of before the window, where the active one was made inside it."""
    if not span.holds(active.created_at):
        return None
    older = [v for v in template.versions if v.created_at is not None and not span.holds(v.created_at)]
    return max(older, key=lambda v: str(v.created_at), default=None)


def _leads_away(value: str, home: CustomerNames) -> bool:
    score, _, _, _ = doubts(mail_domains_in(value), home)
    return score > 0


def rules(held: PlaceSettings, span: Span) -> Iterator[AuditRow]:
    """Yield a row for every alert and limit rule of a region."""
    for kind, book, found in (
        ("alert", Book.ALERT, held.alerts),
        ("limit-rule", Book.LIMIT, held.limit_rules),
    ):
        for rule in found:
            yield _rule(kind, book, rule, str(held.place), span)


def _rule(kind: str, book: Book, rule: Alert, place: str, span: Span) -> AuditRow:
    changed = rule.updated_at or rule.created_at
    what = f"{rule.metric} {rule.comparator or ''} {rule.limit}".strip()
    repair = _of_rule(book, rule, span, what)
    return AuditRow(
        kind,
        rule.name,
        f"{'alert' if kind == 'alert' else 'limit'} rule “{rule.name}” ({what})",
        (place,),
        dated=changed,
        dated_word="changed" if rule.updated_at else "made",
        remedy=repair.remedy,
        params=repair.params,
        instruct=repair.instruct,
    )


def _of_rule(book: Book, rule: Alert, span: Span, what: str) -> _Repair:
    instruct = (
        f"look whether “{what}” is what you set, and set it back in the control panel: a rule that never fires "
        "hides the next abuse"
    )
    if span.holds(rule.created_at):
        return _Repair("rule.delete", RuleDeleteParams(book=book))
    safe = SAFE_LIMITS.get(rule.metric or "")
    if rule.metric is None or safe is None or not rule.dimension or not _looser(rule, safe):
        return _Repair(instruct=instruct)
    written = Rule(
        metric=rule.metric,
        comparator=">",
        limit=safe,
        dimension=rule.dimension,
        filters=rule.filters,
        description=rule.description or "",
        period=rule.period or None,
        alert_channels=rule.alert_channels if book is Book.ALERT else None,
    )
    return _Repair("rule.set", RuleSetParams(book=book, rule=written, was=what), instruct)


def _looser(rule: Alert, safe: str) -> bool:
    """Return whether a rule fires later than the safe limit, or only when all is well."""
    if rule.comparator not in (">", ">="):
        return True
    try:
        return float(rule.limit or 0) > float(safe)
    except ValueError:
        # Not a number: the account would not fire by it either.
        return True
