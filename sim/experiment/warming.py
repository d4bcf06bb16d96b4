"""From when on a city is no longer filling up: MSER-5 on what waits and is worked on, averaged over replications."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from sim.experiment.parallel import Progress, each, expected_seconds, unseen, workers
from sim.inference.runs import mser5, without_week
from sim.inference.runs import warm_up as settled_after
from sim.inference.student import Floats
from sim.scenario import Scenario

if TYPE_CHECKING:
    from sim.model.city import Built
    from sim.model.simulation import Engine, Watch


@dataclass(frozen=True, eq=False)
class WarmUp:
    """``series``: visits that wait or are worked on, hour by hour until the end of the count window, the mean of all
    replications.

    ``hours`` from the start until it has settled, None if that cannot be said: ``crowded`` has pools that receive more
    work than they can do, in sentences; else ``too_much`` would be cut, or it goes on rising or falling.
    """

    scenario: Scenario
    seed: int
    replications: int
    series: Floats
    hours: float | None
    too_much: bool
    crowded: tuple[str, ...]

    @property
    def count_from(self) -> datetime | None:
        """The first moment that may be counted."""
        return None if self.hours is None else self.scenario.time.start + timedelta(hours=self.hours)


def warm_up(
    scenario: Scenario,
    replications: int = 10,
    *,
    seed: int = 1,
    engine: Engine = "auto",
    processes: int | None = None,
    progress: Progress = unseen,
    tell: Callable[[str], None] = lambda word: None,
) -> WarmUp:
    """Simulate a scenario and look where its first, empty time ends. All arguments as in ``sim.run``."""
    from sim.experiment.expected import expected_contacts
    from sim.experiment.memory import check_counts, check_memory
    from sim.experiment.preparing import prepare
    from sim.model.city import Built
    from sim.model.load import offered_loads
    from sim.model.simulation import choose

    check_counts(scenario, replications)
    engine = choose(scenario, engine, replications)
    seconds = expected_seconds(expected_contacts(scenario), engine)
    count = workers(replications, processes, seconds * replications)
    check_memory(scenario, count, "nothing", in_files=True)
    prepare(engine, tell)
    built = Built(scenario)
    found = np.stack(each(_present, (built, seed, engine), replications, count, progress))
    found = found[:, : int(scenario.hours_of(scenario.time.count_until))]  # what comes later does not matter
    crowded = tuple(load.sentence() for load in offered_loads(built.city) if load.offered >= 1)
    hours = None if crowded else settled_after(found)
    too_much = mser5(without_week(found).mean(axis=0)) is None
    return WarmUp(scenario, seed, replications, found.mean(axis=0), hours, too_much, crowded)


def _present(built: Built, seed: int, engine: Engine, replication: int, watch: Watch) -> Floats:
    """Hour by hour, visits that wait or are worked on."""
    from sim.experiment.streaming import stream_measures

    _, tables = stream_measures(built.city, seed, replication, engine, watch=watch)
    levels = tables["levels"]
    present: Floats = (levels["queue"] + levels["busy"]).groupby(levels["hour"]).sum().sort_index().to_numpy()
    return present
