"""The reference engine: the way of a contact through the city, as SimPy processes one can read aloud."""

from sim.model.reference.run import replicate

__all__ = ["replicate"]
