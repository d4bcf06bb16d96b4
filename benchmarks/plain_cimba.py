"""The three stations in cimba: a process for each agent and officer; a request is the moment of its arrival in a store.

An urgent request carries its moment with a minus, which spares an object.
"""

import cimba as cb
import law
from cimba import random

ARRIVALS, AGENTS, TALK = law.ARRIVALS, law.AGENTS, law.TALK
UNITS, OFFICERS, WORK = law.UNITS, law.OFFICERS, law.WORK
CALLERS, CALL, COVERAGE, URGENT = law.CALLERS, law.CALL, law.COVERAGE, law.URGENT


class Department(cb.Model):
    """Its queue and officers."""

    queue: cb.PriorityStore[float]
    callback: cb.Ref[cb.Store[float]]
    urgent: cb.Ref[cb.Dataset]
    ordinary: cb.Ref[cb.Dataset]

    @cb.process(copies=OFFICERS)
    def officer(self):
        while True:
            begin = self.queue.get()
            cb.hold(random.exponential(WORK))
            if random.bernoulli(COVERAGE):
                self.callback.put(begin)
            elif begin < 0.0:
                self.urgent.record(cb.now() + begin)
            else:
                self.ordinary.record(cb.now() - begin)


class City(cb.Model):
    """Hotline, departments, callback."""

    hotline: cb.Store[float]
    callback: cb.Store[float]
    departments: list[Department]
    urgent: cb.Dataset
    ordinary: cb.Dataset
    talked: cb.Output[float]
    arrived: cb.Output[int]
    urgent_mean: cb.Output[float]
    ordinary_mean: cb.Output[float]

    @cb.on_start
    def begin(self):
        self.talked = 0.0
        self.arrived = 0

    @cb.process
    def arrivals(self):
        while True:
            cb.hold(random.exponential(1.0 / ARRIVALS))
            self.arrived += 1
            self.hotline.put(cb.now())

    @cb.process(copies=AGENTS)
    def agent(self):
        while True:
            begin = self.hotline.get()
            talk = random.exponential(TALK)
            cb.hold(talk)
            self.talked += talk
            queue = self.departments[random.dice(0, UNITS - 1)].queue
            if random.bernoulli(URGENT):
                queue.put(-begin, 1)
            else:
                queue.put(begin, 0)

    @cb.process(copies=CALLERS)
    def caller(self):
        while True:
            begin = self.callback.get()
            cb.hold(random.exponential(CALL))
            if begin < 0.0:
                self.urgent.record(cb.now() + begin)
            else:
                self.ordinary.record(cb.now() - begin)

    @cb.on_end
    def measure(self):
        self.urgent_mean = self.urgent.sample_mean()
        self.ordinary_mean = self.ordinary.sample_mean()


def build() -> City:
    """The city as a tree of models."""
    city = City()
    city.hotline, city.callback = cb.Store(), cb.Store()
    city.urgent, city.ordinary = cb.Dataset(), cb.Dataset()
    city.departments = [Department() for _ in range(UNITS)]
    for department in city.departments:
        department.queue, department.callback = cb.PriorityStore(), city.callback
        department.urgent, department.ordinary = city.urgent, city.ordinary
    return city


CITY = build()


def once(hours: float, seed: int) -> law.Figures:
    """One run."""
    window = cb.Window(warmup=0, duration=hours)
    found = cb.Experiment(CITY, replications=1, window=window, seed=seed).run(workers=1)[CITY]

    def value(samples) -> float:
        return float(samples.values[0, 0])

    return {
        "requests": value(found.arrived),
        "urgent": value(found.urgent_mean),
        "ordinary": value(found.ordinary_mean),
        "utilisation": value(found.talked) / (AGENTS * hours),
    }


if __name__ == "__main__":
    law.main(once)
