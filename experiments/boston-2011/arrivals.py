"""What arrives: categories, districts, rhythm of the year, week and day, Irene, and how bursty days are.

All of July–December is used. The model of a day's mean count of one category is

    total × month × weekday × shocks

times a gamma factor of the day, city-wide and by group of categories (the model's day factor).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from rows import COUNT_UNTIL, DEPARTMENTS, LARGE, START, Table

#: The smallest set of (type, department) pairs that makes up this share of the requests is kept, the rest is pooled.
KEPT_SHARE = 0.95
#: Hurricane Irene: landfall on Sunday 28 August; clearing-up calls until the following Saturday.
IRENE = pd.date_range("2011-08-28", "2011-09-03")
HOLIDAYS = {
    "Independence Day": pd.Timestamp("2011-07-04"),
    "Labor Day": pd.Timestamp("2011-09-05"),
    "Columbus Day": pd.Timestamp("2011-10-10"),
    "Veterans Day": pd.Timestamp("2011-11-11"),
    "Thanksgiving": pd.Timestamp("2011-11-24"),
    "Day after Thanksgiving": pd.Timestamp("2011-11-25"),
    "Christmas": pd.Timestamp("2011-12-26"),
}
#: A month of a category gets a factor of its own when it is this many standard deviations off, counts varying
#: OVERDISPERSION times as much as a Poisson number.
SIGNIFICANT = 3.0
OVERDISPERSION = 3.0

DAYS = pd.date_range(START, COUNT_UNTIL, inclusive="left")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Arrivals:
    """The demand side, as numbers. ``expected``: mean counts by day (rows) and category (columns), all shocks in."""

    totals: dict[str, float]  # a day
    groups: dict[str, str]
    units: dict[str, str]
    districts: dict[str, dict[str, int]]  # counts by category and district
    months: dict[int, float]
    weekdays: dict[str, float]
    hours: list[int]
    shocks: dict[str, dict[str, object]]
    day_factor: dict[str, float]
    expected: Table
    counts: Table


def categorise(rows: Table) -> Table:
    """The category of each row: its type where the department is the type's usual one, ``type (department)`` in
    another one, ``Other (department)`` for all rare pairs."""
    sizes = rows.groupby(["type", "department"]).size().sort_values(ascending=False, kind="stable")
    kept = sizes.index[: int((sizes.cumsum() / len(rows) < KEPT_SHARE).sum()) + 1]
    seen: set[str] = set()
    names: dict[tuple[str, str], str] = {}
    for kind, department in kept:
        plain = " ".join(kind.split())
        names[kind, department] = f"{plain} ({DEPARTMENTS[department]})" if kind in seen else plain
        seen.add(kind)
    pairs = zip(rows.type, rows.department, strict=True)
    return pd.Series([names.get(p, f"Other ({DEPARTMENTS[p[1]]})") for p in pairs], rows.index, name="category")


def _span(first: pd.Timestamp, days: int, factor: float, categories: list[str] | None) -> dict[str, object]:
    shock: dict[str, object] = {
        "from": f"{first:%Y-%m-%d}",
        "until": f"{first + pd.Timedelta(days=days):%Y-%m-%d}",
        "factor": float(f"{factor:.3g}"),
    }
    return shock | ({"categories": categories} if categories else {})


def _seasons(
    counts: Table, totals: Table, rhythm: Table, units: dict[str, str]
) -> tuple[Table, dict[str, dict[str, object]]]:
    """Month factors of the city, and the months in which departments and single categories part from them.

    A category whose month is significantly unlike its department's has a shock of its own; the others of a large
    department share one, so that its monthly number is right.
    """
    month = counts.index.month
    seen = counts.groupby(month).sum()
    base = pd.DataFrame(np.outer(rhythm.groupby(month).sum(), totals), seen.index, seen.columns)
    months = seen.sum(axis=1) / base.sum(axis=1)
    shocks: dict[str, dict[str, object]] = {}
    for m in seen.index:
        first = pd.Timestamp(START.year, m, 1)
        for department in (DEPARTMENTS[code] for code in LARGE):
            names = [c for c in seen.columns if units[c] == department]
            n, mean = seen.loc[m, names], base.loc[m, names] * months[m]
            shared, own = n.sum() / mean.sum(), pd.Series(False, names)
            for _ in range(5):
                off = n - mean * shared
                own = off.abs() > SIGNIFICANT * np.sqrt(OVERDISPERSION * mean * shared)
                shared = n[~own].sum() / mean[~own].sum()
            together = [c for c in names if not own[c]]
            shocks[f"{first:%B}, {department}"] = _span(first, first.days_in_month, shared, together)
            for c in own.index[own]:
                shocks[f"{first:%B}, {c}"] = _span(first, first.days_in_month, n[c] / mean[c], [c])
    return months, shocks


def _irene(counts: Table, expected: Table) -> dict[str, dict[str, object]]:
    """Shocks of Irene: by day for what surged most, one factor for 28–30 August for whatever else surged."""
    first, shocks = IRENE[0], {}
    core = IRENE[:3]
    seen, mean = counts.loc[core].sum(), expected.loc[core].sum()
    excess = (seen - mean) / np.sqrt(OVERDISPERSION * mean + 1)
    worst = str((seen - mean).idxmax())
    for number, day in enumerate(IRENE):
        factor = counts.at[day, worst] / expected.at[day, worst]
        shocks[f"Irene, {worst}, day {number + 1}"] = _span(day, 1, factor, [worst])
    for name in excess.index[(excess > SIGNIFICANT) & (excess.index != worst)]:
        shocks[f"Irene, {name}"] = _span(first, 3, seen[name] / mean[name], [name])
    return shocks


def apply_shocks(mean: Table, shocks: dict[str, dict[str, object]]) -> Table:
    """The daily means with the shocks' factors multiplied in."""
    mean = mean.copy()
    for shock in shocks.values():
        inside = (mean.index >= str(shock["from"])) & (mean.index < str(shock["until"]))
        mean.loc[inside, shock.get("categories", list(mean.columns))] *= shock["factor"]
    return mean


