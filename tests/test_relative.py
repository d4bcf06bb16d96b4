"""Values told relative to what was there, wildcards, and people who come whole."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_texts import TOWN, file_wrongs, files
from test_scenario_fuzz import only_scenario_errors
from test_scenario_writing import same

from sim.cli import run_command
from sim.options import by_scenario
from sim.report.show import show_text
from sim.scenario import Scenario, ScenarioError, from_dict, from_text, load, load_all, merging
from sim.scenario.relative import Amount, read_amount, read_relative
from sim.scenario.whole import Place, whole

#: Three pools on shifts, a family of offices with so many people at each street, another with a total.
CITY = TOWN.replace(
    "  desk: {staff: 2}\n",
    """\
  desk: {staff: 2}
  night desk: {shifts: [{days: mon-fri, hours: 8:00-20:00, staff: 3}, {days: mon-sun, hours: 20:00-8:00, staff: 3}]}
  callback: {shifts: [{days: mon-fri, hours: 8:00-20:00, staff: 2}]}
  counter: {per: district, staff: {total: 15}, calendar: office}
  guards: {per: district, staff: 3}
""",
)
assert CITY != TOWN
CITY = f"format: 2\n{CITY}"


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return files(tmp_path, town=CITY)


def became(scenario: Scenario) -> dict[str, tuple[str, str]]:
    return {one.path: (one.before, one.after) for one in scenario.became}


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "before", "after"),
    [
        ("by +2", 3, "5"),
        ("by -2", 3, "1"),
        ("by  + 2", 3, "5"),
        ("by −2", 3, "1"),
        ("by +10 %", 40, "44"),
        ("by -10%", 0.9, "0.81"),
        ("by -0.1", 0.9, "0.8"),
        ("×0.9", 0.1, "0.09"),
        ("× 0.9", 40, "36"),
        ("x0.9", 40, "36"),
        ("x 0.9", "1_000 / h", "900 / h"),
        ("x3", "0.1 h", "0.3 h"),
        ("x0.9", "3 workdays, by closing", "2.7 workdays, by closing"),
        ("by +1 workday", "3 workdays", "4 workdays"),
        ("by +1 workday by closing", "3 workdays, by closing", "4 workdays, by closing"),
        ("by -2 h", "1 d", "22 h"),
        ("by +1 h", "30 min", "90 min"),
        ("by +30 min", "2 h", "150 min"),
        ("by -1 hour", "2 h", "1 h"),
        ("by +0.1 / year", "0.4 / year", "0.5 / year"),
        ("by +1 / d", "1 / h", "1.0416666666666667 / h"),
        ("by +1", -0.5, "0.5"),
    ],
)
def test_a_word_changes_an_amount(said: str, before: float | str, after: str) -> None:
    word = read_relative(said)
    assert word is not None
    assert word.of(read_amount(before)).text() == after


@pytest.mark.parametrize(
    "said", ["3", "-10 %", "+2", "bystander", "x-ray", "xylophone", "mon-fri", "once", "9:00-17:00", "", 3]
)
def test_other_values_are_no_such_words(said: object) -> None:
    assert read_relative(said) is None


@pytest.mark.parametrize(
    "said",
    ["by 2", "by two", "by", "bye -10 %", "x 0,9", "×", "x-2", "by +1,200", "*0.9", "b +2"],
)
def test_what_is_nearly_such_a_word_is_told_how_to_write_it(said: str, town: Path, tmp_path: Path) -> None:
    [line] = file_wrongs(town, tmp_path, (f"units.Roads.staff='{said}'",))
    assert line.startswith("--set:1:19: units.Roads.staff: ")
    assert "write by " in line.lower() or "is no unit of time" in line


@given(st.floats(0.001, 1e6), st.floats(0, 1000))
def test_a_factor_is_rounded_once(before: float, factor: float) -> None:
    word = read_relative(f"x{factor!r}")
    assert word is not None
    exact = Fraction(repr(before)) * Fraction(repr(factor))
    assert float(word.of(Amount(Fraction(repr(before)))).text()) == float(exact)


# --- people come whole ------------------------------------------------------------------------------------------------

COUNTS = st.lists(st.integers(0, 200), min_size=1, max_size=30)


def places(counts: list[int], factor: Fraction) -> list[Place]:
    return [Place((f"{i:03}",), Fraction(n), n * factor) for i, n in enumerate(counts)]


@given(COUNTS, st.fractions(0, 3, max_denominator=100))
def test_the_sum_is_right_and_nobody_is_left_with_none(counts: list[int], factor: Fraction) -> None:
    several = places(counts, factor)
    found = whole(several)
    lowest = sum(place.least for place in several)
    exact = sum(place.exact for place in several)
    assert sum(found.values()) == max(int(exact + Fraction(1, 2)), lowest)
    for one in several:
        assert abs(found[one.path] - one.exact) < 1 or found[one.path] == 1
        assert found[one.path] >= min(one.before, 1)


@given(COUNTS, st.fractions(0, 3, max_denominator=100), st.randoms())
def test_the_order_in_which_places_are_written_is_nothing(counts: list[int], factor: Fraction, luck: object) -> None:
    several = places(counts, factor)
    shuffled = list(several)
    luck.shuffle(shuffled)  # type: ignore[attr-defined]
    assert whole(shuffled) == whole(several)


@given(st.lists(st.lists(st.integers(1, 50), min_size=2, max_size=2), min_size=1, max_size=8), st.fractions(0.3, 2))
def test_shifts_of_the_same_hours_have_the_right_sum_in_each_hour(shifts: list[list[int]], factor: Fraction) -> None:
    day, night = frozenset(range(40, 80)), frozenset(range(80, 140))
    several = [
        Place((f"{i}", j), Fraction(n), n * factor, hours)
        for i, both in enumerate(shifts)
        for j, (n, hours) in enumerate(zip(both, (day, night), strict=True))
    ]
    found = whole(several)
    for j in (0, 1):
        on_duty = [place for place in several if place.path[1] == j]
        exact = sum(place.exact for place in on_duty)
        lowest = sum(place.least for place in on_duty)
        assert sum(found[place.path] for place in on_duty) == max(int(exact + Fraction(1, 2)), lowest)


def test_shifts_that_overlap_in_part_are_as_near_as_whole_shifts_allow() -> None:
    half = Fraction(1, 2)
    early, long, late = frozenset(range(0, 40)), frozenset(range(20, 80)), frozenset(range(60, 100))
    several = [
        Place((name,), Fraction(5), 4 + half, hours) for name, hours in zip("abc", (early, long, late), strict=True)
    ]
    # where one is alone 4.5 are rounded to 5; where two are on duty, 9: one of both is 5, so the long shift is 4
    assert whole(several) == {("a",): 5, ("b",): 4, ("c",): 5}


def test_a_tenth_fewer_everywhere() -> None:
    """A planner's sentence: citysim compare boston-2011 boston-2011 --set "2:units.*.staff=×0.9"."""
    both = ["boston-2011", "boston-2011"]
    as_it_was, fewer = load_all(both, by_scenario("--set", ["2:units.*.staff=×0.9"], both))
    assert as_it_was.digest == load("boston-2011").digest
    staff = {name: unit.staff.each for name, unit in fewer.units.items() if unit.staff is not None}
    assert sum(unit.staff.each or 0 for unit in as_it_was.units.values() if unit.staff) == 84
    assert sum(n or 0 for n in staff.values()) == 76  # 75.6
    assert list(staff.values()) == [29, 17, 6, 9, 5, 5, 1, 1, 1, 1, 1]
    assert became(fewer)["units.Public Works.staff"] == ("32", "29")
    assert as_it_was.became == ()


