"""Measures of the problems born in the window, whether or not anybody reported them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.measurement.durations import add_durations
from sim.measurement.grouping import Axes, by_month, by_name
from sim.measurement.rows import Ratio, Rows

if TYPE_CHECKING:
    from sim.outcomes import Outcomes

#: A problem that nobody reports for so many hours counts as unreported.
PATIENCE = 90 * 24.0


def add_problem_measures(rows: Rows, outcomes: Outcomes) -> None:
    """Report how many problems there are, how long they last, and how many nobody reports."""
    born = outcomes.problems["born"]
    table = outcomes.problems.loc[(born >= outcomes.count_from) & (born < outcomes.count_until)]
    scenario = outcomes.scenario
    births, first_report, fixed = (
        table[column].to_numpy(dtype=np.float64, na_value=np.nan) for column in ("born", "first_report", "fixed")
    )
    dimensions = {
        "district": by_name(table["district"], scenario.districts),
        "category": by_name(table["category"], scenario.categories),
        "month": by_month(births, scenario.time.start, outcomes.count_from, outcomes.count_until),
    }
    axes = Axes(len(table), dimensions)
    every = np.ones(len(table), dtype=np.bool_)
    observed = births + PATIENCE <= outcomes.end
    ratios = {
        "problems": Ratio(every),
        "fixed_share": Ratio(~np.isnan(fixed), every),
        "unreported_share": Ratio(observed & ~(first_report - births <= PATIENCE), observed),
    }
    rows.add_ratios(axes, ratios)
    lasted = np.where(np.isnan(fixed), np.inf, fixed - births)
    add_durations(rows, axes, "birth_to_fix", "fixed", every, lasted)
