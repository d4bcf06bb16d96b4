"""How the cost of a request grows, and what a city costs: ``growth.py NAME …`` prints a JSON object of its figures.

requests, units, waiting: processor seconds a million requests, demand and engine, by size. cores: seconds of one
replication, and of two at once. cold: seconds until the first outcome in a new process. boston, beijing, beijing-full:
seconds and processor seconds of one replication, measures kept.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from city import FILE, scenario

import sim
from sim.model.city import build_city
from sim.model.simulation import stream_rows

RUNS = 3
FIRST = """
import time
begin = time.perf_counter()
import growth
growth.first()
print(time.perf_counter() - begin, time.process_time())
"""


def first() -> None:
    """The smallest run of the compiled engine."""
    sim.simulate(scenario(1.0), engine="compiled")


def median(what: Callable[[], Any], clock: Callable[[], float], runs: int = RUNS) -> float:
    """Median seconds; what compiles was done before."""
    seconds = []
    for _ in range(runs):
        begin = clock()
        what()
        seconds.append(clock() - begin)
    return statistics.median(seconds)


def per_million(city: sim.Scenario, runs: int = RUNS) -> float:
    """Median seconds a million requests, without measures; rows are gone as soon as they have come."""
    found: list[int] = []

    def run() -> None:
        found.append(sum(len(rows.requests) for rows in stream_rows(build_city(city), 1, 0, "compiled")))

    run()
    seconds = median(run, time.process_time, runs)
    return 1e6 * seconds / found[0]


def requests() -> dict[str, float]:
    """By the number of requests."""
    return {str(n): per_million(scenario(n / 150)) for n in (20_000, 60_000, 200_000, 600_000)}


def units() -> dict[str, float]:
    """By the number of departments that share the work of 216 officers."""
    found = {}
    for n in (1, 8, 64, 512):
        officers = -(-216 // n)
        pools = ", ".join(f"D{i}: {{staff: {officers}, discipline: class}}" for i in range(1, n + 1))
        shares = ", ".join(f"D{i}: {1 / n!r}" for i in range(1, n + 1))
        text = FILE.read_text(encoding="utf-8").split("units:")[0] + f"units: {{{pools}}}\n"
        rest = "categories:" + FILE.read_text(encoding="utf-8").split("categories:")[1]
        lines = [f"    unit: {{{shares}}}" if line.startswith("    unit:") else line for line in rest.splitlines()]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "units.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text + "\n".join(lines) + "\n")
            found[str(n)] = per_million(scenario(1000.0, file=path))
    return found


def waiting() -> dict[str, float]:
    """By how many wait at one department, on average: a rush in the first hour fills its queue, the rest keeps it."""
    found = {}
    for rate, rush in ((190, 0), (198, 900), (198, 9_900)):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "queue.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(QUEUE.format(rate=rate, factor=1.0 + rush / rate))
            city = scenario(500.0, file=path)
        queue = sim.simulate(city, engine="compiled").levels["queue"].mean()
        found[f"{queue:.0f}"] = per_million(city)
    return found


QUEUE = """
name: One long queue
sources: {{"*": {{kind: assumption, note: a benchmark}}}}
time: {{start: 2024-01-01, end: 2024-03-01}}
districts: {{City: {{}}}}
classes: [urgent, ordinary]
demand: {{shocks: {{rush: {{from: 2024-01-01, until: 2024-01-01 01:00, factor: {factor!r}}}}}}}
units: {{Office: {{staff: 200, discipline: class}}}}
categories:
  Matter: {{kind: consultation, total: {rate} / h, urgency: {{urgent: 0.2, ordinary: 0.8}}, unit: Office, work: 1 h}}
"""


def replicate(city: sim.Scenario, k: int) -> float:
    """Processor seconds of a replication and its measures, in a worker."""
    begin = time.process_time()
    sim.measures(sim.simulate(city, k, engine="compiled"))
    return time.process_time() - begin


def cores() -> dict[str, float]:
    """Of a replication in a worker, and of two in two; workers have started and compiled before.

    Seconds by the clock, in which others on the machine have their share, and processor seconds of each, which grow
    only where the two are in each other's way.
    """
    from loky import ProcessPoolExecutor

    city = scenario(2000.0)
    found: dict[str, float] = {}
    for name, n in (("one", 1), ("two", 2)):
        with ProcessPoolExecutor(n) as pool:
            took: list[float] = []

            def run(n: int = n, pool: Any = pool, took: list[float] = took) -> None:
                took.extend(pool.map(replicate, [city] * n, range(n)))

            run()
            took.clear()
            found[name] = median(run, time.perf_counter)
            found[f"{name}, processor"] = statistics.median(took)
    return found


def cold() -> dict[str, float]:
    """First use on a machine, and later ones, each in a new process, imports included."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
        seconds, processor = [], []
        for _ in range(4):
            done = subprocess.run(
                [sys.executable, "-c", FIRST], env=environment, cwd=FILE.parent, capture_output=True, check=True
            )
            for kept, word in zip((seconds, processor), done.stdout.split(), strict=True):
                kept.append(float(word))
    return {
        "first": seconds[0],
        "later": statistics.median(seconds[1:]),
        "first, processor": processor[0],
        "later, processor": statistics.median(processor[1:]),
    }


def one(name: str, *changes: str, runs: int = RUNS) -> dict[str, float]:
    """A replication of a scenario that ships, measures kept, in this process, after start-up."""
    city = sim.load(name, list(changes))
    found: list[sim.Run] = []

    def run() -> None:
        found[:] = [sim.run(city, 1, engine="compiled", keep="measures", processes=1)]

    if runs > 1:
        run()
    processor = time.process_time()
    seconds = median(run, time.perf_counter, runs)
    processor = (time.process_time() - processor) / runs
    measures = found[0].measures
    contacts = measures.loc[(measures["measure"] == "contacts") & (measures["group_by"] == ""), "value"].item()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "processor": processor, "contacts": contacts, "memory": memory}


WHAT: dict[str, Callable[[], dict[str, float]]] = {
    "requests": requests,
    "units": units,
    "waiting": waiting,
    "cores": cores,
    "cold": cold,
    "boston": lambda: one("boston-2011"),
    "beijing": lambda: one("beijing-2024"),
    "beijing-full": lambda: one("beijing-2024", "scale=1:1", runs=1),
}

if __name__ == "__main__":
    first()
    try:
        print(json.dumps({name: WHAT[name]() for name in sys.argv[1:]}))
    except sim.ScenarioError as error:
        sys.exit(str(error))
