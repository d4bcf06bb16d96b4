"""The parameters of ranking and supervision: lists, the pressure on units, what answers it, and escalation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from sim.scenario.calendars import Section
from sim.scenario.demand_side import Names
from sim.scenario.distributions import Dist
from sim.scenario.errors import ReadError, quoted
from sim.scenario.numbers import Flag, NotNegative, Probability, Text, choice, read_not_negative
from sim.scenario.quantities import Duration, Rate


def _read_most(value: Any) -> float:
    most = read_not_negative(value)
    if most < 1:
        raise ReadError(f"must be at least 1, the work without pressure, but is {quoted(value)}")
    return most


class Lists(Section):
    """The four lists of each month, as shares of the units of a level: the first by score, those whose score rose most,
    the last by score, and those with the most requests, `per` head of those who live there or in all.

    A citizen's `repeats` and what is `out_of_scope` are left out of these requests unless told otherwise.
    """

    leading: Probability = 0.1
    improving: Probability = 0.1
    to_rectify: Probability = 0.1
    to_govern: Probability = 0.1
    per: Annotated[Literal["head", "all"], choice("head", "all")] = "head"
    repeats: Flag = False
    out_of_scope: Flag = False


class Effort(Section):
    """Work that begins at a unit under pressure P is min(1 + `share`·P, `most`) times as long, and solves more. With
    `overtime`, a wage, so many more officers come as that takes.
    """

    share: NotNegative
    most: Annotated[float, BeforeValidator(_read_most), WithJsonSchema({"type": "number", "minimum": 1})] = 1.5
    overtime: Rate | None = None


class Gaming(Section):
    """A share `share`·P of the requests that a unit has when their due date is only a `window` away is closed then,
    unsolved; with probability `persuaded` their citizens call them resolved (None: as usual where that is not so).
    """

    share: NotNegative
    window: Duration
    persuaded: Probability | None = None


class Pleading(Section):
    """Units ask for exclusions with a probability that is larger by `share`·P."""

    share: NotNegative


class Ranking(Section):
    """Each month a unit's pressure grows by `gain` × x and loses a share `decay`: x goes by rank from 0 (first) to 1
    (last), or, where there is a `target`, is what the score lacks of it.
    """

    gain: NotNegative
    decay: Probability
    target: Probability | None = None
    lists: Lists = Lists()
    effort: Effort | None = None
    gaming: Gaming | None = None
    exclusion: Pleading | None = None


class SentUp(Section):
    """Each time a request is escalated, with probability `share`, what is left of its handling goes up to a unit `to`,
    while its owner stays. Only what is the duty of units `from_` does; None: of all others.
    """

    share: Probability
    to: Text
    from_: Names | None = Field(default=None, alias="from")


class Supervision(Section):
    """A request is escalated (督办) so long after its due date, when it comes if its citizen `repeats` what was not
    solved, or when a recognised duplicate attaches to it; each time people of a `pool` have `work` with it.
    """

    pool: Text
    work: Dist
    overdue_by: Duration | None = None
    repeats: Flag = False
    duplicates: Flag = False
    sent_up: SentUp | None = None
