"""Bad input is refused with its exact place and everything at once."""

from __future__ import annotations

import re

import pytest
from scenario_texts import TOWN, place, town, town_scenario, wrongs

from sim.scenario import ScenarioError, from_dict, from_text

# each case: what is written instead of what in the small town (⏎ is a new line), the text that is pointed at,
# and how the line about it begins
CASES = """\
Roads: {staff: 3, → Roads: {stuff: 3, staff: 3, ⌖ stuff
    units.Roads.stuff: unknown key, did you mean “staff”?
name: Small town → nmae: x⏎name: Small town ⌖ nmae
    nmae: unknown key, did you mean “name”?
web: {share: 0.1} → web: {share: 0.1, zzz: 1} ⌖ zzz
    channels.web.zzz: unknown key
cv: 1.5} → cv: 1.5, sigma: 3} ⌖ sigma
    categories.Noise.work.sigma: cannot stand beside mean and cv
talk: 5 min → talk: 5 ⌖ 5,
    channels.phone.talk: a duration needs its unit: “5” of what?
talk: 5 min → talk: 5 mn ⌖ 5 mn
    channels.phone.talk: “mn” is no unit of time (s, min, h, d, week, month, year), did you mean “min”?
talk: 5 min → talk: 5 km ⌖ 5 km
    channels.phone.talk: “km” is no unit of time (s, min, h, d, week, month, year)
rate: 0.4 / year → rate: 0.4 ⌖ 0.4,
    categories.Question.rate: a rate such as
rate: 0.4 / year → rate: 4 h ⌖ 4 h
    categories.Question.rate: a rate such as
rate: 0.4 / year → rate: 0.4 / yeer ⌖ 0.4 / yeer
    categories.Question.rate: “yeer” is no unit of time (s, min, h, d, week, month, year), did you mean “year”?
end: 2024-03-11 → end: 7 d ⌖ 7 d
    time.end: a date such as 2024-03-04 or 2024-03-04 06:00 is wanted, not “7 d”
staff: 3, → staff: -3, ⌖ -3
    units.Roads.staff: must not be negative, but is “-3”
staff: 3, → staff: 2.5, ⌖ 2.5
    units.Roads.staff: a whole number is wanted, not “2.5”
Roads: {staff: 3, calendar: office} → Roads:⏎    calendar: office⏎    staff: 1,200 ⌖ 1,200
    units.Roads.staff: a number is wanted, not “1,200”: write it without a comma
staff: 3, → staff: .nan, ⌖ .nan
    units.Roads.staff: a finite number is wanted, not “.nan”
staff: 3, → staff: nan, ⌖ nan
    units.Roads.staff: a finite number is wanted, not “nan”
staff: 3, → staff: .inf, ⌖ .inf
    units.Roads.staff: a finite number is wanted, not “.inf”
staff: 3, → staff: many, ⌖ many
    units.Roads.staff: a number is wanted, not “many”
staff: 3, → staff: '3', ⌖ '3'
    units.Roads.staff: a number is wanted, not text: write 3 without quotes
staff: 3, → staff: {total: -1}, ⌖ -1
    units.Roads.staff.total: must not be negative, but is “-1”
staff: 3, → staff: {totl: 1, total: 2}, ⌖ totl
    units.Roads.staff.totl: unknown key, did you mean “total”?
staff: 4} → staff: -4} ⌖ -4
    pools.hotline.shifts.0.staff: must not be negative, but is “-4”
staff: 4} → staff: 1.5} ⌖ 1.5
    pools.hotline.shifts.0.staff: a whole number is wanted, not “1.5”
accuracy: 0.9 → accuracy: 1.2 ⌖ 1.2
    dispatch.accuracy: must be between 0 and 1
probability: 0.4 → probability: 40 % ⌖ 40 %
    channels.phone.redial.probability: a number is wanted, not “40 %”: write 0.4
probability: 0.4 → probability: 40 ⌖ 40
    channels.phone.redial.probability: must be between 0 and 1, but is “40”: for 40 % write 0.4
probability: 0.4 → probability: 400 ⌖ 400
    channels.phone.redial.probability: must be between 0 and 1, but is “400”
unit: {Roads: 0.9, Parks: 0.1} → unit: {Roads: 0.9, Parks: 0.2} ⌖ {Roads: 0.9
    categories.Noise.unit: the shares must sum to 1, but sum to 1.1
unit: {Roads: 0.9, Parks: 0.1} → unit: {Roads: 1.1, Parks: -0.1} ⌖ 1.1
    categories.Noise.unit.Roads: must be between 0 and 1, but is “1.1”
hours: 8:00-20:00 → hours: 8:00-8:00 ⌖ 8:00-8:00
    pools.hotline.shifts.0.hours: “8:00-8:00” is empty
hours: 8:00-20:00 → hours: 8:00-25:00 ⌖ 8:00-25:00
    pools.hotline.shifts.0.hours: there are no such hours
hours: 8:00-20:00 → hours: 8:00-20:01 ⌖ {days: mon-sun
    pools.hotline.shifts.1: overlaps shifts.0 on mon
staff: 4} → staff: 0} ⌖ 0}
    pools.hotline.shifts.0.staff: nobody is on this shift: leave it out
days: mon-fri, → days: mon-fry, ⌖ mon-fry
    pools.hotline.shifts.0.days: “fry” is no day
desk: {staff: 2} → desk: {shifts: []} ⌖ []
    pools.desk.shifts: at least one shift is wanted
desk: {staff: 2} → desk: {wage: 3 / h} ⌖ desk: {wage
    pools.desk: “staff” (with or without a calendar) or “shifts” is missing
Parks: {staff: 2, calendar: office} → Parks: {staff: 2, calendar: office}⏎  Water: {staff: 1} ⌖ Water
    units.Water: unreachable: no category, part or backstop names this unit
calendar: office}⏎  Parks → calendar: offfice}⏎  Parks ⌖ offfice
    units.Roads.calendar: there is no calendar “offfice”, did you mean “office”?
unit: Parks → unit: Prks ⌖ Prks
    categories.Question.unit: there is no unit “Prks”, did you mean “Parks”?
{Roads: 0.9, Parks → {Rods: 0.9, Parks ⌖ Rods
    categories.Noise.unit.Rods: there is no unit “Rods”, did you mean “Roads”?
lognormal → lognorml ⌖ lognorml
    categories.Noise.work.distribution: there is no continuous distribution “lognorml”
pool: desk → pool: dsk ⌖ dsk
    dispatch.pool: there is no pool “dsk”, did you mean “desk”?
talk: 5 min → talk: -5 min ⌖ -5 min
    channels.phone.talk: must not be negative, but is “-5 min”
end: 2024-03-11 → end: 2024-03-01 ⌖ 2024-03-01
    time.end: must be later than “start”
end: 2024-03-11 → end: 2024-02-30 ⌖ 2024-02-30
    time.end: there is no such date or time: “2024-02-30”
start: 2024-03-04 → start: 2024-03-04 06:00 ⌖ 2024-03-04 06:00
    time.start: a date without a time is wanted
end: 2024-03-11 → end: 2024-03-11, count_from: 2024-03-11 ⌖ 2024-03-11}
    time.count_from: must be earlier than “count_until”
end: 2024-03-11 → end: 2024-03-11, count_until: 2024-03-12 ⌖ 2024-03-12
    time.count_until: must not be after “end”
open: {mon-fri: 9:00-17:00} → open: {} ⌖ {}
    calendars.office.open: never open
open: {mon-fri: 9:00-17:00} → open: {fri: 8:00-10:00, mon-fri: 9:00-17:00} ⌖ 9:00-17:00
    calendars.office.open.mon-fri: overlaps other hours on fri
open: {mon-fri: 9:00-17:00} → open: {mon-fri: 540-1020} ⌖ 540-1020
    calendars.office.open.mon-fri: hours such as 9:00-17:00 are wanted, not “540-1020”
name: Small town → name: !!python/object/apply:os.system [ls] ⌖ !!python
    name: tags are not read
name: Small town → name: !town Small ⌖ !town
    name: tags are not read: “!town”
name: Small town → name: *nothing ⌖ *nothing
    name: there is no anchor “nothing”
name: Small town → name: a⏎name: b ⌖ name: b
    name: the key is there twice, first in line 1
Parks: {staff: 2, calendar: office} → Roads: {staff: 2} ⌖ Roads: {staff: 2}
    units.Roads: the key is there twice, first in line 16
name: Small town → name: a⏎<<: {currency: USD} ⌖ <<
    merge keys (<<) are not read: use extends
name: Small town → name: a⏎[x]: 1 ⌖ [x]
    a key must be text, not a map or a list
desk: {staff: 2} → desk: 2 ⌖ 2⏎units
    pools.desk: a map is wanted, not “2”
classes: [urgent, ordinary] → classes: urgent ⌖ urgent
    classes: a list is wanted, not “urgent”
share: 0.1 → share: [0.1] ⌖ [0.1]
    channels.web.share: a number is wanted, not a list
name: Small town → name: [a] ⌖ [a]
    name: text is wanted, not a list
rate: 0.4 / year → rate: 0.4 / year, total: 1 / h ⌖ total: 1
    categories.Question.total: cannot stand beside “rate”
rate: 0.4 / year, →  ⌖ Question
    categories.Question: “rate” or “total” is missing
patience: 3 min, →  ⌖ redial
    channels.phone.redial: needs patience
web: {share: 0.1} → web: {share: 0.1, talk: 2 min} ⌖ talk: 2
    channels.web.talk: needs a pool
, work: 20 min →  ⌖ Question
    categories.Question.work: is missing
unit: Parks, →  ⌖ Question
    categories.Question.unit: is missing: its requests need a unit
kind: consultation → kind: consultation, reports: {every: 1 d} ⌖ reports
    categories.Question.reports: a consultation has no problem
New Town: {population: 8000} → New Town: {} ⌖ New Town
    districts.New Town.population: is missing: all districts
"""


