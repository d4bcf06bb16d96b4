"""Commands that simulate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.options import (
    by_scenario,
    for_all,
    json_option,
    path,
    policy_option,
    relevance_of,
    relevant_option,
    replication_options,
    set_option,
    turned,
)
from sim.terminal import DIFFERENT, OK, progress, say, say_json, tell, tell_became, tell_notes

if TYPE_CHECKING:
    from sim.experiment.runs import Keep
    from sim.model.simulation import Engine


@click.command()
@click.argument("scenario")
@replication_options
@set_option
@policy_option
@click.option("--keep", type=click.Choice(["measures", "all"]), help="What to keep; default: all up to 1 M contacts.")
@click.option("--out", type=path, help="Run folder; default: a new one in results/.")
@json_option
def run(
    scenario: str,
    replications: int,
    seed: int,
    engine: Engine,
    processes: int | None,
    overrides: tuple[str, ...],
    policies: tuple[str, ...],
    keep: Keep | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Simulate SCENARIO; print its measures, write a run folder with a report."""
    from sim.experiment import store
    from sim.experiment.ample import late_in_any_case
    from sim.experiment.own_policies import read_policy
    from sim.experiment.runs import run as run_scenario
    from sim.report.page import run_page
    from sim.report.text import measures_json, run_text
    from sim.scenario import load

    (own,), (said,) = (by_scenario(*of, [scenario]) for of in (("--set", overrides), ("--policy", policies)))
    loaded, acting = load(scenario, own), [read_policy(text) for text in said if text is not None]
    tell_became([loaded])
    tell_notes([loaded])
    with store.run_draft(loaded, seed, replications, out, acting) as draft:
        with progress(loaded.name, loaded, replications) as tick:
            found = run_scenario(
                loaded,
                replications,
                seed=seed,
                engine=engine,
                policies=acting,
                keep=keep or "auto",
                folder=draft.beside,
                processes=processes,
                progress=tick,
                tell=tell,
            )
        found = late_in_any_case(found, acting, processes=processes, tell=tell)
        folder = store.write(found, draft, run_page(found))
    if as_json:
        say_json(measures_json(found, folder))
    else:
        say(run_text(found))
        say(f"Report: {folder / 'report.html'}")


@click.command()
@click.argument("scenarios", nargs=-1, required=True)
@replication_options
@set_option
@policy_option
@relevant_option
@click.option("--out", type=path, help="Where the report goes; default: results/compare-….html.")
@json_option
def compare(
    scenarios: tuple[str, ...],
    replications: int,
    seed: int,
    engine: Engine,
    processes: int | None,
    overrides: tuple[str, ...],
    policies: tuple[str, ...],
    relevant: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Run SCENARIOS on the same citizens and compare each with the first."""
    from sim.experiment import store
    from sim.experiment.compare import compare as compare_scenarios
    from sim.experiment.compare import unique_names
    from sim.experiment.own_policies import read_policy
    from sim.report.comparison_text import comparison_text
    from sim.report.page import comparison_page
    from sim.report.text import comparison_json
    from sim.scenario import load_all

    if len(scenarios) < 2:
        raise click.UsageError("compare wants at least two scenarios")
    relevance = relevance_of(relevant)
    said = by_scenario("--policy", policies, scenarios)
    loaded = load_all(scenarios, by_scenario("--set", overrides, scenarios))
    acting = [[read_policy(text) for text in of_one if text is not None] for of_one in said]
    own = turned((overrides, policies), scenarios)
    tell_became(loaded, unique_names(loaded, own))
    tell_notes(loaded)
    with store.comparison_draft(loaded[0], replications, out) as draft:
        with progress(f"{len(loaded)} scenarios", loaded[0], replications, len(loaded)) as tick:
            found = compare_scenarios(
                loaded,
                replications,
                seed=seed,
                engine=engine,
                policies=acting,
                relevance=relevance,
                processes=processes,
                progress=tick,
                tell=tell,
                said=[*for_all("--set", overrides), *for_all("--policy", policies)],
                turned=own,
            )
        path = store.write_page(comparison_page(found), draft)
    if as_json:
        say_json(comparison_json(found))
    else:
        say(comparison_text(found))
        say(f"Report: {path}")


@click.command()
@click.argument("folder", type=path)
@click.option("--processes", type=click.IntRange(1), help="Processes at once; default: one a core.")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="FILE.py:FUNCTION",
    help="A policy of your own that acted in the run: the same file, wherever it is.",
)
@json_option
def reproduce(folder: Path, processes: int | None, policies: tuple[str, ...], as_json: bool) -> int:
    """Run the run in FOLDER again and compare; exit code 5 where anything came out differently."""
    from sim.experiment.own_policies import read_policy
    from sim.experiment.reproduce import reproduce as run_again
    from sim.experiment.reproduce import reproducible
    from sim.report.reproduced import reproduction_json, reproduction_text

    acting = [read_policy(text) for text in policies]
    stored, content = reproducible(folder, acting)
    with progress(stored.scenario.name, stored.scenario, stored.replications) as tick:
        found = run_again(folder, stored, content, policies=acting, processes=processes, progress=tick, tell=tell)
    if as_json:
        say_json(reproduction_json(found, folder))
    else:
        say(reproduction_text(found, folder))
    return OK if found.identical else DIFFERENT


COMMANDS = (run, compare, reproduce)
