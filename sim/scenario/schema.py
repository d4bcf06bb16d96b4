"""The scenario: the root of the schema. Attribute names are the keys of the YAML file (`from` is `from_`)."""

from __future__ import annotations

import hashlib
import json
import math
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from sim.scenario.calendars import Calendar, Section
from sim.scenario.demand_side import Category, Channel, Channels, Demand, District
from sim.scenario.errors import Fault, ReadError
from sim.scenario.numbers import Scale, Text
from sim.scenario.policies import Policies
from sim.scenario.quantities import LONGEST, Day, Moment, to_tick
from sim.scenario.shape import Shape
from sim.scenario.sources import Origin, Source, Value, list_values, written_sources
from sim.scenario.staff_side import Contact, Dispatch, Pool, Unit
from sim.scenario.weights import without_default


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
                early = ("count_from", "must be earlier than “count_until”")
                late = ("count_until", "must be later than “count_from”")
                key, message = early if self.count_until == self.end else late
                faults.append(Fault(message, (key,)))
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
    """A city and what is tried on it, checked and complete: every default is filled in. See
    `sim.scenario.load`.
    """

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
    _origin: Origin | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _someone_is_there(self) -> Scenario:
        """A city's total needs somebody to be spread over."""
        faults = []
        for name, category in self.categories.items():
            weight = sum(
                district.population * district.activity * category.by_district.get(key, 1.0)
                for key, district in self.districts.items()
            )
            if category.total and not 0 < weight < math.inf:
                how = "is 0 everywhere" if weight == 0 else "is too large a number"
                message = f"cannot be spread: population × activity × by_district {how}"
                faults.append(Fault(message, ("categories", name, "total")))
        if faults:
            raise ReadError(*faults)
        return self

    def hours_of(self, moment: datetime) -> float:
        """Hours from the scenario's start to this moment, a multiple of 2⁻³⁰ h; negative before the start."""
        return to_tick((moment - self.time.start).total_seconds() / 3600)

    def resolved(self) -> dict[str, Any]:
        """The whole scenario as plain data for JSON, in canonical form and with every default filled in.

        `from_dict` reads it back to an equal scenario. What is off or has no value is absent; `sources` has
        the source of each value that has one, by its path.
        """
        data = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        sources = {value.path: value.source.model_dump(exclude_none=True) for value in self.values() if value.source}
        return {**data, "sources": sources} if sources else data

    @property
    def digest(self) -> str:
        """SHA-256 in hex of what the scenario says, without its name, description and sources."""
        data = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"name", "description"})
        text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def values(self, canonical: bool = False) -> list[Value]:
        """Every value, in the order of the schema, with the place where it was written and its source; as written, or
        in the form that equal scenarios have in common.
        """
        dumped = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return list(list_values(self._origin, Shape(Scenario), dumped, canonical)) if self._origin else []

    def written_sources(self) -> dict[tuple[str, ...], Source | None]:
        """The source of every value that somebody wrote, by the path under which it was written."""
        dumped = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return dict(written_sources(self._origin, Shape(Scenario), dumped)) if self._origin else {}

    def __repr__(self) -> str:
        """Short: a scenario has thousands of values."""
        return f"<Scenario {self.name!r}, {self.digest[:8]}>"

    @property
    def files(self) -> tuple[str, ...]:
        """The files it was read from: the scenario's own, then what it extends."""
        return self._origin.files if self._origin else ()

    def with_origin(self, origin: Origin) -> Scenario:
        """The same scenario that also knows where its values were written (the loader calls this)."""
        copy = self.model_copy()
        copy._origin = origin
        return copy


def json_schema() -> dict[str, Any]:
    """The JSON schema of a scenario file, for editors; names that lead nowhere are seen by `load` only."""
    schema = Scenario.model_json_schema(by_alias=True)
    source = {"anyOf": [{"type": "string"}, Source.model_json_schema()]}
    schema["properties"]["extends"] = {"type": "string", "description": "a file in this file's folder"}
    schema["properties"]["sources"] = {"type": "object", "additionalProperties": source}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
