"""`make mutants`: what the unit tests alone would miss, by mutmut, one module after the other.

::

    python -m tests.mutants                      every module listed here, in the order of the harm a fault does
    python -m tests.mutants execution/executor   those whose path holds one of these words
    python -m tests.mutants --sample 100 vault   a hundred of each module's mutants, drawn by --seed
    python -m tests.mutants --list               the modules

The modules that share their unit tests are mutated together in a copy of the tree below ``build/mutants`` and tried
against those tests alone (no drill, no pilot, no network), so that a number here says what those tests hold. A
server that has the tests loaded forks one process for a mutant, which runs the tests that reach the changed
function. What survived stands beside the numbers as a diff; ARCHITECTURE keeps the table. A mutant whose tests run
into the time limit counts as caught. One that no test can tell from the code stands in
``tests/equivalent_mutants.toml`` with the reason, and counts as neither.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import random
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "mutants"
FLOOR = 90.0
_EFFECTS = "tests/unit/execution/effects"
# Without the tests that start programs: a mutant costs a fraction of a second, and each of those a whole one.
_VAULT = (
    "tests/unit/vault",
    "--deselect=tests/unit/vault/test_vault.py::test_a_real_secret_service_keeps_secrets",
    "--deselect=tests/unit/vault/test_vault.py::test_importing_the_vault_is_cheap",
    "--deselect=tests/unit/vault/test_file_backend.py::test_concurrent_processes_lose_nothing",
)
_JOURNAL = (
    "tests/unit/journal",
    # It reads the source, and the mutants' copy holds every function many times.
    "--deselect=tests/unit/journal/test_journal.py::test_whoever_opens_or_judges_a_journal_says_what_is_known_of_it_elsewhere",
    "--deselect=tests/unit/journal/test_journal.py::test_a_kill_at_any_point_leaves_a_whole_chain_with_every_reported_row",
    "--deselect=tests/unit/journal/test_network_volume.py::test_a_kill_loses_no_reported_row_there",
)
_KEYS, _LOGINS = (f"{_EFFECTS}/test_keys.py",), (f"{_EFFECTS}/test_logins.py",)
_ATTEMPT = ("tests/unit/execution/test_attempt.py", "tests/unit/execution/test_attempt_in_account.py")
_EXECUTION = ("tests/unit/execution",)
_RUNBOOK = ("tests/unit/domain/runbook",)
# Module → the unit tests that answer for it. Neighbours with the same tests are mutated and measured together.
MODULES: dict[str, tuple[str, ...]] = {
    "execution/executor.py": _EXECUTION,
    "execution/look.py": _EXECUTION,
    "execution/scheduler.py": _EXECUTION,
    "execution/runs.py": _EXECUTION,
    "execution/secret_prefetch.py": _EXECUTION,
    "execution/circuit_breaker.py": _EXECUTION,
    "execution/reverification.py": _EXECUTION,
    "execution/first_mint.py": _EXECUTION,
    "execution/effects/keys.py": _EXECUTION,
    "execution/effects/key_proofs.py": _EXECUTION,
    "execution/effects/logins.py": _LOGINS,
    "execution/attempt.py": _ATTEMPT,
    "vault/vault.py": _VAULT,
    "vault/entries.py": _VAULT,
    "vault/file_backend.py": _VAULT,
    "vault/file_format.py": _VAULT,
    "vault/file_faults.py": _VAULT,
    "vault/backends.py": _VAULT,
    "vault/labels.py": _VAULT,
    "vault/passphrases.py": _VAULT,
    "vault/older.py": _VAULT,
    "vault/reading.py": _VAULT,
    "vault/recording.py": _VAULT,
    "journal/journal.py": _JOURNAL,
    "journal/lock.py": _JOURNAL,
    "journal/storage.py": _JOURNAL,
    "journal/ledger.py": (*_JOURNAL, "tests/unit/execution"),
    "mailgun/limits.py": ("tests/unit/mailgun/test_limits.py", "tests/unit/mailgun/test_retry_hints.py"),
    "core/registered_names.py": ("tests/unit/core/test_registered_names.py",),
    "domain/detection/suspicion.py": ("tests/unit/domain/detection",),
    "domain/detection/alarms.py": ("tests/unit/domain/detection", *_RUNBOOK),
    "domain/forensics/attribution.py": ("tests/unit/domain/forensics",),
    "domain/runbook/containment.py": _RUNBOOK,
    "domain/runbook/containment_state.py": _RUNBOOK,
    "domain/runbook/users.py": _RUNBOOK,
    "domain/runbook/recovery.py": _RUNBOOK,
    "domain/runbook/blocklists.py": _RUNBOOK,
    "domain/runbook/coverage.py": _RUNBOOK,
    "domain/runbook/deadlines.py": _RUNBOOK,
    "domain/runbook/claims.py": _RUNBOOK,
    "domain/runbook/proof_age.py": _RUNBOOK,
    "domain/runbook/queues.py": _RUNBOOK,
    "domain/runbook/runbook.py": _RUNBOOK,
    "domain/runbook/handover.py": _RUNBOOK,
    "domain/runbook/ways_open.py": _RUNBOOK,
    "domain/runbook/adoption.py": _RUNBOOK,
    "domain/runbook/guide.py": _RUNBOOK,
    "domain/runbook/user_actions.py": _RUNBOOK,
    "domain/runbook/old_and_new.py": _RUNBOOK,
    "domain/runbook/tapped.py": _RUNBOOK,
    "domain/runbook/outside_hands.py": _RUNBOOK,
    "domain/runbook/sending.py": _RUNBOOK,
    "domain/runbook/verdict.py": _RUNBOOK,
    "domain/runbook/put_off.py": _RUNBOOK,
    "domain/runbook/countdown.py": _RUNBOOK,
    "domain/runbook/days_after.py": _RUNBOOK,
    "domain/runbook/under_way.py": _RUNBOOK,
    "domain/runbook/manual_steps.py": _RUNBOOK,
    "domain/runbook/panel.py": _RUNBOOK,
    "domain/runbook/recorded.py": _RUNBOOK,
    "domain/runbook/role_play.py": _RUNBOOK,
    "execution/effects/base.py": (_EFFECTS,),
    "execution/effects/idempotent.py": (_EFFECTS,),
    "execution/effects/brakes.py": (_EFFECTS,),
    "execution/effects/settings.py": (_EFFECTS,),
    "execution/effects/leftovers.py": (_EFFECTS,),
    "execution/effects/content.py": (_EFFECTS,),
    "execution/effects/hardening.py": (_EFFECTS,),
    "execution/effects/refusals.py": (_EFFECTS,),
}
_SURVIVED, _NO_TESTS, _TIMED_OUT = (0, 5), (33,), (24, -24, 36, 152, 255)
_EQUIVALENT = ROOT / "tests" / "equivalent_mutants.toml"
_NAMES = """
import json, sys
from pathlib import Path
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name
for path in map(Path, sys.argv[1:]):
    for name in mutate_file_contents(str(path), path.read_text(encoding="utf-8")).mutant_names:
        print(path, get_mutant_name(path, name))
