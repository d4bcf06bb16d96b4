"""How much of what is late people could change: the same citizens in the same city, where nobody waits for staff."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sim.experiment.expected import expected_contacts
from sim.experiment.parallel import each, expected_seconds, unseen, workers
from sim.experiment.preparing import prepare
from sim.experiment.streaming import stream_measures
from sim.measurement.grouping import group_values
from sim.model.city import City, build_city
from sim.model.simulation import choose

if TYPE_CHECKING:
    from sim.experiment.runs import Run
    from sim.model.control import Policy
    from sim.model.simulation import Engine, Watch

#: A city with more contacts than this is not run once more.
MOST_CONTACTS = 1_000_000
#: People of each pool while it is open: more than there are contacts.
_OFFICERS = 2**24

_MEASURE = "breach_share"
_GROUPS = ("", "district", "category", "unit")


def _times(run: Run) -> int:
    """How many replications are run once more; 0 where it is no question: requests have no limits to resolve or no
    units, or are too many.
    """
    limits = run.scenario.policies.time_limits
    has_limits = limits is not None and bool(limits.resolve or limits.by_category)
    if not (has_limits and run.scenario.units):
        return 0
    return min(run.replications, int(MOST_CONTACTS / max(expected_contacts(run.scenario), 1.0)))


def with_ample_staff(city: City) -> City:
    """The city with so many people in each pool, whenever it is open, that nobody waits for one."""
    pools = [replace(pool, headcounts=np.where(pool.headcounts > 0, _OFFICERS, 0)) for pool in city.pools]
    return replace(city, pools=tuple(pools))


def late_in_any_case(
    run: Run,
    policies: Sequence[Policy] = (),
    *,
    processes: int | None = None,
    tell: Callable[[str], None] = lambda word: None,
) -> Run:
    """A run that also knows what is late where nobody waits for staff.

    Its replications are run once more, as many as stay below a million contacts, on the same citizens, with people
    without limit in each pool; opening hours and shifts stay what they are. ``policies``: those with which it was run;
    ``processes`` and ``tell`` as in ``sim.run``.
    The rows of ``breach_share`` of that, as in ``Run.measures``, for the whole city and by district, category and unit,
    are in ``Run.in_any_case`` of what is returned; None where requests have no limits to resolve, no units, or are too
    many.
    """
    if not (times := _times(run)):
        return run
    engine: Engine = choose(run.scenario, run.engine)  # type: ignore[arg-type]  # the name of one
    prepare(engine, tell)
    count = workers(times, processes, expected_seconds(expected_contacts(run.scenario), engine) * times)
    city = with_ample_staff(build_city(run.scenario))
    parts = each(_once_more, (city, run.seed, engine, tuple(policies)), times, count, unseen)
    return replace(run, in_any_case=pd.concat(parts, ignore_index=True))


def _once_more(
    city: City, seed: int, engine: Engine, policies: Sequence[Policy], replication: int, watch: Watch
) -> pd.DataFrame:
    found, _ = stream_measures(city, seed, replication, engine, policies, watch=watch)
    return found[(found["measure"] == _MEASURE) & found["group_by"].isin(_GROUPS)]


class Staff(NamedTuple):
    """Of requests: the share that is late, and the share that is where nobody waits for staff; means over the same
    replications.
    """

    late: float
    in_any_case: float

    @property
    def changes(self) -> float:
        """How much of it more people could change at most."""
        return self.late - self.in_any_case


def what_staff_changes(run: Run, group_by: str) -> dict[str, Staff]:
    """What people could change of what is late, by group ("" for the whole city); empty where a run does not know."""
    if run.in_any_case is None:
        return {}
    before, after = (
        table[(table["measure"] == _MEASURE) & (table["group_by"] == group_by)].astype({"group": str})
        for table in (run.measures, run.in_any_case)
    )
    known = before.merge(after, on=["replication", "group"], suffixes=("", "_after"))
    means = known.groupby("group", sort=False)[["value", "value_after"]].mean().reset_index()
    pairs = zip(means["group"], means["value"], means["value_after"], strict=True)
    return {"".join(group_values(group)): Staff(late, after) for group, late, after in pairs}
