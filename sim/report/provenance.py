"""What was run, and what its numbers rest on."""

from __future__ import annotations

import platform
import re
from typing import TYPE_CHECKING

import yaml
from markupsafe import Markup

from sim.experiment.versions import packages, version_of
from sim.report.blocks import Cell, Section, Table, Text
from sim.report.formats import number, time_unit
from sim.report.names import clean, marked
from sim.scenario.distributions import read_distribution
from sim.scenario.errors import ReadError, read_path
from sim.scenario.sources import GRADES

if TYPE_CHECKING:
    from sim.experiment.runs import Run
    from sim.scenario import Scenario, Source, Value

_KINDS = {"data": "from data", "literature": "from literature", "expert": "judged by experts", "assumption": "assumed"}
_MOST_VALUES = 6
_QUANTITY = re.compile(r"([-+.\de]+) (h|/ h)")
_RATES = ((1.0, "h"), (24.0, "day"), (8766.0, "year"))


def versions() -> str:
    """The programs that ran, with their versions."""
    found = {"citysim": version_of("citysim"), "Python": platform.python_version(), **packages()}
    return ", ".join(f"{name} {version}" if version else name for name, version in found.items())


def what_was_run(run: Run) -> Section:
    """Scenario, hash, seed, replications, versions."""
    scenario = run.scenario
    policies = [name.replace("_", " ") for name, policy in scenario.policies if policy is not None]
    rows: list[list[Cell]] = [
        ["scenario", marked(scenario.name)],
        ["hash of the scenario (SHA-256)", Markup("<code>{}</code>").format(scenario.digest)],
        ["seed", str(run.seed)],
        ["replications", str(run.replications)],
        ["engine", run.engine],
        ["own policies", ", ".join(run.policies) or "none"],
        ["simulated", window(scenario)],
        ["policies", ", ".join(policies) or "none"],
        ["versions", versions()],
    ]
    if scenario.scale != 1:
        text = "demand and staff are divided together; waits do not compare across scales"
        rows.insert(6, ["scale", f"1:{scenario.scale:g} ({text})"])
    table = Table("This run", ["what", "value"], [("", rows)], words=frozenset({0, 1}))
    return Section("run", "What was run", [table])


def window(scenario: Scenario) -> str:
    """The time that is simulated, and the part of it that is counted."""
    time = scenario.time
    text = f"{time.start:%Y-%m-%d} to {time.end:%Y-%m-%d}"
    if (time.count_from, time.count_until) == (time.start, time.end):
        return f"{text}, all of it counted"
    return f"{text}; counted are arrivals from {time.count_from:%Y-%m-%d} until {time.count_until:%Y-%m-%d}"


#: Kinds of assumed numbers that a page names.
_MOST_ASSUMED = 6


def assumptions(scenario: Scenario) -> Section:
    """The numbers of the scenario by kind of source."""
    # in canonical form: a report written anew from the run folder says the same
    values = [v for v in scenario.values(canonical=True) if v.is_number]
    groups: list[tuple[Cell, list[list[Cell]]]] = []
    counts = []
    for kind, word in _KINDS.items():
        own = [v for v in values if v.source is not None and v.source.kind == kind]
        if own:
            counts.append(f"{len(own)} {word}")
            groups.append((f"{word.capitalize()}: {len(own)}", _lines(own)))
    if not groups:
        return Section("sources", "What the numbers rest on", [Text("No number of this scenario names its source.")])
    others = len(values) - sum(v.source is not None for v in values)
    text = (
        f"Of the scenario’s numbers, {', '.join(counts)}. Another {others} are defaults of the program or name no "
        "source. citysim show lists every value with its own."
    )
    used = {v.source.grade for v in values if v.source is not None}
    grades = "; ".join(f"[{grade}] {meaning}" for grade, meaning in GRADES.items() if grade in used)
    note = f"Grades: {grades}." if grades else ""
    table = Table("Numbers by source", ["source", "numbers", "values"], groups, words=frozenset({0, 2}), note=note)
    return Section("sources", "What the numbers rest on", [Text(text), table])


