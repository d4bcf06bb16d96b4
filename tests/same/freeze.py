"""Draw the cities of ``cities.yaml``: random ones, random ones in which much happens at one instant, and two towns in
which everything happens. They were drawn once; a new key of the schema needs no new ones.

    PYTHONPATH=tests python tests/same/freeze.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from cities import cities
from hypothesis import HealthCheck, Phase, given, settings
from test_twins import on_the_half_hour
from towns import FULL, OTHER_WAYS

ORDINARY, TIED = 198, 100


def drawn(number: int) -> list[dict[str, Any]]:
    """So many random cities."""
    found: list[dict[str, Any]] = []
    often = settings(
        max_examples=number,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    often(given(cities())(lambda city: found.append(city)))()
    return found[:number]


if __name__ == "__main__":
    found = drawn(ORDINARY + TIED)
    found[ORDINARY:] = map(on_the_half_hour, found[ORDINARY:])
    towns = [{"format": 2} | city for city in [FULL, OTHER_WAYS, *found]]
    how: dict[str, Any] = {"allow_unicode": True, "sort_keys": False, "width": 120, "default_flow_style": None}
    texts = [yaml.safe_dump(town, **how) for town in towns]
    Path(__file__).with_name("cities.yaml").write_text("---\n".join(texts), encoding="utf-8")
