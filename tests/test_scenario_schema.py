"""The JSON schema for editors takes what the loader takes, also files that say only a part, no more than that."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from scenario_texts import TOWN
from test_scenario_at_once import BASE, OVERLAY
from test_scenario_loading import POLICIES

from sim.scenario import from_text, json_schema
from sim.scenario.nodes import Node
from sim.scenario.numbers import Plain, number_in
from sim.scenario.yaml_loader import parse_yaml

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = [path for path in sorted((ROOT / "scenarios").glob("*.yaml")) if path.stem not in ("base", "sources")]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = [
    pytest.param(text, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, text in enumerate(re.findall(r"^```yaml\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE))
]
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def as_an_editor_reads(text: str) -> Any:
    """The data of a YAML 1.2 text: unquoted numbers and flags are such, all else is text."""

    def plain(node: Node) -> Any:
        if isinstance(node.value, dict):
            return {key: plain(child) for key, child in node.value.items()}
        if isinstance(node.value, list):
            return [plain(child) for child in node.value]
        if not isinstance(node.value, Plain):
            return node.value
        number = number_in(node.value)
        return {"true": True, "false": False}.get(node.value, str(node.value) if number is None else number)

    problems: list[Any] = []
    root = parse_yaml(text, "text", problems)
    assert root is not None
    assert problems == []
    return plain(root)


def errors(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(as_an_editor_reads(text))]


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_ships_passes(path: Path) -> None:
    assert errors(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_examples_of_the_docs_pass(text: str) -> None:
    assert errors(text) == []


@pytest.mark.parametrize("text", [TOWN, TOWN + POLICIES, BASE, OVERLAY, "extends: x.yaml\n"])
def test_what_is_valid_passes(text: str) -> None:
    assert errors(text) == []


def test_what_is_resolved_passes() -> None:
    assert [error.message for error in VALIDATOR.iter_errors(from_text(TOWN + POLICIES).resolved())] == []


@pytest.mark.parametrize(
    "line",
    [
        "categories: {Noise: null, Trees: {lead: null, label: Tree}}",
        "calendars: {office: {open: {sat: null}}}",
        "policies: null",
        "policies: {time_limits: {resolve: {urgent: null}, extension: null}, callback: {score: {round: last}}}",
        "pools: {desk: {staff: null, shifts: [{days: mon, hours: 8:00-9:00, staff: 1}]}}",
        "demand: {weekdays: {sat: null}, shocks: {Storm: {factor: 3}}}",
        "format: 2\nsources: null",
        "units: {table: units.csv, Roads: {staff: 2}}",
        "initial: {table: open.csv, Roads: {table: roads.csv, Noise: 3}}",
        "pools: {hotline: {shifts: {table: Shifts.CSV}}, table: {staff: 3}}",
        "categories: {Noise: {by_district: {table: factors.csv, Hillside: null}}}",
        "units: {'*': {staff: by -10 %}, Roads: {staff: by +2, wage: x1.1}}",
        "pools: {desk: {staff: {total: by +2}}, hotline: {shifts: ×2}}",
        "categories: {'*': {work: ×0.9, accuracy: by -0.1, resolve: ×0.9, by_district: {'*': ×1.1}}}",
        "policies: {time_limits: {resolve: ×0.5, contact: by +1 h}, callback: {coverage: by +10 %}}",
        "initial: {'*': {'*': ×0.5}}",
    ],
)
def test_an_overlay_says_a_part_and_takes_away(line: str) -> None:
    assert errors("extends: town.yaml\n" + line) == []
    assert errors(line) != []


@pytest.mark.parametrize(
    "line",
    [
        "unit: {}",
        "units: {Roads: {stuff: 1}}",
        "units: {Roads: {staff: -1}}",
        "units: {Roads: {level: village}}",
        "categories: {Noise: {work: {mean: 2 h}}}",
        "categories: {Noise: {accuracy: 1.5}}",
        "categories: {Noise: {parts: [{unit: Roads}]}}",
        f"categories: {{Noise: {{parts: [{', '.join(['{unit: Roads, work: 1 h}'] * 257)}]}}}}",
        "categories: {Noise: 3}",
        "categories: {table: noise.yaml}",
        "pools: {desk: {shifts: {table: shifts.csv, staff: 3}}}",
        "dispatch: {max_hops: 0}",
        "demand: {hours: [1, 2, 3]}",
        "classes: urgent",
        "classes: [null]",
        "policies: {time_limits: {resolve: 3}}",
        "policies: {callback: {after: never}}",
        "sources: {x: {kind: rumour}}",
        "dispatch: {accuracy: bye -10 %}",
        "dispatch: {accuracy: -10 %}",
        "units: {Roads: ×0.9}",
        "units: {Roads: {level: ×0.9}}",
        "format: 3",
    ],
)
def test_what_is_wrong_in_an_overlay_fails(line: str) -> None:
    assert errors("extends: town.yaml\n" + line) != []


def test_what_is_wrong_in_a_whole_file_fails() -> None:
    assert errors(TOWN) == []
    for key in ("name", "time", "districts", "categories"):
        cut = {**as_an_editor_reads(TOWN)}
        del cut[key]
        assert not VALIDATOR.is_valid(cut)
    for before, after in (
        ("pool: desk, ", ""),
        ("kind: consultation", "kind: question"),
        ("cv: 1.5}", "cv: 1.5}\n    zzz: 1"),
    ):
        assert TOWN.count(before) == 1
        assert errors(TOWN.replace(before, after)) != []
