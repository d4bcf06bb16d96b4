"""One request's life in words, with its clocks and its hours by cause."""

from __future__ import annotations

import textwrap
from datetime import timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.errors import CitysimError
from sim.report.formats import rows_of
from sim.report.names import shortened
from sim.scenario.patrol import PATROL

if TYPE_CHECKING:
    from sim.experiment.runs import Run

CAUSE_WORDS = {
    "rework": "handled again in later rounds",
    "bounced": "at wrong units",
    "other_units": "waiting for other units",
    "parked": "parked",
    "unit_closed": "the unit was closed",
    "unit_queue": "in the unit's queue",
    "work": "being worked on",
    "lead_time": "lead time (parts, contractors, approvals)",
    "dispatch": "being dispatched",
    "intake": "intake (waiting, talking, calling again)",
    "callback": "waiting for and in the callback",
}
VISIT_WORDS = {
    "intake": "intake",
    "overflow": "the line for firms",
    "wrong_line": "a wrong line, which tells the right number",
    "dispatch": "the dispatch desk",
    "district_desk": "the district's desk",
    "review": "review at the wrong unit",
    "coordination": "coordination by the first unit",
    "contact": "contact with the citizen",
    "handling": "handling",
    "subtask": "sub-task at the right unit",
    "part": "part of a joint matter",
    "callback": "callback",
    "council": "the table of the neighbourhood council",
}
_LEAVES = {
    "intake": "hangs up",
    "wrong_line": "hangs up",
    "overflow": "goes on to the general line",
    "council": "finds no seat and goes on",
}
ENDS = {
    "answered": "was answered on the spot",
    "deflected": "was answered by a chatbot and needed nobody",
    "settled": "was settled at the table, without a request",
    "out_of_scope": "was out of scope and closed with an explanation",
    "lost": "was lost: the citizen gave up",
    "merged": "was merged: another request took care of the problem",
    "closed": "was closed",
    "intake_open": "is still at intake at the end",
    "open": "is still open at the end",
}


class UnknownRequestError(CitysimError):
    """No request of that key in the run, or several."""


def explain(run: Run, request: str, replication: int = 0) -> str:
    """The life of a request, given by its key or the beginning of it.

    Raises ``UnknownRequestError`` where none or several fit, or the run kept no requests.
    """
    _check(run, replication)
    fits = run.tables.query(
        "SELECT * FROM requests WHERE replication = ? AND starts_with(request, ?)", replication, request.lower()
    )
    if len(fits) == 0:
        raise UnknownRequestError(f"no request {request} in replication {replication}")
    if len(fits) > 1:
        few = ", ".join(fits["request"].head(3))
        raise UnknownRequestError(f"{len(fits)} requests begin with {request}: {few} …")
    row = fits.iloc[0]
    visits = run.tables.query(
        "SELECT * FROM visits WHERE replication = ? AND request = ? ORDER BY visit", replication, row["request"]
    )
    theme = run.tables.query(
        "SELECT fixed FROM problems WHERE replication = ? AND problem = ? AND fixed_by = 'theme'",
        replication,
        row["problem"],
    )
    return "\n".join(_Story(run, row).lines(visits, [float(time) for time in theme["fixed"]]))


_KINDS = {
    "longest": "age > 0",
    "handled again": "rounds > 1",
    "merged": "status = 'merged'",
    "closed late": "first_closed > due",
}


def candidates(run: Run, replication: int = 0) -> str:
    """Requests worth a look: of each kind the three that took longest, with their keys."""
    _check(run, replication)
    end = run.scenario.hours_of(run.scenario.time.end)
    lines = [f"Requests of replication {replication} to explain"]
    for kind, fits in _KINDS.items():
        found = run.tables.query(
            f"""SELECT request, category, district, coalesce(ended, ?) - arrived AS age FROM requests
            WHERE replication = ? AND {fits} ORDER BY age DESC, arrived, request LIMIT 3""",
            end,
            replication,
        )
        lines.append(f"{kind}:{' none' if found.empty else ''}")
        for row in rows_of(found):
            lines.append(f"  {row.request}  {length(row.age):>8}  {shortened(f'{row.category} in {row.district}', 28)}")
    return "\n".join(lines)


