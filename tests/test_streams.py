"""The same citizens in every scenario: nothing shifts anybody's luck but what touches them."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
import pytest
from towns import FULL, all_purposes, full, same_tables

import sim
from sim.model import purposes
from sim.model.draws import child, name_key, philox, stream, uniform, uniforms
from sim.scenario import from_dict

# --- the generator -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_published_answers(
    counter: tuple[int, ...], key: tuple[int, ...], words: tuple[int, ...]
) -> None:
    """Known answers of Philox4x32-10 from the authors' Random123 distribution."""
    low, high = philox(key[0] | key[1] << 32, counter[2] | counter[3] << 32, counter[0] | counter[1] << 32)
    assert (low & 0xFFFFFFFF, low >> 32, high & 0xFFFFFFFF, high >> 32) == words


def test_uniforms_are_uniform_and_uncorrelated() -> None:
    n = 200_000
    keys, zeros = np.arange(n, dtype=np.uint64), np.zeros(n, np.uint64)
    first = uniforms(stream(1, 0), purposes.TALK, keys, zeros)
    for other in (
        uniforms(stream(1, 1), purposes.TALK, keys, zeros),
        uniforms(stream(2, 0), purposes.TALK, keys, zeros),
        uniforms(stream(1, 0), purposes.PATIENCE, keys, zeros),
        uniforms(stream(1, 0), purposes.TALK, keys, zeros + 1),
    ):
        assert abs(np.corrcoef(first, other)[0, 1]) < 4.5 / np.sqrt(n)
    counts = np.histogram(first, bins=100, range=(0, 1))[0]
    assert ((counts - n / 100) ** 2 / (n / 100)).sum() < 173  # chi², 99 degrees of freedom, p = 10⁻⁵


def test_purposes_have_different_numbers() -> None:
    numbers = list(all_purposes().values())
    assert len(numbers) > 30
    assert len(set(numbers)) == len(numbers)


def test_draws_never_change() -> None:
    """Pinned for ever: another value here would change every result that was ever published."""
    assert name_key("Dorchester", "Potholes") == 0x31CED453E57E6940
    assert purposes.TALK == 317552574
    assert child(1, purposes.REPORT, 2) == 0x6B2C727AC78FCEBD
    assert uniform(stream(1, 0), purposes.TALK, 12345, 0) == 0.07209933418363962


# --- scenarios ---------------------------------------------------------------------------------------------------


def changed(**paths: Any) -> sim.Scenario:
    """The full town with values set by dotted path, `__` for a dot."""
    data = copy.deepcopy(FULL)
    for path, value in paths.items():
        node = data
        *steps, last = path.split("__")
        for step in steps:
            node = node.setdefault(step, {})
        node[last] = value
    return from_dict(data)


@pytest.fixture(scope="module")
def base() -> sim.Outcomes:
    return sim.simulate(full())


def test_a_replication_is_the_same_twice_and_another_differs(base: sim.Outcomes) -> None:
    assert same_tables(base, sim.simulate(full()))
    assert not base.requests.equals(sim.simulate(full(), replication=1).requests)
    assert not base.requests.equals(sim.simulate(full(), seed=2).requests)


@pytest.mark.parametrize(
    "policies",
    [
        {"classified_handling": {**FULL["policies"]["classified_handling"], "by_category": {"Noise": 0.03}}},
        {"precise_dispatch": {"duplicates": 0.5, "accuracy": 0.8}},
        {"instant_answer": {"by_category": {"Question": 0.6}}},
        {"callback": {**FULL["policies"]["callback"], "reopen": {"at_most": 1, "probability": 0.7}}},
    ],
)
def test_a_policy_without_effect_changes_no_byte(base: sim.Outcomes, policies: dict[str, Any]) -> None:
    assert same_tables(base, sim.simulate(full(policies=policies)))


def test_policies_that_do_nothing_are_as_good_as_off() -> None:
    off = full(policies={"instant_answer": None, "precise_dispatch": None, "first_recipient": None})
    idle = full(policies={"instant_answer": {"answered": 0}, "precise_dispatch": {"duplicates": 0}})
    assert same_tables(sim.simulate(off), sim.simulate(idle))


