"""Entries of a scenario that come from a CSV file beside it: the same city, and every error with its row and column."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_texts import TOWN, file_wrongs, town

from sim.experiment.given import keep_originals
from sim.report.show import show_text
from sim.scenario import Finding, ScenarioError, from_dict, from_text, load
from sim.scenario.writing import complete_text

#: The small town, with most of it in tables.
TABLED = """\
name: Small town
time: {start: 2024-03-04, end: 2024-03-11}
calendars:
  office: {open: {mon-fri: 9:00-17:00}}
classes: [urgent, ordinary]
districts: {table: districts.csv}
channels:
  phone: {share: 0.9, pool: hotline, talk: 5 min, patience: 3 min, redial: {probability: 0.4, after: 1 h}}
  web: {share: 0.1}
pools:
  hotline: {shifts: {table: shifts.csv}}
  desk: {staff: 2}
units: {table: units.csv}
dispatch: {pool: desk, work: 4 min, accuracy: 0.9}
categories: {table: categories.csv}
"""
DISTRICTS = "\ufeffdistrict;population\r\nOld Town;12000\r\nNew Town;8000\r\n;\r\n"
SHIFTS = "days,hours,staff\nmon-fri,8:00-20:00,4\nmon-sun,20:00-8:00,1\n"
UNITS = "name,staff,calendar\nRoads,3,office\nParks,2,office\n"
CATEGORIES = """\
name,kind,total,rate,unit,work.distribution,work.mean,work.cv,work
Noise,,5000 / year,,"{Roads: 0.9, Parks: 0.1}",lognormal,2 h,1.5,
Question,consultation,,0.4 / year,Parks,,,,20 min
"""


def beside(folder: Path, text: str = TABLED, **tables: str) -> Path:
    """The town in a folder with its tables, some of them others."""
    given = {"districts": DISTRICTS, "shifts": SHIFTS, "units": UNITS, "categories": CATEGORIES} | tables
    for name, table in given.items():
        (folder / f"{name}.csv").write_text(table, encoding="utf-8", newline="")
    (folder / "town.yaml").write_text(text, encoding="utf-8")
    return folder / "town.yaml"


def test_a_city_is_the_same_however_it_was_written(tmp_path: Path) -> None:
    scenario, plain = load(beside(tmp_path)), from_text(TOWN)
    assert scenario == plain
    assert scenario.digest == plain.digest
    assert list(scenario.districts) == list(plain.districts)
    semicolons = load(beside(tmp_path, units=UNITS.replace(",", ";").replace("\n", "\r\n")))
    assert semicolons.digest == plain.digest
    assert load(beside(tmp_path, units=UNITS.replace("Roads,3", "Roads,4"))).digest != plain.digest


def test_it_is_written_complete_without_its_tables(tmp_path: Path) -> None:
    scenario = load(beside(tmp_path))
    text = complete_text(scenario)
    assert "csv" not in text
    assert from_text(text).digest == scenario.digest


def test_values_say_from_which_row_they_are_and_have_sources(tmp_path: Path) -> None:
    source = 'sources: {"units.**": {kind: data, note: the budget}}\n'
    scenario = load(beside(tmp_path, TABLED + source))
    found = {value.path: value for value in scenario.values()}
    value = found["units.Parks.staff"]
    assert (value.origin_file, value.line) == (str(tmp_path / "units.csv"), 3)
    assert value.source is not None
    assert found["districts.Old Town.population"].source is None
    variant = tmp_path / "more.yaml"
    variant.write_text("extends: town.yaml\nunits: {table: more.csv}\n", encoding="utf-8")
    (tmp_path / "more.csv").write_text("name,staff\nRoads,7\n", encoding="utf-8")
    more = load(variant, ["units.Parks.staff=9"])
    assert [value.value_text for value in more.values() if value.path.endswith(("Roads.staff", "Parks.staff"))] == [
        "7",
        "9",
    ]
    assert {v.path: v for v in more.values()}["units.Roads.staff"].source is None  # it is not that of what it replaces
    shown = show_text(more)
    assert "units.Roads.staff = 7" in shown[: shown.index("Values and their sources")]
    assert "population" not in shown[: shown.index("Values and their sources")]


def test_what_a_cell_says_is_said_as_in_yaml(tmp_path: Path) -> None:
    units = (
        "name,staff,calendar,label,discipline,shifts\n"
        'Roads,3,office,"Room #5: ""west"", east",,\n'
        "Parks,,,'7',,\"[{days: mon-sun, hours: 8:00-20:00, staff: 2}]\"\n"
    )
    scenario = load(beside(tmp_path, units=units))
    assert scenario.units["Roads"].label == 'Room #5: "west", east'
    assert scenario.units["Parks"].label == "7"
    assert scenario.units["Parks"].staff is None
    variant = tmp_path / "more.yaml"
    variant.write_text("extends: town.yaml\nunits: {table: more.csv}\n", encoding="utf-8")
    (tmp_path / "more.csv").write_text("name,label\nRoads,null\nParks,~\n", encoding="utf-8")
    assert [unit.label for unit in load(variant).units.values()] == [None, None]


def test_what_is_no_cell_stands_beside_and_plain_values_have_two_columns(tmp_path: Path) -> None:
    text = TABLED.replace("{table: districts.csv}", "{table: districts.csv, Hillside: {population: 500}}")
    text = text.replace("{table: units.csv}", "{table: units.csv, Roads: {label: 路}}")
    text += "policies: {time_limits: {by_category: {table: limits.csv}}}\n"
    scenario = load(beside(tmp_path, text, limits="category,limit\nNoise,24 h\n"))
    assert list(scenario.districts) == ["Old Town", "New Town", "Hillside"]
    assert (scenario.units["Roads"].label, scenario.units["Parks"].label) == ("路", None)
    limits = scenario.policies.time_limits
    assert limits is not None
    assert limits.by_category["Noise"].written() == "24 h"
    twice = beside(tmp_path, text.replace("label: 路", "staff: 4"))
    expected = "town.yaml:13:35: units.Roads.staff: stands in row 2 of units.csv, too"
    assert file_wrongs(twice, tmp_path) == [expected]


def test_of_maps_within_maps_rows_and_columns_are_names(tmp_path: Path) -> None:
    text = TABLED + "initial: {table: open.csv}\n"
    open_table = 'unit,Noise,Question\nRoads,40,\nParks,"{count: 9, ages: 3 d}",2\n'
    initial = "initial: {Roads: {Noise: 40}, Parks: {Noise: {count: 9, ages: 3 d}, Question: 2}}\n"
    assert load(beside(tmp_path, text, open=open_table)).digest == from_text(TOWN + initial).digest
    wrong = file_wrongs(beside(tmp_path, text, open=open_table.replace("Question", "Questoin")), tmp_path)
    assert [line for line in wrong if line.startswith("open.csv:3:3: initial.Parks.Questoin: ")]


def test_a_name_that_is_table_is_a_name(tmp_path: Path) -> None:
    assert "table" in from_text(town(("New Town:", "table:"))).districts
    limits = "policies: {time_limits: {by_category: {table: 24 h}}}\n"
    scenario = from_text(TOWN.replace("Noise", "table") + limits)
    assert scenario.policies.time_limits is not None
    assert list(scenario.policies.time_limits.by_category) == ["table"]


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ({"units": UNITS.replace("Parks,2", "Parks,two")}, "units.csv:3:2: units.Parks.staff: "),
        (
            {"units": UNITS.replace("staff", "staf")},
            "units.csv:1:2: units: unknown column “staf”, did you mean “staff”?",
        ),
        ({"units": UNITS.replace("staff", "xyzzy")}, "units.csv:1:2: units: unknown column “xyzzy”: there are "),
        ({"units": UNITS.replace("name,", ",").replace("calendar", "staff")}, "the column “staff” is there twice"),
        (
            {"units": UNITS.replace("Parks", "Roads")},
            "units.csv:3:1: units.Roads: the name is there twice, first in row 2",
        ),
        ({"units": UNITS.replace("Parks", "")}, "units.csv:3:1: units: a name is missing"),
        ({"units": UNITS.replace("name,staff", "staff,level")}, "so “staff” cannot be its heading"),
        ({"units": UNITS + "Zoo,1,office,x\n"}, "units.csv:4:4: units: “x” stands below no heading"),
        ({"units": UNITS.replace(",calendar", ",")}, "units.csv:1:3: units: a heading is missing"),
        ({"units": UNITS.replace("office", "ofice")}, "units.csv:2:3: units.Roads.calendar: "),
        ({"units": UNITS.replace("3", '"3"x')}, "units.csv:2:1: units: not CSV: "),
        ({"units": UNITS.replace("3", '"3')}, "units.csv:2:1: units: not CSV: "),
        ({"units": UNITS.replace("3", "{3")}, "units.csv:2:2: units.Roads.staff: not YAML: "),
        ({"units": UNITS.replace("3", "\x07")}, "units.csv:2:2: units: the character U+0007 cannot stand"),
        ({"units": "name,staff\n"}, "units.csv:1:1: units: the table has no rows"),
        ({"units": ""}, "units.csv:1:1: units: the table has no rows"),
        ({"units": UNITS.replace(",", ";").replace("3", "3,5")}, "units.csv:2:2: units.Roads.staff: "),
        ({"shifts": SHIFTS.replace("hours", "time")}, "shifts.csv:1:2: pools.hotline.shifts: unknown column “time”"),
        ({"shifts": SHIFTS.replace("20:00-8:00", "20-8")}, "shifts.csv:3:2: pools.hotline.shifts.1.hours: "),
        (
            {"categories": CATEGORIES.replace("1.5,", "1.5,2 h")},
            "categories.csv:2:7: categories.Noise.work.mean: “work.mean” is",
        ),
        ({"categories": CATEGORIES.replace("work.cv", "resolve.0")}, "a list stands in one cell of resolve, such as"),
        (
            {"categories": CATEGORIES.replace("lognormal", "lognorml")},
            "categories.csv:2:6: categories.Noise.work.distribution",
        ),
    ],
)
def test_what_is_wrong_is_said_with_row_and_column(tmp_path: Path, tables: dict[str, str], expected: str) -> None:
    found = file_wrongs(beside(tmp_path, **tables), tmp_path)
    assert any(expected in line for line in found), found


def test_errors_of_all_files_are_said_at_once_in_their_order(tmp_path: Path) -> None:
    path = beside(
        tmp_path, TABLED.replace("0.9}", "1.9}"), units=UNITS.replace("3", "x"), shifts=SHIFTS.replace("4", "y")
    )
    places = [line.split(": ")[0] for line in file_wrongs(path, tmp_path)]
    assert places == ["town.yaml:14:47", "shifts.csv:2:3", "units.csv:2:2"]


def test_only_files_in_the_folder_are_read(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "units.csv").write_text(UNITS, encoding="utf-8")
    place = "town.yaml:13:16: units.table: "
    for name, said in {
        "../units.csv": "“../units.csv” is outside the folder of this file",
        "none.csv": "“none.csv” does not exist",
        "units.txt": "the name of a CSV file is wanted, not “units.txt”",
        str(tmp_path / "units.csv"): "a relative path is wanted, not ",
        "sub": "the name of a CSV file is wanted, not “sub”",
    }.items():
        found = file_wrongs(beside(inner, TABLED.replace("units.csv", name)), inner)
        assert len(found) == 1
        assert found[0].startswith(place + said)
    (inner / "link.csv").symlink_to(tmp_path / "units.csv")
    assert "outside the folder" in file_wrongs(beside(inner, TABLED.replace("units.csv", "link.csv")), inner)[0]
    (inner / "gbk.csv").write_bytes("name,label\n道路,路\n".encode("gbk"))
    (found,) = file_wrongs(beside(inner, TABLED.replace("units.csv", "gbk.csv")), inner)
    assert "is not UTF-8 text (byte 12): in Excel, save it as “CSV UTF-8”" in found
    (inner / "big.csv").write_text("name,staff\n" + "x,1\n" * 1_250_000, encoding="utf-8")
    assert "larger than 5 MB" in file_wrongs(beside(inner, TABLED.replace("units.csv", "big.csv")), inner)[0]


def test_a_text_has_no_tables_and_data_has_those_of_its_folder(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="only a file can have a table beside it"):
        from_text("extends: teaching\nunits: {table: units.csv}")
    beside(tmp_path)
    data = {"extends": "town.yaml", "units": {"table": "units.csv"}}
    assert from_dict(data, tmp_path).digest == from_text(TOWN).digest


def test_a_run_keeps_tables_as_they_were_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    beside(tmp_path)
    (tmp_path / "more.yaml").write_text("extends: town.yaml\nunits: {table: units.csv}\n", encoding="utf-8")
    keep_originals(load("more.yaml"), Path("given"))
    kept = {path.name: path.read_bytes() for path in Path("given").iterdir()}
    assert kept.keys() == {"more.yaml", "town.yaml", "districts.csv", "shifts.csv", "units.csv", "categories.csv"}
    assert all(Path(name).read_bytes() == content for name, content in kept.items())


@settings(max_examples=60)
@given(
    st.text(st.sampled_from("ab,;\"'\n\r{}[]:.#&*!~0\x00\ufeff道\t ")),
    st.sampled_from(["units", "shifts", "categories", "districts"]),
)
def test_whatever_a_file_holds_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str, name: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    path = beside(folder, **{name: {"units": UNITS, "shifts": SHIFTS}.get(name, "") + text})
    findings: tuple[Finding, ...] = ()
    try:
        load(path)
    except ScenarioError as wrong:
        findings = wrong.findings
    assert all(finding.line for finding in findings)
