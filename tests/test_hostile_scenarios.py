"""Bad input: each is refused with its exact place, everything at once, and nothing but `ScenarioError` ever comes out."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenario_texts import TOWN, place, town, town_scenario, wrongs

from sim.scenario import Scenario, ScenarioError, from_dict, from_text, load


def files(folder: Path, **texts: str) -> Path:
    """Scenario files in a folder; returns the first one's path."""
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder / f"{next(iter(texts))}.yaml"


def file_wrongs(path: Path, folder: Path, overrides: tuple[str, ...] = ()) -> list[str]:
    """The problems of a file, as lines with paths relative to the folder."""
    with pytest.raises(ScenarioError) as caught:
        load(path, overrides)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


ONE_LINE = [
    # unknown keys
    ("  Roads: {staff: 3,", "  Roads: {stuff: 3, staff: 3,", "stuff", "units.Roads.stuff: unknown key, did you mean “staff”?"),
    ("name: Small town", "nmae: x\nname: Small town", "nmae", "nmae: unknown key, did you mean “name”?"),
    ("web: {share: 0.1}", "web: {share: 0.1, zzz: 1}", "zzz", "channels.web.zzz: unknown key"),
    (
        "cv: 1.5}",
        "cv: 1.5, sigma: 3}",
        "sigma",
        "categories.Noise.work.sigma: cannot stand beside mean and cv",
    ),
    # wrong units
    ("talk: 5 min", "talk: 5", "5,", "channels.phone.talk: a duration needs its unit: “5” of what? Write “5 h” or “5 min”"),
    ("talk: 5 min", "talk: 5 mn", "5 mn", "channels.phone.talk: “mn” is no unit of time, did you mean “min”?"),
    ("talk: 5 min", "talk: 5 km", "5 km", "channels.phone.talk: “km” is no unit of time"),
    ("rate: 0.4 / year", "rate: 0.4", "0.4,", "categories.Question.rate: a rate such as “30 / h” is wanted, not “0.4”"),
    ("rate: 0.4 / year", "rate: 4 h", "4 h", "categories.Question.rate: a rate such as “30 / h” is wanted, not “4 h”"),
    (
        "rate: 0.4 / year",
        "rate: 0.4 / yeer",
        "0.4 / yeer",
        "categories.Question.rate: “yeer” is no unit of time, did you mean “year”?",
    ),
    (
        "end: 2024-03-11",
        "end: 7 d",
        "7 d",
        "time.end: a date such as 2024-03-04 or 2024-03-04 06:00 is wanted, not “7 d”",
    ),
    # negative, fractional or NaN staff
    ("staff: 3,", "staff: -3,", "-3", "units.Roads.staff: must not be negative, but is “-3”"),
    ("staff: 3,", "staff: 2.5,", "2.5", "units.Roads.staff: a whole number is wanted, not “2.5”"),
    ("staff: 3,", "staff: .nan,", ".nan", "units.Roads.staff: a finite number is wanted, not “.nan”"),
    ("staff: 3,", "staff: nan,", "nan", "units.Roads.staff: a finite number is wanted, not “nan”"),
    ("staff: 3,", "staff: .inf,", ".inf", "units.Roads.staff: a finite number is wanted, not “.inf”"),
    ("staff: 3,", "staff: many,", "many", "units.Roads.staff: a number is wanted, not “many”"),
    ("staff: 3,", "staff: '3',", "'3'", "units.Roads.staff: a number is wanted, not text: write 3 without quotes"),
    ("staff: 3,", "staff: {total: -1},", "-1", "units.Roads.staff.total: must not be negative, but is “-1”"),
    ("staff: 3,", "staff: {totl: 1, total: 2},", "totl", "units.Roads.staff.totl: unknown key, did you mean “total”?"),
    ("staff: 4}", "staff: -4}", "-4", "pools.hotline.shifts.0.staff: must not be negative, but is “-4”"),
    ("staff: 4}", "staff: 1.5}", "1.5", "pools.hotline.shifts.0.staff: a whole number is wanted, not “1.5”"),
    # probabilities
    ("accuracy: 0.9", "accuracy: 1.2", "1.2", "dispatch.accuracy: must be between 0 and 1, but is “1.2”"),
    (
        "probability: 0.4",
        "probability: 40 %",
        "40 %",
        "channels.phone.redial.probability: a number is wanted, not “40 %”",
    ),
    (
        "unit: {Roads: 0.9, Parks: 0.1}",
        "unit: {Roads: 0.9, Parks: 0.2}",
        "{Roads: 0.9",
        "categories.Noise.unit: the shares must sum to 1, but sum to 1.1",
    ),
    (
        "unit: {Roads: 0.9, Parks: 0.1}",
        "unit: {Roads: 1.1, Parks: -0.1}",
        "1.1",
        "categories.Noise.unit.Roads: must be between 0 and 1, but is “1.1”",
    ),
    # shifts
    ("hours: 8:00-20:00", "hours: 8:00-8:00", "8:00-8:00", "pools.hotline.shifts.0.hours: “8:00-8:00” is empty"),
    ("hours: 8:00-20:00", "hours: 8:00-25:00", "8:00-25:00", "pools.hotline.shifts.0.hours: there are no such hours"),
    ("hours: 8:00-20:00", "hours: 8:00-20:01", "{days: mon-sun", "pools.hotline.shifts.1: overlaps shifts.0 on mon"),
    ("staff: 4}", "staff: 0}", "0}", "pools.hotline.shifts.0.staff: nobody is on this shift: leave it out"),
    ("days: mon-fri,", "days: mon-fry,", "mon-fry", "pools.hotline.shifts.0.days: “fry” is no day"),
    ("desk: {staff: 2}", "desk: {shifts: []}", "[]", "pools.desk.shifts: at least one shift is wanted"),
    ("desk: {staff: 2}", "desk: {wage: 3 / h}", "desk: {wage", "pools.desk: “staff” (with or without a calendar) or “shifts” is missing"),
    # units and names that lead nowhere
    (
        "  Parks: {staff: 2, calendar: office}",
        "  Parks: {staff: 2, calendar: office}\n  Water: {staff: 1}",
        "Water",
        "units.Water: unreachable: no category, part or backstop names this unit",
    ),
    ("calendar: office}\n  Parks", "calendar: offfice}\n  Parks", "offfice", "units.Roads.calendar: there is no calendar “offfice”, did you mean “office”?"),
    ("unit: Parks", "unit: Prks", "Prks", "categories.Question.unit: there is no unit “Prks”, did you mean “Parks”?"),
    ("{Roads: 0.9, Parks", "{Rods: 0.9, Parks", "Rods", "categories.Noise.unit.Rods: there is no unit “Rods”, did you mean “Roads”?"),
    ("lognormal", "lognorml", "lognorml", "categories.Noise.work.distribution: there is no continuous distribution “lognorml” in scipy.stats, did you mean “lognormal”?"),
    ("pool: desk", "pool: dsk", "dsk", "dispatch.pool: there is no pool “dsk”, did you mean “desk”?"),
    # time
    ("talk: 5 min", "talk: -5 min", "-5 min", "channels.phone.talk: must not be negative, but is “-5 min”"),
    ("end: 2024-03-11", "end: 2024-03-01", "2024-03-01", "time.end: must be later than “start”"),
    ("end: 2024-03-11", "end: 2024-02-30", "2024-02-30", "time.end: there is no such date or time: “2024-02-30”"),
    ("start: 2024-03-04", "start: 2024-03-04 06:00", "2024-03-04 06:00", "time.start: a date without a time is wanted"),
    ("end: 2024-03-11", "end: 2024-03-11, count_from: 2024-03-11", "2024-03-11}", "time.count_from: must be earlier than “count_until”"),
    ("end: 2024-03-11", "end: 2024-03-11, count_until: 2024-03-12", "2024-03-12", "time.count_until: must not be after “end”"),
    # calendars
    ("open: {mon-fri: 9:00-17:00}", "open: {}", "{}", "calendars.office.open: never open"),
    ("open: {mon-fri: 9:00-17:00}", "open: {fri: 8:00-10:00, mon-fri: 9:00-17:00}", "9:00-17:00", "calendars.office.open.mon-fri: overlaps other hours on fri"),
    ("open: {mon-fri: 9:00-17:00}", "open: {mon-fri: 540-1020}", "540-1020", "calendars.office.open.mon-fri: hours such as 9:00-17:00 are wanted, not “540-1020”"),
    # YAML
    ("name: Small town", "name: !!python/object/apply:os.system [ls]", "!!python", "name: tags are not read"),
    ("name: Small town", "name: !town Small", "!town", "name: tags are not read: “!town”"),
    ("name: Small town", "name: *nothing", "*nothing", "name: there is no anchor “nothing”"),
    ("name: Small town", "name: a\nname: b", "name: b", "name: the key is there twice, first in line 1"),
    ("  Parks: {staff: 2, calendar: office}", "  Roads: {staff: 2}", "Roads: {staff: 2}", "units.Roads: the key is there twice, first in line 16"),
    ("name: Small town", "name: a\n<<: {currency: USD}", "<<", "merge keys (<<) are not read: use extends"),
    ("name: Small town", "name: a\n[x]: 1", "[x]", "a key must be text, not a map or a list"),
    # kinds
    ("desk: {staff: 2}", "desk: 2", "2\nunits", "pools.desk: a map is wanted, not “2”"),
    ("classes: [urgent, ordinary]", "classes: urgent", "urgent", "classes: a list is wanted, not “urgent”"),
    ("share: 0.1", "share: [0.1]", "[0.1]", "channels.web.share: a number is wanted, not a list"),
    ("name: Small town", "name: [a]", "[a]", "name: text is wanted, not a list"),
    # keys that need or exclude each other
    ("rate: 0.4 / year", "rate: 0.4 / year, total: 1 / h", "total: 1", "categories.Question.total: cannot stand beside “rate”"),
    ("rate: 0.4 / year, ", "", "Question", "categories.Question: “rate” or “total” is missing"),
    (" patience: 3 min,", "", "redial", "channels.phone.redial: needs patience"),
    ("web: {share: 0.1}", "web: {share: 0.1, talk: 2 min}", "talk: 2", "channels.web.talk: needs a pool"),
    (", work: 20 min", "", "Question", "categories.Question.work: is missing"),
    ("unit: Parks, ", "", "Question", "categories.Question.unit: is missing: its requests need a unit"),
    ("kind: consultation", "kind: consultation, reports: {every: 1 d}", "reports", "categories.Question.reports: a consultation has no problem"),
    ("New Town: {population: 8000}", "New Town: {}", "New Town", "districts.New Town.population: is missing: all districts"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "part", "message"), ONE_LINE, ids=lambda text: text[:40])