def test_a_relative_staff_changes_it_however_it_is_written(town: Path) -> None:
    made = load(town, ["pools.*.staff=by -10 %"])
    assert became(made) == {
        "pools.hotline.shifts.0.staff": ("4", "3"),  # 4 + 3 + 2 by day: 8.1
        "pools.night desk.shifts.0.staff": ("3", "3"),
        "pools.callback.shifts.0.staff": ("2", "2"),
        "pools.hotline.shifts.1.staff": ("1", "1"),  # 1 + 3 by night: 3.6
        "pools.night desk.shifts.1.staff": ("3", "3"),
        "pools.desk.staff": ("2", "2"),  # 2 + 15: 15.3
        "pools.counter.staff.total": ("15", "13"),
        "pools.guards.staff": ("3", "3"),  # at each of two districts
    }
    [note] = [str(note) for note in made.notes if "guards" in str(note)]
    assert note.startswith("--set:1:15: pools.guards.staff: “by -10 %” of 3 is 2.7 at each place: 3 people")
    assert made.digest == load(town, ["pools.*.staff=by -10%"]).digest
    half = became(load(town, ["pools.*.staff=×0.5"]))
    assert half["pools.guards.staff"] == ("3", "2")  # 1.5
    assert (half["pools.desk.staff"], half["pools.counter.staff.total"]) == (("2", "1"), ("15", "8"))  # together 8.5


