"""What was found, in forms that other programs read: timeline (Timesketch), indicators (CSV, STIX 2.1), findings.

STIX is written as the plain JSON it is: the library that makes it brings a dozen more along, for a few objects whose
form is fixed. A test has that library read the bundle, strictly. Pure.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from workbench import __version__
from workbench.core.clock import iso
from workbench.core.redact import json_escaped, visible
from workbench.documents.documents import head
from workbench.documents.people import shortener
from workbench.domain.detection import findings
from workbench.domain.forensics import attack
from workbench.domain.forensics.indicators import Indicator, Kind, indicators
from workbench.domain.forensics.moment import Moment
from workbench.domain.leaks.leaks import leak_findings
from workbench.domain.model.situation import Situation

SCHEMAS = (
    # What is written for other programs, then what the commands print with --json.
    *("timeline", "stix", "findings", "indicators"),
    *("status", "plan", "contain", "sweep", "assess", "blocklists", "blocklists-round", "leaks", "doctor"),
    *("bundle", "secrets", "secrets-recover", "report", "verify", "evidence", "evidence-export"),
    *("evidence-verify", "mail", "mail-shown", "links", "list", "export", "lost", "purge"),
    *("judge", "attest", "undo", "message", "error"),
)
TIMELINE_COLUMNS = ("message", "datetime", "timestamp_desc", "timestamp", "source", "suspicious", "incident")
INDICATOR_COLUMNS = ("type", "value", "why", "first_seen", "last_seen", "attack")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_DESC = {
    "account": "Account change",
    "setting": "Setting change",
    "log": "Mail log",
    "exposure": "Exposure",
    "listing": "Blocklist",
    "effect": "Containment",
    "incident": "Incident",
    "alarm": "Alarm",
}


def schema(name: str) -> str:
    """Return a shipped JSON schema as text; KeyError for a name that is none of ``SCHEMAS``."""
    if name not in SCHEMAS:
        raise KeyError(name)
    return (files("workbench.documents") / "schemas" / f"{name}.schema.json").read_text("utf-8")


def timeline(situation: Situation, moments: Iterable[Moment]) -> list[dict[str, Any]]:
    """Return the moments as rows with the three fields Timesketch wants: message, datetime, timestamp_desc.

    ``timestamp`` is in microseconds since 1970. People's addresses are shortened.
    """
    shorten = shortener(situation)
    return [
        {
            "message": shorten(visible(one.text, 2000)),
            "datetime": one.at.isoformat(),
            "timestamp_desc": _DESC[one.kind.value],
            "timestamp": int(one.at.timestamp() * 1_000_000),
            "source": one.kind.value,
            "suspicious": one.suspicious,
            "incident": situation.state.incident,
        }
        for one in moments
    ]


def jsonl(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as lines of JSON that are safe on a terminal."""
    return "".join(f"{json_escaped(json.dumps(row, ensure_ascii=False))}\n" for row in rows)


def table(rows: Iterable[Mapping[str, Any]], columns: Iterable[str]) -> str:
    """Return rows as CSV (RFC 4180) in which no cell is a formula."""
    out = io.StringIO()
    names = list(columns)
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue()


def _cell(value: object) -> str:
    text = visible("" if value is None else value, 4000)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def indicator_rows(situation: Situation) -> list[dict[str, Any]]:
    """Return the indicators as rows."""
    return [
        {
            "type": one.kind.value,
            "value": one.value,
            "why": one.why,
            "first_seen": one.first or None,
            "last_seen": one.last or None,
            "attack": " ".join(one.attack),
        }
        for one in indicators(situation)
    ]


def indicator_document(situation: Situation) -> dict[str, Any]:
    """Return the indicators as one document."""
    rows = [{**row, "attack": row["attack"].split()} for row in indicator_rows(situation)]
    return {**head("indicators", situation.state.incident), "at": iso(situation.now), "indicators": rows}


def finding_document(situation: Situation) -> dict[str, Any]:
    """Return the findings with the techniques of MITRE ATT&CK they stand for; people's addresses are shortened."""
    shorten = shortener(situation)
    found = [*findings.findings(situation), *leak_findings(situation.state)]
    rows = []
    for one in found:
        row = one.to_json()
        ids = attack.techniques(one.kind)
        rows.append(
            {
                **row,
                "title": shorten(visible(row["title"], 400)),
                "why": [shorten(visible(line, 400)) for line in row["why"]],
                "attack": [{"id": name, "name": attack.TECHNIQUES[name]} for name in ids],
            }
        )
    return {**head("findings", situation.state.incident), "at": iso(situation.now), "findings": rows}


# ── STIX 2.1 ─────────────────────────────────────────────────────────────────────────────────────────────


