"""The shape of a scenario: which keys stand where, and which values are one whole although written as a map.

Merging, unknown keys, overrides and the list of values all walk the schema's types with these functions.
"""

from __future__ import annotations


class Whole:
    """Marks a type whose maps are alternatives, not collections: an overlay replaces them, never merges into them."""


WHOLE = Whole()
