"""The measures of a replication while it runs: nothing of a contact is kept once it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sim.measurement.fold import Fold
from sim.measurement.formulas import finish
from sim.model.city import build_city
from sim.model.simulation import Engine, Watch, stream_rows, unwatched
from sim.outcomes import Levels
from sim.outcomes.tables import pools_table
from sim.scenario import from_dict

if TYPE_CHECKING:
    import pandas as pd

    from sim.model.city import City
    from sim.model.control import Policy
    from sim.model.rows import Rows


def stream_measures(
    city: City,
    seed: int,
    replication: int,
    engine: Engine = "auto",
    policies: Sequence[Policy] = (),
    also: Callable[[Rows], None] = lambda rows: None,
    watch: Watch = unwatched,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables of measures and of levels, as from kept tables; ``also`` sees every piece of rows as it passes."""
    fold, levels = Fold.of(city), Levels(city)
    for rows in stream_rows(city, seed, replication, engine, policies, watch):
        fold.add(rows)
        levels.add(rows)
        also(rows)
    by_hour = levels.table(replication)
    return finish(fold, by_hour, pools_table(city), replication), by_hour


def prepare() -> None:
    """Compile all that measures need, and demand, or fetch what was compiled before."""
    smallest = {
        "name": "The smallest city",
        "time": {"start": "2024-01-01", "end": "2024-01-02"},
        "districts": {"Town": {}},
        "units": {"Desk": {"staff": 1, "calendar": "day"}},
        "calendars": {"day": {"open": {"mon-sun": "9:00-17:00"}}},
        "categories": {"Matter": {"total": "100 / d", "unit": "Desk", "work": "1 min"}},
    }
    stream_measures(build_city(from_dict(smallest)), 1, 0, "simpy")