def test_one_wrong_thing_is_one_line_at_its_place(before: str, after: str, part: str, message: str) -> None:
    text = town((before, after))
    anchor = text[: text.index(after)] if after else ""
    expected = f"town.yaml:{place(text, part, anchor)}: {message}"
    found = wrongs(text)
    assert any(line.startswith(expected) for line in found), (expected, found)
    assert sum(message.split(":")[0] in line for line in found) == 1, found


def test_everything_wrong_is_said_at_once_in_the_order_of_the_text() -> None:
    text = town(
        ("start: 2024-03-04", "start: 2024-03-40"),
        ("population: 8000", "population: -1"),
        ("talk: 5 min", "talk: 5"),
        ("pool: hotline", "pool: hotlin"),
        ("staff: 3,", "staff: 2.5,"),
        ("accuracy: 0.9", "acuracy: 0.9"),
        ("unit: Parks", "unit: Lakes"),
        ("cv: 1.5", "cv: -1"),
    )
    found = [line.split(": ")[1] for line in wrongs(text)]
    assert found == [
        "time.start",
        "districts.New Town.population",
        "channels.phone.pool",
        "channels.phone.talk",
        "pools.hotline",
        "units.Roads.staff",
        "dispatch.acuracy",
        "categories.Noise.work.cv",
        "categories.Question.unit",
    ]


