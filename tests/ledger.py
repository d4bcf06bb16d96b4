"""A run read back from its tables: hours of the staff from the scenario, queues from the visits."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import sim
from sim.model.city import build_city
from sim.model.policies.one_hotline import merged
from sim.scenario.calendars import open_intervals
from sim.scenario.staff_side import TABLE, Headcount, Pool

Floats = NDArray[np.float64]
NEVER = np.inf


@dataclass(frozen=True)
class Hours:
    """The headcount of a pool as a step function: from `times[i]` on it is `counts[i]`; `times[0]` is 0."""

    times: Floats
    counts: Floats
    pauses: bool  # work pauses while the office is closed, or is finished after hours (shifts)
    opens: Floats  # 1 where the pool is open, also with nobody there, else 0

    def at(self, moments: Floats) -> Floats:
        """How many are on duty at these moments; half-open, as all hours are."""
        return self.counts[np.searchsorted(self.times, moments, side="right") - 1]

    def open_time(self, moments: Floats) -> Floats:
        """Hours since the start in which the office was open, up to these moments."""
        if not self.pauses:
            return moments
        lengths = np.diff(self.times) * self.opens[:-1]
        passed = np.concatenate([[0.0], np.cumsum(lengths)])
        step = np.searchsorted(self.times, moments, side="right") - 1
        return passed[step] + (moments - self.times[step]) * self.opens[step]


class Ledger:
    """The tables of a run, and what they mean for each queue and pool."""

    def __init__(self, out: sim.Outcomes) -> None:
        self.out = out
        self.scenario = merged(out.scenario)  # with the people of lines that are one
        self.requests = out.requests
        self.pools = list(out.pools["pool"].astype(str))
        places = out.pools[["family", "district", "street"]].astype(object).fillna("").itertuples(index=False)
        self.places = {
            pool: (family, (district, street))
            for pool, (family, district, street) in zip(self.pools, places, strict=True)
        }
        self.pool_at = {place: pool for pool, place in self.places.items()}

    # --- who stands in which queue -----------------------------------------------------------------------------------

    def family(self, pool: str) -> str:
        """The name in the scenario: `Streets · Old Town 1` is one of the `Streets`."""
        return str(self.places[pool][0])

    def spec(self, family: str) -> Pool:
        """What the scenario says of a family of pools; of tables it says nothing but where they stand."""
        if family == TABLE and (council := self.scenario.policies.council) is not None:
            return Pool(staff=Headcount(each=0), per=self.scenario.units[council.unit].per)
        return {**self.scenario.pools, **self.scenario.units}[family]

    def served_by(self, pool: str) -> list[str]:
        """The queues a pool serves: its own, and those it helps with (one of each family, of the same place)."""
        family, place = self.places[pool]
        return [pool, *(self.pool_at[other, place] for other in self.spec(family).also_serves)]

    @cached_property
    def visits(self) -> pd.DataFrame:
        """The visits with what is known of the request, with the queue they stood in (`home`, "" if two are possible),
        and `out`: when they left it, `over`: when they ended, both infinite if they have not.
        """
        known = ["request", "channel", "category", "urgency", "owner_unit", "due", "arrived", "status", "rounds"]
        known.append("escalated")
        table = self.out.visits.merge(self.requests[known], on="request", how="left", validate="many_to_one")
        for name in ("pool", "kind", "channel", "category", "urgency", "owner_unit", "status"):
            table[name] = table[name].astype(object)
        table["over"] = table["ended"].fillna(NEVER)
        table["out"] = table["started"].fillna(table["ended"]).fillna(NEVER)
        table["home"] = [self.home(row) for row in table.itertuples(index=False)]
        return table

    def home(self, visit: Any) -> str:
        """The queue that a visit stood in: its pool's own, or one of those the pool helps with."""
        queues = self.served_by(visit.pool)
        if np.isnan(visit.started) or len(queues) == 1:
            return str(visit.pool)
        meant = self.meant_for(visit)
        possible = [queue for queue in queues if self.family(queue) in meant]
        return possible[0] if len(possible) == 1 else ""

    def meant_for(self, visit: Any) -> set[str]:
        """The families whose queue a visit of this kind, of this request, can stand in."""
        scenario = self.scenario
        dispatch, callback = scenario.dispatch, scenario.policies.callback
        if visit.kind in ("intake", "wrong_line", "overflow"):
            channel, firms = scenario.channels[visit.channel], scenario.policies.enterprise_line
            lines = {line.pool for line in (channel.lines or {}).values()}
            return lines | {str(channel.pool)} | ({firms.pool} if firms else set())
        if visit.kind == "council":
            return {TABLE}
        if visit.kind == "dispatch":
            return {dispatch.pool} if dispatch else set()
        if visit.kind == "district_desk":
            return {dispatch.district_desk.pool} if dispatch and dispatch.district_desk else set()
        if visit.kind == "callback":
            return {callback.pool} if callback else set()
        if visit.kind == "errand":
            reviewed = callback and callback.exclusion
            theme, patrols = scenario.policies.monthly_theme, scenario.policies.act_before
            asked = (dispatch and dispatch.pool, reviewed and reviewed.review.pool, theme and theme.pool)
            supervised = scenario.policies.supervision
            asked = (*asked, patrols and patrols.pool, supervised and supervised.pool)
            return {pool for pool in asked if pool}
        if visit.kind == "part":
            return {part.unit for part in scenario.categories[visit.category].parts}
        moves = callback and callback.reopen and callback.reopen.to == "dispatch"
        if visit.kind in ("contact", "handling") and not moves:
            return {self.family(visit.owner_unit)}
        return set(scenario.units)

    # --- who is on duty ----------------------------------------------------------------------------------------------

    @cached_property
    def hours(self) -> dict[str, Hours]:
        """The headcount of every pool, from the scenario; how a total is split or scaled, from `on_duty`."""
        council = self.scenario.policies.council
        found = {pool: self.planned(pool) for pool in self.pools if self.family(pool) != TABLE}
        for pool in [pool for pool in self.pools if self.family(pool) == TABLE]:
            assert council is not None
            office = self.pool_at[council.unit, self.places[pool][1]]
            found[office], found[pool] = self._at_table(council, found[office], pool)
        longer = {pool: self._with_overtime(pool, found[pool]) for pool in self.pools}
        return {pool: self._with_called(pool, longer[pool]) for pool in self.pools}  # who is called in sits at no table

    def _at_table(self, council: Any, office: Hours, table: str) -> tuple[Hours, Hours]:
        """Who of an office is in it, and who at its table."""
        start, end = self.scenario.time.start, self.out.end
        first, every = (council.first - start).total_seconds() / 3600, council.every
        begins = first + every * np.arange(max(0.0, np.ceil(-first / every) - 1), np.ceil((end - first) / every))
        edges = np.concatenate([begins, begins + council.hours])
        times = np.unique(np.concatenate([office.times, edges[(edges > 0) & (edges < end)]]))
        there = office.at(times)
        inside = (begins[:, None] <= times) & (times < begins[:, None] + council.hours)
        seats = council.seats
        if self.scenario.scale != 1 and seats > 0:  # divided as staff is
            seats = max(int(p.headcounts.max()) for p in build_city(self.scenario).pools if p.name == table)
        sit = np.where(inside.any(axis=0), np.minimum(seats, there), 0.0)
        opens = office.opens[np.searchsorted(office.times, times, side="right") - 1]
        at_table = Hours(times, sit, pauses=False, opens=(sit > 0).astype(float))
        return Hours(times, there - sit, office.pauses, opens), at_table

    def lends(self, pool: str) -> bool:
        """Whether people move between this pool and others: the tables do not tell when each was free to go."""
        surge = self.scenario.policies.surge
        moving = () if surge is None or surge.from_ is None else (surge.from_, *(t.pool for t in surge.triggers))
        return self.family(pool) in moving

    def _with_overtime(self, pool: str, hours: Hours) -> Hours:
        """Who works overtime comes from the publication of a sheet until that of the next, whenever the pool is open:
        so many as in an hour in which it is open throughout.
        """
        levels = self.out.levels[self.out.levels["pool"] == pool]
        by_hour = levels["overtime"].to_numpy()
        if not by_hour.any():
            return hours
        sheets = np.unique(self.out.scores["published"].dropna())
        edges = np.ceil([0.0, *sheets, self.out.end]).astype(int)
        there = np.array([by_hour[a:b].max(initial=0.0) for a, b in itertools.pairwise(edges)])
        begins = np.unique(np.concatenate([hours.times, sheets]))
        opens = hours.opens[np.searchsorted(hours.times, begins, side="right") - 1]
        extra = there[np.searchsorted(sheets, begins, side="right")]
        return Hours(begins, hours.at(begins) + opens * extra, hours.pauses, opens)

    def _with_called(self, pool: str, hours: Hours) -> Hours:
        calls = self.out.calls[self.out.calls["pool"] == pool]
        if calls.empty:
            return hours
        begins = np.unique(np.concatenate([hours.times, calls["comes"], calls["left"].dropna()]))
        begins = begins[begins < self.out.end]
        there = [calls.loc[(calls["comes"] <= at) & ~(calls["left"] <= at), "people"].sum() for at in begins]
        opens = hours.opens[np.searchsorted(hours.times, begins, side="right") - 1]
        return Hours(begins, hours.at(begins) + opens * np.array(there, float), hours.pauses, opens)

    def _on_duty(self, pool: str) -> Floats:
        """Who is there by the hour, without who was called in or works overtime."""
        levels = self.out.levels[self.out.levels["pool"] == pool]
        return (levels["on_duty"] - levels["called_in"] - levels["overtime"]).to_numpy()

    def planned(self, pool: str) -> Hours:
        spec, start, end = self.spec(self.family(pool)), self.scenario.time.start, self.out.end
        on_duty = self._on_duty(pool)
        council = self.scenario.policies.council
        if council is not None and self.family(pool) == council.unit:  # some of its people sit at the table
            on_duty = on_duty + self._on_duty(self.pool_at[TABLE, self.places[pool][1]])
        if spec.shifts is not None:
            times = np.arange(0.0, end)  # shifts begin and end on the hour in our cities
            counts = np.zeros(len(times))
            like = {} if spec.holidays is None else spec.holidays.like(self.scenario.calendars)
            for day in range(-1, len(times) // 24 + 1):
                date = start + timedelta(days=day)
                for shift in spec.shifts:
                    if like.get(date, date.weekday()) in shift.days:
                        begin, until = (24 * day + minute // 60 for minute in shift.hours)
                        counts[max(begin, 0) : max(until, 0)] += shift.staff
            if self.scenario.scale != 1:
                counts = np.round(on_duty[np.minimum(times.astype(int), len(on_duty) - 1)])
            return Hours(times, counts, pauses=False, opens=(counts > 0).astype(float))
        staff = spec.staff or Headcount()
        each = staff.each if staff.each is not None and self.scenario.scale == 1 else None
        count = float(np.round(on_duty.max(initial=0.0)) if each is None else each)
        if spec.calendar is None:
            return Hours(np.zeros(1), np.array([count]), pauses=False, opens=np.ones(1))
        edges = np.array(open_intervals(self.scenario.calendars[spec.calendar], start, end)).reshape(-1, 2)
        times = np.concatenate([[-1.0], edges.ravel()])
        opens = np.concatenate([[0.0], np.tile([1.0, 0.0], len(edges))])
        first = np.searchsorted(times, 0.0, side="right") - 1
        return Hours(np.maximum(times[first:], 0.0), count * opens[first:], pauses=True, opens=opens[first:])


def number(begin: Floats, until: Floats, at: Floats) -> Floats:
    """How many of the intervals [begin, until) hold each of these moments."""
    return (np.searchsorted(np.sort(begin), at, "right") - np.searchsorted(np.sort(until), at, "right")).astype(float)
