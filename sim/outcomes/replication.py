"""One replication as it happened: what the engine wrote down, and tables of it when somebody asks.

``requests``, ``visits``, ``levels``, ``problems``, ``calls``, ``trust``, ``themes`` and ``scores`` are the contract
that scripts and notebooks lean on. Times are hours since the scenario's start, names are text, a missing moment is
null.
"""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.model import facts
from sim.model.city import City
from sim.model.facts import CONTACT_TABLES
from sim.model.rows import Rows
from sim.outcomes.columns import REPLICATION, Column, columns_of
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

TABLES = (*CONTACT_TABLES, "levels", "calls", "trust", "themes", "scores", "pools")

REQUEST_COLUMNS = (REPLICATION, *columns_of(facts.REQUEST))
VISIT_COLUMNS = (
    REPLICATION,
    Column("request", "key", "whose visit it is; null for an errand"),
    *columns_of(facts.VISIT),
)
PROBLEM_COLUMNS = (REPLICATION, *columns_of(facts.PROBLEM))
CALL_COLUMNS = (REPLICATION, *columns_of(facts.CALL))
TRUST_COLUMNS = (REPLICATION, *columns_of(facts.TURN))
THEME_COLUMNS = (REPLICATION, *columns_of(facts.THEME))
SCORE_COLUMNS = (REPLICATION, *columns_of(facts.SCORE))


@dataclass(frozen=True)
class Raw:
    """What an engine wrote down of one replication, or of contacts in it that came one after the other, before it
    becomes tables.
    """

    city: City
    rows: Rows

    @cached_property
    def first(self) -> int:
        """The number of the first contact."""
        return int(self.rows.requests["contact"].min(initial=np.iinfo(np.int64).max))

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The rows of requests in the order of the table."""
        order = np.empty(len(self.rows.requests), np.int64)
        order[self.rows.requests["contact"] - self.first] = np.arange(len(order))
        return order

    @cached_property
    def requests(self) -> pd.Series[Any]:
        """The requests of the table, in its order."""
        from sim.outcomes.tables import hex_text

        return hex_text(self.rows.requests["key"][self.order])


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The tables of one replication; ``requests`` has a row for each contact, inside the count window or not.

    docs/tables.md has the columns of all tables. Those of a simulation are made when they are first asked for.
    """

    scenario: Scenario
    replication: int
    seed: int
    end: float
    count_from: float
    count_until: float
    requests: pd.DataFrame
    visits: pd.DataFrame
    levels: pd.DataFrame
    problems: pd.DataFrame
    calls: pd.DataFrame
    trust: pd.DataFrame
    themes: pd.DataFrame
    scores: pd.DataFrame
    pools: pd.DataFrame
    #: What the tables are made of; None where they were given.
    raw: Raw | None = field(default=None, init=False)

    @staticmethod
    def of(city: City, rows: Rows, seed: int, replication: int) -> Outcomes:
        """What an engine wrote down, its tables yet to be made."""
        out, time = object.__new__(Outcomes), city.scenario.time
        out.__dict__.update(
            scenario=city.scenario,
            replication=replication,
            seed=seed,
            end=city.end,
            count_from=city.scenario.hours_of(time.count_from),
            count_until=city.scenario.hours_of(time.count_until),
            raw=Raw(city, rows),
        )
        return out

    def __getattr__(self, name: str) -> Any:
        """A table that has not been made yet."""
        raw: Raw | None = self.__dict__.get("raw")
        if raw is None or name not in TABLES:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        from sim.outcomes.tables import make_table

        table = self.__dict__[name] = make_table(name, raw, self.replication)
        return table

    @property
    def untouched(self) -> Raw | None:
        """What the tables are made of, as long as nobody holds one that could have been changed since."""
        return None if any(name in self.__dict__ for name in CONTACT_TABLES) else self.raw

    def __repr__(self) -> str:
        """What it is and how much."""
        count = len(self.requests) if self.raw is None else len(self.raw.rows.requests)
        return f"<Outcomes of {self.scenario.name!r}, replication {self.replication}: {count:,} contacts>"

    def _repr_html_(self) -> str:
        head = self.requests.head(10).to_html(index=False, max_cols=12)
        return f"<p>{html.escape(repr(self))}</p>{head}"

    @property
    def counted(self) -> pd.DataFrame:
        """The contacts that arrived inside the count window."""
        arrived = self.requests["arrived"]
        return self.requests[(arrived >= self.count_from) & (arrived < self.count_until)]
