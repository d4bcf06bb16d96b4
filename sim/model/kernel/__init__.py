"""The compiled engine: the same journey as the reference engine, over arrays, with numba."""

from sim.model.kernel.run import prepare, stream

__all__ = ["prepare", "stream"]
