"""The command line: parse, call, print.

Results go to stdout, progress and errors to stderr. Exit codes: 0 ok, 1 internal failure, 2 usage, 3 bad scenario or
data, 4 some runs of a sweep failed, 5 a reproduction that differs, 130 interrupted.
"""

from __future__ import annotations

import atexit
import gc
import io
import json
import os
import shlex
import signal
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim import __version__
from sim.errors import CitysimError
from sim.options import (
    by_scenario,
    json_option,
    path,
    policy_option,
    relevance_of,
    relevant_option,
    replication_options,
    set_option,
    whom,
    word,
)
from sim.terminal import (
    INTERRUPTED,
    deafen,
    interrupted,
    leave,
    listen,
    open_streams,
    progress,
    say,
    say_json,
    say_lines,
    tell,
    tell_notes,
)

if TYPE_CHECKING:
    from sim.experiment.runs import Keep
    from sim.model.simulation import Engine

OK, FAILED, USAGE, BAD_DATA, CHECK_FAILED, DIFFERENT = 0, 1, 2, 3, 4, 5

#: The exit code of each error, by the name of its class, as some of them are defined beside heavy libraries. A class
#: that is not listed has the code of its nearest base that is.
EXIT_CODES = {
    "EngineError": USAGE,
    "IncomparableError": BAD_DATA,
    "NoSuchTableError": BAD_DATA,
    "OwnPoliciesError": BAD_DATA,
    "OwnPolicyError": BAD_DATA,
    "RunFolderError": BAD_DATA,
    "ScenarioError": BAD_DATA,
    "TakenError": BAD_DATA,
    "TooManyVisitsError": BAD_DATA,
    "UnknownPathError": BAD_DATA,
    "UnknownRequestError": BAD_DATA,
    "WorkerDiedError": FAILED,
    "WriteError": FAILED,
}


def main() -> None:
    """Run the command line and leave with its exit code."""
    gc.set_threshold(100_000)  # the libraries make a million objects that stay; looking through them takes long
    try:
        code = _left_with()
        signal.signal(signal.SIGINT, leave)
    except KeyboardInterrupt:
        leave()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError as wrong:
        code = code or FAILED
        say(f"citysim: output: {wrong.strerror}", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what it could not take is not tried again
    if code < INTERRUPTED and "loky" in sys.modules:
        sys.exit(code)  # workers end in their own order
    if code < INTERRUPTED:
        atexit._run_exitfuncs()
    os._exit(code)  # nothing is left that is worth taking apart


def _left_with() -> int:
    """The exit code of the command in ``sys.argv``, also where it is told to end."""
    try:
        listen()
        open_streams()
        return run_command(sys.argv[1:])
    except KeyboardInterrupt:
        leave()
    except SystemExit as told:
        deafen()
        return told.code if isinstance(told.code, int) else FAILED
    except Exception:
        say(traceback.format_exc(), err=True)
        return FAILED


def run_command(arguments: list[str]) -> int:
    """The exit code of one command; what is wrong is said in words on stderr."""
    from sim.scenario import ScenarioError

    try:
        code = cli.main(arguments, prog_name="citysim", standalone_mode=False)
        return code if isinstance(code, int) else OK
    except click.ClickException as wrong:
        said = io.StringIO()
        wrong.show(said)
        say(said.getvalue().rstrip("\n"), err=True)
        return wrong.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("interrupted", err=True)
        return INTERRUPTED
    except ScenarioError as wrong:
        say(str(wrong), err=True)
        return exit_code(wrong)
    except OSError as wrong:
        say(f"citysim: {wrong.filename or 'output'}: {wrong.strerror or wrong}", err=True)
        return FAILED
    except MemoryError:
        say("citysim: out of memory", err=True)
        return FAILED
    except Exception as wrong:
        if interrupted():  # a library made something else of it
            say("interrupted", err=True)
            return INTERRUPTED
        if not isinstance(wrong, CitysimError):
            raise
        say(f"citysim: {wrong}", err=True)
        return exit_code(wrong)


def exit_code(wrong: CitysimError) -> int:
    """The code with which the program ends after an error."""
    return next((EXIT_CODES[base.__name__] for base in type(wrong).__mro__ if base.__name__ in EXIT_CODES), FAILED)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="citysim")
def cli() -> None:
    """Simulate how a city handles its citizens' requests (接诉即办, 12345, 311)."""


