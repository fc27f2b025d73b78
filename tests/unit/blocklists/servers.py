"""DNS servers for tests and benchmarks: rbldnsd on loopback, and a proxy that delays or swallows datagrams."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from tests.support.patience import HANGS

RBLDNSD = shutil.which("rbldnsd") or shutil.which("rbldnsd", path="/usr/sbin:/sbin")
PROXY = Path(__file__).with_name("delay_proxy.py")
ATTEMPTS = 8


def free_port() -> int:
    """Return a UDP port on loopback that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int, name: str, child: subprocess.Popen[bytes]) -> bool:
    """Wait until the child answers any query at all; False where it ended instead; RuntimeError after a while."""
    labels = b"".join(bytes([len(label)]) + label for label in name.encode().split(b"."))
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\x00\x00\x01\x00\x01"
    give_up = time.monotonic() + HANGS
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.05)
        client.connect(("127.0.0.1", port))
        while time.monotonic() < give_up:
            if child.poll() is not None:
                return False
            try:
                client.send(query)
                client.recv(512)
            except (TimeoutError, ConnectionRefusedError):
                continue
            return True
    raise RuntimeError(f"no DNS server answers on port {port}")


class Process:
    """A child process that is ended with the block."""

    def __init__(self) -> None:
        self.port = 0
        self._child: subprocess.Popen[bytes] | None = None

    def _start(self, command: Callable[[], Sequence[str]], name: str) -> None:
        """Start what ``command`` says for ``port``, on another one where somebody took that meanwhile."""
        for _ in range(ATTEMPTS):
            self.port = free_port()
            self._child = subprocess.Popen(command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if answers(self.port, name, self._child):
                return
        raise RuntimeError(f"{command()[0]} ends at once")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None:
            self._child.terminate()
            self._child.wait(timeout=HANGS)


class Rbldnsd(Process):
    """rbldnsd serving zones: name → (data set type, lines). ``port`` is its UDP port on 127.0.0.1."""

    def __init__(self, zones: Mapping[str, tuple[str, Sequence[str]]]) -> None:
        super().__init__()
        self._zones = zones
        # Not pytest's own folder: rbldnsd gives up root, and that folder is closed to others.
        self._folder = Path(tempfile.mkdtemp(prefix="rbldnsd-"))

    def __enter__(self) -> Rbldnsd:
        if RBLDNSD is None:
            raise RuntimeError("rbldnsd is not installed")
        self._folder.chmod(0o755)
        arguments = []
        for number, (zone, (kind, lines)) in enumerate(self._zones.items()):
            data = self._folder / f"zone{number}"
            data.write_text("\n".join(lines) + "\n", encoding="utf-8")
            data.chmod(0o644)
            arguments.append(f"{zone}:{kind}:{data.name}")
        user = ["-u", "rbldns"] if os.geteuid() == 0 else []
        program = RBLDNSD
        self._start(
            lambda: [
                program,
                "-n",
                "-b",
                f"127.0.0.1/{self.port}",
                "-w",
                str(self._folder),
                *user,
                *arguments,
            ],
            next(iter(self._zones)),
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        shutil.rmtree(self._folder)


class DelayProxy(Process):
    """A process that passes datagrams on to ``target`` and their answers back after ``delay_ms``.

    Queries for the zones in ``silent`` are swallowed, and so is every answer number n that is divisible
    by ``lose_every`` (0 loses none).
    """

    def __init__(self, target: int, delay_ms: float, silent: Sequence[str] = (), lose_every: int = 0) -> None:
        super().__init__()
        self._rest = [str(target), str(delay_ms), str(lose_every), *silent]

    def __enter__(self) -> DelayProxy:
        self._start(lambda: [sys.executable, str(PROXY), str(self.port), *self._rest], "probe.test")
        return self
