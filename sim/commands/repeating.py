"""Commands about how often and how long to simulate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sim.options import by_scenario, json_option, replication_options, set_option, simulation_options, turned
from sim.terminal import progress, say, say_json, tell, tell_became, tell_notes

if TYPE_CHECKING:
    from sim.model.simulation import Engine


@click.command()
@click.argument("scenarios", nargs=-1, required=True)
@click.option("--measure", "measures", multiple=True, metavar="M", help="What is to be known so well; may be repeated.")
@click.option("--all", "all_", is_flag=True, help="All headline measures of a comparison.")
@click.option(
    "--half-width",
    "sizes",
    multiple=True,
    metavar="SIZE",
    help="Half of the interval: 0.5pp of shares and scores, 2% of the mean, or “30 min”, 10 in the unit of a measure; "
    "may be repeated.  [default: 0.5pp, 1%]",
)
@click.option("--at-most", type=click.IntRange(2), default=100, show_default=True, help="No more replications.")
@simulation_options
@set_option
@json_option
def replications(
    scenarios: tuple[str, ...],
    measures: tuple[str, ...],
    all_: bool,
    sizes: tuple[str, ...],
    at_most: int,
    seed: int,
    engine: Engine,
    processes: int | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say how many replications of SCENARIO, or of the difference of two, give intervals of a half-width."""
    from sim.experiment.compare import unique_names
    from sim.experiment.replications import replications_for
    from sim.experiment.sweeps.experiments import HEADLINES
    from sim.experiment.sweeps.precision import half_widths
    from sim.report.modelled import in_neither
    from sim.report.repeating import replications_json, replications_text
    from sim.scenario import load_all

    if len(scenarios) > 2:
        raise click.UsageError("one scenario, or two whose difference is to be known")
    if all_ == bool(measures):
        raise click.UsageError("say of what: --measure breach_share, say, or --all headline measures")
    loaded = load_all(scenarios, by_scenario("--set", overrides, scenarios))
    own = turned((overrides,), scenarios)
    tell_became(loaded, unique_names(loaded, own))
    tell_notes(loaded)
    hidden = in_neither(loaded)
    try:
        wanted = half_widths([name for name in HEADLINES if name not in hidden] if all_ else measures, sizes)
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    found = replications_for(
        loaded,
        wanted,
        at_most=at_most,
        seed=seed,
        engine=engine,
        processes=processes,
        rounds=lambda count: progress(loaded[0].name, loaded[0], count, len(loaded)),
        tell=tell,
        turned=own,
    )
    if as_json:
        say_json(replications_json(found))
    else:
        say(replications_text(found))


@click.command(name="warm-up")
@click.argument("scenario")
@replication_options
@set_option
@json_option
def warm_up(
    scenario: str,
    replications: int,
    seed: int,
    engine: Engine,
    processes: int | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say from when on SCENARIO is to be counted: when its queues have filled up from nothing."""
    from sim.experiment.warming import warm_up as look
    from sim.report.repeating import warm_up_json, warm_up_text
    from sim.scenario import load

    (own,) = by_scenario("--set", overrides, [scenario])
    loaded = load(scenario, own)
    tell_became([loaded])
    tell_notes([loaded])
    with progress(loaded.name, loaded, replications) as tick:
        found = look(loaded, replications, seed=seed, engine=engine, processes=processes, progress=tick, tell=tell)
    if as_json:
        say_json(warm_up_json(found))
    else:
        say(warm_up_text(found))


COMMANDS = (replications, warm_up)
