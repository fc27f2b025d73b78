"""What somebody looks up in a world beside the account: blocklists, and folders in which a secret may lie.

Each keeps what the lists answered and what lay in the folders, for the oracle: nothing of it asks the workbench.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import re
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from workbench.blocklists.verdicts import Listing, ListingVerdict
from workbench.blocklists.zones import Tier
from workbench.cli import leaks as leaks_command
from workbench.cli.parser import build_parser
from workbench.drill.servers.serve import RunningDrill
from workbench.readers import blocklist_targets
from workbench.session.session import Session

# Words that only lists that were asked, all of them, may be given.
CLEAN = re.compile(r"Nothing of the account was listed|\bNo listing\b(?! was seen)")
MANNERS = ("clear", "clear", "dark", "some dark", "listed")
LAID = ("clean", "clean", "secret", "unreadable", "missing")


class Place(Protocol):
    """What of a world is needed here."""

    drill: RunningDrill
    folder: Path
    rng: random.Random
    lists: Lists
    searches: Searches
    did: list[str]


@dataclass
class Lists:
    """What the lists that matter last answered of each thing, and whether some are switched off."""

    answers: dict[tuple[str, str], ListingVerdict] = field(default_factory=dict)
    unasked: bool = False

    @property
    def clean(self) -> bool:
        """Return whether every list that matters was asked and said no."""
        said = set(self.answers.values())
        return said == {ListingVerdict.NOT_LISTED} and not self.unasked

    def lies(
        self, code: int, texts: Mapping[str, str], ticked: Collection[str], *, read: bool
    ) -> Iterator[str]:
        """Yield what is said of the lists and is not so; ``read`` whether all of the account could be read."""
        counts = {verdict.value: list(self.answers.values()).count(verdict) for verdict in ListingVerdict}
        why = f"{counts}, switched off {self.unasked}"
        if not self.clean:
            if code == 0:
                yield f"blocklists ends with 0, but {why}"
            if "9" in ticked:
                yield f"step 9 is ticked, but {why}"
            for name, text in texts.items():
                if found := CLEAN.search(text):
                    yield f"{name} says “{found[0]}”, but {why}"
        elif read and code != 0:
            yield f"every list that matters says no, and blocklists ends with {code}"
        if code != 3 and set(self.answers.values()) <= {ListingVerdict.CANNOT_TELL}:
            yield f"no list that matters answered, and blocklists ends with {code}"


@dataclass
class Searches:
    """What lay in each folder when it was searched last; folders that nobody searched are not in it."""

    found: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    def over(self, living: Collection[str]) -> bool:
        """Return whether something was searched, all of it was read, and no secret that lies there still lives."""
        dead = {name for name, what in self.found.items() if self._is_dead(name, what, living)}
        return bool(self.found) and all(what == "clean" or name in dead for name, what in self.found.items())

    def _is_dead(self, name: str, what: str, living: Collection[str]) -> bool:
        return what == "secret" and self.secrets[name] not in living

    def left(self) -> str:
        """Return what is left of it, for the words of a failure."""
        return ", ".join(f"{name} {what}" for name, what in self.found.items()) or "nothing searched"


async def look_up(place: Place, session: Session) -> None:
    """Ask every list that is on, each answering in a manner of this moment, as a round of the watch records it."""
    watch, rng = session.account.blocklists, place.rng
    catalogue = await watch.catalogue()
    if rng.random() < 0.6 and (offered := watch.acceptable()):
        await watch.accept([zone.name for zone in offered])
        catalogue = await watch.catalogue()
    await blocklist_targets.read_ips(session.account.api, session.inventory)
    manner = rng.choice(MANNERS)
    place.did[-1] += f", {manner}"
    seen: list[Listing] = []
    for subject in watch._subjects():
        for zone in catalogue.zones_for(subject):
            verdict = _answer(manner, rng)
            seen.append(
                Listing(subject, zone, verdict, zone.tier, (), (), manner, (), watch.now(), 60, "192.0.2.53")
            )
            if zone.tier <= Tier.SOME:
                place.lists.answers[subject.value, zone.name] = verdict
    await watch._journal(seen, (), whole=True, by_name=False)
    place.lists.unasked = bool(watch.unasked())


def _answer(manner: str, rng: random.Random) -> ListingVerdict:
    if manner == "dark" or (manner == "some dark" and rng.random() < 0.1):
        return ListingVerdict.CANNOT_TELL
    if manner == "listed" and rng.random() < 0.1:
        return ListingVerdict.LISTED
    return ListingVerdict.NOT_LISTED


def search_for_leaks(place: Place) -> list[str]:
    """Search a folder by the command itself; returns what it ended with and should not have."""
    laid, name = place.rng.choice(LAID), place.rng.choice(["shop", "tools"])
    folder = place.folder / "code" / name
    _lay(folder, laid, place)
    place.searches.found[name] = laid
    place.did.append(f"leaks in {name}, {laid}")
    code = _command(place.folder / "home", folder)
    wanted = {"clean": (0,), "secret": (1,), "unreadable": (1, 3), "missing": (3,)}[laid]
    return [] if code in wanted else [f"leaks ends with {code} on a folder that is {laid}"]


def _lay(folder: Path, laid: str, place: Place) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    (folder / "readme.txt").write_text("Nothing of interest.\n")
    if laid == "secret":
        keys = place.drill.account.main.keys
        secret = next(iter(keys.values())).secret if keys else "key-" + "0f" * 16
        place.searches.secrets[folder.name] = secret
        (folder / ".env").write_text(f"MAILGUN_API_KEY={secret}\n")
    elif laid == "unreadable":
        (folder / "backup.zip").write_bytes(b"PK\x03\x04" + bytes(range(200)))
    elif laid == "missing":
        (folder / "readme.txt").unlink()
        folder.rmdir()


def _command(home: Path, folder: Path) -> int:
    """Run ``workbench leaks`` in a thread of its own: it opens event loops, and one runs here."""
    codes: list[int] = []

    def run() -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            codes.append(leaks_command.run(build_parser().parse_args(["leaks", str(folder)])))

    before: Any = os.environ.get("WORKBENCH_HOME")
    os.environ["WORKBENCH_HOME"] = str(home)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        os.environ.pop("WORKBENCH_HOME")
        if before is not None:
            os.environ["WORKBENCH_HOME"] = before
    return codes[0] if codes else 70
