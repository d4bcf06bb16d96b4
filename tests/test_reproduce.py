"""A stored run is run again and compared: the same to the last bit, or how much of what differs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from simpy import Environment

import sim
from sim.cli import run_command
from sim.experiment import manifest, store
from sim.experiment.parquet import connection, copy, read_table, source, write_table
from sim.report.page import run_page
from sim.scenario import from_dict

ROOT = Path(__file__).resolve().parent.parent
TEACHING = str(ROOT / "scenarios" / "teaching.yaml")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def stored(*arguments: str) -> Path:
    assert run_command(["run", TEACHING, "-n", "2", "--seed", "5", *arguments, "--out", "here"]) == 0
    return Path("here")


def certify(folder: Path, change: Callable[[dict[str, Any]], object] = lambda content: None) -> None:
    """The manifest as if the folder had been written like this."""
    content = json.loads((folder / manifest.NAME).read_text(encoding="utf-8"))
    content["sha256"] = manifest.checksums(folder)
    change(content)
    manifest.write({key: value for key, value in content.items() if key != "own_sha256"}, folder / manifest.NAME)


def edited(folder: Path, name: str, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    write_table(edit(read_table(folder / f"{name}.parquet")), folder / f"{name}.parquet")
    certify(folder)


def again(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What differs, for machines."""
    capsys.readouterr()
    assert run_command(["reproduce", str(folder), "--json"]) == 5
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["identical"] is False
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        pytest.param(("--keep", "measures"), marks=pytest.mark.long),
        pytest.param(("--engine", "compiled", "--set", "units.Roads.staff=4"), marks=pytest.mark.long),
    ],
)
def test_a_run_is_reproduced_from_its_folder_alone(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stored(*arguments)
    monkeypatch.setattr("sim.scenario.files.SHIPPED", Path("nowhere"))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert run_command(["reproduce", "here"]) == 0
    out = capsys.readouterr().out
    assert "is reproduced" in out
    assert ("requests" in out) == ("measures" not in arguments)
    assert max(map(len, out.splitlines())) <= 80
    assert run_command(["reproduce", "here", "--json", "--processes", "2"]) == 0
    assert json.loads(capsys.readouterr().out)["identical"] is True
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_other_numbers_are_named_with_their_size(capsys: pytest.CaptureFixture[str]) -> None:
    folder = stored()

    def later(table: pd.DataFrame) -> pd.DataFrame:
        chosen = (table["measure"] == "wait_mean") & (table["group_by"] == "")
        assert chosen.sum() == 2
        return table.assign(value=table["value"].where(~chosen, table["value"] * 1.25))

    edited(folder, "measures", later)
    found = again(folder, capsys)
    assert found["measures"] == [{"name": "wait_mean", "rows": 2, "relative": pytest.approx(0.2)}]
    assert found["tables"] == [{"name": "measures", "rows": 2, "relative": pytest.approx(0.2)}]
    assert found["last_digits"] is False
    assert run_command(["reproduce", "here"]) == 5
    out = capsys.readouterr().out
    assert "not reproduced" in out
    assert "wait_mean" in out
    assert "last digits" not in out
    assert "The programs are the same." in " ".join(out.split())


def test_last_digits_are_called_so_with_the_versions_that_differ(capsys: pytest.CaptureFixture[str]) -> None:
    folder = stored()

    def nearly(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(value=table["value"].where(table["value"] == 0, np.nextafter(table["value"], np.inf)))

    edited(folder, "measures", nearly)
    edited(folder, "levels", lambda table: table.assign(busy=table["busy"] * (1 + 1e-15)))
    certify(folder, lambda content: content["packages"].update(numpy="1.0"))
    found = again(folder, capsys)
    assert found["last_digits"] is True
    assert {table["name"] for table in found["tables"]} == {"measures", "levels"}
    assert found["versions"].keys() == {"numpy"}
    assert found["versions"]["numpy"]["stored"] == "1.0"
    assert run_command(["reproduce", "here"]) == 5
    out = " ".join(capsys.readouterr().out.split())
    assert "All differences are of the last digits" in out
    assert "numpy 1.0, now" in out


def other_tables() -> Iterator[tuple[str, Callable[[pd.DataFrame], pd.DataFrame], int]]:
    yield "requests", lambda table: table.iloc[:-3], 3
    yield "requests", lambda table: table.assign(hops=table["hops"].where(table.index > 0, 7)), 1
    yield "visits", lambda table: table.assign(ended=table["ended"].where(table.index > 1, np.nan)), 2
    yield "levels", lambda table: table.assign(pool=table["pool"].str.upper()), 0
    yield "pools", lambda table: table.drop(columns="wage"), 1
    yield "problems", lambda table: table.rename(columns={"born": "begun"}), 1


@pytest.mark.parametrize(
    ("name", "edit", "rows"),
    [pytest.param(*other, marks=pytest.mark.long if n % 3 else []) for n, other in enumerate(other_tables())],
)
def test_every_table_is_compared(
    name: str, edit: Callable[[pd.DataFrame], pd.DataFrame], rows: int, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = stored()
    edited(folder, name, edit)
    found = again(folder, capsys)
    (table,) = found["tables"]
    assert (table["name"], table["relative"]) == (name, None)
    assert table["rows"] == rows or rows == 0 < table["rows"]
    assert (found["measures"], found["last_digits"]) == ([], False)


def test_the_same_rows_in_other_bytes_are_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    folder = stored()
    path = folder / "requests.parquet"
    before = path.read_bytes()
    with connection() as files:
        files.execute(copy(f"(FROM {source([path])})", Path("other.parquet"), "snappy"))
    Path("other.parquet").replace(path)
    assert path.read_bytes() != before
    certify(folder)
    assert run_command(["reproduce", "here"]) == 0


def watch(env: Environment, city: Any) -> Iterator[Any]:
    yield env.timeout(1.0)


def test_a_run_with_policies_of_ones_own_says_that_it_cannot(capsys: pytest.CaptureFixture[str]) -> None:
    scenario = sim.load(TEACHING)
    with store.run_draft(scenario, 1, 1, Path("own")) as draft:
        made = sim.run(scenario, 1, policies=[watch], folder=draft.beside)
        store.write(made, draft, run_page(made))
    assert run_command(["reproduce", "own"]) == 3
    out, err = capsys.readouterr()
    assert "policies of your own in Python (watch)" in err
    assert len(err.splitlines()) == 1
    assert out == ""


def test_a_run_with_a_policy_of_a_file_is_reproduced_when_the_file_is_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Not unasked, and not with another file; its copy in the folder will do."""
    text = "def hire(env, city):\n    yield env.timeout(30)\n    city.propose(staff={'Roads': 2})\n"
    Path("own.py").write_text(text, encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    folder = stored("--policy", "own.py:hire")
    assert json.loads((folder / "manifest.json").read_text())["policies"] == [f"own.py:hire@sha256:{digest}"]
    assert f"own policy: own.py:hire (sha256 {digest[:12]}…)" in capsys.readouterr().out
    assert digest in (folder / "report.html").read_text(encoding="utf-8")
    assert run_command(["reproduce", "here"]) == 3
    assert "add --policy here/given/own.py:hire" in capsys.readouterr().err
    Path("own.py").write_text(text.replace("2", "1"), encoding="utf-8")
    assert run_command(["reproduce", "here", "--policy", "own.py:hire"]) == 3
    assert f"{digest}" in capsys.readouterr().err
    assert run_command(["reproduce", "here", "--policy", "here/given/own.py:hire"]) == 0
    assert "is reproduced" in capsys.readouterr().out
    assert run_command(["run", TEACHING, "-n", "1", "--out", "plain"]) == 0
    assert run_command(["reproduce", "plain", "--policy", "own.py:hire"]) == 3
    assert "ran without policies" in capsys.readouterr().err


def test_a_run_of_plain_data_is_reproduced_too() -> None:
    scenario = from_dict({**sim.load(TEACHING).resolved(), "name": "plain data", "description": "two\nlines"})
    with store.run_draft(scenario, 1, 1, Path("plain")) as draft:
        made = sim.run(scenario, 1, folder=draft.beside)
        store.write(made, draft, run_page(made))
    assert not Path("plain/given").exists()
    assert run_command(["reproduce", "plain"]) == 0


@pytest.mark.parametrize(("arguments", "code"), [(["nowhere"], 3), ([], 2), (["here", "--processes", "0"], 2)])
def test_exit_codes(arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["reproduce", *arguments]) == code
    assert "Traceback" not in capsys.readouterr().err
