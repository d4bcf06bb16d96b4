"""Temporary files and folders that add_births the name of the process they belong to.

A process that is killed leaves them behind; the next one that works in the same place finds them and clears them away.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

#: The machine, the process, when it began, and letters that make the name new.
_NAME = re.compile(r"\.citysim-(?P<host>[0-9a-f]{8})-(?P<process>\d+)-(?P<began>[0-9a-f]*)-\w+")


def own_folder(beside: Path) -> Path:
    """A new folder in another one, for this process alone. Raises ``OSError``."""
    return Path(tempfile.mkdtemp(prefix=_prefix(), dir=beside))


def own_file(beside: Path) -> Path:
    """A new empty file in a folder, for this process alone. Raises ``OSError``."""
    handle, name = tempfile.mkstemp(prefix=_prefix(), dir=beside)
    os.close(handle)
    return Path(name)


def sweep(folder: Path) -> None:
    """Clear away what processes of this user and machine left in a folder when they were killed."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            owner = _NAME.fullmatch(entry.name)
            if owner and _may_go(Path(entry.path), **owner.groupdict()):
                remove(Path(entry.path))


def remove(path: Path) -> None:
    """Clear a file or folder away, as far as that can be done; also a folder into which somebody still writes."""
    for _ in range(5):
        with suppress(OSError):
            if stat.S_ISDIR(path.lstat().st_mode):
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        if not os.path.lexists(path):
            return


def owner() -> str:
    """This process, for who wants to know later whether it still runs: see ``gone``."""
    return f"{_host()}-{os.getpid()}-{_began(os.getpid())}"


def gone(owner: str) -> bool:
    """Whether a process is known to have ended; of another machine nobody knows."""
    host, process, began = owner.split("-")
    return host == _host() and not _lives(int(process), began)


def mine(status: os.stat_result) -> bool:
    """Whether a file belongs to this user."""
    return not hasattr(os, "geteuid") or status.st_uid == os.geteuid()


def _prefix() -> str:
    return f".citysim-{_host()}-{os.getpid()}-{_began(os.getpid())}-"


def _may_go(path: Path, host: str, process: str, began: str) -> bool:
    """Whether the owner of what bears this name is known to be gone."""
    with suppress(OSError):
        return host == _host() and mine(path.lstat()) and not _lives(int(process), began)
    return False


def _lives(process: int, began: str) -> bool:
    """Whether the process that began then still runs; True where the system does not tell."""
    if _began(os.getpid()):
        return _began(process) == began
    if os.name != "posix":
        return True  # looking there would end it
    with suppress(ProcessLookupError, OverflowError):
        try:
            os.kill(process, 0)
        except PermissionError:
            return True
        return True
    return False


def _host() -> str:
    """The machine, or the container, whose processes have numbers of their own."""
    space = ""
    with suppress(OSError):
        space = os.readlink("/proc/self/ns/pid")
    return hashlib.sha256(f"{platform.node()} {space}".encode(errors="replace")).hexdigest()[:8]


def _began(process: int) -> str:
    """When a process began, in hexadecimal; "" where it has ended, or the system does not tell."""
    try:
        state, *fields = Path(f"/proc/{process}/stat").read_text("latin-1").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")[:8]
        return "" if state in "ZX" else f"{boot}{int(fields[18]):x}"
    except (OSError, ValueError):
        return ""
