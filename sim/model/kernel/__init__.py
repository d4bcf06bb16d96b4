"""The compiled engine: the same journey as the reference engine, over arrays, with numba."""

from sim.model.kernel.run import prepare, replicate, stream

__all__ = ["prepare", "replicate", "stream"]
