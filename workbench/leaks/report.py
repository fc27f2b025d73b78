"""What a search found, before anybody shows it: what the search fills in and its documents read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.core.words import plural
from workbench.leaks.findings import LeakFinding
from workbench.leaks.model import SearchCoverage

if TYPE_CHECKING:
    from workbench.leaks.correlate import Theft
    from workbench.leaks.logreport import LogReport
    from workbench.leaks.sites import SiteReport
    from workbench.leaks.wordpress import Vulnerable

SCHEMA = "workbench.leaks/1"


@dataclass(frozen=True, slots=True)
class Searched:
    """One target and how it went: ``error`` is empty when it was searched; files and objects read, bytes.

    ``gaps`` are the reasons why something readable in it was left out.
    """

    target: str
    what: str
    files: int
    bytes: int
    seconds: float
    error: str = ""
    gaps: tuple[str, ...] = ()


@dataclass(slots=True)
class LeakReport:
    """What a search found. ``exit_code`` is that of the command line.

    ``document.document`` makes its stable JSON form.
    """

    incident: str | None
    findings: tuple[LeakFinding, ...] = ()
    searched: list[Searched] = field(default_factory=list)
    coverage: SearchCoverage = field(default_factory=SearchCoverage)
    sites: list[SiteReport] = field(default_factory=list)
    plugins: list[Vulnerable] = field(default_factory=list)
    logs: LogReport | None = None
    thefts: tuple[Theft, ...] = ()
    accepted_now: int = 0

    @property
    def exit_code(self) -> int:
        """3 when nothing asked for could be read, 1 for open findings, exposures or anything left unread, else 0."""
        failed = [one for one in self.searched if one.error]
        if self.searched and (len(failed) == len(self.searched) or self._blind):
            return 3
        found = self._lies_open or any(finding.open for finding in self.findings)
        return 1 if failed or found or not self.coverage.complete else 0

    @property
    def _lies_open(self) -> bool:
        """Whether something was served, can be fetched, or is known to be vulnerable, whatever secret is in it."""
        exposed = any(site.exposures or site.vulnerable for site in self.sites) or bool(self.plugins)
        return exposed or (self.logs is not None and bool(self.logs.taken))

    @property
    def _blind(self) -> bool:
        """Whether not one file, object, log or answer was read, and something was there to be."""
        return self.coverage.files == 0 and not self.coverage.complete and not self.findings

    @property
    def verdict(self) -> str:
        """What may be said of the search as a whole, with what it could not see."""
        unread = sum(self.coverage.skipped[reason] for reason in self.coverage.gaps)
        if self._blind:
            return "Nothing that was asked for could be read: this says nothing about leaks."
        open_found = "" if self.findings or self._lies_open else "Nothing was found in what was read. "
        if self.coverage.complete:
            return open_found.strip()
        left = plural(unread, "thing was", "things were")
        return f"{open_found}{left} not read, named below: a secret may lie there."