def stix(situation: Situation) -> dict[str, Any]:
    """Return the indicators as a STIX 2.1 bundle: each with its pattern, and the techniques it indicates.

    Ids follow from incident and value, so that a later export updates an earlier one in whatever took it.
    """
    incident = situation.state.incident
    stamp = _stamp(situation.state.opened_at) or _stamp(iso(situation.now))
    now = _stamp(iso(situation.now))

    def named(kind: str, value: str) -> str:
        return f"{kind}--{uuid5(NAMESPACE_URL, f'workbench:{incident}:{kind}:{value}')}"

    common = {"spec_version": "2.1", "created": stamp, "modified": now}
    maker = {"type": "identity", "id": named("identity", "tool"), **common, "name": f"workbench {__version__}",
             "identity_class": "system"}  # fmt: skip
    objects: list[dict[str, Any]] = [maker]
    seen: set[str] = set()
    for one in indicators(situation):
        indicator = {
            "type": "indicator",
            "id": named("indicator", f"{one.kind}:{one.value}"),
            **common,
            "created_by_ref": maker["id"],
            "name": visible(f"{one.kind.value} {one.value}", 200),
            "description": one.why,
            "indicator_types": ["malicious-activity"],
            "pattern": pattern(one),
            "pattern_type": "stix",
            "valid_from": _stamp(one.first) or stamp,
        }
        objects.append(indicator)
        for technique in one.attack:
            target = named("attack-pattern", technique)
            if technique not in seen:
                seen.add(technique)
                objects.append(_technique(technique, target, common, maker["id"]))
            objects.append(
                {
                    "type": "relationship",
                    "id": named("relationship", f"{indicator['id']}:{technique}"),
                    **common,
                    "created_by_ref": maker["id"],
                    "relationship_type": "indicates",
                    "source_ref": indicator["id"],
                    "target_ref": target,
                }
            )
    return {"type": "bundle", "id": named("bundle", now), "objects": objects}


def _technique(technique: str, target: str, common: Mapping[str, Any], maker: str) -> dict[str, Any]:
    page = f"https://attack.mitre.org/techniques/{technique.replace('.', '/')}"
    return {
        "type": "attack-pattern",
        "id": target,
        **common,
        "created_by_ref": maker,
        "name": attack.TECHNIQUES[technique],
        "external_references": [{"source_name": "mitre-attack", "external_id": technique, "url": page}],
    }


_PATHS: dict[Kind, str] = {
    Kind.IPV4: "ipv4-addr:value",
    Kind.IPV6: "ipv6-addr:value",
    Kind.HOST: "domain-name:value",
    Kind.URL: "url:value",
    Kind.MAILBOX: "email-addr:value",
    Kind.SUBJECT: "email-message:subject",
    Kind.FILE: "file:hashes.'SHA-256'",
    Kind.AGENT: "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'",
    Kind.KEY: "x-mailgun-api-key:id_end",
}


def pattern(one: Indicator) -> str:
    """Return the STIX pattern of an indicator; ``#``, which stands for what varies, becomes ``%`` of LIKE."""
    value = one.value.removeprefix("…") if one.kind is Kind.KEY else one.value
    how = "="
    if one.kind in (Kind.URL, Kind.SUBJECT) and "#" in value:
        value, how = value.replace("%", "_").replace("#", "%"), "LIKE"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"[{_PATHS[one.kind]} {how} '{escaped}']"


def _stamp(text: str) -> str:
    """Return a moment as STIX writes it, ``""`` where there is none: UTC, milliseconds, ``Z``."""
    from workbench.mailgun.dates import parse_moment

    moment = parse_moment(text) if text else None
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z" if moment is not None else ""


def made(kind: str, situation: Situation, moments: Callable[[], Iterable[Moment]]) -> str:
    """Return the content of one export: a kind of ``KINDS``."""
    match kind:
        case "timeline-jsonl":
            return jsonl(timeline(situation, moments()))
        case "timeline-csv":
            return table(timeline(situation, moments()), TIMELINE_COLUMNS)
        case "indicators-csv":
            return table(indicator_rows(situation), INDICATOR_COLUMNS)
        case "indicators":
            return _text(indicator_document(situation))
        case "stix":
            return _text(stix(situation))
        case "findings":
            return _text(finding_document(situation))
    raise KeyError(kind)


KINDS = {
    "timeline-jsonl": "the timeline for Timesketch, JSON lines",
    "timeline-csv": "the timeline for Timesketch, CSV",
    "indicators-csv": "indicators, CSV",
    "indicators": "indicators, JSON",
    "stix": "indicators, STIX 2.1",
    "findings": "findings with MITRE ATT&CK ids, JSON",
}


def _text(document: Mapping[str, Any]) -> str:
    return json_escaped(json.dumps(document, ensure_ascii=False, indent=1)) + "\n"
