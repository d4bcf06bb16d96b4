"""Measures of the counted contacts and requests: rates, truth, breaches, flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.measurement.grouping import Axes, Bools, Dimension, Floats, by_month, by_name
from sim.measurement.rows import Ratio, Rows

if TYPE_CHECKING:
    from sim.outcomes import Outcomes


def hours_to_close(requests: pd.DataFrame) -> Floats:
    """Hours from arrival to first closing; infinite while open, NaN of what never closes itself.

    The latter are contacts that became no request, and requests that were merged before any closing.
    """
    hours = requests["first_closed"] - requests["arrived"]
    still_open = hours.isna() & (requests["status"] == "open")
    return hours.mask(still_open, np.inf).to_numpy(dtype=np.float64, na_value=np.nan)


class Contacts:
    """The counted contacts as arrays, with what several measures ask about each of them."""

    def __init__(self, outcomes: Outcomes) -> None:
        self.scenario = scenario = outcomes.scenario
        self.table = table = outcomes.counted
        self.arrived = self.hours("arrived")
        ended, first_closed, due = self.hours("ended"), self.hours("first_closed"), self.hours("due")

        self.open = self.status("open")
        self.request = ~np.isnan(self.hours("dispatched")) | self.open
        self.hours_to_close = hours_to_close(table)
        self.closed = np.isfinite(self.hours_to_close)
        #: requests that close themselves, now or later; those that were merged before do not
        self.own = ~np.isnan(self.hours_to_close)
        #: when the resolve-by clock stopped: at the first closing, or when merged before any
        stopped = np.where(self.closed, first_closed, ended)
        self.due_passed = self.request & (due <= outcomes.end)
        self.late = self.due_passed & ~(stopped <= due)
        self.late_stopped = self.late & ~np.isnan(stopped)
        self.lateness = np.where(self.late, np.fmin(stopped, outcomes.end) - due, 0.0)
        self.resolved = self.flag("resolved")

        contact_due, contacted = self.hours("contact_due"), self.hours("contacted")
        has_stage = scenario.contact is not None
        self.contacted_in_time = ~np.isnan(contacted) & ~(contacted > contact_due)
        self.contact_due_passed = self.request & (contact_due <= outcomes.end) & has_stage
        self.contact_late = self.contact_due_passed & ~(np.fmin(contacted, ended) <= contact_due)

        units = outcomes.pools.loc[outcomes.pools["kind"] == "unit"]
        self.street_level = table["owner_unit"].isin(units.loc[units["level"] == "street", "pool"]).to_numpy()
        phones = [name for name, channel in scenario.channels.items() if channel.patience is not None]
        self.by_phone = table["channel"].isin(phones).to_numpy()

        names = {
            "district": by_name(table["district"], scenario.districts),
            "category": by_name(table["category"], scenario.categories),
            "class": by_name(table["urgency"], scenario.classes),
            "channel": by_name(table["channel"], scenario.channels),
            "unit": by_name(table["owner_unit"], units["pool"]),
        }
        self.axes = self._axes(outcomes, names, self.arrived, outcomes.count_until)
        #: the same, but the month is that of the scored answer
        self.axes_of_answers = self._axes(outcomes, names, self.hours("called_back"), outcomes.end)

    def _axes(self, outcomes: Outcomes, names: dict[str, Dimension], moments: Floats, last: float) -> Axes:
        month = by_month(moments, self.scenario.time.start, outcomes.count_from, last)
        return Axes(len(self.table), names | {"month": month})

    def hours(self, column: str) -> Floats:
        """A column of numbers, NaN where null."""
        return self.table[column].to_numpy(dtype=np.float64, na_value=np.nan)

    def flag(self, column: str) -> Bools:
        """A column of truth values, False where null."""
        return self.table[column].astype("boolean").to_numpy(dtype=np.bool_, na_value=False)

    def status(self, *names: str) -> Bools:
        """Which contacts have one of these states."""
        return self.table["status"].isin(names).to_numpy()


def add_contact_measures(rows: Rows, contacts: Contacts) -> None:
    """Report rates, truth, breaches and flow."""
    rates, others = _rates(contacts)
    rows.add_ratios(contacts.axes_of_answers, rates)
    rows.add_ratios(contacts.axes, others | _truth(contacts) | _breaches(contacts) | _flow(contacts))


def _rates(c: Contacts) -> tuple[dict[str, Ratio], dict[str, Ratio]]:
    """What the callback says: by the month of the answer, and by that of the arrival."""
    callback = c.scenario.policies.callback
    answered = c.request & ~np.isnan(c.hours("called_back"))
    scored = answered & ~c.flag("excluded")
    response = scored & c.contacted_in_time
    resolution, satisfaction = scored & c.flag("said_resolved"), scored & c.flag("said_satisfied")
    response_scored = scored & (c.scenario.contact is not None)
    score, score_of = np.zeros(len(c.table)), scored
    if callback is not None:
        weights = callback.score.weights
        score = weights.response * response + weights.resolution * resolution
        score += weights.satisfaction * satisfaction
        if weights.response > 0:
            score_of = response_scored
    rates = {
        "score": Ratio(np.where(score_of, score, 0.0), score_of),
        "response_rate": Ratio(response & response_scored, response_scored),
        "resolution_rate": Ratio(resolution, scored),
        "satisfaction_rate": Ratio(satisfaction, scored),
        "said_contacted_rate": Ratio(scored & c.flag("said_contacted"), scored),
    }
    truly = scored & c.resolved
    others = {
        "callback_answered_share": Ratio(answered & c.own, c.own & (callback is not None)),
        "resolution_gap": Ratio(resolution.astype(np.float64) - truly, scored),
        "false_resolution_share": Ratio(resolution & ~truly, resolution),
    }
    return rates, others


def _truth(c: Contacts) -> dict[str, Ratio]:
    truly = c.own & c.resolved
    return {
        "true_resolution_share": Ratio(truly, c.own),
        "true_resolution_share_among_closed": Ratio(truly, c.closed),
        "closed_share": Ratio(c.closed, c.own),
        "street_level_share": Ratio(truly & c.street_level, truly),
    }


def _breaches(c: Contacts) -> dict[str, Ratio]:
    return {
        "breach_share": Ratio(c.late, c.due_passed),
        "contact_breach_share": Ratio(c.contact_late, c.contact_due_passed),
        "lateness_mean": Ratio(c.lateness, c.late),
        "lateness_mean_among_closed": Ratio(np.where(c.late_stopped, c.lateness, 0.0), c.late_stopped),
    }


def _flow(c: Contacts) -> dict[str, Ratio]:
    everyone = np.ones(len(c.table), dtype=np.bool_)
    consultations = [name for name, spec in c.scenario.categories.items() if spec.kind == "consultation"]
    asked = c.table["category"].isin(consultations).to_numpy() & ~c.status("lost", "intake_open")
    hops, rounds = c.hours("hops"), c.hours("rounds")
    return {
        "contacts": Ratio(everyone),
        "requests": Ratio(c.request),
        "request_share": Ratio(c.request, everyone),
        "instant_answer_share": Ratio(asked & c.status("answered"), asked),
        "out_of_scope_share": Ratio(c.status("out_of_scope"), everyone),
        "merged_share": Ratio(c.status("merged"), everyone),
        "lost_share": Ratio(c.by_phone & c.status("lost"), c.by_phone),
        "repeat_share": Ratio(c.table["repeat_of"].notna().to_numpy(), everyone),
        "backlog_end": Ratio(c.open),
        "hops_mean": Ratio(np.where(c.request, hops, 0.0), c.request),
        "bounced_share": Ratio(c.request & (hops > 0), c.request),
        "rounds_mean": Ratio(np.where(c.request, rounds, 0.0), c.request),
        "reopened_share": Ratio(c.closed & (rounds > 1), c.closed),
    }
