"""The programs of the comparison: where they live, how they are installed, started and checked."""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import law

HERE = Path(__file__).resolve().parent
PEERS = HERE / ".venv"
PYTHON = PEERS / "bin" / "python"
RUNS = 5
LONGEST = 300.0  # seconds for one program


@dataclass
class Program:
    """One program: its command without the number of requests and runs, and what it needs from the package index."""

    name: str
    command: list[str]
    requests: int
    packages: tuple[str, ...] = ()
    source: str = ""
    runs: list[dict[str, float]] = field(default_factory=list)
    absent: str = ""

    def measure(self) -> None:
        """Install or compile what is needed and run it; what goes wrong is noted in ``absent``."""
        try:
            if self.packages:
                _install(self.packages)
            if self.source:
                _call(["cc", "-O3", "-o", self.command[0], str(HERE / self.source), "-lm"])
            first, *rest = self.command
            self.runs = json.loads(_call([first, *rest[:1], str(self.requests), str(RUNS), *rest[1:]]))
        except (OSError, subprocess.SubprocessError, ValueError) as wrong:
            said = getattr(wrong, "stderr", None) or str(wrong)
            self.absent = said.strip().splitlines()[-1] if said.strip() else type(wrong).__name__

    def median(self, name: str) -> float:
        """Median over the runs."""
        return statistics.median(run[name] for run in self.runs)

    @property
    def speed(self) -> float:
        """Requests a second, median of the runs."""
        return statistics.median(run["requests"] / run["seconds"] for run in self.runs)

    def interval(self, name: str) -> tuple[float, float]:
        """Mean and 99.9 % half-width of a figure over the runs."""
        from scipy.stats import t

        values = [run[name] for run in self.runs]
        error = statistics.stdev(values) / math.sqrt(len(values))
        return statistics.mean(values), float(t.ppf(0.9995, len(values) - 1)) * error

    def disagreements(self) -> list[str]:
        """Where it does not do what theory says, or its runs are too short to tell."""
        wrong = []
        for name, exact in law.theory().items():
            mean, width = self.interval(name)
            if not (abs(mean - exact) <= width <= 0.1 * exact):
                wrong.append(f"{self.name}: {name} {mean:.4f} ± {width:.4f}, in theory {exact:.4f}")
        return wrong


def programs() -> list[Program]:
    """All of them, in the order of the table."""
    mine, peer = [sys.executable, str(HERE / "city.py")], str(PYTHON)
    return [
        Program("citysim, compiled engine", [*mine, "compiled"], 1_000_000),
        Program("citysim, SimPy engine", [*mine, "simpy"], 60_000),
        Program("plain SimPy loop", [peer, str(HERE / "plain_simpy.py")], 60_000, ("simpy",)),
        Program("Ciw", [peer, str(HERE / "plain_ciw.py")], 30_000, ("ciw",)),
        Program("cimba", [peer, str(HERE / "plain_cimba.py")], 600_000, ("cimba",)),
        Program("hand-written numba loop", [peer, str(HERE / "plain_numba.py")], 2_000_000, ("numba", "numpy")),
        Program("plain C, binary heap", [str(PEERS / "plain_c")], 2_000_000, (), "plain_c.c"),
    ]


def _call(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=LONGEST, cwd=HERE).stdout


def _install(packages: tuple[str, ...]) -> None:
    """Install packages that are not there yet into the peers' own environment."""
    asked: list[Any] = [str(PYTHON), "-c", f"import {', '.join(packages)}"]
    if subprocess.run(asked, capture_output=True, check=False).returncode != 0:
        _call([str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages])


def prepare() -> None:
    """The peers' own environment; it is not part of the project's."""
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
