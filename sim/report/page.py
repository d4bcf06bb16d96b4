"""One self-contained HTML page for a run, and one for a comparison.

The same run gives the same bytes: nothing on a page tells when or where it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup

from sim.model.city import build_city
from sim.report.against import targets_section
from sim.report.answers import answers, whole_city
from sim.report.blocks import Block, Cell, Section, Text
from sim.report.comparing import comparison_sections, comparison_title
from sim.report.figures import arrivals, backlog, load
from sim.report.figures_dots import time_to_close, truth
from sim.report.figures_shares import breaches, causes
from sim.report.formats import times
from sim.report.mechanisms import in_words
from sim.report.modelled import models_resolution
from sim.report.names import Names, clean, marked
from sim.report.one_page import one_page_sections
from sim.report.provenance import assumptions, what_was_run, window
from sim.report.results import Results
from sim.report.series import bins, flow, weeks
from sim.report.sheets import last_sheet
from sim.report.sweeping import sweep_sections
from sim.report.tables import largest_causes

if TYPE_CHECKING:
    from sim.experiment.compare import Comparison
    from sim.experiment.runs import Run
    from sim.experiment.sweeps.sweep import Sweep
    from sim.scenario import Scenario

_HERE = Path(__file__).resolve().parent


def run_page(run: Run) -> str:
    """The report of a run, a whole HTML document."""
    scenario, results, names = run.scenario, Results(run.measures, run.scenario), Names(run.scenario, run.pools)
    details = [
        *targets_section(scenario, results),
        whole_city(scenario, results, names, run.replications),
        *_figures(run, results, names),
        _mechanisms(scenario),
        what_was_run(run),
        assumptions(scenario),
    ]
    sections = [answers(run, results, names), *(replace(section, folded=True) for section in details)]
    facts = [window(scenario), times(run.replications), f"seed {run.seed}"]
    if scenario.scale != 1:
        facts.insert(0, f"scale 1:{scenario.scale:g}")
    return _page("Report of a simulated city", scenario.name, scenario.description.strip(), " · ".join(facts), sections)


def one_page(run: Run, question: str = "") -> str:
    """A sheet of one page for who has a minute, a whole HTML document. ``question``: what was asked."""
    facts = [window(run.scenario), times(run.replications), f"seed {run.seed}", f"digest {run.scenario.digest[:16]}"]
    sections = one_page_sections(run, question)
    return _page("A simulated city on one page", run.scenario.name, "", " · ".join(facts), sections, contents=False)


def _figures(run: Run, results: Results, names: Names) -> list[Section]:
    scenario, sizes = run.scenario, results.units()
    spans = bins(run)
    moving = flow(run, spans, names, sizes)
    over_time: list[Block | None] = []
    if moving.series:
        over_time = [
            backlog(scenario, spans, moving, results),
            arrivals(scenario, spans, moving),
        ]
    staffed = weeks(run, names)
    asked = scenario.policies.callback is not None
    truths = [truth(results, names, asked)] if asked or models_resolution(scenario) else []
    sheets: list[Block | None] = [last_sheet(run, names)]
    ranking = [_section("ranking", "Scores and ranks", sheets, "")] if sheets != [None] else []
    no_truth = "The scenario models neither what is truly solved nor what citizens say of it."
    why: list[Block | None] = [causes(results, names, sizes), largest_causes(results)]
    return [
        _section("flow", "Backlog and arrivals over time", over_time, "The scenario has no units."),
        _section("closing", "Time to close", [time_to_close(results, names)], "There are no requests to close."),
        _section("limits", "Breaches", [breaches(results, names)], "No request of the count window came due."),
        _section("hours", "Where the hours go", why, "No hours were spent on requests."),
        _section("staff", "Load against staff", [load(staffed)] if staffed else [], "The scenario has no staff."),
        _section("truth-report", "Truth beside report", truths, no_truth if not truths else "There are no requests."),
        *ranking,
    ]


def _mechanisms(scenario: Scenario) -> Section:
    """What each mechanism that is on does with the numbers of the scenario."""
    said: list[Block | None] = [Text(clean(sentences)) for sentences in in_words(build_city(scenario)).values()]
    return _section("mechanisms", "What the mechanisms do here", said, "No mechanism is on.")


def _section(key: str, title: str, blocks: Sequence[Block | None], otherwise: str) -> Section:
    """A section with what there is to show, or a sentence that says why there is nothing."""
    return Section(key, title, [block for block in blocks if block is not None] or [Text(otherwise)])


def comparison_page(comparison: Comparison) -> str:
    """The report of a comparison, a whole HTML document."""
    paired = {comparison.paired(name) for name in comparison.names[1:]}
    facts = f"{times(comparison.replications)} {' or '.join(sorted(paired))} · seed {comparison.seed}"
    return _page(
        "Comparison of simulated cities", comparison_title(comparison), "", facts, comparison_sections(comparison)
    )


def sweep_page(sweep: Sweep) -> str:
    """The report of a sweep, a whole HTML document."""
    experiment = sweep.design.experiment
    points = f"{len(sweep.design.points)} points"
    facts = f"{points} · {times(experiment.replications)} on the same citizens · seed {experiment.seed}"
    return _page("Experiment with simulated cities", clean(experiment.question), "", facts, sweep_sections(sweep))


def _page(
    kind: str, title: Cell, description: str, facts: str, sections: Sequence[Section], contents: bool = True
) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["marked"] = lambda text: marked(text) if type(text) is str else text
    return environment.get_template("page.html.j2").render(
        kind=kind,
        title=title,
        description=description,
        facts=facts,
        sections=sections,
        contents=contents,
        style=Markup((_HERE / "style.css").read_text(encoding="utf-8")),
    )
