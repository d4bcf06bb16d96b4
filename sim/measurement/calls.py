"""Measures of the phone: the calls of counted contacts, each redial a call of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.measurement.contacts import Contacts
from sim.measurement.grouping import Axes, Dimension
from sim.measurement.rows import Ratio, Rows

_SECOND = 1 / 3600


def add_call_measures(rows: Rows, contacts: Contacts, visits: pd.DataFrame, end: float) -> None:
    """Report how long callers wait, and how many hang up."""
    intake = visits.loc[visits["kind"] == "intake"]
    phone = contacts.table.loc[contacts.by_phone, "request"]
    at = pd.Index(phone).get_indexer(pd.Index(intake["request"]))
    calls = intake.loc[at >= 0]
    caller = np.flatnonzero(contacts.by_phone)[at[at >= 0]]

    queued, started, ended = (
        calls[column].to_numpy(dtype=np.float64, na_value=np.nan) for column in ("queued", "started", "ended")
    )
    answered = ~np.isnan(started)
    abandoned = ~answered & ~np.isnan(ended)
    wait = np.where(answered, started, np.where(abandoned, ended, end)) - queued
    every = np.ones(len(calls), dtype=np.bool_)
    dimensions = {
        name: Dimension(dimension.codes[caller], dimension.labels)
        for name, dimension in contacts.axes.dimensions.items()
    }
    ratios = {
        "calls": Ratio(every),
        "answered_within_15s": Ratio(answered & (wait <= 15 * _SECOND), every),
        "answered_within_20s": Ratio(answered & (wait <= 20 * _SECOND), every),
        "phone_wait_mean": Ratio(wait, every),
        "phone_wait_mean_answered": Ratio(np.where(answered, wait, 0.0), answered),
        "abandonment_share": Ratio(abandoned, every),
    }
    rows.add_ratios(Axes(len(calls), dimensions), ratios)
