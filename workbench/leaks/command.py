"""The whole search in one call: what the command line and the pane ask for, and the document they get.

Everything the account knows comes in as facts, everything found goes out as one typed report; nothing here
reads an account, a vault or an incident.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.redact import visible
from workbench.core.words import plural
from workbench.leaks.findings import AccountFacts, Candidate, Collector, Liveness
from workbench.leaks.gate import Gate
from workbench.leaks.model import NO_HISTORY, KnownValue, SearchCoverage
from workbench.leaks.patterns import Scanner
from workbench.leaks.report import LeakReport, Searched

if TYPE_CHECKING:
    from workbench.core.clock import Clock
    from workbench.core.network import Network
    from workbench.leaks.correlate import ForeignUse

Prove = Callable[[Sequence[Candidate]], dict[str, tuple[Liveness, str]]]
"""Tells of found secrets, by fingerprint, whether they live and how that was shown. Asked for, never on its own."""


@dataclass(frozen=True, slots=True)
class LeakOptions:
    """What to search and what is known.

    ``targets`` are paths and repository URLs; ``logs`` access logs or their folders; ``sites`` hosts the
    operator ``confirmed`` as their own. ``known`` are exact values to look for. ``key`` is the incident's
    fingerprint key, None for one of this run's own. ``uses`` and ``created`` come from the account's log and
    key list. ``accept`` writes what is found into ``baseline`` with ``reason``.
    """

    targets: tuple[str, ...] = ()
    history: bool = True
    shapes: bool = True
    known: tuple[KnownValue, ...] = ()
    logs: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    confirmed: bool = False
    # Limits the sites to these paths: is what was found there before still exposed?
    only_paths: frozenset[str] | None = None
    contact: str = ""
    # Only the sites need it; None goes straight and believes the host's own store.
    network: Network | None = None
    baseline: Path | None = None
    accept: bool = False
    reason: str = ""
    key: bytes | None = None
    incident: str | None = None
    facts: AccountFacts | None = None
    prove: Prove | None = None
    # Addresses and ranges of the operator's own proxies, and the log format declared in the configuration.
    proxies: tuple[str, ...] = ()
    log_format: str = ""
    uses: tuple[ForeignUse, ...] = ()
    created: dict[str, datetime] = field(default_factory=dict)


Told = Callable[[str], None]
"""Receives one line of progress."""


def run(options: LeakOptions, *, clock: Clock | None = None, tell: Told | None = None) -> LeakReport:
    """Search everything the options name and return the report.

    Targets that cannot be searched are listed with their error and do not stop the others. Raises UsageError
    for options that contradict each other or a baseline that cannot be used.
    """
    say = _gated(tell or _silent, Gate(one.secret.reveal() for one in options.known))
    if not (options.targets or options.logs or options.sites):
        raise UsageError(
            "Nothing was named to search.",
            "Without a place there is nothing to look through.",
            "Name a folder, a repository, --log FILE or --site HOST.",
        )
    from workbench.leaks.shown import behind

    key, accepts, baseline_key = _baseline(options)
    collector = Collector(key)
    report = LeakReport(options.incident)
    scanner = Scanner(options.known, shapes=options.shapes)
    roots = [
        root
        for target in options.targets
        if (root := _target(target, options, scanner, collector, report, say))
    ]
    if options.sites:
        _sites(options, scanner, collector, report, clock, say)
    facts = _proven(options, collector, say)
    report.findings = collector.findings(facts, accepts)
    if options.logs:
        _logs(options, roots, report, say)
    behind(collector.gate(one.secret for one in options.known), report)
    _correlate(options, report)
    if options.accept and options.baseline is not None:
        _accept(options, facts, collector, report, baseline_key or key)
    return report


def _gated(tell: Told, gate: Gate) -> Told:
    return lambda line: tell(gate.text(line))


def _proven(options: LeakOptions, collector: Collector, say: Told) -> AccountFacts | None:
    """Return the facts with what a proof showed, where one was asked for."""
    found = collector.candidates()
    if options.prove is None or not found:
        return options.facts
    say(f"proving {plural(len(found), 'found secret')} against the account")
    shown = options.prove(found)
    facts = options.facts or AccountFacts()
    return replace(
        facts,
        proven={**facts.proven, **{name: liveness for name, (liveness, _) in shown.items()}},
        said={**facts.said, **{name: how for name, (_, how) in shown.items()}},
    )


def _silent(line: str) -> None:
    del line


def _baseline(options: LeakOptions) -> tuple[bytes, Callable[[Any], bool] | None, bytes | None]:
    """Return the fingerprint key, the test for accepted findings, and the baseline's own key."""
    if options.accept and options.baseline is None:
        raise UsageError("--accept needs --baseline FILE.", "There is no file to write to.", "Name one.")
    if options.baseline is None:
        return options.key or secrets.token_bytes(32), None, None
    from workbench.leaks import baseline

    if options.baseline.exists() or not options.accept:
        read = baseline.read_baseline(options.baseline, key=options.key)
        return options.key or read.key, read.accepts, read.key
    own = options.key or baseline.read_key(options.baseline) or baseline.new_key(options.baseline)
    return own, None, own