def test_a_factor_of_one_and_nothing_more_change_nothing(town: Path) -> None:
    as_it_was = load(town)
    for word in ("×1", "by +0", "by -0 %"):
        assert load(town, [f"units.*.staff={word}", f"pools.*.staff={word}"]).digest == as_it_was.digest
    for path in (
        "categories.*.work",
        "channels.*.talk",
        "channels.*.share",
        "categories.*.unit.*",
        "dispatch.accuracy",
    ):
        assert load(town, [f"{path}=×1"]).digest == as_it_was.digest
    assert load(town, ["channels.phone.talk=by +0 s", "categories.*.total=by -0 / d"]).digest == as_it_was.digest


def test_the_order_of_the_file_is_nothing(town: Path, tmp_path: Path) -> None:
    roads, parks = "  Roads: {staff: 3, calendar: office}\n", "  Parks: {staff: 2, calendar: office}\n"
    other = files(tmp_path, other=CITY.replace(roads + parks, parks + roads))
    for word in ("by -10 %", "×0.5", "×1.1"):
        first, second = (load(path, [f"units.*.staff={word}"]) for path in (town, other))
        assert first.digest == second.digest != load(town).digest or word == "by -10 %"
    assert became(load(town, ["units.*.staff=×0.5"])) == {
        "units.Roads.staff": ("3", "2"),
        "units.Parks.staff": ("2", "1"),
    }


def test_what_cannot_be_made_of_people_is_said(town: Path, tmp_path: Path) -> None:
    overrides = ("units.*.staff=by -2", "pools.*.staff=×0", "pools.desk.staff=by -2 h", "pools.hotline.staff=by -4")
    assert file_wrongs(town, tmp_path, overrides) == [
        "--set:1:15: units.Parks.staff: “by -2” of 2 is 0: none would be left; write 0 if that is meant",
        *(
            f"--set:2:15: pools.{path}: “×0” of {n} is 0: none would be left; write 0 if that is meant"
            for path, n in (
                ("hotline.shifts.0.staff", 4),
                ("hotline.shifts.1.staff", 1),
                ("desk.staff", 2),
                ("night desk.shifts.0.staff", 3),
                ("night desk.shifts.1.staff", 3),
                ("callback.shifts.0.staff", 2),
                ("counter.staff.total", 15),
                ("guards.staff", 3),
            )
        ),
        "--set:3:18: pools.desk.staff: 2 has no unit: write by -2",
        "--set:4:21: pools.hotline.shifts.0.staff: “by -4” of 4 is 0: none would be left; write 0 if that is meant",
        "--set:4:21: pools.hotline.shifts.1.staff: “by -4” of 1 is -3: that is less than none",
    ]
    [note] = [str(note) for note in load(town, ["units.*.staff=×0.1"]).notes]
    assert note == "--set:1:15: units.Roads.staff: “×0.1” leaves 2 together and not 0.5, since one stays at each place"
    [note] = [str(note) for note in load(town, ["units.Roads.staff=×1.1"]).notes]
    assert note.endswith("units.Roads.staff: “×1.1” changes nothing here: people and counts come whole")


# --- paths ------------------------------------------------------------------------------------------------------------


