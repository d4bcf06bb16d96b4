"""Whistle and report (吹哨报到) against exact values, at full length: `make theory`.

Each number is a mean over replications of other citizens: it must lie within four standard errors of the exact value,
and its 95 % interval must be narrow. The twins must fail: the whistle ignored, on and off exchanged, a rate that is
ten per cent wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
import pytest
from exact import agrees
from theory_method import START, counted, exponential, waits

import sim
from sim.inference import interval
from sim.scenario import Scenario, from_dict

pytestmark = pytest.mark.theory

Data = dict[str, Any]
Numbers = Mapping[str, float]

REPLICATIONS = 24
WIDTH = 0.03  # of the 95 % interval, each way, relative to the exact value
ON: Data = {"blown": "start"}
PLENTY = {"staff": 100_000}


def town(days: int, whistle: Data | None, warm_up: int = 0, after: int = 20, **parts: Any) -> Scenario:
    """A town that counts `days` after the warm-up; who comes in its last days is not counted."""
    first = START + timedelta(days=warm_up)
    last = first + timedelta(days=days)
    time = {"start": START, "count_from": first, "count_until": last, "end": last + timedelta(days=after)}
    data: Data = {
        "name": "whistles",
        "time": {name: str(day) for name, day in time.items()},
        "districts": {"Town": {}},
        **parts,
    }
    return from_dict(data if whistle is None else {**data, "policies": {"whistle": whistle}})


def measured(
    scenario: Scenario, statistics: Callable[[sim.Outcomes], Numbers], name: str, replications: int = REPLICATIONS
) -> dict[str, np.ndarray]:
    """Every statistic of each replication."""
    seed = crc32(name.encode())
    rows = [statistics(sim.simulate(scenario, k, seed=seed)) for k in range(replications)]
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


def holds(found: Mapping[str, np.ndarray], exact: Numbers) -> None:
    """Every exact value is met by an interval that is narrow."""
    for name, value in exact.items():
        assert agrees(found[name], value), f"{name}: {interval(found[name])}, but it is {value:.6g}"


def fails(found: Mapping[str, np.ndarray], exact: Numbers) -> None:
    """None of them is met."""
    for name, value in exact.items():
        assert not agrees(found[name], value, math.inf), f"{name}: {interval(found[name])} passes for {value:.6g}"


def to_close(out: sim.Outcomes) -> Numbers:
    """Hours from the first hand-over to closing, of all that were counted."""
    requests = out.counted
    assert (requests["status"] == "closed").all()
    return {"hours": float((requests["closed"] - requests["dispatched"]).mean())}


# --- nobody waits ----------------------------------------------------------------------------------------------------

BRANCHES = {
    # hours of the own work, then of the parts; hours to closing on, off
    "5.harmonic": ((6.0, 6.0, 6.0, 6.0), 12.499999999999998, 24.0),
    "5.different": ((2.0, 6.0, 12.0), 14.119047619047619, 20.0),
    "one part alone": ((2.0, 6.0), 6.5, 8.0),  # a + b − 1/(1/a + 1/b)
}


def branches(means: tuple[float, ...], whistle: Data | None) -> Scenario:
    units = [f"Unit {i}" for i in range(len(means))]
    matter = {
        "total": "10000 / d",
        "unit": units[0],
        "work": exponential(means[0]),
        "parts": [{"unit": unit, "work": exponential(mean)} for unit, mean in zip(units[1:], means[1:], strict=True)],
    }
    silence = {"from": str(START + timedelta(days=1)), "until": "2024-01-22", "factor": 0}
    return town(
        1,
        whistle,
        units={unit: PLENTY for unit in units},
        categories={"Matter": matter},
        demand={"shocks": {"silence": silence}},
    )


@pytest.mark.parametrize("name", BRANCHES)
def test_branches_that_nobody_waits_for(name: str) -> None:
    """The maximum of exponentials, by inclusion and exclusion; off, their sum."""
    means, with_it, without = BRANCHES[name]
    on, off = (measured(branches(means, whistle), to_close, name) for whistle in (ON, None))
    holds(on, {"hours": with_it})
    holds(off, {"hours": without})
    fails(on, {"hours": without})  # ignored
    fails(off, {"hours": with_it})  # exchanged
    for slow in range(len(means)):
        wrong = tuple(mean * (1.1 if i == slow else 1) for i, mean in enumerate(means))
        if means[slow] >= 6:  # what is short beside the others moves their maximum by less than can be seen
            fails(measured(branches(wrong, ON), to_close, name), {"hours": with_it})


# --- queues of one officer -------------------------------------------------------------------------------------------


def two_queues(whistle: Data | None, factor: float = 1.0) -> Scenario:
    """Two parts at two units of one officer, nothing else to do."""
    matter = {
        "total": f"{0.3 * factor!r} / h",
        "unit": "Owner",
        "work": "0 min",
        "parts": [{"unit": unit, "work": exponential(2.0)} for unit in ("Works", "Water")],
    }
    units = {"Owner": PLENTY, "Works": {"staff": 1}, "Water": {"staff": 1}}
    return town(1800, whistle, warm_up=30, units=units, categories={"Matter": matter})


def from_blow_to_join(out: sim.Outcomes) -> Numbers:
    """Hours from the blow to the join, and of one part alone."""
    parts = counted(out, kind="part", pool="Works")
    return {**to_close(out), "one part": float((parts["ended"] - parts["queued"]).mean())}


def test_two_queues_that_are_forked_and_joined() -> None:
    """5.fork_join: (12 − ρ)/8 of the time in M/M/1 (Flatto & Hahn 1984, Nelson & Tantawi 1988)."""
    name, exact = "5.fork_join", {"hours": 7.125, "one part": 5.0}
    on = measured(two_queues(ON), from_blow_to_join, name)
    holds(on, exact)
    fails(on, {"hours": 10.0})  # one after the other, a tandem queue of two M/M/1: ignored
    off = measured(two_queues(None), from_blow_to_join, name)
    holds(off, {"hours": 10.0})  # exchanged: Burke's theorem
    fails(off, {"hours": 7.125})
    fails(measured(two_queues(ON, 0.9), from_blow_to_join, name), exact)
    fails(measured(two_queues({**ON, "budget": 0}), from_blow_to_join, name), {"hours": 7.125})


def part_and_lead(whistle: Data | None, factor: float = 1.0, lead: float = 8.0) -> Scenario:
    """A part in a queue beside the own lead time."""
    matter = {
        "total": f"{0.2 * factor!r} / h",
        "unit": "Owner",
        "work": "0 min",
        "lead": exponential(lead),
        "parts": [{"unit": "Works", "work": exponential(2.0)}],
    }
    units = {"Owner": PLENTY, "Works": {"staff": 1}}
    return town(3000, whistle, warm_up=30, units=units, categories={"Matter": matter})


def test_a_part_in_a_queue_beside_own_lead_time() -> None:
    """5.part_and_lead: a + b − 1/(1/a + 1/b); off, a + b."""
    name, with_it, without = "5.part_and_lead", {"hours": 8.980392156862745}, {"hours": 11.333333333333334}
    on, off, after_own = (
        measured(part_and_lead(whistle), to_close, name) for whistle in (ON, None, {"blown": "after_own"})
    )
    holds(on, with_it)
    holds(off, without)
    holds(after_own, without)  # one part after the own lead time: as off
    fails(on, without)
    fails(off, with_it)
    fails(measured(part_and_lead(ON, lead=7.2), to_close, name), with_it)
    fails(measured(part_and_lead(ON, lead=8.8), to_close, name), with_it)


# --- ordinary requests wait behind parts -----------------------------------------------------------------------------

UNIT = 0.1  # of an hour: the time unit of these queues, so that a day has ten times as many requests


def contention(
    rates: tuple[float, float], work: float, staff: int, whistle: Data | None, factor: float = 1.0, days: int = 800
) -> Scenario:
    """Joint requests with an ample owner and a part at U; ordinary ones at U; rates and work by time unit."""
    joint, ordinary = (f"{rate * factor / UNIT!r} / h" for rate in rates)
    at_u = {"unit": "U", "work": exponential(work * UNIT)}
    return town(
        days,
        whistle,
        warm_up=8,
        after=4,
        units={"Owner": PLENTY, "U": {"staff": staff}},
        categories={
            "J": {"total": joint, "unit": "Owner", "work": "0 min", "parts": [at_u]},
            "O": {"total": ordinary, **at_u},
        },
    )


def waits_at_u(out: sim.Outcomes) -> Numbers:
    """Time units until an officer begins, by kind of visit."""
    return {kind: float(waits(counted(out, kind=kind, pool="U")).mean()) / UNIT for kind in ("part", "handling")}


#: Rates of parts and of ordinary requests, mean work, officers; days a replication; waits of both on, of all off.
CONTENTION = {
    "5.contention": ((0.15, 0.35), 1.5, 1, 2500, (1.4516129032258065, 5.806451612903223), 4.499999999999998),
    "5.contention_c": ((0.5, 1.1), 1.0, 2, 800, (0.47407407407407415, 2.3703703703703716), 1.7777777777777786),
}


@pytest.mark.parametrize("name", CONTENTION)
def test_ordinary_requests_wait_behind_parts(name: str) -> None:
    """Cobham 1954, Kella & Yechiali 1985: non-preemptive priority; off, first come first served for all."""
    rates, work, staff, days, waits_on, wait_off = CONTENTION[name]
    exact = dict(zip(("part", "handling"), waits_on, strict=True))
    usual = dict.fromkeys(exact, wait_off)

    def waited(whistle: Data | None, factor: float = 1.0) -> dict[str, np.ndarray]:
        """Waits in a busy queue are long for weeks: their mean needs four times as many replications as others."""
        return measured(contention(rates, work, staff, whistle, factor, days), waits_at_u, name, 4 * REPLICATIONS)

    on, off = waited(ON), waited(None)
    holds(on, exact)
    holds(off, usual)
    fails(on, usual)  # no level of their own
    fails(off, exact)
    fails(on, {"part": exact["handling"], "handling": exact["part"]})  # exchanged
    fails(waited(ON, 0.9), exact)


# --- the budget ------------------------------------------------------------------------------------------------------

OWNERS = 40
#: Days of a month; E min(N, 10) of Poisson N with 0.4 a day, and as a share of E N.
BUDGET = {
    28: (9.212688252864968, 0.8225614511486578),
    30: (9.436411764504436, 0.7863676470420363),
    31: (9.526612150221261, 0.7682751734049404),
}
BUDGET_EXACT = {f"{what}, {days} days": v for days, both in BUDGET.items() for what, v in zip("ns", both, strict=True)}


def owners(whistle: Data | None, rate: float = 0.4) -> Scenario:
    """The year 2023, whose February has 28 days; each owner blows at once."""
    names = [f"Owner {i:02}" for i in range(OWNERS)]
    matter = {"total": f"{rate!r} / d", "work": "1 h", "parts": [{"unit": "Works", "work": "1 h"}]}
    data: Data = {
        "name": "budgets",
        "time": {"start": "2023-01-01", "end": "2024-01-01"},
        "districts": {"Town": {}},
        "units": {name: PLENTY for name in (*names, "Works")},
        "categories": {name: {**matter, "unit": name} for name in names},
    }
    return from_dict(data if whistle is None else {**data, "policies": {"whistle": whistle}})


def by_length_of_month(out: sim.Outcomes) -> Numbers:
    """Whistles of an owner and month (n), and as a share of requests (s), by days of the month."""
    born = pd.Timestamp("2023-01-01") + pd.to_timedelta(out.requests["arrived"], unit="h")
    days = born.dt.days_in_month
    months = {28: 1, 30: 4, 31: 7}
    blown, all_of_them = (out.requests.groupby(days)["whistles"].agg(how) for how in ("sum", "size"))
    return {
        name: float(number)
        for length, n in months.items()
        for name, number in (
            (f"n, {length} days", blown[length] / (n * OWNERS)),
            (f"s, {length} days", blown[length] / all_of_them[length]),
        )
    }


def test_whistles_of_a_month_under_a_budget() -> None:
    """5.budget: E min(N, B), N Poisson."""
    name = "5.budget"
    holds(measured(owners({"budget": 10}), by_length_of_month, name), BUDGET_EXACT)
    fails(measured(owners({}), by_length_of_month, name), BUDGET_EXACT)  # ignored
    fails(measured(owners({"budget": 9}), by_length_of_month, name), BUDGET_EXACT)
    fails(measured(owners({"budget": 11}), by_length_of_month, name), BUDGET_EXACT)
    fails(measured(owners({"budget": 10}, 0.36), by_length_of_month, name), BUDGET_EXACT)
