"""Where the hours go, and what makes requests late."""

from __future__ import annotations

import numpy as np

from sim.measurement.catalogue import REGISTRY
from sim.measurement.contacts import Contacts
from sim.measurement.grouping import group_text
from sim.measurement.rows import Rows, divide
from sim.model.records import CAUSES

_AFTER_CLOSING = ("rework", "callback")
_BEFORE_DISPATCH = ("intake", "dispatch")


def add_causes(rows: Rows, contacts: Contacts) -> None:
    """Report hours by cause and breaches by their largest cause."""
    hours = [contacts.hours(f"hours_{cause}") for cause in CAUSES]
    limits = contacts.scenario.policies.time_limits
    off_the_clock: tuple[str, ...] = _AFTER_CLOSING
    if limits is not None and limits.from_ == "dispatch":
        off_the_clock += _BEFORE_DISPATCH
    candidates = [h * (cause not in off_the_clock) for cause, h in zip(CAUSES, hours, strict=True)]
    largest = np.where(contacts.late, np.argmax(candidates, axis=0), -1)
    blamed = [largest == i for i in range(len(CAUSES))]
    for measure, parts in (("hours_by_cause", hours), ("breaches_by_largest_cause", blamed)):
        for group_by in REGISTRY[measure].groups:
            axis = contacts.axes["" if group_by == "cause" else group_by.removesuffix("+cause")]
            by_group = np.stack([axis.sum(part) for part in parts], axis=1)  # groups × causes
            groups = [group_text([*value, cause]) for value in axis.values for cause in CAUSES]
            total = by_group.ravel()
            of = np.repeat(by_group.sum(axis=1), len(CAUSES))
            rows.add(measure, group_by, groups, total, total)
            rows.add(f"{measure}_share", group_by, groups, divide(total, of), total, of)
