"""Scenarios over replications: means and paired differences."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sim.inference.gaps import gaps
from sim.inference.relevance import Relevance, within
from sim.inference.student import KEY, Cube, Floats, Student
from sim.measurement import REGISTRY
from sim.measurement.catalogue import GAPS
from sim.measurement.grouping import group_values
from sim.measurement.histogram import GRID

#: Counts of requests that differ by no more than this share of the baseline's are nearly the same.
SAME_COUNT = 0.02
#: What matters, unless somebody says otherwise.
RELEVANT = Relevance()


def summary(
    measures: pd.DataFrame,
    level: float = 0.95,
    apart: pd.DataFrame | None = None,
    exact: Collection[str] = (),
) -> pd.DataFrame:
    """Each measure's mean over the replications of a scenario, with its interval.

    Columns: scenario, measure, group_by, group, mean, lower, upper, n, unit. Intervals are cut off where the measure
    ends (a share: at 0 and 1), and not narrower than the bin of a quantile that comes from a histogram (but where
    ``group_by`` is among the ``exact``, as in ``differences``). Of ``equity_gap``, the mean is not that of the
    replications' gaps but the gap of the districts' means: ``apart`` as found by ``sim.inference.gaps``, else that of
    all districts.
    """
    cube = Cube(measures)
    parts = []
    for number, scenario in enumerate(cube.scenarios):
        student = Student(cube.values[:, number])
        mean = np.where(cube.unreached[:, number].any(axis=1), np.nan, student.mean)
        # what all replications have in one bin is known no better than that
        bins = np.where(_on_grid(cube.keys, exact), GRID / 2 * mean, 0.0)
        half = np.maximum(student.half_width(level), bins)
        ends = (within(mean + sign * half, cube.keys["measure"], cube.keys["unit"]) for sign in (-1, 1))
        part = cube.keys.assign(
            scenario=scenario, mean=mean, n=student.n, **dict(zip(("lower", "upper"), ends, strict=True))
        )
        parts.append(part[cube.present[:, number]])
    columns = ["scenario", *KEY, "mean", "lower", "upper", "n", "unit"]
    found = gaps(measures, level=level) if apart is None else apart
    return _with_gaps(pd.concat(parts, ignore_index=True)[columns], found)


def _with_gaps(table: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """The summary with the gaps of the means in the rows of ``equity_gap``."""
    rows = table.index[table["measure"] == "equity_gap"]
    measure = table.loc[rows, "group"].map(lambda group: (group_values(group) or GAPS[:1])[0])
    at = pd.MultiIndex.from_arrays([table.loc[rows, "scenario"], measure])
    by_measure = found.set_index(["scenario", "measure"])[["gap", "lower", "upper"]].reindex(at).to_numpy(np.float64)
    return table.assign(
        **{
            column: table[column].where(table["measure"] != "equity_gap", pd.Series(by_measure[:, i], rows))
            for i, column in enumerate(("mean", "lower", "upper"))
        }
    )


def differences(
    measures: pd.DataFrame,
    baseline: str,
    level: float = 0.95,
    relevance: Relevance = RELEVANT,
    exact: Collection[str] = (),
) -> pd.DataFrame:
    """Each other scenario less the baseline, in pairs of the same replication.

    Columns: scenario, baseline, measure, group_by, group, difference (their mean), lower, upper, smallest (the true
    difference that so many pairs would show in 4 of 5 cases, at p below 1 - ``level``, not adjusted), n (pairs), unit,
    p (two-sided t-test; 1 where all differences are exactly zero), p_holm (adjusted within a family, all scenarios
    together: the headline measures of the whole city are one, the groups of each measure and dimension another; null
    for the city's other measures), other_requests, relevant (the smallest difference that matters, ``relevance``), grid
    (below it a quantile that comes from a histogram need not move; 0 of all else, and where ``group_by`` is among the
    ``exact``: there quantiles of the time to close are those of the requests themselves). A ValueError if the table has
    no such baseline, or nothing to compare it with.
    """
    cube = Cube(measures)
    if baseline not in cube.scenarios or len(cube.scenarios) < 2:
        raise ValueError(f"there is no scenario “{baseline}” with others to compare, only {cube.scenarios}")
    base = cube.scenarios.index(baseline)
    parts = []
    for number, scenario in enumerate(cube.scenarios):
        if number == base:
            continue
        student = Student(cube.values[:, number] - cube.values[:, base])
        unreached = (cube.unreached[:, number] | cube.unreached[:, base]).any(axis=1)
        mean = np.where(unreached, np.nan, student.mean)
        half = student.half_width(level)
        ends = (within(mean + sign * half, cube.keys["measure"], cube.keys["unit"], True) for sign in (-1, 1))
        before, after = (Student(cube.values[:, which]).mean for which in (base, number))
        part = cube.keys.assign(
            scenario=scenario,
            baseline=baseline,
            difference=mean,
            **dict(zip(("lower", "upper"), ends, strict=True)),
            smallest=np.where(unreached, np.nan, student.smallest(level)),
            n=student.n,
            p=np.where(unreached, np.nan, student.p()),
            other_requests=_other_requests(cube, base, number),
            relevant=relevance.of(cube.keys["unit"], before),
            grid=np.where(_on_grid(cube.keys, exact), GRID * np.fmax(before, after), 0.0),
        )
        parts.append(part[cube.present[:, number] & cube.present[:, base]])
    table = pd.concat(parts, ignore_index=True)
    headlines = [measure.identifier for measure in REGISTRY.values() if measure.headline]
    city = table["group_by"] == ""
    member = table[~city | table["measure"].isin(headlines)]
    family = [member["measure"].where(~city, ""), member["group_by"]]
    table["p_holm"] = member.groupby(family)["p"].transform(holm)
    numbers = ["difference", "lower", "upper", "smallest", "n", "unit", "p", "p_holm", "other_requests"]
    return table[["scenario", "baseline", *KEY, *numbers, "relevant", "grid"]]


def _on_grid(keys: pd.DataFrame, exact: Collection[str]) -> NDArray[np.bool_]:
    """Of each key, whether its values are the middles of a histogram's bins."""
    quantile = keys["measure"].isin([measure.identifier for measure in REGISTRY.values() if measure.percent])
    known = keys["measure"].str.startswith("time_to_close") & keys["group_by"].isin(list(exact))
    return np.asarray(quantile & ~known)


def _other_requests(cube: Cube, base: int, number: int) -> NDArray[np.bool_]:
    """Of each key, whether it is of requests of which there are not nearly as many in two scenarios."""
    group = ["group_by", "group"]
    of_requests = {measure.identifier for measure in REGISTRY.values() if measure.of_requests}
    rows = np.flatnonzero(cube.keys["measure"] == "requests")
    before, after = (Student(cube.values[rows, scenario]).mean for scenario in (base, number))
    counts = cube.keys.iloc[rows][group].assign(before=before, after=after)
    found = cube.keys.merge(counts, on=group, how="left", validate="many_to_one")
    differ = ~np.isclose(found["after"], found["before"], rtol=SAME_COUNT, atol=0.0) & found["before"].notna()
    return np.asarray(differ & found["measure"].isin(of_requests))


def holm(p: ArrayLike) -> Floats:
    """Holm's adjusted p-values (Holm 1979, Scand. J. Statist. 6, 65–70); NaN stand outside the family."""
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values)[: np.count_nonzero(~np.isnan(values))]  # NaN sort last
    stepped = values[order] * np.arange(len(order), 0, -1)
    adjusted = np.full(values.shape, np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return adjusted
