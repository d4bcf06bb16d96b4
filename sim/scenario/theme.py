"""The parameters of the monthly theme: a class of problems is chosen, people work on its causes, fewer are born."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema, model_validator

from sim.scenario.calendars import Section
from sim.scenario.errors import ReadError, quoted
from sim.scenario.numbers import NotNegative, Probability, Text, choice, read_not_negative
from sim.scenario.quantities import Duration, Months, PositiveDuration


def _read_count(value: Any) -> int:
    count = read_not_negative(value)
    if count != int(count) or count < 1:
        raise ReadError(f"at least one category a month, and whole ones, are wanted, not {quoted(value)}")
    return int(count)


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ReadError("at least one category is wanted")
    for number, name in enumerate(names):
        if name in names[:number]:
            raise ReadError(f"{quoted(name)} stands here twice")
    return names


class MonthlyTheme(Section):
    """On the first working day of a month, `count` categories are chosen `among` those named by a `rule` over the last
    whole month (`list`: one after the other), none again within `rest`.

    `effort` is the work of the people of `pool` on one theme; what is not worked by `give_up` is given up. `lag` after
    it has been worked, births fall by the share `removes`, which comes back by `rebound` of what is left each month; a
    share `clears` of the open problems is fixed; and work, lead times and errors of dispatch are multiplied by factors.
    """

    among: Annotated[tuple[Text, ...], AfterValidator(_some)]
    pool: Text
    effort: Duration
    rule: Annotated[
        Literal["volume", "growth", "unsolved", "repeat", "list"],
        choice("volume", "growth", "unsolved", "repeat", "list"),
    ] = "volume"
    count: Annotated[int, BeforeValidator(_read_count), WithJsonSchema({"type": "integer", "minimum": 1})] = 1
    rest: Months = 12
    calendar: Text | None = None
    give_up: PositiveDuration | None = None
    lag: Duration = 0.0
    removes: Probability = 0.0
    rebound: Probability = 0.0
    clears: Probability = 0.0
    work_factor: NotNegative = 1.0
    lead_factor: NotNegative = 1.0
    error_factor: NotNegative = 1.0

    @model_validator(mode="after")
    def _enough(self) -> MonthlyTheme:
        if self.count > len(self.among):
            raise ReadError(f"“count” is {self.count}, but “among” has only {len(self.among)}")
        return self