def what_is_assumed(scenario: Scenario) -> list[str]:
    """How many numbers are data and how many assumptions, and what most of the assumptions are about, in sentences."""
    values = [v for v in scenario.values(canonical=True) if v.is_number and v.source is not None]
    own = [v for v in values if v.source is not None and v.source.kind == "assumption"]
    told = [
        f"Of the numbers with a source, {len(values) - len(own)} are data, literature or an expert’s word, "
        f"{len(own)} are assumptions."
    ]
    groups: dict[str, int] = {}
    for value in own:
        groups[_pattern(value.path)] = groups.get(_pattern(value.path), 0) + 1
    most = sorted(groups, key=lambda pattern: -groups[pattern])[:_MOST_ASSUMED]
    if most:
        told.append(f"Assumed are above all: {', '.join(f'{pattern} ({groups[pattern]})' for pattern in most)}.")
    return told


def _lines(values: list[Value]) -> list[list[Cell]]:
    """One line for each source, those with most numbers first."""
    by_source: dict[tuple[str, str], list[Value]] = {}
    for value in values:
        assert value.source is not None
        by_source.setdefault(in_words(value.source), []).append(value)
    ranked = sorted(by_source.items(), key=lambda item: -len(item[1]))
    return [[source_cell(*source), str(len(own)), _patterns(own)] for source, own in ranked]


def in_words(source: Source) -> tuple[str, str]:
    """A source: who, when, what, where, with its grade; and its note."""
    head = ", ".join(clean(part) for part in (source.authors, source.year, source.title, source.url) if part)
    graded = f"{head} [{clean(source.grade)}]" if head and source.grade else head
    return graded, clean(source.note or "")


def source_cell(head: str, note: str) -> Cell:
    """A source as HTML."""
    if head and note:
        return Markup("{}<br><span class='quiet'>{}</span>").format(marked(head), marked(note))
    return marked(head or note or "no note")


def _patterns(values: list[Value]) -> Cell:
    """Single values as path = value, many of one kind by their pattern."""
    patterns: dict[str, list[Value]] = {}
    for value in values:
        patterns.setdefault(_pattern(value.path), []).append(value)
    parts = []
    for pattern, own in list(patterns.items())[:_MOST_VALUES]:
        if len(own) == 1:
            parts.append(Markup("<code>{}</code> = {}").format(clean(own[0].path), _words(own[0].value_text)))
        else:
            parts.append(Markup("<code>{}</code> ({})").format(pattern, len(own)))
    if len(patterns) > _MOST_VALUES:
        parts.append(Markup("and {} more kinds").format(len(patterns) - _MOST_VALUES))
    return Markup("; ").join(parts)


def _pattern(path: str) -> str:
    """The path with the names in it as *: what the scenario calls its own."""
    steps = [step for step, _ in read_path(path)[0]]
    named = steps[0] in ("calendars", "districts", "channels", "pools", "units", "categories")
    kept = [*steps[:1], "*", *steps[2:3]] if named and len(steps) > 1 else steps[:3]
    return ".".join(clean(step) for step in kept)


def _words(text: str) -> str:
    """A value in canonical form as people say it: durations and rates in units that suit, distributions by mean."""
    if text.startswith(("{distribution:", "{quantiles:")):
        try:
            mean = read_distribution(yaml.safe_load(text)).mean
            kind = text[1:].split(":", 1)[0] if text.startswith("{quant") else text.split(" ", 1)[1].split(",", 1)[0]
            return f"mean {number(mean, 'h')} ({kind})"
        except (ReadError, yaml.YAMLError):
            return clean(text)
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return clean(text) if len(text) <= 60 else f"{clean(text[:59])}…"
    value, unit = float(found.group(1)), found.group(2)
    if unit == "h":
        length, sign = time_unit(value)
        return f"{value / length:.4g} {sign}"
    rate, word = next(((value * h, word) for h, word in _RATES if value * h >= 1), (value * 8766, "year"))
    return f"{rate:.4g} / {word}"
