"""Where the hours go, and what makes requests late."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.measurement.catalogue import REGISTRY
from sim.measurement.grouping import Axes, group_text
from sim.measurement.table import Table, divide
from sim.model.facts import CAUSES


def add_causes(table: Table, axes: Axes, sums: Any) -> None:
    """Report hours by cause and breaches by their largest cause, from the sums of contacts."""
    for measure, stem in (("hours_by_cause", "hours"), ("breaches_by_largest_cause", "blamed")):
        for group_by in REGISTRY[measure].groups:
            axis = axes["" if group_by == "cause" else group_by.removesuffix("+cause")]
            by_group = np.stack([axis.sum(sums[f"{stem}_{cause}"]) for cause in CAUSES], axis=1)  # groups × causes
            groups = [group_text([*value, cause]) for value in axis.values for cause in CAUSES]
            total = by_group.ravel()
            of = np.repeat(by_group.sum(axis=1), len(CAUSES))
            table.add(measure, group_by, groups, total, total)
            table.add(f"{measure}_share", group_by, groups, divide(total, of), total, of)
