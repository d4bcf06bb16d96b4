"""One page for who has a minute: a question, the answer in sentences, departments, a figure, what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.report.blocks import Section, Text
from sim.report.departments import departments, what_people_could_change
from sim.report.figures_late import late_requests
from sim.report.formats import number
from sim.report.given_backlog import when_it_is_done
from sim.report.modelled import disturbances, missing_wages, not_modelled, open_at_start, thinned
from sim.report.names import Names, clean
from sim.report.provenance import what_is_assumed
from sim.report.results import Results

if TYPE_CHECKING:
    from sim.experiment.runs import Run

#: Departments on the page.
_MOST = 8
_QUESTION = "How many requests are late, at which department, and would more staff help?"
_WHAT_IT_TELLS = (
    "What one run of this city tells: how much is late, where, and what staff could change of it. What another rule, "
    "staff or demand would change is told by a comparison of two cities (citysim compare)."
)


def one_page_sections(run: Run, question: str) -> list[Section]:
    """What stands on the page; ``question``: what was asked, "" for what a run answers by itself."""
    results, names = Results(run.measures, run.scenario), Names(run.scenario, run.pools)
    missing, without = not_modelled(run.scenario)
    answer = Section("answer", question or _QUESTION, [Text(_answer(results, names, without))])
    if question:
        answer.blocks.insert(0, Text(_WHAT_IT_TELLS, note=True))
    about = (
        what_people_could_change(run, results),
        thinned(run.scenario),
        clean(disturbances(run.scenario)),
        clean(open_at_start(run.scenario)),
        when_it_is_done(run),
        missing_wages(run.scenario),
    )
    answer.blocks.extend(Text(sentence) for sentence in about if sentence)
    table = departments(run, results, names, without, _MOST)
    answer.blocks.extend(block for block in (table, late_requests(run, results, names)) if block is not None)
    rests = Section(
        "rests", "What it rests on", [Text(sentence) for sentence in (*what_is_assumed(run.scenario), *missing)]
    )
    return [answer, rests]


def _answer(results: Results, names: Names, without: set[str]) -> str:
    """How many come, how many are late and where, how long half of them take, what citizens say."""
    requests, late, median = (results.city(name) for name in ("requests", "breach_share", "time_to_close_p50"))
    told = [f"{requests.text} requests come."]
    if "breach_share" not in without and late.known:
        interval = f" ({late.interval})" if late.interval else ""
        told.append(f"{late.text} miss their limit{interval}{_most(results, names)}.")
    half = f"Half of all are closed within {median.text}." if median.known else "Less than half are closed by the end."
    told.append(half)
    if "resolution_rate" not in without:
        said, true = (results.city(name).text for name in ("resolution_rate", "true_resolution_share"))
        truth = f"; of all requests {true} truly are" if "true_resolution_share" not in without else ""
        told.append(f"Of those who were asked, {said} say that it was solved{truth}.")
    return " ".join(told)


def _most(results: Results, names: Names) -> str:
    """The kind of department with most of the late requests."""
    late: dict[str, float] = {}
    for name, found in results.by("breach_share", "unit").items():
        if found.known:
            late[names.family(name)] = late.get(names.family(name), 0.0) + found.mean * found.cases
    if len(late) < 2 or not any(late.values()):
        return ""
    most = max(late, key=lambda name: late[name])
    return f", {number(late[most] / sum(late.values()), 'share')} of these at {names.pool(most).text}"
