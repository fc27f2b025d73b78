"""The other secrets of the leaked files, each somebody's to replace: by name and vendor, with who did. Pure.

Whoever read a leaked file has all of them. That one is replaced only a person can say: an attestation about it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.core.words import plural
from workbench.domain.leaks.recorded import LeaksFound
from workbench.domain.model.state import State

# Attestations about another service's secret are kept apart from the step's own: they close no step.
BESIDE = "7.beside"


@dataclass(frozen=True, slots=True)
class BesideSecret:
    """One such secret: ``subject`` is what attestations know it by, ``owner`` who replaced it (empty: nobody yet)."""

    subject: str
    name: str
    vendor: str
    path: str
    owner: str = ""
    at: str = ""
    also: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Return it in words: its name, whose it is, where it lies."""
        also = f" (the same in {', '.join(self.also)})" if self.also else ""
        return f"{self.name}{f' ({self.vendor})' if self.vendor else ''} in {self.path}{also}"


def subject_of(root: str, path: str, name: str) -> str:
    """Return the short name of a secret in a leaked file, the same in every search and on every machine."""
    named = "\0".join((root, path, name))
    return f"beside-{hashlib.sha256(named.encode()).hexdigest()[:8]}"


def where(root: str, path: str) -> str:
    """Return a place in short: a page with its site, a file by its path."""
    return f"{root.rstrip('/')}/{path.lstrip('/')}" if "://" in root and "://" not in path else path


def beside_secrets(state: State) -> list[BesideSecret]:
    """Return the other secrets of the leaked files of this incident, those that nobody replaced first."""
    said = {one.subject: one for one in state.attestations if one.step == BESIDE}
    found = []
    for row in state.known(LeaksFound).neighbours:
        subjects = [subject_of(root, path, row.name) for root, path in ((row.root, row.path), *row.also)]
        # Whoever replaced it said so of one of its places.
        word = next((said[one] for one in subjects if one in said), None)
        found.append(
            BesideSecret(
                subjects[0],
                row.name,
                row.vendor,
                row.path,
                word.text if word else "",
                word.at if word else "",
                tuple(where(root, path) for root, path in row.also),
            )
        )
    return sorted(found, key=lambda one: bool(one.owner))


def beside_lines(state: State) -> Iterator[str]:
    """Yield what is still to be replaced, and by whom what was, for the screen and one's own runbook."""
    found = beside_secrets(state)
    still = [one for one in found if not one.owner]
    if still:
        yield (
            f"in the same files stood {plural(len(found), 'other secret')}, {len(still)} still to be replaced by their "
            "owners: " + ", ".join(one.title for one in still)
        )
    yield from (f"replaced by {one.owner} ({one.at}): {one.title}" for one in found if one.owner)


def search_strings(state: State) -> tuple[str, ...]:
    """Return what to look for on code hosts, gists, registries and paste sites; never a secret, nothing is sent."""
    return state.known(LeaksFound).search_elsewhere


def reach(state: State) -> list[str]:
    """Return what the search could not see, the other secrets of leaked files by name, and where else to look.

    For the screen and one's own runbook: names of other services' secrets are nobody else's business.
    """
    verdict = state.known(LeaksFound).verdict
    lines = [verdict] if verdict else []
    lines += beside_lines(state)
    if strings := search_strings(state):
        lines.append(f"to look for on code hosts, gists, registries and paste sites: {'  '.join(strings)}")
    return lines
