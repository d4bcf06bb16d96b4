"""What a page is made of: sections of text, tiles, tables and figures. The template lays them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from markupsafe import Markup

from sim.report.names import Name

Cell = str | Markup | Name


@dataclass(frozen=True)
class Text:
    """A paragraph; text is escaped, markup is not."""

    kind: ClassVar[str] = "text"
    text: Cell
    note: bool = False


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    kind: ClassVar[str] = "heading"
    key: str
    title: Cell


@dataclass(frozen=True)
class Tile:
    """One answer: a value with its interval, and the worst district beside it."""

    name: Name
    value: str
    interval: str
    below: Cell


@dataclass(frozen=True)
class Tiles:
    """The answers that come first."""

    kind: ClassVar[str] = "tiles"
    tiles: Sequence[Tile]


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row is its heading. ``words``: columns of text, the others hold numbers.

    ``groups``: rows under a heading of their own, "" for none.
    """

    kind: ClassVar[str] = "table"
    caption: Cell
    heads: Sequence[Cell]
    groups: Sequence[tuple[Cell, Sequence[Sequence[Cell]]]]
    words: frozenset[int] = frozenset({0})
    note: Cell = ""

    @classmethod
    def plain(cls, caption: Cell, heads: Sequence[Cell], rows: Sequence[Sequence[Cell]], note: Cell = "") -> Table:
        """A table without groups, of numbers."""
        return cls(caption, heads, [("", rows)], note=note)


@dataclass(frozen=True)
class Figure:
    """A drawing with what one reads from it, and the numbers behind it."""

    kind: ClassVar[str] = "figure"
    key: str
    title: str
    reading: Cell
    svg: Markup
    table: Table
    note: Cell = ""


Block = Text | Heading | Tiles | Table | Figure


@dataclass(frozen=True)
class Section:
    """A part of the page with its heading; ``folded``: only that is seen until somebody opens it."""

    key: str
    title: Cell
    blocks: list[Block] = field(default_factory=list)
    folded: bool = False
