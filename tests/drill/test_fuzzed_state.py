"""Small seeded slices of the fuzz tests of the state folder and of the options; ``make fuzz`` runs all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import fuzz_host, fuzz_options
from tests.fuzz_state import Sample, play, sampled
from tests.support.commands import threaded_drill

SEED = 20261128
CASES = 25
LINES = 15


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """Make a home by a real containment of a small drill."""
    place = tmp_path_factory.mktemp("fuzz")
    with threaded_drill(place, credentials=4, domains=2, users=2) as drill:
        made = Sample.make(place / "base", drill)
    yield made


def test_no_damage_to_a_file_is_a_fault_spreads_or_costs_another_file(sample: Sample) -> None:
    wrong = []
    for file, damage, name, seed in sampled(SEED, CASES, sample):
        wrong += [
            f"{file} {damage.__name__}: {fault}" for fault in play(sample, file, damage, [name], seed).wrong
        ]
    assert wrong == []


def test_no_owner_or_mode_of_a_file_or_folder_is_a_fault_or_hides_a_secret(sample: Sample) -> None:
    cases = list(fuzz_host.slice_of(sample, SEED, 3))
    wrong = [
        f"{f} {c.__name__} {n}: {one}" for f, c, n in cases for one in fuzz_host.changed(sample, f, c, n)
    ]
    assert wrong == []


def test_the_sample_holds_every_kind_of_state_file(sample: Sample) -> None:
    kinds = {Path(name).name.partition("-")[0] for name in sample.files}
    assert {
        "vault.json",
        "vault.json.previous",
        "latest.json",
        "own",
        "journal.sqlite",
        "config.toml",
    } <= kinds


def test_no_value_of_an_option_is_a_fault_and_every_one_is_answered_in_words(sample: Sample) -> None:
    tried = fuzz_options.sampled(SEED, LINES)
    wrong = [f"{one}: {fault}" for one in tried for fault in fuzz_options.wrong_with(sample, one)]
    assert wrong == []


def test_the_commands_that_are_tried_are_read_from_the_parser_itself() -> None:
    called = {leaf.called for leaf in fuzz_options.leaves()}
    assert {"contain", "secrets get", "evidence verify", "mail show"} <= called
