"""Policies written in Python: what they see, what they turn, and when."""

from __future__ import annotations

from typing import Any

import pytest
from towns import full, same_tables, station

import sim

CROWDED = station("6 / h", "1 h", 5, 10)  # one officer less than the work


def never(env: Any, city: Any) -> Any:
    """Look, and do nothing."""
    while True:
        city.snapshot()
        city.propose(staff={})
        yield env.timeout(1)


def hire(officers: int, after: float = 0.0) -> Any:
    """So many officers more at the desk, after some hours."""

    def policy(env: Any, city: Any) -> Any:
        yield env.timeout(after)
        city.propose(staff={"Desk": officers})

    return policy


def duty(out: sim.Outcomes) -> list[float]:
    """Officers on duty by hour."""
    return list(out.levels.loc[out.levels["pool"] == "Desk", "on_duty"])


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_policy_that_turns_nothing_changes_no_byte(engine: Any) -> None:
    assert same_tables(sim.simulate(full(), engine=engine), sim.simulate(full(), engine=engine, policies=[never]))


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_officers_come_when_the_policy_says_so(engine: Any) -> None:
    out = sim.simulate(CROWDED, engine=engine, policies=[hire(3, after=100.5)])
    assert duty(out)[99:103] == [5, 6.5, 8, 8]
    before = sim.simulate(CROWDED, engine=engine)
    assert (out.requests["closed"].dropna() > 0).sum() > (before.requests["closed"].dropna() > 0).sum()
    waiting = out.levels.loc[out.levels["pool"] == "Desk", "queue"]
    assert waiting[95:100].mean() > 0
    assert waiting.tail(24).mean() < 1


def test_what_policies_propose_adds_up_and_nobody_is_less_than_none() -> None:
    assert set(duty(sim.simulate(CROWDED, policies=[hire(3), hire(-1)]))) == {7}
    assert set(duty(sim.simulate(CROWDED, policies=[hire(-9)]))) == {0}


def test_who_is_at_work_finishes() -> None:
    out = sim.simulate(CROWDED, policies=[hire(-5, after=100.0)])
    begun = out.visits[out.visits["started"] < 100.0]
    assert begun["ended"].notna().all()
    assert (begun["ended"] > 100.0).sum() == 5
    assert (out.visits["started"].dropna() < 100.0).all()


def test_all_policies_of_one_instant_see_the_same_city() -> None:
    seen = []

    def look(env: Any, city: Any) -> Any:
        while True:
            yield env.timeout(7)
            seen.append((env.now, city.snapshot()["Desk"]))
            city.propose(staff={"Desk": int(env.now) % 3})

    sim.simulate(CROWDED, policies=[look, look])
    assert len(seen) > 60
    assert all(a == b for a, b in zip(seen[::2], seen[1::2], strict=True))
    assert len({state for _, state in seen}) > 10


def test_nobody_comes_while_the_office_is_closed() -> None:
    out = sim.simulate(full(), policies=[_everywhere])
    night = out.levels[(out.levels["pool"] == "Works") & (out.levels["hour"] == 3)]
    assert night["on_duty"].item() == 0
    day = out.levels[(out.levels["pool"] == "Works") & (out.levels["hour"] == 10)]
    assert day["on_duty"].item() == 7


def _everywhere(env: Any, city: Any) -> Any:
    city.propose(staff={name: 5 for name in city.snapshot()})
    yield env.timeout(1)


@pytest.mark.parametrize(("staff", "error"), [({"Dsek": 1}, KeyError), ({"Desk": 0.5}, TypeError)])
@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_what_cannot_be_is_an_error(staff: Any, error: type[Exception], engine: Any) -> None:
    def policy(env: Any, city: Any) -> Any:
        yield env.timeout(1)
        city.propose(staff=staff)

    with pytest.raises(error):
        sim.simulate(CROWDED, engine=engine, policies=[policy])


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_what_is_no_policy_is_named_and_said_what_it_must_be(engine: Any) -> None:
    def forgot_to_wait(env: Any, city: Any) -> None:
        city.propose(staff={})

    for wrong, named in ((forgot_to_wait, "forgot_to_wait returned None"), (lambda env, city: 3, "returned 3")):
        with pytest.raises(TypeError, match=rf"{named}, but .* generator: .*yield env.timeout\(hours\)"):
            sim.simulate(CROWDED, engine=engine, policies=[never, wrong])
    with pytest.raises(TypeError, match="the policy 'hire' is no function"):
        sim.simulate(CROWDED, engine=engine, policies=["hire"])  # type: ignore[list-item]


def test_a_run_names_its_policies() -> None:
    assert sim.run(CROWDED, 2, policies=[never], processes=1).policies == ("never",)
