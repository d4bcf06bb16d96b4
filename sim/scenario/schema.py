"""The scenario: the root of the schema. Attribute names are the keys of the YAML file (`from` is `from_`)."""

from __future__ import annotations

import functools
import hashlib
import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PrivateAttr

from sim.scenario.calendars import Calendar, Section
from sim.scenario.demand_side import Category, Channel, Channels, Demand, District
from sim.scenario.errors import Finding, ReadError
from sim.scenario.initial import Initial
from sim.scenario.needs import cannot_act
from sim.scenario.nodes import find, node_of
from sim.scenario.numbers import Scale, Text
from sim.scenario.policies import Policies
from sim.scenario.quantities import Day, Moment, to_tick
from sim.scenario.shape import Shape
from sim.scenario.sources import Became, Origin, Source, Value, list_values, written_sources
from sim.scenario.staff_side import Contact, Dispatch, Pool, Unit
from sim.scenario.targets import Target
from sim.scenario.tree import Tree
from sim.scenario.weights import without_default

#: The formats of scenario files that are read; the last one is written. See `formats.py`.
FORMATS = (1, 2)


class Time(Section):
    """Demand runs from `start` to `end`; what arrives from `count_from` until `count_until` is counted."""

    start: Day
    count_from: Moment = Field(default=datetime.min, json_schema_extra=without_default)
    count_until: Moment = Field(default=datetime.max, json_schema_extra=without_default)
    end: Moment


def _some_classes(classes: tuple[str, ...]) -> tuple[str, ...]:
    if not classes:
        raise ReadError("at least one class is wanted")
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
    classes: Annotated[tuple[Text, ...], AfterValidator(_some_classes)] = ("ordinary",)
    districts: Annotated[dict[str, District], AfterValidator(_some)]
    demand: Demand = Demand()
    channels: Channels = Field(default={"direct": Channel(share=1.0)})
    pools: dict[str, Pool] = Field(default={})
    units: dict[str, Unit] = Field(default={})
    dispatch: Dispatch | None = None
    contact: Contact | None = None
    categories: Annotated[dict[str, Category], AfterValidator(_some)]
    initial: Initial | None = None
    policies: Policies = Policies()
    targets: dict[str, Target] = Field(default={})
    _origin: Origin | None = PrivateAttr(default=None)

    @property
    def has_firms(self) -> bool:
        """Whether it says which contacts come from firms."""
        return any(category.from_firms is not None for category in self.categories.values())

    @property
    def open_at_start(self) -> float:
        """How many requests are open when it begins, on average at its scale."""
        counts = (standing.count for of_unit in (self.initial or {}).values() for standing in of_unit.values())
        return sum(counts) / self.scale

    def hours_of(self, moment: datetime) -> float:
        """Hours from the scenario's start to this moment, a multiple of 2⁻³⁰ h; negative before the start."""
        return to_tick((moment - self.time.start).total_seconds() / 3600)

    def resolved(self) -> dict[str, Any]:
        """The whole scenario as plain data for JSON, in canonical form and with every default filled in.

        `from_dict` reads it back to an equal scenario. What is off, has no value or nothing to act on is absent;
        `sources` has the source of each value that has one, by its path.
        """
        data = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        inherited = find(self._origin.root, ("units",)) if self._origin else None
        for name, unit in inherited.map.items() if inherited else ():
            for key in ("discipline", "head_start"):  # of classified handling
                if key in unit.map and unit.map[key].default:
                    del data["units"][name][key]
        for path, _ in list(cannot_act(Tree(node_of(data)))):
            within: Any = functools.reduce(lambda inner, step: inner[step], path[:-1], data)  # type: ignore[index]
            del within[path[-1]]
        sources = {value.path: value.source.model_dump(exclude_none=True) for value in self.values() if value.source}
        data = {"format": FORMATS[-1], **data}
        return {**data, "sources": sources} if sources else data

    @property
    def digest(self) -> str:
        """SHA-256 in hex of what the scenario says, without what moves no number: its name, description, sources and
        targets.
        """
        without = {"name", "description", "targets"}
        data = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=without)
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

    @property
    def tables(self) -> dict[str, str]:
        """The CSV files from which entries came, each with the file that names it."""
        return dict(self._origin.tables) if self._origin else {}

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What is no error but should be known: parameters that another one overrules, words of an earlier format that
        now mean something else, places at which a scale leaves more staff than its share.
        """
        return self._origin.notes if self._origin else ()

    @property
    def became(self) -> tuple[Became, ...]:
        """What relative values and, on the command line, wildcards made of values, in the order in which they did."""
        return self._origin.became if self._origin else ()

    def with_origin(self, origin: Origin) -> Scenario:
        """The same scenario that also knows where its values were written (the loader calls this)."""
        copy = self.model_copy()
        copy._origin = origin
        return copy
