"""How many replications: they are added until measures, or differences of two scenarios, are known well enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.experiment.comparable import check_comparable
from sim.experiment.compare import unique_names
from sim.experiment.parallel import each, expected_seconds, later, unseen, workers
from sim.experiment.sweeps.precision import HalfWidth
from sim.inference.stopping import FIRST, Reached, next_count, reached
from sim.inference.student import Floats
from sim.scenario import Scenario

if TYPE_CHECKING:
    from sim.experiment.parallel import Progress
    from sim.model.city import Built
    from sim.model.simulation import Engine, Watch


@dataclass(frozen=True, eq=False)
class Known:
    """How well a measure is known. ``values``: one a replication, of two scenarios the second minus the first; infinite
    where it is not reached before the end of the run. ``base``: those of the first.
    """

    measure: str
    wanted: HalfWidth
    values: Floats
    base: Floats

    def after(self, count: int) -> Reached:
        """Of the first ``count`` replications. A part of the mean is meant as one of the mean of the first scenario."""
        if np.isinf(self.values[:count]).any():
            return Reached(count, float("nan"), float("inf"), float("nan"))
        mean = reached(self.base[:count], 1.0).mean
        size = self.wanted.size * abs(mean) if self.wanted.of_mean else self.wanted.size
        return reached(self.values[:count], size)


@dataclass(frozen=True, eq=False)
class Needed:
    """How many replications were made of one scenario, or of two as pairs, and what is known of each measure then."""

    scenarios: tuple[Scenario, ...]
    names: tuple[str, ...]
    seed: int
    made: int
    at_most: int
    known: tuple[Known, ...]

    @property
    def enough(self) -> bool:
        """Whether all are known as well as wanted."""
        return all(known.after(self.made).enough for known in self.known)

    @property
    def looks(self) -> list[int]:
        """The numbers of replications for which half-widths are told."""
        doubled = [5 * 2**k for k in range(self.made.bit_length())]
        return [count for count in doubled if count < self.made] + [self.made]


def replications_for(
    scenarios: Sequence[Scenario],
    wanted: Mapping[str, HalfWidth],
    *,
    at_most: int = 100,
    seed: int = 1,
    engine: Engine = "auto",
    processes: int | None = None,
    rounds: Callable[[int], AbstractContextManager[Progress]] = lambda count: nullcontext(unseen),
    tell: Callable[[str], None] = lambda word: None,
    turned: Sequence[str] = (),
) -> Needed:
    """Simulate one scenario, or two on the same citizens, until each measure is known to its half-width.

    ``rounds`` gives the progress of a round of so many replications. All else as in ``sim.compare``; replication k is
    the same there. Raises what it does.
    """
    from sim.experiment.expected import expected_contacts
    from sim.experiment.memory import check_counts, check_memory
    from sim.experiment.preparing import prepare
    from sim.model.city import Built
    from sim.model.simulation import choose

    names = unique_names(scenarios, turned)
    if len(scenarios) > 1:
        check_comparable(scenarios, names)
    engines = [choose(scenario, engine, FIRST) for scenario in scenarios]
    seconds = sum(map(expected_seconds, map(expected_contacts, scenarios), engines))
    count = workers(FIRST, processes, seconds * FIRST)
    for scenario in scenarios:
        check_counts(scenario, at_most * len(scenarios))
        check_memory(scenario, count, "nothing", in_files=True)
    prepare("compiled" if "compiled" in engines else "simpy", tell)  # before the processes part
    measures, built, made = tuple(wanted), tuple(map(Built, scenarios)), 0
    table: Floats = np.zeros((0, len(scenarios), len(measures)))
    known: tuple[Known, ...] = ()
    while True:
        target = next_count(made, [one.after(made) for one in known], at_most)
        if target == made:
            return Needed(tuple(scenarios), names, seed, made, at_most, known)
        with rounds(target - made) as tick:
            arguments = (built, measures, seed, engines, made)
            found = each(_values, arguments, target - made, min(count, target - made), tick)
        table, made = np.concatenate([table, np.stack(found)]), target
        known = tuple(_known(measure, wanted[measure], table[:, :, k]) for k, measure in enumerate(measures))


def _known(measure: str, wanted: HalfWidth, values: Floats) -> Known:
    """Of [replication, scenario]."""
    base = values[:, 0]
    with np.errstate(invalid="ignore"):  # what is not reached in both is not reached
        differences = values[:, -1] - base if values.shape[1] > 1 else base
    unreached = np.isinf(values).any(axis=1)
    return Known(measure, wanted, np.where(unreached, np.inf, differences), base)


def _values(
    built: Sequence[Built],
    measures: Sequence[str],
    seed: int,
    engines: Sequence[Engine],
    first: int,
    number: int,
    watch: Watch,
) -> Floats:
    """[scenario, measure] of one replication, of the whole city."""
    from sim.experiment.streaming import stream_measures

    rows = []
    for place, (one, engine) in enumerate(zip(built, engines, strict=True)):
        earlier = place * one.city.end
        table, _ = stream_measures(one.city, seed, first + number, engine, watch=later(watch, earlier))
        own = table[table["group_by"] == ""].set_index("measure")
        value = own["value"].where(~(own["value"].isna() & (own["denominator"] > 0)), np.inf)
        rows.append(value.reindex(list(measures)).to_numpy(np.float64))
    return np.stack(rows)
