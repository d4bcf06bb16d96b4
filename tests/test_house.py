"""How the house stands: which room may import from which, and what starts without the heavy libraries."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

SIM = Path(__file__).resolve().parent.parent / "sim"

#: Left to right; a room imports only from rooms to its left, and from itself.
ROOMS = (
    *("errors", "scenario", "model", "outcomes", "measurement", "inference", "experiment", "report"),
    *("terminal", "options", "commands", "cli", "start"),
)

#: Inside the model, too: what both engines share knows nothing of either, and neither of the other.
MODEL = (
    *("facts", "rows", "owners", "keeping", "compiling", "draws", "quantiles", "rules", "purposes", "staffing"),
    *(
        "rhythm",
        "index",
        "policies",
        "initial",
        "city",
        "sheets",
        "demand",
        "load",
        "clockwork",
        "control",
        "reference",
        "compiled",
        "simulation",
    ),
)

#: Inside each engine, and inside the machine of the compiled one. What both engines do lies in files of the same names.
BOTH = (
    *(
        "basics",
        "beats",
        "pools",
        "contacts",
        "errands",
        "callbacks",
        "supervision",
        "limits",
        "whistle",
        "closing",
        "gaming",
        "theme",
    ),
    *("council", "patrol", "initial", "journey"),
)
REFERENCE = ("world", *BOTH, "run")
#: ``events`` and ``loop`` do for the compiled engine what SimPy does for the other.
COMPILED = ("machine", *BOTH, "events", "loop", "run")
MACHINE = ("codes", "packing", "layout", "state", "tasks", "memory", "queues", "hidden", "schedule", "world")
ENGINES = {"reference": REFERENCE, "compiled": COMPILED, "compiled/machine": MACHINE}


def imports(path: Path) -> set[str]:
    """Names of modules of the project that a file imports when it runs, also inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    checking = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in checking:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sim"):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("sim")}
    return found


@pytest.mark.parametrize("path", sorted(SIM.rglob("*.py")), ids=lambda path: str(path.relative_to(SIM)))
def test_a_room_imports_only_from_rooms_to_its_left(path: Path) -> None:
    room = path.relative_to(SIM).parts[0].removesuffix(".py")
    if room == "__init__":
        return
    for name in imports(path):
        parts = name.split(".")
        if len(parts) > 1 and parts[1] in ROOMS:
            assert ROOMS.index(parts[1]) <= ROOMS.index(room), f"{room} imports {name}"


def in_order(folder: str, order: tuple[str, ...]) -> None:
    """Each file of a room imports only what comes before it there."""
    room = ("sim", *folder.split("/"))
    for path in (SIM / folder).rglob("*.py"):
        own = path.relative_to(SIM / folder).parts[0].removesuffix(".py")
        for name in imports(path) if own != "__init__" else ():
            parts = tuple(name.split("."))
            if parts[: len(room)] == room and len(parts) > len(room) and parts[len(room)] in order:
                other = parts[len(room)]
                assert order.index(other) < order.index(own) or other == own, f"{path.relative_to(SIM)} imports {name}"


def test_inside_the_model_shared_rooms_come_before_the_engines() -> None:
    in_order("model", MODEL)


@pytest.mark.parametrize("engine", ENGINES)
def test_inside_an_engine_too(engine: str) -> None:
    in_order(f"model/{engine}", ENGINES[engine])


