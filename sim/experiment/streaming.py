"""The measures of a replication while it runs: nothing of a contact is kept once it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sim.measurement.fold import Fold
from sim.measurement.formulas import finish
from sim.model.city import build_city
from sim.model.rows import Rows
from sim.model.simulation import Engine, Watch, stream_rows, unwatched
from sim.outcomes import Levels
from sim.outcomes.tables import acts_tables, pools_table
from sim.scenario import from_dict

if TYPE_CHECKING:
    import pandas as pd

    from sim.model.city import City
    from sim.model.control import Policy


def stream_measures(
    city: City,
    seed: int,
    replication: int,
    engine: Engine = "auto",
    policies: Sequence[Policy] = (),
    also: Callable[[Rows], None] = lambda rows: None,
    watch: Watch = unwatched,
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """The table of measures, and by name the others that every run keeps, as from kept tables; ``also`` sees every
    piece of rows as it passes.
    """
    fold, levels = Fold.of(city), Levels(city)
    rows = Rows.nothing()
    for rows in stream_rows(city, seed, replication, engine, policies, watch):
        fold.add(rows)
        levels.add(rows)
        also(rows)
    found = {"levels": levels.table(replication), **acts_tables(city, rows, replication)}
    return finish(fold, found["levels"], pools_table(city), replication), found


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
