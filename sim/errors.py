"""The root of all errors that are meant for people."""

from __future__ import annotations


class CitysimError(Exception):
    """Something that whoever runs a scenario can put right, said in words; every such error of citysim derives from
    it.
    """
