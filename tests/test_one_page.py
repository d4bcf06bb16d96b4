"""The sheet of one page, and figures as files."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from pages import sound
from towns import station

import sim
from sim.cli import run_command
from sim.experiment.ample import late_in_any_case
from sim.report.figures_late import late_requests
from sim.report.modelled import disturbances
from sim.report.names import Names
from sim.report.page import one_page
from sim.report.results import Results

TEACHING = str(Path(__file__).parents[1] / "scenarios" / "teaching.yaml")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.chdir(tmp_path)
    assert run_command(["run", TEACHING, "-n", "2", "--out", "here"]) == 0
    capsys.readouterr()
    return tmp_path / "here"


def test_a_sheet_has_the_question_the_answer_departments_a_figure_and_what_it_rests_on(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = "Would <one> officer more help?"
    assert run_command(["report", "here", "--one-page", "--question", asked]) == 0
    assert capsys.readouterr().out == "Sheet: here/one-page.html\n"
    page = sound((folder / "one-page.html").read_text(encoding="utf-8"))
    for words in (asked, "miss their limit", "say that it was solved", "Staff could change", "are assumptions"):
        assert words in page.words
    assert [attributes["id"] for attributes in page.tags("figure")] == ["figure-late"]
    assert len(page.tags("table")) == 2  # departments, and the numbers of the figure
    assert run_command(["report", "here", "--one-page"]) == 0  # a newer sheet takes the place of the older one
    assert run_command(["reproduce", "here"]) == 0  # the run is as it was


def test_a_city_without_units_limits_or_requests_has_a_sheet_too() -> None:
    for run in (
        sim.run(station("0 / d", "1 h", 1, days=3), replications=1),
        sim.run(station("9 / d", "1 h", 1, days=3), replications=1),
    ):
        page = sound(one_page(run))
        assert "sets no limits to resolve requests" in page.words
        assert not page.tags("figure")


def test_a_question_is_for_the_sheet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["report", "here", "--question", "why"]) == 2
    assert "--one-page" in capsys.readouterr().err


def test_figures_are_files_of_their_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["report", "here", "--figures", "drawn"]) == 0
    names = {"arrivals", "backlog", "breaches", "causes", "late", "load", "time", "truth"}
    assert {path.name for path in (folder.parent / "drawn").iterdir()} == {
        f"{n}.{f}" for n in names for f in ("svg", "png")
    }
    for name in names:
        assert ET.parse(folder.parent / "drawn" / f"{name}.svg").getroot().tag.endswith("svg")
        start = (folder.parent / "drawn" / f"{name}.png").read_bytes()[:24]
        assert start.startswith(b"\x89PNG")
        assert struct.unpack(">I", start[16:20])[0] > 1500  # dots across: sharp on paper
    before = (folder.parent / "drawn" / "late.svg").read_bytes()
    assert run_command(["report", "here", "--figures", "drawn"]) == 3  # never overwritten
    assert run_command(["report", "here", "--figures", "again"]) == 0
    assert (folder.parent / "again" / "late.svg").read_bytes() == before
    assert sound((folder / "report.html").read_text(encoding="utf-8"))  # the page is as ever
    capsys.readouterr()


def test_the_bars_are_the_late_requests_and_their_ends_what_staff_could_change() -> None:
    limit = {"time_limits": {"resolve": {"ordinary": "24 h"}}}
    crowded = late_in_any_case(sim.run(station("30 / d", "1 h", 1, days=10, policies=limit), replications=1))
    late = crowded.measures.query("measure == 'breach_share' and group_by == ''")["numerator"].iloc[0]
    found = late_requests(crowded, Results(crowded.measures, crowded.scenario), Names(crowded.scenario, crowded.pools))
    assert found is not None
    assert found.table.groups[0][1][0][1:] == [f"{late:,.0f}", f"{late:,.0f}"]  # all of them for want of people
    assert f"would change {late:,.0f} of them" in str(found.reading)


def test_disturbances_of_the_whole_city_are_told() -> None:
    """Not those of single categories, of which a city may have one a month and category; of many the first few."""

    def told(**shocks: Any) -> str:
        return disturbances(station("40 / d", "20 min", 1, days=9, demand={"shocks": shocks}))

    days = {"from": "2024-01-02", "until": "2024-01-04"}
    assert told() == told(calm={**days, "factor": 1}) == told(own={**days, "factor": 2, "categories": ["Matter"]}) == ""
    assert told(holiday={**days, "factor": 0.3}) == "" != told(calm={**days, "until": "2024-01-09", "factor": 0.3})
    assert told(storm={**days, "factor": 3}) == "Demand is disturbed: storm ×3 from 2024-01-02 until 2024-01-04."
    assert told(**{f"s{k}": {**days, "factor": 3} for k in range(6)}).endswith(" and 2 more.")
