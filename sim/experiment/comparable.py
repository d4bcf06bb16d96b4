"""What can be compared: scenarios with the same citizens, and what must be said first of those that differ in more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.errors import CitysimError
from sim.scenario import Scenario


class IncomparableError(CitysimError, ValueError):
    """Scenarios whose numbers do not stand beside each other, in one line."""


def check_comparable(scenarios: Sequence[Scenario], names: Sequence[str]) -> None:
    """Raises ``IncomparableError`` for scenarios that differ in time, scale or currency."""
    base = scenarios[0]
    for scenario, name in zip(scenarios[1:], names[1:], strict=True):
        if scenario.time != base.time:
            raise IncomparableError(
                f"“{name}” and “{names[0]}” have other times: only scenarios with the same start, end and count window "
                "have the same citizens"
            )
        if scenario.scale != base.scale:
            raise IncomparableError(
                f"“{name}” has the scale 1:{scenario.scale:g}, “{names[0]}” 1:{base.scale:g}: demand, staff and waits "
                "do not compare across scales; give both the same, such as --set scale=1:100"
            )
        if scenario.currency != base.currency and _wages(scenario) and _wages(base):
            raise IncomparableError(
                f"“{name}” counts its cost in {scenario.currency or 'no currency'}, “{names[0]}” in "
                f"{base.currency or 'none'}: give both the same “currency”"
            )


def remarks(scenarios: Sequence[Scenario], names: Sequence[str], policies: Sequence[Sequence[str]]) -> Iterator[str]:
    """What must be said before the differences, one sentence each; ``policies``: the names of the caller's own."""
    base = scenarios[0]
    for scenario, name, own in zip(scenarios[1:], names[1:], policies[1:], strict=True):
        if scenario.digest == base.digest and own == policies[0]:
            yield f"“{name}” and “{names[0]}” say the same, but for their names: every difference is zero."
            continue
        for what, here, there in (
            ("categories", scenario.categories, base.categories),
            ("districts", scenario.districts, base.districts),
        ):
            only = [(names[0], [n for n in there if n not in here]), (name, [n for n in here if n not in there])]
            if any(found for _, found in only):
                told = "; ".join(f"only in “{where}”: {_few(found)}" for where, found in only if found)
                yield (
                    f"The {what} differ ({told}). A renamed or merged one has other citizens: totals then differ for "
                    "that alone, and only what both have is compared citizen by citizen."
                )
        differs = [what for what, other in _demand(scenario, base) if other]
        if differs:
            yield (
                f"The demand of “{name}” is another one ({', '.join(differs)}): some citizens call in one of the two "
                "only, and totals differ for that, too."
            )
        paid = _wages(scenario) | _wages(base)
        for one, who in ((base, names[0]), (scenario, name)):
            unpaid = [n for n in (*one.pools, *one.units) if n in paid and n not in _wages(one)]
            if unpaid:
                yield f"In “{who}” there is no wage for {_few(unpaid)}: the costs do not compare."


def same_citizens(scenario: Scenario, base: Scenario) -> bool:
    """Whether exactly the same citizens have the same needs in both."""
    names = (scenario.districts.keys(), scenario.categories.keys()), (base.districts.keys(), base.categories.keys())
    return names[0] == names[1] and not any(other for _, other in _demand(scenario, base))


def _demand(scenario: Scenario, base: Scenario) -> Iterator[tuple[str, bool]]:
    """What decides who is born, of the districts and categories that both have, and whether it differs."""
    yield "demand", scenario.demand != base.demand
    here, there = (
        {n: (d.population, d.activity, d.reporting) for n, d in s.districts.items()} for s in (scenario, base)
    )
    yield "districts", any(there.get(name, what) != what for name, what in here.items())
    fields = ("kind", "rate", "total", "by_district", "group", "hours", "reports")
    here, there = (
        {n: tuple(getattr(c, field) for field in fields) for n, c in s.categories.items()} for s in (scenario, base)
    )
    yield "categories", any(there.get(name, what) != what for name, what in here.items())


def _wages(scenario: Scenario) -> set[str]:
    """Pools and units that have a wage."""
    return {name for name, pool in {**scenario.pools, **scenario.units}.items() if pool.wage is not None}


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
