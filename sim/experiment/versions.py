"""What ran: the versions of the programs, and the commit of the code."""

from __future__ import annotations

import os
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("simpy", "numpy", "scipy", "numba", "pandas", "duckdb")
_SOURCE = Path(__file__).resolve().parents[2]


def version_of(name: str) -> str | None:
    """Of an installed package; None where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def packages() -> dict[str, str | None]:
    """The packages that results may depend on, with their versions."""
    return {name: version_of(name) for name in _PACKAGES}


def commit(source: Path = _SOURCE) -> str | None:
    """The commit of the checkout whose root is ``source``; None where it is no root of a checkout.

    A package that is installed somewhere inside another repository has no commit of its own.
    """
    try:
        found = subprocess.run(
            ["git", "-C", str(source), "rev-parse", "--show-toplevel", "HEAD"],
            capture_output=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    root, _, head = os.fsdecode(found.stdout).strip().partition("\n")
    return head if found.returncode == 0 and Path(root).resolve() == source.resolve() else None
