"""Where the workbench keeps its state: one folder, one subfolder an incident, everything owner-only.

::

    <home>/vault.json                       the workbench's own keyring file, where the host has none
    <home>/incidents/<id>/journal.sqlite    the journal of one incident
    <home>/incidents/<id>/evidence/         sealed snapshots
    <home>/incidents/<id>/reports/          written reports
    <home>/drill/                           the drill: its account, and a home of its own for its incidents
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from workbench.core.atomic_files import ensure_folder
from workbench.core.errors import UsageError

_HEX = 2


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

    @property
    def config_file(self) -> Path:
        """Return where the operator's configuration stands."""
        return self.path / "config.toml"

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
        for folder in (self.path, self.incidents):
            ensure_folder(folder)

    def latest(self) -> str | None:
        """Return the id of the latest incident, None when there is none."""
        if not self.incidents.is_dir():
            return None
        known = sorted(p.name for p in self.incidents.iterdir() if (p / "journal.sqlite").exists())
        return known[-1] if known else None

    def folder(self, incident: str) -> Path:
        """Return the folder of an incident; raises UsageError for an id that is not one word."""
        if not incident or "/" in incident or incident.startswith("."):
            raise UsageError(
                f"{incident!r} is not an incident.", "", "`workbench status` names the open one."
            )
        return self.incidents / incident

    def existing(self, incident: str) -> str:
        """Return the id if that incident exists here; raises UsageError otherwise."""
        if not (self.folder(incident) / "journal.sqlite").exists():
            raise UsageError(
                f"There is no incident {incident} in this home.",
                f"The state folder holds {len(list(self.incidents.glob('*/journal.sqlite')))} incident(s).",
                "Check the id, or WORKBENCH_HOME.",
            )
        return incident


def new_incident_id(now: datetime) -> str:
    """Return a fresh id that sorts by time: ``20261121-140207-3f2a``."""
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(_HEX)}"


def tag_of(incident: str) -> str:
    """Return the short tag that marks what this incident makes in the account: ``wb-3f2a140207``."""
    date, time, salt = incident.split("-")
    return f"wb-{salt}{date[-2:]}{time}"
