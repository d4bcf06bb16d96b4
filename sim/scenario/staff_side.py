"""Who answers: pools of people, the units that handle requests, the desk that sends requests to units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from sim.scenario.calendars import Section, Shift
from sim.scenario.distributions import Dist, constant
from sim.scenario.errors import Fault, ReadError, nearest
from sim.scenario.holidays import Holidays
from sim.scenario.numbers import NotNegative, PositiveCount, Probability, Text, choice, described, read_count
from sim.scenario.quantities import Duration, Rate
from sim.scenario.shape import WHOLE
from sim.scenario.weights import without_default

AT = " · "  #: between the name of a pool or unit and the place of one of its instances: “Streets · Old Town 3”
TABLE = "council"  #: the name of the pools of officers who sit at a table (policies.council)

Discipline = Annotated[
    Literal["fcfs", "class", "due", "aged"],
    choice("fcfs", "class", "due", "aged"),
]


@dataclass(frozen=True, slots=True)
class Headcount:
    """Staff of a pool that is always on duty or keeps a calendar: `each` in every pool of the family, or a
    `total` to split over the family. Exactly one is not None.
    """

    each: int | None = None
    total: int | None = None

    def written(self) -> int | dict[str, int]:
        """Plain data that reads back the same."""
        return self.each if self.total is None and self.each is not None else {"total": self.total or 0}


def read_headcount(value: Any) -> Headcount:
    """A number of people for each place, or `{total: N}` for all."""
    if isinstance(value, Headcount):
        return value
    if not isinstance(value, dict):
        if isinstance(value, (list, tuple)) or value is None:
            raise ReadError(f"a number of people or “{{total: N}}” is wanted, not {described(value)}")
        return Headcount(each=read_count(value))
    faults = [Fault(f"unknown key{nearest(k, ['total'])}", (k,), True) for k in value if k != "total"]
    total = 0
    try:
        total = read_count(value["total"])
    except KeyError:
        faults.append(Fault("a number of people or “{total: N}” is wanted"))
    except ReadError as wrong:
        faults += wrong.under("total")
    if faults:
        raise ReadError(*faults)
    return Headcount(total=total)


def _some_shifts(shifts: tuple[Shift, ...]) -> tuple[Shift, ...]:
    if not shifts:
        raise ReadError("at least one shift is wanted")
    return shifts


StaffField = Annotated[
    Headcount,
    BeforeValidator(read_headcount),
    PlainSerializer(Headcount.written, when_used="json"),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "object", "required": ["total"]}]},
    ),
]
Shifts = Annotated[tuple[Shift, ...], WHOLE, AfterValidator(_some_shifts)]


class Pool(Section):
    """The people who serve one queue or several. Staff time is `shifts`, on `holidays` those of another weekday, or
    `staff` with or without a `calendar`.

    Overlays that give shifts take away inherited `staff` and `calendar`, and the other way round. `wage` is
    money per hour, `overtime` the factor on it; `head_start` hours by class for the discipline `aged`;
    `per` makes one pool for the city, each district or each street.
    """

    RIVALS: ClassVar = (("shifts", "holidays"), ("staff", "calendar"))

    shifts: Shifts | None = None
    holidays: Holidays | None = None
    staff: StaffField | None = None
    calendar: Text | None = None
    wage: Rate | None = None
    overtime: NotNegative = 1.0
    discipline: Discipline = "fcfs"
    head_start: dict[str, Duration] = Field(default={})
    also_serves: tuple[Text, ...] = ()
    per: Annotated[Literal["city", "district", "street"], choice("city", "district", "street")] = "city"
    label: Text | None = None


_LEVELS = ("street", "district", "department", "utility")


class Unit(Pool):
    """An organisation that handles requests, with its officers' pool under the same name.

    Without a `discipline` of its own it has that of `policies.classified_handling`.
    """

    discipline: Discipline = Field(default="fcfs", json_schema_extra=without_default)
    head_start: dict[str, Duration] = Field(default={}, json_schema_extra=without_default)
    level: Annotated[Literal["street", "district", "department", "utility"], choice(*_LEVELS)] = "department"


def streets_at(streets: int, scale: float) -> int:
    """The streets of a district at the scale 1:N: so many of them are one, but one is always left."""
    return max(1, math.floor(streets / scale + 0.5))


def staff_at(staff: int, is_total: bool, places: int, scale: float) -> int:
    """The staff of a family at the scale 1:N, rounded: of a total, or of so many at each of its places (at 1:1)."""
    return math.floor(staff * (1 if is_total else places) / scale + 0.5)


class DistrictDesk(Section):
    """The district's desk, through which requests for street-level units pass."""

    pool: Text
    work: Dist


class Dispatch(Section):
    """The desk that picks a unit. After `max_hops` wrong units the `backstop` (None: the right unit) takes
    the request. Without a `redispatch_accuracy` a second look is as accurate as the first.
    """

    pool: Text
    work: Dist
    accuracy: Probability = 1.0
    redispatch_accuracy: Probability | None = Field(default=None, json_schema_extra=without_default)
    review: Dist = constant(0.0)
    max_hops: PositiveCount = 3
    backstop: Text | None = None
    district_desk: DistrictDesk | None = None


class Contact(Section):
    """The visit in which the first owner contacts the citizen."""

    work: Dist