def test_a_star_is_each_name_that_is_there(town: Path) -> None:
    made = load(
        town, ["units.*.wage=30 / h", "categories.*.work=x2", "categories.*.total=by +10 %", "units.*=null"][:3]
    )
    assert {unit.wage for unit in made.units.values()} == {30.0}
    assert became(made) == {
        "units.Roads.wage": ("", "30 / h"),
        "units.Parks.wage": ("", "30 / h"),
        "categories.Noise.work.mean": ("2 h", "4 h"),
        "categories.Question.work": ("20 min", "40 min"),
        "categories.Noise.total": ("5000 / year", "5500 / year"),
    }
    [note] = made.notes
    assert str(note) == "--set:3:1: “by +10 %” is said of 1; there is no such value at categories.Question.total"
    taken = load(town, ["channels.*.redial=null"])
    assert became(taken) == {"channels.phone.redial": ("{probability: 0.4, after: 1 h}", "")}
    assert load(town, ["pools.*.shifts.*.staff=3"]).pools["hotline"].shifts == taken.pools["night desk"].shifts


def test_names_with_a_star_are_reached_in_quotes(tmp_path: Path) -> None:
    path = files(tmp_path, town=CITY.replace("Parks", "Parks*2"))
    assert load(path, ['units."Parks*2".staff=by +1']).units["Parks*2"].staff == load(path).units["Roads"].staff
    [line] = file_wrongs(path, tmp_path, ("units.Parks*2.staff=4",))
    assert line.startswith(
        "--set:1:1: “*” is one whole step, as in units.*.staff; a name that has one stands in quotes"
    )
    [line] = file_wrongs(path, tmp_path, ('units."*".staff=by +1',))
    assert line.startswith("--set:1:1: no value of the scenario is at “units.*.staff”")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "units.*.staf=×0.9",
            "--set:1:1: no value of the scenario is at “units.*.staf”, did you mean “units.*.staff”?",
        ),
        ("unit.*.staff=3", "--set:1:1: no value of the scenario is at “unit.*.staff”, did you mean “units.*.staff”?"),
        (
            "units.Road.staff=by +1",
            "--set:1:1: no value of the scenario is at “units.Road.staff”, did you mean “units.R",
        ),
        (
            "units.Roads.staff.total=by +1",
            "--set:1:1: no value of the scenario is at “units.Roads.staff.total”: nothing",
        ),
        ("units.Roads.wage=×2", "--set:1:1: no value of the scenario is at “units.Roads.wage”"),
        ("categories.Question.hours=×2", "--set:1:1: no value of the scenario is at “categories.Question.hours”"),
        ("contact.work=×2", "--set:1:1: no value of the scenario is at “contact.work”"),
        (
            "units.Roads=×2",
            "--set:1:13: units.Roads: “×2” is for a value, and here are several: write it to one of unit",
        ),
        (
            "units=×2",
            "--set:1:7: units: “×2” is for a value, and here are several: write it to one of units.Roads, unit",
        ),
        (
            "categories.Noise.work=by +1 h",
            "--set:1:23: categories.Noise.work: a distribution is changed by ×0.9 or by ",
        ),
        ("categories.Question.work=by +1", "--set:1:26: categories.Question.work: of what? Write by +1 min"),
        ("categories.Noise.total=by +1 h", "--set:1:24: categories.Noise.total: 5000 / year has another kind of unit"),
        (
            "categories.Noise.work.mean=by -3 h",
            "--set:1:28: categories.Noise.work.mean: “by -3 h” of 2 h is -1 h: must",
        ),
        (
            "dispatch.accuracy=by +5 pp",
            "--set:1:19: dispatch.accuracy: points of a share are hundredths here: write by +",
        ),
        (
            "dispatch.accuracy=×1.2",
            "--set:1:19: dispatch.accuracy: “×1.2” of 0.9 is 1.08: must be between 0 and 1, but is",
        ),
        (
            "dispatch.accuracy=+2",
            "--set:1:19: dispatch.accuracy: “+2” reads like so much more than before: write 2 withou",
        ),
        (
            "dispatch.accuracy=-10 %",
            "--set:1:19: dispatch.accuracy: a number is wanted, not “-10 %”: write by -10 % for",
        ),
        ("dispatch.accuracy=*0.9", "--set:1:1: to multiply write ×0.9 or x0.9, not “*0.9”"),
        ("channels.*.share=×0.5", "--set:1:10: channels: the shares must sum to 1, but sum to 0.5"),
        (
            "calendars.office.open.mon-fri=by +1 h",
            "--set:1:31: calendars.office.open.mon-fri: “9:00-17:00” is no number",
        ),
        ("time.end=by +7 d", "--set:1:10: time.end: a date such as"),
        ("units.Roads.level=×2", "--set:1:19: units.Roads.level: must be street, district, department or utility"),
        ("categories.Noise.confused_with=×2", "--set:1:32: categories.Noise.confused_with: there is no unit “×2”"),
        ("units.Roads.staff=×1e300", "--set:1:19: units.Roads.staff: too large a number: at most 1e+15"),
    ],
)
def test_what_leads_nowhere_or_makes_no_sense_is_said(override: str, said: str, town: Path, tmp_path: Path) -> None:
    [line] = file_wrongs(town, tmp_path, (override,))
    assert line.startswith(said)