def test_a_bad_default_is_reported_where_it_was_written_and_once() -> None:
    text = town(("accuracy: 0.9", "accuracy: 9"))
    assert wrongs(text) == [
        f"town.yaml:{place(text, '9}', 'accuracy: ')}: dispatch.accuracy: must be between 0 and 1, but is “9”"
    ]


def test_a_negative_limit() -> None:
    text = (
        TOWN + "policies:\n  time_limits: {resolve: -3 workdays, calendar: office, contact: {urgent: -2 h}}\n"
    )
    assert wrongs(text) == [
        "town.yaml:25:27: policies.time_limits.resolve: must not be negative, but is “-3 workdays”",
        "town.yaml:25:69: policies.time_limits.contact.urgent: must not be negative, but is “-2 h”",
    ]


def test_workdays_need_a_calendar() -> None:
    text = (
        TOWN
        + "policies:\n  time_limits: {resolve: 3 workdays, by_category: {Noise: 8 workhours, Noize: 2 h}}\n"
    )
    assert wrongs(text) == [
        "town.yaml:25:26: policies.time_limits.resolve: “3 workdays” needs policies.time_limits.calendar",
        "town.yaml:25:59: policies.time_limits.by_category.Noise: “8 workhours” needs policies.time_limits.calendar",
        "town.yaml:25:72: policies.time_limits.by_category.Noize: there is no category “Noize”, did you mean “Noise”?",
    ]


