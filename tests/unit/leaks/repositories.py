"""Small git repositories for tests, made with a clean configuration of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.com",
}


def need_git() -> None:
    """Skip without git, or fail where everything must be tested."""
    if shutil.which("git") is None:
        if os.environ.get("WORKBENCH_TEST_ALL") == "1":
            pytest.fail("git is not installed")
        pytest.skip("git is not installed")


class Repository:
    """A checkout under ``path``; commits are an hour apart from a fixed beginning."""

    def __init__(self, path: Path) -> None:
        need_git()
        self.path = path
        self._hour = 0
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        """Run git in the checkout and return its output, stripped."""
        moment = f"2026-11-18T{self._hour % 24:02d}:00:00Z"
        environment = ENVIRONMENT | {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, message: str, **files: str | None) -> str:
        """Write files (``None`` removes; ``__`` in a name is a dot), commit all, return the commit's id."""
        self._hour += 1
        for name, text in files.items():
            target = self.path / name.replace("__", ".")
            if text is None:
                target.unlink()
            else:
                target.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")
