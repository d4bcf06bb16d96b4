"""Control: what a policy sees of the city, and what it may turn.

A policy is a SimPy process, ``policy(env, city)``: a generator that waits with ``yield env.timeout(hours)``, looks with
``city.snapshot()`` and turns with ``city.propose(…)``. It runs on the one environment with either engine and does not
know which one moves the requests. All policies of one instant see the same city, as it is just before that instant;
what they propose is applied after the last of them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from simpy import Environment, Event

from sim.model.city import City
from sim.model.clockwork import CONTROL_ENDS, Moment
from sim.model.demand import Turned
from sim.model.policies import monthly_theme, ranking, surge, trust
from sim.model.policies.monthly_theme import Theme
from sim.model.policies.surge import Call
from sim.model.policies.trust import Turn
from sim.model.rows import Acts
from sim.model.sheets import Sheets

Policy = Callable[[Environment, "View"], Generator[Event, Any, None]]


@dataclass(frozen=True)
class PoolState:
    """A pool at one instant: visits waiting in its queue, officers at work, officers on duty, and the hours that the
    visit has waited that has waited longest (0: nobody waits).
    """

    waiting: int
    busy: int
    on_duty: int
    oldest: float


class Engine(Protocol):
    """What control needs of an engine."""

    def state(self, pool: int, now: float) -> PoolState:
        """A pool, just before this instant."""

    def waits(self, watch: int) -> tuple[int, int]:
        """Visits begun since the last time this was asked, and how many of them had waited longer than the limit of a
        count of waits (see ``Surge``).
        """

    def answers(self) -> NDArray[np.int64]:
        """By district: scored answers on satisfaction until now, and how many were satisfied, [district, 2]."""

    def counted(self) -> NDArray[np.int64]:
        """Answers and requests until now, [place, calendar month, count]; see ``policies.sheet``."""

    def press(self, pressure: NDArray[np.float64], effort: NDArray[np.float64]) -> None:
        """From now on: the pressure on units, and the factors on work that begins, by pool."""

    def add_staff(self, pool: int, extra: int) -> None:
        """From now on, so many officers more than planned (fewer, if negative) whenever the pool is on duty."""

    def seen(self) -> NDArray[np.int64]:
        """By category: what themes are chosen by, until now, [``monthly_theme.COUNTED``, category]."""

    def effort(self, number: int) -> tuple[int, float]:
        """How many pieces of the effort for a theme have been worked, and when the last of them was."""

    def ask_effort(self, number: int, pool: int, keys: Sequence[int], hours: Sequence[float]) -> None:
        """The pieces of the effort for a theme join the queue of a pool, each an errand with this key."""

    def give_up_effort(self, number: int) -> None:
        """Those that nobody has begun leave it."""

    def clear(self, category: int, share: float, mark: int) -> int:
        """Fix this share of a category's open problems, which are drawn by a number; says how many they were."""

    def turn_handling(self, category: int, factors: Sequence[float]) -> None:
        """From now on, these factors (``monthly_theme.TURNED``) act on the handling of a category."""


class Control:
    """Brings the policies and an engine together."""

    def __init__(
        self,
        env: Environment,
        city: City,
        engine: Engine,
        policies: Sequence[Policy],
        turned: Turned | None,
        stream: int,
    ) -> None:
        self.env, self.engine, self.turned = env, engine, turned
        self.numbers = {plan.name: i for i, plan in enumerate(city.pools)}
        self.sheets = None if city.sheet is None else Sheets(city, stream)
        self.extra: dict[int, tuple[int, int, int]] = {}
        self.changes: list[tuple[float, int, int, int, int]] = []  # as ``Acts.staff``
        acting = _acting(city)
        policies = [*acting, *policies]
        self.views = [View(self) for _ in policies]
        self.own = self.views[: len(acting)]
        self._seen: tuple[float, dict[str, PoolState]] | None = None
        self._applies = False
        for policy, view in zip(policies, self.views, strict=True):
            env.process(_begun(policy, env, view))

    def snapshot(self) -> Mapping[str, PoolState]:
        """The pools by name, the same for all policies of one instant."""
        if self._seen is None or self._seen[0] != self.env.now:
            self._seen = self.env.now, {name: self.state(pool) for name, pool in self.numbers.items()}
        return self._seen[1]

    def state(self, pool: int) -> PoolState:
        """One of them, by its number."""
        return self.engine.state(pool, self.env.now)

    @property
    def acts(self) -> Acts:
        """What policies have done so far."""
        kinds = ("calls", "turns", "themes")
        scores = [] if self.sheets is None else list(self.sheets.rows(self.engine.counted()))
        done = {kind: [astuple(act) for view in self.own for act in getattr(view, kind)] for kind in kinds}
        return Acts(self.changes, scores=scores, **done)

    def apply_soon(self) -> None:
        """Apply what is proposed after the last policy of this instant."""
        if not self._applies:
            self._applies = True
            end = Moment(self.env, CONTROL_ENDS)
            end.callbacks.append(self._apply)
            end.at(self.env.now)

    def _apply(self, _: Event) -> None:
        self._applies, self._seen = False, None
        for view in self.own:
            if view.pressed is not None:  # before anybody comes who begins something
                self.engine.press(*view.pressed)
                view.pressed = None
        for pool in range(len(self.numbers)):
            longer = sum(int(view.overtime[pool]) for view in self.own if view.overtime is not None)
            extra = longer + sum(view.staff.get(pool, 0) for view in self.views)
            called = sum(max(view.staff.get(pool, 0), 0) for view in self.own)
            if (extra, called, longer) != self.extra.get(pool, (0, 0, 0)):
                self.extra[pool] = extra, called, longer
                self.changes.append((self.env.now, pool, extra, called, longer))
                self.engine.add_staff(pool, extra)
        for view in self.own:
            orders, view.orders = view.orders, []
            for order in orders:
                order()
        turning = [view.demand for view in self.own if view.demand is not None]
        if self.turned is not None and turning:
            births, trusts = zip(*turning, strict=True)
            self.turned.next_births, self.turned.next_trust = np.prod(births, axis=0), np.prod(trusts, axis=0)


