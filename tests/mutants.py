"""`make mutants`: what the unit tests alone would miss, by mutmut, one module after the other.

::

    python -m tests.mutants                      every module listed here, in the order of the harm a fault does
    python -m tests.mutants execution/executor   those whose path holds one of these words
    python -m tests.mutants --list               the modules

Each module is mutated in a copy of the tree below ``build/mutants`` and tried against its own unit tests (no
drill, no pilot, no network), so that a number here says what those tests hold. What survived stands beside the
numbers as a diff; ARCHITECTURE keeps the table. A mutant whose tests run into the time limit counts as caught.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "mutants"
FLOOR = 90.0
_EFFECTS = "tests/unit/execution/effects"
# Module → the unit tests that answer for it.
MODULES: dict[str, tuple[str, ...]] = {
    "execution/executor.py": ("tests/unit/execution",),
    "execution/look.py": ("tests/unit/execution",),
    "execution/effects/keys.py": (f"{_EFFECTS}/test_keys.py",),
    "execution/effects/key_proofs.py": (f"{_EFFECTS}/test_keys.py",),
    "execution/effects/logins.py": (f"{_EFFECTS}/test_logins.py",),
    "execution/attempt.py": (
        "tests/unit/execution/test_attempt.py",
        "tests/unit/execution/test_attempt_in_account.py",
    ),
    "domain/runbook/containment.py": ("tests/unit/domain/runbook",),
    "domain/runbook/users.py": ("tests/unit/domain/runbook",),
    "domain/runbook/recovery.py": ("tests/unit/domain/runbook",),
    "domain/runbook/blocklists.py": ("tests/unit/domain/runbook",),
    "domain/detection/suspicion.py": ("tests/unit/domain/detection",),
    "core/registered_names.py": ("tests/unit/core/test_registered_names.py",),
    "execution/effects/base.py": (_EFFECTS,),
    "execution/effects/idempotent.py": (_EFFECTS,),
    "execution/effects/brakes.py": (_EFFECTS,),
    "execution/effects/settings.py": (_EFFECTS,),
    "execution/effects/leftovers.py": (_EFFECTS,),
    "execution/effects/content.py": (_EFFECTS,),
    "execution/effects/hardening.py": (_EFFECTS,),
    "execution/effects/refusals.py": (_EFFECTS,),
    "execution/scheduler.py": ("tests/unit/execution",),
    "execution/runs.py": ("tests/unit/execution",),
    "execution/secret_prefetch.py": ("tests/unit/execution",),
    "execution/circuit_breaker.py": ("tests/unit/execution",),
    "domain/forensics/attribution.py": ("tests/unit/domain/forensics",),
    "mailgun/limits.py": ("tests/unit/mailgun/test_limits.py",),
    "journal/journal.py": ("tests/unit/journal",),
    "journal/ledger.py": ("tests/unit/journal", "tests/unit/execution"),
    "journal/lock.py": ("tests/unit/journal",),
    "journal/storage.py": ("tests/unit/journal",),
    "vault/vault.py": ("tests/unit/vault",),
    "vault/entries.py": ("tests/unit/vault",),
    "vault/file_backend.py": ("tests/unit/vault",),
    "vault/file_format.py": ("tests/unit/vault",),
}
_SURVIVED, _NO_TESTS = (0, 5), (33,)


@dataclass(frozen=True)
class Score:
    """One module's mutants; ``survivors`` by mutmut's names, those that no test reaches among them."""

    module: str
    total: int
    survivors: tuple[str, ...]

    @property
    def share(self) -> float:
        """Return how many of a hundred were caught."""
        return 100.0 * (self.total - len(self.survivors)) / self.total if self.total else 100.0


def main() -> int:
    """Measure what the command line names; exit 1 where a module is below the floor."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("words", nargs="*")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--children", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    wanted = [m for m in MODULES if not options.words or any(word in m for word in options.words)]
    if options.list or not wanted:
        print("\n".join(wanted or MODULES))
        return 0
    scores = []
    for module in wanted:
        score = measure(module, options.children)
        scores.append(score)
        print(f"{module:34} {score.total:5} mutants  {score.share:5.1f} % caught", flush=True)
    total = sum(s.total for s in scores)
    missed = sum(len(s.survivors) for s in scores)
    print(f"{'together':34} {total:5} mutants  {100 * (total - missed) / max(1, total):5.1f} % caught")
    print(f"What survived stands below {BUILD.relative_to(ROOT)} as one .diff a module.")
    return int(any(s.share < FLOOR for s in scores))


def measure(module: str, children: int) -> Score:
    """Mutate one module in a copy of the tree and return what its unit tests caught."""
    folder = BUILD / module.removesuffix(".py").replace("/", "-")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("workbench", "tests", "styles"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(_settings(module))
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(children)]
    with (folder / "mutmut.log").open("w", encoding="utf-8") as log:
        done = subprocess.run(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, check=False)
    meta = folder / "mutants" / "workbench" / f"{module}.meta"
    if not meta.exists():
        raise SystemExit(f"mutmut ended with {done.returncode}; see {folder / 'mutmut.log'}")
    codes: dict[str, int | None] = json.loads(meta.read_text())["exit_code_by_key"]
    survivors = tuple(name for name, code in codes.items() if code in (*_SURVIVED, *_NO_TESTS, None))
    diff = BUILD / f"{folder.name}.diff"
    diff.write_text("".join(_shown(meta.with_suffix(""), survivors)), encoding="utf-8")
    counted = Counter("missed" if name in survivors else "caught" for name in codes)
    return Score(module, counted.total(), survivors)


def _settings(module: str) -> str:
    return "\n".join(
        [
            "\n[tool.mutmut]",
            'source_paths = ["workbench"]',
            f'only_mutate = ["workbench/{module}"]',
            f"pytest_add_cli_args_test_selection = {json.dumps(MODULES[module])}",
            'pytest_add_cli_args = ["-p", "no:xdist", "-p", "no:randomly"]',
            'also_copy = ["workbench", "styles"]',
            "use_git_change_detection = false\n",
        ]
    )


def _shown(mutated: Path, names: tuple[str, ...]) -> Iterator[str]:
    """Yield each survivor as the lines that differ from the function as it is."""
    functions = {
        node.name: ast.unparse(node).splitlines()[1:]
        for node in ast.walk(ast.parse(mutated.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    for name in names:
        mutant = name.rpartition(".")[2]
        original = f"{mutant.partition('__mutmut_')[0]}__mutmut_orig"
        lines = difflib.unified_diff(functions[original], functions[mutant], n=0, lineterm="")
        yield "\n".join([f"# {mutant}", *list(lines)[2:], "", ""])


if __name__ == "__main__":
    raise SystemExit(main())