def test_text_is_text(town: Path) -> None:
    assert load(town, ["name=×0.9", "units.*.label=by +2"]).name == "×0.9"
    assert load(town, ["units.*.label=by +2"]).units["Roads"].label == "by +2"


def test_defaults_can_be_changed_where_they_depend_on_nothing_else(town: Path) -> None:
    made = load(town, ["districts.*.activity=×1.1", "channels.phone.redial.at_most=by +1", "units.Roads.wage=30 / h"])
    assert [district.activity for district in made.districts.values()] == [1.1, 1.1]
    assert load(town, ["units.Roads.wage=30 / h", "units.*.overtime=by +0.5"]).units["Parks"].overtime == 1.5
    assert made.channels["phone"].redial is not None
    assert made.channels["phone"].redial.at_most == 2


def test_wholes_are_changed_in_their_times(town: Path, tmp_path: Path) -> None:
    four = "categories.Question.work={quantiles: {0: 0 h, 0.5: 2 h, 1: 30 h}}"
    made = load(
        town, [four, "categories.*.work=×0.5", "categories.Noise.resolve=[0.8, 0.6]", "categories.*.resolve=×0.5"]
    )
    assert (
        made.categories["Question"].work
        == load(town, [four.replace("2 h", "1 h").replace("30", "15")]).categories["Question"].work
    )
    [line] = file_wrongs(town, tmp_path, (four, "categories.Question.work=by +1 h"))
    assert line.endswith("write “by +1 h” to categories.Question.work.quantiles")
    later = load(town, [four, "categories.Question.work.quantiles=by +1 h"]).categories["Question"].work
    assert later is not None
    assert later.values == (1.0, 3.0, 31.0)
    assert made.categories["Noise"].resolve == (0.4, 0.3)
    assert made.categories["Question"].resolve == (0.5,)  # by default 1
    scipy = "categories.Question.work={distribution: beta, a: 2, b: 5, loc: 1 h, scale: 3 h}"
    half = load(town, [scipy, "categories.Question.work=x0.5"]).categories["Question"].work
    assert half is not None
    assert (half.loc, half.scale, half.shapes) == (0.5, 1.5, (("a", 2.0), ("b", 5.0)))


# --- files ------------------------------------------------------------------------------------------------------------

OVERLAY = """\
format: 2
extends: town.yaml
name: Fewer
units:
  Roads: {staff: by +3}
  "*": {staff: ×0.5, wage: 30 / h}
pools:
  hotline: {staff: ×2}
  counter: {staff: {total: by -20 %}}
categories:
  Noise: {work: {distribution: gamma, mean: ×1.5, cv: 1}}
  "*": {work: by -50 %}
"""


