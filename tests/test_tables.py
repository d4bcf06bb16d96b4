"""docs/tables.md says what the tables of a run are: columns, types, and where they have nulls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from towns import OTHER_WAYS

import sim
from sim.experiment.dictionary import KINDS_OF, TABLES, dictionary
from sim.experiment.parquet import connection, name_of, source
from sim.experiment.store import run_draft, write
from sim.scenario import from_dict, load

ROOT = Path(__file__).parents[1]
TEACHING = str(ROOT / "scenarios" / "teaching.yaml")


def test_the_page_is_what_the_declarations_say() -> None:
    text = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert text == dictionary(), "run: python -m sim.experiment.dictionary > docs/tables.md"


@pytest.fixture(scope="module", params=["teaching", "everything another way"])
def run_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run that keeps everything."""
    scenario = load(TEACHING) if request.param == "teaching" else from_dict(OTHER_WAYS)
    with run_draft(scenario, 1, 2, tmp_path_factory.mktemp("runs") / "run") as draft:
        return write(sim.run(scenario, 2, keep="all", folder=draft.beside), draft, "")


def test_a_run_writes_these_tables_and_no_others(run_folder: Path) -> None:
    assert {path.stem for path in run_folder.glob("*.parquet")} == set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_files_have_these_columns_types_and_nulls(run_folder: Path, name: str) -> None:
    columns, file = TABLES[name].columns, source([run_folder / f"{name}.parquet"])
    with connection() as files:
        found = files.execute(f"DESCRIBE FROM {file}").fetchall()
        counts = ", ".join(f"count(*) - count({name_of(column.name)})" for column in columns)
        (nulls,) = files.execute(f"SELECT {counts} FROM {file}").fetchall()
        (rows,) = files.execute(f"SELECT count(*) FROM {file}").fetchone() or (0,)
    assert [row[:2] for row in found] == [(column.name, KINDS_OF[column.of].parquet) for column in columns]
    assert rows > 0 or (
        name in ("calls", "trust", "themes") and "surge" not in (run_folder / "scenario.yaml").read_text("utf-8")
    )
    assert [column.name for column, count in zip(columns, nulls, strict=True) if count and not column.null] == []


@pytest.mark.parametrize("name", TABLES)
def test_tables_in_memory_have_these_columns_and_types(name: str) -> None:
    outcomes = sim.simulate(load(TEACHING))
    table: Any = sim.measures(outcomes) if name == "measures" else getattr(outcomes, name)
    expected = {column.name: KINDS_OF[column.of].pandas for column in TABLES[name].columns}
    assert {column: str(kind) for column, kind in table.dtypes.items()} == expected


def test_every_kind_of_value_is_that_of_some_column() -> None:
    assert {column.of for table in TABLES.values() for column in table.columns} == set(KINDS_OF)
