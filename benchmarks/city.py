"""citysim on the three stations, through the ordinary scenario: the whole way from the file's demand to its measures.

Called as ``city.py REQUESTS RUNS ENGINE``; prints what law.py describes, and where the compiled engine's time goes.
"""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import law

import sim

FILE = Path(__file__).parent / "three-stations.yaml"


def scenario(hours: float, *changes: str, file: str | Path = FILE) -> sim.Scenario:
    """A scenario that ends after so many hours, everything counted."""
    loaded = sim.load(file, list(changes))
    end = loaded.time.start + timedelta(hours=round(hours))
    times = {"count_from": loaded.time.start, "count_until": end, "end": end}
    return loaded.model_copy(update={"time": loaded.time.model_copy(update=times)})


def figures(out: sim.Outcomes) -> law.Figures:
    """What the other programs report."""
    requests = out.requests
    ages = (requests["ended"] - requests["arrived"]).groupby(requests["urgency"], observed=True).mean()
    busy = out.levels.loc[out.levels["pool"] == "hotline", "busy"].sum()
    return {
        "requests": len(requests),
        "urgent": ages["urgent"],
        "ordinary": ages["ordinary"],
        "utilisation": busy / (law.AGENTS * out.end),
    }


def split(city: sim.Scenario, seed: int) -> dict[str, float]:
    """Seconds for demand, engine, tables, and a run that only measures; nothing where rooms are arranged otherwise."""
    try:
        from sim.experiment.streaming import stream_measures
        from sim.model.city import build_city
        from sim.model.demand import Demand
        from sim.model.draws import stream
        from sim.model.simulation import replicate

        moments = [time.process_time()]
        built = build_city(city)
        for _ in Demand(built, stream(seed, 0)):
            pass
        moments.append(time.process_time())
        rows = replicate(built, seed, 0, "compiled")
        moments.append(time.process_time())
        out = sim.Outcomes.of(built, rows, seed, 0)
        _ = out.requests, out.visits, out.levels, out.problems
        moments.append(time.process_time())
        stream_measures(built, seed, 0, "compiled")
        moments.append(time.process_time())
    except (ImportError, TypeError, AttributeError):
        return {}
    demand, both, tables, streamed = (b - a for a, b in pairwise(moments))
    return {"demand": demand, "engine": both - demand, "tables": tables, "streamed": streamed}


def once(hours: float, seed: int) -> dict[str, Any]:
    """One replication, the table of requests in memory, measures included."""
    engine = sys.argv[3]
    city = scenario(hours)
    begin = time.process_time()
    out = sim.simulate(city, seed=seed, engine=engine)
    simulated = time.process_time()
    sim.measures(out)
    measured = time.process_time()
    parts = split(city, seed) if engine == "compiled" else {}
    return {"seconds": measured - begin, **figures(out), **parts, "measures": measured - simulated}


if __name__ == "__main__":
    law.main(once)
