"""Whatever is fed to the scenario room, a scenario or a `ScenarioError` comes out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenario_texts import TOWN

from sim.scenario import Scenario, ScenarioError, from_dict, from_text, load


def only_scenario_errors(make: Callable[[], Scenario]) -> None:
    """Call it; a scenario or a `ScenarioError` with problems is fine, everything else is not."""
    made: Scenario | None = None
    refused: ScenarioError | None = None
    try:
        made = make()
    except ScenarioError as error:
        refused = error
    assert isinstance(made, Scenario) if refused is None else refused.findings and str(refused)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.datetimes() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers() | st.none(), inner),
    max_leaves=20,
)
FUZZ = settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])


@FUZZ
@given(st.text())
def test_any_text(text: str) -> None:
    only_scenario_errors(lambda: from_text(text))


@FUZZ
@given(ANYTHING)
def test_any_data(data: object) -> None:
    only_scenario_errors(lambda: from_dict(data))  # type: ignore[arg-type]


@FUZZ
@given(st.data())
def test_a_good_text_with_damage(data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(TOWN)))
    end = data.draw(st.integers(begin, min(len(TOWN), begin + 30)))
    scrap = st.text(st.sampled_from("{}[]:,-\n \t'\"&*!|>%@#?~0159aeno./"), max_size=8) | st.text(max_size=4)
    text = TOWN[:begin] + data.draw(scrap) + TOWN[end:]
    only_scenario_errors(lambda: from_text(text))


def _places(data: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    if isinstance(data, dict):
        return [path, *(at for key, entry in data.items() for at in _places(entry, (*path, key)))]
    if isinstance(data, list):
        return [path, *(at for i, entry in enumerate(data) for at in _places(entry, (*path, i)))]
    return [path]


FULL = {
    **from_text(TOWN).resolved(),
    "policies": {
        "instant_answer": {"answered": 0.5, "by_category": {"Question": 0.7}},
        "time_limits": {
            "resolve": "3 workdays",
            "calendar": "office",
            "parking": {"time": "7 d", "share": 0.1},
        },
        "classified_handling": {"discipline": "aged", "head_start": {"urgent": "4 h"}},
        "callback": {"pool": "desk", "work": "3 min", "reopen": {}, "score": {"round": "last"}},
    },
    "sources": {"time.**": {"kind": "data"}},
}


@FUZZ
@given(st.data())
def test_good_data_with_one_thing_replaced(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(_places(FULL)))

    def replaced(node: object, steps: tuple[object, ...]) -> object:
        if not steps:
            return data.draw(ANYTHING)
        if isinstance(node, dict):
            return {key: replaced(child, steps[1:]) if key == steps[0] else child for key, child in node.items()}
        assert isinstance(node, list)
        return [replaced(child, steps[1:]) if i == steps[0] else child for i, child in enumerate(node)]

    made = replaced(FULL, path)
    only_scenario_errors(lambda: from_dict(made))  # type: ignore[arg-type]


@FUZZ
@given(st.text(max_size=20), st.text(max_size=20))
def test_any_override(path: str, value: str) -> None:
    file = Path(__file__).with_name("no such file.yaml")
    only_scenario_errors(lambda: load(file, [f"{path}={value}", value]))


@FUZZ
@given(st.sampled_from(_places(FULL)), st.text(st.sampled_from("{}[]:,-\n 'az09.&*!"), max_size=12))
def test_any_value_by_override(tmp_path_factory: pytest.TempPathFactory, path: tuple[object, ...], value: str) -> None:
    file = tmp_path_factory.getbasetemp() / "overridden.yaml"
    file.write_text(TOWN, encoding="utf-8")
    only_scenario_errors(lambda: load(file, [".".join(map(str, path)) + "=" + value]))


def test_data_that_contains_itself() -> None:
    loop: dict[str, object] = {"name": "x"}
    loop["districts"] = loop
    only_scenario_errors(lambda: from_dict(loop))
    wide: list[object] = [1] * 10
    for _ in range(12):
        wide = [wide] * 10
    only_scenario_errors(lambda: from_dict({"name": wide}))


def test_keys_and_values_no_scenario_can_hold() -> None:
    class Rude:
        def __str__(self) -> str:
            raise RuntimeError

    with pytest.raises(ScenarioError) as caught:
        from_dict(
            {
                1: 2,
                "1": 3,
                None: 4,
                False: 5,
                Rude(): 1,
                "name": Rude(),
                "time": {"start": datetime(2024, 1, 1)},
            }
        )
    lines = [str(finding) for finding in caught.value.findings]
    assert "<data>: 1: the key is there twice" in lines
    assert "<data>: a key must be text, not “None”" in lines
    assert "<data>: a key must be text, not “False”" in lines
    assert "<data>: a key must be text, not “Rude”" in lines
    assert "<data>: name: a scenario cannot hold a Rude" in lines


def test_the_scenario_room_loads_no_heavy_library() -> None:
    code = (
        "import sys, sim.scenario; heavy = {'scipy', 'pandas', 'matplotlib', 'numba'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