#: What only one engine has to do, by file: the compiled one cannot wait within a function, so what is done after a wait
#: is a function of its own, ``…_done``; it writes rows itself, and reads plans from arrays.
ONLY_COMPILED = {
    "basics": {"matter_of", "hours_of", "add_open", "open_between", "worked", "worked_between"}
    | {"write_visit", "write_request", "is_waiting", "is_idle", "is_queueing", "end_wait"},
    "pools": {"staff_changes", "line_up_again", "give_up", "count_wait", "new_visit", "wait_since"},
    "contacts": {"fixed_by_another", "next_report", "trust_of"},
    "limits": {"expect_extension"},
    "errands": {"new_errand"},
    "whistle": {"give_up_parts"},
    "journey": {"call_general"},
}
ONLY_REFERENCE = {
    "basics": {"Merged", "Cleared", "Gamed", "check_merged"},
    "theme": {"clear"},
    "journey": {"in_hand"},
    "pools": {"Visit", "Pool", "open_pools", "keep_hours", "join", "lose_patience", "overflow", "finish"}
    | {"level", "worked_between", "open_between", "oldest"},
    "contacts": {"births", "reports"},
    "initial": {"begin_standing"},
}


def functions(path: Path) -> set[str]:
    """Names of functions, classes and methods that others may see."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds) and not node.name.startswith("_")}


@pytest.mark.parametrize("file", BOTH)
def test_both_engines_tell_the_same_stages_under_the_same_names(file: str) -> None:
    reference, compiled = (functions(SIM / "model" / engine / f"{file}.py") for engine in ("reference", "compiled"))
    after_a_wait = {name for name in compiled if name.endswith("_done")}
    assert {name.removesuffix("_done") for name in after_a_wait} <= compiled | reference
    assert compiled - after_a_wait - reference == ONLY_COMPILED.get(file, set())
    assert reference - compiled - {name.removesuffix("_done") for name in after_a_wait} == ONLY_REFERENCE.get(
        file, set()
    )


def test_neither_engine_imports_the_other() -> None:
    for engine, other in (("reference", "compiled"), ("compiled", "reference")):
        for path in (SIM / "model" / engine).rglob("*.py"):
            assert not [name for name in imports(path) if name.startswith(f"sim.model.{other}")], path


@pytest.mark.parametrize("room", ["outcomes", "measurement"])
def test_who_reads_what_a_run_has_written_runs_nothing(room: str) -> None:
    engines = re.compile(r"sim\.model\.(simulation|reference|compiled)\b")
    for path in (SIM / room).rglob("*.py"):
        assert not [name for name in imports(path) if engines.match(name)], path


def test_every_room_is_in_the_list() -> None:
    found = {path.stem for path in SIM.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert found - {"__init__"} == set(ROOMS)
    for folder, order in {"model": MODEL, **{f"model/{engine}": files for engine, files in ENGINES.items()}}.items():
        assert files_and_folders(SIM / folder) == set(order), folder


def files_and_folders(room: Path) -> set[str]:
    """Its modules and packages."""
    files = {path.stem for path in room.glob("*.py")} - {"__init__"}
    return files | {path.parent.name for path in room.glob("*/__init__.py")}


def test_the_command_line_says_everything_through_one_place() -> None:
    saying = re.compile(r"\bprint\(|\becho\(|\bsecho\(|std(out|err)\.write|\bwarn\(")
    found = {str(path.relative_to(SIM)) for path in SIM.rglob("*.py") if saying.search(path.read_text("utf-8"))}
    assert found == {
        "terminal.py",
        "measurement/document.py",
        "experiment/dictionary.py",
    }  # the others are programs of their own


@pytest.mark.parametrize("program", ["from sim.cli import run_command; run_command(['--help'])", "import sim.scenario"])
def test_help_and_scenarios_need_no_heavy_library(program: str) -> None:
    heavy = ("scipy", "pandas", "matplotlib", "numba")
    check = f"{program}\nimport sys\nassert not [m for m in {heavy} if m in sys.modules]"
    subprocess.run([sys.executable, "-c", check], check=True, capture_output=True)


def test_simpy_keeps_the_private_names_the_clockwork_uses() -> None:
    import simpy

    env = simpy.Environment()
    env.timeout(3.0)
    (entry,) = env._queue
    assert entry[0] == 3.0
    assert entry[1] == simpy.events.NORMAL == 1
    assert next(env._eid) == entry[2] + 1
