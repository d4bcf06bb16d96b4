"""Commands about experiments: many runs, kept one by one."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sim.options import json_option, path, word
from sim.terminal import CHECK_FAILED, OK, progress, say, say_json, tell


@click.command()
@click.argument("experiment", type=word)
@click.option("--out", type=path, help="The folder of its runs; default: results/sweep-NAME.")
@click.option("--processes", type=click.IntRange(1), help="Processes at once; default: one a core.")
@click.option("--dry-run", is_flag=True, help="Say what would be run, how long that takes, and what room it needs.")
def sweep(experiment: str, out: Path | None, processes: int | None, dry_run: bool) -> int:
    """Run what is missing of EXPERIMENT (a file, or a name in ./experiments); write a table and a report.

    Exit code 4 where some runs failed; all others are kept.
    """
    from sim.experiment import store
    from sim.experiment.designs import find_experiment, load_design
    from sim.experiment.forecast import forecast
    from sim.experiment.planning import ahead, clear
    from sim.experiment.run_store import RunStore
    from sim.experiment.sweep import judged, make_missing
    from sim.report.page import sweep_page
    from sim.report.sweep_plan import forecast_text
    from sim.report.sweep_text import plan_text, sweep_text

    design = load_design(find_experiment(experiment))
    folder = store.sweep_folder(design, out)
    if not dry_run:
        clear(RunStore(folder), tell)
    work = ahead(design, folder, processes=processes, tell=tell)
    say(plan_text(design, len(work.jobs)), err=not dry_run)
    if dry_run:
        say("\n" + (forecast_text(forecast(design, folder, work)) if work.jobs else "Nothing is missing."))
        return OK
    with progress(design.name, design.points[0].scenario, len(work.jobs)) as tick:
        made, failed = make_missing(design, folder, work, progress=tick, tell=tell) if work.jobs else (0, {})
    found = judged(design, folder, made, failed)
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
    from sim.experiment.status import status as status_of
    from sim.report.sweep_status import status_json, status_text

    found = status_of(folder)
    if as_json:
        say_json(json.dumps(status_json(found), ensure_ascii=False, indent=1))
    else:
        say(status_text(found))


COMMANDS = (sweep, status)
