"""What leaves a search beside its findings, passed through the one gate (see ``gate``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.leaks.gate import Gate

if TYPE_CHECKING:
    from workbench.leaks.report import LeakReport
    from workbench.leaks.wordpress import Vulnerable


def behind(gate: Gate, report: LeakReport) -> None:
    """Pass every text of the report that is not a finding's own through the gate; those passed it already."""
    text = gate.text
    report.searched = [
        replace(one, target=text(one.target), error=text(one.error), gaps=tuple(map(text, one.gaps)))
        for one in report.searched
    ]
    report.coverage.shown_as(text)
    report.plugins = [_shown_plugin(one, text) for one in report.plugins]
    for site in report.sites:
        site.exposures, site.by_hand = (
            [replace(one, path=text(one.path), proof=tuple(map(text, one.proof))) for one in rows]
            for rows in (site.exposures, site.by_hand)
        )
        site.asked = [(at, text(path), status) for at, path, status in site.asked]
        site.stopped = text(site.stopped)
        site.installed = [replace(one, where=text(one.where)) for one in site.installed]
        site.not_installed = [replace(one, where=text(one.where)) for one in site.not_installed]
        site.vulnerable = [_shown_plugin(one, text) for one in site.vulnerable]
    if report.logs is not None:
        report.logs = report.logs.shown_as(text)


def _shown_plugin(one: Vulnerable, text: Callable[[str], str]) -> Vulnerable:
    return replace(one, installed=replace(one.installed, where=text(one.installed.where)))