def test_a_file_changes_what_it_extends(town: Path, tmp_path: Path) -> None:
    """What is said of `*` first, then what is said of names, wherever it stands; each word of what was there then."""
    path = files(tmp_path, overlay=OVERLAY)
    made = load(path, ["units.Roads.staff=by +1"])
    assert [(one.path.removeprefix("units."), one.before, one.after, one.word) for one in made.became] == [
        ("categories.Noise.work.mean", "2 h", "1 h", "by -50 %"),
        ("categories.Question.work", "20 min", "10 min", "by -50 %"),
        ("Roads.staff", "3", "2", "×0.5"),
        ("Parks.staff", "2", "1", "×0.5"),
        ("categories.Noise.work.mean", "1 h", "1.5 h", "×1.5"),
        ("Roads.staff", "2", "5", "by +3"),
        ("pools.hotline.shifts.0.staff", "4", "8", "×2"),
        ("pools.hotline.shifts.1.staff", "1", "2", "×2"),
        ("pools.counter.staff.total", "15", "12", "by -20 %"),
        ("Roads.staff", "5", "6", "by +1"),
    ]
    assert {unit.wage for unit in made.units.values()} == {30.0}
    lines = OVERLAY.splitlines(keepends=True)
    turned = "".join([*lines[:4], lines[5], lines[4], *lines[6:]])
    assert load(files(tmp_path, turned=turned)).digest == load(path).digest
    data = {"extends": "town.yaml", "name": "Fewer", "units": {"*": {"staff": "×0.5"}, "Roads": {"staff": "by +3"}}}
    assert from_dict(data, folder=tmp_path).units["Roads"] == load(town, ["units.Roads.staff=5"]).units["Roads"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("units: {Roads: {wage: ×2}}", "1:23: units.Roads.wage: “×2” of what? There is no value here that it could"),
        ("units: {Roads: {staff: by 2}}", "1:24: units.Roads.staff: “by 2” is not read: write by +2, by -2, by -10 %"),
        (
            "pools: {desc: {staff: by +2}}",
            "1:23: pools.desc.staff: “by +2” of what? There is no value",
        ),
        (
            "units: ×2",
            "1:8: units: “×2” is for a value, and here are several: write it to one of units.Roads, units.Par",
        ),
        ('units: {"*": ×2}', "1:14: units.Roads: “×2” is for a value, and here are several"),
        (
            'initial: {"*": {Noise: ×2}}',
            '1:11: initial."*": “*” is each name that is inherited, and there is none here',
        ),
        ('units: {"*": {level: village}}', "1:22: units.Roads.level: must be street, district, department or utility"),
        (
            "pools: {hotline: {shifts: [{days: mon, hours: 8:00-9:00, staff: ×2}]}}",
            "1:65: pools.hotline.shifts.0.staff: “×2” of what? There is no value here that it could change: a list",
        ),
        ("dispatch: {accuracy: ×1.2}", "1:22: dispatch.accuracy: “×1.2” of 0.9 is 1.08: must be between 0 and 1"),
        ("dispatch: {accuracy: *0.9}", "1:24: not YAML: while scanning an alias, did not find"),
        ("dispatch: {accuracy: *2}", "1:22: dispatch.accuracy: there is no anchor “2”; to multiply write ×0.9 or x0.9"),
        (
            "dispatch: {accuracy: bye -10 %}",
            "1:22: dispatch.accuracy: “bye -10 %” is not read: write by +2, by -2, by ",
        ),
        ("categories: {Noise: {work: {mean: ×2}}}", "1:28: categories.Noise.work: a distribution is named by"),
        ("staff: ×2", "1:1: staff: unknown key"),
    ],
)
def test_what_is_wrong_in_a_file_has_its_place(line: str, said: str, town: Path, tmp_path: Path) -> None:
    first, *_ = file_wrongs(files(tmp_path, overlay=f"{line}\nextends: town.yaml\nformat: 2\n"), tmp_path)
    assert first.startswith(f"overlay.yaml:{said}")


def test_a_file_that_extends_nothing_changes_nothing() -> None:
    with pytest.raises(ScenarioError) as caught:
        from_text(CITY.replace("staff: 3, calendar", "staff: by +3, calendar"), "town.yaml")
    [line] = [str(finding) for finding in caught.value.findings]
    assert line.endswith("units.Roads.staff: “by +3” of what? There is no value here that it could change")


def test_a_base_that_cannot_be_read_is_said_alone(town: Path, tmp_path: Path) -> None:
    over = files(tmp_path, overlay="extends: gone.yaml\nformat: 2\nunits: {'*': {staff: ×2}, Roads: {staff: by +1}}\n")
    [line] = file_wrongs(over, tmp_path, ("units.*.staff=×2",))
    assert "gone.yaml" in line


