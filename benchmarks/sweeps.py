"""``make bench-sweep``: what sweeps and comparisons cost beside bare loops that do the same, and how soon 100,000 runs
are read.

    python benchmarks/sweeps.py [--runs 200] [--blocks 3] [--stored 100000]

The bare loop is two processes that load, build and stream their share of the points of the same design. Blocks of both
follow each other, so that a machine with other work slows both.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from sim.experiment.parallel import as_done, unseen
from sim.experiment.sweeps.designs import Design, load_design
from sim.experiment.sweeps.packs import write_pack
from sim.experiment.sweeps.run_store import TOGETHER, RunStore
from sim.experiment.sweeps.sweep import sweep
from sim.measurement import REGISTRY

POINTS = 10
EXPERIMENT = """
question: What does a sweep cost?
base: {base}
factors: {{{path}: [{values}]}}
measures: [breach_share, time_to_close_p50, time_to_close_p90, requests]
replications: {replications}
"""
BOSTON = ("boston-2011", "units.Public Works.staff", range(28, 28 + POINTS))
TEACHING = ("teaching", "units.Roads.staff", range(2, 2 + POINTS))

#: One of two processes of a bare loop: every second point of a design.
BARE = """
import sys, sim
from sim.experiment.streaming import stream_measures
from sim.model.city import build_city
base, path, values, replications = sys.argv[1:]
for value in values.split():
    city = build_city(sim.load(base, [f"{path}={value}"]))
    for replication in range(int(replications)):
        stream_measures(city, 1, replication)
"""

#: The same runs as a sweep, in a process of its own, too.
SWEEP = """
import sys, sim
found = sim.sweep(sys.argv[1], sys.argv[1] + "/out", processes=int(sys.argv[2]))
assert found.made == len(found.table) / 4 and not found.failed
"""

#: The scenarios of a comparison, and its replications.
COMPARED, TIMES = ("beijing-before", "beijing-2024"), 10

#: The same runs in one process, simulated and measured; it prints seconds of its processor when all is loaded.
BARE_COMPARED = """
import sys, time, sim
from sim.experiment.streaming import stream_measures
from sim.model.city import build_city
cities = [build_city(sim.load(name)) for name in sys.argv[2:]]
for city in cities:
    stream_measures(city, 1, 0)
began = time.process_time()
for replication in range(int(sys.argv[1])):
    for city in cities:
        stream_measures(city, 1, replication)
