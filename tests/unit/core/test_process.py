"""What the operating system is asked for while secrets are in memory."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.core.process import LockedKey, child_environment, protect

ROOT = Path(__file__).parents[3]
PR_CAPBSET_DROP, CAP_SYS_PTRACE = 24, 19

linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")

HOLDS = """
import sys
from workbench.core.process import protect
if "protected" in sys.argv:
    assert protect() == [], protect()
print("ready", flush=True)
sys.stdin.readline()
"""


def without_privilege() -> None:
    """Root with this capability may attach to anything: the question is what a program without it can do."""
    resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE)[1:] * 2)
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE, 0, 0, 0)


def holder(*how: str) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDS, *how],
        preexec_fn=without_privilege,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "ready"
    return child


PEEK = """
import ctypes, os, sys
pid = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
attached = libc.ptrace(16, pid, None, None) == 0
if attached:
    os.waitpid(pid, 0x40000000)
    libc.ptrace(17, pid, None, None)
try:
    open(f"/proc/{pid}/mem", "rb").close()
    opened = True
except OSError:
    opened = False
print(attached, opened)
"""


def peek(pid: int) -> list[str]:
    """Return whether another program of that user could attach to it and open its memory."""
    done = subprocess.run(
        [sys.executable, "-c", PEEK, str(pid)],
        preexec_fn=without_privilege,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@linux
def test_no_debugger_of_the_same_user_and_no_look_into_memory() -> None:
    with holder("protected") as child:
        assert peek(child.pid) == ["False", "False"]
        child.communicate("go\n")


@linux
def test_without_protection_the_same_look_succeeds_where_the_host_allows_it() -> None:
    """The control: else the test above would prove nothing."""
    with holder() as child:
        seen = peek(child.pid)
        child.communicate("go\n")
    if seen[1] == "False":
        pytest.skip("this host (yama) refuses it to everybody")
    assert seen[1] == "True"


@linux
def test_a_crash_writes_no_core(tmp_path: Path) -> None:
    script = "import os; from workbench.core.process import protect; protect(); os.abort()"
    done = subprocess.run(
        [sys.executable, "-c", script],
        preexec_fn=without_privilege,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == -signal.SIGABRT
    assert list(tmp_path.iterdir()) == []


def test_protecting_twice_is_protecting_once() -> None:
    script = "from workbench.core.process import protect; print(protect() == protect())"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "True"
    assert callable(protect)


def test_a_key_in_its_page_is_the_key_shows_nothing_and_is_zeroed_when_dropped() -> None:
    key = LockedKey(bytes(range(32)))
    assert key.value() == bytes(range(32))
    assert "0" not in repr(key)
    address = ctypes.addressof(ctypes.c_char.from_buffer(key._page))
    assert ctypes.string_at(address, 4) == bytes(range(4))
    page = key._page
    del key
    assert page.closed


def test_a_child_gets_nothing_that_holds_a_secret() -> None:
    ours = {
        "PATH": "/bin",
        "LANG": "C.UTF-8",
        "MAILGUN_API_KEY": "key-1",
        "WORKBENCH_PASSPHRASE_FILE": "/x",
        "AWS_SECRET_ACCESS_KEY": "s",
        "GITHUB_TOKEN": "t",
        "MYSQL_PASSWORD": "p",
        "SSH_AUTH_SOCK": "/run/agent",
    }
    assert child_environment(ours, TERM="dumb") == {
        "PATH": "/bin",
        "LANG": "C.UTF-8",
        "SSH_AUTH_SOCK": "/run/agent",
        "TERM": "dumb",
    }
