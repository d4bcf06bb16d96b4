"""Distributions: what a scenario says is what SciPy then has."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario import distributions
from sim.scenario.distributions import Distribution, constant, read_distribution
from sim.scenario.errors import ReadError


@pytest.mark.parametrize("name", ["lognormal", "lognorm", "gamma", "weibull", "weibull_min", "invgauss"])
@given(mean=st.floats(0.05, 500), cv=st.floats(0.05, 5))
def test_mean_and_cv_come_out_again(name: str, mean: float, cv: float) -> None:
    made = read_distribution({"distribution": name, "mean": f"{mean} h", "cv": cv}).frozen()
    # the scale is a multiple of 2⁻³⁰ h, which is all that can be lost
    assert made.mean() == pytest.approx(mean, rel=1e-4)
    assert made.std() / made.mean() == pytest.approx(cv, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "cv"), [("exponential", None), ("exponential", 1), ("uniform", 0.5), ("erlang", 0.5), ("erlang", 1)]
)
def test_mean_and_cv_of_the_others(name: str, cv: float | None) -> None:
    given_cv = {} if cv is None else {"cv": cv}
    made = read_distribution({"distribution": name, "mean": "2 h", **given_cv})
    assert made.mean == pytest.approx(2)
    assert made.frozen().std() == pytest.approx(2 * (cv or 1))
    assert made.frozen().support()[0] >= 0


def test_scipy_parameters() -> None:
    made = read_distribution({"distribution": "genextreme", "c": -0.1, "loc": "2 d", "scale": "90 min"})
    assert (made.name, made.shapes, made.loc, made.scale) == ("genextreme", (("c", -0.1),), 48.0, 1.5)
    assert made.mean == pytest.approx(made.frozen().mean())
    pareto = read_distribution({"distribution": "pareto", "b": 0.9, "scale": "1 h"})
    assert pareto.mean == math.inf


def test_quantiles() -> None:
    made = read_distribution({"quantiles": {"1": "300 h", "0": "0 h", "0.5": "2 h"}})
    assert made.probabilities == (0, 0.5, 1)
    assert made.values == (0, 2, 300)
    assert made.mean == 0.5 * 1 + 0.5 * 151


def test_a_constant() -> None:
    assert read_distribution("5 min") == constant(5 / 60)
    assert read_distribution("5 min").mean == 5 / 60 // 2**-30 * 2**-30


@pytest.mark.parametrize(
    "data",
    [
        "5 min",
        {"distribution": "exponential", "mean": "7 min"},
        {"distribution": "weibull", "mean": "7 min", "cv": 2.2},
        {"distribution": "gamma", "a": 2.5, "scale": "1.1 h", "loc": "1 s"},
        {"quantiles": {"0": "1 s", "0.1": "1 min", "1": "2 d"}},
    ],
)
def test_what_is_written_reads_back(data: Any) -> None:
    made = read_distribution(data)
    assert read_distribution(made.written()) == made
    assert hash(read_distribution(made.written())) == hash(made)
    assert read_distribution(made) is made
    assert isinstance(made, Distribution)


def test_two_ways_to_say_the_same_are_equal() -> None:
    assert read_distribution({"distribution": "exponential", "mean": "30 min"}) == read_distribution(
        {"distribution": "expon", "scale": "0.5 h"}
    )


@pytest.mark.parametrize(
    ("data", "at", "message"),
    [
        ({"distribution": "norm", "loc": "2 h", "scale": "1 h"}, (), "a duration cannot be negative"),
        ({"distribution": "lognormal"}, (), "lognormal needs s and scale (or mean and cv)"),
        ({"distribution": "lognormal", "mean": "2 h"}, (), "lognormal needs cv beside mean"),
        ({"distribution": "lognormal", "cv": 2}, (), "lognormal needs mean beside cv"),
        ({"distribution": "lognormal", "mean": "2 h", "cv": 0}, ("cv",), "must be between"),
        ({"distribution": "lognormal", "mean": "0 h", "cv": 1}, ("mean",), "must be more than 0"),
        ({"distribution": "exponential", "mean": "2 h", "cv": 2}, ("cv",), "an exponential distribution has cv 1"),
        ({"distribution": "uniform", "mean": "2 h", "cv": 0.6}, ("cv",), "a uniform distribution"),
        ({"distribution": "erlang", "mean": "2 h", "cv": 0.6}, ("cv",), "an Erlang distribution has cv 1/√k"),
        ({"distribution": "weibull", "mean": "2 h", "cv": 1000}, ("cv",), "a Weibull distribution is found"),
        ({"distribution": "erlang", "a": 1.5, "scale": "1 h"}, ("a",), "the shape of an Erlang distribution"),
        ({"distribution": "gamma", "a": -1, "scale": "1 h"}, (), "gamma does not exist with a = -1"),
        ({"distribution": "gamma", "a": 1, "scale": "0 h"}, ("scale",), "must be longer than 0"),
        ({"distribution": "gamma", "a": 1, "scale": 3}, ("scale",), "a duration needs its unit"),
        ({"distribution": "gamma", "b": 1, "scale": "1 h"}, ("b",), "unknown key: gamma has a, loc, scale, mean, cv"),
        ({"distribution": "gama", "a": 1}, ("distribution",), "there is no continuous distribution “gama”"),
        ({"distribution": "poisson", "mu": 1}, ("distribution",), "there is no continuous distribution"),
        ({"distribution": "linalg", "mu": 1}, ("distribution",), "there is no continuous distribution"),
        ({"distribution": "pareto", "mean": "1 h", "cv": 1}, ("distribution",), "pareto is not given by mean and cv"),
        ({"distribution": ["gamma"]}, ("distribution",), "text is wanted"),
        ({"mean": "2 h"}, (), "a distribution is named by “distribution” or given by “quantiles”"),
        ({"quantiles": {"0": "0 h", "0.5": "2 h"}}, ("quantiles",), "the quantiles 0 and 1 are wanted"),
        ({"quantiles": {"0": "3 h", "1": "2 h"}}, ("quantiles", "1"), "less than the quantile at 0"),
        ({"quantiles": {"0": "0 h", "1": "2 h", "1.0": "3 h"}}, ("quantiles", "1.0"), "the quantile 1 is given twice"),
        ({"quantiles": {"0": "0 h", "1": "2 h", "2": "3 h"}}, ("quantiles", "2"), "a probability between 0 and 1"),
        ({"quantiles": {"0": "0 h", "1": "2"}}, ("quantiles", "1"), "a duration needs its unit"),
        ({"quantiles": {"0": "0 h"}, "mean": "3 h"}, ("mean",), "cannot stand beside “quantiles”"),
        ({"quantiles": [1]}, ("quantiles",), "a map from probability to duration is wanted"),
        (
            {"distribution": "studentized_range", "k": 3, "df": 10, "scale": "1 h"},
            ("distribution",),
            "SciPy would need about",
        ),
        (["5 min"], (), "a duration or a distribution is wanted, not a list"),
    ],
)
def test_what_is_no_distribution(data: Any, at: tuple[str, ...], message: str) -> None:
    with pytest.raises(ReadError) as caught:
        read_distribution(data)
    assert any(fault.at == at and fault.message.startswith(message) for fault in caught.value.faults)


def test_all_faults_of_a_distribution_at_once() -> None:
    with pytest.raises(ReadError) as caught:
        read_distribution({"distribution": "gamma", "b": 1, "loc": "x"})
    assert {fault.at for fault in caught.value.faults} == {("b",), ("loc",), ()}


def test_every_continuous_distribution_of_scipy_is_known() -> None:
    for name in ("halfcauchy", "betaprime", "fisk", "burr12"):
        shapes = {shape.strip(): 2.5 for shape in (getattr(scipy.stats, name).shapes or "").split(",") if shape}
        assert read_distribution({"distribution": name, "scale": "1 h", **shapes}).name == name


@pytest.mark.filterwarnings("ignore:The shape parameter of the erlang")
@pytest.mark.parametrize("name", list(distributions._COMMONEST))
@pytest.mark.parametrize("shape", [1e-300, 1e-3, 0.5, 1.0, 7.0, 1e6, 1e300])
@pytest.mark.parametrize("loc", [0.0, 1.5])
def test_what_is_said_of_the_commonest_without_scipy_is_what_scipy_says(name: str, shape: float, loc: float) -> None:
    (wanted,) = [[part.strip() for part in (getattr(scipy.stats, name).shapes or "").split(",") if part]]
    assert distributions._COMMONEST[name] == wanted
    assert getattr(scipy.stats, name)(*[shape for _ in wanted], loc=loc, scale=2.0).support() == (loc, math.inf)


@pytest.mark.parametrize(
    ("data", "at"),
    [
        ({"distribution": "gamma", "a": 0, "scale": "1 h"}, ()),
        ({"distribution": "lognormal", "s": -1, "scale": "1 h"}, ()),
        ({"distribution": "exponential", "loc": "-1 h", "scale": "1 h"}, ()),
        ({"distribution": "erlang", "a": 2.5, "scale": "1 h"}, ("a",)),
        ({"distribution": "erlang", "a": 0.5, "scale": "1 h"}, ("a",)),
    ],
    ids=str,
)
def test_the_commonest_are_refused_where_they_do_not_exist_or_fall_below_0(data: Any, at: tuple[str, ...]) -> None:
    with pytest.raises(ReadError) as caught:
        read_distribution(data)
    assert [fault.at for fault in caught.value.faults] == [at]


def test_the_commonest_need_no_scipy() -> None:
    """It takes half a second to be imported, and what a run has resolved to is full of them."""
    program = (
        "import sys, sim.scenario.distributions as d\n"
        "for name, shapes in d._COMMONEST.items():\n"
        "    made = d.read_distribution({'distribution': name, 'scale': '1 h', **{shape: 2 for shape in shapes}})\n"
        "    assert made.mean > 0 and d.read_distribution(made.written()) == made\n"
        "assert 'scipy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
