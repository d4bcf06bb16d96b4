"""A sweep: all points of a design over the same citizens, each run kept on its own, none made twice."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiment.parallel import unseen
from sim.experiment.store import sweep_folder
from sim.experiment.sweeps.cluster import executor
from sim.experiment.sweeps.designs import Design, design_name, find_experiment, load_design
from sim.experiment.sweeps.executors import Executor
from sim.experiment.sweeps.journal import journal
from sim.experiment.sweeps.making import asked_for, programs, rows_asked
from sim.experiment.sweeps.plan import known_points, write_plan
from sim.experiment.sweeps.planning import Shard, Work, ahead, clear, jobs_of
from sim.experiment.sweeps.run_store import TOGETHER, RunStore
from sim.measurement import REGISTRY

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.parallel import Progress
    from sim.model.simulation import Engine


@dataclass(frozen=True, eq=False)
class Sweep:
    """What a design has brought.

    ``measures``: as in ``Comparison``, of the whole city, and by unit where the experiment says so, by ``scenario``
    (the name of the point). ``differences``: those of each point and the one it is compared with
    (``sim.inference.differences``), adjusted over the points and measures of one baseline. ``made``: how many runs were
    made now; ``failed``: what went wrong, by point and replication.
    """

    design: Design
    measures: pd.DataFrame
    summary: pd.DataFrame
    differences: pd.DataFrame
    made: int
    failed: Mapping[tuple[str, int], str]

    @property
    def table(self) -> pd.DataFrame:
        """One row a point, replication and measure, with a column for each lever and, of a sample, its number (0: the
        base itself) and a column for each value that was assumed; by unit, also a row for each unit, its name in the
        column ``group``: tidy, for spreadsheets.
        """
        import pandas as pd

        sampled = any(p.sample for p in self.design.points)
        points = [
            {"point": p.name, **p.settings, **({"sample": p.sample, **p.values} if sampled else {})}
            for p in self.design.points
        ]
        settings = pd.DataFrame(points)
        wanted = self.measures[self.measures["measure"].isin(self.design.experiment.measures)]
        groups = ["group_by", "group"] if self.design.experiment.by else []
        columns = ["scenario", "replication", "measure", *groups, "value", "numerator", "denominator", "unit"]
        told = wanted[columns].rename(columns={"scenario": "point"})
        if groups:
            told["group"] = ["".join(json.loads(group)) for group in told["group"]]
        return settings.merge(told, on="point")


def sweep(
    experiment: Design | str | os.PathLike[str],
    folder: str | os.PathLike[str] | None = None,
    *,
    engine: Engine = "auto",
    processes: int | None = None,
    cluster: str | None = None,
    shard: tuple[int, int] = (1, 1),
    progress: Progress = unseen,
    tell: Callable[[str], None] = lambda word: None,
) -> Sweep:
    """Simulate what is missing of an experiment, and read all of it.

    `experiment` is its file, its folder, or its name in ./experiments; a `Design` that was made of one, too. `folder`
    is where its runs stand, by default results/sweep-NAME: what is there is finished, and whoever sweeps again, or a
    wider design, makes only the rest. The runs are made on so many `processes` of this machine (one a core), or on the
    Dask `cluster` with such an address; with `shard`, such as (2, 8), only the second of eight parts. `engine`,
    `progress` and `tell` as in `sim.run`. Replications are added to a precision, or as far as a budget goes, where
    the experiment says so, and not in parts.

    Returns all runs that are there. One that fails is told in `failed`, the others go on. Raises `ScenarioError` with
    all that is wrong with the experiment, before anything runs.
    """
    from sim.experiment.sweeps.repeating import carry_out

    if isinstance(experiment, Design):
        design, place = experiment, sweep_folder(experiment.name, folder)
    else:
        file = find_experiment(os.fspath(experiment))
        place = sweep_folder(design_name(file), folder)
        design = load_design(file, known_points(place))
    clear(RunStore(place), tell)
    with executor(cluster, tell) as (run, workers):

        def make(planned: Design, in_time: Callable[[Progress], Progress]) -> tuple[int, dict[tuple[str, int], str]]:
            work = ahead(planned, place, engine=engine, processes=processes, shard=Shard(*shard), on_cluster=workers)
            return make_missing(planned, place, work, run, in_time(progress))

        return carry_out(design, place, make, tell, whole=shard[1] == 1)


def make_missing(
    design: Design, folder: Path, work: Work, run: Executor, progress: Progress = unseen
) -> tuple[int, dict[tuple[str, int], str]]:
    """Make the runs that are ahead and keep them; how many there are now, and what went wrong with the others, by point
    and replication.
    """
    if not work.jobs:
        return 0, {}
    store, over = RunStore(folder), dict[str, str]()  # what went wrong, empty where nothing did
    for base in {job.point.variant.base for job in work.jobs}:
        store.add_base(base)
    write_plan(design, work.order, folder)
    with journal(folder, runs=len(work.jobs), processes=work.processes, programs=programs()[:32]) as book:
        with closing(run(work, store, lambda _, hours: progress(len(over), hours))) as results:
            for told in results:
                book.add(told)
                over[told.name] = told.failed
                if len(over) % TOGETHER == 0:
                    store.compact()
        store.compact()
    progress(len(over), [])
    failed = {(job.point.name, job.replication): over.get(job.name, "") for job in jobs_of(design, work.order.programs)}
    return sum(not word for word in over.values()), {job: word for job, word in failed.items() if word}


# --- what they have brought -------------------------------------------------------------------------------------------


def _measures(design: Design, store: RunStore) -> pd.DataFrame:
    """The measures of all runs, in the order of the design and of ``REGISTRY``."""
    import numpy as np
    import pandas as pd

    jobs, asked = jobs_of(design), asked_for(design.experiment)
    names = list(dict.fromkeys(job.name for job in jobs))
    table = store.read(names)
    table = rows_asked(table, asked)
    ranks = pd.Categorical(table["measure"], categories=list(REGISTRY)).codes
    table = table.iloc[np.lexsort((table["group"], table["group_by"], ranks, table["place"]))]
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


def judged(design: Design, folder: Path, made: int, failed: Mapping[tuple[str, int], str]) -> Sweep:
    """What all runs of a design have brought that stand in ``folder``."""
    import pandas as pd

    from sim.inference import differences, holm, summary

    measures = _measures(design, RunStore(folder))
    wanted = measures[measures["measure"].isin({*design.experiment.measures, "requests"})]
    found = []
    for baseline in dict.fromkeys(point.against for point in design.points):
        names = {point.name for point in design.points if point.against == baseline}
        family = wanted[wanted["scenario"].isin(names)]
        if family["scenario"].nunique() > 1 and baseline in set(family["scenario"]):
            table = differences(family, baseline)
            table = table[table["measure"].isin(design.experiment.measures)]
            found.append(table.assign(p_holm=table.groupby("group_by")["p"].transform(holm)))
    compared = pd.concat(found, ignore_index=True) if found else pd.DataFrame()
    means = summary(wanted) if len(wanted) else wanted
    return Sweep(design, measures, means, compared, made, dict(failed))
