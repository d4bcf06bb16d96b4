"""Experiments: what their files may say, the points they make, and runs that are never made twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from pages import sound

import sim
from sim.cli import cli
from sim.experiment.sweeps import making
from sim.experiment.sweeps import sweep as sweeps
from sim.experiment.sweeps.designs import Design, load_design
from sim.experiment.sweeps.planning import missing
from sim.experiment.sweeps.sweep import sweep
from sim.report.page import sweep_page
from sim.report.sweep_text import plan_text, sweep_text
from sim.scenario import ScenarioError

FACTORS = """
question: Does a second officer help more where the desk errs?
base: town.yaml
factors:
  units.Roads.staff: [1, 2]
  policies.first_recipient: [on, off]
measures: [time_to_close_p50, hops_mean, requests]
replications: 2
"""

TOWN = """
format: 2
extends: teaching
name: A town
time: {end: 2024-03-12}
policies:
  first_recipient: {coordination: 10 min}
"""

BEFORE = """
format: 2
extends: town.yaml
name: Before
policies: {first_recipient: null, time_limits: null}
"""


def design(folder: Path, text: str = FACTORS) -> Design:
    (folder / "town.yaml").write_text(TOWN)
    (folder / "before.yaml").write_text(BEFORE)
    (folder / "experiment.yaml").write_text(text)
    return load_design(folder / "experiment.yaml")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Design, Path, sweeps.Sweep]:
    folder = tmp_path_factory.mktemp("experiment")
    planned = design(folder)
    return planned, folder, sweep(planned, folder / "out", processes=1)


def test_all_combinations_the_last_factor_first(tmp_path: Path) -> None:
    planned = design(tmp_path)
    settings = [tuple(point.settings.values()) for point in planned.points]
    assert settings == [("1", "on"), ("1", "off"), ("2", "on"), ("2", "off")]
    staff = [point.scenario.units["Roads"].staff for point in planned.points]
    assert [s.each for s in staff if s is not None] == [1, 1, 2, 2]
    assert [point.scenario.policies.first_recipient is not None for point in planned.points] == [True, False] * 2
    assert {point.against for point in planned.points} == {planned.points[0].name}


def test_values_may_have_names(tmp_path: Path) -> None:
    storm = "demand.shocks.storm: {short: {from: 2024-03-05, until: 2024-03-06, factor: 2}, weak: {from: 2024-03-05, "
    storm += "until: 2024-03-08, factor: 1.5}}"
    planned = design(tmp_path, FACTORS.replace("units.Roads.staff: [1, 2]", storm))
    assert [tuple(point.settings.values()) for point in planned.points[::2]] == [("short", "on"), ("weak", "on")]
    shocks = [point.scenario.demand.shocks for point in planned.points[::2]]
    assert [shock["storm"].factor for shock in shocks] == [2, 1.5]


def test_a_point_has_the_measures_of_its_scenario(swept: tuple[Design, Path, sweeps.Sweep]) -> None:
    """Those of `sim.run`, to the last bit, and the differences of `sim.compare`."""
    planned, _, found = swept
    point = planned.points[3]
    run = sim.run(point.scenario, 2).measures.query("group_by == ''")
    run = run[run["measure"].isin(planned.experiment.measures)]
    mine = found.measures[found.measures["scenario"] == point.name]
    assert list(mine["measure"]) == list(run["measure"])
    pd.testing.assert_series_equal(
        mine["value"].reset_index(drop=True), run["value"].reset_index(drop=True), check_exact=True
    )
    compared = sim.compare([planned.points[0].scenario, point.scenario], 2).differences
    wanted = compared[compared["group_by"] == ""].set_index("measure")
    own = found.differences[found.differences["scenario"] == point.name].set_index("measure")
    columns = ["difference", "lower", "p", "relevant"]
    pd.testing.assert_frame_equal(own.loc[["hops_mean"], columns], wanted.loc[["hops_mean"], columns])
    median = "time_to_close_p50"  # exact in a comparison
    assert own.loc[median, "difference"] != wanted.loc[median, "difference"]
    assert abs(own.loc[median, "difference"] - wanted.loc[median, "difference"]) <= own.loc[median, "grid"]


def test_what_is_there_is_not_run_again(
    swept: tuple[Design, Path, sweeps.Sweep], monkeypatch: pytest.MonkeyPatch
) -> None:
    planned, folder, found = swept
    assert found.made == 8
    assert missing(planned, folder / "out") == 0
    again = sweep(planned, folder / "out", processes=1)
    assert again.made == 0
    assert again.table.equals(found.table)
    # a wider design makes only what is new; other programs make everything anew
    wider = design(folder, FACTORS.replace("[1, 2]", "[1, 2, 3]").replace("replications: 2", "replications: 3"))
    assert missing(wider, folder / "out") == 3 * 2 * 3 - 8
    monkeypatch.setattr(making, "programs", lambda: "others")
    assert missing(planned, folder / "out") == 8


def test_who_asks_for_more_measures_keeps_what_is_there(tmp_path: Path) -> None:
    few = design(tmp_path, FACTORS.replace("[time_to_close_p50, hops_mean, requests]", "[hops_mean]"))
    first = sweep(few, tmp_path / "out", processes=1)
    assert set(first.measures["measure"]) == {"hops_mean", "requests"}
    more = design(tmp_path)
    assert missing(more, tmp_path / "out") == 8
    both = sweep(more, tmp_path / "out", processes=1)
    assert missing(few, tmp_path / "out") == 0
    assert sweep(few, tmp_path / "out", processes=1).table.equals(first.table)
    assert both.table.to_csv() == sweep(more, tmp_path / "other", processes=1).table.to_csv()


def test_the_number_of_processes_changes_nothing(swept: tuple[Design, Path, sweeps.Sweep], tmp_path: Path) -> None:
    planned, folder, found = swept
    two = sweep(planned, tmp_path / "out", processes=2)
    assert two.table.equals(found.table)
    files = [{p.name: p.read_bytes() for p in (f / "done").glob("*.json")} for f in (folder / "out", tmp_path / "out")]
    assert files[0].items() >= files[1].items()


def test_a_run_that_fails_is_told_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = design(tmp_path)
    import sim.experiment.streaming as streaming
    from sim.errors import CitysimError

    whole = streaming.stream_measures

    def sometimes(city: Any, seed: int, replication: int, *rest: Any, **named: Any) -> Any:
        if replication == 1 and city.scenario.units["Roads"].staff.each == 2:
            raise CitysimError("no luck")
        return whole(city, seed, replication, *rest, **named)

    monkeypatch.setattr(streaming, "stream_measures", sometimes)
    found = sweep(planned, tmp_path / "out", processes=1)
    assert found.made == 6
    assert set(found.failed.values()) == {"no luck"}
    assert "no luck" in sweep_text(found)
    assert "no luck" in sound(sweep_page(found)).words
    result = CliRunner().invoke(cli, ["sweep", str(tmp_path), "--out", str(tmp_path / "out")], standalone_mode=False)
    assert result.return_value == 4


def test_mechanisms_one_by_one(tmp_path: Path) -> None:
    """Off is as in the city before, and takes with it what needs it; on is as in the base."""
    text = "question: What does each do?\nbase: town.yaml\none_by_one: {before: before.yaml}\nreplications: 1\n"
    planned = design(tmp_path, text)
    names = [point.name for point in planned.points]
    turned = ("first_recipient", "time_limits")
    assert names == ["A town", "Before", *(f"without {k}" for k in turned), *(f"{k} alone" for k in turned)]
    of = {point.name: point for point in planned.points}
    assert of["without first_recipient"].scenario.policies.first_recipient is None
    assert of["without first_recipient"].scenario.policies.time_limits is not None
    alone = of["first_recipient alone"].scenario.policies
    assert alone.first_recipient == of["A town"].scenario.policies.first_recipient
    assert alone.time_limits is None
    assert of["first_recipient alone"].against == "Before"
    assert of["without time_limits"].against == "A town"
    found = sweep(planned, tmp_path / "out", processes=1)
    assert max(len(line) for line in sweep_text(found).splitlines()) <= 80
    assert "First recipient" in sound(sweep_page(found)).words


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("question: Does", "frage: Does", 2, "unknown key"),
        ("[1, 2]", "[]", 5, "units.Roads.staff"),
        ("[1, 2]", "[1, two]", 5, "two"),
        ("[on, off]", "[on, perhaps]", 6, "on or off"),
        ("hops_mean", "hops_men", 7, "did you mean “hops_mean”"),
        ("replications: 2", "replications: 0", 8, "greater than or equal to 1"),
        ("units.Roads.staff", "units.Rods.staff", 5, "Rods"),
        ("  policies.first_recipient: [on, off]", "  policies.whistle: [on, off]", 6, "cannot be on"),
        ("[1, 2]", "{one: 1, none: null}", 5, "a value is wanted"),
        ("factors:", "one_by_one: {before: before.yaml}\nfactors:", 2, "not both"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        design(tmp_path, FACTORS.replace(old, new))
    assert any(f.line == line and words in str(f) for f in caught.value.findings), str(caught.value)


def test_the_command(tmp_path: Path) -> None:
    design(tmp_path)
    runner = CliRunner()
    dry = runner.invoke(cli, ["sweep", str(tmp_path), "--out", str(tmp_path / "out"), "--dry-run"])
    assert "4 points, 2 replications each" in dry.stdout
    assert "8 runs, of which 8 are missing" in " ".join(dry.stdout.split())
    assert not (tmp_path / "out").exists()
    result = runner.invoke(cli, ["sweep", str(tmp_path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    table = pd.read_csv(tmp_path / "out/table.csv")
    assert len(table) == 4 * 2 * 3
    assert list(table.columns[:4]) == ["point", "units.Roads.staff", "policies.first_recipient", "replication"]
    page = sound((tmp_path / "out/report.html").read_text("utf-8"))
    assert "By Roads staff" in page.words
    assert max(len(text) for text in result.stdout.splitlines() if not text.startswith(("Table", "Report"))) <= 80
    assert "Does a second officer help" in plan_text(load_design(tmp_path / "experiment.yaml"), 0)