def _accept(
    options: LeakOptions, facts: AccountFacts | None, collector: Collector, report: LeakReport, key: bytes
) -> None:
    from workbench.leaks import baseline
    from workbench.leaks.model import utc_text

    if options.baseline is None:
        return
    now = utc_text(time.time())
    count = baseline.write_baseline(
        options.baseline, report.findings, collector.fingerprints(key), moment=now, reason=options.reason
    )
    report.accepted_now = count
    report.findings = collector.findings(facts, lambda secret: True)


def _target(
    target: str, options: LeakOptions, scanner: Scanner, collector: Collector, report: LeakReport, say: Told
) -> Path | None:
    """Search one path or URL; return its folder when it is one that logs may refer to."""
    from workbench.leaks.clone import is_git_url

    if is_git_url(target):
        _url(target, scanner, collector, report, say)
        return None
    path = Path(target).expanduser()
    say(f"searching {visible(path)}")
    bundles: list[Path] = []

    def tree(coverage: SearchCoverage) -> None:
        from workbench.leaks.files import scan_tree

        bundles.extend(scan_tree(path, scanner, collector, coverage))
        if not options.history:
            coverage.skip(NO_HISTORY, visible(path), gap=False)
            for bundle in bundles:
                coverage.skip("git bundle, its history not asked for", visible(bundle))

    if not _timed(target, "tree", report, tree):
        return None
    if path.is_dir():
        _plugins(path, report)
        _histories(path, options, scanner, collector, report, say)
    if options.history:
        for bundle in bundles:
            _bundle(bundle, scanner, collector, report, say)
    return path


def _histories(
    path: Path, options: LeakOptions, scanner: Scanner, collector: Collector, report: LeakReport, say: Told
) -> None:
    if not options.history:
        return
    from workbench.leaks.history import scan_history
    from workbench.leaks.repositories import repositories

    for repository in repositories(path):
        say(f"searching the history of {visible(repository)}")

        def search(coverage: SearchCoverage, one: Path = repository) -> None:
            scan_history(one, scanner, collector, coverage, within=path)

        _timed(str(repository), "history", report, search)


def _bundle(path: Path, scanner: Scanner, collector: Collector, report: LeakReport, say: Told) -> None:
    """Search the history in a git bundle, which git unpacks as it clones."""
    from workbench.leaks.clone import GitUrl, cloned
    from workbench.leaks.history import scan_history

    shown = visible(path)

    def search(coverage: SearchCoverage) -> None:
        say(f"searching the history in the bundle {shown}")
        with cloned(GitUrl(str(path.resolve()), None)) as folder:
            scan_history(folder, scanner, collector, coverage, root=shown)

    _timed(shown, "history", report, search)


def _url(target: str, scanner: Scanner, collector: Collector, report: LeakReport, say: Told) -> None:
    from workbench.leaks.clone import cloned, git_url
    from workbench.leaks.history import scan_history

    address = git_url(target)
    shown = visible(address.url)

    def search(coverage: SearchCoverage) -> None:
        say(f"cloning {shown}")
        with cloned(address) as folder:
            say(f"searching the history of {shown}")
            scan_history(folder, scanner, collector, coverage, root=shown)

    _timed(shown, "history", report, search)


