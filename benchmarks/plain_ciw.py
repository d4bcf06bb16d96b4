"""The three stations in Ciw. Only departments know urgency: a request changes class after its call, and back again."""

from __future__ import annotations

import time

import ciw
import law

NODES = 2 + law.UNITS
HOTLINE, CALLBACK = 1, NODES


def network() -> ciw.network.Network:
    """Node 1 is the hotline, 2 … 9 are the departments, 10 is the callback."""
    ways = [[0.0] + [1 / law.UNITS] * law.UNITS + [0.0]]
    ways += [[0.0] * (NODES - 1) + [law.COVERAGE] for _ in range(law.UNITS)]
    ways += [[0.0] * NODES]
    work = [ciw.dists.Exponential(1 / mean) for mean in [law.TALK] + [law.WORK] * law.UNITS + [law.CALL]]
    nobody = [None] * NODES
    becomes_urgent = {"Urgent": law.URGENT, "Ordinary": 1 - law.URGENT}
    ordinary = {"Urgent": 0.0, "Ordinary": 1.0}
    return ciw.create_network(
        arrival_distributions={"Ordinary": [ciw.dists.Exponential(law.ARRIVALS), *nobody[1:]], "Urgent": nobody},
        service_distributions={"Ordinary": work, "Urgent": work},
        routing={"Ordinary": ways, "Urgent": ways},
        number_of_servers=[law.AGENTS] + [law.OFFICERS] * law.UNITS + [law.CALLERS],
        priority_classes={"Urgent": 0, "Ordinary": 1},
        class_change_matrices=[{c: becomes_urgent for c in ("Urgent", "Ordinary")}]
        + [{c: ordinary for c in ("Urgent", "Ordinary")}] * (NODES - 1),
    )


def once(hours: float, seed: int) -> law.Figures:
    """One run."""
    begin = time.process_time()
    ciw.seed(seed)
    city = ciw.Simulation(network())
    city.simulate_until_max_time(hours)
    seconds = time.process_time() - begin
    arrived, talked, urgency, ages = 0, 0.0, {}, {0: [], 1: []}
    records = city.get_all_records()
    for r in records:
        if r.node == HOTLINE:
            arrived, talked = arrived + 1, talked + r.service_time
        elif r.node != CALLBACK:
            urgency[r.id_number] = 0 if r.customer_class == "Urgent" else 1
    begun = {r.id_number: r.arrival_date for r in records if r.node == HOTLINE}
    for r in records:
        if r.destination == -1:
            ages[urgency[r.id_number]].append(r.exit_date - begun[r.id_number])
    return {
        "seconds": seconds,
        "requests": arrived,
        "urgent": sum(ages[0]) / len(ages[0]),
        "ordinary": sum(ages[1]) / len(ages[1]),
        "utilisation": talked / (law.AGENTS * hours),
    }


if __name__ == "__main__":
    law.main(once)
