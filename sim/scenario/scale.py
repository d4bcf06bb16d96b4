"""What a scale 1:N makes of staff: where its share would leave a place empty one officer stays, and that is said."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.errors import Path
from sim.scenario.schema import Scenario
from sim.scenario.staff_side import staff_at, streets_at


def more_than_its_share(scenario: Scenario) -> Iterator[tuple[Path, str]]:
    """Each number of staff that becomes more than its share, because one officer is left at each place."""
    streets = [district.streets for district in scenario.districts.values()]
    left = [streets_at(n, scenario.scale) for n in streets]
    for part, family in (("pools", scenario.pools), ("units", scenario.units)):
        for name, pool in family.items():
            before, after = {"city": (1, 1), "district": (len(streets),) * 2}.get(pool.per, (sum(streets), sum(left)))
            written: list[tuple[Path, int, bool]] = []
            written += [(("shifts", i, "staff"), shift.staff, False) for i, shift in enumerate(pool.shifts or ())]
            if pool.staff is not None and pool.staff.total is not None:
                written.append((("staff", "total"), pool.staff.total, True))
            elif pool.staff is not None:
                written.append((("staff",), pool.staff.each or 0, False))
            for path, staff, is_total in written:
                if scenario.scale > 1 and staff and staff_at(staff, is_total, before, scenario.scale) < after:
                    share = staff * (1 if is_total else before) / scenario.scale
                    more = f"there are more, since none of {after} places is left empty" if after > 1 else "one stays"
                    message = f"at the scale 1:{scenario.scale:g} its share is {share:g} people: {more}"
                    yield (part, name, *path), message
