"""`citysim export`: a table of a run as CSV, every number as it is and the date beside every moment."""

from __future__ import annotations

import csv
import io
import math
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.cli import run_command
from sim.experiment.dictionary import TABLES
from sim.experiment.export import MOMENTS
from sim.experiment.parquet import connection, source
from sim.experiment.store import run_draft, write
from sim.scenario import load

START = datetime(2024, 2, 27)  # the leap day is the third
SETS = (
    "time.start=2024-02-27",
    "time.end=2024-03-05",
    'districts={"Old, ""Town""": {population: 12000}, 河畔: {population: 9000}}'.replace('""', '\\"'),
    "policies.surge={triggers: [{pool: Roads, when: waiting > 1, check: 15 min}], adds: 1, at_least: 1 h}",
    "initial={Roads: {Potholes: 40}}",  # they have times before the start
    "policies.trust={gain: 0.4, decay: 0.1, neutral: 0.8, step: day}",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two replications over the leap day, in a town whose names need quotes."""
    scenario = load("teaching", SETS)
    with run_draft(scenario, 1, 2, tmp_path_factory.mktemp("runs") / "run") as draft:
        return write(sim.run(scenario, 2, keep="all", folder=draft.beside), draft, "")


def exported(capfdbinary: pytest.CaptureFixture[bytes], *arguments: object) -> str:
    assert run_command(["export", *map(str, arguments)]) == 0
    out, err = capfdbinary.readouterr()
    assert err == b""
    return out.decode("utf-8")


def said(value: Any, text: str) -> bool:
    """Whether a cell says exactly this value."""
    if value is None:
        return text == ""
    if isinstance(value, float):
        return float(text) == value and math.copysign(1, float(text)) == math.copysign(1, value)
    return text == (str(value).lower() if isinstance(value, bool) else str(value))


@pytest.mark.parametrize("name", TABLES)
def test_every_table_comes_whole_with_dates(folder: Path, name: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    head, *rows = csv.reader(io.StringIO(exported(capfdbinary, folder, name), newline=""))
    with connection() as files:
        table = files.execute(f"FROM {source([folder / f'{name}.parquet'])}").fetchall()
    columns, moments = [c.name for c in TABLES[name].columns], [c.name for c in TABLES[name].columns if c.of in MOMENTS]
    assert head == [each for c in columns for each in ([c, f"{c}_date"] if c in moments else [c])]
    assert len(rows) == len(table)
    assert rows or name == "themes"
    for row, stored in zip(rows, table, strict=True):
        cells = dict(zip(head, row, strict=True))
        values = dict(zip(columns, stored, strict=True))
        assert all(said(values[c], cells[c]) for c in columns)
        for c in moments:
            if said(None, cells[c]):
                assert cells[f"{c}_date"] == ""
            else:
                moment = START + timedelta(seconds=round(float(cells[c]) * 3600))
                assert cells[f"{c}_date"] == moment.isoformat(timespec="seconds")


def test_the_leap_day_is_there_and_null_is_no_empty_text(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    levels = exported(capfdbinary, folder, "levels").splitlines()
    assert sum(",48,2024-02-29T00:00:00," in line for line in levels) == 2 * 7  # replications, pools
    assert sum(",72,2024-03-01T00:00:00," in line for line in levels) == 2 * 7
    requests = list(csv.DictReader(io.StringIO(exported(capfdbinary, folder, "requests"))))
    assert sum(request["arrived_date"] < "2024-02-27" for request in requests) == 2 * 40  # what stood there before
    assert 'dispatch desk,dispatch desk,pool,"","",,,1.0' in exported(capfdbinary, folder, "pools").splitlines()


def test_one_replication(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    whole = exported(capfdbinary, folder, "requests").splitlines()
    parts = [exported(capfdbinary, folder, "requests", "--replication", k).splitlines() for k in (0, 1)]
    assert parts[0] + parts[1][1:] == whole
    assert all(line.startswith("1,") for line in parts[1][1:])


def test_a_file_is_written_once_and_excel_may_have_its_mark(
    folder: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    out = tmp_path / "new" / "pools.csv"
    assert exported(capfdbinary, folder, "problems", "--out", out, "--bom") == f"Table: {out}\n"
    written = out.read_bytes()
    assert written.decode("utf-8") == "\ufeff" + exported(capfdbinary, folder, "problems")
    assert "河畔" in written.decode("utf-8-sig")
    assert run_command(["export", str(folder), "pools", "--out", str(out)]) == 3
    assert b"never overwritten" in capfdbinary.readouterr().err
    assert out.read_bytes() == written


def test_on_a_terminal_nothing_in_a_name_turns_what_stands_around_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = load("teaching", ["time.end=2024-03-05", 'districts={"a\\u202eb": {population: 9000}}'])
    with run_draft(scenario, 1, 1, tmp_path / "run") as draft:
        write(sim.run(scenario, 1, keep="all", folder=draft.beside), draft, "")
    arguments = ["export", str(tmp_path / "run"), "problems"]
    assert run_command(arguments) == 0
    plain = capsys.readouterr().out
    assert "a\u202eb" in plain
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert run_command(arguments) == 0
    assert capsys.readouterr().out == plain.replace("\u202e", "\\u202e")


def test_what_is_not_there_is_said(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def wrong(*arguments: str) -> str:
        assert run_command(["export", *arguments]) == 3
        out, err = capsys.readouterr()
        assert out == ""
        return err

    assert "no table request, did you mean “requests”? this run has requests, visits, " in wrong(str(folder), "request")
    assert "no table x; this run has requests" in wrong(str(folder), "x")
    assert "the run has the replications 0 … 1" in wrong(str(folder), "visits", "--replication", "2")
    assert "leave --replication out" in wrong(str(folder), "pools", "--replication", "0")
    assert "is not a run folder" in wrong(str(tmp_path), "pools")
    scenario, small = load("teaching"), tmp_path / "small"
    with run_draft(scenario, 1, 1, small) as draft:
        write(sim.run(scenario, 1, keep="measures", folder=draft.beside), draft, "")
    assert "this run kept no table visits: run again with --keep all; it has levels, " in wrong(str(small), "visits")
    (folder_table,) = small.glob("levels.parquet")
    folder_table.write_bytes(b"")
    assert "levels.parquet" in wrong(str(small), "levels")
