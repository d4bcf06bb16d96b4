"""How long the runs of a sweep will take and what room they need, before any of them is made."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from sim.experiment.parallel import as_done, unseen
from sim.experiment.preparing import prepare
from sim.experiment.sweeps.executors import listed, listed_tasks
from sim.experiment.sweeps.journal import read_journals
from sim.experiment.sweeps.making import Order, Task, make, programs
from sim.experiment.sweeps.run_store import TOGETHER
from sim.experiment.sweeps.variants import read_variant

if TYPE_CHECKING:
    from sim.experiment.sweeps.designs import Design
    from sim.experiment.sweeps.planning import Work
    from sim.model.simulation import Watch

#: Of a value in a pack, as measured; of a file of one run, on most disks; of a line of the table beside its names.
BYTES_PER_VALUE, BYTES_PER_FILE, BYTES_PER_LINE = 14, 4_096, 60
#: Seconds until a process of its own makes its first run.
START = 2.0
#: A sample that takes longer is given up: the rest is reckoned by the hours that were simulated.
_LONG = 10.0
#: How many earlier runs are asked how long they took.
_LATEST = 1_000


@dataclass(frozen=True)
class Forecast:
    """``seconds`` and ``bytes`` of so many runs on so many processes; from how many runs that is known, and whether
    these were made for it.
    """

    runs: int
    processes: int
    seconds: float
    bytes: float
    known_from: int
    sampled: bool


class _Enough(BaseException):
    """A sample has been simulated for long enough."""


def forecast(design: Design, folder: Path, work: Work, tell: Callable[[str], None] = lambda word: None) -> Forecast:
    """Of what is ahead: as long as earlier runs of the sweep took by the same programs, else as a few that are made
    now, as many at once as there will be, and not kept.
    """
    tasks, processes, runs = work.tasks, work.processes, len(work.jobs)
    earlier = _earlier(folder, processes)
    prepare("compiled" if work.compiled else "simpy", tell)
    found = [] if earlier else _sample(design, tasks, work.order, min(processes, os.cpu_count() or 1))
    once = min((first for first, _ in found), default=0.0)  # but for what a process loads once
    each = fmean(earlier or (run for _, run in found))
    seconds = (START if processes > 1 else 0.0) + (runs * each + len(tasks) * once) / processes
    return Forecast(runs, processes, seconds, _bytes(design, runs, work.order), len(found or earlier), bool(found))


def _earlier(folder: Path, processes: int) -> list[float]:
    """The seconds of the latest runs that were made so."""
    journals = read_journals(folder)
    alike = {
        name
        for name, head in journals.heads.items()
        if head.get("programs") == programs()[:32] and head.get("processes") == processes
    }
    told = [
        entry.told
        for entry in journals.entries
        if entry.journal in alike and entry.told.seconds and not entry.told.failed
    ]
    return [one.seconds for one in told[-_LATEST:]]


def _sample(design: Design, tasks: Sequence[Task], order: Order, processes: int) -> list[tuple[float, float]]:
    """Of tasks here and there in the design, seconds for what is done once, and for a run."""
    count = min(len(tasks), 2 * processes)
    some = [tasks[(2 * k + 1) * len(tasks) // (2 * count)] for k in range(count)]
    texts = {point.variant.base.name: point.variant.base.text for point in design.points}
    with tempfile.TemporaryDirectory() as folder, listed(some, Path(folder)) as file:
        return [told for _, told in as_done(_timed, (file, texts, order), count, min(processes, count), unseen)]


def _timed(file: Path, texts: dict[str, str], order: Order, number: int, _: Watch) -> tuple[float, float]:
    """Seconds that a task takes once, and that a run takes when all is loaded."""
    from sim.experiment.memory import check_memory

    task, began = listed_tasks(file)[number], time.perf_counter()
    text = texts[task.base]
    city = check_memory(read_variant(text, task.sets), 1, "nothing", in_files=True)
    once, began, reached = time.perf_counter() - began, time.perf_counter(), 0.0

    def look(hours: float) -> None:
        nonlocal reached
        reached = hours
        if time.perf_counter() - began > _LONG:
            raise _Enough

    try:
        told = [told for told, _ in make(replace(task, runs=task.runs[:1] * 2), text, order, look)]
    except _Enough:
        return once, (time.perf_counter() - began) * city.end / reached
    return once, told[-1].seconds  # the first has loaded what is compiled


def _bytes(design: Design, runs: int, order: Order) -> float:
    """Of the runs and of the table."""
    single, values = runs % TOGETHER, len(order.asked)
    told = fmean(len(",".join([p.name, *p.settings.values(), *p.values.values()])) for p in design.points)
    lines = len(design.points) * design.experiment.replications * len(design.experiment.measures)
    return single * BYTES_PER_FILE + (runs - single) * values * BYTES_PER_VALUE + lines * (told + BYTES_PER_LINE)
