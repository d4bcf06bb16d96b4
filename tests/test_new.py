"""`citysim new`: a first scenario of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.cli import run_command
from sim.model.city import build_city
from sim.model.load import offered_loads
from sim.scenario import load


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_what_it_writes_is_right_can_be_run_and_is_not_crowded(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["new", "my town.yaml"]) == 0
    out = capsys.readouterr().out
    assert "  citysim run 'my town.yaml'" in out
    assert run_command(["validate", "my town.yaml"]) == 0
    assert capsys.readouterr().out == "my town.yaml: ok (My town)\n"
    assert run_command(["run", "my town.yaml", "-n", "1", "--out", "here"]) == 0
    assert "Missed collection" in Path("here/report.html").read_text(encoding="utf-8")
    assert "no source" not in capsys.readouterr().out
    loads = [load.offered for load in offered_loads(build_city(load("my town.yaml")))]
    assert 0 < min(loads) <= max(loads) < 0.8
    lines = Path("my town.yaml").read_text(encoding="utf-8").splitlines()
    assert max(map(len, lines)) <= 120
    assert 40 <= len(lines) <= 60


def test_each_of_its_numbers_has_a_source_and_none_is_called_data() -> None:
    assert run_command(["new", "town.yml"]) == 0
    values = [value for value in load("town.yml").values() if value.is_number and not value.from_default]
    assert len(values) > 20
    assert {value.source.kind if value.source else None for value in values} == {"assumption"}


def test_no_file_is_overwritten_and_no_name_reinterpreted(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.yaml").write_text("format: 2\n", encoding="utf-8")
    assert run_command(["new", "mine.yaml"]) == 3
    assert "mine.yaml exists already: it is never overwritten" in capsys.readouterr().err
    assert Path("mine.yaml").read_text(encoding="utf-8") == "format: 2\n"
    assert run_command(["new", "mine"]) == 2
    assert "citysim new mine.yaml" in capsys.readouterr().err
    assert run_command(["new", "mine.yaml/below.yaml"]) == 1
    assert [path.name for path in Path().iterdir()] == ["mine.yaml"]