def test_first_recipient_responsibility_needs_a_wrong_dispatch() -> None:
    exact = {**FULL["dispatch"], "accuracy": 1.0}
    off = full(dispatch=exact)
    on = full(dispatch=exact, policies={"first_recipient": {"coordination": "1 h"}})
    assert same_tables(sim.simulate(off), sim.simulate(on))


def test_the_order_in_which_a_file_lists_things_means_nothing(base: sim.Outcomes) -> None:
    data = copy.deepcopy(FULL)
    for section in ("channels", "pools", "units", "calendars"):
        data[section] = dict(reversed(data[section].items()))
    other = sim.simulate(from_dict(data))
    for name in ("requests", "visits", "problems"):
        a, b = getattr(base, name).astype(str), getattr(other, name).astype(str)
        pd.testing.assert_frame_equal(a, b)


ONCE = {"Question", "Leak", "Noise"}  # reported once, at birth


def of(outcomes: sim.Outcomes, categories: set[str]) -> pd.DataFrame:
    """What citizens brought, for some categories: nothing that the city did."""
    table = outcomes.requests
    own = table[table["category"].isin(categories) & table["repeat_of"].isna()]
    return own[["request", "arrived", "channel", "district", "category", "urgency"]].astype(str).reset_index(drop=True)


def test_one_more_category_shifts_nobody(base: sim.Outcomes) -> None:
    more = changed(categories__Graffiti={"rate": "1 / year", "unit": "Works", "work": "10 min"})
    wider = sim.simulate(more)
    pd.testing.assert_frame_equal(of(base, ONCE), of(wider, ONCE))
    assert (wider.requests["category"] == "Graffiti").sum() > 100


def test_one_more_unit_shifts_nobody(base: sim.Outcomes) -> None:
    exact = {"dispatch": {**FULL["dispatch"], "accuracy": 1.0}}
    trees = {"rate": "0.05 / year", "unit": "Parks", "work": "1 h"}
    more = {"units": {**FULL["units"], "Parks": {"staff": 2}}, "categories": {**FULL["categories"], "Trees": trees}}
    before, after = sim.simulate(full(**exact)), sim.simulate(full(**exact, **more))
    pd.testing.assert_frame_equal(of(before, ONCE), of(after, ONCE))
    sent = [t.requests[t.requests["first_unit"].notna()].set_index("request")["first_unit"] for t in (before, after)]
    both = sent[0].index.intersection(sent[1].index)
    assert len(both) > 0.9 * len(sent[0])
    assert (sent[0][both].astype(str) == sent[1][both].astype(str)).all()


def test_a_higher_rate_adds_births_and_moves_none(base: sim.Outcomes) -> None:
    more = sim.simulate(changed(categories__Noise__rate="0.4 / year"))
    before, after = of(base, {"Noise"}), of(more, {"Noise"})
    assert len(after) > 1.15 * len(before)
    assert set(before["request"]) <= set(after["request"])


def test_more_staff_leaves_the_citizens_alone(base: sim.Outcomes) -> None:
    more = sim.simulate(changed(units__Works__staff=5))
    pd.testing.assert_frame_equal(of(base, ONCE), of(more, ONCE))


# --- replications ------------------------------------------------------------------------------------------------


def test_replication_k_alone_is_replication_k_of_many() -> None:
    many = sim.run(full(), replications=3, processes=1)
    alone = sim.simulate(full(), replication=2).requests.astype(str).reset_index(drop=True)
    assert many.tables.requests is not None
    third = many.tables.requests[many.tables.requests["replication"] == 2].astype(str).reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, third)


def test_one_process_gives_what_two_give() -> None:
    one, two = (sim.run(full(), replications=2, processes=n) for n in (1, 2))
    for name in ("measures", "levels", "requests", "visits", "problems"):
        pd.testing.assert_frame_equal(getattr(one.tables, name), getattr(two.tables, name))
