"""``make bench``: citysim beside its peers, how its cost grows, and what cities cost, in one run.

    python benchmarks/bench.py [--full] [--page docs/performance.md]

``--full`` adds Beijing 2024 at 1:1. ``--page`` puts the tables between the marks of a page, and a figure beside it.
Nothing about speed is said before all programs agree with queueing theory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tables
from programs import HERE, RUNS, Program, prepare, programs

GROWTH = ("requests", "units", "waiting", "cores", "cold", "boston", "beijing")
BEGIN, END = "<!-- make bench: begin -->", "<!-- make bench: end -->"


def machine() -> str:
    """Where this was measured."""
    model = platform.machine()
    try:
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
        model = found.group(1) if found else model
    except OSError:
        pass
    load = f", load {os.getloadavg()[0]:.1f} before it began" if hasattr(os, "getloadavg") else ""
    return (
        f"{os.cpu_count()} cores, {model}; Python {platform.python_version()}, numba {version('numba')}, "
        f"SimPy {version('simpy')}{load}"
    )


def measure(name: str) -> dict[str, Any]:
    """A part of growth.py in a process of its own, so that each has its own peak of memory."""
    done = subprocess.run([sys.executable, str(HERE / "growth.py"), name], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return {"absent": (done.stderr.strip().splitlines() or ["?"])[-1]}
    found: dict[str, Any] = json.loads(done.stdout)[name]
    return found


def compare() -> list[Program]:
    """All programs, measured and in agreement; ends the program where they are not."""
    prepare()
    all_programs = programs()
    for program in all_programs:
        say(program.name)
        program.measure()
    wrong = [line for p in all_programs if not p.absent for line in p.disagreements()]
    if wrong:
        sys.exit("\n".join(["The programs do not obey the same law; no speeds are printed.", *wrong]))
    return all_programs


def say(what: str) -> None:
    """What is under way, for those who wait."""
    print(f"  … {what}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="citysim beside its peers")
    parser.add_argument("--full", action="store_true", help="Beijing 2024 at 1:1 as well")
    parser.add_argument("--page", type=Path, help="a Markdown page whose marked part is replaced")
    asked = parser.parse_args()
    blocks = [tables.Block("", [], [], f"Measured on {machine()}. Machines are noisy: medians of {RUNS} or 3 runs.")]
    found = compare()
    blocks += [tables.agreement(found), tables.speeds(found), tables.where(found[0])]
    for block in blocks:
        print(block.text())
    grown = {}
    for name in (*GROWTH, *(["beijing-full"] if asked.full else [])):
        say(name)
        grown[name] = measure(name)
    more = [tables.growth(grown), tables.cities(found, grown)]
    for block in more:
        print(block.text())
    if asked.page:
        figure = asked.page.with_suffix(".svg")
        tables.draw(grown, figure)
        page = asked.page.read_text(encoding="utf-8")
        before, rest = page.split(BEGIN)
        after = rest.split(END)[1]
        inside = "\n\n".join(b.markdown() for b in [*blocks, *more])
        picture = f"![How the cost of a request grows]({figure.name})"
        asked.page.write_text(f"{before}{BEGIN}\n\n{inside}\n\n{picture}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
