"""The door of the house: the public names of ``sim``, its errors, and the exit codes of the program."""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sim
from sim import cli
from sim.cli import EXIT_CODES, exit_code, run_command

ROOT = Path(__file__).resolve().parent.parent

NAMES = {
    *("CitysimError", "EngineError", "IncomparableError", "ScenarioError", "TooManyVisitsError", "WorkerDiedError"),
    *("Comparison", "Outcomes", "Run", "Scenario", "Sweep"),
    *("compare", "load", "measures", "run", "simulate", "sweep"),
}

#: Exceptions that nobody outside meets.
INSIDE = {
    "sim.model.reference.basics.Merged": "ends the course of a request in the reference engine: nothing went wrong",
    "sim.model.reference.basics.Cleared": "likewise: its owner closes it, since a theme has fixed the problem",
    "sim.model.reference.basics.Gamed": "likewise: its owner closes it unsolved",
    "sim.scenario.errors.ReadError": "one value that cannot be read: the loader makes findings of it",
    "sim.experiment.sweeps.repeating._TimeIsUpError": "the time of a budget is over: a sweep ends with what is there",
    "sim.scenario.merging.TooManyError": "wildcards that stand for too much: the loader makes a finding of it",
    "sim.scenario.yaml_loader._Hopeless": "a text that is not read on: the loader makes a finding of it",
}


def exceptions() -> dict[str, type[Exception]]:
    """Every exception that is defined in ``sim``, by where it is."""
    modules = [importlib.import_module(found.name) for found in pkgutil.walk_packages(sim.__path__, "sim.")]
    return {
        f"{module.__name__}.{name}": what
        for module in modules
        for name, what in vars(module).items()
        if inspect.isclass(what) and issubclass(what, Exception) and what.__module__ == module.__name__
    }


EXCEPTIONS = exceptions()
ERRORS = {
    place: error
    for place, error in EXCEPTIONS.items()
    if issubclass(error, sim.CitysimError) and error is not sim.CitysimError
}


# --- names ------------------------------------------------------------------------------------------------------------


def test_the_public_names_are_these() -> None:
    assert sorted(NAMES) == sorted(sim.__all__) == sorted(sim._HOMES)
    assert set(dir(sim)) >= NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_public_name_tells_what_it_is(name: str) -> None:
    what = getattr(sim, name)
    told = inspect.getdoc(what) or ""
    assert what.__name__ == name
    assert told
    assert not told.startswith(f"{name}(")  # as dataclasses have it that tell nothing
    if inspect.isfunction(what):
        assert [p for p in inspect.signature(what).parameters if f"`{p}`" not in told] == []
        assert "\n\nReturns " in told


def test_the_door_opens_without_heavy_libraries() -> None:
    heavy = ("numpy", "scipy", "pandas", "matplotlib", "numba", "duckdb", "pydantic")
    check = f"import sim, sys\nsim.CitysimError\nassert not [m for m in {heavy} if m in sys.modules]"
    subprocess.run([sys.executable, "-c", check], check=True)


# --- errors -----------------------------------------------------------------------------------------------------------


def test_every_exception_is_an_error_of_citysim_or_stays_inside() -> None:
    others = {place for place, error in EXCEPTIONS.items() if not issubclass(error, sim.CitysimError)}
    assert others == set(INSIDE)


@pytest.mark.parametrize("error", ERRORS.values(), ids=lambda error: error.__name__)
def test_an_error_comes_whole_out_of_a_worker(error: type[Exception]) -> None:
    made: Any = error(()) if error is sim.ScenarioError else error("what is wrong")
    again = pickle.loads(pickle.dumps(made))
    assert (type(again), str(again)) == (error, str(made))


def test_a_request_that_goes_round_says_so_out_of_a_worker() -> None:
    again = pickle.loads(pickle.dumps(sim.TooManyVisitsError()))
    assert "goes round in circles" in str(again)


@pytest.mark.parametrize(
    ("error", "other"),
    [
        (sim.EngineError, ValueError),
        (sim.IncomparableError, ValueError),
        (sim.TooManyVisitsError, OverflowError),
    ],
)
def test_who_catches_pythons_own_errors_still_does(error: type[Exception], other: type[Exception]) -> None:
    assert issubclass(error, other)


# --- exit codes -------------------------------------------------------------------------------------------------------


def documented() -> dict[int, str]:
    """The exit codes that README tells of."""
    (said,) = re.findall(r"^Exit codes of the program: (.*?)\.$", (ROOT / "README.md").read_text("utf-8"), re.M | re.S)
    return {int(code): what for code, what in re.findall(r"(\d+) ([^,]+)", " ".join(said.split()))}


def test_every_error_has_an_exit_code_and_every_code_an_error() -> None:
    without = [
        place for place, error in ERRORS.items() if not {base.__name__ for base in error.__mro__} & set(EXIT_CODES)
    ]
    assert without == []
    names = [error.__name__ for error in ERRORS.values()]
    assert set(EXIT_CODES) <= set(names)
    assert len(names) == len(set(names))  # the table knows them by name


def test_exit_codes_are_those_that_are_documented() -> None:
    codes = documented()
    assert codes == {
        0: "ok",
        1: "internal failure",
        2: "usage",
        3: "bad scenario or data",
        4: "some runs of a sweep failed",
        5: "a run is not reproduced",
        130: "interrupted",
    }
    assert set(EXIT_CODES.values()) <= set(codes)
    told = " ".join((cli.__doc__ or "").split())
    assert all(f"{code} " in told for code in codes)


def test_only_the_command_line_knows_of_exit_codes() -> None:
    knowing = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "sim").rglob("*.py")
        if re.search(r"exit_code", path.read_text(encoding="utf-8"))
    }
    assert knowing == {"sim/cli.py"}


class Nearer(sim.EngineError):
    """An error of a kind that is listed."""


@pytest.mark.parametrize(
    ("error", "code"),
    [(sim.EngineError("x"), 2), (Nearer("x"), 2), (sim.ScenarioError(()), 3), (sim.WorkerDiedError("x"), 1)],
)
def test_a_command_ends_with_the_code_of_its_error(
    error: sim.CitysimError, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli.cli, "main", fail)
    assert run_command([]) == exit_code(error) == code
    said = capsys.readouterr().err
    assert said == ("\n" if isinstance(error, sim.ScenarioError) else f"citysim: {error}\n")
