"""The tidy table of measures while it is being filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.measurement.catalogue import REGISTRY
from sim.measurement.grouping import Axes, Floats
from sim.outcomes.columns import REPLICATION, Column, framed

MEASURE_COLUMNS = (
    Column("scenario", "text", "the name of the scenario"),
    REPLICATION,
    Column("measure", "text", "the identifier of the measure"),
    Column("group_by", "text", "the dimensions of the group, joined by `+`; empty for the whole city"),
    Column("group", "text", "a JSON list of its values of these dimensions"),
    Column(
        "value",
        "in its unit",
        "the measure; null if its denominator is 0, if it was not reached before the end (then the denominator, the "
        "number of cases, is above 0), or for costs if no pool has a wage",
    ),
    Column(
        "numerator",
        "in its unit",
        "what is divided by the denominator, or the total; null for quantiles, indices and gaps, or if the "
        "value is null though the denominator is not 0",
    ),
    Column("denominator", "what it is of", "of how much; null for totals"),
    Column("unit", "text", "of the value"),
)


class Ratio(NamedTuple):
    """A measure's numerator and denominator, already added up in parts that axes join to groups.

    A total has no denominator.
    """

    numerator: Floats
    denominator: Floats | None = None


class Block(NamedTuple):
    """One measure by one ``group_by``: a value for each group."""

    groups: Sequence[str]
    value: Floats
    numerator: Floats
    denominator: Floats
    units: Sequence[str]


def divide(numerator: Floats, denominator: Floats) -> Floats:
    """Quotients, NaN where the denominator is zero."""
    result = np.full(denominator.shape, np.nan)
    np.divide(numerator, denominator, out=result, where=denominator != 0)
    return result


class Table:
    """Collects blocks of rows and puts them in the order of the registry."""

    def __init__(self, currency: str | None) -> None:
        self.currency = currency
        self.blocks: dict[tuple[str, str], Block] = {}

    def add(
        self,
        measure: str,
        group_by: str,
        groups: Sequence[str],
        value: Floats,
        numerator: Floats | None = None,
        denominator: Floats | None = None,
        units: Sequence[str] | None = None,
    ) -> None:
        """Report a measure for each group; arrays are as long as ``groups``.

        Among combinations ("district+category"), those with a denominator of zero are left out: they are
        many and say nothing.
        """
        unit = REGISTRY[measure].unit
        if unit == "currency" and self.currency:
            unit = self.currency
        nothing = np.full(len(groups), np.nan)
        block = Block(
            groups,
            value,
            nothing if numerator is None else numerator,
            nothing if denominator is None else denominator,
            [unit] * len(groups) if units is None else units,
        )
        if "+" in group_by and np.any(block.denominator == 0):
            kept = np.flatnonzero(block.denominator != 0).tolist()
            block = Block(
                [groups[i] for i in kept],
                block.value[kept],
                block.numerator[kept],
                block.denominator[kept],
                [block.units[i] for i in kept],
            )
        self.blocks[measure, group_by] = block

    def add_ratios(self, axes: Axes, ratios: Mapping[str, Ratio]) -> None:
        """Report measures that are a sum, or one sum over another, by the groups that ``axes`` know."""
        for measure, ratio in ratios.items():
            for group_by in (group_by for group_by in REGISTRY[measure].groups if group_by in axes):
                axis = axes[group_by]
                numerator = axis.sum(ratio.numerator)
                if ratio.denominator is None:
                    self.add(measure, group_by, axis.groups, numerator, numerator)
                else:
                    denominator = axis.sum(ratio.denominator)
                    value = divide(numerator, denominator)
                    self.add(measure, group_by, axis.groups, value, numerator, denominator)

    def frame(self, scenario: str, replication: int) -> pd.DataFrame:
        """The table of measures, one row a measure and group, in the columns of the contract."""
        order = [
            (measure.identifier, group_by)
            for measure in REGISTRY.values()
            for group_by in measure.groups
            if (measure.identifier, group_by) in self.blocks
        ]
        blocks = [self.blocks[key] for key in order]
        sizes = [len(block.groups) for block in blocks]
        columns = {
            "scenario": np.repeat(scenario, sum(sizes)),
            "replication": np.repeat(replication, sum(sizes)),
            "measure": np.repeat([measure for measure, _ in order], sizes),
            "group_by": np.repeat([group_by for _, group_by in order], sizes),
            "group": [group for block in blocks for group in block.groups],
            "value": np.concatenate([block.value for block in blocks]),
            "numerator": np.concatenate([block.numerator for block in blocks]),
            "denominator": np.concatenate([block.denominator for block in blocks]),
            "unit": [unit for block in blocks for unit in block.units],
        }
        return framed(columns, MEASURE_COLUMNS)
