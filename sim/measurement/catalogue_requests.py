"""The measures of contacts and requests: rates, truth, breaches, flow, time to close, equity."""

from __future__ import annotations

from sim.measurement.registry import CITY, CONTACTS, RATES, REQUESTS, Measure

_SCORED = "requests whose callback was answered and that were not excluded"
_OWN = "requests closed at least once or still open at the end"
_CLOSED = "requests closed at least once"
_HOURS = "hours from arrival to first closing"

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
    Measure(
        "callback_answered_share", "Answered callbacks", "回访成功率", "share", REQUESTS,
        "a callback was answered, excluded or not", f"{_OWN}; none without a callback policy", "higher",
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
        "not truly resolved", "scored requests said to be solved", "lower",
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
        "contacts that became work orders: dispatched, or open at the end on their way to it",
    ),
    Measure(
        "request_share", "Contacts that became requests", "派单率", "share", CONTACTS,
        "became a request", "contacts",
    ),
    Measure(
        "instant_answer_share", "Answered instantly", "即时答复率", "share", CONTACTS,
        "answered on the spot",
        "contacts of consultation categories that got through: not lost, not still at intake", "higher",
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
        "contacts on channels whose callers may hang up", "lower", True,
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
)
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
                f"time_to_close_p{percent}", f"Time to close, {percent} %", f"办结时长{percent}分位",
                "h", REQUESTS,
                f"the {_HOURS} that {percent} % do not exceed; open ones rank after all closed ones, and "
                "it is null if it falls among them", _OWN, "lower", percent in (50, 90),
            ),
            Measure(
                f"time_to_close_p{percent}_among_closed", f"Time to close, {percent} %, among the closed",
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
# fmt: on

SECTIONS = {
    "Callback 回访考评": _RATES,
    "Truth 真实解决": _TRUTH,
    "Breaches 超期": _BREACHES,
    "Flow 办理流转": _FLOW,
    "Time to close 办结时长": _TIME_TO_CLOSE,
    "Equity 公平": _EQUITY,
}
