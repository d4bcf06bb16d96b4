"""Compiled code: made once on a machine, before the processes of an experiment part."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiment.signals import held

if TYPE_CHECKING:
    from sim.model.simulation import Engine

#: They compile at the same time and leave the code in the cache. The compiler cannot be interrupted, processes can.
_PROGRAMS = (
    "from sim.model.compiled import prepare; prepare()",
    "from sim.experiment.streaming import prepare; prepare()",
)


def prepare(engine: Engine, tell: Callable[[str], None]) -> None:
    """Have the engine ready: the first time on a machine the fast one is compiled, and ``tell`` is told so."""
    from sim.model.keeping import cache_folder, mark_ready, ready

    folder = cache_folder()
    if folder is None:
        tell("Compiled code is not kept, as no folder is closed to others: each run may compile for up to a minute …")
        return
    if engine != "compiled" or ready(folder):
        return
    tell("Compiling the fast engine for this machine, once: less than a minute …")
    children: list[subprocess.Popen[bytes]] = []
    try:
        children.extend(map(_start, _PROGRAMS))
        if all([child.wait() == 0 for child in children]):
            mark_ready(folder)
    finally:
        with held():
            for child in children:
                child.kill()
                child.wait()


def _start(program: str) -> subprocess.Popen[bytes]:
    program = f"import gc; gc.disable(); {program}"  # looking for garbage would cost a fifteenth of the time
    path = [str(Path(__file__).parents[2]), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-P", "-c", program],  # -P: modules in the working directory are somebody else's
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        stdin=quiet,
        stdout=quiet,
        stderr=quiet,
        start_new_session=True,
    )
