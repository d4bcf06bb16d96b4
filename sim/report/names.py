"""Names with their Chinese labels. Names come from scenarios: they are data, and shown as they are."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup, escape

from sim.measurement import REGISTRY
from sim.report.visible import visible

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario

OTHERS = "others"

#: A word with a Chinese character in it.
_CHINESE = re.compile(r"[^\s]*[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff][^\s]*")
#: Before a unit, a line is not broken.
_UNIT = re.compile(r"(?<=\d) (?=(%|pp|d|h|min|s)\b|%)")


def clean(text: str) -> str:
    """Text on one line, fit for XML."""
    return visible(" ".join(text.split()))


def marked(text: str) -> Markup:
    """Text as HTML, what is Chinese in it marked as such."""
    parts, position = [], 0
    line = _UNIT.sub("\u00a0", clean(text))
    for found in _CHINESE.finditer(line):
        parts += [escape(line[position : found.start()]), Markup('<span lang="zh">'), escape(found.group())]
        parts.append(Markup("</span>"))
        position = found.end()
    return Markup("").join([*parts, escape(line[position:])])


class Name(NamedTuple):
    """A name and its label in another language, "" for none."""

    name: str
    label: str = ""

    @property
    def text(self) -> str:
        """For figures."""
        return clean(f"{self.name} {self.label}")

    @property
    def html(self) -> Markup:
        """For the page."""
        return marked(self.text)

    def __html__(self) -> Markup:
        return self.html


def measure_name(identifier: str) -> Name:
    """A measure's name."""
    measure = REGISTRY[identifier]
    return Name(measure.english, measure.chinese)


def ems(text: str) -> float:
    """About how wide a text is, in its own size: what is Chinese takes a whole square."""
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.54 for letter in text)


def shortened(text: str, most: float) -> str:
    """The text, cut at so many ems."""
    if ems(text) <= most:
        return text
    while text and ems(text) > most - 1:
        text = text[:-1]
    return text.rstrip() + "…"


class Names:
    """What a scenario calls its districts, categories and pools; ``pools``: the table of a run's pools, by their names
    wherever some are asked for.
    """

    def __init__(self, scenario: Scenario, pools: pd.DataFrame | None = None) -> None:
        self._districts = {name: spec.label or "" for name, spec in scenario.districts.items()}
        self._categories = {name: spec.label or "" for name, spec in scenario.categories.items()}
        self._families = {name: spec.label or "" for name, spec in {**scenario.pools, **scenario.units}.items()}
        columns = () if pools is None else (pools[name] for name in ("pool", "family", "district"))
        streets = () if pools is None else pools["street"].fillna(0)
        self._pools = {pool: (*what, int(street)) for pool, *what, street in zip(*columns, streets, strict=True)}

    def district(self, name: str) -> Name:
        return Name(name, self._districts.get(name, ""))

    def category(self, name: str) -> Name:
        return Name(name, self._categories.get(name, ""))

    def of(self, dimension: str, name: str) -> Name:
        """The name of a group of one of the dimensions "unit", "district" and "category"."""
        return {"unit": self.pool, "district": self.district, "category": self.category}[dimension](name)

    def family(self, pool: str) -> str:
        """The pool or unit of the scenario that a pool of the city is an instance of; itself if of none."""
        return self._pools[pool][0] if pool in self._pools else pool

    def pool(self, name: str) -> Name:
        """A pool of the city, of a district ("Desk · North") or a street ("Desk · North 2"), or of the scenario."""
        family, district, street = self._pools.get(name, (name, "", 0))
        label = self._families.get(family, "")
        if not label or not district:
            return Name(name, label)
        where = self._districts.get(district, "")
        return Name(name, f"{label} · {where}{f' {street}' if street else ''}" if where else "")