def _timed(target: str, what: str, report: LeakReport, search: Callable[[SearchCoverage], object]) -> bool:
    """Run one search; an error of its own is noted with it, so that the others still run."""
    coverage = SearchCoverage()
    start = time.perf_counter()
    error = ""
    try:
        search(coverage)
    except UsageError:
        raise
    except WorkbenchError as trouble:
        error = str(trouble)
        coverage.skip("target could not be searched", visible(target))
    seconds = time.perf_counter() - start
    report.coverage.add(coverage)
    gaps = () if error else tuple(sorted(coverage.gaps))
    report.searched.append(
        Searched(visible(target), what, coverage.files, coverage.bytes, seconds, error, gaps)
    )
    return not error


def _plugins(path: Path, report: LeakReport) -> None:
    """Compare the versions of WordPress plugins in a tree with the shipped list."""
    if not any((path / name).exists() for name in ("wp-content", "wp-includes")) and not _below(path):
        return
    from workbench.leaks import wordpress

    for root in wordpress.roots_in(path):
        for one in wordpress.installed_in(root):
            # In full: the same plugin of two sites in one folder is two places.
            found = wordpress.vulnerable(replace(one, where=str(root / one.where)))
            report.plugins += found


def _below(path: Path) -> bool:
    """Whether a WordPress may lie one or two levels down; kept cheap, every search pays for it."""
    return (
        next(path.glob("*/wp-content"), None) is not None
        or next(path.glob("*/*/wp-content"), None) is not None
    )


def _sites(
    options: LeakOptions,
    scanner: Scanner,
    collector: Collector,
    report: LeakReport,
    clock: Clock | None,
    say: Told,
) -> None:
    import asyncio

    from workbench.core.clock import SystemClock
    from workbench.leaks.web import probe_sites
    from workbench.leaks.withheld import DENIED

    for one in options.sites:
        say(f"asking {visible(one, 200)}")

        def ask(coverage: SearchCoverage, host: str = one) -> None:
            found = asyncio.run(
                probe_sites(
                    [host],
                    scanner,
                    collector,
                    clock or SystemClock(),
                    confirmed=options.confirmed,
                    contact=options.contact,
                    only=options.only_paths,
                    network=options.network,
                )
            )
            report.sites += found
            coverage.files = sum(site.read for site in found)
            for site in found:
                for path in site.denied:
                    coverage.skip(DENIED, f"{site.site}{path}", gap=False)
                for reason, path in site.unread:
                    coverage.skip(reason, f"{site.site}{path}")
                if site.stopped:
                    coverage.skip(f"site not asked to the end: {site.stopped}", site.site)

        _timed(one, "site", report, ask)


def _logs(options: LeakOptions, roots: Sequence[Path], report: LeakReport, say: Told) -> None:
    from workbench.leaks.accesslog import NO_LINE, LogReader
    from workbench.leaks.logfiles import log_paths, read_log
    from workbench.leaks.logformat import declared, named_networks
    from workbench.leaks.served import served_sizes

    usual = {size for site in report.sites for size in site.usual_sizes}
    reader = LogReader(
        sizes=served_sizes(roots),
        usual=usual,
        proxies=named_networks(options.proxies),
        declared=declared(options.log_format) if options.log_format else None,
    )
    for one in options.logs:
        say(f"reading {visible(one, 200)}")

        def read(coverage: SearchCoverage, name: str = one) -> None:
            reader.coverage = coverage
            for path in log_paths(Path(name).expanduser(), coverage):
                read_log(path, reader)

        _timed(one, "log", report, read)
    # What is only seen once all are read is told with the search as a whole.
    reader.coverage = SearchCoverage()
    report.logs = reader.report()
    report.coverage.add(reader.coverage)
    if not report.logs.lines and report.coverage.skipped[NO_LINE]:
        # One that was just rotated hides nothing; where all are empty nothing was read.
        report.coverage.gaps.add(NO_LINE)


def _correlate(options: LeakOptions, report: LeakReport) -> None:
    if not options.uses and report.logs is None:
        return
    from workbench.leaks.correlate import correlate
    from workbench.leaks.served import exposures

    fetches = report.logs.fetches if report.logs is not None else ()
    places = exposures(report.findings, options.facts)
    report.thefts = correlate(options.uses, fetches, places, created=options.created)