"""


@dataclass(frozen=True)
class Score:
    """One module's mutants: ``of`` there are, ``tried``, caught and not; ``timed_out`` are part of those caught."""

    module: str
    of: int
    tried: int
    equivalent: int
    missed: int
    timed_out: int

    @property
    def share(self) -> float:
        """Return how many of a hundred that a test could tell from the code were caught."""
        told = self.tried - self.equivalent
        return 100.0 * (told - self.missed) / told if told else 100.0

    def __str__(self) -> str:
        tried = f"{self.tried:5} of {self.of:5} mutants"
        parts = f"{self.missed:3} missed, {self.equivalent:3} equivalent, {self.timed_out:2} timed out"
        return f"{self.module:34} {tried}  {self.share:5.1f} % caught  ({parts})"


def main() -> int:
    """Measure what the command line names; exit 1 where a module is below the floor."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("words", nargs="*")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="at most N mutants of each module")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--children", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    wanted = [m for m in MODULES if not options.words or any(word in m for word in options.words)]
    if options.list or not wanted:
        print("\n".join(wanted or MODULES))
        return 0
    scores = []
    for _, together in groupby(wanted, key=MODULES.__getitem__):
        for score in measure(list(together), options):
            scores.append(score)
            print(score, flush=True)
    print(
        Score(
            "together", *(sum(getattr(s, name) for s in scores) for name in list(Score.__annotations__)[1:])
        )
    )
    print(f"What survived stands below {BUILD.relative_to(ROOT)} as one .diff a module.")
    return int(any(s.share < FLOOR for s in scores))


def measure(modules: Sequence[str], options: argparse.Namespace) -> Iterator[Score]:
    """Mutate modules that share their tests in a copy of the tree and yield what those caught of each."""
    folder = BUILD / modules[0].removesuffix(".py").replace("/", "-")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("workbench", "tests", "styles"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(_settings(modules))
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(options.children)]
    if options.sample:
        command += _drawn(folder, modules, options)
    with (folder / "mutmut.log").open("w", encoding="utf-8") as log:
        done = subprocess.run(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, check=False)
    for module in modules:
        meta = folder / "mutants" / "workbench" / f"{module}.meta"
        if done.returncode or not meta.exists():
            raise SystemExit(f"mutmut ended with {done.returncode}; see {folder / 'mutmut.log'}")
        yield _score(module, meta)


def _drawn(folder: Path, modules: Sequence[str], options: argparse.Namespace) -> list[str]:
    """Return the names of at most so many mutants of each module, the same ones for the same seed and code."""
    paths = [f"workbench/{module}" for module in modules]
    told = subprocess.run(
        [sys.executable, "-c", _NAMES, *paths], cwd=folder, stdout=subprocess.PIPE, text=True, check=True
    )
    rows = [line.split() for line in told.stdout.splitlines()]
    names: list[str] = []
    for path in paths:
        own = [name for where, name in rows if where == path]
        chance = random.Random(f"{options.seed} {path}")
        names += chance.sample(own, min(options.sample, len(own)))
    return names


def _score(module: str, meta: Path) -> Score:
    """Read one module's results, write what survived beside the tree, and return the figures."""
    codes: dict[str, int | None] = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    tried = {name: code for name, code in codes.items() if code is not None}
    survivors = [name for name, code in tried.items() if code in (*_SURVIVED, *_NO_TESTS)]
    known = {
        (each["module"], each["function"], each["line"].strip())
        for each in tomllib.loads(_EQUIVALENT.read_text(encoding="utf-8"))["mutant"]
    }
    shown: list[str] = []
    for mutant, lines in _changed(meta.with_suffix(""), survivors):
        function = mutant.partition("__mutmut_")[0]
        if not any((module, function, line[1:].strip()) in known for line in lines if line.startswith("+")):
            shown.append("\n".join([f"# {mutant}", *lines, "", ""]))
    diff = BUILD / f"{module.removesuffix('.py').replace('/', '-')}.diff"
    diff.write_text("".join(shown), encoding="utf-8")
    timed_out = sum(code in _TIMED_OUT for code in tried.values())
    return Score(module, len(codes), len(tried), len(survivors) - len(shown), len(shown), timed_out)


def _settings(modules: Sequence[str]) -> str:
    return "\n".join(
        [
            "\n[tool.mutmut]",
            'source_paths = ["workbench"]',
            f"only_mutate = {json.dumps([f'workbench/{module}' for module in modules])}",
            f"pytest_add_cli_args_test_selection = {json.dumps(MODULES[modules[0]])}",
            'pytest_add_cli_args = ["-p", "no:xdist", "-p", "no:randomly"]',
            'also_copy = ["workbench", "styles"]',
            "use_git_change_detection = false",
            'process_isolation = "forkserver"',
            "timeout_constant = 3.0",
            "timeout_multiplier = 2.0\n",
        ]
    )


def _changed(mutated: Path, names: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each mutant's short name with the lines in which it differs from the function as it is."""
    functions = {
        node.name: ast.unparse(node).replace(node.name, node.name.partition("__mutmut_")[0]).splitlines()
        for node in ast.walk(ast.parse(mutated.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    for name in names:
        mutant = name.rpartition(".")[2]
        original = f"{mutant.partition('__mutmut_')[0]}__mutmut_orig"
        yield mutant, list(difflib.unified_diff(functions[original], functions[mutant], n=0, lineterm=""))[2:]


if __name__ == "__main__":
    raise SystemExit(main())
