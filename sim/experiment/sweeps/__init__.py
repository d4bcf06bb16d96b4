"""Experiments: many runs of many points, each kept on its own, none made twice."""