def cases() -> list[tuple[str, str, str, str]]:
    """Before, after, the text pointed at, the message."""
    lines = CASES.splitlines()
    found = []
    for change, message in zip(lines[::2], lines[1::2], strict=True):
        before, after, part = (text.strip().replace("⏎", "\n") for text in re.split("[→⌖]", change))
        found.append((before, after, part, message.strip()))
    return found


@pytest.mark.parametrize(("before", "after", "part", "message"), cases(), ids=lambda text: text[:40])
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
        "units.Roads.staff",
        "dispatch.acuracy",
        "categories.Noise.work.cv",
        "categories.Question.unit",
    ]


def test_a_bad_default_is_reported_where_it_was_written_and_once() -> None:
    text = town(("accuracy: 0.9", "accuracy: 9"))
    at = place(text, "9}", "accuracy: ")
    message = "dispatch.accuracy: must be between 0 and 1, but is “9”: for 9 % write 0.09"
    assert wrongs(text) == [f"town.yaml:{at}: {message}"]


def test_a_negative_limit() -> None:
    text = TOWN + "policies:\n  time_limits: {resolve: -3 workdays, calendar: office, contact: {urgent: -2 h}}\n"
    text += "contact: {work: 0 h}\n"
    assert wrongs(text) == [
        "town.yaml:26:26: policies.time_limits.resolve: must not be negative, but is “-3 workdays”",
        "town.yaml:26:75: policies.time_limits.contact.urgent: must not be negative, but is “-2 h”",
    ]


