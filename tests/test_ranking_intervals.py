"""How sure ranks are: the intervals of the sheet against values of an independent simulation, and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sheets_by_chance import agree, coverage, qualities, table

from sim.inference.sheets import bounds, sheet_ranks, smoothed

#: 20 units, 300 answers each: by spread, [value, standard error] of all, true first tenth, true last tenth, mean width.
TWENTY = {
    0.2: ((0.99372, 0.00014), (0.97583, 0.00078), (0.97598, 0.00077), (19.81361, 0.002)),
    3.0: ((0.99937, 0.00004), (0.9995, 0.00012), (0.99875, 0.00019), (16.44868, 0.00711)),
}


@pytest.mark.parametrize("spread", TWENTY)
def test_intervals_meet_the_true_rank_as_often_as_they_should(spread: float) -> None:
    answers, p = np.full(20, 300), qualities(20, spread)
    found = coverage(answers, p, 1500)
    assert agree(found, TWENTY[spread])
    assert (found[:, :3].mean(axis=0) >= 0.93).all()
    assert not agree(coverage(answers, p, 1500, level=0.95), TWENTY[spread]), "at 95 % a pair they are too narrow"


def test_without_the_half_answers_the_ends_are_missed() -> None:
    """Where all answers are good there is no spread: of two such units, one with a single answer, neither is better."""
    two = table(np.array([1, 1000, 1000]), np.array([1, 1000, 960]))
    assert np.stack(bounds(*smoothed(two, (0, 1, 0)))).T.tolist() == [[1, 3], [1, 2], [2, 3]]


def test_the_score_and_its_variance_are_those_of_the_joint_counts() -> None:
    """Against the eight cells themselves, with a quarter added to each."""
    rng = np.random.default_rng(5)
    cells, weights = rng.integers(0, 60, 8), (0.2, 0.3, 0.5)
    bits = np.array([[c >> 2 & 1, c >> 1 & 1, c & 1] for c in range(8)])
    one = {name: [cells @ bits[:, i]] for i, name in enumerate(("responded", "resolved", "satisfied"))}
    pairs = {"responded_resolved": (0, 1), "responded_satisfied": (0, 2), "resolved_satisfied": (1, 2)}
    two = {name: [cells @ (bits[:, i] * bits[:, j])] for name, (i, j) in pairs.items()}
    mean, variance = smoothed(pd.DataFrame({"answers": [cells.sum()], **one, **two}), weights)
    share, value = (cells + 0.25) / (cells.sum() + 2), bits @ weights
    exact = share @ value
    assert mean[0] == pytest.approx(exact, abs=1e-12)
    assert variance[0] == pytest.approx(share @ (value - exact) ** 2 / (cells.sum() + 2), abs=1e-12)


def test_places_are_compared_with_those_they_are_ranked_with() -> None:
    rows = table(np.full(6, 1000), np.array([900, 500, 100, 900, 500, 0]))
    rows["replication"], rows["month"] = 0, ["2024-01"] * 5 + ["2024-02"]
    rows["level"] = ["street", "street", "utility", None, None, "street"]
    rows["score"] = rows["resolved"] / rows["answers"]
    rows["rank"] = pd.array([1, 2, 1, 1, 2, None], dtype="Int64")
    found = sheet_ranks(rows, (0, 1, 0))
    assert found["lowest"].tolist()[:5] == [1, 2, 1, 1, 2]
    assert found["highest"].tolist()[:5] == [1, 2, 1, 1, 2]
    assert found.loc[5, ["lowest", "highest"]].isna().all()