# -- YAML as people mean it ----------------------------------------------------------------------------------------


def test_hours_and_no_are_read_as_people_mean_them() -> None:
    scenario = town_scenario(
        ("  Old Town: {population: 12000}", "  no: {population: 12e3, label: on}"),
        ("  New Town: {population: 8000}", "  9:00: {population: 1e-3, label: 1.10}"),
        ("hours: 20:00-8:00", "hours: 22:00-6:00"),
        (
            "unit: Parks, work: 20 min}",
            "unit: Parks, work: 20 min}\npolicies:\n  precise_dispatch: {direct_to_street: yes}",
        ),
    )
    assert list(scenario.districts) == ["no", "9:00"]
    assert [district.label for district in scenario.districts.values()] == ["on", "1.10"]
    assert [district.population for district in scenario.districts.values()] == [12000.0, 0.001]
    assert scenario.pools["hotline"].shifts is not None
    assert scenario.pools["hotline"].shifts[1].hours == (22 * 60, 30 * 60)
    assert scenario.calendars["office"].open[0] == ((9 * 60, 17 * 60),)
    assert scenario.policies.precise_dispatch is not None
    assert scenario.policies.precise_dispatch.direct_to_street is True


def test_a_small_alias_is_a_copy() -> None:
    scenario = town_scenario(
        ("Roads: {staff: 3, calendar: office}", "Roads: &office {staff: 3, calendar: office}"),
        ("Parks: {staff: 2, calendar: office}", "Parks: *office"),
    )
    assert scenario.units["Roads"] == scenario.units["Parks"]


def test_an_alias_bomb_is_refused_at_once() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for last, letter in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{letter}: &{letter} [{', '.join([f'*{last}'] * 10)}]")
    [line] = wrongs("\n".join(lines))
    assert line.startswith("town.yaml:4:")
    assert line.endswith("the aliases stand for more than 10,000 values")


def test_an_alias_inside_itself() -> None:
    assert "town.yaml:1:11: name: the alias “x” is inside what it stands for" in wrongs("name: &x [*x]")


@pytest.mark.parametrize("text", ["- " * 60 + "x", "[" * 60, "{a: " * 60], ids=["blocks", "lists", "maps"])
def test_too_deep(text: str) -> None:
    assert [line.rpartition(": ")[2] for line in wrongs(text)] == ["deeper than 50 levels"]


@pytest.mark.parametrize("text", ["", "# nothing\n", "12", "- a\n- b", "~", "'text'"])
def test_a_document_that_is_no_map(text: str) -> None:
    [line] = wrongs(text)
    assert line.endswith(": a scenario is a map of keys and values")
    assert line.startswith("town.yaml:1:")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name: [a,", "town.yaml:1:10: not YAML: "),
        ("name: a: b", "town.yaml:1:8: not YAML: "),
        ("name: a\n\ttime: b", "town.yaml:2:1: not YAML: "),
        ("name: 'a", "town.yaml:1:9: not YAML: "),
        ("name: a\n---\nname: b", "town.yaml:2:1: a second document"),
        ("name: a\x00b", "town.yaml:1:8: the character U+0000 cannot stand in a scenario"),
        ("name: 老城\x07", "town.yaml:1:9: the character U+0007"),
        ("name: \ud800", "town.yaml:1:7: the character U+D800"),
    ],
)
def test_text_that_is_no_yaml(text: str, line: str) -> None:
    [found] = wrongs(text)
    assert found.startswith(line)