@cli.command()
@click.argument("file", type=path)
def new(file: Path) -> None:
    """Write a scenario to FILE.yaml: a small town that runs, with a word on each number and where to find yours."""
    from sim.experiment import store
    from sim.scenario.files import NEW

    if file.suffix not in (".yaml", ".yml"):
        raise click.UsageError(f"a scenario is a YAML file: citysim new {shlex.quote(f'{file}.yaml')}")
    name = shlex.quote(str(store.write_new(NEW.read_text(encoding="utf-8"), file)))
    say(f"{name} is written: a small town, invented. Put your numbers in it, then")
    for then in ("validate", "show", "run"):
        say(f"  citysim {then} {name}")


@cli.command()
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
        found = late_in_any_case(found, acting, tell)
        folder = store.write(found, draft, run_page(found))
    if as_json:
        say_json(measures_json(found, folder))
    else:
        say(run_text(found))
        say(f"Report: {folder / 'report.html'}")


@cli.command()
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
    names = unique_names(loaded)
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
                said=[*whom("--set", overrides, names), *whom("--policy", policies, names)],
            )
        path = store.write_page(comparison_page(found), draft)
    if as_json:
        say_json(comparison_json(found))
    else:
        say(comparison_text(found))
        say(f"Report: {path}")


@cli.command()
@click.argument("experiment", type=word)
@click.option("--out", type=path, help="The folder of its runs; default: results/sweep-NAME.")
@click.option("--processes", type=click.IntRange(1), help="Processes at once; default: one a core.")
@click.option("--dry-run", is_flag=True, help="Say what would be run.")
def sweep(experiment: str, out: Path | None, processes: int | None, dry_run: bool) -> int:
    """Run what is missing of EXPERIMENT (a file, or a name in ./experiments); write a table and a report.

    Exit code 4 where some runs failed; all others are kept.
    """
    from sim.experiment import store
    from sim.experiment.designs import find_experiment, load_design
    from sim.experiment.sweep import missing
    from sim.experiment.sweep import sweep as run_sweep
    from sim.report.page import sweep_page
    from sim.report.sweep_text import plan_text, sweep_text

    design = load_design(find_experiment(experiment))
    folder = store.sweep_folder(design, out)
    ahead = missing(design, folder)
    say(plan_text(design, ahead), err=not dry_run)
    if dry_run:
        return OK
    with progress(design.name, design.points[0].scenario, ahead) as tick:
        found = run_sweep(design, folder, processes=processes, progress=tick, tell=tell)
    pages = store.write_sweep(found, sweep_page(found), folder)
    say(sweep_text(found))
    for page in pages:
        say(f"{page.stem.capitalize()}: {page}")
    return CHECK_FAILED if found.failed else OK


@cli.command()
@click.argument("folder", type=path)
@click.option("--out", type=path, help="Where the page goes; default: report.html or one-page.html in FOLDER.")
@click.option("--one-page", is_flag=True, help="A sheet of one page: answer, departments, a figure, assumptions.")
@click.option("--question", default="", help="What was asked: the heading of the sheet.")
@click.option("--figures", type=path, help="A new folder for the figures of the page, as SVG and PNG.")
def report(folder: Path, out: Path | None, one_page: bool, question: str, figures: Path | None) -> None:
    """Write the report of the run in FOLDER anew, or a sheet of one page beside it."""
    from sim.experiment import store
    from sim.report import page
    from sim.report.svg import as_files

    if question and not one_page:
        raise click.UsageError("--question is the heading of the sheet that --one-page writes")
    found, drawn = store.read(folder), set[str]()
    with store.figures_draft(figures) as draft, as_files(None if draft is None else draft.beside) as (written, boxes):
        text = page.one_page(found, question) if one_page else page.run_page(found)
        drawn = {file.stem for file in written}
        if draft is not None:
            draft.keep()
    if one_page:
        say(f"Sheet: {store.replace_page(text, out or folder / 'one-page.html')}")
    else:
        say(f"Report: {store.renew_page(text, folder, out)}")
    if figures is not None:
        say(f"Figures: {figures}: {', '.join(sorted(drawn))}, each as svg and png")
        if boxes:
            say("Chinese names are boxes in the PNG files: this machine has no font for them.", err=True)


@cli.command()
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


