"""Files and folders that only their owner can read, and a replace that survives a power cut.

Everything the workbench keeps (vault, journal, snapshots) goes through these few calls, so that there is
one place where permissions are set, checked and refused.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from workbench.core.errors import HostError, UsageError
from workbench.core.redact import visible

FILE_MODE = 0o600
FOLDER_MODE = 0o700
_OTHERS = 0o077
_OTHERS_WRITE = 0o022
# What a volume without hard links answers (FAT, some FUSE and network volumes).
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES)
_FORBIDDEN = (errno.EACCES, errno.EPERM)
_ASIDE_NAMES = 1000
_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs"}
    | {"ocfs2", "gfs2", "virtiofs", "vboxsf", "fuse.sshfs", "fuse.s3fs", "fuse.glusterfs", "fuse.rclone"}
)


def ensure_folder(path: Path) -> Path:
    """Create ``path`` and its missing parents with mode 0700 and return it.

    An existing folder is left as it is, unless somebody else could write into it (and so swap our files):
    then HostError. It is never chmodded: the path may be one the operator shares on purpose.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        for folder in reversed(missing):
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        info = path.stat()
    except OSError as error:
        raise HostError(
            f"The folder {path} cannot be used ({os.strerror(error.errno or 0)}).",
            "The workbench keeps its vault and its journal there.",
            "Set WORKBENCH_HOME to a folder you own.",
        ) from error
    if not stat.S_ISDIR(info.st_mode):
        raise HostError(f"{path} is not a folder.", todo="Set WORKBENCH_HOME to a folder you own.")
    if info.st_uid != os.geteuid():
        raise HostError(
            f"The folder {path} belongs to another user (id {info.st_uid}).",
            "They could replace the vault or the journal under the workbench.",
            "Set WORKBENCH_HOME to a folder you own.",
        )
    if info.st_mode & _OTHERS_WRITE:
        raise HostError(
            f"Other users of this host can write into {path} (mode {stat.S_IMODE(info.st_mode):04o}).",
            "They could replace the vault or the journal under the workbench. It may be shared on purpose, so nothing "
            "was changed.",
            f"Run: chmod 700 {shlex.quote(str(path))} (or set WORKBENCH_HOME to a folder only you own).",
        )
    return path


def why_not_private(info: os.stat_result) -> str:
    """Return why a file with this ``stat`` is not its owner's alone, or an empty string where it is."""
    if not stat.S_ISREG(info.st_mode):
        return "it is not a regular file"
    if info.st_uid != os.geteuid():
        return f"it belongs to user id {info.st_uid}, not to you"
    if info.st_mode & _OTHERS:
        return f"its mode is {stat.S_IMODE(info.st_mode):04o}, so other users of this host may read it"
    return ""


def refused(path: Path, error: OSError) -> OSError:
    """Return ``error`` with the reason where the host says no more than *permission denied*: whose it is, its mode."""
    if error.errno not in _FORBIDDEN or error.strerror != os.strerror(error.errno):
        return error
    try:
        info = path.lstat()
    except OSError:
        reason = f"the folder {path.parent} does not let you{_mode_of(path.parent)}"
    else:
        kept = f"its mode is {stat.S_IMODE(info.st_mode):04o}, so you may not open it"
        forbidden = "this host forbids it: see lsattr, or ask whoever runs it"
        reason = why_not_private(info) or (kept if error.errno == errno.EACCES else forbidden)
    return PermissionError(error.errno, reason, str(path))


def _mode_of(folder: Path) -> str:
    try:
        info = folder.stat()
    except OSError:
        return ""
    whose = "" if info.st_uid == os.geteuid() else f" of user id {info.st_uid}"
    return f" (mode {stat.S_IMODE(info.st_mode):04o}{whose})"


def refuse_closed(folder: Path) -> None:
    """Raise HostError where a folder of ours is there and cannot be looked into: what it holds is not *nothing*."""
    if not os.path.lexists(folder):
        return
    with contextlib.suppress(OSError):
        if not folder.is_dir():
            raise HostError(
                f"{folder} is not a folder.",
                "Something else stands where the workbench keeps its vault and its journals; nothing was read.",
                "Look what it is, or set WORKBENCH_HOME to a folder you own.",
            )
    if not os.access(folder, os.R_OK | os.X_OK):
        raise HostError(
            f"The folder {folder} cannot be read{_mode_of(folder)}.",
            "Nobody can tell what is in it; nothing was read and nothing changed.",
            f"Run: chmod 700 {shlex.quote(str(folder))} (as its owner), or set WORKBENCH_HOME to a folder you own.",
        )


def how_to_write(path: Path, number: int | None) -> str:
    """Return what to do where ``path`` could not be written, by the host's error number."""
    if number == errno.EPERM:
        return (
            f"The host forbids it whatever the mode says: see lsattr {shlex.quote(str(path))} and of its folder (root "
            "lifts it with chattr), or move WORKBENCH_HOME"
        )
    if number in _FORBIDDEN:
        return (
            f"Let yourself write there (chmod u+rwx {shlex.quote(str(path.parent))}), or move WORKBENCH_HOME"
        )
    if number == errno.EROFS:
        return "The volume is read-only: set WORKBENCH_HOME to a folder you can write to"
    return "Free space on that volume or move WORKBENCH_HOME"


