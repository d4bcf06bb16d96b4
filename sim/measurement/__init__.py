"""What happened, in numbers: every measure with its definition, unit and denominator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measurement.catalogue import REGISTRY, Measure

if TYPE_CHECKING:
    import pandas as pd

    from sim.outcomes import Outcomes

__all__ = ["REGISTRY", "Measure", "measures"]


def measures(outcomes: Outcomes) -> pd.DataFrame:
    """Measure one replication.

    ``outcomes`` are what ``sim.simulate`` returned, or tables like them.

    Returns all measures, tidy: one row a measure and group, with the columns of docs/tables.md. Every measure is
    defined in docs/measures.md.
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
