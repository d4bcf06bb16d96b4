"""Laws about what is open when a run begins. None has a tolerance."""

from __future__ import annotations

import math

from lawbook import law, none
from ledger import NEVER, Ledger


@law
def what_is_open_at_the_start_is_what_was_given(run: Ledger) -> None:
    """By unit and category, divided as demand is; nothing else lies before the start."""
    r, scale = run.requests, run.scenario.scale
    stood = r[r["arrived"] < 0.0]
    families = stood["first_unit"].astype(str).map({pool: run.family(pool) for pool in run.pools})
    found = stood.groupby([families, stood["category"].astype(str)]).size().to_dict()
    given = {
        (unit, category): standing.count
        for unit, categories in (run.scenario.initial or {}).items()
        for category, standing in categories.items()
    }
    assert found.keys() <= given.keys()
    for key, count in given.items():
        assert math.floor(count / scale) <= found.get(key, 0) <= math.ceil(count / scale), (key, found)


@law
def it_stands_at_its_unit(run: Ledger) -> None:
    """Since it arrived, contacted then, never at intake or a desk before; its first handling waits since then."""
    r, v, p = run.requests, run.visits, run.out.problems
    stood = r[r["arrived"] < 0.0]
    none((stood["dispatched"] != stood["arrived"]) | stood["repeat_of"].notna(), stood)
    contacted = stood["arrived"] if run.scenario.contact else NEVER
    none(stood["contacted"].fillna(NEVER) != contacted, stood)
    none(stood["hours_unit_queue"] < -stood["arrived"], stood)
    none(stood[["hours_intake", "hours_parked"]].any(axis=1), stood)
    early = v[v["queued"] < 0.0]
    none((early["kind"] != "handling") | (early["queued"] != early["arrived"]) | (early["started"] < 0.0), early)
    assert set(early["request"]) == set(stood["request"])
    assert not early["request"].duplicated().any()
    old = p[p["born"] < 0.0].set_index("problem")
    about = stood[stood["problem"].notna()]
    assert set(old.index) == set(about["problem"])
    born = about["problem"].map(old["born"])
    none((born != about["arrived"]) | (about["problem"].map(old["first_report"]) != about["arrived"]), about)
