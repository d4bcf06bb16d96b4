"""A scenario written as one file says the same, with the same sources, wherever it came from."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from cities import cities
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_texts import TOWN, files

from sim.scenario import Scenario, Source, from_dict, from_text, load
from sim.scenario.errors import path_text
from sim.scenario.files import known_scenarios
from sim.scenario.writing import complete_text

Data = dict[str, Any]
KINDS = ("data", "literature", "expert", "assumption")


def sources(scenario: Scenario) -> list[tuple[str, Source | None, bool]]:
    return [(value.path, value.source, value.from_default) for value in scenario.values()]


def same(scenario: Scenario) -> str:
    """Writes it, reads it back, and writes that to the same bytes."""
    text = complete_text(scenario)
    again = from_text(text)
    assert again == scenario
    assert again.digest == scenario.digest
    assert (again.name, again.description) == (scenario.name, scenario.description)
    assert sources(again) == sources(scenario)
    assert list(again.districts) == list(scenario.districts)
    assert list(again.categories) == list(scenario.categories)
    written = complete_text(again)
    assert complete_text(from_text(written)) == written
    return text


@pytest.mark.parametrize(
    "name",
    [  # the cities without one mechanism are the same Beijing but for that
        pytest.param(name, marks=pytest.mark.long if name.startswith("before-") else []) for name in known_scenarios()
    ],
)
def test_what_ships_is_written_complete(name: str) -> None:
    for overrides in ([], ["scale=1:3", "time.end=2035-01-01"]):
        text = same(load(name, overrides))
        assert "extends" not in yaml.safe_load(text)
        assert max(map(len, text.splitlines()), default=0) < 3000


#: Names that YAML, or a path, would take for something else.
NAMES = [
    "no",
    "12",
    "0x1F",
    "null",
    "~",
    "- a",
    "a: b",
    "a #b",
    "'",
    '"',
    "{x}",
    "a.b",
    "a=b",
    "- ",
    "老城",
    "😀 x",
    "=",
    "&a",
    "!t",
]
NAMES += [
    "2024-01-01",
    "9:00",
    "on",
    "<<",
    "%",
    "@x",
    "`",
    "?",
    "? a",
    "---",
    "...",
    "x\u00a0y",
    "\u200bz",
    ":",
    "a:",
    "[1]",
    "\\",
    "n" * 2000,
]


@st.composite
def told(draw: st.DrawFn) -> Data:
    """A random city with random names, and sources by random patterns."""
    city = draw(cities())
    names = draw(st.permutations(NAMES))
    text = json.dumps(city)
    for old, new in zip(("North", "South", "Pothole", "Question", "Street", "hotline", "office"), names, strict=False):
        text = text.replace(json.dumps(old), json.dumps(new)) if draw(st.booleans()) else text
    found: Data = json.loads(text)
    found["description"] = draw(st.sampled_from(["", "two\nlines\n", " # x", "null", "a: b, c", "\u2028 \x85 \ufeff"]))
    found["sources"] = draw(patterns(found))
    return found


@st.composite
def patterns(draw: st.DrawFn, city: Data) -> Data:
    """Sources by patterns that fit something in the city."""
    made: Data = {}
    for _ in range(draw(st.integers(0, 6))):
        here: Any = city
        steps: list[str] = []
        while isinstance(here, dict) and here and (not steps or draw(st.integers(0, 4))):
            step = draw(st.sampled_from(sorted(here)))
            here = here[step]
            steps.append("*" if draw(st.integers(0, 3)) == 0 else path_text((step,)))
        if draw(st.booleans()):
            steps.append("**")
        made[".".join(steps)] = {"kind": draw(st.sampled_from(KINDS)), "note": f"{len(made)}, no: {{x}}"}
    return made


@given(told())
@settings(max_examples=60)
def test_a_random_scenario_is_written_complete(city: Data) -> None:
    same(from_dict(city))


@pytest.mark.long
@given(told(), told(), st.data())
@settings(max_examples=60)
def test_overlays_and_overrides_are_folded_in(
    tmp_path_factory: pytest.TempPathFactory, city: Data, other: Data, data: Any
) -> None:
    folder = tmp_path_factory.mktemp("overlay")
    over: Data = {"extends": "base.yaml", "sources": data.draw(patterns(city))}
    for part in ("districts", "categories", "units"):
        chosen = data.draw(st.lists(st.sampled_from(sorted(city[part])), unique=True, max_size=2))
        over |= {part: {name: copy.deepcopy(city[part][name]) for name in chosen}} if chosen else {}
    if data.draw(st.booleans()):
        over["demand"] = {"hours": [1] * 24}
    for name, part in (("base", city), ("over", over)):
        (folder / f"{name}.yaml").write_text(
            yaml.safe_dump(part, allow_unicode=True, sort_keys=False), encoding="utf-8"
        )
    overrides = data.draw(st.lists(st.sampled_from(["scale=1:2", "demand.day_factor.city=0.2"]), unique=True))
    same(load(folder / "over.yaml", overrides))


def test_what_stood_without_quotes_stays_so(tmp_path: Path) -> None:
    overlay = "extends: town.yaml\nname: 1.10\nunits: {Roads: {staff: 4}}\nsources: {units.Roads.staff: mine}\n"
    path = files(tmp_path, overlay=overlay, town=TOWN, sources="mine: {kind: expert, note: 'a, b'}\n")
    text = same(load(path, ["pools.desk.staff=3"]))
    assert "name: 1.10\n" in text
    assert "  Roads: {staff: 4, calendar: office}\n" in text
    assert "  desk: {staff: 3}\n" in text
    assert 'units.Roads.staff: {kind: expert, note: "a, b"}\n' in text


def test_a_pattern_reaches_no_further_than_in_its_own_file(tmp_path: Path) -> None:
    base = TOWN + "sources: {units.**: {kind: data}, categories.*.work: {kind: expert}}\n"
    overlay = "extends: town.yaml\nunits: {Parks: {staff: 7}}\n"
    text = same(load(files(tmp_path, overlay=overlay, town=base), ["categories.Noise.work=3 h"]))
    assert "units.Roads.**" in text
    assert "units.Parks.staff:" not in text
    assert "categories.Question.work:" in text
    assert "categories.Noise" not in text.split("sources:")[1]