def test_too_large() -> None:
    assert wrongs("#" * 5_000_001) == ["town.yaml: larger than 5 MB"]


def test_endless_problems_end(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        from_text("a: 1\n" * 200_000)
    assert len(caught.value.problems) < 1100
    with pytest.raises(ScenarioError) as caught:
        from_dict({f"key {i}": i for i in range(50_000)})
    assert len(caught.value.problems) < 1100


# -- files ---------------------------------------------------------------------------------------------------------


def test_a_missing_file(tmp_path: Path) -> None:
    assert file_wrongs(tmp_path / "none.yaml", tmp_path) == ["none.yaml: the file does not exist"]
    overlay = files(tmp_path, overlay="name: x\nextends: none.yaml\n")
    assert file_wrongs(overlay, tmp_path)[0] == "overlay.yaml:2:10: extends: “none.yaml” does not exist"


def test_what_is_no_readable_file(tmp_path: Path) -> None:
    assert file_wrongs(tmp_path, tmp_path)[0].endswith("the file is a folder")
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9")
    assert file_wrongs(tmp_path / "latin.yaml", tmp_path) == [
        "latin.yaml: the file is not UTF-8 text (byte 10)"
    ]
    (tmp_path / "huge.yaml").write_bytes(b"#" * 5_000_001)
    assert file_wrongs(tmp_path / "huge.yaml", tmp_path) == ["huge.yaml: the file is larger than 5 MB"]
    os.mkfifo(tmp_path / "pipe.yaml")
    assert file_wrongs(tmp_path / "pipe.yaml", tmp_path) == ["pipe.yaml: the file is no ordinary file"]
    with pytest.raises(ScenarioError, match="cannot be the name of a file"):
        load("a\0b.yaml")
    with pytest.raises(ScenarioError, match="cannot be read"):
        load("x" * 5000)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = files(tmp_path, secret=TOWN)
    path.chmod(0)
    assert file_wrongs(path, tmp_path)[0].startswith("secret.yaml: the file cannot be read")


def test_a_cyclic_extends(tmp_path: Path) -> None:
    path = files(
        tmp_path, a="name: a\nextends: b.yaml\n", b="extends: c.yaml\n", c="name: c\nextends: b.yaml"
    )
    assert "c.yaml:2:10: extends: goes round in a circle: b.yaml → c.yaml → b.yaml" in file_wrongs(
        path, tmp_path
    )
    path = files(tmp_path, me="extends: me.yaml")
    assert "me.yaml:1:10: extends: goes round in a circle: me.yaml → me.yaml" in file_wrongs(path, tmp_path)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("../base.yaml", "“../base.yaml” is outside the folder of this file"),
        ("sub/../../base.yaml", "“sub/../../base.yaml” is outside the folder of this file"),
        ("/etc/passwd", "a relative path is wanted, not “/etc/passwd”"),
        ("link.yaml", "“link.yaml” is outside the folder of this file"),
        ("loop.yaml", "“loop.yaml” cannot be read"),
        ("sub", "“sub” is a folder"),
        ("[a]", "the path of a file is wanted"),
    ],
)
def test_a_path_that_leaves_the_folder(target: str, message: str, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    (inner / "sub").mkdir(parents=True)
    files(tmp_path, base=TOWN)
    (inner / "link.yaml").symlink_to(tmp_path / "base.yaml")
    (inner / "loop.yaml").symlink_to(inner / "loop.yaml")
    path = files(inner, overlay=f"name: x\nextends: {target}\n")
    assert file_wrongs(path, inner)[0] == f"overlay.yaml:2:10: extends: {message}"


def test_text_and_data_without_a_folder_extend_nothing() -> None:
    assert wrongs("extends: base.yaml")[0] == (
        "town.yaml:1:10: extends: only a file can extend another: this text has no folder"
    )
    with pytest.raises(ScenarioError, match="this text has no folder"):
        from_dict({"extends": "base.yaml"})


def test_numbers_inherited_from_a_parent_are_shown_in_the_parent(tmp_path: Path) -> None:
    base = town(("staff: 3,", "staff: -3,"))
    path = files(tmp_path, overlay="extends: base.yaml\nunits: {Parks: {staff: -1}}", base=base)
    assert file_wrongs(path, tmp_path) == [
        "overlay.yaml:2:24: units.Parks.staff: must not be negative, but is “-1”",
        f"base.yaml:{place(base, '-3')}: units.Roads.staff: must not be negative, but is “-3”",
    ]


def test_sources_are_checked_too(tmp_path: Path) -> None:
    text = TOWN + "sources:\n  time.**: {kind: rumour}\n  a.**.b: x\n  units.**: boston\n"
    path = files(tmp_path, town=text, sources="bosten: {kind: data, titel: x}\n")
    assert file_wrongs(path, tmp_path) == [
        'town.yaml:25:19: sources."time.**".kind: must be data, literature, expert or assumption, not “rumour”',
        'town.yaml:26:3: sources."a.**.b": ** can only be the last segment',
        'town.yaml:27:13: sources."units.**": there is no source “boston” in sources.yaml, did you mean “bosten”?',
    ]
    path = files(tmp_path, town=TOWN + "sources: {units.**: bosten}\n")
    assert file_wrongs(path, tmp_path) == [
        "sources.yaml:1:22: bosten.titel: unknown key, did you mean “title”?"
    ]


# -- overrides -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("units.Roads.staff", "--set:1:1: write path=value, not “units.Roads.staff”"),
        ("=3", "--set:1:1: a path such as units.Roads.staff is wanted, not “=3”"),
        ("units..staff=3", "--set:1:1: a path such as units.Roads.staff is wanted, not “units..staff=3”"),
        ("units.Rods.staff=3", "--set:1:7: units.Rods: unreachable"),
        ("units.Roads.stuff=3", "--set:1:13: units.Roads.stuff: unknown key, did you mean “staff”?"),
        ("units.Roads.staff=-3", "--set:1:19: units.Roads.staff: must not be negative, but is “-3”"),
        ("units.Roads.calendar= ofice", "--set:1:23: units.Roads.calendar: there is no calendar “ofice”"),
        ("units.Roads.staff=[1", "--set:1:21: not YAML: "),
        ("pools.hotline.shifts.7.staff=1", "--set:1:22: there is no item “7”: the list has 2"),
        ("pools.hotline.shifts.x.staff=1", "--set:1:22: there is no item “x”: the list has 2"),
        ("time.end=2024-03-01", "--set:1:10: time.end: must be later than “start”"),
        ("categories.Noise.work.cv=-1", "--set:1:26: categories.Noise.work.cv: must be between 0.0001 and 10000"),
        ('"units.Roads=3', "--set:1:1: a path such as units.Roads.staff is wanted"),
        ('"units"Roads=3', "--set:1:1: a dot is wanted after “\"units\"”"),
        ('"\\x"=3', "--set:1:1: “\"\\x\"” is not a quoted name"),
    ],
)  # fmt: skip
def test_a_wrong_override_is_shown_on_the_command_line(override: str, line: str, tmp_path: Path) -> None:
    path = files(tmp_path, town=TOWN)
    assert file_wrongs(path, tmp_path, (override,))[0].startswith(line)