@cli.command()
@click.argument("folder", type=path)
@click.argument("request", required=False, type=word)
@click.option("--replication", type=click.IntRange(0), default=0, show_default=True, help="Which replication.")
def explain(folder: Path, request: str | None, replication: int) -> None:
    """Tell the life of REQUEST (its key, or the beginning of it) in the run in FOLDER; without it, list some keys."""
    from sim.experiment import store
    from sim.report.explain import candidates
    from sim.report.explain import explain as explain_request

    found = store.read(folder)
    say(candidates(found, replication) if request is None else explain_request(found, request, replication))


@cli.command()
@click.argument("folder", type=path)
@click.argument("table", type=word)
@click.option("--replication", type=click.IntRange(0), help="Which replication; default: all.")
@click.option("--bom", is_flag=True, help="Begin with a mark by which Excel knows UTF-8, for names such as 老城.")
@click.option("--out", type=path, help="A new file; default: standard output.")
def export(folder: Path, table: str, replication: int | None, bom: bool, out: Path | None) -> None:
    """Print TABLE of the run in FOLDER as CSV, with dates beside hours; docs/tables.md has the tables."""
    from sim.experiment.export import csv_lines, write_csv

    lines = csv_lines(folder, table, replication, bom)
    if out is None:
        say_lines(lines)
    else:
        say(f"Table: {write_csv(lines, out)}")


@cli.command()
@click.argument("scenario")
@click.argument("path", default="")
@click.option("--all", "whole", is_flag=True, help="All values on a terminal too, where an overview is the default.")
@set_option
@json_option
def show(scenario: str, path: str, whole: bool, overrides: tuple[str, ...], as_json: bool) -> None:
    """Show every resolved value of SCENARIO with its source, and the load of each pool.

    With PATH only values that begin so, such as units.Roads, or, where * is any one step, units.*.staff.
    """
    from sim.report.overview import overview_text
    from sim.report.show import show_json, show_text
    from sim.scenario import load

    if path and whole:
        raise click.UsageError(f"either {path}, or --all")
    loaded = load(scenario, by_scenario("--set", overrides, [scenario])[0])
    if as_json:
        say_json(show_json(loaded, path))
    elif path or whole or not sys.stdout.isatty():
        say(show_text(loaded, path))
    else:
        say(overview_text(loaded, ["citysim", "show", scenario, *(f"--set={text}" for text in overrides)]))


@cli.command()
@click.argument("scenarios", nargs=-1, required=True)
@set_option
def validate(scenarios: tuple[str, ...], overrides: tuple[str, ...]) -> None:
    """Check SCENARIOS and report every error at once."""
    from sim.scenario import load_all

    own = by_scenario("--set", overrides, scenarios)
    for name, loaded in zip(scenarios, load_all(scenarios, own), strict=True):
        say(f"{name}: ok ({loaded.name})")
        for note in loaded.notes:
            say(f"  note: {note}")


@cli.command()
@json_option
def scenarios(as_json: bool) -> None:
    """List the scenarios that come with citysim and those in ./scenarios."""
    from sim.scenario import ScenarioError, load
    from sim.scenario.files import known_scenarios

    rows = []
    for name, file in known_scenarios().items():
        try:
            loaded = load(file)
            rows.append({"scenario": name, "name": loaded.name, "file": str(file)})
        except ScenarioError as wrong:
            rows.append({"scenario": name, "name": f"({len(wrong.findings)} errors)", "file": str(file)})
    if as_json:
        say_json(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    width = max((len(row["scenario"]) for row in rows), default=0)
    for row in rows:
        say(f"{row['scenario']:{width}}  {row['name']}")


@cli.command()
@click.argument("scenario", required=False)
@set_option
@json_option
def mechanisms(scenario: str | None, overrides: tuple[str, ...], as_json: bool) -> None:
    """List the mechanisms that `policies:` turns on, with what each needs and its keys; in SCENARIO, what they do."""
    from sim.report.mechanism_list import mechanism_list, mechanism_text
    from sim.scenario import load

    if scenario is None and overrides:
        raise click.UsageError("--set needs a SCENARIO whose values it changes")
    loaded = None if scenario is None else load(scenario, by_scenario("--set", overrides, [scenario])[0])
    entries = mechanism_list(loaded)
    if as_json:
        say_json(json.dumps(entries, ensure_ascii=False, indent=1))
    else:
        say(mechanism_text(entries, "" if loaded is None else loaded.name))


@cli.command()
def schema() -> None:
    """Print the JSON schema of scenario files, for editors."""
    from sim.scenario import json_schema

    say_json(json.dumps(json_schema(), ensure_ascii=False, indent=1))
