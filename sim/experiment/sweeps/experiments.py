"""What an experiment file says, and what is wrong with it before any city is looked at."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sim.experiment.sweeps.paths import check_path
from sim.experiment.sweeps.precision import Budget, Precision, check_budget, check_precision
from sim.experiment.sweeps.ranges import Range, Uncertainty, check_range, flow
from sim.experiment.sweeps.sampling import Sample, check_sample
from sim.measurement import REGISTRY
from sim.scenario import Finding, ScenarioError
from sim.scenario.calendars import Section
from sim.scenario.errors import ReadError, nearest, quoted
from sim.scenario.files import read_file
from sim.scenario.nodes import Node, Spot, spot_of
from sim.scenario.numbers import Text, choice
from sim.scenario.validating import validated
from sim.scenario.yaml_loader import parse_yaml

#: What an experiment that lists no measures is judged by.
HEADLINES = tuple(measure.identifier for measure in REGISTRY.values() if measure.headline)
#: A list of measures is no longer than this, so that the runs of a large sweep stay small.
MOST_MEASURES = 50

_SWITCHED = {"on": "on", "off": "off", "True": "on", "False": "off"}
#: A design with more points is surely not meant.
MOST_POINTS = 10_000

#: The values of a lever, of which each may have a name.
Values = list[Any] | dict[str, Any]


class Claim(Section):
    """What a mechanism is said to do to a measure: alone in the city `before`, in the `base` with all others, or in
    both.
    """

    mechanism: Text
    measure: Text
    change: Annotated[str, choice("rises", "falls")]
    city: Annotated[str, choice("before", "base", "both")] = Field(default="both", alias="in")

    @property
    def turned(self) -> tuple[str, ...]:
        """How the mechanism is turned where it is looked at: on in the city before, off in the base."""
        return {"before": ("on",), "base": ("off",), "both": ("on", "off")}[self.city]


class OneByOne(Section):
    """Each mechanism in turn off in the base, as in the city `before`; and on there, as in the base."""

    before: Text


def _read_measures(value: Any) -> Any:
    return [*REGISTRY] if value == "all" else value


class Experiment(Section):
    """What an experiment file says."""

    format: Literal[1] = 1
    question: Text
    base: Text = ""
    bases: Annotated[list[Text], Field(min_length=2)] = Field(default=[])
    levers: dict[str, Annotated[Values, Field(min_length=1)]] = Field(default={})
    factors: dict[str, Annotated[Values, Field(min_length=1)]] = Field(default={})
    design: Annotated[str, choice("all_combinations", "one_at_a_time")] = "all_combinations"
    one_by_one: OneByOne | None = None
    sample: Sample | None = None
    uncertainties: dict[str, Uncertainty] = Field(default={})
    held: dict[str, Text] = Field(default={})
    claims: dict[str, Claim] = Field(default={})
    measures: Annotated[list[Text], Field(min_length=1), BeforeValidator(_read_measures)] = Field(default=[*HEADLINES])
    by: Annotated[str, choice("unit", "district", "category")] | None = None
    replications: Annotated[int, Field(ge=1)] = 5
    precision: Precision | None = None
    budget: Budget | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1

    @property
    def cities(self) -> list[str]:
        """The base scenarios."""
        return self.bases or [self.base]

    @property
    def ranged(self) -> dict[str, Range]:
        """The levers that may stand anywhere in a range."""
        return {path: Range.model_validate(given) for path, given in self.levers.items() if is_range(given)}

    @property
    def listed(self) -> dict[str, Values]:
        """The levers, or factors, with the values that each takes."""
        return self.factors or {path: given for path, given in self.levers.items() if not is_range(given)}

    @property
    def turned(self) -> list[str]:
        """The paths of all levers."""
        return [*(self.factors or self.levers)]


def is_range(given: Values) -> bool:
    """Whether a lever is no list of values but from … to."""
    return isinstance(given, dict) and "range" in given


def is_switch(path: str) -> bool:
    """Whether a path is that of a whole mechanism."""
    head, _, key = path.partition(".")
    return head == "policies" and "." not in key


def named(path: str, values: Values) -> list[tuple[str, str]]:
    """The values of a lever with their names, as they are written where they have none."""
    if isinstance(values, dict):
        return [(name, flow(value)) for name, value in values.items()]
    texts = [_SWITCHED[str(value)] if is_switch(path) else flow(value) for value in values]
    return list(zip(texts, texts, strict=True))


def read_experiment(file: Path) -> tuple[Experiment, Node]:
    """The experiment in a file, and its tree. Raises ``ScenarioError`` with all that is wrong."""
    findings: list[Finding] = []
    try:
        root = parse_yaml(read_file(file), str(file), findings)
    except ReadError as wrong:
        raise ScenarioError([Spot(str(file)).finding((), str(wrong))]) from wrong
    if root is None:
        raise ScenarioError(findings)
    experiment = validated(Experiment, root, (), findings) if isinstance(root.value, dict) else None
    if not isinstance(root.value, dict):
        findings.append(root.at.finding((), "an experiment is a map of keys and values"))
    if experiment is not None:
        findings += _checked(experiment, root)
    if experiment is None or findings:
        raise ScenarioError(findings)
    return experiment, root


# --- what can be wrong ------------------------------------------------------------------------------------------------


def _checked(experiment: Experiment, root: Node) -> Iterator[Finding]:
    yield from _check_measures(experiment, root)
    yield from _check_bases(experiment, root)
    yield from _check_kind(experiment, root)
    ranges: dict[str, Range] = {}
    for path, given in experiment.levers.items():
        if is_range(given):
            at, findings = ("levers", path), list[Finding]()
            found = validated(Range, root.map["levers"].map[path], at, findings)
            yield from findings or (check_range(root, at, found) if found is not None else ())
            ranges |= {path: found} if found is not None else {}
    yield from check_sample(root, experiment.sample, experiment.uncertainties, experiment.turned, ranges)
    yield from check_claims(root, experiment.claims, experiment.measures)
    if experiment.precision is not None:
        yield from check_precision(root, experiment.precision, experiment.measures)
    for path, values in (experiment.factors or experiment.levers).items():
        at = ("factors" if experiment.factors else "levers", path)
        yield from check_path(root, at, path)
        if is_range(values) and not experiment.factors:
            continue
        for name, value in root.map[at[0]].map[path].map.items():
            if value.value is None:
                yield value.at.finding((*at, name), "a value is wanted; null can stand in a list")
        if is_switch(path):
            yield from _check_switch(at, values, root)
    points = _count(experiment)
    if points > MOST_POINTS:
        section = "factors" if experiment.factors else "levers"
        said = f"{points:,} points are more than {MOST_POINTS:,}"
        yield spot_of(root, (section,), True).finding((section,), said)
    elif experiment.budget is not None:
        yield from check_budget(root, experiment.budget, points)


def _count(experiment: Experiment) -> int:
    """How many points there are, about."""
    lengths = [len(values) for path, values in experiment.listed.items()]
    each = 1 + sum(lengths) if experiment.design == "one_at_a_time" else math.prod(lengths)
    return each * len(experiment.cities) * (1 if experiment.sample is None else experiment.sample.points)


def _check_measures(experiment: Experiment, root: Node) -> Iterator[Finding]:
    for number, name in enumerate(experiment.measures):
        if name not in REGISTRY:
            at = ("measures", number)
            said = f"there is no measure {quoted(name)}{nearest(name, REGISTRY)} (docs/measures.md has all)"
            yield spot_of(root, at).finding(at, said)
    if experiment.by and not any(
        experiment.by in REGISTRY[name].groups for name in experiment.measures if name in REGISTRY
    ):
        yield spot_of(root, ("by",)).finding(
            ("by",), f"none of the measures is told by {experiment.by} (docs/measures.md)"
        )
    written = root.map["measures"].value if "measures" in root.map else None
    if isinstance(written, list) and len(written) > MOST_MEASURES:
        said = f"{len(written)} measures are more than {MOST_MEASURES}; for all there are, write measures: all"
        yield spot_of(root, ("measures",), True).finding(("measures",), said)


def _check_bases(experiment: Experiment, root: Node) -> Iterator[Finding]:
    if bool(experiment.base) == bool(experiment.bases):
        said = "an experiment has a base, or bases, and not both"
        yield (spot_of(root, ("bases",), True) if experiment.bases else root.at).finding((), said)
    twice = {name for name in experiment.bases if experiment.bases.count(name) > 1}
    if twice:
        yield spot_of(root, ("bases",), True).finding(("bases",), f"{quoted(min(twice))} is there twice")
    if experiment.bases and not experiment.levers:
        said = "several bases go with levers; factors and one_by_one have one base"
        yield spot_of(root, ("bases",), True).finding(("bases",), said)


def _check_kind(experiment: Experiment, root: Node) -> Iterator[Finding]:
    """An experiment turns levers, or factors as they were called, or mechanisms one by one."""
    kinds = [key for key in ("levers", "factors", "one_by_one") if getattr(experiment, key)]
    if len(kinds) != 1:
        yield root.at.finding((), "an experiment has levers, or factors, or one_by_one, and not both")
    for path, values in experiment.factors.items():
        if is_range(values):
            at = ("factors", path)
            yield spot_of(root, at, True).finding(at, "a range is for levers: write levers in place of factors")
    if experiment.design == "one_at_a_time":
        spot = spot_of(root, ("design",))
        if not experiment.levers:
            yield spot.finding(("design",), "one at a time is for levers")
        elif any(is_range(given) for given in experiment.levers.values()):
            yield spot.finding(("design",), "one at a time is for lists: ranges are turned together, in a sample")


def _check_switch(at: tuple[str, str], values: Values, root: Node) -> Iterator[Finding]:
    for number, value in enumerate(values):
        if isinstance(values, dict) or str(value) not in _SWITCHED:
            where = (*at, number)
            yield spot_of(root, where).finding(where, f"a mechanism is on or off, not {quoted(value)}")


def turning(root: Node) -> list[tuple[str, str]]:
    """The places of the paths that the experiment turns."""
    sections: Mapping[str, Node] = root.map
    return [(n, key) for n in ("levers", "factors", "uncertainties") if n in sections for key in sections[n].map]


def check_claims(root: Node, claims: Mapping[str, Claim], measures: Sequence[str]) -> Iterator[Finding]:
    """What can be said of claims without the cities."""
    if claims and not {"sample", "one_by_one"} <= set(root.map):
        what = "claims are about mechanisms over ranges: one_by_one, sample and uncertainties are wanted, too"
        yield spot_of(root, ("claims",), True).finding(("claims",), what)
    for says, claim in claims.items():
        if claim.measure not in measures:
            at, hint = ("claims", says, "measure"), nearest(claim.measure, measures)
            yield spot_of(root, at).finding(
                at, f"{quoted(claim.measure)} is not among the measures of the experiment{hint}"
            )


def check_turned(root: Node, claims: Mapping[str, Claim], turned: Sequence[str]) -> Iterator[Finding]:
    """Claims about a mechanism by which the two cities do not differ."""
    for says, claim in claims.items():
        if claim.mechanism not in turned:
            at = ("claims", says, "mechanism")
            said = f"the two cities do not differ by {quoted(claim.mechanism)}{nearest(claim.mechanism, turned)}"
            yield spot_of(root, at).finding(at, said)
