"""Commands about scenarios: none of them simulates."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import click

from sim.options import by_scenario, json_option, path, set_option
from sim.terminal import say, say_json, tell_became


@click.command()
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


@click.command()
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
    tell_became([loaded])
    if as_json:
        say_json(show_json(loaded, path))
    elif path or whole or not sys.stdout.isatty():
        say(show_text(loaded, path))
    else:
        say(overview_text(loaded, ["citysim", "show", scenario, *(f"--set={text}" for text in overrides)]))


@click.command()
@click.argument("scenarios", nargs=-1, required=True)
@set_option
def validate(scenarios: tuple[str, ...], overrides: tuple[str, ...]) -> None:
    """Check SCENARIOS and report every error at once."""
    from sim.report.became import became_lines
    from sim.scenario import load_all

    own = by_scenario("--set", overrides, scenarios)
    for name, loaded in zip(scenarios, load_all(scenarios, own), strict=True):
        say(f"{name}: ok ({loaded.name})")
        for line in became_lines(loaded.became):
            say(f"  {line}")
        for note in loaded.notes:
            say(f"  note: {note}")


@click.command()
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


@click.command()
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


@click.command()
def schema() -> None:
    """Print the JSON schema of scenario files, for editors."""
    from sim.scenario import json_schema

    say_json(json.dumps(json_schema(), ensure_ascii=False, indent=1))


COMMANDS = (new, show, validate, scenarios, mechanisms, schema)
