"""What is known of a contact, a visit and a problem: declared once, for both engines, tables, measures and the docs.

An engine writes a row when a request, a visit or a problem is over, or at the end of time. A row is a record with the
fields below. Indices (of channels, districts, pools …) and answers are −1 where there is none, keys 0, moments NaN.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Every hour of a request's age belongs to one cause, by this precedence.
CAUSES = (
    "rework",
    "bounced",
    "other_units",
    "parked",
    "unit_closed",
    "unit_queue",
    "work",
    "lead_time",
    "dispatch",
    "intake",
    "callback",
)
(
    REWORK,
    BOUNCED,
    OTHER_UNITS,
    PARKED,
    UNIT_CLOSED,
    UNIT_QUEUE,
    WORK,
    LEAD_TIME,
    IN_DISPATCH,
    IN_INTAKE,
    IN_CALLBACK,
) = range(len(CAUSES))

#: How far a contact has come, or how it ended.
STATUSES = (
    "answered",
    "deflected",
    "settled",
    "out_of_scope",
    "lost",
    "merged",
    "closed",
    "intake_open",
    "open",
)
ANSWERED, DEFLECTED, SETTLED, OUT_OF_SCOPE, LOST, MERGED, CLOSED, INTAKE_OPEN, OPEN = range(len(STATUSES))

#: What citizens say in five levels (好差评); from the third on they are satisfied.
SATISFACTIONS = ("very dissatisfied", "dissatisfied", "basically satisfied", "satisfied", "very satisfied")

_SECOND = 1 / 3600
#: Waits at intake that service levels are told by, in hours.
QUICK, SOON = 15 * _SECOND, 20 * _SECOND

#: What a visit is for.
KINDS = (
    "intake",
    "wrong_line",
    "overflow",
    "dispatch",
    "district_desk",
    "review",
    "coordination",
    "contact",
    "handling",
    "subtask",
    "part",
    "callback",
    "errand",
    "council",
)
(
    INTAKE,
    WRONG_LINE,
    OVERFLOW,
    DISPATCH,
    DISTRICT_DESK,
    REVIEW,
    COORDINATION,
    CONTACT,
    HANDLING,
    SUBTASK,
    PART,
    CALLBACK,
    ERRAND,
    COUNCIL,
) = range(len(KINDS))

#: Visits that escalation brings forward: at units, but for contacting, which is first of all in any case.
AT_UNITS = (REVIEW, COORDINATION, HANDLING, SUBTASK, PART)

#: … and those that what is sent up does not wait for any longer.
TO_GO_UP = (REVIEW, COORDINATION, HANDLING, SUBTASK)

#: Whom units are ranked with.
LEVELS = ("street", "district", "department", "utility")

#: Of an answer's three bits (responded, resolved, satisfied), those that each sum of a sheet asks for.
CELL_BITS: tuple[tuple[int, ...], ...] = ((), (4,), (2,), (1,), (4, 2), (4, 1), (2, 1))

#: Who fixes problems without a request, by the key that stands for them; keys of requests are never so small.
FIXERS = {1: "council", 2: "theme"}
BY_COUNCIL, BY_THEME = FIXERS


@dataclass(frozen=True)
class Field:
    """A field of a row, and the column that a table makes of it ("": none).

    ``type`` is NumPy's; ``initial`` is what it is before anything has happened. ``of`` says what its numbers stand for:
    a key, the names of something, an answer (1, 0), a number, or a time in hours since the start. ``words`` say what it
    means, and after “; null” when its column is null.
    """

    name: str
    type: str
    initial: float
    of: str
    column: str
    words: str


def _moment(name: str, words: str, initial: float = math.nan) -> Field:
    return Field(name, "f8", initial, "hours since the start", name, words)


def _hours(name: str, words: str, initial: float = math.nan) -> Field:
    return Field(name, "f8", initial, "hours", name, words)


def _name(name: str, of: str, words: str, column: str | None = None, kind: str = "i4", initial: int = -1) -> Field:
    return Field(name, kind, initial, of, name if column is None else column, words)


def _answer(name: str, words: str) -> Field:
    return Field(name, "i1", -1, "yes or no", name, words)


def _count(name: str, words: str, column: str | None = None, kind: str = "u2") -> Field:
    return Field(name, kind, 0, "number", name if column is None else column, words)


def _key(name: str, column: str, words: str) -> Field:
    return Field(name, "u8", 0, "key", column, words)


REQUEST = (
    _key("key", "request", "the contact, and the request it may become"),
    _key("problem_key", "problem", "the problem that it is about; null for a consultation"),
    _key("repeat_of", "repeat_of", "the request whose matter was not solved; null the first time"),
    _count("contact", "the how-many-th contact it is", "", "i8"),
    _moment("arrived", "when the citizen turned to the city; below 0 for what was open at the start"),
    _name(
        "channel",
        "channels",
        "by which way it came, and after a chatbot has failed, by which it then came to an agent; `patrol` for what "
        "inspectors found",
        initial=0,
    ),
    _name("district", "districts", "what part of the city it is about", initial=0),
    _name("category", "categories", "what it is about", initial=0),
    _name("urgency", "classes", "its urgency class", initial=0),
    Field(
        "from_firm", "i1", 0, "yes or no", "from_firm", "whether a firm called; false for what did not come by phone"
    ),
    _name("first_unit", "pools", "the unit that received it first; null if none did"),
    _name("owner_unit", "pools", "the unit that is responsible for it; null before one is"),
    _name("status", "statuses", "how far it came, or how it ended", kind="i1", initial=INTAKE_OPEN),
    _hours("answered_wait", "from joining the queue of intake to the answer; null if nobody answered"),
    _moment("dispatched", "when the first unit received it; null if none did"),
    _moment(
        "contact_due", "until when the citizen is to be contacted; null without a limit, or before it runs", math.inf
    ),
    _moment("contacted", "when the citizen was contacted; null before that"),
    _moment(
        "due",
        "until when it is to be resolved, as extended or parked; null without a limit, or before it runs",
        math.inf,
    ),
    _moment("first_closed", "when it was closed for the first time; null if it never was"),
    _moment("closed", "when it was closed for the last time; null if it never was"),
    _moment("ended", "when nothing more happened to it; null while something may"),
    _count("hops", "units that sent it back"),
    _count("rounds", "rounds of handling by its owner, with the one under way"),
    _answer("resolved", "whether it was truly resolved, in any round; null before the first closing"),
    _moment("called_back", "when the scored answer was given; null if none was"),
    _answer("said_contacted", "the citizen's answer: the unit made contact; null without a scored answer"),
    _answer("said_resolved", "the citizen's answer: the matter is resolved; null without a scored answer"),
    _answer("said_satisfied", "the citizen's answer: satisfied; null without a scored answer, or if that is not asked"),
    _name(
        "said_level",
        "satisfactions",
        "… in five levels; null where that is null, or without `policies.callback.satisfied.levels`",
        kind="i1",
    ),
    _count("whistles", "how often its owner blew the whistle for parts of other units"),
    _count("gamed", "in which round its owner closed it unsolved, as it would soon be due; 0: in none"),
    _moment("escalated", "when it was escalated for the first time; null if it never was"),
    _moment("sent_up", "when a higher unit first took over its handling; null if none did"),
    Field(
        "excluded",
        "i1",
        0,
        "yes or no",
        "excluded",
        "whether the rates leave it out: its unit asked for that, and a review granted it",
    ),
    _count("calls", "how often it came to intake", ""),
    _count("abandoned", "how often it left intake in vain", ""),
    _count("picked_up", "how often somebody answered, wrong lines too", ""),
    _count("within_15s", "… after at most 15 seconds", ""),
    _count("within_20s", "… after at most 20 seconds", ""),
    Field("call_wait", "f8", 0.0, "hours", "", "waited at intake in all"),
    Field("picked_up_wait", "f8", 0.0, "hours", "", "waited at intake by calls that were answered"),
    Field("hours", f"{len(CAUSES)}f8", 0.0, "hours", "hours_", "of its age that belong to"),
)

VISIT = (
    _count("contact", "the how-many-th contact the visitor is; of an errand: the next one to come", "", "i8"),
    _count("number", "the how-many-th visit of the request", "visit"),
    _name("home", "pools", "in whose queue it stood", ""),
    _name("pool", "pools", "who served it; in whose queue it stood, as long as nobody has"),
    _name("kind", "kinds", "what it is for", kind="i1"),
    _count("round", "in which round of handling; 0 before the first"),
    _moment("queued", "when it joined the queue; below 0 if it stood there at the start"),
    _moment("started", "when its work began; null if it never did"),
    _moment("ended", "when it left; null while it is there"),
    _hours("worked", "of officers' work, without pauses"),
    _moment("report_due", "until when a whistled part is to be begun; null for all else", math.inf),
)

PROBLEM = (
    _key("key", "problem", "something wrong in the city"),
    _name("district", "districts", "where"),
    _name("category", "categories", "of which kind"),
    _moment("born", "when it began; of what was open at the start, when that arrived"),
    _moment("first_report", "when the first contact about it was answered; null if none was"),
    _moment("found", "when inspectors first found it; null if they never did"),
    _moment("fixed", "when it was fixed; null while it is not"),
    _key("fixed_by", "fixed_by", "the request that fixed it, or `council` or `theme`; null while it is not"),
)

CALL = (
    _moment("called", "when a trigger was met and people were called in"),
    _name("pool", "pools", "for which pool"),
    _count("trigger", "the how-many-th of `policies.surge.triggers`"),
    _count("waiting", "visits that waited in its queue then", kind="i4"),
    _hours("oldest", "that the one had waited that had waited longest; 0 where nobody waited"),
    _count("asked", "people called", kind="i4"),
    _moment("comes", "when they come, or begin to leave the pool that lends them"),
    _count("people", "people who came: fewer where the lender has fewer on duty; 0 before they come", kind="i4"),
    _moment("left", "when the last of them went; null while some are there or coming"),
)

TURN = (
    _moment("turned", "when the step ended; it acts from the next midnight on"),
    _name("district", "districts", "whose trust"),
    _count("answered", "scored answers on satisfaction in the step", kind="i4"),
    _count("satisfied", "of these, who was satisfied", kind="i4"),
    Field("trust", "f8", 1.0, "factor", "trust", "the trust from then on; it was 1 in the beginning"),
)

THEME = (
    _moment("chosen", "when the theme was chosen"),
    _name("category", "categories", "what it is about"),
    _hours("effort", "of people's work that it takes"),
    _moment("worked", "when that had been worked; null while it has not, or if it was given up"),
    _moment("begins", "when it takes effect; null before"),
    _count("cleared", "open problems that were fixed then", kind="i4"),
)

SCORE = (
    _name("month", "months", "the calendar month"),
    _name("unit", "pools", "whose sheet it is; null if it is a district's"),
    _name("district", "districts", "whose sheet it is; null if it is a unit's"),
    _name("level", "levels", "the unit's, within which it is ranked; null for a district", kind="i1"),
    _moment("published", "when the sheet was frozen; null if that was not before the end: it is as known then"),
    Field("whole", "i1", 0, "yes or no", "whole", "whether the run covers all of the month"),
    _count("answers", "scored answers given in the month, without what was excluded by then", kind="i8"),
    _count("responded", "of these, contacted in time by the log", kind="i8"),
    _count("resolved", "of these, said to be resolved", kind="i8"),
    _count("satisfied", "of these, said to be satisfied", kind="i8"),
    _count("responded_resolved", "… both responded and resolved", kind="i8"),
    _count("responded_satisfied", "… both responded and satisfied", kind="i8"),
    _count("resolved_satisfied", "… both resolved and satisfied", kind="i8"),
    _count("requests", "requests that came to their first unit in the month, but for repeats", kind="i8"),
    Field("score", "f8", math.nan, "share", "score", "as `policies.callback.score` weights; null without answers"),
    Field("rank", "i4", 0, "number or null", "rank", "1 is best; null if nobody answered, or for a part of a month"),
    _count("ranked", "how many are ranked with it, of its level or of the districts", kind="i4"),
    _answer("leading", "it is on the list of those that lead; null without `policies.ranking`, or if not ranked"),
    _answer("improving", "… of those that improve; null likewise"),
    _answer("to_rectify", "… of those that are to be rectified; null likewise"),
    _answer("to_govern", "… of those with the most requests; null likewise"),
    Field(
        "pressure", "f8", math.nan, "factor", "pressure", "on the unit from then on; null without `policies.ranking`"
    ),
)


def record(fields: Sequence[Field]) -> np.dtype[Any]:
    """The record of a row: aligned as in C."""
    return np.dtype([(f.name, f.type.lstrip("0123456789"), _shape(f)) for f in fields], align=True)


def _shape(field: Field) -> tuple[int, ...]:
    many = field.type[:-2]
    return (int(many),) if many else ()


_FORMATS = {"u8": "Q", "i8": "q", "f8": "d", "i4": "i", "u2": "H", "i1": "b"}


def packing(fields: Sequence[Field]) -> struct.Struct:
    """What makes the bytes of a row of plain numbers, field by field."""
    return struct.Struct("@" + "".join(f.type[:-2] + _FORMATS[f.type[-2:]] for f in fields) + "0q")


REQUEST_ROW, VISIT_ROW, PROBLEM_ROW, CALL_ROW, TURN_ROW, THEME_ROW, SCORE_ROW = map(
    record, (REQUEST, VISIT, PROBLEM, CALL, TURN, THEME, SCORE)
)

#: The tables that are made of these rows, which grow with the number of contacts.
CONTACT_TABLES = ("requests", "visits", "problems")
