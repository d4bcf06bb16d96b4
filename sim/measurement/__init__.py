"""What happened, in numbers: every measure with its definition, unit and denominator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measurement.calls import add_call_measures
from sim.measurement.catalogue import REGISTRY
from sim.measurement.causes import add_causes
from sim.measurement.contacts import Contacts, add_contact_measures
from sim.measurement.durations import add_durations, add_gaps, add_theil
from sim.measurement.histogram import Histogram
from sim.measurement.pools import add_pool_measures
from sim.measurement.problems import add_problem_measures
from sim.measurement.registry import Measure
from sim.measurement.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

    from sim.outcomes import Outcomes

__all__ = ["REGISTRY", "Histogram", "Measure", "measures"]


def measures(outcomes: Outcomes) -> pd.DataFrame:
    """All measures of one replication, tidy: one row a measure and group.

    Columns: scenario, replication, measure, group_by, group (a JSON list), value, numerator, denominator,
    unit. A value is null (NaN) where its denominator is 0, and where it was not reached before the end of
    the run; then the denominator, the number of cases, is above 0. Totals have no denominator; quantiles
    and indices have no numerator.
    """
    scenario = outcomes.scenario
    rows = Rows(scenario.currency)
    contacts = Contacts(outcomes)
    add_contact_measures(rows, contacts)
    add_durations(rows, contacts.axes, "time_to_close", "closed", contacts.own, contacts.hours_to_close)
    add_theil(rows, contacts)
    add_causes(rows, contacts)
    add_call_measures(rows, contacts, outcomes.visits, outcomes.end)
    add_pool_measures(rows, outcomes)
    add_problem_measures(rows, outcomes)
    add_gaps(rows)
    return rows.frame(scenario.name, outcomes.replication)
