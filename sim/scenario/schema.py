"""The scenario: the root of the schema. Attribute names are the keys of the YAML file (`from` is `from_`)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from sim.scenario.calendars import Calendar, Section
from sim.scenario.demand_side import Category, Channel, Channels, Demand, District, without_default
from sim.scenario.errors import Fault, ReadError
from sim.scenario.policies import Policies
from sim.scenario.quantities import LONGEST, Day, Moment, Scale, Text, to_tick
from sim.scenario.staff_side import Contact, Dispatch, Pool, Unit


class Time(Section):
    """Demand runs from `start` to `end`; what arrives from `count_from` until `count_until` is counted."""

    start: Day
    count_from: Moment = Field(default=datetime.min, json_schema_extra=without_default)
    count_until: Moment = Field(default=datetime.max, json_schema_extra=without_default)
    end: Moment

    @model_validator(mode="after")
    def _in_order(self) -> Time:
        faults = []
        if self.end <= self.start:
            faults.append(Fault("must be later than “start”", ("end",)))
        else:
            if self.count_from < self.start:
                faults.append(Fault("must not be before “start”", ("count_from",)))
            if self.count_until > self.end:
                faults.append(Fault("must not be after “end”", ("count_until",)))
            if self.count_until <= self.count_from:
                faults.append(Fault("must be later than “count_from”", ("count_until",)))
        if (self.end - self.start).total_seconds() / 3600 >= LONGEST:
            faults.append(Fault("the scenario is too long: at most 950 years", ("end",)))
        if faults:
            raise ReadError(*faults)
        return self


def _read_classes(classes: tuple[str, ...]) -> tuple[str, ...]:
    faults = [Fault("named twice", (i,)) for i, name in enumerate(classes) if name in classes[:i]]
    if not classes:
        faults.append(Fault("at least one class is wanted"))
    if faults:
        raise ReadError(*faults)
    return classes


def _some(named: dict[str, District] | dict[str, Category]) -> dict[str, District] | dict[str, Category]:
    if not named:
        raise ReadError("at least one is wanted")
    return named


class Scenario(Section):
    """A city and what is tried on it, checked and complete: every default is filled in. See `sim.scenario.load`."""

    name: Text
    description: Text = ""
    scale: Scale = 1.0
    currency: Text | None = None
    time: Time
    calendars: dict[str, Calendar] = Field(default={})
    classes: Annotated[tuple[Text, ...], AfterValidator(_read_classes)] = ("ordinary",)
    districts: Annotated[dict[str, District], AfterValidator(_some)]
    demand: Demand = Demand()
    channels: Channels = Field(default={"direct": Channel(share=1.0)})
    pools: dict[str, Pool] = Field(default={})
    units: dict[str, Unit] = Field(default={})
    dispatch: Dispatch | None = None
    contact: Contact | None = None
    categories: Annotated[dict[str, Category], AfterValidator(_some)]
    policies: Policies = Policies()

    def hours_of(self, moment: datetime) -> float:
        """Hours from the scenario's start to this moment, a multiple of 2⁻³⁰ h; negative before the start."""
        return to_tick((moment - self.time.start).total_seconds() / 3600)