def test_workdays_need_a_calendar() -> None:
    text = TOWN + "policies:\n  time_limits: {resolve: 3 workdays, by_category: {Noise: 8 workhours, Noize: 2 h}}\n"
    assert wrongs(text) == [
        "town.yaml:26:26: policies.time_limits.resolve: “3 workdays” needs policies.time_limits.calendar",
        "town.yaml:26:59: policies.time_limits.by_category.Noise: “8 workhours” needs policies.time_limits.calendar",
        "town.yaml:26:72: policies.time_limits.by_category.Noize: there is no category “Noize”, did you mean “Noise”?",
    ]


# -- YAML as people mean it ----------------------------------------------------------------------------------------


def test_hours_and_no_are_read_as_people_mean_them() -> None:
    scenario = town_scenario(
        ("  Old Town: {population: 12000}", "  no: {population: 12e3, label: on}"),
        ("  New Town: {population: 8000}", "  9:00: {population: 1e-3, label: 1.10}"),
        ("hours: 20:00-8:00", "hours: 22:00-6:00"),
        ("accuracy: 0.9}", "accuracy: 0.9, district_desk: {pool: desk, work: 1 min}}"),
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
    assert "town.yaml:1:11: name.0: the alias “x” is inside what it stands for" in wrongs("name: &x [*x]")


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


def test_endless_problems_end() -> None:
    with pytest.raises(ScenarioError) as caught:
        from_text("a: 1\n" * 200_000)
    assert len(caught.value.findings) < 1100
    with pytest.raises(ScenarioError) as caught:
        from_dict({f"key {i}": i for i in range(50_000)})
    assert len(caught.value.findings) < 1100
