"""What a command ends with: faults of the host and of the program are said in words, never as a traceback."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import ROOT
from workbench import cli
from workbench.core.errors import (
    HostError,
    NotFound,
    OutputError,
    RateLimited,
    Refused,
    Signalled,
    Unreachable,
    UsageError,
    VendorFault,
    host_fault,
)

SECRET = "key-3ax6xnjp29jd6fds4gc373sgvjxteol0"


def _ends(monkeypatch: pytest.MonkeyPatch, raised: BaseException) -> int:
    """Return the exit code of a command that raises."""

    def command(_options: argparse.Namespace) -> int:
        raise raised

    class Parser:
        def parse_args(self, _arguments: list[str]) -> argparse.Namespace:
            return argparse.Namespace(run=command)

    monkeypatch.setattr(cli, "build_parser", Parser)
    return cli.run([])


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (UsageError("no"), 2),
        (Unreachable("no"), 3),
        (VendorFault("no"), 3),
        (RateLimited("no"), 3),
        (NotFound("no"), 3),
        (Refused("no"), 3),
        (HostError("no"), 3),
        (OSError(errno.ENOSPC, "no space", "/x/y"), 3),
        (OSError(errno.EMFILE, "too many"), 3),
        (PermissionError(errno.EACCES, "denied", "/x"), 3),
        (FileExistsError(errno.EEXIST, "exists", "/x"), 3),
        (MemoryError(), 3),
        (KeyboardInterrupt(), 128 + signal.SIGINT),
        (Signalled(signal.SIGTERM), 128 + signal.SIGTERM),
        (RuntimeError(SECRET), 70),
        (KeyError("x"), 70),
        (ExceptionGroup("two", [OSError(errno.ENOSPC, "full")]), 3),
        (ExceptionGroup("two", [OSError(errno.ENOSPC, "full"), ValueError(SECRET)]), 70),
    ],
)
def test_every_end_has_its_code_and_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], raised: BaseException, code: int
) -> None:
    assert _ends(monkeypatch, raised) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.strip()
    assert "Traceback" not in err
    assert SECRET not in err


def test_a_fault_of_the_program_names_its_kind_and_its_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _ends(monkeypatch, ZeroDivisionError(SECRET)) == 70
    assert "ZeroDivisionError at " in capsys.readouterr().err


def test_an_import_without_descriptors_is_a_fault_of_the_host() -> None:
    try:
        try:
            raise OSError(errno.EMFILE, "Too many open files")
        except OSError:
            raise ImportError("cannot import") from None
    except ImportError as error:
        found = host_fault(error)
    assert found is not None
    assert "open no further file" in found.what
    assert host_fault(ValueError("x")) is None


def _run(*arguments: str, preexec: Callable[[], object] | None = None, **more: str) -> tuple[int, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with subprocess.Popen(
        [sys.executable, "-m", "workbench", *arguments],
        env={**kept, "PYTHONPATH": str(ROOT), **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=preexec,
        text=True,
    ) as process:
        _, err = process.communicate()
        return process.returncode, err


@pytest.mark.parametrize("command", ["status", "contain", "sweep", "assess", "report", "blocklists"])
def test_an_unusable_state_folder_is_said_with_a_remedy(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "taken" / "home"))
    for name in ("MAILGUN_API_KEY", "WORKBENCH_ENDPOINTS", "WORKBENCH_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    code = cli.run([command])
    err = capsys.readouterr().err
    assert code == 3, err
    assert "Traceback" not in err
    assert "WORKBENCH_HOME" in err


def _full() -> None:
    os.dup2(os.open("/dev/full", os.O_WRONLY), 1)


def _closed() -> None:
    os.close(1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this host has no /dev/full")
@pytest.mark.parametrize(("how", "words"), [(_full, "No space left"), (_closed, "is closed")])
def test_a_result_that_cannot_be_written_is_no_success(how: Callable[[], object], words: str) -> None:
    code, err = _run("drill", "--list", preexec=how)
    assert code == OutputError.exit_code == 4, err
    assert words in err
    assert "Traceback" not in err
    assert "Exception ignored" not in err


def test_a_reader_that_has_gone_ends_as_the_signal_would(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    code, err = _run("drill", "--list", preexec=lambda: os.dup2(writing, 1))
    os.close(writing)
    assert code == 128 + signal.SIGPIPE
    assert err == ""


def test_a_limit_of_descriptors_is_said_with_a_remedy(tmp_path: Path) -> None:
    import resource

    code, err = _run(
        "status",
        preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (6, 6)),
        WORKBENCH_HOME=str(tmp_path / "home"),
    )
    assert code == 3, err
    assert "ulimit -n" in err
    assert "Traceback" not in err


def test_twenty_four_descriptors_are_enough_for_a_command_or_said(tmp_path: Path) -> None:
    import resource

    code, err = _run(
        "secrets",
        "recover",
        preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24)),
        WORKBENCH_HOME=str(tmp_path / "home"),
    )
    assert code in (3, 4), err
    assert "Traceback" not in err and "fault of this program" not in err
    assert "There is no vault" in err or "ulimit -n" in err
