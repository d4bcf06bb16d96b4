"""The parameters of acting before the complaint: who looks for problems, how much, where, and what is found."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sim.scenario.calendars import Section
from sim.scenario.errors import ReadError
from sim.scenario.in_time import Condition, Until
from sim.scenario.numbers import NotNegative, Text, choice
from sim.scenario.quantities import Duration, Rate

#: The channel of what inspectors find.
PATROL = "patrol"


def _of_a_queue(condition: Condition) -> Condition:
    if condition.what != "waiting":
        raise ReadError("who may go on patrol looks at the queue alone: write “waiting < 5”")
    return condition


class ActBefore(Section):
    """Officers of a pool, or of a unit, patrol so many `hours` a day in the whole city, spread over its districts `by`
    one of three keys, and `while_` few others wait in their own queue (None: always).

    `rate` is findings per hour of patrol in a district and problem there, `visible` a factor on it by category: what is
    not named is never found. `work_factor` is one on the handling of what was found.
    """

    pool: Text
    hours: Duration
    by: Annotated[Literal["even", "problems", "complaints"], choice("even", "problems", "complaints")] = "even"
    while_: Annotated[Until, AfterValidator(_of_a_queue)] | None = Field(None, alias="while")
    rate: Rate
    visible: dict[str, NotNegative]
    work_factor: NotNegative = 1.0
