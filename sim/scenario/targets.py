"""Published figures that a simulated city can be held against: targets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.calendars import Section
from sim.scenario.numbers import NotNegative, Number, Text, choice

#: The measures of a whole city that may be a target; a test compares them with the catalogue of measures.
MEASURES = (
    *("score", "response_rate", "resolution_rate", "satisfaction_rate", "said_contacted_rate"),
    *("callback_answered_share", "true_resolution_share", "closed_share", "street_level_share"),
    *("breach_share", "contact_breach_share", "contacts", "requests", "request_share", "instant_answer_share"),
    *("out_of_scope_share", "merged_share", "lost_share", "repeat_share", "hops_mean", "bounced_share"),
    *("time_to_close_mean", "time_to_close_p50", "time_to_close_p90", "calls", "answered_within_15s"),
    *("answered_within_20s", "phone_wait_mean", "abandonment_share", "problems", "unreported_share"),
)


class Target(Section):
    """A published figure: `value` of a measure of the whole city in the count window, give or take `tolerance`.

    Both are in the measure's unit (hours, fractions of 1, numbers at 1:1). The tolerance is the rounding of what is
    published, or was stated before anything was fitted. `fitted_to` are the paths of the numbers that were set to meet
    it: such a figure is not predicted. Its source is that of `value`.
    """

    measure: Annotated[Literal[MEASURES], choice(*MEASURES)]  # type: ignore[valid-type]
    value: Number
    tolerance: NotNegative
    fitted_to: list[Text] = Field(default=[])
