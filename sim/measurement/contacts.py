"""Measures of the counted contacts and requests: rates, truth, breaches, flow, calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measurement.grouping import Floats
from sim.measurement.table import Ratio

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario


def hours_to_close(requests: pd.DataFrame) -> Floats:
    """Hours from arrival to first closing; infinite while open, NaN of what never closes itself.

    The latter are contacts that became no request, and requests that were merged before any closing.
    """
    hours = requests["first_closed"] - requests["arrived"]
    still_open = hours.isna() & (requests["status"] == "open")
    return hours.mask(still_open, np.inf).to_numpy(dtype=np.float64, na_value=np.nan)


def rates(c: Any, scenario: Scenario) -> dict[str, Ratio]:
    """What the callback says of the scored; ``c`` has the sums of ``quantities.RATES``."""
    callback = scenario.policies.callback
    asks_satisfaction = callback is not None and callback.satisfied is not None
    nothing = Ratio(np.zeros_like(c.scored), np.zeros_like(c.scored))
    response = Ratio(c.responded, c.scored) if scenario.contact is not None else nothing
    satisfaction = Ratio(c.said_satisfied, c.scored) if asks_satisfaction else nothing
    score = nothing
    if callback is not None:
        weights = callback.score.weights
        weighed = (
            (weights.response, response),
            (weights.resolution, Ratio(c.said_resolved, c.scored)),
            (weights.satisfaction, satisfaction),
        )
        if all(rate is not nothing for weight, rate in weighed if weight > 0):
            score = Ratio(np.sum([weight * rate.numerator for weight, rate in weighed], axis=0), c.scored)
    return {
        "score": score,
        "response_rate": response,
        "resolution_rate": Ratio(c.said_resolved, c.scored),
        "satisfaction_rate": satisfaction,
        "said_contacted_rate": Ratio(c.said_contacted, c.scored),
    }


def contact_ratios(c: Any, scenario: Scenario) -> dict[str, Ratio]:
    """All measures that are a sum, or one sum over another; ``c`` has those of ``quantities.CONTACTS``."""
    has_callback, has_contact = scenario.policies.callback is not None, scenario.contact is not None
    return {
        "callback_answered_share": Ratio(c.answered_callback, c.own * has_callback),
        # truth
        "resolution_gap": Ratio(c.said_resolved - c.scored_and_resolved, c.scored),
        "false_resolution_share": Ratio(c.falsely_resolved, c.said_resolved),
        "true_resolution_share": Ratio(c.truly_resolved, c.own),
        "true_resolution_share_among_closed": Ratio(c.truly_resolved, c.closed),
        "closed_share": Ratio(c.closed, c.own),
        "street_level_share": Ratio(c.resolved_by_street, c.truly_resolved),
        # breaches
        "breach_share": Ratio(c.late, c.due_passed),
        "contact_breach_share": Ratio(c.contact_late * has_contact, c.contact_due_passed * has_contact),
        "lateness_mean": Ratio(c.lateness, c.late),
        "lateness_mean_among_closed": Ratio(c.lateness_stopped, c.late_stopped),
        # flow
        "contacts": Ratio(c.contacts),
        "requests": Ratio(c.requests),
        "request_share": Ratio(c.requests, c.contacts),
        "instant_answer_share": Ratio(c.answered, c.asked),
        "out_of_scope_share": Ratio(c.out_of_scope, c.contacts),
        "merged_share": Ratio(c.merged, c.contacts),
        "lost_share": Ratio(c.lost, c.by_phone),
        "repeat_share": Ratio(c.repeats, c.contacts),
        "backlog_end": Ratio(c.open),
        "backlog_end_counted": Ratio(c.open_counted),
        "hops_mean": Ratio(c.hops, c.requests),
        "bounced_share": Ratio(c.bounced, c.requests),
        "rounds_mean": Ratio(c.rounds, c.requests),
        "reopened_share": Ratio(c.reopened, c.closed),
        # phone
        "calls": Ratio(c.calls),
        "answered_within_15s": Ratio(c.within_15s, c.calls),
        "answered_within_20s": Ratio(c.within_20s, c.calls),
        "phone_wait_mean": Ratio(c.wait, c.calls),
        "phone_wait_mean_answered": Ratio(c.wait_picked_up, c.picked_up),
        "abandonment_share": Ratio(c.abandoned, c.calls),
    }
