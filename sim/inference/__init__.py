"""What can be concluded from replications: intervals, paired differences, run lengths, ranks.

Intervals are Student-t over replications. Differences are taken within a replication, in which all
scenarios have the same citizens. Everything here is deterministic, and NaN is null throughout.

A table of measures (``sim.measurement``) may hold several scenarios and replications. A replication that lacks
a value because its denominator was 0 is left out, and n says how many have it. But where a value was *not
reached* before the end of a run (null with a positive denominator), the mean is null too: what remains
would be a selection of the good ones.
"""

from sim.inference.comparison import differences, holm, summary
from sim.inference.gaps import gaps
from sim.inference.pairs import Pairwise, pairwise_requests, same_requests
from sim.inference.ranking import ranks
from sim.inference.recovery import calm_band, recovered_at, recovered_between
from sim.inference.relevance import Relevance
from sim.inference.runs import mser5, replications_needed, warm_up
from sim.inference.student import Interval, interval

__all__ = [
    "Interval",
    "Pairwise",
    "Relevance",
    "calm_band",
    "differences",
    "gaps",
    "holm",
    "interval",
    "mser5",
    "pairwise_requests",
    "ranks",
    "recovered_at",
    "recovered_between",
    "replications_needed",
    "same_requests",
    "summary",
    "warm_up",
]
