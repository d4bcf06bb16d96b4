"""What a column of a table is. Each table declares its own, in their order, where it is made; docs/tables.md is made of
these declarations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.model.facts import CAUSES, Field

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Column:
    """A column: ``of`` says what its values stand for, as in ``Field``, ``words`` what it means, and after “; null”
    when it is null.
    """

    name: str
    of: str
    words: str

    @property
    def meaning(self) -> str:
        """What it means."""
        return self.words.partition("; null ")[0]

    @property
    def null(self) -> str:
        """When it is null; empty where it never is."""
        return self.words.partition("; null ")[2]


REPLICATION = Column("replication", "number", "which replication, from 0")


def columns_of(fields: Sequence[Field]) -> tuple[Column, ...]:
    """The columns that a table makes of rows; hours have one for each cause."""
    columns: list[Column] = []
    for field in fields:
        if field.name == "hours":
            columns += [Column(f"{field.column}{cause}", field.of, f"{field.words} `{cause}`") for cause in CAUSES]
        elif field.column:
            columns.append(Column(field.column, field.of, field.words))
    return tuple(columns)


def framed(values: Mapping[str, Any], columns: Sequence[Column]) -> pd.DataFrame:
    """The table that has these columns, in their order."""
    import pandas as pd

    assert set(values) == {column.name for column in columns}
    return pd.DataFrame({column.name: values[column.name] for column in columns})
