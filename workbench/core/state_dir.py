"""Where the workbench keeps its state: one folder, one subfolder an incident, everything owner-only.

::

    <home>/vault.json                       the workbench's own keyring file, where the host has none
    <home>/latest.json                      which incident is the latest, as recorded when it was opened
    <home>/incidents/<id>/journal.sqlite    the journal of one incident
    <home>/incidents/<id>/evidence/         sealed snapshots
    <home>/incidents/<id>/reports/          written reports
    <home>/drill/                           the drill: its account, and a home of its own for its incidents
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from workbench.core.atomic_files import (
    ensure_folder,
    previous_of,
    read_private,
    refuse_closed,
    replace_durably,
    set_aside,
)
from workbench.core.errors import HostError, JournalError, UsageError, host_fault
from workbench.core.json_text import read_json
from workbench.core.redact import visible
from workbench.core.words import plural

JOURNAL_NAME = "journal.sqlite"
_HEX = 2
_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
_LONGEST_ID = 100
_LATEST = "latest.json"
_LATEST_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Home:
    """The state folder. Nothing is created by looking; ``ensure`` makes it, private."""

    path: Path

    @classmethod
    def find(cls, environ: Mapping[str, str] | None = None) -> Home:
        """Return the folder that ``WORKBENCH_HOME`` names, or the platform's own data folder for the workbench."""
        named = (os.environ if environ is None else environ).get("WORKBENCH_HOME")
        if named:
            return cls(Path(named).expanduser())
        from platformdirs import user_data_path

        return cls(user_data_path("mailgun-workbench"))

    @property
    def vault_file(self) -> Path:
        """Return where the workbench's own keyring file stands."""
        return self.path / "vault.json"

    def has_vault(self) -> bool:
        """Return whether the workbench's own vault is here, or at least the generation before its last change.

        Raises HostError where the state folder cannot be looked into: then nobody can tell.
        """
        refuse_closed(self.path)
        return os.path.lexists(self.vault_file) or os.path.lexists(previous_of(self.vault_file))

    @property
    def config_file(self) -> Path:
        """Return where the operator's configuration stands."""
        return self.path / "config.toml"

    @property
    def screen_config_file(self) -> Path:
        """Return where the look and the keys of the full screen are configured.

        The platform's configuration folder where it holds one, else the same file as everything else;
        ``WORKBENCH_HOME`` moves that too.
        """
        if not os.environ.get("WORKBENCH_HOME"):
            from platformdirs import user_config_path

            platform = user_config_path("mailgun-workbench") / "config.toml"
            if platform.is_file():
                return platform
        return self.config_file

    @property
    def incidents(self) -> Path:
        """Return the folder of the incidents."""
        return self.path / "incidents"

    def drill(self) -> Home:
        """Return the drill's own home, so that an exercise never mixes with the real thing."""
        return Home(self.path / "drill")

    def ensure(self) -> None:
        """Make what is missing, for its owner only; what exists is used as it is or refused, never chmodded.

        Raises HostError with the command to type where other users could write into it.
        """
        ensure_folder(self.path)
        refuse_closed(self.path)
        ensure_folder(self.incidents)

    def refusal(self) -> HostError | None:
        """Return why nothing would be written into this folder, None where something would, or where it is not there.

        Looks only, for whoever only reads: what is in it may be told, and whose hands it is in has to be.
        """
        try:
            for folder in (self.path, self.incidents):
                if os.path.lexists(folder):
                    ensure_folder(folder)
        except HostError as error:
            return error
        return None

    def free_space(self) -> int:
        """Return the free bytes of its volume, looking only: where it is not made yet, of where it would be.

        Raises HostError with the remedy where the folder could not be used.
        """
        place = next(folder for folder in (self.path, *self.path.parents) if os.path.lexists(folder))
        if place == self.path:
            ensure_folder(place)
        try:
            whole = place.is_dir()
            why = "cannot be written to" if whole else "is not a folder"
            if not whole or not os.access(place, os.W_OK | os.X_OK):
                # Only the folder itself is ours to close to others; what it would be made in is not.
                ours = whole and place == self.path
                remedy = "set WORKBENCH_HOME to a folder you can write to."
                raise HostError(
                    f"The state folder cannot be used: {place} {why}.",
                    "The workbench keeps its vault and its journal there.",
                    f"Run: chmod 700 {shlex.quote(str(place))}, or {remedy}" if ours else f"S{remedy[1:]}",
                )
            return shutil.disk_usage(place).free
        except OSError as error:
            fault = host_fault(error)
            raise fault if fault is not None else error from None

    def latest(self) -> str | None:
        """Return the id of the latest incident, None when there is none.

        Which one that is was recorded when it was opened: neither a stray folder nor a clock that was wrong
        that day decides it. Without the record it is the last by name that is no later than tomorrow. Raises
        JournalError where the recorded one is no longer here.
        """
        recorded = self.recorded()
        if recorded is not None:
            if _may_be_there(self.incidents / recorded / JOURNAL_NAME):
                return recorded
            raise JournalError(
                f"The journal of the latest incident, {recorded}, is not in {self.incidents} any more.",
                "What it did cannot be read here. Its secrets are kept apart from it, in the vault.",
                "Put its folder back. `workbench secrets recover` names the secrets; --incident ID works on an "
                "earlier incident, --new opens one that names the lost one.",
            )
        known = [path.parent.name for path in self.journals()]
        tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y%m%d-%H%M%S}"
        proper = [name for name in known if _ID.fullmatch(name)]
        timely = [name for name in proper if name <= tomorrow]
        return next((names[-1] for names in (timely, proper, known) if names), None)

    def journals(self) -> list[Path]:
        """Return the journals of all incidents by name, also one whose folder cannot be looked into.

        Raises HostError where the state folder or the one of the incidents cannot be: then nobody can tell.
        """
        for folder in (self.path, self.incidents):
            refuse_closed(folder)
        if not self.incidents.is_dir():
            return []
        found = (folder / JOURNAL_NAME for folder in self.incidents.iterdir())
        return sorted(path for path in found if _may_be_there(path))

    def record_latest(self, incident: str) -> None:
        """Record that ``incident`` is the latest from now on, durably; OSError passes.

        A damaged record is moved aside first; nothing else depends on it.
        """
        path = self.path / _LATEST
        if self.recorded() is None:
            set_aside(path)
        replace_durably(path, json.dumps({"incident": incident}).encode())

    def recorded(self) -> str | None:
        """Return which incident was recorded as the latest, None where there is no record that can be read."""
        try:
            named = read_json(read_private(self.path / _LATEST, limit=_LATEST_LIMIT)[0])["incident"]
        except (OSError, ValueError, KeyError, TypeError):
            return None  # There is none, or it is damaged: the names decide.
        return named if isinstance(named, str) and _ID.fullmatch(named) else None

    def folder(self, incident: str) -> Path:
        """Return the folder of an incident; raises UsageError for an id that is not one word."""
        if not incident or "/" in incident or incident.startswith(".") or len(incident) > _LONGEST_ID:
            raise UsageError(
                f"{visible(incident, 60)!r} is not an incident.", "", "`workbench status` names the open one."
            )
        return self.incidents / incident

    def existing(self, incident: str) -> str:
        """Return the id if that incident exists here; raises UsageError otherwise."""
        if not _may_be_there(self.folder(incident) / JOURNAL_NAME):
            raise UsageError(
                f"There is no incident {visible(incident, 60)} in this home.",
                f"The state folder holds {plural(len(self.journals()), 'incident')}.",
                "Check the id, or WORKBENCH_HOME.",
            )
        return incident


def _may_be_there(path: Path) -> bool:
    """Return whether something is at ``path``, or may be: its folder cannot be looked into."""
    try:
        path.lstat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def new_incident_id(now: datetime) -> str:
    """Return a fresh id that sorts by time: ``20261121-140207-3f2a``."""
    import secrets

    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(_HEX)}"


def tag_of(incident: str) -> str:
    """Return the short tag that marks what this incident makes in the account: ``wb-3f2a140207``."""
    if not _ID.fullmatch(incident):
        from hashlib import sha256

        return f"wb-{sha256(incident.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
    date, time, salt = incident.split("-")
    return f"wb-{salt}{date[-2:]}{time}"