print(time.process_time() - began)
"""


def designed(folder: Path, which: tuple[str, str, range], replications: int) -> Design:
    """The design of an experiment that is written for it."""
    base, path, values = which
    told = {"base": base, "path": path, "values": ", ".join(map(str, values)), "replications": replications}
    (folder / "experiment.yaml").write_text(EXPERIMENT.format(**told))
    return load_design(folder / "experiment.yaml")


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """That it takes, or what another clock tells of it."""
    began = clock()
    work()
    return clock() - began


def bare(which: tuple[str, str, range], replications: int, parts: int) -> None:
    """The runs of such a design in so many processes, and nothing else."""
    base, path, values = which
    children = [
        subprocess.Popen(
            [sys.executable, "-c", BARE, base, path, " ".join(map(str, values[part::parts])), str(replications)]
        )
        for part in range(parts)
    ]
    if any(child.wait() for child in children):
        raise SystemExit("the bare loop failed")


def beside(which: tuple[str, str, range], runs: int, blocks: int, processes: int) -> tuple[float, float]:
    """Seconds of a bare loop, and of a sweep, the median of blocks that follow each other."""
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(blocks):
        with tempfile.TemporaryDirectory() as name:
            folder, each = Path(name), max(1, runs // POINTS)
            found[0].append(seconds(lambda each=each: bare(which, each, processes)))  # type: ignore[misc]
            command = [sys.executable, "-c", SWEEP, str(folder), str(processes)]
            designed(folder, which, each)
            found[1].append(seconds(lambda command=command: subprocess.run(command, check=True)))  # type: ignore[misc]
    return median(found[0]), median(found[1])


def compared(blocks: int) -> tuple[float, float]:
    """Processor seconds of the bare runs of a comparison, and seconds of ``citysim compare`` from Enter to its last
    line, the median of blocks that follow each other.
    """
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(blocks):
        command = [sys.executable, "-c", BARE_COMPARED, str(TIMES), *COMPARED]
        found[0].append(float(subprocess.run(command, check=True, capture_output=True).stdout))
        with tempfile.TemporaryDirectory() as name:
            program = [sys.executable, "-c", "from sim.start import main; main()", "compare", *COMPARED]
            program += ["--replications", str(TIMES), "--out", f"{name}/page.html"]
            found[1].append(seconds(lambda: subprocess.run(program, check=True, capture_output=True)))  # noqa: B023
    return median(found[0]), median(found[1])


def overhead(runs: int) -> float:
    """Seconds of a processor that a sweep adds to a run, in one process: of a town that is done in milliseconds."""
    from sim.experiment.streaming import stream_measures
    from sim.model.city import build_city

    with tempfile.TemporaryDirectory() as name:
        design = designed(Path(name), TEACHING, runs // POINTS)

        def loop() -> None:
            for point in design.points:
                city = build_city(point.scenario)
                for k in range(design.experiment.replications):
                    stream_measures(city, 1, k)

        loop()  # all is loaded
        alone = seconds(loop, time.process_time)
        swept = seconds(lambda: sweep(design, Path(name) / "out", processes=1), time.process_time)
        return (swept - alone) / runs


def first(number: int, watch: Callable[[float], None]) -> float:
    """Work of a worker: when it began, with all that runs need loaded."""
    from sim.experiment.streaming import prepare

    prepare()
    return time.time()


def start() -> float:
    """Seconds until the first worker has loaded all."""
    began = time.time()
    return min(done for _, done in as_done(first, (), 2, 2, unseen)) - began


def stored(count: int) -> tuple[float, float, float]:
    """Seconds to list and to read so many runs of 50 values, and their bytes."""
    draw, measures = np.random.default_rng(1), list(REGISTRY)[:50]
    names = [hashlib.sha256(str(number).encode()).hexdigest()[:32] for number in range(count)]
    with tempfile.TemporaryDirectory() as name:
        store = RunStore(Path(name))
        store.done.mkdir()
        for begin in range(0, count, TOGETHER):
            some = names[begin : begin + TOGETHER]
            rows = len(some) * len(measures)
            table = pd.DataFrame({"run": np.repeat(some, len(measures)), "about": "{}", "asked": '["requests"]'})
            table = table.assign(measure=np.tile(measures, len(some)), group_by="", group="[]")
            for column in ("value", "numerator", "denominator"):
                table[column] = draw.random(rows)
            file = store.done / "new"
            write_pack(table.assign(unit="share"), file)
            file.rename(store.done / f"{hashlib.sha256(file.read_bytes()).hexdigest()[:32]}.parquet")
        listing = seconds(lambda: check(len(store.kept().asked) == count))
        reading = seconds(lambda: check(len(store.read(names)) == count * len(measures)))
        return listing, reading, sum(path.stat().st_size for path in store.done.iterdir())


def check(right: bool) -> None:
    """Nothing is told about speed of what is wrong."""
    if not right:
        raise SystemExit("the store does not hold what was put into it")


def main() -> None:
    """Measure all and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="in a block")
    parser.add_argument("--blocks", type=int, default=3)
    parser.add_argument("--stored", type=int, default=100_000)
    given = parser.parse_args()
    bare((*BOSTON[:2], BOSTON[2][:1]), 1, 1)  # what has to be compiled is compiled
    alone, swept = beside(BOSTON, given.runs, given.blocks, 2)
    simulated, told = compared(given.blocks)
    listing, reading, size = stored(given.stored)
    rows = (
        (f"{given.runs} runs of {BOSTON[0]}, a bare loop in two processes", f"{alone:.1f} s"),
        ("the same as a sweep on two processes, with table", f"{swept:.1f} s: {alone / swept:.0%} of the speed"),
        ("what a sweep adds to a run, in one process", f"{1e3 * overhead(500):.1f} ms"),
        ("a worker's start, with all it needs", f"{median(start() for _ in range(3)):.1f} s"),
        (f"{2 * TIMES} runs of {' and '.join(COMPARED)} simulated and measured, processor", f"{simulated:.1f} s"),
        (
            "`compare` of the two on two processes, from Enter to the last line",
            f"{told:.1f} s: {told / simulated:.2f} ×",
        ),
        (f"{given.stored:,} runs of 50 values: {size / 1e6:,.0f} MB; listed", f"{listing:.2f} s"),
        ("… and read", f"{reading:.2f} s"),
    )
    for what, found in rows:
        print(f"| {what} | {found} |")


if __name__ == "__main__":
    main()
