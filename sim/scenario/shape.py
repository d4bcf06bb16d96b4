"""The shape of a scenario: which keys stand where, and which maps an overlay replaces instead of merging
into.

Merging, unknown keys and the list of values walk the schema's types with these functions.
"""

from __future__ import annotations

import functools
import types
import typing
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel


class Whole:
    """Marks a map whose entries only make sense together, such as shares: an overlay replaces it."""


WHOLE = Whole()


@dataclass(frozen=True)
class Shape:
    """What may stand at one place: a section, a map by free names, a list of sections, or one value (a
    leaf).
    """

    type: Any
    whole: bool = False

    @property
    def section(self) -> type[BaseModel] | None:
        """The section's model, None if it is no section."""
        return self.type if isinstance(self.type, type) and issubclass(self.type, BaseModel) else None

    @property
    def is_map(self) -> bool:
        """A map by free names, into which an overlay merges."""
        return typing.get_origin(self.type) is dict and not self.whole

    @property
    def is_list(self) -> bool:
        """A list of sections, each with values of its own."""
        return typing.get_origin(self.type) is tuple and self.item.section is not None and not self.whole

    @functools.cached_property
    def item(self) -> Shape:
        """The shape of each entry of a map or a list."""
        return _shape(typing.get_args(self.type)[1 if typing.get_origin(self.type) is dict else 0])

    @property
    def fields(self) -> dict[str, Shape]:
        """The entries of a section by key, empty if it is none."""
        return _fields(self.section) if self.section else {}

    def child(self, key: str | int) -> Shape | None:
        """The shape under this key, None if the schema knows none."""
        if typing.get_origin(self.type) in (dict, tuple):
            return self.item
        return self.fields.get(str(key))


@functools.cache
def _fields(section: type[BaseModel]) -> dict[str, Shape]:
    return {
        field.alias or name: _shape(field.annotation, any(isinstance(mark, Whole) for mark in field.metadata))
        for name, field in section.model_fields.items()
    }


def _shape(annotation: Any, whole: bool = False) -> Shape:
    """Without `Annotated` and `| None` around it."""
    while True:
        if typing.get_origin(annotation) is Annotated:
            annotation, *marks = typing.get_args(annotation)
            whole = whole or any(isinstance(mark, Whole) for mark in marks)
        elif typing.get_origin(annotation) in (typing.Union, types.UnionType):
            annotation = next(part for part in typing.get_args(annotation) if part is not types.NoneType)
        else:
            return Shape(annotation, whole)


def shape_at(root: type[BaseModel], path: tuple[str | int, ...]) -> Shape | None:
    """The shape at this path of a section, None where the schema knows nothing."""
    shape: Shape | None = Shape(root)
    for step in path:
        shape = shape.child(step) if shape else None
    return shape
