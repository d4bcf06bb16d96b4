"""The tables of a run: in memory, or in files that are read when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.parquet import connection, read_table, source
from sim.model.facts import CONTACT_TABLES

if TYPE_CHECKING:
    import pandas as pd


#: Those that every run keeps beside its measures.
SMALL_TABLES = ("levels", "calls", "trust", "themes", "scores")


@dataclass(frozen=True, eq=False)
class Tables:
    """What is kept of a run: measures, and by name ``SMALL_TABLES`` and, but for runs that keep measures alone, the
    tables of contacts, each in memory or as the Parquet file in which it stands.
    """

    measures: pd.DataFrame
    kept: Mapping[str, pd.DataFrame | Path]

    @property
    def has_contacts(self) -> bool:
        """Whether the tables of contacts were kept."""
        return "requests" in self.kept

    @property
    def levels(self) -> pd.DataFrame:
        """Hour by hour and pool, read anew from its file."""
        table = self._whole("levels")
        assert table is not None
        return table

    @property
    def calls(self) -> pd.DataFrame | None:
        """Who was called in by surge staffing, as ``levels``; None where an older run has none."""
        return self._whole("calls")

    @property
    def trust(self) -> pd.DataFrame | None:
        """How the districts' trust moved, as ``calls``."""
        return self._whole("trust")

    @property
    def themes(self) -> pd.DataFrame | None:
        """The monthly themes, as ``calls``."""
        return self._whole("themes")

    @property
    def scores(self) -> pd.DataFrame | None:
        """The monthly sheets of units and districts, as ``calls``."""
        return self._whole("scores")

    @property
    def requests(self) -> pd.DataFrame | None:
        """All contacts, read anew from their file; None where only measures are kept."""
        return self._whole("requests")

    @property
    def visits(self) -> pd.DataFrame | None:
        """All visits, as ``requests``."""
        return self._whole("visits")

    @property
    def problems(self) -> pd.DataFrame | None:
        """All problems, as ``requests``."""
        return self._whole("problems")

    def _whole(self, name: str) -> pd.DataFrame | None:
        table = self.kept.get(name)
        return read_table(table) if isinstance(table, Path) else table

    def query(self, question: str, *values: Any) -> pd.DataFrame:
        """The answer of an SQL question about the tables by name (``levels``, ``requests`` …);
        ``values`` for its ``?``.
        """
        with connection() as asked:
            for name in (*SMALL_TABLES, *CONTACT_TABLES):
                table = self.kept.get(name)
                if table is not None:
                    asked.register(name, asked.sql(f"FROM {source([table])}") if isinstance(table, Path) else table)
            return asked.execute(question, values).df()
