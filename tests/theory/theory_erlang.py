"""The formulas of Erlang and Palm for people who answer the phone. Rates are per hour, times in hours."""

from __future__ import annotations

import math


def erlang_c(servers: int, load: float) -> float:
    """The probability to wait for one of so many servers (Erlang 1917), from his formula for losses by recursion."""
    lost = 1.0
    for n in range(1, servers + 1):
        lost = load * lost / (n + load * lost)
    return lost / (1.0 - load / servers * (1.0 - lost))


def mean_wait(servers: int, arrivals: float, rate: float) -> float:
    """In M/M/c, of all calls."""
    return erlang_c(servers, arrivals / rate) / (servers * rate - arrivals)


def waits_longer(servers: int, arrivals: float, rate: float, than: float) -> float:
    """The share of calls that wait longer."""
    return erlang_c(servers, arrivals / rate) * math.exp(-(servers * rate - arrivals) * than)


def abandonment(servers: int, arrivals: float, rate: float, patience: float) -> float:
    """The share of calls that hang up after an exponential patience (Palm 1957), by birth and death.

    The mean wait of all calls is this share times the mean patience: people leave the queue at its rate.
    """
    weights = [1.0]
    for n in range(1, servers + 2000):
        death = min(n, servers) * rate + max(n - servers, 0) / patience
        weights.append(weights[-1] * arrivals / death)
        if n > servers and weights[-1] < 1e-15 * weights[servers]:
            break
    queue = sum(max(n - servers, 0) * weight for n, weight in enumerate(weights)) / sum(weights)
    return queue / patience / arrivals
