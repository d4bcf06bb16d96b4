"""Pictures of what changes how long people wait for people."""

from __future__ import annotations

import hotline_cities as cities
import numpy as np
from drawing import line, picture, say
from small_cities import runs

import sim
from sim.report.svg import GREY, INK


def waits(out: sim.Outcomes) -> list[float]:
    """Mean seconds until somebody answers: of firms, and of all others."""
    r = out.counted
    return [float(r.loc[r["from_firm"] == firm, "answered_wait"].mean()) * 3600 for firm in (True, False)]


def one_hotline() -> None:
    """Waits at three lines and at one, with as many people."""
    calls = np.array([40, 50, 60, 65, 70, 75, 80])
    found = {
        merged: np.array([runs(cities.lines(c, merged), waits, 3)[:, 1] for c in calls.tolist()]).T
        for merged in (False, True)
    }
    with picture("one-hotline", "As many people at one number: waits are a quarter or less") as [ax]:
        three = line(ax, 3 * calls, found[False], 1, "three lines of six people")
        one = line(ax, 3 * calls, found[True], 0, "one hotline of eighteen")
        ax.axvline(270, color=GREY, lw=1, ls=":")
        ax.text(268, 100, "270: all\nthat eighteen\ncan answer", color=GREY, ha="right", va="bottom")
        ax.set(xlabel="calls an hour in all", ylabel="mean wait, seconds\n(3 runs of a month, 95 %)", ylim=(0, None))
        ax.legend(loc="upper left")
    say("one-hotline", calls=3 * calls, three=three, one=one)


def enterprise_line() -> None:
    """Waits of firms and of others by the seats that are set apart, and by who helps whom."""
    seats = np.array([3, 4, 5])
    pooled = float(np.mean(runs(cities.firms(0), waits, 5)))
    ways = {"Apart": (), "The hotline helps firms": ("hotline",), "Each helps the other": ("hotline", "firms")}
    with picture("enterprise-line", "Seats set apart for firms: others pay, unless each helps the other", 3) as axes:
        for ax, (title, helping) in zip(axes, ways.items(), strict=True):
            found = np.array([runs(cities.firms(n, helping), waits, 5) for n in seats.tolist()])
            ax.axhline(pooled, color=INK, lw=1, ls=":")
            for look, label in enumerate(("firms", "others")):
                means = line(ax, seats, found[:, :, look].T, look, label)
                say(f"enterprise-line, {title}, {label}", seats=seats, wait=means)
            ax.set(title=title, xlabel="seats for firms, of 14", ylim=(0, 230), xticks=seats, xlim=(2.7, 5.3))
        axes[0].set_ylabel("mean wait, seconds\n(5 runs of a month, 95 %)")
        axes[0].legend(loc="upper left")
        axes[2].text(2.8, 45, f"dotted: one pool\nof 14, {pooled:.0f} s", color=INK)
    say("enterprise-line", pooled=pooled)


def online() -> None:
    """Calls to people by where the bot stands and how often it fails."""
    fails = np.array([0, 0.25, 0.5, 0.75, 1])

    def calls(out: sim.Outcomes) -> float:
        reached = out.visits.loc[out.visits["pool"] == "hotline", "request"]
        return 100 * float(out.counted["request"].isin(reached).mean())

    without = float(runs(cities.bot(None, 0), calls, 3).mean())
    with picture("online", "A bot on the phone spares calls; one online only brings them") as [ax]:
        ax.axhline(without, color=INK, lw=1, ls=":")
        ax.text(1, without - 6, f"no bot: {without:.0f}", color=INK)
        for look, (at, label) in enumerate((("phone", "on the phone"), ("online", "online"), ("both", "on both"))):
            found = np.array([runs(cities.bot(at, f), calls, 3) for f in fails.tolist()]).T
            say(f"online, {at}", fails=fails, calls=line(ax, 100 * fails, found, look, label))
        ax.set(xlabel="of those whom the bot has answered, the share whom it fails, %", ylim=(0, 100))
        ax.set_ylabel("calls to people, of 100 contacts\n(3 runs of 3 days, 95 %)")
        ax.legend(loc="lower right", title="where the bot stands")


def surge() -> None:
    """Who waits after a storm, with and without people who are called in."""
    hours = np.arange(96, 18 * 24, 2)

    def waiting(out: sim.Outcomes) -> np.ndarray:
        queue = out.levels[out.levels["pool"] == "Desk"].set_index("hour")["queue"]
        return queue.reindex(hours).to_numpy()

    days = hours / 24 - 5
    with picture("surge", "Half a day of storm: nine days of queues, or one with people called in") as [ax]:
        alone = line(ax, days, runs(cities.storm(0), waiting, 20), 1, "ten officers", bars=False)
        helped = line(
            ax, days, runs(cities.storm(15), waiting, 20), 0, "fifteen more, called where 60 wait", bars=False
        )
        ax.axvspan(0, 0.5, color=GREY, alpha=0.15, lw=0)
        ax.text(1.5, 130, "grey: storm,\nfive times the demand", color=GREY, va="bottom")
        ax.set(
            xlabel="days since the storm began", ylabel="waiting (mean of 20 runs, 95 %)", xlim=(-1, 12), ylim=(0, None)
        )
        ax.legend(loc="upper right")
    at = [list(hours).index(120 + h) for h in (12, 26, 100, 200)]
    say("surge", alone=alone[at], helped=helped[at])
