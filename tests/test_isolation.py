"""Child processes execute nothing that lies in the working directory, and find what the caller has written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from processes import TEACHING, finish, program

pytestmark = pytest.mark.hostile

#: Modules that Python, the libraries or the program import; "executed" is written by whoever imports one of ours.
NAMES = (
    *("random", "json", "numpy", "sitecustomize", "usercustomize", "pickle", "signal", "socket", "struct", "re"),
    *("multiprocessing", "loky", "cloudpickle", "numba", "llvmlite", "simpy", "pandas", "duckdb", "sim", "encodings"),
    *("tempfile", "threading", "logging", "subprocess", "typing", "ctypes", "shutil", "platform", "runpy", "os"),
)
TRAP = """
import _io
with _io.open({mark!r}, "a") as file:
    file.write(__name__ + "\\n")
raise RuntimeError("this module is somebody else's")
"""


@pytest.fixture
def trapped(tmp_path: Path) -> Path:
    """A folder in which each of these modules would leave a mark when executed."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.py").write_text(TRAP.format(mark=str(tmp_path / "executed")), encoding="utf-8")
    return folder


def test_two_processes_and_a_compiler_execute_nothing_of_the_working_directory(trapped: Path, tmp_path: Path) -> None:
    env = {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONSAFEPATH": None, "PYTHONPATH": None}
    arguments = ("run", TEACHING, "--engine", "compiled", "-n", "2", "--processes", "2", "--out", "../here")
    code, _, err = finish(program(tmp_path), *arguments, cwd=trapped, env=env)
    assert not (tmp_path / "executed").exists(), (tmp_path / "executed").read_text()
    assert code == 0, err
    assert (tmp_path / "here/manifest.json").exists()
    assert list((tmp_path / "cache").glob("citysim/*/ready"))  # the children have compiled, not failed


SCRIPT = """
import os, sim, own
from towns import full

def policy(env, city):
    own.hire(city)
    yield env.timeout(1)

if True:  # without a main guard
    os.environ.pop("PYTHONSAFEPATH", None)
    run = sim.run(full(), 2, policies=[policy, own.idle], processes=2)
    print(run.policies, "PYTHONSAFEPATH" in os.environ)
"""
OWN = """
def hire(city):
    city.propose(staff={})

def idle(env, city):
    yield env.timeout(1)
"""


def test_workers_find_the_policies_of_a_script_and_of_the_modules_beside_it(trapped: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    (study / "script.py").write_text(f"import sys\nsys.path.append({str(Path(__file__).parent)!r})\n{SCRIPT}")
    (study / "own.py").write_text(OWN)
    command = [sys.executable, str(study / "script.py")]
    done = subprocess.run(command, cwd=trapped, capture_output=True, text=True, timeout=300)
    assert done.stdout == "('policy', 'idle') False\n", done.stderr
    assert not (tmp_path / "executed").exists()