def test_a_table_changes_what_its_file_extends(town: Path, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text("unit,staff\nRoads,by +2\nParks,×3\n", encoding="utf-8")
    made = load(files(tmp_path, overlay="extends: town.yaml\nformat: 2\nunits: {table: more.csv}\n"))
    assert became(made) == {"units.Roads.staff": ("3", "5"), "units.Parks.staff": ("2", "6")}
    (tmp_path / "more.csv").write_text("unit,wage\nRoads,by +2\n", encoding="utf-8")
    [line] = file_wrongs(tmp_path / "overlay.yaml", tmp_path)
    assert line.startswith("more.csv:2:2: units.Roads.wage: “by +2” of what?")


# --- what is told -----------------------------------------------------------------------------------------------------


def test_a_changed_value_says_of_what_and_where_that_came_from(town: Path, tmp_path: Path) -> None:
    sources = (
        "sources: {units.Roads.staff: {kind: data, note: payroll}, categories.*.work: {kind: expert, note: asked}}\n"
    )
    path = files(tmp_path, overlay=OVERLAY + sources)
    made = load(path, ["units.*.staff=by +1", "categories.Noise.work.mean=×2", "pools.hotline.staff=×2"])
    told = {value.path: (value.source.note, value.was) for value in made.values() if value.source is not None}
    nothing = "of what was there (no source)"
    assert told == {
        "units.Roads.staff": ("by +1 of what was there (data · payroll)", "5"),
        "units.Parks.staff": (f"by +1 of what was there (assumption · ×0.5 {nothing})", "1"),
        "pools.hotline.shifts": (f"×2 of what was there (assumption · ×2 {nothing})", "8, 2"),
        "pools.counter.staff": (f"by -20 % {nothing}", "15"),
        "categories.Noise.work": ("×2 of what was there (expert · asked)", "1.5 h"),
        "categories.Question.work": ("asked", "20 min"),
    }
    shown = " ".join(show_text(made, "units.Roads.staff").split())
    assert shown == "units.Roads.staff = 6 assumption · by +1 of 5 (data · payroll) (--set:1)"
    text = same(made)
    assert not re.search("×|by [-+]", text.partition("sources:")[0])


def test_the_command_line_tells_what_each_became(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["validate", str(town), str(town), "--set", "2:units.*.staff=by +20 %"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"{town}: ok (Small town)",
        "  units.Roads.staff: 3 → 4 (by +20 %)",
        "  units.Parks.staff: 2 → 2 (by +20 %)",
        "  together 5 → 6 (by +20 %)",
    ]
    assert run_command(["show", "boston-2011", "units.Information.staff", "--set", "categories.*.work=×2"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("units.Information.staff = 5\n")
    assert err.splitlines()[0] == "categories.Schedule a Bulk Item Pickup.work.mean: 90 min → 180 min (×2)"
    assert err.splitlines()[-1] == "… and 72 more"


# --- whatever is written ----------------------------------------------------------------------------------------------


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            ["*", "units", "pools", "categories", "Noise", "Roads", "staff", "shifts", "work", "0", '"*"', "**"]
        )
    ),
    st.sampled_from(["by", "×", "x", "by +", "by -", "*", ""]),
    st.sampled_from(["2", "0.9", "10 %", "1 h", "1e300", "9" * 400, "-3", "{a: by +2}", "null", ""]),
)
def test_any_path_and_any_word(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], word: str, number: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    if not path.exists():
        path.write_text(CITY, encoding="utf-8")
    only_scenario_errors(lambda: load(path, [f"{'.'.join(steps)}={word}{number}"]))


def test_matching_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "_MOST_PLACES", 1_000)
    streets = "".join(f"  d{i}: {{population: 5}}\n" for i in range(100))
    path = files(tmp_path, town=CITY.replace("  Old Town: {population: 12000}\n", streets))
    for steps in ("districts.*.population", "*.*.*.nobody", "pools.*.shifts.*.staff"):
        assert not any("too much" in line for line in file_wrongs(path, tmp_path, (f"{steps}=by +1", "name=")))
        assert any("too much" in line for line in file_wrongs(path, tmp_path, (f"{steps}=by +1",) * 300))
    wide = "{" + ", ".join(f"k{i}: 1" for i in range(20)) + "}"
    over = files(tmp_path, overlay=f"extends: town.yaml\nformat: 2\ndistricts: {{'*': {wide}}}\n")
    assert any("“*” stands for too much: more than 1,000 values" in line for line in file_wrongs(over, tmp_path))