def test_the_line_of_an_override_is_its_number(tmp_path: Path) -> None:
    path = files(tmp_path, town=TOWN)
    found = file_wrongs(path, tmp_path, ("units.Roads.staff=4", "units.Parks.staff=x"))
    assert found == ["--set:2:19: units.Parks.staff: a number is wanted, not “x”"]


# -- nothing else ever comes out -----------------------------------------------------------------------------------


def only_scenario_errors(make: object) -> None:
    """Call it; a scenario or a `ScenarioError` with problems is fine, everything else is not."""
    try:
        assert isinstance(make(), Scenario)  # type: ignore[operator]
    except ScenarioError as error:
        assert error.problems
        assert str(error)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.dates()
    | st.datetimes()
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers() | st.none(), inner),
    max_leaves=20,
)
FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FUZZ
@given(st.text())
def test_any_text(text: str) -> None:
    only_scenario_errors(lambda: from_text(text))


@FUZZ
@given(ANYTHING)
def test_any_data(data: object) -> None:
    only_scenario_errors(lambda: from_dict(data))  # type: ignore[arg-type]


@FUZZ
@given(st.data())
def test_a_good_text_with_damage(data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(TOWN)))
    end = data.draw(st.integers(begin, min(len(TOWN), begin + 30)))
    scrap = st.text(st.sampled_from("{}[]:,-\n \t'\"&*!|>%@#?~0159aeno./"), max_size=8) | st.text(max_size=4)
    text = TOWN[:begin] + data.draw(scrap) + TOWN[end:]
    only_scenario_errors(lambda: from_text(text))


