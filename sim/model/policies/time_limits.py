"""Time limits (限时办理): until when citizens are to be contacted and requests resolved; extension and parking."""

from __future__ import annotations

from dataclasses import dataclass

from sim.model.draws import purpose
from sim.model.index import NO_LIMIT, NO_TABLE, Index, Span, Table, WorkingTime
from sim.scenario.policies import Limit

EXTENDS = purpose("extension")
PARKS = purpose("parked")
PARKING_TIME = purpose("parking time")


@dataclass(frozen=True)
class Extension:
    """The unit asks some time before the due date, once, and gets more time with a probability."""

    ask_before: Span
    probability: float
    length: Span


@dataclass(frozen=True)
class Parking:
    """How long a truly long matter is parked (挂账): drawn, or told in working time."""

    time: Table
    working_time: Span  # its kind is ``rules.ON_THE_CLOCK`` where the time is drawn


@dataclass(frozen=True, eq=False)
class TimeLimits:
    """What is the same for all categories."""

    from_arrival: bool  # else from the first unit on
    working_time: WorkingTime
    extension: Extension | None
    parking: Parking | None


@dataclass(frozen=True)
class Parked:
    """The probability that a request is parked."""

    probability: float


@dataclass(frozen=True)
class Limits:
    """The limits of a category's requests of one urgency class."""

    contact: Span
    resolve: Span


def plan(index: Index) -> TimeLimits | None:
    """From the scenario."""
    policy = index.policies.time_limits
    if policy is None:
        return None
    extension = parking = None
    if (e := policy.extension) is not None:
        extension = Extension(index.span(e.ask_before), e.probability, index.span(e.length))
    if (p := policy.parking) is not None:
        if isinstance(p.time, Limit):
            parking = Parking(NO_TABLE, index.span(p.time))
        else:
            parking = Parking(index.table(p.time), NO_LIMIT)
    return TimeLimits(policy.from_ == "arrival", index.working_time(policy.calendar), extension, parking)


def of_category(index: Index, name: str) -> Parked:
    """From the scenario."""
    policy = index.policies.time_limits
    if policy is None or policy.parking is None:
        return Parked(0.0)
    return Parked(policy.parking.by_category.get(name, policy.parking.share))


def of_classes(index: Index, category: str) -> tuple[Limits, ...]:
    """The limits of a category by urgency class; its own limit wins over those of the classes."""
    classes, policy = index.scenario.classes, index.policies.time_limits
    if policy is None:
        return (Limits(NO_LIMIT, NO_LIMIT),) * len(classes)
    own = policy.by_category.get(category)
    return tuple(Limits(index.span(policy.contact.get(c)), index.span(own or policy.resolve.get(c))) for c in classes)
