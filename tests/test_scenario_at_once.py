"""However many independent errors a scenario has, in file, base, sources and overrides: one round tells all."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_texts import place

from sim.scenario import ScenarioError, load

BASE = f"""\
format: 2
name: Base
time: {{start: 2024-03-04, count_from: 2024-03-05, end: 2024-03-11}}
calendars:
  office: {{open: {{mon-fri: 9:00-17:00}}, holidays: [2024-03-08], workdays: [2024-03-09]}}
  duty: {{open: {{mon-sun: 8:00-20:00}}}}
classes: [urgent, ordinary, slow]
districts:
  Old Town: {{population: 12000, streets: 3}}
  New Town: {{population: 8000}}
demand:
  hours: {[1] * 24}
  weekdays: {{sat: 0.6}}
  day_factor: {{city: 0.2}}
  shocks: {{Storm: {{from: 2024-03-05, until: 2024-03-06, factor: 2, districts: [Old Town]}}}}
channels:
  phone: {{share: 0.9, pool: hotline, talk: 5 min, redial: {{probability: 0.4, after: 1 h, at_most: 2}},
          patience: 3 min}}
  web: {{share: 0.1}}
pools:
  hotline: {{shifts: [{{days: mon-fri, hours: 8:00-20:00, staff: 4}}, {{days: mon-sun, hours: 20:00-8:00, staff: 1}}]}}
  desk: {{staff: 2}}
  callback: {{staff: 1, calendar: duty}}
units:
  Roads: {{staff: 3, calendar: office}}
  Parks: {{staff: 2, calendar: office, wage: 20 / h}}
  Streets: {{level: street, per: street, staff: {{total: 8}}, calendar: duty}}
dispatch: {{pool: desk, work: 4 min, accuracy: 0.9, max_hops: 3}}
contact: {{work: 5 min}}
categories:
  Noise:
    total: 5000 / year
    by_district: {{Old Town: 1.2}}
    unit: {{Roads: 0.9, Parks: 0.1}}
    urgency: {{urgent: 0.2, ordinary: 0.8}}
    work: {{distribution: lognormal, mean: 2 h, cv: 1.5}}
    lead: {{quantiles: {{0: 0 h, 0.5: 2 h, 1: 9 h}}}}
    resolve: [0.8, 0.6]
    reports: {{every: 5 d, give_up: 30 d}}
  Trees: {{rate: 0.1 / year, unit: Streets, work: 1 h, parts: [{{unit: Parks, work: 10 min}}]}}
  Question: {{kind: consultation, rate: 0.4 / year, unit: Parks, work: 20 min}}
"""
OVERLAY = """\
format: 2
extends: base.yaml
name: Town
categories: {Noise: {never_closed: 0.1}}
policies:
  first_recipient: {coordination: 1 h}
  instant_answer: {answered: 0.5}
  time_limits:
    contact: 24 h
    resolve: {urgent: 1 d, ordinary: 3 d, slow: 3 workdays}
    calendar: office
    extension: {ask_before: 1 d, probability: 0.3, length: 2 d}
  callback:
    pool: callback
    work: 3 min
    coverage: 0.9
    satisfied: {intercept: 1}
    call_again: {probability: 0.2, after: 1 d}
    score: {weights: {response: 0.2, resolution: 0.8}}
sources:
  "time.**": {kind: data}
  "demand.**": survey
  "units.**": survey
