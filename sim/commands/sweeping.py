"""Commands about experiments: many runs, kept one by one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.options import json_option, path, word
from sim.terminal import CHECK_FAILED, OK, progress, say, say_json, tell

if TYPE_CHECKING:
    from sim.experiment.parallel import Progress
    from sim.experiment.sweeps.designs import Design


def _shard(text: str) -> tuple[int, int]:
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise click.BadParameter(f"{text} is no part: write 2/8 for the second of eight")
    return int(number), int(of)


@click.command()
@click.argument("experiment", type=word)
@click.option("--out", type=path, help="The folder of its runs; default: results/sweep-NAME.")
@click.option("--processes", type=click.IntRange(1), help="Processes at once; default: one a core.")
@click.option("--cluster", type=word, metavar="ADDRESS", help="Make the runs on this Dask cluster: tcp://HOST:8786.")
@click.option("--shard", type=_shard, metavar="I/N", default="1/1", help="Make only the I-th of N parts of the runs.")
@click.option("--dry-run", is_flag=True, help="Say what would be run, how long that takes, and what room it needs.")
def sweep(
    experiment: str,
    out: Path | None,
    processes: int | None,
    cluster: str | None,
    shard: tuple[int, int],
    dry_run: bool,
) -> int:
    """Run what is missing of EXPERIMENT (a file, or a name in ./experiments); write a table and a report.

    Exit code 4 where some runs failed; all others are kept.
    """
    from sim.experiment import store
    from sim.experiment.sweeps import planning
    from sim.experiment.sweeps.cluster import executor
    from sim.experiment.sweeps.designs import design_name, find_experiment, load_design
    from sim.experiment.sweeps.forecast import forecast
    from sim.experiment.sweeps.plan import known_points
    from sim.experiment.sweeps.repeating import carry_out, first_round
    from sim.experiment.sweeps.run_store import RunStore
    from sim.experiment.sweeps.sweep import judged, make_missing
    from sim.report.page import sweep_page
    from sim.report.sweep_plan import became_text, forecast_text, unfinished_text
    from sim.report.sweep_text import plan_text, sweep_text

    if cluster and processes:
        raise click.UsageError("--processes are of this machine: a cluster has as many as it has workers")
    file, part = find_experiment(experiment), planning.Shard(*shard)
    folder = store.sweep_folder(design_name(file), out)
    design = load_design(file, known_points(folder))
    if part.of > 1 and (design.experiment.precision or design.experiment.budget):
        raise click.UsageError(
            "--shard makes as many replications as are given: a precision or a budget needs them all"
        )
    if not dry_run:
        planning.clear(RunStore(folder), tell)
    with executor(cluster, tell) as (run, workers):

        def make(planned: Design, in_time: Callable[[Progress], Progress]) -> tuple[int, dict[tuple[str, int], str]]:
            work = planning.ahead(planned, folder, processes=processes, shard=part, on_cluster=workers)
            with progress(design.name, design.points[0].scenario, len(work.jobs)) as tick:
                return make_missing(planned, folder, work, run, in_time(tick))

        first = first_round(design)
        work = planning.ahead(first, folder, processes=processes, shard=part, on_cluster=workers)
        say(plan_text(first, len(work.jobs)), err=not dry_run)
        if dry_run:
            if became := became_text(first):
                say(became)
            say("\n" + (forecast_text(forecast(first, folder, work, tell)) if work.jobs else "Nothing is missing."))
            return OK
        if part.of == 1:
            found = carry_out(design, folder, make, tell)
        else:
            made, failed = make(first, lambda tick: tick)
            left = planning.missing(first, folder) - len(failed)
            if left > 0:
                say(unfinished_text(part, made, failed, left))
                return CHECK_FAILED if failed else OK
            found = judged(first, folder, made, failed)
    pages = store.write_sweep(found, sweep_page(found), folder)
    say(sweep_text(found))
    for page in pages:
        say(f"{page.stem.capitalize()}: {page}")
    return CHECK_FAILED if found.failed else OK


@click.command()
@click.argument("folder", type=path)
@json_option
def status(folder: Path, as_json: bool) -> None:
    """Tell how far the sweep in FOLDER is: what is done and left, what failed, when it will be done."""
    from sim.experiment.sweeps.status import status as status_of
    from sim.report.sweep_status import status_json, status_text

    found = status_of(folder)
    if as_json:
        say_json(json.dumps(status_json(found), ensure_ascii=False, indent=1))
    else:
        say(status_text(found))


COMMANDS = (sweep, status)
