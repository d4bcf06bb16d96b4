"""Where each number comes from."""

from __future__ import annotations

from pathlib import Path

from scenario_texts import TOWN, files, place, town

from sim.scenario import Scenario, Value, from_dict, from_text, load

SOURCES = """\
sources:
  "**": {kind: assumption}
  "categories.*.work": {kind: expert, note: any work}
  "categories.Noise.**": {kind: data, title: noise}
  units.Roads.staff: roads
  "pools.*.shifts": {kind: literature, year: 2019}
"""


def value(scenario: Scenario, path: str) -> Value:
    return next(value for value in scenario.values() if value.path == path)


def kind(scenario: Scenario, path: str) -> str | None:
    source = value(scenario, path).source
    return source.kind if source else None


def test_the_most_specific_pattern_wins(tmp_path: Path) -> None:
    path = files(tmp_path, town=TOWN + SOURCES, sources="roads: {kind: data, grade: V}\n")
    scenario = load(path)
    assert kind(scenario, "time.end") == "assumption"
    assert kind(scenario, "categories.Noise.total") == "data"
    assert kind(scenario, "categories.Noise.work") == "expert"
    assert kind(scenario, "categories.Question.work") == "expert"
    assert kind(scenario, "pools.hotline.shifts") == "literature"
    roads = value(scenario, "units.Roads.staff").source
    assert roads is not None
    assert roads.grade == "V"
    assert kind(scenario, "demand.hours") is None


def test_a_new_number_does_not_inherit_the_old_numbers_source(tmp_path: Path) -> None:
    base = TOWN + "sources: {units.**: {kind: data}, time.**: {kind: data}}\n"
    overlay = (
        "extends: town.yaml\nunits: {Roads: {staff: 9}, Parks: {staff: 7}}\n"
        "sources: {units.Roads.staff: {kind: expert}, time.start: {kind: literature}}\n"
    )
    scenario = load(files(tmp_path, overlay=overlay, town=base), ["units.Parks.wage=3 / h"])
    assert kind(scenario, "units.Roads.staff") == "expert"
    assert kind(scenario, "units.Parks.staff") is None
    assert kind(scenario, "units.Roads.calendar") == "data"
    assert kind(scenario, "time.start") == "literature"
    assert kind(scenario, "time.end") == "data"
    wage = value(scenario, "units.Parks.wage")
    assert (wage.origin_file, wage.line, wage.source) == ("--set", 1, None)


def test_a_name_with_dots_is_quoted(tmp_path: Path) -> None:
    text = TOWN.replace("Noise", "St. Mary's = *") + "sources: {'categories.\"St. Mary''s = *\".total': {kind: data}}\n"
    assert kind(from_text(text), 'categories."St. Mary\'s = *".total') == "data"


def test_values_are_listed_with_their_places() -> None:
    text = TOWN + "policies: {time_limits: {resolve: 24 h}}\n"
    scenario = from_text(text, "town.yaml")
    listed = {value.path: value for value in scenario.values()}
    work = listed["categories.Noise.work"]
    assert work.value_text == "{distribution: lognormal, mean: 2 h, cv: 1.5}"
    assert (work.origin_file, work.from_default, work.is_number) == ("town.yaml", False, True)
    assert work.line == int(place(text, "lognormal").split(":")[0])
    assert listed["policies.time_limits.resolve"].value_text == "24 h"
    filled = listed["categories.Noise.urgency"]
    assert (filled.value_text, filled.origin_file, filled.line, filled.from_default) == ("ordinary", None, 0, True)
    assert listed["categories.Noise.never_closed"].from_default
    assert listed["units.Roads.overtime"].value_text == "1"
    numbers = {path for path, value in listed.items() if value.is_number and not value.from_default}
    assert numbers == {
        *(f"calendars.office.open.{day}" for day in ("mon", "tue", "wed", "thu", "fri")),
        "districts.Old Town.population",
        "districts.New Town.population",
        "channels.phone.share",
        "channels.phone.talk",
        "channels.phone.patience",
        "channels.phone.redial.probability",
        "channels.phone.redial.after",
        "channels.web.share",
        "pools.hotline.shifts",
        "pools.desk.staff",
        "units.Roads.staff",
        "units.Parks.staff",
        "dispatch.work",
        "dispatch.accuracy",
        "categories.Noise.total",
        "categories.Noise.unit",
        "categories.Noise.work",
        "categories.Question.rate",
        "categories.Question.work",
        "policies.time_limits.resolve",
    }


def test_hours_of_several_days_keep_their_source_day_by_day() -> None:
    week = "open: {mon-thu: 9:00-12:00, wed: 13:00-17:00, fri: 8:00-12:00}"
    sources = (
        "sources:\n  calendars.office.open.mon-thu: {kind: data, title: door sign}\n"
        "  calendars.office.open.*: {kind: expert}\n"
    )
    scenario = from_text(town(("open: {mon-fri: 9:00-17:00}", week)) + sources)
    again = from_dict(scenario.resolved())
    assert again.digest == scenario.digest
    for one in (scenario, again):
        assert [kind(one, f"calendars.office.open.{day}") for day in ("mon", "tue", "wed", "thu", "fri")] == [
            *(["data"] * 4),
            "expert",
        ]
    assert value(scenario, "calendars.office.open.tue").value_text == "9:00-12:00"
    assert value(scenario, "calendars.office.open.wed").value_text == "[9:00-12:00, 13:00-17:00]"


def test_every_value_appears_once() -> None:
    paths = [value.path for value in from_text(TOWN).values()]
    assert len(paths) == len(set(paths))
