"""WordPress versions against the shipped list of mail-plugin flaws; from files, or from public pages' text.

Versions are compared and nothing is tested: a flaw is never provoked to prove it (dossier 4.2).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from workbench.core.redact import visible
from workbench.leaks.model import utc_text

_CORE = re.compile(r"""\$wp_version\s*=\s*['"]([\w.+-]{1,40})['"]""")
_HEADER = re.compile(r"(?im)^[ \t/*#@]*Version:\s*([\w.+-]{1,40})")
_STABLE = re.compile(r"(?im)^[ \t]*Stable tag:\s*([\w.+-]{1,40})")
_GENERATOR = re.compile(
    r"""(?i)<meta[^>]+name=["']generator["'][^>]+content=["']WordPress ([\d.]{1,20})["']"""
)
_ASSET = re.compile(r"wp-emoji-release\.min\.js\?ver=([\d.]{1,20})")
_HEAD = 8192
_MOST_PLUGINS = 2000


@dataclass(frozen=True, slots=True)
class Flaw:
    """One published flaw: CVE, score, who can use it, what happens, the first fixed version if known.

    ``how`` is leak, takeover, itself (the site is the leak) or minor.
    """

    slug: str
    cve: str
    score: float
    who: str
    how: str
    what: str
    affected: str
    fixed: str
    since: str
    below: bool

    def affects(self, version: str) -> bool:
        """Return whether ``version`` lies in the affected range; a version that is no number does not."""
        mine = version_key(version)
        if not mine or (self.since and mine < version_key(self.since)):
            return False
        limit = version_key(self.affected)
        return mine < limit if self.below else mine <= limit


@dataclass(frozen=True, slots=True)
class Installed:
    """A plugin (or ``core``) as found: slug, version, where, when its folder last changed (UTC or "")."""

    slug: str
    version: str
    where: str
    changed: str = ""


@dataclass(frozen=True, slots=True)
class Vulnerable:
    """An installed plugin in an affected version, and what to do."""

    installed: Installed
    flaw: Flaw

    @property
    def todo(self) -> str:
        """What to do, in one or two sentences."""
        version = f"to {self.flaw.fixed} or later" if self.flaw.fixed else "to the latest version"
        text = f"Update {self.flaw.slug} {version}, or remove it."
        if self.flaw.how == "itself":
            return f"{text} Rotation alone does not stop this: the site itself uses whatever key it has."
        return f"{text} Then replace every key and password the site holds: it may have been read."


@cache
def catalogue() -> tuple[str, tuple[Flaw, ...]]:
    """Return the date of the shipped list and its flaws."""
    text = resources.files("workbench.leaks").joinpath("wordpress.toml").read_text("utf-8")
    document = tomllib.loads(text)
    flaws = tuple(
        Flaw(
            row["slug"],
            row["cve"],
            float(row["score"]),
            row["who"],
            row["how"],
            row["what"],
            row.get("affected", row.get("below", "")),
            row.get("fixed", ""),
            row.get("from", ""),
            "below" in row,
        )
        for row in document["plugin"]
    )
    return document["date"], flaws


def version_key(version: str) -> tuple[int, ...]:
    """Return a version as numbers to compare: ``2.2.0`` equals ``2.2``; ``()`` for text such as ``trunk``.

    A pre-release counts as its release: it holds the same code or less of the fix.
    """
    found = re.match(r"v?(\d{1,9}(?:\.\d{1,9}){0,6})", version)
    if found is None:
        return ()
    numbers = [int(part) for part in found.group(1).split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def vulnerable(installed: Installed) -> tuple[Vulnerable, ...]:
    """Return the flaws an installed plugin has, gravest first."""
    found = [
        flaw for flaw in catalogue()[1] if flaw.slug == installed.slug and flaw.affects(installed.version)
    ]
    return tuple(Vulnerable(installed, flaw) for flaw in sorted(found, key=lambda one: -one.score))


def slugs() -> tuple[str, ...]:
    """Return the plugins the list knows."""
    return tuple(sorted({flaw.slug for flaw in catalogue()[1]}))


def installed_in(root: Path) -> Iterator[Installed]:
    """Yield core and plugins of the WordPress at ``root``, read from their own files; links are not followed."""
    core = _head(root / "wp-includes" / "version.php")
    if found := _CORE.search(core):
        yield Installed("core", found.group(1), "wp-includes/version.php")
    plugins = root / "wp-content" / "plugins"
    if plugins.is_symlink() or not plugins.is_dir():
        return
    for folder in sorted(plugins.iterdir())[:_MOST_PLUGINS]:
        if folder.is_symlink() or not folder.is_dir():
            continue
        version, where = _plugin_version(folder)
        if version:
            name = visible(folder.name, 80)
            changed = utc_text(folder.stat().st_mtime)
            yield Installed(name, version, f"wp-content/plugins/{name}/{where}", changed)


def _plugin_version(folder: Path) -> tuple[str, str]:
    """The main file's header counts more than the readme: a stable tag may lag behind (dossier 4.1)."""
    for file in [folder / f"{folder.name}.php", *sorted(folder.glob("*.php"))[:40]]:
        text = _head(file)
        if "Plugin Name:" in text and (found := _HEADER.search(text)):
            return found.group(1), visible(file.name, 80)
    found = _STABLE.search(_head(folder / "readme.txt"))
    return (found.group(1), "readme.txt") if found else ("", "")


def _head(path: Path) -> str:
    if path.is_symlink() or not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            return file.read(_HEAD).decode("utf-8", "replace")
    except PermissionError:
        # A file of this name that cannot be read tells no version; the tree search counts it as unreadable.
        return ""


def roots_in(root: Path) -> Iterator[Path]:
    """Yield the folders at or up to three levels below ``root`` that hold a WordPress."""
    level = [root]
    for _ in range(4):
        deeper: list[Path] = []
        for folder in level:
            if (folder / "wp-includes").is_dir() or (folder / "wp-content" / "plugins").is_dir():
                yield folder
                continue
            try:
                deeper += [one for one in folder.iterdir() if one.is_dir() and not one.is_symlink()][:200]
            except PermissionError:
                continue
        level = deeper[:2000]


def stable_tag(readme: str) -> str:
    """Return the version a plugin's public ``readme.txt`` names, ``""`` when the text is none."""
    if "===" not in readme:
        return ""
    found = _STABLE.search(readme)
    return found.group(1) if found else ""


def core_version(page: str) -> str:
    """Return the core version a public page gives away (generator tag, emoji script), ``""`` for none."""
    found = _GENERATOR.search(page) or _ASSET.search(page)
    return found.group(1) if found else ""
