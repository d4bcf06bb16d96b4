"""A sweep: all points of a design over the same citizens, each run kept on its own, none made twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiment.designs import Design, Point
from sim.experiment.executors import processes as on_processes
from sim.experiment.journal import journal
from sim.experiment.making import Order, Task, asked_for, run_name
from sim.experiment.parallel import unseen, workers
from sim.experiment.run_store import TOGETHER, RunStore
from sim.measurement import REGISTRY

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.parallel import Progress
    from sim.model.simulation import Engine

#: A task is to take about so many seconds: what is done once for each then hardly counts.
_TASK_SECONDS = 2.0
#: There are at least so many tasks for each process, so that all have something to do until the end.
_TASKS_EACH = 4
#: As a first guess, on one processor.
_CONTACTS_A_SECOND = 300_000.0
#: So many of the points that others are compared with are looked at before anything runs.
_MOST_BASELINES = 10


@dataclass(frozen=True, eq=False)
class Sweep:
    """What a design has brought.

    ``measures``: as in ``Comparison``, of the whole city, by ``scenario`` (the name of the point). ``differences``:
    those of each point and the one it is compared with (``sim.inference.differences``), adjusted over the points and
    measures of one baseline. ``made``: how many runs were made now; ``failed``: what went wrong, by point and
    replication.
    """

    design: Design
    measures: pd.DataFrame
    summary: pd.DataFrame
    differences: pd.DataFrame
    made: int
    failed: Mapping[tuple[str, int], str]

    @property
    def table(self) -> pd.DataFrame:
        """One row a point, replication and measure, with a column for each factor and, of a sample, one for each value
        that was assumed: tidy, for spreadsheets.
        """
        import pandas as pd

        told = [
            {"point": p.name, **p.settings, **({"sample": p.sample, **p.values} if p.sample else {})}
            for p in self.design.points
        ]
        settings = pd.DataFrame(told)
        wanted = self.measures[self.measures["measure"].isin(self.design.experiment.measures)]
        columns = ["scenario", "replication", "measure", "value", "numerator", "denominator", "unit"]
        return settings.merge(wanted[columns].rename(columns={"scenario": "point"}), on="point")


@dataclass(frozen=True)
class Job:
    """A run of a design, by its name."""

    point: Point
    replication: int
    name: str


def sweep(
    design: Design,
    folder: Path,
    *,
    engine: Engine = "auto",
    processes: int | None = None,
    progress: Progress = unseen,
    tell: Callable[[str], None] = lambda word: None,
) -> Sweep:
    """Simulate what is missing of a design in ``folder``, and read all of it.

    What stands there is finished, and whoever runs the design again, or a wider one, makes only the rest. A run that
    fails is told in ``failed``; the others go on. ``engine`` … ``tell`` as in ``sim.run``.
    """
    made, failed = make_missing(design, folder, engine=engine, processes=processes, progress=progress, tell=tell)
    return _judged(design, RunStore(folder), made, failed)


def make_missing(
    design: Design,
    folder: Path,
    *,
    engine: Engine = "auto",
    processes: int | None = None,
    progress: Progress = unseen,
    tell: Callable[[str], None] = lambda word: None,
) -> tuple[int, dict[tuple[str, int], str]]:
    """Simulate what is missing of a design; how many runs were made, and what went wrong."""
    store = RunStore(folder)
    _clear(store, tell)
    jobs = _missing(design, store)
    if not jobs:
        return 0, {}
    count, seconds = _prepared(design, jobs, engine, processes, tell)
    asked = asked_for(design.experiment.measures)
    order = Order(design.experiment.seed, engine, asked)
    tasks = _tasks(jobs, store, count, seconds)
    over: dict[str, str] = {}  # what went wrong, empty where nothing did
    with journal(folder, runs=len(jobs), processes=count) as book:
        run = on_processes(count, tell)
        for told in run(tasks, store, order, lambda _, hours: progress(len(over), hours)):
            book.add(told)
            over[told.name] = told.failed
            if len(over) % TOGETHER == 0:
                store.compact()
    progress(len(over), [])
    failed = {(job.point.name, job.replication): over.get(job.name, "") for job in jobs_of(design)}
    return sum(not word for word in over.values()), {run: word for run, word in failed.items() if word}


def _clear(store: RunStore, tell: Callable[[str], None]) -> None:
    """Take damaged files away, and say so."""
    damaged = store.kept().damaged
    for path in damaged:
        what = "the runs in it are" if path.suffix == ".parquet" else "the run in it is"
        tell(f"{path} is damaged (its checksum is another): {what} made anew.")
    store.clear(damaged)


def jobs_of(design: Design) -> list[Job]:
    """Every replication of every point."""
    runs = itertools.product(design.points, range(design.experiment.replications))
    return [Job(point, k, run_name(point.variant.digest, design.experiment.seed, k)) for point, k in runs]


def missing(design: Design, folder: Path) -> int:
    """How many runs of a design are not there yet."""
    return len(_missing(design, RunStore(folder)))


def _missing(design: Design, store: RunStore) -> list[Job]:
    """The runs of a design that are not there yet with all of its measures, each once."""
    kept, asked = store.kept(), asked_for(design.experiment.measures)
    wanted = {job.name: job for job in jobs_of(design)}
    return [job for job in wanted.values() if not kept.has(job.name, asked)]


def _prepared(
    design: Design, jobs: Sequence[Job], engine: Engine, processes: int | None, tell: Callable[[str], None]
) -> tuple[int, float]:
    """How many processes there will be, and roughly how many seconds a run takes. The points that others are compared
    with are held against memory, and the engine is compiled before the processes part.
    """
    from sim.experiment.expected import Expected
    from sim.experiment.memory import check_counts, check_memory
    from sim.experiment.preparing import prepare
    from sim.model.simulation import choose

    baselines = {job.point.against for job in jobs}
    scenarios = [point.scenario for point in design.points if point.name in baselines][:_MOST_BASELINES]
    for scenario in scenarios:
        check_counts(scenario)
    contacts = max(Expected.of(check_memory(scenario, 1, "nothing", in_files=True)).contacts for scenario in scenarios)
    count = workers(len(jobs), processes, contacts * len(jobs))
    for scenario in scenarios:
        check_memory(scenario, count, "nothing", in_files=True)
    engines = {choose(scenario, engine) for scenario in scenarios}
    prepare("compiled" if "compiled" in engines else "simpy", tell)
    return count, contacts / _CONTACTS_A_SECOND


def _tasks(jobs: Sequence[Job], store: RunStore, count: int, seconds: float) -> list[Task]:
    """The jobs, those of a point together; the bases are kept."""
    most = max(1, min(round(_TASK_SECONDS / seconds) if seconds else len(jobs), len(jobs) // (_TASKS_EACH * count)))
    tasks = []
    for variant, own in itertools.groupby(jobs, key=lambda job: job.point.variant):
        base, runs = store.add_base(variant.base.text), [(job.replication, job.name) for job in own]
        for first in range(0, len(runs), most):
            tasks.append(Task(base, variant.sets, variant.digest, tuple(runs[first : first + most])))
    return tasks


# --- what they have brought -------------------------------------------------------------------------------------------


def _measures(design: Design, store: RunStore) -> pd.DataFrame:
    """The measures of all runs, in the order of the design and of ``REGISTRY``."""
    import numpy as np
    import pandas as pd

    jobs, asked = jobs_of(design), asked_for(design.experiment.measures)
    names = list(dict.fromkeys(job.name for job in jobs))
    table = store.read(names)
    table = table[table["measure"].isin(asked)]
    ranks = pd.Categorical(table["measure"], categories=list(REGISTRY)).codes
    table = table.iloc[np.lexsort((ranks, table["place"]))]
    number = {name: number for number, name in enumerate(names)}
    runs, own = table["place"].to_numpy(), np.array([number[job.name] for job in jobs], dtype=int)
    first, last = np.searchsorted(runs, own, "left"), np.searchsorted(runs, own, "right")
    count = last - first
    rows = np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(count.sum())
    points = np.array([job.point.name for job in jobs], dtype=object)
    found = table.drop(columns="place").iloc[rows].reset_index(drop=True)
    found.insert(0, "scenario", np.repeat(points, count))
    found.insert(1, "replication", np.repeat(np.array([job.replication for job in jobs], dtype=int), count))
    return found.astype({"scenario": "str"})


def _judged(design: Design, store: RunStore, made: int, failed: Mapping[tuple[str, int], str]) -> Sweep:
    import pandas as pd

    from sim.inference import differences, holm, summary

    measures = _measures(design, store)
    wanted = measures[measures["measure"].isin({*design.experiment.measures, "requests"})]
    found = []
    for baseline in dict.fromkeys(point.against for point in design.points):
        names = {point.name for point in design.points if point.against == baseline}
        family = wanted[wanted["scenario"].isin(names)]
        if family["scenario"].nunique() > 1:
            table = differences(family, baseline)
            table = table[table["measure"].isin(design.experiment.measures)]
            found.append(table.assign(p_holm=holm(table["p"])))
    compared = pd.concat(found, ignore_index=True) if found else pd.DataFrame()
    return Sweep(design, measures, summary(wanted), compared, made, dict(failed))
