"""Measures while a replication runs are those of its tables; tables are made when they are asked for."""

from __future__ import annotations

import copy
import pickle
import signal
import threading
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from towns import FULL, full

import sim
from sim.experiment import memory
from sim.experiment.expected import Expected, expected_contacts, expected_open
from sim.experiment.memory import check_memory, needed_bytes
from sim.experiment.parquet import connection, read_table, write_table
from sim.experiment.parts import _execute
from sim.experiment.runs import run
from sim.experiment.streaming import stream_measures
from sim.experiment.tables import SMALL_TABLES
from sim.inference import pairwise_requests
from sim.measurement import measures
from sim.model import compiled
from sim.model.city import build_city
from sim.model.draws import stream
from sim.model.facts import PROBLEM_ROW, REQUEST_ROW, VISIT_ROW
from sim.model.rows import Rows
from sim.model.simulation import replicate, stream_rows, unwatched
from sim.outcomes import PROBLEM_COLUMNS, REQUEST_COLUMNS, VISIT_COLUMNS, Outcomes, spool, tables
from sim.scenario import ScenarioError

CONTACTS = ("requests", "visits", "problems")


@pytest.fixture
def no_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody makes a table of contacts."""

    def refuse(*_: Any) -> Any:
        raise AssertionError("a table of contacts is made")

    for name in CONTACTS:
        monkeypatch.setitem(tables._MAKERS, name, refuse)


# --- measures ---


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_measures_alone_are_those_of_all_that_is_kept(engine: Any) -> None:
    everything, alone = (run(full(), 2, engine=engine, keep=keep, processes=1) for keep in ("all", "measures"))
    assert alone.tables.requests is alone.tables.visits is alone.tables.problems is None
    assert everything.measures.equals(alone.measures)
    assert everything.tables.levels.equals(alone.tables.levels)
    assert everything.pools.equals(alone.pools)


@pytest.mark.usefixtures("no_tables")
def test_measures_alone_need_no_tables_of_contacts() -> None:
    town = full()
    run(town, 1, engine="compiled", keep="measures")
    measures(sim.simulate(town))
    sim.compare([town, town], 1)


def test_measures_of_rows_are_those_of_tables_and_of_pieces() -> None:
    town, city = full(), build_city(full())
    out = sim.simulate(town)
    of_rows = measures(out)
    assert stream_measures(city, 1, 0)[0].equals(of_rows)
    given = Outcomes(**{f.name: getattr(out, f.name) for f in fields(Outcomes) if f.init})
    pd.testing.assert_frame_equal(of_rows, measures(given), check_exact=True)
    assert out.untouched is None  # its tables are in somebody's hands
    pd.testing.assert_frame_equal(of_rows, measures(out), check_exact=True)


def test_what_is_changed_in_a_table_is_measured() -> None:
    out = sim.simulate(full())
    requests = out.requests.assign(excluded=True)
    assert measures(replace(out, requests=requests))["value"].isna().sum() > measures(out)["value"].isna().sum()
    out.requests["excluded"] = True
    assert measures(out).equals(measures(replace(out, requests=requests)))


def test_compared_request_by_request_as_from_tables() -> None:
    more_staff = {name: {**unit, "staff": 4} for name, unit in FULL["units"].items()}
    town, more = full(), full(name="More", units=more_staff)
    found = sim.compare([town, more], 1).requests
    end = town.hours_of(town.time.end)
    whole = pairwise_requests(sim.simulate(town).counted, sim.simulate(more).counted, end)
    city = found[found["group_by"] == ""].iloc[0]
    for f in fields(whole):
        assert city[f.name] == getattr(whole, f.name)


# --- tables in files ---


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
@pytest.mark.parametrize("size", [1 << 16, 100, 19])
def test_tables_in_files_are_those_in_memory(
    engine: Any, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "PART", size)
    in_memory = run(full(), 2, engine=engine, keep="all", processes=1)
    in_files = run(full(), 2, engine=engine, keep="all", folder=tmp_path, processes=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"{name}.parquet" for name in (*CONTACTS, *SMALL_TABLES)
    )
    assert in_files.measures.equals(in_memory.measures)
    for name in (*CONTACTS, *SMALL_TABLES):
        stored = tmp_path / "stored"
        write_table(getattr(in_memory.tables, name), stored)
        assert len(read_table(stored)) > 4 * size or size > 100 or name in ("calls", "trust", "themes", "scores")
        pd.testing.assert_frame_equal(getattr(in_files.tables, name), read_table(stored))


def test_parts_have_one_contact_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "PART", 50)
    city = build_city(full())
    rows = spool.Spool(city, tmp_path)
    for piece in stream_rows(city, 1, 0, "compiled"):
        rows.add(piece)
    parts = list(rows.read())
    assert len(parts) > 5
    assert not list(tmp_path.iterdir())
    numbers = [set(part.rows.requests["contact"]) for part in parts]
    assert numbers[:-1] == [set(range(50 * n, 50 * n + 50)) for n in range(len(parts) - 1)]
    for part, own in zip(parts, numbers, strict=True):
        assert set(part.rows.visits["contact"]) <= own


def test_a_city_without_anything_has_empty_files(tmp_path: Path) -> None:
    nobody = full(districts={name: {**district, "population": 0} for name, district in FULL["districts"].items()})
    found = run(nobody, 1, keep="all", folder=tmp_path, processes=1)
    for name, columns in zip(CONTACTS, (REQUEST_COLUMNS, VISIT_COLUMNS, PROBLEM_COLUMNS), strict=True):
        table = getattr(found.tables, name)
        assert len(table) == 0
        assert list(table.columns) == [column.name for column in columns]


ENDLESS = "SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b"


def test_putting_files_together_can_be_interrupted() -> None:
    begin = time.monotonic()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what shells start beside them ignores Ctrl-C
    try:
        with connection() as files:
            threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
            with pytest.raises(KeyboardInterrupt):
                _execute([(files, ENDLESS)], lambda: None)
            assert files.execute("SELECT 1").fetchone() == (1,)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - begin < 20


def test_who_waits_for_files_to_be_put_together_is_asked() -> None:
    def enough() -> None:
        raise KeyboardInterrupt

    with connection() as files:
        with pytest.raises(KeyboardInterrupt):
            _execute([(files, ENDLESS)], enough)
        assert files.execute("SELECT 1").fetchone() == (1,)


def test_a_run_answers_questions(tmp_path: Path) -> None:
    question = "SELECT status, count(*) AS n FROM requests WHERE hops >= ? GROUP BY status ORDER BY status::VARCHAR"
    in_memory, in_files = run(full(), 1), run(full(), 1, folder=tmp_path)
    answer = in_files.tables.query(question, 1)
    assert answer["n"].sum() == (in_memory.tables.requests["hops"] >= 1).sum() > 0
    assert answer["n"].equals(in_memory.tables.query(question, 1)["n"])


# --- rows and tables ---


def same_values(a: Any, b: Any) -> bool:
    """Whether two arrays, perhaps of records, hold the same."""
    if a.dtype.names is None:
        return np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return all(same_values(a[name], b[name]) for name in a.dtype.names)


def test_rows_that_are_kept_are_those_that_leave_in_pieces() -> None:
    city, random, pieces = build_city(full()), stream(1, 0), list[Rows]()
    for rows in compiled.stream(city, random, (), unwatched):
        pieces.append(copy.deepcopy(rows))
        for f in fields(Rows):
            passed = getattr(rows, f.name)
            passed[:] = np.zeros((), passed.dtype)  # the next one may use the same memory
    grown, acts = compiled.stream(city, random, (), unwatched, kept=1)
    kept = replace(grown, staff_changes=acts.staff_changes, calls=acts.calls, turns=acts.turns, scores=acts.scores)
    for f in fields(Rows):
        joined = np.concatenate([getattr(rows, f.name) for rows in pieces])
        for whole in (kept, replicate(city, 1, 0, "compiled")):
            assert same_values(joined, getattr(whole, f.name))
    for name, record in (("requests", REQUEST_ROW), ("visits", VISIT_ROW), ("problems", PROBLEM_ROW)):
        assert getattr(Rows.nothing(), name).shape == (0,)
        assert getattr(Rows.nothing(), name).dtype == record


def test_tables_are_made_once_when_they_are_asked_for() -> None:
    out = sim.simulate(full())
    assert not any(name in vars(out) for name in tables._MAKERS)
    assert f"{len(replicate(build_city(full()), 1, 0).requests):,} contacts" in repr(out)
    assert out.visits is out.visits
    assert out.requests is out.requests
    with pytest.raises(AttributeError, match="nothing"):
        _ = out.nothing


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda out: pickle.loads(pickle.dumps(out))])
def test_a_copy_has_the_same_tables(again: Any) -> None:
    out = sim.simulate(full())
    other = again(out)
    for name in tables._MAKERS:
        pd.testing.assert_frame_equal(getattr(other, name), getattr(out, name))


def test_a_change_leaves_the_other_tables() -> None:
    out = sim.simulate(full())
    changed = replace(out, requests=out.requests.iloc[:3])
    assert changed.raw is None
    assert changed.visits is out.visits
    assert "3 contacts" in repr(changed)


# --- memory ---


def most_open(scenario: sim.Scenario) -> float:
    city = build_city(scenario)
    return expected_open(city, Expected.of(city))


def test_memory_is_that_of_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    beijing = sim.load("beijing-2024", ["scale=1:1"])
    assert expected_contacts(beijing) > 2e7
    assert 115_000 < most_open(beijing) < 1e6
    assert needed_bytes(beijing, "nothing") < 4e9 < needed_bytes(beijing, "closings") < needed_bytes(beijing, "tables")
    monkeypatch.setattr(memory, "available_bytes", lambda: 8e9)
    check_memory(beijing, 2, "nothing")
    with pytest.raises(ScenarioError, match="a folder for its tables"):
        check_memory(beijing, 1)
    with pytest.raises(ScenarioError, match="a shorter time"):
        check_memory(beijing, 8, "nothing")


def test_a_backlog_that_grows_is_open() -> None:
    few = {name: {**unit, "staff": 0} for name, unit in FULL["units"].items()}
    town, crowd = full(), full(units=few)
    assert most_open(town) < most_open(crowd)
    assert len(sim.simulate(crowd).requests.query("status == 'open'")) < most_open(crowd)
