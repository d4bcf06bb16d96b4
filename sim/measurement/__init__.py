"""What happened, in numbers: every measure with its definition, unit and denominator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measurement.catalogue import REGISTRY, Measure

if TYPE_CHECKING:
    import pandas as pd

    from sim.outcomes import Outcomes

__all__ = ["REGISTRY", "Measure", "measures"]


def measures(outcomes: Outcomes) -> pd.DataFrame:
    """All measures of one replication, tidy: one row a measure and group.

    Columns: scenario, replication, measure, group_by, group (a JSON list), value, numerator, denominator,
    unit. A value is null (NaN) where its denominator is 0, and where it was not reached before the end of
    the run; then the denominator, the number of cases, is above 0. Totals have no denominator; quantiles
    and indices have no numerator.
    """
    from sim.measurement.fold import Fold  # late, as compiled code takes a while to load
    from sim.measurement.formulas import finish
    from sim.measurement.reading import fold_tables

    if (raw := getattr(outcomes, "untouched", None)) is None:
        fold = fold_tables(outcomes)
    else:
        fold = Fold.of(raw.city)
        fold.add(raw.rows)
    return finish(fold, outcomes.levels, outcomes.pools, outcomes.replication)
