"""Recall and precision over secrets as they leak in the wild, by kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.unit.leaks import wild, wild_more
from tests.unit.leaks.samples import samples
from workbench.core.redact import Secret
from workbench.leaks.files import scan_tree
from workbench.leaks.model import KnownValue, Match, SearchCoverage, SecretKind
from workbench.leaks.patterns import Scanner

SEED = 2611


def every(seed: int = SEED) -> list[wild.Leak]:
    return [
        *wild.texts(seed),
        *wild.encoded(seed),
        *wild.binaries(seed),
        *wild.archives(seed),
    ]


def matches(leak: wild.Leak, folder: Path, scanner: Scanner) -> list[Match]:
    """Search a leak as a file: archives and documents are opened there."""
    path = folder / leak.name
    path.write_bytes(leak.data)
    found: list[Match] = []
    scan_tree(path, scanner, lambda match, place: found.append(match), SearchCoverage())
    path.unlink()
    return found


def values(found: Iterable[Match]) -> set[str]:
    return {match.secret.reveal() for match in found}


@pytest.fixture(scope="module")
def by_shape(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[wild.Leak, set[str]]]:
    """Every leak with the values that a search without any known value finds in it."""
    scanner, folder = Scanner(), tmp_path_factory.mktemp("wild")
    return [(leak, values(matches(leak, folder, scanner))) for leak in every()]


def test_each_kind_has_five_variants() -> None:
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for leak in [*every(), *wild.quiet(SEED)]:
        kinds[leak.kind].add(leak.name)
    few = {kind: len(names) for kind, names in kinds.items() if len(names) < 5}
    assert few.keys() <= {"Kubernetes secret", "plugin that stores base64", "environment parted by NUL"}


def test_every_further_variant_belongs_to_a_kind() -> None:
    assert {kind for kind, _, _ in wild_more.TEXT} <= set(wild.TEXT)
    assert {kind for kind, _, _ in wild_more.QUIET} <= set(wild.QUIET)


def test_by_shape_alone_nearly_every_placement_is_found_and_every_current_key(
    by_shape: list[tuple[wild.Leak, set[str]]],
) -> None:
    missed, false = [], []
    for leak, found in by_shape:
        if leak.value not in found:
            missed.append(f"{leak.kind}: {leak.name}")
        false += [f"{leak.kind}: {leak.name}: {value}" for value in found - {leak.value}]
    assert len(missed) <= len(by_shape) * 0.03, missed
    assert [one for one in missed if "key" in one] == []
    assert false == []


def test_with_the_value_known_all_but_every_placement_is_found(tmp_path: Path) -> None:
    missed = []
    leaks = every(SEED + 1)
    for leak in leaks:
        scanner = Scanner(
            [KnownValue("vault: x", Secret(leak.value), SecretKind.SMTP_PASSWORD)], shapes=False
        )
        if leak.value not in values(matches(leak, tmp_path, scanner)):
            missed.append(f"{leak.kind}: {leak.name}")
    assert len(missed) <= len(leaks) * 0.01, missed


def test_look_alikes_stay_quiet(by_shape: list[tuple[wild.Leak, set[str]]], tmp_path: Path) -> None:
    scanner = Scanner()
    true = sum(leak.value in found for leak, found in by_shape)
    false = [
        f"{leak.kind}: {leak.name}" for leak in wild.quiet(SEED) for _ in matches(leak, tmp_path, scanner)
    ]
    assert true / (true + len(false)) >= 0.97, false
    assert len(set(false)) <= 1, false


def test_samples_as_they_lie_about_are_found_and_their_look_alikes_are_not() -> None:
    scanner = Scanner()
    leaks = list(samples(SEED))
    found = [values(scanner.scan(leak.data)) for leak in leaks]
    missed = [
        leak.name for leak, seen in zip(leaks, found, strict=True) if leak.value and leak.value not in seen
    ]
    false = [leak.name for leak, seen in zip(leaks, found, strict=True) if seen - {leak.value}]
    assert missed == []
    assert false == []
