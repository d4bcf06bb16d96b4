"""What is ahead of a sweep: the runs that are missing, as tasks for processes that make them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiment.expected import Expected
from sim.experiment.memory import check_memory
from sim.experiment.parallel import expected_seconds, workers
from sim.experiment.sweeps.designs import Design, Point
from sim.experiment.sweeps.making import Order, Task, asked_for, run_name
from sim.experiment.sweeps.run_store import RunStore
from sim.model.simulation import choose

if TYPE_CHECKING:
    from sim.model.simulation import Engine

#: A task is to take about so many seconds: what is done once for each then hardly counts.
_TASK_SECONDS = 2.0
#: There are at least so many tasks for each process, so that all have something to do until the end.
_TASKS_EACH = 4
#: On a cluster, a task costs some milliseconds, and takes at least so many seconds.
_CLUSTER_SECONDS = 1.0
#: So many of the points that others are compared with are held against memory before anything runs.
_MOST_BASELINES = 10


@dataclass(frozen=True)
class Job:
    """A run of a design, by its name."""

    point: Point
    replication: int
    name: str


@dataclass(frozen=True)
class Work:
    """The runs that are missing, and how they will be made: by which engine, how many at once."""

    jobs: Sequence[Job]
    tasks: Sequence[Task]
    order: Order
    compiled: bool
    processes: int


@dataclass(frozen=True)
class Shard:
    """The ``number``-th of ``of`` parts of a design, from 1: runs that follow each other in its order."""

    number: int = 1
    of: int = 1

    def part(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """What belongs to it."""
        return jobs[(self.number - 1) * len(jobs) // self.of : self.number * len(jobs) // self.of]


def jobs_of(design: Design, by: str = "") -> list[Job]:
    """Every replication of every point, made by these programs or by those that run here."""
    runs = itertools.product(design.points, range(design.experiment.replications))
    return [Job(point, k, run_name(point.variant.digest, design.experiment.seed, k, by)) for point, k in runs]


def missing(design: Design, folder: Path) -> int:
    """How many runs of a design are not there yet."""
    return len(missing_jobs(design, folder))


def missing_jobs(design: Design, folder: Path, shard: Shard = Shard()) -> list[Job]:
    """The runs of a part of a design that are not there yet with all of its measures, each once."""
    kept, asked = RunStore(folder).kept(), asked_for(design.experiment)
    wanted = {job.name: job for job in shard.part(jobs_of(design))}
    return [job for job in wanted.values() if not kept.has(job.name, asked)]


def clear(store: RunStore, tell: Callable[[str], None]) -> None:
    """Take damaged files away, and say so."""
    damaged = store.kept().damaged
    for path in damaged:
        what = "the runs in it are" if path.suffix == ".parquet" else "the run in it is"
        tell(f"{path} is damaged (its checksum is another): {what} made anew.")
    store.clear(damaged)
    if (store.folder / "runs").is_dir():
        tell(f"{store.folder / 'runs'} holds runs of an earlier format: they are made anew, and it may be deleted.")


def ahead(
    design: Design,
    folder: Path,
    *,
    engine: Engine = "auto",
    processes: int | None = None,
    shard: Shard = Shard(),
    on_cluster: int = 0,
) -> Work:
    """What is missing of a design, or of a part of it; for so many workers ``on_cluster``, else for this machine.

    Points that others are compared with are held against the memory of this machine then. Raises ``ScenarioError``.
    """
    jobs = missing_jobs(design, folder, shard)
    order = Order(design.experiment.seed, engine, asked_for(design.experiment))
    if not jobs:
        return Work([], [], order, False, 1)
    baselines = {job.point.against for job in jobs}
    compared = [point for point in design.points if point.name in baselines]
    scenarios = [point.scenario for point in compared[:_MOST_BASELINES]]
    engines = [choose(scenario, engine, len(jobs)) for scenario in scenarios]
    contacts = [Expected.of(check_memory(scenario, 1, "nothing", in_files=True)).contacts for scenario in scenarios]
    seconds = max(0.005, *map(expected_seconds, contacts, engines))
    count = on_cluster or workers(len(jobs), processes, seconds * len(jobs))
    for scenario in scenarios:
        if count > 1 and not on_cluster:
            check_memory(scenario, count, "nothing", in_files=True)
    most = min(_TASK_SECONDS / seconds, len(jobs) / (_TASKS_EACH * count))
    together = math.ceil(max(most, _CLUSTER_SECONDS / seconds if on_cluster else 0.0))
    compiled = "compiled" in engines
    if compiled:  # also where one run alone would be too small for it
        order = replace(order, engine="compiled")
    return Work(jobs, _tasks(jobs, together), order, compiled, count)


def _tasks(jobs: Sequence[Job], most: int) -> list[Task]:
    """The jobs, those of a point together, so many at most."""
    tasks = []
    for variant, own in itertools.groupby(jobs, key=lambda job: job.point.variant):
        runs = [(job.replication, job.name) for job in own]
        for first in range(0, len(runs), most):
            tasks.append(Task(variant.base.name, variant.sets, variant.digest, tuple(runs[first : first + most])))
    return tasks
