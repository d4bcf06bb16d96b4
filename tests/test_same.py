"""``make same`` sees what it should: any value, row, column, table or refusal that is not what it was."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import sim
from sim.scenario import from_dict

HERE = Path(__file__).resolve().parent / "same"


def loaded(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"same_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


same, tables = loaded("same"), loaded("tables")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    town = next(yaml.safe_load_all((HERE / "cities.yaml").read_text(encoding="utf-8")))
    path = tmp_path_factory.mktemp("same") / "town.yaml"
    path.write_text(yaml.safe_dump(town), encoding="utf-8")
    found: dict[str, Any] = tables.tables_of(path)
    return found


def found(base: dict[str, Any], now: dict[str, Any]) -> tuple[list[str], Counter[str]]:
    added = Counter[str]()
    return list(same.compare(base, now, added)), added


def test_the_same_in_another_order_is_the_same(kept: dict[str, Any]) -> None:
    shuffled = {name: table.sample(frac=1, random_state=1)[[*table][::-1]] for name, table in kept.items()}
    assert set(kept) == {*same.KEYS}
    assert found(kept, shuffled) == ([], Counter())


@pytest.mark.long
@pytest.mark.parametrize("table", same.KEYS)
def test_every_column_is_seen(table: str, kept: dict[str, Any]) -> None:
    for name in kept[table]:
        if name == "replication" or name in same.KEYS[table]:
            continue
        column = kept[table][name]
        at = int(np.argmax(column.notna())) if column.notna().any() else 0
        other = kept[table].copy()
        other[name] = other[name].astype(object)
        was = column.iloc[at]
        nearly = (1.0 if pd.isna(was) else np.nextafter(was, np.inf)) if isinstance(was, float) else "other"
        other.iloc[at, other.columns.get_loc(name)] = nearly
        [line], _ = found(kept, {**kept, table: other})
        assert line.startswith(f"{table}.{name}: 1 of {len(column)} differ")


def test_rows_columns_and_tables_that_are_missing_or_new(kept: dict[str, Any]) -> None:
    visits = kept["visits"]
    for now in (visits.iloc[1:], visits.assign(visit=visits["visit"].where(visits["visit"] > 1, 999))):
        [line], _ = found(kept, {**kept, "visits": now})
        assert line.startswith("visits.rows: ")
    assert found(kept, {**kept, "visits": visits.drop(columns="worked")})[0] == ["visits.worked: is missing"]
    assert found(kept, {name: kept[name] for name in kept if name != "levels"})[0] == ["levels: is missing"]
    more = {**kept, "visits": visits.assign(mood="good"), "moods": pd.DataFrame()}
    assert found(kept, more) == ([], Counter({"visits.mood": 1, "moods": 1}))


def test_a_scenario_that_is_refused_now_or_otherwise(kept: dict[str, Any]) -> None:
    refused = {"error": "ScenarioError: no"}
    assert found(kept, refused)[0] == ["refused now: ScenarioError: no"]
    assert found(refused, kept)[0] == ["no longer refused: ScenarioError: no"]
    assert found(refused, {"error": "other"})[0] == ["refused otherwise: ScenarioError: no, now other"]
    assert found(refused, dict(refused))[0] == []


def test_all_frozen_cities_are_scenarios() -> None:
    towns = list(yaml.safe_load_all((HERE / "cities.yaml").read_text(encoding="utf-8")))
    assert len(towns) == 300
    for town in towns:
        assert isinstance(from_dict(town), sim.Scenario)


def test_a_new_measure_is_an_addition_and_a_new_row_of_a_known_one_is_not(kept: dict[str, Any]) -> None:
    measures = kept["measures"]
    row = measures.iloc[:1]
    _, added = found(kept, {**kept, "measures": pd.concat([measures, row.assign(measure="smiles")])})
    assert added == Counter({"measures: smiles": 1})
    [line], _ = found(kept, {**kept, "measures": pd.concat([measures, row.assign(group_by="nowhere")])})
    assert line.startswith("measures.rows: 0 are missing, 1 are new")
