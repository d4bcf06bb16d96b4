"""What is installed from a wheel, far from any checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from processes import ROOT

pytestmark = pytest.mark.xdist_group("wheel")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of what it is made of, as building leaves things behind."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in ("sim", "scenarios"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*pip, "-w", str(folder), str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_a_wheel_has_all_of_the_program_and_all_scenarios(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as files:
        found = {name for name in files.namelist() if not name.split("/")[0].endswith(".dist-info")}
    program = {p.relative_to(ROOT) for p in (ROOT / "sim").rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    scenarios = {Path("sim/scenarios") / p.name for p in (ROOT / "scenarios").glob("*.yaml")}
    assert found == {path.as_posix() for path in program | scenarios}


@pytest.mark.long
def test_the_program_works_where_only_a_wheel_is_installed(wheel: Path, tmp_path: Path) -> None:
    here, empty = tmp_path / "environment", tmp_path / "empty"
    venv.create(here, with_pip=False, symlinks=os.name == "posix")
    scripts = here / ("Scripts" if os.name == "nt" else "bin")
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(here), "platbase": str(here)}))
    # what it depends on is that of the tests, not what is installed beside it to be worked on
    (packages / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n")
    pip = [sys.executable, "-m", "pip", "--python", str(scripts / "python"), "install", "--quiet"]
    subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], check=True)
    empty.mkdir()

    def citysim(*arguments: str) -> str:
        done = subprocess.run(
            [scripts / "citysim", *arguments], cwd=empty, capture_output=True, text=True, encoding="utf-8", timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    listed = json.loads(citysim("scenarios", "--json"))
    shipped = {path.stem for path in (ROOT / "scenarios").glob("*.yaml")} - {"base", "sources"}
    assert {row["scenario"] for row in listed} == shipped
    assert all(Path(row["file"]).is_relative_to(packages) for row in listed)
    citysim("validate", *sorted(shipped))
    assert "an invented town for teaching" in " ".join(citysim("show", "teaching").split())
    assert "Response rate" in citysim("run", "teaching", "-n", "1", "--out", "here")
    citysim("report", "here", "--out", "again.html")
    assert (empty / "again.html").read_bytes() == (empty / "here" / "report.html").read_bytes()