def _acting(city: City) -> list[Policy]:
    """The policies of the scenario that act in time, by name."""
    acting: list[Policy] = []
    if city.monthly_theme is not None:
        acting.append(partial(monthly_theme.act, city.monthly_theme, len(city.districts)))
    if city.ranking is not None:
        acting.append(partial(ranking.act, city.ranking))
    if city.surge is not None:
        acting.append(partial(surge.act, city.surge))
    if city.trust is not None:
        acting.append(partial(trust.act, city.trust))
    return acting


def policy_name(policy: Policy) -> str:
    """What a policy is called, in manifests and messages."""
    return str(getattr(policy, "__qualname__", repr(policy)))


def _begun(policy: Policy, env: Environment, view: View) -> Generator[Event, Any, None]:
    """The process of a policy. Raises ``TypeError`` where it is none."""
    name = policy_name(policy)
    if not callable(policy):
        raise TypeError(f"the policy {name} is no function: policy(env, city) with “yield env.timeout(hours)” in it")
    process: object = policy(env, view)
    if not isinstance(process, Generator):
        raise TypeError(
            f"the policy {name} returned {process!r}, but a policy is a generator: a function that waits with "
            "“yield env.timeout(hours)”, and if there is nothing to wait for, ends with “yield env.timeout(0)”"
        )
    return process


class View:
    """The city as one policy sees it."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self.staff: dict[int, int] = {}
        self.calls: list[Call] = []
        self.turns: list[Turn] = []
        self.themes: list[Theme] = []
        self.orders: list[Callable[[], None]] = []  # what the engine is to do
        self.demand: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None  # factors on births, trust

        self.pressed: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None  # as ``press``, still to come
        self.overtime: NDArray[np.int64] | None = None  # officers who come for effort, by pool

    def snapshot(self) -> Mapping[str, PoolState]:
        """The pools by name, just before this instant."""
        return self._control.snapshot()

    def propose(self, *, staff: Mapping[str, int]) -> None:
        """So many officers more than planned (fewer, if negative) in these pools, until proposed otherwise.

        What several policies propose for one pool adds up; nobody is taken from a job, and nobody comes while an office
        is closed. Raises ``KeyError`` for a pool that does not exist, ``TypeError`` for parts of officers.
        """
        for name, extra in staff.items():
            if name not in self._control.numbers:
                raise KeyError(f"there is no pool {name!r}")
            if extra != int(extra):
                raise TypeError(f"officers come whole, not {extra!r}")
            self.staff[self._control.numbers[name]] = int(extra)
        self._control.apply_soon()

    # --- for the city's own policies, which know pools by their numbers

    def state(self, pool: int) -> PoolState:
        """As in ``snapshot``."""
        return self._control.state(pool)

    def waits(self, watch: int) -> tuple[int, int]:
        """See ``Engine.waits``."""
        return self._control.engine.waits(watch)

    def move(self, extra: Mapping[int, int]) -> None:
        """As ``propose``."""
        self.staff.update(extra)
        self._control.apply_soon()

    def answers(self) -> NDArray[np.int64]:
        """See ``Engine.answers``."""
        return self._control.engine.answers()

    def turn_demand(self, births: NDArray[np.float64], trust: NDArray[np.float64]) -> None:
        """From the next midnight on: factors on births, [district, category], and trust, [district]."""
        self.demand = births, trust
        self._control.apply_soon()

    def seen(self) -> NDArray[np.int64]:
        """See ``Engine.seen``."""
        return self._control.engine.seen()

    def effort(self, number: int) -> tuple[int, float]:
        """See ``Engine.effort``."""
        return self._control.engine.effort(number)

    def ask_effort(self, number: int, pool: int, keys: Sequence[int], hours: Sequence[float]) -> None:
        """See ``Engine.ask_effort``."""
        self._order(lambda: self._control.engine.ask_effort(number, pool, keys, hours))

    def give_up_effort(self, number: int) -> None:
        """See ``Engine.give_up_effort``."""
        self._order(lambda: self._control.engine.give_up_effort(number))

    def clear(self, theme: Theme, share: float, mark: int) -> None:
        """See ``Engine.clear``; the theme keeps how many they were."""

        def order() -> None:
            theme.cleared = self._control.engine.clear(theme.category, share, mark)

        self._order(order)

    def turn_handling(self, category: int, factors: Sequence[float]) -> None:
        """See ``Engine.turn_handling``."""
        self._order(lambda: self._control.engine.turn_handling(category, factors))

    def _order(self, order: Callable[[], None]) -> None:
        self.orders.append(order)
        self._control.apply_soon()

    def pressures(self, month: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The units, and their pressure after the sheets of a month, which are frozen now."""
        sheets = self._control.sheets
        assert sheets is not None
        return sheets.units, sheets.judge(month, self._control.engine.counted())

    def press(self, pressure: NDArray[np.float64], effort: NDArray[np.float64], overtime: NDArray[np.int64]) -> None:
        """See ``Engine.press``; and officers who come for effort, by pool."""
        self.pressed, self.overtime = (pressure, effort), overtime
        self._control.apply_soon()
