"""The list of all measures: what each of them is, and by what it is grouped."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Measure:
    """The definition of one measure, in words.

    ``groups``: the values of ``group_by`` under which it is reported ("" = the whole city).
    ``denominator``: what it is a share or mean of; empty for a total.
    ``better``: which way is better, None where neither is.
    ``headline``: one of the few that a comparison is judged by.
    """

    identifier: str
    english: str
    chinese: str
    unit: str
    groups: tuple[str, ...]
    definition: str
    denominator: str = ""
    better: Better | None = None
    headline: bool = False

    @property
    def of_requests(self) -> bool:
        """Whether it is a share or mean of requests."""
        return self.denominator.startswith("requests")

    @property
    def percent(self) -> int:
        """Of a quantile, which; 0 of all else."""
        found = re.search(r"_p(\d\d)(_|$)", self.identifier)
        return int(found.group(1)) if found else 0


CITY = ("",)
CONTACTS = ("", "district", "category", "class", "channel", "caller", "month", "district+category")
REQUESTS = ("", "district", "category", "unit", "class", "channel", "caller", "month", "district+category")
RATES = (*REQUESTS, "district+month", "unit+month")
CALLS = ("", "district", "channel", "caller", "month")
PROBLEMS = ("", "district", "category", "month", "district+category")
POOLS = ("", "pool")
REPORTS = ("", "unit")
CAUSES = ("cause", "district+cause", "category+cause", "unit+cause")

_SCORED = "requests whose callback was answered and that were not excluded"
_OWN = "requests closed at least once or still open at the end"
_CLOSED = "requests closed at least once"
_HOURS = "hours from arrival to first closing"
_LATE = "requests that missed their resolve-by limit"

# fmt: off
_RATES = (
    Measure(
        "score", "Score", "综合得分", "score", RATES,
        "response, resolution and satisfaction rate, weighted by `policies.callback.score.weights`; null "
        "where a rate that has weight is null", _SCORED, "higher", True,
    ),
    Measure(
        "response_rate", "Response rate", "响应率", "share", RATES,
        "contacted within its limit, by the log; where there is no limit, contacted at all",
        f"{_SCORED}; none where the contact stage is absent", "higher", True,
    ),
    Measure(
        "resolution_rate", "Resolution rate", "解决率", "share", RATES,
        "the citizen said it was solved, in the scored answer", _SCORED, "higher", True,
    ),
    Measure(
        "satisfaction_rate", "Satisfaction rate", "满意率", "share", RATES,
        "the citizen was satisfied, in the scored answer",
        f"{_SCORED}; none without the coefficients `policies.callback.satisfied`", "higher", True,
    ),
    Measure(
        "said_contacted_rate", "Said to have been contacted", "自述响应率", "share", RATES,
        "the citizen said to have been contacted; stands beside `response_rate`, which is by the log",
        _SCORED, "higher",
    ),
    *(
        Measure(
            f"level_{level}_share", english, chinese, "share", REQUESTS,
            f"in the scored answer the citizen was “{level.replace('_', ' ')}”, of five levels; the upper three are "
            "those satisfied of `satisfaction_rate`",
            f"{_SCORED}; none without `policies.callback.satisfied.levels`",
        )
        for level, english, chinese in (
            ("very_satisfied", "Very satisfied", "非常满意占比"),
            ("satisfied", "Satisfied, the second of five levels", "满意占比"),
            ("basically_satisfied", "Basically satisfied", "基本满意占比"),
            ("dissatisfied", "Dissatisfied", "不满意占比"),
            ("very_dissatisfied", "Very dissatisfied", "非常不满意占比"),
        )
    ),
    Measure(
        "callback_answered_share", "Answered callbacks", "回访成功率", "share", REQUESTS,
        "a callback was answered, excluded or not", f"{_OWN}; none without a callback policy", "higher",
    ),
    Measure(
        "excluded_share", "Excluded from the rates", "剔除率", "share", REQUESTS,
        "the unit asked to leave it out of the rates, and a review granted that by the end of the run",
        "requests whose callback was answered; none without `policies.callback.exclusion`",
    ),
)
_TRUTH = (
    Measure(
        "true_resolution_share", "Truly resolved", "真实解决率", "share", REQUESTS,
        "the problem was truly gone at the last closing; a request never closed is not resolved",
        _OWN, "higher", True,
    ),
    Measure(
        "true_resolution_share_among_closed", "Truly resolved, among the closed", "真实解决率(已办结)",
        "share", REQUESTS,
        "the problem was truly gone at the last closing", _CLOSED, "higher",
    ),
    Measure(
        "resolution_gap", "Reported minus true resolution", "解决率虚高", "share", REQUESTS,
        "share said to be solved in the scored answer minus share truly resolved in the end, of the same requests; "
        "above 0 they look better on paper than in the street. Where the first answer is scored, rounds that come "
        "after it can resolve what it called unsolved", _SCORED,
    ),
    Measure(
        "false_resolution_share", "Said to be solved, but not", "虚假解决占比", "share", REQUESTS,
        "not truly resolved", "requests said to be solved in the scored answer", "lower",
    ),
    Measure(
        "closed_share", "Closed", "办结率", "share", REQUESTS,
        "closed at least once", _OWN, "higher",
    ),
    Measure(
        "street_level_share", "Resolved at street level", "基层化解率", "share", CONTACTS,
        "the owner is a unit of street level (把矛盾化解在基层)", "requests truly resolved",
    ),
)
_BREACHES = (
    Measure(
        "breach_share", "Resolve-by limit missed", "超期率", "share", REQUESTS,
        "first closed after the due date, or still open at the end; a request that a fix merged before "
        "it was ever closed is judged by when that was",
        "requests whose due date is not after the end of the run", "lower", True,
    ),
    Measure(
        "contact_breach_share", "Contact-by limit missed", "响应超时率", "share", REQUESTS,
        "contacted after the limit, or not at all by the end; a request merged before its limit has not "
        "missed it",
        "requests whose contact limit is not after the end of the run; none where the contact stage is "
        "absent", "lower",
    ),
    Measure(
        "lateness_mean", "Mean lateness", "平均超期时长", "h", REQUESTS,
        "hours from the due date to the first closing; an open request counts up to the end of the run, "
        "so this is a lower bound while some are open",
        "requests that missed their resolve-by limit", "lower",
    ),
    Measure(
        "lateness_mean_among_closed", "Mean lateness, among the closed", "平均超期时长(已办结)",
        "h", REQUESTS,
        "hours from the due date to the first closing",
        "requests that missed their resolve-by limit and have closed or merged since", "lower",
    ),
)
_FLOW = (
    Measure(
        "contacts", "Contacts", "受理量", "contacts", CONTACTS,
        "contacts that arrived in the window",
    ),
    Measure(
        "requests", "Requests", "工单量", "requests", REQUESTS,
        "contacts that became work orders: dispatched, or open at the end on their way to it; and what inspectors "
        "found",
    ),
    Measure(
        "found_requests", "Requests from patrols", "主动发现工单量", "requests", REQUESTS,
        "what inspectors found before a request of it was open; no contact, even if a citizen reports it then",
    ),
    Measure(
        "request_share", "Contacts that became requests", "派单率", "share", CONTACTS,
        "became a request", "contacts",
    ),
    Measure(
        "instant_answer_share", "Answered instantly", "即时答复率", "share", CONTACTS,
        "answered on the spot",
        "contacts of consultation categories that got through to an agent: not deflected, not lost, not still at "
        "intake", "higher",
    ),
    Measure(
        "deflected_share", "Deflected", "智能应答分流率", "share", CONTACTS,
        "a chatbot answered it, and nobody called after it", "contacts",
    ),
    Measure(
        "settled_share", "Settled at a table", "议事厅化解率", "share", CONTACTS,
        "settled by the neighbourhood council before it came to the hotline", "contacts that arrived in the window",
        "higher",
    ),
    Measure(
        "out_of_scope_share", "Out of scope", "超范围占比", "share", CONTACTS,
        "closed with an explanation because it was out of scope", "contacts",
    ),
    Measure(
        "merged_share", "Merged", "合并办理占比", "share", CONTACTS,
        "ended as merged: a duplicate, or its problem was fixed under another request", "contacts",
    ),
    Measure(
        "lost_share", "Lost contacts", "流失率", "share", CONTACTS,
        "the citizen gave up after the last call",
        "contacts on phone channels", "lower", True,
    ),
    Measure(
        "repeat_share", "Repeat contacts", "重复来电率", "share", CONTACTS,
        "called again about an unsolved matter", "contacts", "lower",
    ),
    Measure(
        "backlog_end", "Backlog at the end", "期末在办量", "requests", REQUESTS,
        "requests open at the end of the run, whenever they came, before the window too, reopened ones too; by month, "
        "only those that came in the window", "", "lower", True,
    ),
    Measure(
        "backlog_end_counted", "Backlog at the end, of the window", "期末在办量(统计期内受理)", "requests", REQUESTS,
        "requests that arrived in the window and are open at the end of the run, reopened ones too", "", "lower",
    ),
    Measure(
        "hops_mean", "Mean hops", "平均转派次数", "hops", REQUESTS,
        "times a unit passed the request on because it was not its duty", "requests", "lower",
    ),
    Measure(
        "bounced_share", "Bounced", "退单率", "share", REQUESTS,
        "at least one hop", "requests", "lower",
    ),
    Measure(
        "rounds_mean", "Mean rounds", "平均办理轮次", "rounds", REQUESTS,
        "handlings by the owner", "requests", "lower",
    ),
    Measure(
        "reopened_share", "Reopened", "二次办理率", "share", REQUESTS,
        "two rounds or more", _CLOSED, "lower",
    ),
    Measure(
        "whistles", "Whistles blown", "吹哨量", "whistles", REQUESTS,
        "how often the owner blew the whistle for parts of other units",
    ),
    Measure(
        "escalated_share", "Escalated", "督办率", "share", REQUESTS,
        "it was escalated by the end of the run", "requests; none without `policies.supervision`",
    ),
    Measure(
        "sent_up_share", "Sent up", "提级办理率", "share", REQUESTS,
        "a higher unit had taken over its handling by the end of the run",
        "requests; none without `policies.supervision.sent_up`",
    ),
    Measure(
        "report_rate", "Reported in time", "报到及时率", "share", REPORTS,
        "begun by the time until when the unit that was whistled for was to begin",
        "parts whistled for in the window whose time to report is not after the end of the run, but for those that "
        "were left because another request had fixed the problem", "higher",
    ),
)


def _quantile_name(what: str, percent: int) -> str:
    """What a quantile of a time is called: the half is its median."""
    return f"Median {what[0].lower()}{what[1:]}" if percent == 50 else f"{what}, {percent} %"


_TIME_TO_CLOSE = (
    Measure(
        "time_to_close_mean", "Mean time to close", "平均办结时长", "h", REQUESTS,
        f"{_HOURS}; null while a request is open", _OWN, "lower",
    ),
    Measure(
        "time_to_close_mean_among_closed", "Mean time to close, among the closed", "平均办结时长(已办结)",
        "h", REQUESTS,
        _HOURS, _CLOSED, "lower",
    ),
    *(
        measure
        for percent in (50, 90, 95, 99)
        for measure in (
            Measure(
                f"time_to_close_p{percent}", _quantile_name("Time to close", percent), f"办结时长{percent}分位",
                "h", REQUESTS,
                f"the {_HOURS} that {percent} % do not exceed; open ones rank after all closed ones, and "
                "it is null if it falls among them", _OWN, "lower", percent in (50, 90),
            ),
            Measure(
                f"time_to_close_p{percent}_among_closed",
                f"{_quantile_name('Time to close', percent)}, among the closed",
                f"办结时长{percent}分位(已办结)", "h", REQUESTS,
                f"the {_HOURS} that {percent} % do not exceed", _CLOSED, "lower",
            ),
        )
    ),
)
_EQUITY = (
    Measure(
        "theil", "Theil index of time to close", "办结时长泰尔指数", "index", REQUESTS,
        f"mean of (x/μ)·ln(x/μ), x {_HOURS}, μ their mean, 0·ln 0 = 0; 0 if all wait alike; null while a "
        "request is open", _OWN, "lower",
    ),
    Measure(
        "theil_among_closed", "Theil index of time to close, among the closed", "办结时长泰尔指数(已办结)",
        "index", REQUESTS,
        "as `theil`, of the closed only", _CLOSED, "lower",
    ),
    Measure(
        "theil_between_districts_among_closed", "Theil index between districts", "区际泰尔指数",
        "index", CITY,
        "what remains of `theil_among_closed` if everybody waits the mean time of the district",
        _CLOSED, "lower",
    ),
    Measure(
        "equity_gap", "Gap between districts", "区际差距", "that of the measure", ("", "measure"),
        "largest minus smallest value among the districts, of the measure that the group names; for the whole city, of "
        "`breach_share`; districts that are no place (`place: false`) take no part. In the table of one replication it "
        "is that replication’s, most of it luck. Summaries and reports give the gap between the districts’ means over "
        "the replications instead, between districts with at least 30 cases, with an interval that holds whichever two "
        "they are (differences between scenarios pair the replications’ own gaps); null with fewer than two districts, "
        "or while the value of one is not reached",
        "districts that have cases", "lower",
    ),
)
_PHONE = (
    Measure(
        "calls", "Calls", "呼入量", "calls", CALLS,
        "calls on phone channels; each redial, and each call to a wrong line, is a call of its own",
    ),
    Measure(
        "answered_within_15s", "Answered within 15 s", "15秒接通率", "share", CALLS,
        "answered after at most 15 seconds", "calls, abandoned ones too", "higher",
    ),
    Measure(
        "answered_within_20s", "Answered within 20 s", "20秒接通率", "share", CALLS,
        "answered after at most 20 seconds", "calls, abandoned ones too", "higher",
    ),
    Measure(
        "phone_wait_mean", "Mean wait on the phone", "电话平均等待时长", "h", CALLS,
        "hours from the call to its answer or abandonment, or to the end of the run",
        "calls, abandoned ones too", "lower",
    ),
    Measure(
        "phone_wait_mean_answered", "Mean wait of answered calls", "电话平均等待时长(已接通)", "h", CALLS,
        "hours from the call to its answer", "answered calls", "lower",
    ),
    Measure(
        "abandonment_share", "Abandoned calls", "电话放弃率", "share", CALLS,
        "the caller hung up before the answer", "calls", "lower", True,
    ),
    Measure(
        "wrong_line_share", "Calls to a wrong line", "错拨率", "share", CALLS,
        "answered by a line that is not for the matter, which told the number of the one that is", "calls", "lower",
    ),
)
_RESOURCES = (
    Measure(
        "utilisation", "Utilisation", "人员利用率", "share", POOLS,
        "hours busy; work finished after a shift can carry it above 1", "staff hours on duty in the window",
    ),
    Measure(
        "queue_mean", "Mean queue", "平均排队量", "visits", POOLS,
        "number waiting, averaged over time", "hours of the window", "lower",
    ),
    Measure(
        "wait_mean", "Mean wait per visit", "平均排队时长", "h", POOLS,
        "hours waited in the queue during the window",
        "visits that joined the queue during the window", "lower",
    ),
    Measure(
        "cost", "Staff cost", "人力成本", "currency", POOLS,
        "hours on duty × wage, plus hours busy beyond those on duty (hour by hour) × wage × overtime "
        "factor; who is called in or lent by surge staffing has a wage of its own; those without a wage add nothing; "
        "null where nobody has one", "", "lower", True,
    ),
    Measure(
        "cost_per_request", "Staff cost per request", "单件成本", "currency", CITY,
        "staff cost in the window", "requests", "lower",
    ),
)
_PROBLEMS = (
    Measure(
        "problems", "Problems", "问题量", "problems", PROBLEMS,
        "problems born in the window", "", "lower",
    ),
    Measure(
        "fixed_share", "Fixed", "问题消除率", "share", PROBLEMS,
        "truly fixed by the end of the run", "problems", "higher",
    ),
    Measure(
        "birth_to_fix_mean", "Mean time from birth to fix", "问题平均存续时长", "h", PROBLEMS,
        "hours from birth to true fix; null while one is not fixed", "problems", "lower",
    ),
    Measure(
        "birth_to_fix_mean_among_fixed", "Mean time from birth to fix, among the fixed",
        "问题平均存续时长(已消除)",
        "h", PROBLEMS,
        "hours from birth to true fix", "problems fixed by the end", "lower",
    ),
    *(
        Measure(
            f"birth_to_fix_p{percent}", _quantile_name("Time from birth to fix", percent), f"问题存续时长{percent}分位",
            "h", PROBLEMS,
            f"the hours from birth to true fix that {percent} % do not exceed; unfixed problems rank "
            "after all fixed ones, and it is null if it falls among them", "problems", "lower",
        )
        for percent in (50, 90)
    ),
    Measure(
        "unreported_share", "Unreported", "未反映问题占比", "share", PROBLEMS,
        "no report within 90 days of birth, and neither found by inspectors nor settled at a table within them",
        "problems born at least 90 days before the end of the run", "lower",
    ),
    Measure(
        "found_share", "Found before any report", "主动发现率", "share", PROBLEMS,
        "inspectors found it before any contact about it was answered",
        "problems that were found or reported; none without `policies.act_before`", "higher",
    ),
)
_CAUSES = (
    Measure(
        "hours_by_cause", "Hours by cause", "各环节耗时", "h", CAUSES,
        "hours of age of all contacts that belong to the cause; over the causes they add up to the age",
    ),
    Measure(
        "hours_by_cause_share", "Share of hours by cause", "各环节耗时占比", "share", CAUSES,
        "hours that belong to the cause", "hours of age of the group's contacts",
    ),
    Measure(
        "breaches_by_largest_cause", "Breaches by largest cause", "超期主因", "requests", CAUSES,
        f"{_LATE} and spent more hours on this cause than on any other; ties go to the cause that "
        "`hours_by_cause` lists first. No candidates are rework and callback, which come after the first "
        "closing, and, where limits run from dispatch, intake and dispatch",
    ),
    Measure(
        "breaches_by_largest_cause_share", "Share of breaches by largest cause", "超期主因占比",
        "share", CAUSES,
        "spent more hours on this cause than on any other, as in `breaches_by_largest_cause`",
        f"{_LATE}, of the group",
    ),
)
# fmt: on

#: The measures by subject, in the order of the documentation and of the table of measures.
SECTIONS: dict[str, tuple[Measure, ...]] = {
    "Callback 回访考评": _RATES,
    "Truth 真实解决": _TRUTH,
    "Breaches 超期": _BREACHES,
    "Flow 办理流转": _FLOW,
    "Time to close 办结时长": _TIME_TO_CLOSE,
    "Equity 公平": _EQUITY,
    "Phone 电话": _PHONE,
    "Staff and queues 人力与排队": _RESOURCES,
    "Problems 问题": _PROBLEMS,
    "Causes 耗时原因": _CAUSES,
}

#: Every measure by its identifier.
REGISTRY: dict[str, Measure] = {measure.identifier: measure for entries in SECTIONS.values() for measure in entries}

#: The measures whose gap between districts is reported; that of the first stands for the whole city.
GAPS = (
    "breach_share",
    "contact_breach_share",
    "score",
    "response_rate",
    "resolution_rate",
    "satisfaction_rate",
    "true_resolution_share",
    "closed_share",
    "repeat_share",
    "time_to_close_p50",
    "time_to_close_p90",
    "birth_to_fix_p50",
    "unreported_share",
)