def _day_factor(counts: Table, expected: Table, groups: dict[str, str]) -> dict[str, float]:
    """Coefficients of variation by moments: products of different groups' residuals share the city's factor only,
    squares beyond the Poisson variance hold both: (1 + city²)(1 + group²) − 1."""
    usual = ~counts.index.isin(IRENE) & ~counts.index.isin(list(HOLIDAYS.values()))
    seen = counts[usual].T.groupby(groups).sum().T.to_numpy()
    mean = expected[usual].T.groupby(groups).sum().T.to_numpy()
    off = seen - mean
    cross = (off.sum(axis=1) ** 2 - (off**2).sum(axis=1)).sum()
    city = cross / (mean.sum(axis=1) ** 2 - (mean**2).sum(axis=1)).sum()
    both = (off**2 - mean).sum() / (mean**2).sum()
    group = (1 + both) / (1 + city) - 1
    return {"city": round(float(np.sqrt(max(city, 0))), 3), "group": round(float(np.sqrt(max(group, 0))), 3)}


def _mean_of_the_year(months: dict[int, float]) -> float:
    """The mean of the month factors over the days of the year; 1 in months that are not given."""
    year = pd.date_range(f"{START.year}-01-01", f"{START.year}-12-31")
    return float(np.mean([months.get(month, 1.0) for month in year.month]))


def fit_arrivals(rows: Table) -> Arrivals:
    """Fit the demand side. ``rows`` needs the column ``category``."""
    day = rows.opened.dt.normalize()
    counts: Table = pd.crosstab(day, rows.category).reindex(DAYS, fill_value=0)
    usual = counts[~counts.index.isin(IRENE) & ~counts.index.isin(list(HOLIDAYS.values()))]
    by_weekday: Table = usual.sum(axis=1).groupby(usual.index.day_of_week).mean()
    weekdays = by_weekday / by_weekday.mean()
    rhythm = pd.Series(weekdays.loc[usual.index.day_of_week].to_numpy(), usual.index)
    totals = usual.sum() / rhythm.sum()
    units = {c: DEPARTMENTS[str(d.iloc[0])] for c, d in rows.groupby("category").department}
    months, seasonal = _seasons(usual, totals, rhythm, units)
    rhythm_all = months.loc[DAYS.month].to_numpy() * weekdays.loc[DAYS.day_of_week].to_numpy()
    mean = apply_shocks(pd.DataFrame(np.outer(rhythm_all, totals), DAYS, totals.index), seasonal)
    shocks = {
        name: _span(date, 1, counts.loc[date].sum() / mean.loc[date].sum(), None) for name, date in HOLIDAYS.items()
    }
    shocks |= _irene(counts, mean)
    expected = apply_shocks(mean, shocks)
    groups = {
        c: str(reasons.iloc[0]) if not c.startswith("Other (") else c for c, reasons in rows.groupby("category").reason
    }
    by_month = {int(m): round(float(f), 3) for m, f in months.items()}
    by_day = {w: round(float(f), 3) for w, f in zip(_WEEKDAYS, weekdays, strict=True)}
    usual_day = _mean_of_the_year(by_month) * np.mean(
        list(by_day.values())
    )  # the model's totals are those of a mean day
    return Arrivals(
        totals={str(c): float(f"{t * usual_day:.4g}") for c, t in totals.items()},
        groups=groups,
        units=units,
        districts={c: d.value_counts().to_dict() for c, d in rows.groupby("category").district},
        months=by_month,
        weekdays=by_day,
        hours=np.bincount(rows.opened.dt.hour, minlength=24).tolist(),
        shocks=seasonal | shocks,
        day_factor=_day_factor(counts, expected, groups),
        expected=expected,
        counts=counts,
    )