"""
SOURCES = """\
survey: {kind: expert, title: A survey}
"""
VALID = {"base": BASE, "town": OVERLAY, "sources": SOURCES}

# the file, what stands there instead of what, the part that is pointed at, and the path of the problem
KINDS = [
    ("base", "format: 2", "format: 3", "3", "format"),
    ("base", "count_from: 2024-03-05", "count_from: 2024-03-01", "2024-03-01", "time.count_from"),
    ("base", "end: 2024-03-11", "end: 2024-03-41", "2024-03-41", "time.end"),
    ("base", "mon-fri: 9:00-17:00", "mon-fry: 9:00-17:00", "mon-fry", "calendars.office.open.mon-fry"),
    ("base", "workdays: [2024-03-09]", "workdays: [2024-03-08]", "2024-03-08", "calendars.office.workdays.0"),
    ("base", "mon-sun: 8:00-20:00", "mon-sun: 8:00-29:00", "8:00-29:00", "calendars.duty.open.mon-sun"),
    ("base", "ordinary, slow]", "ordinary, slow, urgent]", "urgent", "classes.3"),
    ("base", "population: 12000", "population: -12000", "-12000", "districts.Old Town.population"),
    ("base", "{population: 8000}", "{population: 8000, steets: 2}", "steets", "districts.New Town.steets"),
    ("base", "hours: [1,", "hours: [-1,", "-1", "demand.hours.0"),
    ("base", "sat: 0.6", "sut: 0.6", "sut", "demand.weekdays.sut"),
    ("base", "city: 0.2", "city: 1000", "1000", "demand.day_factor.city"),
    ("base", "until: 2024-03-06", "until: 2024-03-04", "2024-03-04", "demand.shocks.Storm.until"),
    ("base", "districts: [Old Town]", "districts: []", "[]", "demand.shocks.Storm.districts"),
    ("base", "web: {share: 0.1}", "web: {share: 0.3}", None, "channels"),
    ("base", "talk: 5 min", "talk: 5", "5", "channels.phone.talk"),
    ("base", "at_most: 2", "at_most: 500", "500", "channels.phone.redial.at_most"),
    ("base", "days: mon-sun, hours: 20:00-8:00", "days: mon-sun, hours: 19:00-8:00", None, "pools.hotline.shifts.1"),
    ("base", "staff: 4}", "staff: +4}", "+4", "pools.hotline.shifts.0.staff"),
    ("base", "desk: {staff: 2}", "desk: {staff: 2,500}", "500", "pools.desk.500"),
    ("base", "{staff: 1, calendar: duty}", "{staff: 1, calendar: dutty}", "dutty", "pools.callback.calendar"),
    ("base", "Roads: {staff: 3", "Roads: {staff: 2.5", "2.5", "units.Roads.staff"),
    ("base", "wage: 20 / h", "wage: 20", "20", "units.Parks.wage"),
    ("base", "total: 8}", "total: 3}", "3", "units.Streets.staff.total"),
    ("base", "accuracy: 0.9", "accuracy: 90 %", "90 %", "dispatch.accuracy"),
    ("base", "max_hops: 3", "max_hops: 0", "0", "dispatch.max_hops"),
    ("base", "contact: {work: 5 min}", "contact: {work: 5 min, wrok: 1 h}", "wrok", "contact.wrok"),
    ("base", "{Old Town: 1.2}", "{Olt Town: 1.2}", "Olt Town", "categories.Noise.by_district.Olt Town"),
    ("base", "Roads: 0.9", "Roads: 0.8", None, "categories.Noise.unit"),
    ("base", "{urgent: 0.2", "{urgnt: 0.2", "urgnt", "categories.Noise.urgency.urgnt"),
    ("base", "cv: 1.5", "cv: 0", "0", "categories.Noise.work.cv"),
    ("base", "0.5: 2 h", "0.5: 2 hh", "2 hh", 'categories.Noise.lead.quantiles."0.5"'),
    ("base", "1: 9 h", "1.5: 9 h", "1.5", 'categories.Noise.lead.quantiles."1.5"'),
    ("base", "0.8, 0.6]", "0.8, 60]", "60", "categories.Noise.resolve.1"),
    ("base", "give_up: 30 d", "giv_up: 30 d", "giv_up", "categories.Noise.reports.giv_up"),
    ("base", "unit: Streets", "unit: Strets", "Strets", "categories.Trees.unit"),
    ("base", "work: 10 min", "work: 10 mn", "10 mn", "categories.Trees.parts.0.work"),
    ("base", "rate: 0.4 / year", "rate: 0.4 / yaer", "0.4 / yaer", "categories.Question.rate"),
    ("town", "{Noise: {never", "{Nois: null, Noise: {never", "Nois", "categories.Nois"),
    ("town", "name: Town", 'name: "To\\nwn"', '"To', "name"),
    ("town", "{urgent: 1 d", "{urgant: 1 d", "urgant", "policies.time_limits.resolve.urgant"),
    ("town", "    calendar: office\n", "", "3 workdays", "policies.time_limits.resolve.slow"),
    (
        "town",
        "coordination: 1 h",
        "coordination: 1 h, cordination: 1 h",
        "cordination: 1 h}",
        "policies.first_recipient.cordination",
    ),
    ("town", "ask_before: 1 d", "ask_before: -1 d", "-1 d", "policies.time_limits.extension.ask_before"),
    ("town", "coverage: 0.9", "coverage: 9", "9", "policies.callback.coverage"),
    ("town", "after: 1 d", "after: 0 d", "0 d", "policies.callback.call_again.after"),
    ("town", "response: 0.2", "response: 0.3", None, "policies.callback.score.weights"),
    ("town", "satisfied: {", "reopen: {to: anywhere}\n    satisfied: {", "anywhere", "policies.callback.reopen.to"),
    ("town", '"time.**": {kind: data}', '"time.**.x": {kind: rumour}', '"time.**.x"', 'sources."time.**.x"'),
    ("town", '"units.**": survey', '"units.**": surveys', "surveys", 'sources."units.**"'),
    ("town", "name:", "precise: {duplicates: 0}\nname:", "precise", "precise"),
    ("sources", "title: A survey", "titel: A survey", "titel", "survey.titel"),
    ("--set", "", "units.Parks.per=state", None, "units.Parks.per"),
    ("--set", "", "units.Parks.label", None, ""),
    ("--set", "", "categories.Trees.parts.7.work=1 h", None, ""),
    ("--set", "", "demand.day_factor.group=", None, "demand.day_factor.group"),
]


def said(kinds: list[tuple[str, str, str, str | None, str]]) -> tuple[list[tuple[str, str, str]], dict[str, str]]:
    """File, place and path of every problem of the valid scenario with these errors in it, and its texts."""
    texts, overrides = dict(VALID), []
    for file, before, after, _, _ in kinds:
        if file == "--set":
            overrides.append(after)
        else:
            assert texts[file].count(before) == 1, before
            texts[file] = texts[file].replace(before, after)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            (Path(folder) / f"{name}.yaml").write_text(text, encoding="utf-8")
        try:
            load(Path(folder) / "town.yaml", overrides)
        except ScenarioError as wrong:
            findings = wrong.findings
        else:
            findings = ()
    found = [(Path(finding.file).stem, f"{finding.line}:{finding.column}", finding.path) for finding in findings]
    return found, texts


def missed(kinds: list[tuple[str, str, str, str | None, str]]) -> list[str]:
    """Which of these errors are not said, or not at their place."""
    found, texts = said(kinds)
    lost, overrides = [], [after for file, _, after, _, _ in kinds if file == "--set"]
    for file, _, after, part, path in kinds:
        at = [where for name, where, what in found if name == file and what == path]
        if file == "--set":
            at = [where for where in at if where.startswith(f"{overrides.index(after) + 1}:")]
        elif part is not None:
            text = texts[file]
            at = [where for where in at if where == place(text, part, text[: text.index(after)] if after else "")]
        if not at:
            lost.append(f"{file}: {after} ({path})")
    return lost


def test_without_them_it_is_valid() -> None:
    assert said([]) == ([], VALID)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind[0]}: {kind[2]}")
def test_each_alone(kind: tuple[str, str, str, str | None, str]) -> None:
    assert missed([kind]) == []


def test_all_of_them() -> None:
    assert len(KINDS) > 50
    assert missed(KINDS) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(KINDS), unique=True, min_size=2, max_size=20))
def test_any_of_them(kinds: list[tuple[str, str, str, str | None, str]]) -> None:
    assert missed(kinds) == []
