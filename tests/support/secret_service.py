"""A session bus of our own with a Secret Service on it: the real gnome-keyring, or one that never answers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.patience import HANGS

PASSWORD = b"the login password"
# Takes the name and reads nothing: a service that waits for a prompt nobody sees.
SILENT = """
import time
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection
bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
connection = open_dbus_connection("SESSION")
connection.send_and_get_reply(new_method_call(bus, "RequestName", "su", ("org.freedesktop.secrets", 4)))
print("there", flush=True)
time.sleep(3600)
"""
LOCK = """
import secretstorage

from tests.support.patience import HANGS
collection = secretstorage.get_default_collection(secretstorage.dbus_init())
collection.lock()
assert collection.is_locked()
"""


class SessionBus:
    """A bus and what runs on it; ``env`` is how programs find it. Nothing of the host's own session is touched."""

    def __init__(self, folder: Path) -> None:
        self._run = folder / "run"
        self._run.mkdir(mode=0o700)
        self._processes: list[subprocess.Popen[bytes]] = []
        config = ["dbus-daemon", "--session", "--print-address", "--nofork", "--nopidfile"]
        bus = self._start(config)
        assert bus.stdout is not None
        self.env = {
            "DBUS_SESSION_BUS_ADDRESS": bus.stdout.readline().decode().strip(),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_RUNTIME_DIR": str(self._run),
            "HOME": str(folder),
            "DISPLAY": "",
            "WAYLAND_DISPLAY": "",
        }

    def gnome_keyring(self) -> None:
        """Run the real one, its login collection made and unlocked."""
        words = [
            "--foreground",
            "--unlock",
            "--components=secrets",
            f"--control-directory={self._run}/keyring",
        ]
        daemon = self._start(["gnome-keyring-daemon", *words], PASSWORD)
        assert daemon.stdout is not None
        daemon.stdout.readline()
        self._until_named("org.freedesktop.secrets")

    def silent_service(self) -> None:
        """Have somebody hold the service's name who never answers."""
        service = self._start([sys.executable, "-c", SILENT])
        assert service.stdout is not None and service.stdout.readline() == b"there\n"

    def lock(self) -> None:
        """Lock the keyring, as a desktop does when its session ends."""
        subprocess.run(
            [sys.executable, "-c", LOCK], env={**os.environ, **self.env}, check=True, timeout=HANGS
        )

    def unlock(self) -> None:
        """Unlock it the way the workbench's own words name."""
        subprocess.run(
            ["gnome-keyring-daemon", "--replace", "--unlock", "--components=secrets"],
            input=PASSWORD,
            env={**os.environ, **self.env},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=HANGS,
        )

    def close(self) -> None:
        """End what was started, the bus last."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _until_named(self, name: str) -> None:
        """Wait until somebody holds a name on the bus: asked for before that, the bus would start another one."""
        from jeepney import DBusAddress, new_method_call  # type: ignore[import-untyped]
        from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]

        bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
        with open_dbus_connection(self.env["DBUS_SESSION_BUS_ADDRESS"]) as connection:
            for _ in range(600):
                if connection.send_and_get_reply(new_method_call(bus, "NameHasOwner", "s", (name,))).body[0]:
                    return
                time.sleep(0.05)
        raise AssertionError(f"nobody holds {name}")

    def _start(self, command: list[str], typed: bytes = b"") -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **getattr(self, "env", {})},
        )
        assert process.stdin is not None
        process.stdin.write(typed)
        process.stdin.close()
        self._processes.append(process)
        return process


@contextmanager
def session_bus(folder: Path) -> Iterator[SessionBus]:
    """Run a bus for the time of the block."""
    bus = SessionBus(folder)
    try:
        yield bus
    finally:
        bus.close()
