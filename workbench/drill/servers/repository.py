"""A git repository of the customer's shop, with the leaked secret in its history.

The key stood in a configuration file for a few commits and is gone from HEAD; the SMTP password sits on a
branch nobody merged; one more copy lies in a commit that no ref reaches any more. Dates and authors are the
story's, so the commit ids are the same in every run. git runs with a configuration of its own.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from workbench.core.errors import HostError
from workbench.drill.servers.site import Secrets, SitePlant, leaked_secrets
from workbench.drill.world.story import Story

COMMITS = 36
KEY_FROM, KEY_UNTIL = 11, 15  # the commits of main that hold the key: added in 11, removed in 15
BRANCH_AT = 19
TAG_AT = 14
ABANDONED_AT = 24
BRANCH = "refs/heads/staging"
ABANDONED = "refs/heads/wip"


@dataclass(frozen=True)
class _Commit:
    ref: str
    mark: int
    parents: tuple[int, ...]
    at: datetime
    author: str
    message: str
    files: tuple[tuple[str, str], ...]


def build_repository(story: Story, folder: Path, git: str = "git") -> tuple[SitePlant, ...]:
    """Make the repository in ``folder`` (which must not exist yet) and return where its secrets are.

    Raises HostError when git is missing or fails: the drill then goes on without a history.
    """
    secrets = leaked_secrets(story)
    folder.mkdir(parents=True)
    run = _Git(git, folder)
    run("init", "--quiet", "--template=", "--initial-branch=main")
    marks = folder / ".git" / "marks"
    run("fast-import", "--quiet", f"--export-marks={marks}", text=_stream(story, secrets))
    ids = dict(line.lstrip(":").split(" ") for line in marks.read_text().splitlines())
    marks.unlink()
    # The commit stays in the object store, but nothing points to it: as after a rebase.
    run("update-ref", "-d", ABANDONED)
    run("reset", "--quiet", "--hard", "main")
    return _exposures(secrets, ids)


def history(story: Story, secrets: Secrets) -> tuple[_Commit, ...]:
    """Return the commits in the order they are written; the same story gives the same commits."""
    people = [user.name for user in story.users if not user.planted] or ["Ops"]
    mails = {user.name: user.email for user in story.users}
    first = story.leak.taken_at - timedelta(days=420)
    made: list[_Commit] = []
    for number in range(1, COMMITS + 1):
        name = people[number % len(people)]
        author = f"{name} <{mails.get(name, f'ops@{story.company_domain}')}>"
        at = first + timedelta(days=9 * number, hours=number % 7, minutes=13 * number % 60)
        message, files = _change(number, secrets)
        parents = (number - 1,) if number > 1 else ()
        made.append(_Commit("refs/heads/main", number, parents, at, author, message, files))
        if number == BRANCH_AT and secrets.password:
            env = f"MAIL_USERNAME={secrets.login}\nMAIL_PASSWORD={secrets.password}\n"
            side = (("deploy/.env.staging", "MAIL_HOST=smtp.mailgun.org\n" + env),)
            # Nobody commits a password before it exists.
            login = story.stolen_login
            later = max(at, login.created) if login else at
            made.append(
                _Commit(BRANCH, 101, (number,), later + timedelta(hours=3), author, "staging settings", side)
            )
        if number == ABANDONED_AT and secrets.key:
            dsn = f"MAILER_DSN=mailgun+https://{secrets.key}:mg.example@default?region=us\n"
            lost = (("notes/dsn.txt", dsn),)
            made.append(
                _Commit(ABANDONED, 102, (number,), at + timedelta(hours=1), author, "wip: try the DSN", lost)
            )
    return tuple(made)


def _change(number: int, secrets: Secrets) -> tuple[str, tuple[tuple[str, str], ...]]:
    if number == 1:
        return "Import the shop", (
            ("README.md", "# Shop\n\nCopy `.env.example` to `.env` and fill in `MAILGUN_SECRET`.\n"),
            (".gitignore", "/vendor\n/node_modules\n.env\n.env.backup\n"),
            ("config/mail.php", _config("env('MAILGUN_SECRET')")),
            ("composer.lock", '{"content-hash": "5d41402abc4b2a76b9719d911017c592"}\n'),
        )
    if number == KEY_FROM and secrets.key:
        return "Mail: hard-code the key until the env loader works", (
            ("config/mail.php", _config(f"'{secrets.key}'")),
        )
    if number == KEY_UNTIL and secrets.key:
        return "Mail: read the key from the environment again", (
            ("config/mail.php", _config("env('MAILGUN_SECRET')")),
        )
    return f"Shop: change {number}", ((f"app/part{number % 9}.php", f"<?php // revision {number}\n"),)


def _config(key: str) -> str:
    return (
        "<?php\nreturn [\n  'mailgun' => [\n    'domain' => env('MAILGUN_DOMAIN'),\n"
        f"    'secret' => {key},\n    'endpoint' => 'api.mailgun.net',\n  ],\n];\n"
    )


def _stream(story: Story, secrets: Secrets) -> str:
    out: list[str] = []
    for commit in history(story, secrets):
        stamp = f"{commit.author} {int(commit.at.timestamp())} +0000"
        out.append(f"commit {commit.ref}\nmark :{commit.mark}\nauthor {stamp}\ncommitter {stamp}\n")
        out.append(_data(commit.message + "\n"))
        for index, parent in enumerate(commit.parents):
            out.append(f"{'merge' if index else 'from'} :{parent}\n")
        for path, content in commit.files:
            out.append(f"M 100644 inline {path}\n{_data(content)}")
        out.append("\n")
    out.append(f"reset refs/tags/v1.0\nfrom :{TAG_AT}\n\n")
    return "".join(out)


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _exposures(secrets: Secrets, ids: dict[str, str]) -> tuple[SitePlant, ...]:
    places: list[SitePlant] = []
    if secrets.key:
        places.append(SitePlant("history", f"{ids[str(KEY_FROM)]}:config/mail.php", secrets.key_id))
        places.append(SitePlant("unreachable", f"{ids['102']}:notes/dsn.txt", secrets.key_id))
    if secrets.password:
        places.append(SitePlant("history", f"{ids['101']}:deploy/.env.staging", secrets.login))
    return tuple(places)


class _Git:
    """Runs git in one folder, cut off from the user's and the system's configuration."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
        }

    def __call__(self, *arguments: str, text: str = "") -> None:
        try:
            subprocess.run(  # noqa: S603 - fixed arguments, no shell
                [self._program, "-C", str(self._folder), *arguments],
                input=text,
                text=True,
                capture_output=True,
                check=True,
                timeout=30,
                env=self._env,
            )
        except FileNotFoundError:
            raise HostError(
                "git is not installed.",
                "The drill's repository cannot be given a history.",
                "Install git and start the drill with --fresh.",
            ) from None
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise HostError(
                f"git {arguments[0]} failed while the drill's repository was made.",
                "The repository is incomplete.",
                "Start the drill with --fresh.",
            ) from error
