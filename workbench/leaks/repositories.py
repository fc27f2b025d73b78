"""The repositories in a folder: checkouts and bare ones at any depth, and what submodules left behind."""

from __future__ import annotations

import os
from pathlib import Path

from workbench.core.atomic_files import read_plain
from workbench.leaks.history import is_repository


def repositories(path: Path) -> list[Path]:
    """Return every repository at ``path`` or below it, also those of submodules whose checkout is gone.

    Folders nobody keeps repositories in on purpose (dependencies) are looked through all the same: a checkout by
    mistake is where a leak hides. Links are not followed.
    """
    found: list[Path] = []
    for name, folders, _ in os.walk(path, followlinks=False):
        folder = Path(name)
        inside = folder.name == "objects" and is_repository(folder.parent)
        if is_repository(folder) and folder.name != ".git":
            found.append(folder)
        # A store of objects holds no repository; a .git holds those of its submodules.
        folders[:] = [] if inside else sorted(one for one in folders if one != ".git")
        modules = folder / ".git" / "modules"
        if modules.is_dir() and not modules.is_symlink():
            found += [one for one in _modules(modules) if is_repository(one)]
    checked_out = {_pointed_to(one) for one in found} - {None}
    return [one for one in found if one.resolve() not in checked_out]


def _pointed_to(checkout: Path) -> Path | None:
    """Return the git folder that the ``.git`` file of a checkout points to, None where ``.git`` is no file."""
    dot = checkout / ".git"
    if dot.is_symlink() or not dot.is_file():
        return None
    text = read_plain(dot)[:4096].decode("utf-8", "replace")
    return (checkout / text.removeprefix("gitdir:").strip()).resolve()


def _modules(folder: Path) -> list[Path]:
    """Return the git folders kept for submodules: their checkout may have been removed, their history is here."""
    found: list[Path] = []
    for head in sorted(folder.rglob("HEAD")):
        if (head.parent / "objects").is_dir() and "objects" not in head.parent.relative_to(folder).parts:
            found.append(head.parent)
    return found
