"""The list of all measures."""

from __future__ import annotations

from sim.measurement import catalogue_city, catalogue_requests
from sim.measurement.registry import Measure

#: The measures by subject, in the order of the documentation and of the table of measures.
SECTIONS: dict[str, tuple[Measure, ...]] = catalogue_requests.SECTIONS | catalogue_city.SECTIONS

#: Every measure by its identifier.
REGISTRY: dict[str, Measure] = {measure.identifier: measure for entries in SECTIONS.values() for measure in entries}

#: The measures whose gap between districts is reported; that of the first stands for the whole city.
GAPS = (
    "breach_share",
    "contact_breach_share",
    "score",
    "response_rate",
    "resolution_rate",
    "satisfaction_rate",
    "true_resolution_share",
    "closed_share",
    "repeat_share",
    "time_to_close_p50",
    "time_to_close_p90",
    "birth_to_fix_p50",
    "unreported_share",
)
