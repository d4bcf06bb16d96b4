"""What a run answers first: the measures of the whole city, and the worst district beside each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from sim.inference.gaps import FEWEST
from sim.report.blocks import Cell, Section, Table, Text, Tile, Tiles
from sim.report.departments import departments, what_people_could_change
from sim.report.figures_late import late_requests
from sim.report.formats import gap, gap_interval
from sim.report.given_backlog import when_it_is_done
from sim.report.modelled import LEVELS, RATES, disturbances, missing_wages, not_modelled, open_at_start, thinned
from sim.report.names import Names, clean, marked, measure_name
from sim.report.results import Gap, Results

if TYPE_CHECKING:
    from sim.experiment.runs import Run
    from sim.scenario import Scenario

_TILES = ("response_rate", "resolution_rate", "satisfaction_rate", "true_resolution_share", "breach_share")
_MORE_TILES = ("time_to_close_p50", "time_to_close_p90", "answered_within_15s", "abandonment_share", "backlog_end")

_GROUPS = (
    (
        "Three rates and score",
        RATES,
    ),
    ("Satisfaction in five levels", LEVELS),
    ("Truth", ("true_resolution_share", "false_resolution_share", "closed_share")),
    ("Breaches", ("breach_share", "contact_breach_share", "lateness_mean_among_closed")),
    (
        "Time to close",
        (
            *("time_to_close_p50", "time_to_close_p90", "time_to_close_p50_among_closed"),
            *("time_to_close_p90_among_closed", "time_to_close_mean_among_closed"),
        ),
    ),
    ("Phone", ("answered_within_15s", "phone_wait_mean", "abandonment_share", "lost_share", "deflected_share")),
    (
        "Volume and work",
        (
            *("contacts", "requests", "backlog_end", "hops_mean", "rounds_mean", "repeat_share"),
            *("whistles", "report_rate", "escalated_share", "sent_up_share"),
            *("found_requests", "found_share"),
        ),
    ),
    ("Staff", ("utilisation", "cost", "cost_per_request")),
)

_TWO_DENOMINATORS = (
    "The response rate is a share of the requests whose callback was answered, the missed contact-by limit one of all "
    "requests whose limit fell before the end: the two need not add up to 100 %."
)


def answers(run: Run, results: Results, names: Names) -> Section:
    """The first section of a run's report: what happens, at which department, and what is not modelled."""
    scenario = run.scenario
    missing, without = not_modelled(scenario)
    if results.city("contacts").mean == 0:
        missing.insert(0, "Nobody called: there are no contacts in the count window, hence no shares and no times.")
    shown = [measure for measure in (*_TILES, *_MORE_TILES) if measure not in without]
    section = Section("answers", "Answers first")
    section.blocks.append(Tiles([_tile(measure, results, names) for measure in shown]))
    about = [
        thinned(scenario),
        clean(disturbances(scenario)),
        clean(open_at_start(scenario)),
        when_it_is_done(run),
        what_people_could_change(run, results),
        missing_wages(scenario),
    ]
    section.blocks.extend(Text(sentence) for sentence in about if sentence)
    if (table := departments(run, results, names, without)) is not None:
        section.blocks.append(table)
    if (figure := late_requests(run, results, names)) is not None:
        section.blocks.append(figure)
    section.blocks.extend(Text(sentence) for sentence in missing)
    return section


def whole_city(scenario: Scenario, results: Results, names: Names, replications: int) -> Section:
    """All measures of the whole city, the worst district beside each."""
    without = not_modelled(scenario)[1]
    section = Section("city", "The whole city", [_table(results, names, without)])
    if not {"response_rate", "contact_breach_share"} & without:
        section.blocks.append(Text(_TWO_DENOMINATORS))
    section.blocks.append(Text(_how_to_read(replications), note=True))
    return section


def _tile(measure: str, results: Results, names: Names) -> Tile:
    found = results.city(measure)
    below: Cell = ""
    worst = results.worst_district(measure)
    if measure == "backlog_end":
        below = f"open on {results.scenario.time.end:%Y-%m-%d}, also those that came outside the counting"
    elif worst is not None:
        where, value = worst
        name = names.district(where[0]) if len(where) == 1 else _several(where)
        below = Markup("worst: {}<br>{}").format(name, marked(value.text))
    return Tile(measure_name(measure), found.text, found.interval, below)


def _several(names: list[str]) -> str:
    return f"{len(names)} districts"


def _table(results: Results, names: Names, without: set[str]) -> Table:
    groups: list[tuple[Cell, list[list[Cell]]]] = []
    for title, measures in _GROUPS:
        lines = [_line(measure, results, names) for measure in measures if measure not in without]
        if lines:
            groups.append((title, lines))
    heads = [
        "measure",
        "whole city",
        "95 % interval",
        "worst district",
        "its value",
        "95 % interval",
        "gap between districts",
    ]
    return Table(
        "The whole city, and the worst district beside it",
        heads,
        groups,
        words=frozenset({0, 3, 6}),
        note=(
            "Gap between districts: largest minus smallest of their means, where it is a measure of equity, with an "
            f"interval that holds whichever two they are. Only places with at least {FEWEST} cases take part, also for "
            "the worst: requests of no known place count for the whole city alone, which may be worse than its worst "
            "district. pp: percentage points."
        ),
    )


def _line(measure: str, results: Results, names: Names) -> list[Cell]:
    found, worst, spread = results.city(measure), results.worst_district(measure), results.gap(measure)
    cells: list[Cell] = [measure_name(measure), found.text, found.interval]
    if worst is None or measure in ("backlog_end",):
        cells += ["", "", ""]
    else:
        where, value = worst
        cells += [names.district(where[0]) if len(where) == 1 else _several(where), value.text, value.interval]
    return [*cells, "" if spread is None or worst is None else _apart(spread, names)]


def _apart(spread: Gap, names: Names) -> Cell:
    """How far the districts are apart, and which two."""
    size, range_ = gap(spread.estimate.mean, spread.estimate.unit), gap_interval(spread.estimate)
    ends = Markup("{} – {}").format(names.district(spread.smallest), names.district(spread.largest))
    return Markup("{}{}<br><span class='quiet'>{}</span>").format(size, f" ({range_})" if range_ else "", ends)


def _how_to_read(replications: int) -> str:
    times = f"Means over {replications} replications with 95 % intervals (Student’s t), cut off at 0 and 100 %."
    if replications == 1:
        times = "One replication: there are no intervals, and chance is part of every number."
    return (
        f"{times} “Not reached”: the quantile falls among requests that are open at the end. –: nothing to take a "
        "share or mean of. The worst district may be so by chance, most of all where it has few requests. Every "
        "measure is defined in docs/measures.md."
    )
