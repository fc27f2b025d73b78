"""The drill's servers beside the API: SMTP submission, DNS, the leaky web site, repository and access logs.

``serve.py`` starts the HTTP API of the simulated account and calls :func:`start_side_servers` for the
rest. Everything runs on the caller's event loop; every port is chosen by the system unless told.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from workbench.core.clock import iso
from workbench.core.errors import HostError, UsageError
from workbench.drill.servers.accesslog import AccessLog, write_logs
from workbench.drill.servers.certificate import server_context
from workbench.drill.servers.dns_server import DnsServer
from workbench.drill.servers.dns_zones import ZoneContents
from workbench.drill.servers.faults import fault_terms
from workbench.drill.servers.repository import build_repository
from workbench.drill.servers.site import SitePlant, site_exposures, write_site
from workbench.drill.servers.smtp_server import MailAccount, SmtpFaults, SubmissionServer
from workbench.drill.servers.web import DrillSite, LandingPage, WebServer
from workbench.drill.world.story import Story

# Raised when the files of the site, the repository or the logs change: a resumed drill is then built anew.
LAYOUT = 1
MARKER = "site.json"  # of which story the files are


class SideAccount(MailAccount, Protocol):
    """What the side servers ask of the simulated account."""

    @property
    def listings(self) -> ZoneContents:
        """Return what the simulated blocklists hold."""

    def now(self) -> float:
        """Return the simulated moment in epoch seconds."""


class Running(Protocol):
    """A server that can be closed."""

    async def close(self) -> None:
        """Stop listening."""


@dataclass(frozen=True)
class SideOptions:
    """How to start the side servers; port 0 lets the system choose.

    ``faults`` is the text of ``--faults``: of it the names ``smtp-454`` and ``smtp-421`` are used here.
    """

    seed: int = 1
    faults: str = ""
    smtp_us_port: int = 0
    smtp_eu_port: int = 0
    dns_port: int = 0
    web_port: int = 0
    soft_404: bool = False


@dataclass
class SideServers:
    """The running side servers, in the shape of the drill's ``endpoints`` document.

    ``smtp_us``, ``smtp_eu`` and ``dns`` are ``host:port``; ``web_url`` and ``landing_url`` (the page that the
    intruder's links lead to) are ``http://host:port``;
    ``exposures`` is where the drill's secrets lie in files, for the ground truth; ``notes`` says in words
    what this host could not provide.
    """

    smtp_us: str
    smtp_eu: str
    dns: str
    web_url: str
    landing_url: str
    web_root: Path
    repository: Path
    access_log: Path
    exposures: tuple[SitePlant, ...] = ()
    notes: tuple[str, ...] = ()
    smtp: dict[str, SubmissionServer] = field(default_factory=dict, repr=False)
    names: DnsServer | None = field(default=None, repr=False)
    _running: list[Running] = field(default_factory=list, repr=False)

    async def close(self) -> None:
        """Stop every server and release its port."""
        while self._running:
            await self._running.pop().close()


async def start_side_servers(
    account: SideAccount, story: Story, folder: Path, options: SideOptions | None = None
) -> SideServers:
    """Start SMTP (both regions), DNS and the web site on loopback, with their files below ``folder``.

    Site, repository and logs that are already there for the same story are kept, so that a resumed drill
    shows what the operator cleaned up. Raises OSError when a port asked for is taken, UsageError for an
    unknown fault.
    """
    wanted = options or SideOptions()
    faults = smtp_faults(wanted.faults, wanted.seed)
    files = await asyncio.to_thread(build_files, story, folder)
    running: list[Running] = []
    try:
        context = await asyncio.to_thread(server_context, folder)
        smtp: dict[str, SubmissionServer] = {}
        for region, port in (("us", wanted.smtp_us_port), ("eu", wanted.smtp_eu_port)):
            smtp[region] = SubmissionServer(region, account, context, faults)
            running.append(smtp[region])
            await smtp[region].start(port)
        names = DnsServer(account.listings)
        running.append(names)
        await names.start(wanted.dns_port)
        log = AccessLog(files.access_log, account.now)
        site = DrillSite(files.web_root, story.company, story.site_host, soft_404=wanted.soft_404)
        web = WebServer(site, log.append)
        running.append(web)
        await web.start(wanted.web_port)
        # Nobody of the account reads the intruder's log.
        landing = WebServer(LandingPage(), lambda *_: None)
        running.append(landing)
        await landing.start()
    except BaseException:
        for server in reversed(running):
            await server.close()
        raise
    return SideServers(
        smtp_us=f"127.0.0.1:{smtp['us'].port}",
        smtp_eu=f"127.0.0.1:{smtp['eu'].port}",
        dns=f"127.0.0.1:{names.port}",
        web_url=f"http://127.0.0.1:{web.port}",
        landing_url=f"http://127.0.0.1:{landing.port}",
        web_root=files.web_root,
        repository=files.repository,
        access_log=files.access_log,
        exposures=files.exposures,
        notes=files.notes,
        smtp=smtp,
        names=names,
        _running=running,
    )


@dataclass(frozen=True)
class SideFiles:
    """What lies on disk for one story: see :func:`build_files`."""

    web_root: Path
    repository: Path
    access_log: Path
    exposures: tuple[SitePlant, ...]
    notes: tuple[str, ...]


def build_files(story: Story, folder: Path) -> SideFiles:
    """Write site, repository and access logs below ``folder`` unless they are there for this very story."""
    web, repository, logs = folder / "web", folder / "repository", folder / "logs"
    marker, told = folder / MARKER, _told(story)
    kept = _kept(marker, told)
    if kept is not None:
        return SideFiles(web, repository, logs / "access.log", *kept)
    for old in (web, repository, logs):
        shutil.rmtree(old, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    write_site(story, web)
    write_logs(story, DrillSite(web, story.company, story.site_host), logs)
    exposures = site_exposures(story)
    notes: tuple[str, ...] = ()
    try:
        exposures += build_repository(story, repository)
    except HostError as error:
        notes = (str(error),)
    record = {"told": told, "exposures": [vars(e) for e in exposures], "notes": list(notes)}
    marker.write_text(json.dumps(record, indent=1))
    return SideFiles(web, repository, logs / "access.log", exposures, notes)


def clean_files(story: Story, folder: Path) -> None:
    """Put site and repository in order, as the customer's developers do: no secret in files, pages or history.

    The access logs stay, for they tell what was taken. The same story finds them clean when it is resumed.
    """
    clean = replace(story, leak=replace(story.leak, kind="none"))
    web, repository = folder / "web", folder / "repository"
    for old in (web, repository):
        shutil.rmtree(old, ignore_errors=True)
    write_site(clean, web)
    with contextlib.suppress(HostError):
        build_repository(clean, repository)
    record = {"told": _told(story), "exposures": [], "notes": []}
    (folder / MARKER).write_text(json.dumps(record, indent=1))


def _told(story: Story) -> dict[str, object]:
    return {
        "layout": LAYOUT,
        "scenario": story.scenario.name,
        "seed": story.seed,
        "start": iso(story.start),
        "secret": story.leak.ref,
    }


def _kept(marker: Path, told: dict[str, object]) -> tuple[tuple[SitePlant, ...], tuple[str, ...]] | None:
    """Return the exposures and notes of files made earlier for the same story, or None."""
    try:
        record = json.loads(marker.read_text())
    except (FileNotFoundError, ValueError):
        return None
    if record.get("told") != told:
        return None
    return tuple(SitePlant(**one) for one in record["exposures"]), tuple(record["notes"])


def smtp_faults(text: str, seed: int) -> SmtpFaults:
    """Return the SMTP servers' part of ``--faults``. Raises UsageError for an unknown ``smtp-`` name."""
    faults = SmtpFaults(random=random.Random(seed))
    for part, name, _, probability in fault_terms(text):
        if name == "smtp-454":
            faults.auth_temporary = probability
        elif name == "smtp-421":
            faults.greeting_busy = probability
        elif name.startswith("smtp-"):
            raise UsageError(f"--faults does not know {part!r}.", todo="SMTP faults: smtp-454, smtp-421.")
    return faults
