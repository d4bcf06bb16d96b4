"""The pictures of docs/mechanisms, each from runs of a small city.

python experiments/mechanisms/pictures.py [NAME …]
"""

from __future__ import annotations

import sys
from functools import partial

import hotline_pictures
import numpy as np
import pandas as pd
import small_cities as cities
from drawing import line, picture, say
from small_cities import runs

import sim
from sim.report.svg import GREY, INK


def monthly_theme() -> None:
    """Open matters with and without two of ten people on causes."""
    hours = np.arange(6, 24 * 24, 6)

    def still_open(out: sim.Outcomes) -> np.ndarray:
        came, over = (np.sort(out.requests[name].dropna().to_numpy()) for name in ("arrived", "closed"))
        return np.searchsorted(came, hours, "right") - np.searchsorted(over, hours, "right")

    with picture("monthly-theme", "Two of ten people on causes: a longer queue until day 15, then a shorter one") as [
        ax
    ]:
        draw = partial(line, ax, hours / 24, bars=False)
        cases = draw(runs(cities.causes(0), still_open, 20), look=1, label="ten on cases")
        themed = draw(runs(cities.causes(2), still_open, 20), look=0, label="eight on cases, two on causes")
        ax.axvline(10, color=GREY, lw=1, ls=":")
        ax.text(10.2, 40, "the theme takes effect:\nhalf of the births are gone", color=GREY, va="bottom")
        ax.plot([15], [themed[hours == 360][0]], "o", mfc="white", mec=INK, ms=8)
        ax.text(17, 1030, "day 15, as the formula says", color=INK, va="center")
        ax.set(xlabel="days", ylabel="open requests (mean of 20 runs, 95 %)", xlim=(0, 24), ylim=(0, 1500))
        ax.legend(loc="upper left")
    say("monthly-theme", cases=cases[[39, 59, 94]], themed=themed[[39, 59, 94]], at=hours[[39, 59, 94]] / 24)


def act_before() -> None:
    """Days until the city knows of a problem, by where inspectors go."""
    where = {
        None: "nobody\npatrols",
        "even": "even:\nequal hours",
        "complaints": "complaints:\nwhere more is said",
        "problems": "problems:\nwhere most is wrong",
    }

    def days(out: sim.Outcomes) -> list[float]:
        born = out.problems[out.problems["born"].between(out.count_from, out.count_until)]
        known = born[["found", "first_report"]].min(axis=1).fillna(out.end) - born["born"]
        return [float(known[born["district"] == name].mean()) / 24 for name in ("Loud", "Quiet")]

    found = np.array([runs(cities.patrolled(by), days, 5) for by in where])
    with picture("act-before", "Patrols help the quiet district most, and least where they follow complaints") as [ax]:
        for n, label in enumerate(("citizens report every 10 days", "citizens report every 50 days")):
            line(ax, np.arange(len(where)) + 0.08 * (2 * n - 1), found[:, :, n].T, n, label)
            for x, days_ in enumerate(found[:, :, n].mean(axis=1)):
                ax.annotate(
                    f"{days_:.0f}", (x + 0.08 * (2 * n - 1), days_), (8, 0), textcoords="offset points", va="center"
                )
        for drawn in ax.lines:
            drawn.set_linestyle("none")
        ax.set_xticks(range(len(where)), where.values())
        ax.set(ylabel="days from birth until the city knows\n(mean of 5 runs, 95 %)", ylim=(0, None), xlim=(-0.5, 3.5))
        ax.set_xlabel("how the same 80 hours of patrol a day are spread over two districts with as many problems")
        ax.legend(loc="upper right")
    say("act-before", loud=found[:, :, 0].mean(axis=1), quiet=found[:, :, 1].mean(axis=1))


def council() -> None:
    """What becomes of matters that are brought, by how many there are for twelve places a week."""
    brought = np.array([2, 4, 6, 8, 10, 11, 12, 14, 16])

    def fate(out: sim.Outcomes) -> list[float]:
        r = out.counted
        weeks = (out.count_until - out.count_from) / 168
        heard = out.visits[(out.visits["kind"] == "council") & out.visits["started"].notna()]
        mine = heard[heard["request"].isin(r["request"])]
        waited = (mine["started"] - mine["queued"]).mean() / 24
        return [len(mine) / weeks, (r["status"] == "settled").sum() / weeks, waited]

    found = np.array([runs(cities.table(rate), fate, 5) for rate in brought])
    with picture("council", "A table with twelve places a week: from ten brought on, waits grow", 2) as [left, right]:
        left.plot(brought, brought, color=GREY, lw=1, label="brought")
        heard = line(left, brought, found[:, :, 0].T, 0, "heard")
        settled = line(left, brought, found[:, :, 1].T, 1, "settled (0.6 of these)")
        left.axhline(12, color=INK, lw=1, ls=":")
        left.set(title="Matters a week", xlabel="matters brought a week", ylim=(0, None))
        left.legend(loc="upper left")
        waits = line(right, brought, found[:, :, 2].T, 0, "")
        right.set(
            title="Days until those who are heard sit at the table", xlabel="matters brought a week", ylim=(0, None)
        )
    say("council", brought=brought, heard=heard, settled=settled, days=waits)


