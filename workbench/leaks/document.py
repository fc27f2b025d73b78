"""The stable JSON form of a search (schema ``workbench.leaks/1``) and the rows of its table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.core.clock import iso
from workbench.leaks.findings import LeakFinding
from workbench.leaks.model import CommitRef, LeakPlace, SearchCoverage
from workbench.leaks.neighbours import search_strings
from workbench.leaks.report import SCHEMA, LeakReport

if TYPE_CHECKING:
    from workbench.leaks.correlate import Theft
    from workbench.leaks.logreport import Fetch, LogReport, Visitor
    from workbench.leaks.sites import SiteExposure, SiteReport
    from workbench.leaks.wordpress import Vulnerable

_MOST_FETCHES = 500
_MOST_VISITORS = 200


def document(report: LeakReport) -> dict[str, Any]:
    """Return the report as plain JSON data. Share-safe shortens nothing here (design, contracts)."""
    unread = _not_read(report)
    result: dict[str, Any] = {
        "schema": SCHEMA,
        "incident": report.incident,
        "complete": not unread,
        "not_read": unread,
        "findings": [
            *(_finding(one) for one in report.findings),
            *(_exposed(one) for site in report.sites for one in site.exposures),
            *_plugins([*report.plugins, *(one for site in report.sites for one in site.vulnerable)]),
        ],
        "searched": [
            {
                "target": one.target,
                "what": one.what,
                "files": one.files,
                "bytes": one.bytes,
                "seconds": round(one.seconds, 3),
                "error": one.error or None,
                "gaps": list(one.gaps),
            }
            for one in report.searched
        ],
        "coverage": _coverage(report.coverage),
        "verdict": report.verdict,
        "sites": [_site(one) for one in report.sites],
        "logs": _logs(report.logs) if report.logs is not None else None,
        "thefts": [_theft(one) for one in report.thefts],
        "neighbours": _neighbours(report),
        "search_elsewhere": list(
            search_strings(
                (one.key_id for one in report.findings),
                (place.login for one in report.findings for place in one.where if place.login),
            )
        ),
    }
    if report.accepted_now:
        result["accepted_now"] = report.accepted_now
    return result


def _neighbours(report: LeakReport) -> list[dict[str, Any]]:
    """Return the other secrets of the leaked files, each once: what others have to replace.

    The same value under the same name in another file (a tree and the site that is made of it) is the same
    secret: ``also`` says where else it stands. A file on disk comes before a page of a site.
    """
    places = {
        (place.root, place.path, one.name): one
        for finding in report.findings
        for place in finding.where
        for one in place.neighbours
    }
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for (root, path, name), one in sorted(places.items(), key=lambda item: "://" in item[0][0]):
        row = rows.setdefault(
            (name, one.same) if one.same else (name, root, path),
            {"root": root, "path": path, "name": name, "vendor": one.vendor, "also": []},
        )
        if (row["root"], row["path"]) != (root, path):
            row["also"].append({"root": root, "path": path})
    return list(rows.values())


def _finding(one: LeakFinding) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind.value,
        "fingerprint": one.fingerprint,
        "shown": one.shown,
        "key_id": one.key_id or None,
        "known": one.known or None,
        "account": one.account or None,
        "state": one.liveness.value,
        "severity": one.severity,
        "why": one.why,
        "decision": "accepted" if one.accepted else "open" if one.open else "dead",
        "in_head": _in_head(one),
        "where": [_place(place) for place in one.where],
        "more_places": one.more_places,
        "todo": todo(one),
    }


def _in_head(one: LeakFinding) -> bool | None:
    """True when HEAD still holds it, False when only history does, None when no history was read."""
    seen = [place.in_head for place in one.where if place.origin == "history"]
    return any(seen) if seen else None


def _place(place: LeakPlace) -> dict[str, Any]:
    row: dict[str, Any] = {
        "origin": place.origin,
        "root": place.root,
        "path": place.path,
        "line": place.line,
        "placement": place.placement,
        "name": place.name or None,
        "login": place.login or None,
    }
    if place.inside:
        row["inside"] = place.inside
    if place.modified:
        row["modified"] = place.modified
    if place.origin == "history":
        row |= {
            "blob": place.blob,
            "commit": place.first_commit.oid if place.first_commit else None,
            "author": place.first_commit.author if place.first_commit else None,
            "first_commit": _commit(place.first_commit),
            "last_commit": _commit(place.last_commit),
            "in_head": place.in_head,
            "only_in_history": not place.in_head,
            "reachable": place.reachable,
        }
    return row


def _commit(ref: CommitRef | None) -> dict[str, str] | None:
    return None if ref is None else {"commit": ref.oid, "author": ref.author, "date": ref.date}


def todo(one: LeakFinding) -> str:
    """Return what to do about a finding, in the order it matters."""
    if not one.open:
        return (
            "Nothing: accepted." if one.accepted else "Remove it where it lies; it no longer opens anything."
        )
    steps = ["Replace this secret first; then remove it from every place listed."]
    if any(place.origin == "history" for place in one.where):
        steps.append(
            "Purge it from the history too (git filter-repo), and ask the forge to drop cached views and "
            "forks."
        )
    if any(place.origin == "web" for place in one.where):
        steps.append("Block the path on the site at once.")
    return " ".join(steps)


def _exposed(one: SiteExposure) -> dict[str, Any]:
    return {
        "id": f"exposure-{one.digest}",
        "kind": "exposure",
        "exposes": one.kind,
        "severity": "critical" if one.grade == "P3" else "high",
        "state": "still exposed",
        "why": f"served with {', '.join(one.proof)}",
        "grade": one.grade,
        "decision": "open",
        "where": [{"origin": "web", "root": one.site, "path": one.path, "line": 0}],
        "status": one.status,
        "length": one.length,
        "at": one.at,
        "todo": one.todo,
    }


def _plugins(found: list[Vulnerable]) -> list[dict[str, Any]]:
    """One finding a flaw and version, with every place (files and public pages may both show it)."""
    merged: dict[tuple[str, str], dict[str, Any]] = {}
    for one in found:
        row = _plugin(one)
        known = merged.setdefault((one.flaw.cve, one.installed.version), row)
        if known is not row:
            known["where"] += row["where"]
    return list(merged.values())


def _plugin(one: Vulnerable) -> dict[str, Any]:
    flaw = one.flaw
    return {
        "id": flaw.cve,
        "kind": "wordpress-plugin",
        "severity": "low"
        if flaw.how == "minor"
        else "critical"
        if flaw.score >= 9 or flaw.how == "leak"
        else "high",
        "state": "still exposed",
        "why": f"{flaw.slug} {one.installed.version}: {flaw.who} {flaw.what} ({flaw.cve}, score {flaw.score})",
        "decision": "open",
        "site_itself": flaw.how == "itself",
        "affected": flaw.affected,
        "fixed_in": flaw.fixed or None,
        "where": [{"origin": "wordpress", "root": "", "path": one.installed.where, "line": 0}],
        "changed": one.installed.changed or None,
        "todo": one.todo,
    }


def _coverage(coverage: SearchCoverage) -> dict[str, Any]:
    return {
        "files": coverage.files,
        "bytes": coverage.bytes,
        "complete": coverage.complete,
        "unread": sum(coverage.skipped[reason] for reason in coverage.gaps),
        "skipped": [
            {
                "reason": reason,
                "count": count,
                "example": coverage.examples.get(reason),
                "gap": reason in coverage.gaps,
            }
            for reason, count in sorted(coverage.skipped.items())
        ],
    }


def _not_read(report: LeakReport) -> list[dict[str, Any]]:
    """Return what was asked for and could not be searched, in the form of every document: what, where, why."""
    coverage = report.coverage
    rows: list[dict[str, Any]] = [
        {"what": coverage.examples.get(reason) or "a file", "where": None, "why": reason}
        for reason in sorted(coverage.gaps)
    ]
    rows += [{"what": one.target, "where": None, "why": one.error} for one in report.searched if one.error]
    rows += [{"what": one.site, "where": None, "why": one.stopped} for one in report.sites if one.stopped]
    return rows


def _site(one: SiteReport) -> dict[str, Any]:
    return {
        "site": one.site,
        "requests": len(one.asked),
        "stopped": one.stopped or None,
        "by_hand": [
            {"path": each.path, "status": each.status, "length": each.length} for each in one.by_hand
        ],
        "installed": [
            {"plugin": each.slug, "version": each.version, "where": each.where} for each in one.installed
        ],
        "not_installed": [{"plugin": each.slug, "where": each.where} for each in one.not_installed],
    }


def _logs(report: LogReport) -> dict[str, Any]:
    return {
        "first": iso(report.first) if report.first else None,
        "last": iso(report.last) if report.last else None,
        "lines": report.lines,
        "own_probes": report.own,
        "gaps": [{"from": iso(start), "to": iso(end)} for start, end in report.gaps],
        "taken": [_fetch(one) for one in report.taken[:_MOST_FETCHES]],
        "taken_count": len(report.taken),
        "addresses": [_visitor(one) for one in report.visitors[:_MOST_VISITORS]],
        "addresses_count": len(report.visitors),
    }


def _fetch(one: Fetch) -> dict[str, Any]:
    return {
        "time": iso(one.time) if one.time else None,
        "address": one.address or None,
        "agent": one.agent,
        "path": one.path,
        "kind": one.kind,
        "status": one.status,
        "size": one.size,
        "served": one.served.name,
        "harvester": one.harvester or None,
        "log": one.log,
        "line_hash": one.line_hash,
    }


def _visitor(one: Visitor) -> dict[str, Any]:
    return {
        "address": one.address,
        "first": iso(one.first) if one.first else None,
        "last": iso(one.last) if one.last else None,
        "requests": one.requests,
        "served": one.served,
        "kinds": dict(one.kinds.most_common()),
        "harvesters": dict(one.harvesters.most_common()),
        "agents": [agent for agent, _ in one.agents.most_common()],
    }


def _theft(one: Theft) -> dict[str, Any]:
    return {
        "key_id": one.name[0] or None,
        "login": one.name[1] or None,
        "strength": int(one.strength),
        "sentence": one.sentence,
        "how_sure": one.how_sure,
        "address": one.fetch.address if one.fetch else None,
        "agent": one.fetch.agent if one.fetch else None,
        "path": one.fetch.path if one.fetch else one.exposure.path if one.exposure else None,
        "not_before": iso(one.not_before) if one.not_before else None,
        "not_after": iso(one.not_after) if one.not_after else None,
    }


def rows(report: LeakReport) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of the plain table: one row a finding."""
    head = ["severity", "kind", "secret", "state", "places", "first place"]
    body = []
    for one in document(report)["findings"]:
        where = one["where"]
        first = f"{where[0]['path']}:{where[0]['line']}" if where else ""
        count = str(len(where) + one.get("more_places", 0))
        what = one.get("shown") or one.get("exposes") or one["id"]
        stands = ", ".join(dict.fromkeys((one["state"], one["decision"])))
        body.append([one["severity"], one["kind"], what, stands, count, first])
    return head, body
