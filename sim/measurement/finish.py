"""The table of measures of a fold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measurement import quantities
from sim.measurement.causes import add_causes
from sim.measurement.contacts import contact_ratios, rates
from sim.measurement.durations import add_durations, add_gaps, add_theil
from sim.measurement.fold import Fold, named
from sim.measurement.pools import add_pool_measures
from sim.measurement.table import Ratio, Table

if TYPE_CHECKING:
    import pandas as pd


def finish(fold: Fold, levels: pd.DataFrame, pools: pd.DataFrame, replication: int) -> pd.DataFrame:
    """The measures of all that a fold has been given, and of the tables of levels and pools; see ``measures``."""
    scenario, table = fold.scenario, Table(fold.scenario.currency)
    contacts = named(fold.contact_sums, quantities.CONTACTS)
    answers = named(fold.answer_sums, quantities.RATES)
    problems = named(fold.problem_sums, quantities.PROBLEMS)

    table.add_ratios(fold.contacts, contact_ratios(contacts, scenario))
    table.add_ratios(fold.contacts, rates(contacts, scenario))
    table.add_ratios(fold.answers, rates(answers, scenario))  # with the month of the answer
    closed = contacts.own, contacts.closed, contacts.hours
    add_durations(table, fold.contacts, "time_to_close", *closed, fold.hours_to_close)
    add_theil(table, fold.contacts, contacts)
    add_causes(table, fold.contacts, contacts)
    add_pool_measures(table, levels, pools, fold.count_from, fold.count_until)

    ratios = {
        "problems": Ratio(problems.problems),
        "fixed_share": Ratio(problems.fixed, problems.problems),
        "unreported_share": Ratio(problems.unreported, problems.observed),
    }
    table.add_ratios(fold.problems, ratios)
    fixed = problems.problems, problems.fixed, problems.hours
    add_durations(table, fold.problems, "birth_to_fix", *fixed, fold.hours_to_fix)
    add_gaps(table, scenario)
    return table.frame(scenario.name, replication)