def _check(run: Run, replication: int) -> None:
    """Whether there are requests of the replication to tell of."""
    if not run.tables.has_contacts:
        raise UnknownRequestError("this run kept measures only: run again with --keep all")
    if not 0 <= replication < run.replications:
        raise UnknownRequestError(f"the run has the replications 0 … {run.replications - 1}")


class _Story:
    def __init__(self, run: Run, row: pd.Series[Any]) -> None:
        self.scenario, self.row = run.scenario, row
        self.end = run.scenario.hours_of(run.scenario.time.end)
        self.finished = self.end if pd.isna(row["ended"]) else float(row["ended"])

    def when(self, hours: float) -> str:
        """A moment as date and time."""
        moment = self.scenario.time.start + timedelta(hours=float(hours))
        return f"{moment:%a %Y-%m-%d %H:%M:%S}"

    def lines(self, visits: pd.DataFrame, cleared: list[float]) -> list[str]:
        """`cleared`: when a theme fixed its problem, if one did."""
        row = self.row
        firm = " from a firm" if row["from_firm"] else ""
        about = f"{row['category']} in {row['district']}, by {row['channel']}{firm}, class {row['urgency']}"
        again = "" if pd.isna(row["repeat_of"]) else f", about the same matter as {row['repeat_of']}"
        found = row["channel"] == PATROL and self.scenario.policies.act_before is not None
        begin = "inspectors find it on patrol" if found else f"the citizen turns to the city{again}"
        if row["arrived"] < 0.0:
            begin = f"it arrives, and is open at {row['first_unit']} when the run begins"
        told = [(float(row["arrived"]), begin)]
        told += [self._visit(visit) for visit in rows_of(visits) if visit.kind != "callback"]
        told += self._lead_times(visits)
        told += [(time, "a monthly theme has fixed the problem") for time in cleared if time <= self.finished]
        told += self._milestones()
        told += self._callbacks(visits)
        told.sort(key=lambda event: event[0])  # at one instant in this order: a callback follows the closing
        return [
            f"Request {row['request']}: {about}",
            "",
            *(textwrap.fill(f"{self.when(time)}  {what}", 79, subsequent_indent=" " * 25) for time, what in told),
            f"{self.when(self.finished)}  {ENDS[row['status']]}",
            "",
            *self._clocks(),
            *self._answers(),
            *self._hours(),
        ]

    def _visit(self, visit: Any) -> tuple[float, str]:
        sent_up, words = self.row.get("sent_up"), VISIT_WORDS[visit.kind]
        if (
            visit.kind == "subtask"
            and visit.queued >= sent_up
            and not (pd.isna(visit.started) and visit.ended == sent_up)
        ):
            words = "sub-task at the higher unit"
        what = f"{words} ({visit.pool})"
        if not pd.isna(visit.report_due):
            what += f", whistled for, to be begun by {self.when(visit.report_due)}"
        if visit.kind in ("handling", "subtask", "part") and visit.round > 1:
            what += f", round {visit.round}"
        if pd.isna(visit.started):
            if pd.isna(visit.ended):
                return visit.queued, f"{what}: still waiting at the end"
            left = _LEAVES.get(visit.kind, "leaves the queue")
            return visit.queued, f"{what}: {left} after {length(visit.ended - visit.queued)}"
        wait = visit.started - visit.queued
        taken = f"taken after {length(wait)}" if wait > 0 else "taken at once"
        if pd.isna(visit.ended):
            return visit.queued, f"{what}: {taken}, still under way at the end"
        return visit.queued, f"{what}: {taken}, {length(visit.worked)} of work"

    def _lead_times(self, visits: pd.DataFrame) -> list[tuple[float, str]]:
        """What follows the work of a unit in the same round until the request goes on, where nobody works on it."""
        own = visits[visits["kind"].isin(("handling", "subtask", "part")) & visits["started"].notna()]
        told = []
        for visit in rows_of(own[own["ended"].notna()]):
            if not pd.isna(visit.report_due):
                continue  # whistled parts run beside the rest
            begin = float(visit.ended)
            ahead = [float(time) for time in visits["queued"] if time >= begin]
            ahead += [
                float(time)
                for time in (self.row["first_closed"], self.row["closed"], self.row["ended"])
                if time >= begin
            ]
            until = min(ahead, default=self.end)
            if until > begin:
                still = "" if ahead else ", still so at the end"
                told.append((begin, f"lead time (parts, contractors, approvals): {length(until - begin)}{still}"))
        return told

    def _callbacks(self, visits: pd.DataFrame) -> list[tuple[float, str]]:
        """The calls, and which of them nobody answered: those that another call of the same round follows, and all of
        one who never answered.
        """
        calls = list(rows_of(visits[visits["kind"] == "callback"]))
        told = []
        for visit, following in zip_longest(calls, calls[1:]):
            when, what = self._visit(visit)
            again = following is not None and following.round == visit.round
            unheard = again or pd.isna(self.row["called_back"])
            if unheard and not pd.isna(visit.ended) and not pd.isna(visit.started):
                what += "; nobody answers"
            told.append((when, what))
        return told

    def _milestones(self) -> list[tuple[float, str]]:
        """When it was closed: the last time, and before that the first."""
        row = self.row
        if pd.isna(row["first_closed"]):
            return []
        truth = "truly solved" if row["resolved"] else "not truly solved"
        closed = [(float(row["closed"]), f"closed by {row['owner_unit']}: {truth}")]
        if row["first_closed"] < row["closed"]:
            closed.insert(0, (float(row["first_closed"]), "closed for the first time"))
        return closed

    def _clocks(self) -> list[str]:
        row, lines = self.row, []
        for what, due, done in (
            ("Contact", row["contact_due"], row["contacted"]),
            ("Resolve", row["due"], row["first_closed"]),
        ):
            if pd.isna(due):
                continue
            if pd.isna(done):
                state = "not done" if due <= self.end else "not yet due at the end"
            else:
                late = done > due
                state = f"{length(abs(done - due))} {'late' if late else 'to spare'}"
            lines.append(f"{what} by {self.when(due)}: {state}")
        if gamed := row.get("gamed", 0):
            lines.append(f"In round {gamed} its owner, under pressure, closed it unsolved before it was due.")
        if not pd.isna(escalated := row.get("escalated")):
            lines.append(f"Escalated at {self.when(escalated)}: from then on units took it before others.")
        if not pd.isna(sent_up := row.get("sent_up")):
            plan = self.scenario.policies.supervision
            to = "a higher unit" if plan is None or plan.sent_up is None else plan.sent_up.to
            lines.append(f"Sent up at {self.when(sent_up)}: what was left of its handling went to {to}, not its score.")
        return lines or ["No clock runs for this request."]

    def _answers(self) -> list[str]:
        row = self.row
        if pd.isna(row["called_back"]):
            return []
        asked = [what for what in ("contacted", "resolved", "satisfied") if not pd.isna(row[f"said_{what}"])]
        if self.scenario.contact is None:
            asked.remove("contacted")
        said = [f"{'' if row[f'said_{what}'] else 'not '}{what}" for what in asked]
        if not pd.isna(level := row.get("said_level")):
            said[-1] = str(level)
        told = [f"In the callback of {self.when(row['called_back'])} the citizen said: {', '.join(said)}"]
        if row["excluded"]:
            told.append("The unit asked to leave it out of the rates, and was granted that.")
        return told

    def _hours(self) -> list[str]:
        row = self.row
        age = min(self.finished, self.end) - row["arrived"]
        lines = ["", "Where the time went"]
        for cause, words in CAUSE_WORDS.items():
            hours = row[f"hours_{cause}"]
            if hours >= 0.005:
                lines.append(f"  {hours:10.2f} h  {words}")
        total = sum(row[f"hours_{cause}"] for cause in CAUSE_WORDS)
        lines.append(f"  {total:10.2f} h  in all; age {age:.2f} h")
        return lines


def length(hours: float) -> str:
    """A length of time as people say it."""
    seconds = hours * 3600
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    if hours < 48:
        return f"{hours:.1f} h"
    return f"{hours / 24:.1f} d"
