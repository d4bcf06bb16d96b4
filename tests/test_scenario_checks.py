"""Names that lead nowhere and keys that do not go together."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_texts import TOWN, file_wrongs, files, place, town, wrongs

from sim.scenario import from_text

ADDED = [
    ("policies: {callback: {pool: nobody, work: 1 min}}", "policies.callback.pool: there is no pool “nobody”"),
    (
        "policies: {callback: {pool: desk, work: 1 min, after: due}}",
        "policies.callback.after: has nothing to act on: it needs a limit",
    ),
    ("policies: {callback: {pool: desk}}", "policies.callback.work: is missing"),
    (
        "policies: {callback: {pool: desk, work: 1 min, call_again: {probability: 1, after: 0 min}}}",
        "policies.callback.call_again.after: must be longer than 0",
    ),
    (
        "policies: {callback: {pool: desk, work: 1 min, reopen: {at_most: 500}}}",
        "policies.callback.reopen.at_most: must be at most 200, but is 500",
    ),
    ("policies: {instant_answer: {by_category: {Noise: 1}}}", "policies.instant_answer.by_category.Noise: only a"),
    ("policies: {instant_answer: {by_category: {Quest: 1}}}", "policies.instant_answer.by_category.Quest: there is no"),
    (
        "policies: {time_limits: {resolve: {urgnt: 2 h}}}",
        "policies.time_limits.resolve.urgnt: there is no class “urgnt”",
    ),
    ("policies: {time_limits: {calendar: ofice}}", "policies.time_limits.calendar: there is no calendar “ofice”, did"),
    (
        "policies: {time_limits: {resolve: 1 d, extension: {length: 1 d, probability: 1}}}",
        "policies.time_limits.extension.ask_before: is missing",
    ),
    (
        "policies: {classified_handling: {discipline: aged, head_start: {x: 1 h}}}",
        "policies.classified_handling.head_start.x: there is",
    ),
    ("policies: {patience: {}}", "policies.patience: unknown key"),
    (
        "policies: {callback: {pool: desk, work: 1 min, score: {weights: {response: 0.5}}}}",
        "policies.callback.score.weights: the weights must sum to 1, but sum to 0.5",
    ),
    (
        "demand: {shocks: {Storm: {from: 2024-03-06, until: 2024-03-05, factor: 2}}}",
        "demand.shocks.Storm.until: must be later than “from”",
    ),
    (
        "demand: {shocks: {Storm: {from: 2024-03-05, until: 2024-03-06, factor: 2, categories: [Nois]}}}",
        "demand.shocks.Storm.categories.0: there is no category “Nois”, did you mean “Noise”?",
    ),
    (
        "demand: {shocks: {Storm: {from: 2024-03-05, until: 2024-03-06, factor: 2, districts: []}}}",
        "demand.shocks.Storm.districts: an empty list: leave it out for all",
    ),
    ("demand: {hours: [1, 2]}", "demand.hours: 24 weights are wanted, one for each hour, not 2"),
    (f"demand: {{hours: {[0] * 24}}}", "demand.hours: the weights must not all be 0"),
    ("demand: {weekdays: {mo: 1}}", "demand.weekdays.mo: “mo” is not one of mon, tue, wed, thu, fri, sat, sun, did"),
    ("demand: {months: {13: 1}}", "demand.months.13: “13” is not one of 1, 2"),
    ("contact: {work: soon}", "contact.work: a duration such as “5 min” is wanted, not “soon”"),
    ("scale: 1:20000", "scale: must be between 1"),
]


@pytest.mark.parametrize(("line", "message"), ADDED)
def test_a_line_that_does_not_go_with_the_rest(line: str, message: str) -> None:
    [found] = wrongs(TOWN + line + "\n")
    place, _, rest = found.partition(": ")
    assert place.startswith("town.yaml:25:")
    assert rest.startswith(message)


CHANGED = [
    ("desk: {staff: 2}", "desk: {staff: 2, also_serves: [desk]}", "pools.desk.also_serves.0: serves itself anyway"),
    (
        "desk: {staff: 2}",
        "desk: {staff: 2, also_serves: [x]}",
        "pools.desk.also_serves.0: there is no pool or unit “x”",
    ),
    (
        "desk: {staff: 2}",
        "desk: {staff: 2, per: district, also_serves: [hotline]}",
        "pools.desk.also_serves.0: “hotline” is per city, this one per district",
    ),
    ("desk: {staff: 2}", "desk: {staff: 2}\n  Roads: {staff: 1}", "units.Roads: a pool has this name too"),
    ("desk: {staff: 2}", "desk: {calendar: office}", "pools.desk: “staff” (with or without a calendar) or “shifts” is"),
    (
        "desk: {staff: 2}",
        "desk: {staff: 2, per: state}",
        "pools.desk.per: must be city, district or street, not “state”",
    ),
    ("hotline: {", "hotline: {staff: 2, ", "pools.hotline.shifts: cannot stand beside “staff”"),
    ("desk: {staff: 2}", "desk: {shifts: [], calendar: office}", "pools.desk.calendar: cannot stand beside “shifts”"),
    ("web: {share: 0.1}", "web: {share: 0.2}", "channels: the shares must sum to 1, but sum to 1.1"),
    ("web: {share: 0.1}", "web: {share: 0.1, pool: desk}", "channels.web.talk: is missing: who has a pool talks"),
    ("web: {share: 0.1}", "web: {share: 0.1, patience: 1 h}", "channels.web.patience: needs a pool"),
    (
        "total: 5000 / year",
        "total: 5000 / year\n    confused_with: Raods",
        "categories.Noise.confused_with: there is no unit",
    ),
    (
        "unit: {Roads: 0.9, Parks: 0.1}",
        "unit: Roads\n    confused_with: {Roads: 1}",
        "categories.Noise.confused_with.Roads: “Roads” is the right unit",
    ),
    (
        "total: 5000 / year",
        "total: 5000 / year\n    by_district: {Old: 2}",
        "categories.Noise.by_district.Old: there is no",
    ),
    (
        "total: 5000 / year",
        "total: 5000 / year\n    urgency: {urgant: 1}",
        "categories.Noise.urgency.urgant: there is no",
    ),
    (
        "total: 5000 / year",
        "total: 5000 / year\n    parts: [{unit: Parks}]",
        "categories.Noise.parts.0.work: is missing",
    ),
    (
        "total: 5000 / year",
        "total: 5000 / year\n    reports: {give_up: 1 d}",
        "categories.Noise.reports: “every”, the mean",
    ),
    ("total: 5000 / year", "total: 5000 / year\n    reports: twice", "categories.Noise.reports: “once” or a map with"),
    ("total: 5000 / year", "total: 5000 / year\n    resolve: []", "categories.Noise.resolve: at least one probability"),
    (
        "open: {mon-fri: 9:00-17:00}",
        "open: {tue: 9:00-17:00}, workdays: [2024-03-09]",
        "calendars.office.workdays: workdays have the hours of mon, which is closed",
    ),
    (
        "open: {mon-fri: 9:00-17:00}",
        "open: {mon-fri: 9:00-17:00}, workdays: [2024-03-09], holidays: [2024-03-09]",
        "calendars.office.workdays.0: 2024-03-09 is both a holiday and a workday",
    ),
    *(
        ("open: {mon-fri: 9:00-17:00}", f"open: {{mon-fri: 9:00-17:00}}, {more}", f"calendars.office.dates{message}")
        for more, message in (
            ("holidays: [2024-03-05], dates: {2024-03-05: 9:00-12:00}", ".2024-03-05: 2024-03-05 is also a holiday"),
            ("dates: {2024-03-05: closed, 2024-3-5: 9:00-12:00}", ".2024-3-5: 2024-03-05 is there twice"),
            ("dates: {2024-03-05: 9-12}", ".2024-03-05: hours such as 9:00-17:00 are wanted, not “9-12”"),
            ("dates: {2024-03-05: [9:00-12:00, 13-14]}", ".2024-03-05.1: hours such as 9:00-17:00 are wanted"),
            ("dates: {2024-03-05: []}", ".2024-03-05: hours such as 9:00-12:00 or “closed” are wanted"),
            ("dates: {2024-03-05: [9:00-12:00, 11:00-14:00]}", ".2024-03-05: its hours overlap"),
            ("dates: {2024-03-05: 18:00-9:30}", ".2024-03-05: overlaps the hours of the day before or after"),
            ("dates: {5 March: closed}", ".5 March: a date such as 2024-03-04"),
            ("dates: [2024-03-05]", ": a map from dates to hours is wanted"),
        )
    ),
    ("classes: [urgent, ordinary]", "classes: [urgent, urgent, ordinary]", "classes.1: named twice"),
]


@pytest.mark.parametrize(("before", "after", "message"), CHANGED)
def test_a_part_that_does_not_go_with_the_rest(before: str, after: str, message: str) -> None:
    assert TOWN.count(before) == 1
    assert any(line.partition(": ")[2].startswith(message) for line in wrongs(TOWN.replace(before, after)))


def test_a_single_date_outside_the_run_is_said() -> None:
    week = "open: {mon-fri: 9:00-17:00}"
    dates = "dates: {2024-03-03: closed, 2024-03-04: closed, 2024-03-10: closed, 2024-03-11: closed}"
    notes = from_text("format: 2\n" + TOWN.replace(week, f"{week}, {dates}")).notes
    assert [(note.path, note.message) for note in notes] == [
        (f"calendars.office.dates.2024-03-{day}", "lies outside the run, which is from 2024-03-04 to 2024-03-11")
        for day in ("03", "11")
    ]


@pytest.mark.parametrize("name", ["Roads · Old Town 1", "Roads · anything"])
def test_no_unit_is_called_like_an_instance_of_another(name: str) -> None:
    several = town(("Roads: {staff: 3,", "Roads: {staff: 3, per: street,")).replace("Parks", name)
    [line] = wrongs(several)
    assert line.startswith(f"town.yaml:{place(several, name)}: units.{name}: is called like an instance of “Roads”")
    assert name in from_text(several.replace("per: street,", "")).units


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("name: Small town", 'name: "a\\0b"', "name: the character U+0000 cannot stand in a scenario"),
        ("name: Small town", 'name: "a\\nb"', "name: the character U+000A cannot stand in a name"),
        ("name: Small town", "name: ''", "name: a name is wanted"),
        ("  Old Town:", '  "a\\tb":', 'districts."a\\tb": the character U+0009 cannot stand in a name'),
        ("  New Town:", "  '':", 'districts."": a name is wanted'),
        ("  web:", '  "w\\L":', 'channels."w\\u2028": the character U+2028 cannot stand in a name'),
        ("  desk: {", '  "d\\a": {staff: 2}\n  desk: {', "pools: the character U+0007 cannot stand in a scenario"),
    ],
)
def test_a_name_is_one_line_of_text(before: str, after: str, line: str) -> None:
    assert [found.split(": ", 1)[1] for found in wrongs(town((before, after)))] == [line]


@pytest.mark.parametrize(
    "override", ['name="a\\0b"', 'districts."a\\u0000b".population=3', 'name="\\x7f"', "name=a\tb"]
)
def test_a_name_by_override_is_one_line_of_text(override: str, tmp_path: Path) -> None:
    [line] = file_wrongs(files(tmp_path, town=TOWN), tmp_path, (override,))
    assert line.startswith("--set:1:")
    assert "cannot stand in a" in line


def test_at_least_one_district_category_and_class() -> None:
    text = "name: x\ntime: {start: 2024-01-01, end: 2024-01-02}\ndistricts: {}\n"
    text += "categories: {}\nclasses: []\nchannels: {}\n"
    assert wrongs(text) == [
        "town.yaml:3:12: districts: at least one is wanted",
        "town.yaml:4:13: categories: at least one is wanted",
        "town.yaml:5:10: classes: at least one class is wanted",
        "town.yaml:6:11: channels: at least one channel is wanted",
    ]


def test_what_is_missing_at_the_top() -> None:
    assert wrongs("description: nothing\n") == [
        "town.yaml:1:1: name: is missing",
        "town.yaml:1:1: time: is missing",
        "town.yaml:1:1: districts: is missing",
        "town.yaml:1:1: categories: is missing",
    ]


def test_a_total_needs_somebody() -> None:
    text = TOWN.replace("population: 12000", "population: 0").replace("population: 8000", "population: 0")
    [line] = wrongs(text)
    assert "categories.Noise.total: cannot be spread" in line


def test_without_a_dispatch_desk_a_city_still_works() -> None:
    text = TOWN.replace("dispatch: {pool: desk, work: 4 min, accuracy: 0.9}\n", "")
    assert from_text(text).dispatch is None  # its pool may stay: nobody visits it
