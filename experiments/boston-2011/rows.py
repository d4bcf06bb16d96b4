"""Boston's 311 requests, July–December 2011, as rows fit for use: cleaned names, hours instead of dates.

The row file is never copied into the project; ``load`` ends the program with a clear message where it is absent.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

PROJECT = Path(__file__).resolve().parents[2]
DEFAULT_ROWS = PROJECT.parent / "shared/data/boston-2011/311_service_requests_2011.csv.gz"

#: A pandas table or column: the stubs of pandas refuse much that pandas does, so the type checker is told no more.
Table = Any

START = pd.Timestamp("2011-07-01")
#: Handling is fitted on requests opened before this moment and judged on those opened from it on.
COUNT_FROM = pd.Timestamp("2011-10-01")
COUNT_UNTIL = pd.Timestamp("2012-01-01")
#: What is still open here counts as open, in the data and in the simulation.
END = COUNT_UNTIL + pd.Timedelta(days=540)
#: Rows closed this soon were logged after the fact.
LOGGED_AFTERWARDS = pd.Timedelta(minutes=5)

DEPARTMENTS = {
    "PWDx": "Public Works",
    "ISD": "Inspectional Services",
    "PARK": "Parks and Recreation",
    "BTDT": "Transportation",
    "INFO": "Information",
    "PROP": "Property Management",
    "BWSC": "Water and Sewer Commission",
    "DISB": "Disabilities Commission",
    "BPS_": "Public Schools",
    "BHA_": "Housing Authority",
    "No Q": "No department",
}
#: The six departments that are judged, by the code of the data.
LARGE = ("PWDx", "ISD", "PARK", "BTDT", "INFO", "PROP")

_DISTRICT_SYNONYMS = {
    "South Boston": "South Boston / South Boston Waterfront",
    "Allston": "Allston / Brighton",
    "Brighton": "Allston / Brighton",
    "Mattapan": "Greater Mattapan",
    "Boston": "Boston, no neighborhood",
    "": "Not stated",
}


def load(path: Path) -> Table:
    """Rows not closed within five minutes, in order of opening.

    Columns: type, reason, department (code), district; opened (timestamp); arrived, closed, due (hours since START,
    closed and due NaN where absent); hours (from opening to closing, infinite where never closed).
    """
    if not path.exists():
        sys.exit(f"Boston's row file is not at {path}: get it from Analyze Boston (311 service requests, 2011).")
    names = ["open_dt", "target_dt", "closed_dt", "reason", "type", "department", "neighborhood"]
    raw = pd.read_csv(path, usecols=names, parse_dates=["open_dt", "target_dt", "closed_dt"])
    raw = raw[~(raw.closed_dt - raw.open_dt <= LOGGED_AFTERWARDS)].sort_values("open_dt", kind="stable")
    hour = pd.Timedelta(hours=1)
    rows = pd.DataFrame(
        {
            "type": raw.type,
            "reason": raw.reason,
            "department": raw.department,
            "district": raw.neighborhood.fillna("").str.strip().replace(_DISTRICT_SYNONYMS),
            "opened": raw.open_dt,
            "arrived": (raw.open_dt - START) / hour,
            "closed": (raw.closed_dt - START) / hour,
            "due": (raw.target_dt - START) / hour,
        }
    )
    rows["hours"] = (rows.closed - rows.arrived).fillna(np.inf)
    return rows.reset_index(drop=True)


def fitting(rows: Table) -> Table:
    """The rows handling may be fitted on: opened July–September."""
    return rows[rows.opened < COUNT_FROM]


def judged(rows: Table) -> Table:
    """The rows handling is judged on: opened October–December."""
    return rows[rows.opened >= COUNT_FROM]