def refuse_unless_private(path: Path) -> None:
    """Raise PermissionError with the reason where ``path`` is not a plain file of its owner alone; OSError passes.

    For files that a library opens by name. Nothing is opened here, so a pipe cannot hang us.
    """
    info = path.lstat()
    reason = "it is a symbolic link" if stat.S_ISLNK(info.st_mode) else why_not_private(info)
    if reason:
        todo = f"; run: chmod 600 {path}" if "its mode is" in reason else ""
        raise PermissionError(errno.EACCES, f"{reason}{todo}", str(path))


def network_volume(path: Path, mounts: str = "/proc/self/mountinfo") -> str:
    """Return the kind of network volume ``path`` lies on (``nfs4``), or an empty string where it is local.

    Also empty where there is nothing yet, or the host does not tell (no ``/proc``).
    """
    try:
        device = path.stat().st_dev
        lines = Path(mounts).read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    # proc(5): id, parent, major:minor, root, mount point, options, optional fields, "-", type, source, options
    kinds = [line.partition(" - ")[2].split(" ", 1)[0] for line in lines if line.split(" ")[2:3] == [wanted]]
    return next((kind for kind in kinds if kind in _NETWORK), "")


def read_private(
    path: Path, limit: int = 64 * 1024 * 1024, first: int | None = None
) -> tuple[bytes, os.stat_result]:
    """Return the content of an owner-only file (its ``first`` bytes) and the ``stat`` of what was read.

    PermissionError with the reason where other users could read it, or where it is a symbolic link (the
    check and the read use one descriptor, so nothing can be swapped in between). Other OSErrors pass.
    """
    try:
        # Non-blocking, so that a named pipe put in the file's place is refused instead of hanging us.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise PermissionError(errno.EACCES, "it is a symbolic link", str(path)) from None
        raise refused(path, error) from None
    try:
        info = os.fstat(handle)
        reason = why_not_private(info)
        if reason:
            raise PermissionError(errno.EACCES, reason, str(path))
        if first is None and info.st_size > limit:
            raise _too_large(path, limit)  # Before it is read: a hole of 64 MB takes no room on the disk.
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(limit + 1 if first is None else first)
    finally:
        os.close(handle)
    if len(data) > limit:
        raise _too_large(path, limit)
    return data, info


def _too_large(path: Path, limit: int) -> PermissionError:
    return PermissionError(errno.EFBIG, f"it is larger than {limit} bytes", str(path))


def replace_durably(path: Path, data: bytes, suffix: str = ".new") -> os.stat_result:
    """Replace ``path`` by ``data`` so that a crash leaves the old or the new content, never a mixture.

    Returns the ``stat`` of the new file once content and name are on the disk (fsync of file and folder).
    Callers that may race hold their own lock: the temporary name is fixed, so that a kill leaves at most
    one stale file, which the next replace overwrites. OSError passes (full disk, lost volume).
    """
    draft = path.with_name(f".{path.name}{suffix}")
    try:
        # A left-over draft is removed first: with O_EXCL nobody can have planted a link or a wider mode.
        draft.unlink(missing_ok=True)
        handle = os.open(
            draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE
        )
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), FILE_MODE)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            info = os.fstat(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return info


def read_plain(path: Path, limit: int = 64 * 1024 * 1024) -> bytes:
    """Return the content of a plain file somebody named, whoever may read it; OSError passes.

    A pipe, a device or a folder in its place is a PermissionError with the reason instead of a wait without end.
    """
    with open_plain(path) as file:
        if os.fstat(file.fileno()).st_size > limit:
            raise _too_large(path, limit)
        data = file.read(limit + 1)
    if len(data) > limit:
        raise _too_large(path, limit)
    return data


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file as ``read_plain`` reads it, for what is too large to hold: the caller closes it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise refused(path, error) from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise PermissionError(errno.EACCES, "it is not a regular file", str(path))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def previous_of(path: Path) -> Path:
    """Return where the generation before the present one of ``path`` is kept: ``vault.json.previous``."""
    return path.with_name(f"{path.name}.previous")


def keep_previous(path: Path) -> None:
    """Keep what stands at ``path`` as its previous generation, before it is replaced; OSError passes.

    Callers have verified what stands there: a damaged file never becomes the generation one goes back to.
    A link costs nothing and shares the data; where the volume knows none, the file is copied.
    """
    draft = path.with_name(f".{path.name}.previous.new")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    try:
        os.link(path, draft, follow_symlinks=False)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        replace_durably(previous_of(path), read_private(path)[0])
        return
    draft.replace(previous_of(path))


def set_aside(path: Path) -> Path | None:
    """Move whatever stands at ``path`` out of the way and return where it lies now, None where nothing was.

    Nothing is ever thrown away: a damaged file may hold what a person can still read. The name tells when
    (UTC) and never replaces an earlier one. OSError passes.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    for number in range(_ASIDE_NAMES):
        aside = path.with_name(f"{path.name}.damaged-{stamp}" + (f"-{number}" if number else ""))
        if not os.path.lexists(aside):
            break
    try:
        path.rename(aside)
    except FileNotFoundError:
        return None
    sync_folder(path.parent)
    return aside


def sync_folder(path: Path) -> None:
    """Make the folder's own entries durable (a new or renamed file in it)."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_new(path: Path, content: str) -> None:
    """Write a text file that is not there yet, for its owner alone; UsageError where that cannot be."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(content)
    except OSError as error:
        raise UsageError(
            f"{visible(path, 200)} cannot be written ({error.strerror}).",
            "Nothing that was there is replaced.",
            "Name a file that does not exist yet, in a folder that does.",
        ) from error
