"""A small scenario with one of everything, and how tests ask what is wrong with a variant of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenario import Scenario, ScenarioError, from_text, load

TOWN = """\
name: Small town
time: {start: 2024-03-04, end: 2024-03-11}
calendars:
  office: {open: {mon-fri: 9:00-17:00}}
classes: [urgent, ordinary]
districts:
  Old Town: {population: 12000}
  New Town: {population: 8000}
channels:
  phone: {share: 0.9, pool: hotline, talk: 5 min, patience: 3 min, redial: {probability: 0.4, after: 1 h}}
  web: {share: 0.1}
pools:
  hotline: {shifts: [{days: mon-fri, hours: 8:00-20:00, staff: 4}, {days: mon-sun, hours: 20:00-8:00, staff: 1}]}
  desk: {staff: 2}
units:
  Roads: {staff: 3, calendar: office}
  Parks: {staff: 2, calendar: office}
dispatch: {pool: desk, work: 4 min, accuracy: 0.9}
categories:
  Noise:
    total: 5000 / year
    unit: {Roads: 0.9, Parks: 0.1}
    work: {distribution: lognormal, mean: 2 h, cv: 1.5}
  Question: {kind: consultation, rate: 0.4 / year, unit: Parks, work: 20 min}
"""


def town(*changes: tuple[str, str]) -> str:
    """The small town with each text replaced by another; each must be there once."""
    text = TOWN
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


def town_scenario(*changes: tuple[str, str]) -> Scenario:
    """The small town, changed, as a scenario."""
    return from_text(town(*changes))


def wrongs(text: str) -> list[str]:
    """All problems of a text that must be refused, as lines."""
    with pytest.raises(ScenarioError) as caught:
        from_text(text, "town.yaml")
    return [str(finding) for finding in caught.value.findings]


def place(text: str, part: str, after: str = "") -> str:
    """`line:column` of a part of a text: the first one after another part."""
    begin = text.index(part, text.index(after) + len(after) if after else 0)
    return f"{text.count(chr(10), 0, begin) + 1}:{begin - text.rfind(chr(10), 0, begin)}"


def files(folder: Path, **texts: str) -> Path:
    """Scenario files in a folder; returns the first one's path."""
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder / f"{next(iter(texts))}.yaml"


def file_wrongs(path: Path, folder: Path, overrides: tuple[str, ...] = ()) -> list[str]:
    """The problems of a file, as lines with paths relative to the folder."""
    with pytest.raises(ScenarioError) as caught:
        load(path, overrides)
    return [str(finding).replace(f"{folder}/", "") for finding in caught.value.findings]
