"""A sweep whose replications are not given but found: until a measure is known well enough, or the budget is spent.

Every round makes whole replications of all points, so that whatever stops it leaves a design that can be used. Where
the time is over before each point was run once, the points that were are the design.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import CitysimError
from sim.experiment.sweeps.planning import jobs_of, missing_jobs
from sim.experiment.sweeps.precision import read_half_width
from sim.experiment.sweeps.sweep import judged
from sim.inference.stopping import Reached, next_count, reached

if TYPE_CHECKING:
    from sim.experiment.parallel import Progress
    from sim.experiment.sweeps.designs import Design
    from sim.experiment.sweeps.sweep import Sweep

#: Makes what is missing of a design, and says how much that was and what went wrong. Its progress is to go through the
#: function that it gets, which ends it in time.
Round = Callable[["Design", Callable[["Progress"], "Progress"]], tuple[int, dict[tuple[str, int], str]]]


class _TimeIsUpError(Exception):
    """The budget is spent."""


def carry_out(
    design: Design, folder: Path, make: Round, tell: Callable[[str], None] = lambda word: None, whole: bool = True
) -> Sweep:
    """Make what a design asks for, in as many rounds as that takes; its experiment has the replications that were made.
    What made it stop is told. What is not the ``whole`` design is made in one round. Raises ``CitysimError`` where it
    has a precision or a budget, which a part cannot know, or too small a budget.
    """
    if not whole:
        if design.experiment.precision or design.experiment.budget:
            raise CitysimError("a part makes as many replications as are given: precision and budget are of all parts")
        return judged(design, folder, *make(design, lambda tick: tick))
    begin, budget, most = time.monotonic(), design.experiment.budget, at_most(design)
    until = begin + budget.seconds if budget and budget.seconds else None
    found, count, new = None, 0, 0
    while found is None or not found.failed:
        wanted = _wanted(design, found, count, most)
        if until is not None and wanted > count:
            wanted = _affordable(count, wanted, time.monotonic() - begin, until - begin)
            if wanted == count:
                tell(f"The time is spent after {count} of each point.")
        if wanted == count:
            break
        planned = with_replications(design, wanted)
        try:
            found = judged(planned, folder, *make(planned, lambda tick: _until(until, tick)))
        except _TimeIsUpError:
            found = _what_there_is(design, folder, count, tell)
            break
        count = wanted
        new += found.made
    assert found is not None
    if design.experiment.precision is not None:
        tell(precision_words(found))
    return replace(found, made=new)


def at_most(design: Design) -> int:
    """The most replications that there may be. Raises ``CitysimError`` where the budget is not enough for one."""
    experiment = design.experiment
    most = experiment.replications if experiment.precision is None else experiment.precision.at_most
    if experiment.budget is not None and experiment.budget.runs:
        most = min(most, experiment.budget.runs // len(design.points))
    if not most:
        raise CitysimError(f"the budget is less than one run of each of {len(design.points):,} points")
    return most


def first_round(design: Design) -> Design:
    """With as many replications as are made at least, if the time suffices."""
    return with_replications(design, _wanted(design, None, 0, at_most(design)))


def with_replications(design: Design, count: int) -> Design:
    """The same with so many replications."""
    return replace(design, experiment=design.experiment.model_copy(update={"replications": count}))


def precise(found: Sweep) -> dict[str, Reached]:
    """How well the measure is known of which a precision is wanted, by point."""
    precision = found.design.experiment.precision
    assert precision is not None
    wanted = read_half_width(precision.half_width, precision.measure)
    rows = found.measures[(found.measures["measure"] == precision.measure) & (found.measures["group_by"] == "")]
    values = dict(iter(rows.groupby("scenario")["value"]))
    return {p.name: reached(values.get(p.name, []), *wanted) for p in found.design.points}


def _wanted(design: Design, found: Sweep | None, count: int, most: int) -> int:
    """How many replications there are to be when one looks next."""
    experiment = design.experiment
    if experiment.precision is None:
        return most
    if found is None:
        return min(max(experiment.replications, next_count(0, [], most)), most)
    return next_count(count, list(precise(found).values()), most)


def _affordable(count: int, wanted: int, spent: float, budget: float) -> int:
    """As many as there will be time for: one to see how long that takes, then half of what is left each time."""
    if not count:
        return 1
    left = (budget - spent) / (spent / count)
    return min(wanted, count + (max(1, int(left / 2)) if left >= 1 else 0))


def _until(until: float | None, tick: Progress) -> Progress:
    """Progress that ends when the time is up."""
    if until is None:
        return tick

    def ticking(done: int, hours: Sequence[float]) -> None:
        tick(done, hours)
        if time.monotonic() > until:
            raise _TimeIsUpError

    return ticking


def _what_there_is(design: Design, folder: Path, count: int, tell: Callable[[str], None]) -> Sweep:
    """The design as far as it was made: whole replications, or the points that were run once."""
    planned = with_replications(design, max(count, 1))
    if count:
        tell(f"The time is spent after {count} of each point.")
        return judged(planned, folder, 0, {})
    lacking = {job.name for job in missing_jobs(planned, folder)}
    names = {job.point.name for job in jobs_of(planned) if job.name not in lacking}
    there = [point for point in planned.points if {point.name, point.against} <= names]
    tell(f"The time is spent: {len(there):,} of {len(design.points):,} points were run, once each.")
    if not there:
        raise CitysimError("the time was spent before a point and its baseline were run; what was run is kept")
    return judged(replace(planned, points=tuple(there)), folder, 0, {})


def precision_words(found: Sweep) -> str:
    """Whether what was wanted is reached."""
    experiment, known = found.design.experiment, precise(found)
    assert experiment.precision is not None
    measure, half = experiment.precision.measure, experiment.precision.half_width
    wide = sum(not one.enough for one in known.values())
    after = f"After {experiment.replications} replications {measure} is"
    if not wide:
        return f"{after} known to ± {half} or better at every point."
    return f"{after} not yet known to ± {half} at {wide} of {len(known)} points."
