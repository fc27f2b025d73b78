"""Which module may import which library: read from the source, and proven on a running interpreter."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support.sources import PACKAGE, nodes, texts

ROOT = PACKAGE.parent

ALLOWED = {
    "httpx": ("mailgun/client.py", "mailgun/pool.py", "mailgun/library_line.py", "leaks/web"),
    "httpcore": (),
    "h11": ("mailgun/wire.py",),
    "keyring": ("vault/",),
    "tabulate": ("cli/tables.py", "reports/"),
    "textual": ("tui/",),
    "rich": ("tui/",),
    "starlette": ("drill/",),
    "uvicorn": ("drill/",),
    "aiosmtpd": ("drill/",),
}


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    """Return every module of the package, parsed once for all that read them here."""
    return {path: ast.parse(text) for path, text in texts().items()}


def _imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")[0], node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.split(".")[0], node.lineno


def test_each_library_stays_in_its_own_modules(trees: dict[Path, ast.Module]) -> None:
    strays = [
        f"{path.relative_to(PACKAGE)}:{line} imports {library}"
        for path, tree in trees.items()
        for library, line in _imports(tree)
        if library in ALLOWED and not str(path.relative_to(PACKAGE)).startswith(ALLOWED[library])
    ]
    assert strays == []


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("workbench.cli.parser", ("httpx", "textual", "keyring", "msgspec", "starlette", "tabulate", "dns")),
        (
            "workbench.tui.app",
            ("httpx", "keyring", "msgspec", "starlette", "tabulate", "cryptography", "sqlite3", "dns"),
        ),
        (
            "workbench.cli.leaks",
            ("httpx", "textual", "asyncio", "msgspec", "keyring", "sqlite3", "tabulate", "cryptography"),
        ),
        ("workbench.domain.runbook.runbook", ("httpx", "textual", "keyring", "sqlite3")),
        ("workbench.planning.registry", ("httpx", "textual", "keyring", "sqlite3")),
        ("workbench.execution.executor", ("textual", "httpx", "keyring", "tabulate")),
        # What an open screen holds in memory all the time is what it needs all the time.
        (
            "workbench.session.session",
            ("keyring", "email.policy", "html.entities", "difflib", "zxcvbn", "pypdf"),
        ),
        # Only what goes through a proxy needs the HTTP library: it takes 5 MB.
        ("workbench.mailgun.wire, workbench.session.session", ("httpx", "httpcore", "anyio")),
        ("workbench.vault.file_backend", ("keyring",)),
    ],
)
def test_importing_a_layer_does_not_pull_in_what_it_must_not_know(
    module: str, absent: tuple[str, ...]
) -> None:
    code = f"import sys, {module}; print([m for m in {absent!r} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.strip() == "[]"


def test_the_http_library_comes_without_its_own_command() -> None:
    """It would bring click, lexers and progress bars along, wherever those are installed."""
    code = "import sys, workbench.core.network, httpx; print('click' in sys.modules, callable(httpx.main))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.strip() == "False True"


def test_a_search_without_an_incident_loads_nothing_of_account_vault_or_screen(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MAILGUN_SECRET=key-5d1f0c3be27a94486fd0b1c97ae3528f\n")
    heavy = ("httpx", "textual", "asyncio", "msgspec", "keyring", "sqlite3", "tabulate", "cryptography")
    code = (
        f"import sys, runpy; sys.argv = ['workbench', 'leaks', {str(tmp_path)!r}, '--json']\n"
        "try: runpy.run_module('workbench', run_name='__main__')\n"
        f"except SystemExit as end: print(end.code, [m for m in {heavy!r} if m in sys.modules], file=sys.stderr)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"WORKBENCH_HOME": str(tmp_path / "home"), "PATH": ""},
    )
    assert shown.stderr.splitlines()[-1] == "1 []"


def test_no_module_imports_itself_in_a_circle(trees: dict[Path, ast.Module]) -> None:
    # Imports inside functions and for annotations count too: a circle that is put off is one all the same.
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): tree for path, tree in trees.items()}
    graph: dict[str, set[str]] = {}
    for name, tree in names.items():
        known = graph.setdefault(name, set())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                known |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                parts = {f"{node.module}.{alias.name}" for alias in node.names}
                known |= (parts & names.keys()) or {node.module}
    assert sum(map(len, graph.values())) > 3000
    TopologicalSorter(graph).prepare()


def test_no_module_outgrows_one_idea() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path, text in texts().items()
        if (lines := len(text.splitlines())) > 400
    }
    assert long == {}


def test_no_function_is_longer_than_a_screen(trees: dict[Path, ast.Module]) -> None:
    long = {
        f"{path.relative_to(ROOT)}: {node.name}": lines
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > 60
    }
    assert long == {}


def test_a_class_name_means_one_thing(trees: dict[Path, ast.Module]) -> None:
    places: dict[str, list[str]] = {}
    for path, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


# What no one else can have put there: the kernel's own list of volumes, and the host's resolver file.
OPENED_BY_NAME = {"core/atomic_files.py", "blocklists/resolvers.py"}


def test_a_file_that_may_be_anything_is_read_in_one_place(trees: dict[Path, ast.Module]) -> None:
    """A pipe, a device or a link in a file's place is refused by ``core/atomic_files``; elsewhere it is waited for."""
    strays = []
    for path, tree in trees.items():
        name = str(path.relative_to(PACKAGE))
        if name.startswith("drill/") or name in OPENED_BY_NAME:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in ("read_bytes", "read_text"):
                what = ast.unparse(node)
                if "files(" not in what:  # what the package itself brings
                    strays.append(f"{name}:{node.lineno} {what}")
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
                strays.append(f"{name}:{node.lineno} {ast.unparse(node)}")
    assert strays == []


def test_no_words_leave_their_plural_to_the_reader() -> None:
    """``2 key(s)`` is a form, not a sentence: ``plural`` knows the number. The drill speaks as the vendor does."""
    halves = re.compile(r"[a-z]\((s|es|ies)\)")
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}: {node.value}"
        for path, node in nodes(r"\((s|es|ies)\)")
        if "drill" not in path.relative_to(PACKAGE).parts
        and isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and halves.search(node.value)
    ]
    assert [one for one in found if "http(s)" not in one] == []


def test_a_single_call_that_is_due_later_is_left_to_the_loop(trees: dict[Path, ast.Module]) -> None:
    """Textual's one-shot timer may never fire on a busy host (``tui/once.py`` says why and stands for it)."""
    strays = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "set_timer" and path.name != "once.py"
    ]
    assert strays == []
