"""The compiled engine: the same journey as the reference engine, over arrays, with numba."""

from sim.model.compiled.run import prepare, replicate, stream

__all__ = ["prepare", "replicate", "stream"]
