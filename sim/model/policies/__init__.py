"""The mechanisms of the city, one file each.

A file holds the parameters of its mechanism (a frozen plan of the whole city, and what differs by category or class),
how they are made from the scenario, its decisions, its draws, and its share of the offered load. A mechanism that is
off has no plan. ``city`` assembles the plans; both engines read them under the same names.
"""