def trust() -> None:
    """Reports and unknown problems where citizens are satisfied or not."""
    months = pd.period_range("2023-01", periods=24, freq="M")

    def seen(out: sim.Outcomes) -> np.ndarray:
        p = out.problems
        month = (pd.Timestamp("2023-01-01") + pd.to_timedelta(p["born"], "h")).dt.to_period("M")
        born, said = (m.value_counts().reindex(months) for m in (month, month[p["first_report"].notna()]))
        return np.array([said / months.days_in_month, 100 * (1 - said / born)])

    message = "As many problems in each city: where fewer are satisfied, fewer are reported"
    with picture("trust", message, 2) as [left, right]:
        for look, solved in enumerate((0.95, 0.8, 0.65)):
            found = runs(cities.trusting(solved), seen, 5)
            label = f"{solved:.0%} satisfied".replace("%", " %")
            reports = line(left, range(1, 25), found[:, 0], look, label, bars=False)
            unknown = line(right, range(1, 25), found[:, 1], look, label, bars=False)
            say(f"trust {solved}", reports=reports[[0, 12, 23]], unknown=unknown[[0, 12, 23]])
        left.set(title="Problems reported, a day", xlabel="month", ylim=(0, None))
        for ax in (left, right):
            ax.set_xticks([1, 6, 12, 18, 24])
        right.set(title="Problems that nobody reports, %", xlabel="month", ylim=(0, 100))
        left.legend(loc="lower left")


def duty_list() -> None:
    """Hops by month, by how often somebody works on the list."""
    months = pd.period_range("2023-01", periods=24, freq="M")

    def hops(out: sim.Outcomes) -> np.ndarray:
        r = out.requests
        month = (pd.Timestamp("2023-01-01") + pd.to_timedelta(r["arrived"], "h")).dt.to_period("M")
        return r.groupby(month)["hops"].mean().reindex(months).to_numpy()

    with picture("duty-list", "A list that nobody keeps sends ever more requests to the wrong office") as [ax]:
        for look, (every, label) in enumerate(
            ((None, "never"), ("6 months", "each half year"), ("2 months", "every other month"))
        ):
            found = line(ax, range(1, 25), runs(cities.listed(every), hops, 3), look, label)
            say(f"duty-list, {label}", hops=found[[0, 5, 6, 11, 12, 23]])
        ax.set(xlabel="month", ylabel="wrong offices a request\n(3 runs, 95 %)", ylim=(0, None))
        ax.set_xticks([1, 6, 12, 18, 24])
        ax.legend(loc="upper left", title="the list is brought up to date")


def exclusion() -> None:
    """The reported and the true share by how often units ask."""
    asks = np.array([0, 0.2, 0.4, 0.6, 0.8, 1])

    def rates(out: sim.Outcomes) -> list[float]:
        r = out.requests[out.requests["called_back"].notna()]
        said = r.loc[~r["excluded"].fillna(False).astype(bool), "said_resolved"]
        return [100 * float(said.mean()), 100 * float(r["resolved"].mean())]

    found = np.array([runs(cities.excluding(share), rates, 5) for share in asks.tolist()])
    with picture("exclusion", "The more is left out, the better the rate; the city stays as it is") as [ax]:
        reported = line(ax, 100 * asks, found[:, :, 0].T, 0, "said to be resolved, of those that count")
        true = line(ax, 100 * asks, found[:, :, 1].T, 1, "truly resolved")
        ax.set(
            xlabel="of negative answers, those for which units ask for exclusion, % (half is granted)", ylim=(60, 90)
        )
        ax.set_ylabel("% of requests\n(5 runs of half a year, 95 %)")
        ax.legend(loc="upper left")
    say("exclusion", asks=asks, reported=reported, true=true)


PICTURES = {
    "monthly-theme": monthly_theme,
    "act-before": act_before,
    "council": council,
    "trust": trust,
    "surge": hotline_pictures.surge,
    "online": hotline_pictures.online,
    "one-hotline": hotline_pictures.one_hotline,
    "enterprise-line": hotline_pictures.enterprise_line,
    "duty-list": duty_list,
    "exclusion": exclusion,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or PICTURES:
        PICTURES[name]()
