"""The parameters of the policies that act before a contact is a request: how citizens reach the city, and who helps."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sim.scenario.calendars import Section
from sim.scenario.demand_side import Names
from sim.scenario.distributions import Dist, constant
from sim.scenario.numbers import NotNegative, Probability, Text, choice
from sim.scenario.quantities import Duration


def _all_or_some(lines: Any) -> Any:
    return None if lines == "all" else lines


class OneHotline(Section):
    """The calls of the lines that it `takes` (None: of all) go to one pool, whose people are their own, or the sum of
    those of all these lines. Who knows less of each matter talks longer, by a factor.
    """

    into: Text
    takes: Annotated[Names | None, BeforeValidator(_all_or_some)] = None
    shifts: Annotated[Literal["sum", "own"], choice("sum", "own")] = "sum"
    talk_factor: NotNegative = 1.0


class EnterpriseLine(Section):
    """Firms call a line with people of its own. A call that nobody has answered there `overflow_after` some time (None:
    never), or when it is closed, goes on to the general line. Without a `talk` of its own it has the general line's.
    """

    pool: Text
    overflow_after: Duration | None = None
    talk: Dist | None = None


class Move(Section):
    """The share of phone contacts that come online instead."""

    share: Probability = 0.0
    by_category: dict[str, Probability] = Field(default={})


class Chatbot(Section):
    """A chatbot on the phone, online or on both: it `deflects` a share of those whom it `takes`, a share of which it
    `fails`: they call `after` some time.

    `easy` are the consultations that an agent would answer at once, `all` are reports too.
    """

    at: Annotated[Literal["phone", "online", "both"], choice("phone", "online", "both")]
    deflects: Probability
    fails: Probability = 0.0
    after: Dist = constant(0.0)
    takes: Annotated[Literal["easy", "consultations", "all"], choice("easy", "consultations", "all")] = "easy"


class AssistedDispatch(Section):
    """A machine proposes the unit: an accuracy that is `at_least` so good, and a factor on the desk's work."""

    at_least: Probability = 0.0
    work_factor: NotNegative = 1.0


class Online(Section):
    """Contacts move online, a chatbot answers some, and machines help those who talk and who dispatch.

    `talk_factor` is one on the agents' talk on the phone.
    """

    move: Move | None = None
    chatbot: Chatbot | None = None
    talk_factor: NotNegative = 1.0
    dispatch: AssistedDispatch | None = None
