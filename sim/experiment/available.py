"""How much memory can be had: of the machine, of the container around the program, of the process."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")


def available_bytes() -> float:
    """What all processes together can have now."""
    return min(_of_machine(), _of_container())


def process_bytes() -> float:
    """What this process may still take (`ulimit -v`); a process that it starts may take as much and more."""
    try:
        import resource
    except ImportError:  # Windows
        return math.inf
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return (
        math.inf
        if limit == resource.RLIM_INFINITY
        else max(float(limit) - _kilobytes("/proc/self/status", "VmSize:"), 0.0)
    )


def _of_machine() -> float:
    found = _kilobytes("/proc/meminfo", "MemAvailable:")
    if found:
        return found
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (ValueError, OSError, AttributeError):
        return math.inf


def _kilobytes(path: str, name: str) -> float:
    """A line of a file such as `MemAvailable: 12 kB`, in bytes; 0 if there is none."""
    try:
        with open(path, encoding="ascii") as lines:
            return next((float(line.split()[1]) * 1024 for line in lines if line.startswith(name)), 0.0)
    except (OSError, ValueError):
        return 0.0


def _of_container(root: Path = _CGROUPS, membership: Path = Path("/proc/self/cgroup")) -> float:
    """What the control groups of this process leave it, those around them included."""
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return math.inf
    least = math.inf
    for line in lines:
        _, controllers, path = line.split(":", 2) if line.count(":") >= 2 else ("", "-", "")
        if controllers == "":  # version 2
            names = "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
        else:
            continue
        for folder in _upward(root / "memory" if controllers else root, path):
            least = min(least, _left(folder, *names))
    return least


def _upward(root: Path, path: str) -> Iterator[Path]:
    """The folder of a group and those around it; in a container the group itself may stand at the root."""
    parts = [part for part in path.split("/") if part not in ("", "..")]
    for depth in range(len(parts), -1, -1):
        yield root.joinpath(*parts[:depth])


def _left(folder: Path, limit: str, used: str, cached: str) -> float:
    """The limit less what is used, but for what is only kept of files and given back when it is wanted."""
    try:
        most = float((folder / limit).read_text(encoding="ascii"))  # “max” is no number: no limit
        now = float((folder / used).read_text(encoding="ascii"))
        words = (line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
        return max(most - now + sum(float(word[1]) for word in words if word[0] == cached), 0.0)
    except (OSError, ValueError):
        return math.inf
