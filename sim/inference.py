"""What can be concluded from replications: intervals, paired differences, run lengths, ranks.

Intervals are Student-t over replications. Differences are taken within replications, in which every scenario has the
same citizens. Everything is deterministic.
"""