def _places(data: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    if isinstance(data, dict):
        return [path, *(at for key, entry in data.items() for at in _places(entry, (*path, key)))]
    if isinstance(data, list):
        return [path, *(at for i, entry in enumerate(data) for at in _places(entry, (*path, i)))]
    return [path]


FULL = {
    **from_text(TOWN).resolved(),
    "policies": {
        "instant_answer": {"answered": 0.5, "by_category": {"Question": 0.7}},
        "time_limits": {
            "resolve": "3 workdays",
            "calendar": "office",
            "parking": {"time": "7 d", "share": 0.1},
        },
        "classified_handling": {"discipline": "aged", "head_start": {"urgent": "4 h"}},
        "callback": {"pool": "desk", "work": "3 min", "reopen": {}, "score": {"round": "last"}},
    },
    "sources": {"time.**": {"kind": "data"}},
}


@FUZZ
@given(st.data())
def test_good_data_with_one_thing_replaced(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(_places(FULL)))

    def replaced(node: object, steps: tuple[object, ...]) -> object:
        if not steps:
            return data.draw(ANYTHING)
        if isinstance(node, dict):
            return {
                key: replaced(child, steps[1:]) if key == steps[0] else child for key, child in node.items()
            }
        assert isinstance(node, list)
        return [replaced(child, steps[1:]) if i == steps[0] else child for i, child in enumerate(node)]

    made = replaced(FULL, path)
    only_scenario_errors(lambda: from_dict(made))  # type: ignore[arg-type]


@FUZZ
@given(st.text(max_size=20), st.text(max_size=20))
def test_any_override(path: str, value: str) -> None:
    file = Path(__file__).with_name("no such file.yaml")
    only_scenario_errors(lambda: load(file, [f"{path}={value}", value]))


@FUZZ
@given(st.sampled_from(_places(FULL)), st.text(st.sampled_from("{}[]:,-\n 'az09.&*!"), max_size=12))
def test_any_value_by_override(
    tmp_path_factory: pytest.TempPathFactory, path: tuple[object, ...], value: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "overridden.yaml"
    file.write_text(TOWN, encoding="utf-8")
    only_scenario_errors(lambda: load(file, [".".join(map(str, path)) + "=" + value]))


def test_data_that_contains_itself() -> None:
    loop: dict[str, object] = {"name": "x"}
    loop["districts"] = loop
    only_scenario_errors(lambda: from_dict(loop))
    wide: list[object] = [1] * 10
    for _ in range(12):
        wide = [wide] * 10
    only_scenario_errors(lambda: from_dict({"name": wide}))


def test_keys_and_values_no_scenario_can_hold() -> None:
    class Rude:
        def __str__(self) -> str:
            raise RuntimeError

    with pytest.raises(ScenarioError) as caught:
        from_dict(
            {
                1: 2,
                "1": 3,
                None: 4,
                True: 5,
                Rude(): 1,
                "name": Rude(),
                "time": {"start": datetime(2024, 1, 1)},
            }
        )
    lines = [str(problem) for problem in caught.value.problems]
    assert "<data>: 1: the key is there twice" in lines
    assert "<data>: a key must be text, not “None”" in lines
    assert "<data>: a key must be text, not “True”" in lines
    assert "<data>: a key must be text, not “Rude”" in lines
    assert "<data>: name: a scenario cannot hold a Rude" in lines


def test_the_scenario_room_loads_no_heavy_library() -> None:
    code = (
        "import sys, sim.scenario; heavy = {'scipy', 'pandas', 'matplotlib', 'numba'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
